import test from 'ava';
import { asId, HOUR, MINUTE, PlatformRefusedError, SECOND, type PersonId } from '../../src/core/index.js';
import { createCardBook } from '../../src/outbox/index.js';
import type { Outgoing } from '../../src/platforms/contract.js';
import { C1, down, setup, show, text } from './bench.js';

test('a message is sent once, however often it is stored', async (t) => {
  const { outbox, send, says } = await setup();
  await Promise.all(Array.from({ length: 10 }, () => outbox.enqueue([text('m1')])));
  await send();
  await outbox.enqueue([text('m1'), text('m2')]);
  await send();
  t.deepEqual(says(), ['m1', 'm2']);
});

test('answers to one recipient leave in the order in which they came', async (t) => {
  const { outbox, send, says } = await setup();
  for (let n = 0; n < 12; n++) await outbox.enqueue([text(`m${n}`, 'jia', { purpose: n % 2 ? 'verdict' : 'reply' })]);
  await send();
  t.deepEqual(
    says(),
    Array.from({ length: 12 }, (_, n) => `m${n}`),
  );
});

test('within one chat an answer overtakes a reminder, and a reminder a report, also when they come in between', async (t) => {
  const { outbox, says, wecom, clock } = await setup();
  await outbox.stop();
  const early = new Date(clock.now().getTime() - SECOND);
  const put = (key: string, purpose: Outgoing['purpose']) =>
    outbox.enqueue([text(key, 'jia', { purpose, notBefore: early })]);
  for (const n of [1, 2]) {
    await put(`report ${n}`, 'digest');
    await put(`reminder ${n}`, 'nudge');
    await put(`answer ${n}`, n === 1 ? 'reply' : 'verdict');
  }
  // While the second reminder is on its way, somebody is answered.
  let late: Promise<void> | null = null;
  const { deliver } = wecom.adapter;
  wecom.adapter.deliver = async (delivery) => {
    if (delivery.key === 'reminder 2') await (late ??= put('answer 3', 'reply'));
    return deliver(delivery);
  };
  outbox.start();
  await outbox.sweep();
  t.deepEqual(says(), ['answer 1', 'answer 2', 'reminder 1', 'reminder 2', 'answer 3', 'report 1', 'report 2']);
});

test('a month that is spent leaves its last tenth to answers, and then stops: nothing is tried against the limit', async (t) => {
  const told: string[] = [];
  const { outbox, send, says, dead, row } = await setup({
    budget: { perApp: {}, perMonth: 10 },
    onQuota: (_, { level, calls }) => void told.push(`${level} ${calls.used}`),
  });
  for (let n = 0; n < 9; n++) await outbox.enqueue([text(`m${n}`, `p${n}`)]);
  await send();
  // The last ones were held for a moment, so that what follows could join them.
  await send(3 * SECOND);
  await outbox.enqueue([text('report', 'yi', { purpose: 'digest' }), text('answer', 'jia')]);
  await send();
  await send(3 * SECOND);
  await outbox.enqueue([text('too late', 'jia')]);
  await send();
  t.deepEqual(says(), ['answer']);
  t.deepEqual(says('yi'), []);
  t.like(await row('report'), { state: 'superseded', lastError: { code: 'outbox.left_out' } as never });
  t.deepEqual(
    dead.map((one) => one._id),
    ['too late'],
  );
  t.is((await row('too late'))?.lastError?.code, 'outbox.month_spent');
  const levels = told.map((one) => one.split(' ')[0]);
  t.deepEqual([levels[0], levels.at(-1)], ['plenty', 'spent']);
  // Next month it can be sent.
  await send(31 * 24 * HOUR);
  t.true(await outbox.resend('too late'));
  await send();
  t.deepEqual(says(), ['answer', 'too late']);
});

test('words that were wanted in an answer only and came too late are over, and hold up nothing', async (t) => {
  const { outbox, send, says, wecom, row } = await setup();
  const { deliver } = wecom.adapter;
  wecom.adapter.deliver = (delivery) =>
    delivery.onlyAsAnswer === true ? Promise.resolve({ how: 'left-out' }) : deliver(delivery);
  await outbox.enqueue([text('m1', 'jia', { onlyAsAnswer: true }), text('m2')]);
  await send();
  t.deepEqual(says(), ['m2']);
  t.is((await row('m1'))?.state, 'superseded');
  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 });
});

test('an older look of a card that has not left is not sent any more', async (t) => {
  const { outbox, send, says, wecom, clock, row } = await setup();
  const later = new Date(clock.now().getTime() + SECOND);
  await outbox.enqueue([show('s1', 'checking', { notBefore: later })]);
  await outbox.enqueue([show('s2', 'passed')]);
  await send(5 * SECOND);
  t.deepEqual(says(), ['passed']);
  t.is(wecom.deliveries.length, 1);
  t.is((await row('s1'))?.state, 'superseded');
});

test('the same look stored a second time supersedes neither itself nor what is newer', async (t) => {
  const { outbox, send, says, clock, row } = await setup();
  const later = new Date(clock.now().getTime() + SECOND);
  await outbox.enqueue([show('s1', 'first', { notBefore: later })]);
  await outbox.enqueue([show('s1', 'first', { notBefore: later })]);
  t.is((await row('s1'))?.state, 'due');
  await outbox.enqueue([show('s2', 'second', { notBefore: later })]);
  await outbox.enqueue([show('s1', 'first', { notBefore: later })]);
  t.is((await row('s2'))?.state, 'due');
  await send(5 * SECOND);
  t.deepEqual(says(), ['second']);
});

test('a card that was sent is changed in place, with the handles that are left', async (t) => {
  const { outbox, send, says, wecom, connection } = await setup();
  await outbox.enqueue([show('s1', 'open')]);
  await send();
  await outbox.noteHandle(C1, 'code-1');
  await outbox.noteHandle(C1, 'code-1');
  await outbox.enqueue([show('s2', 'done')]);
  await send();
  t.deepEqual(says(), ['done']);
  const update = wecom.deliveries.at(-1)?.body;
  t.deepEqual(update?.kind === 'card-update' ? update.handles : null, ['code-1']);
  const kept = await connection.collection('outbox_cards').findOne({ _id: C1 });
  t.is(kept?.['platform'], 'wecom');
});

test('in which chat a card stands is kept with it', async (t) => {
  const { outbox, send, connection, clock } = await setup();
  const book = createCardBook(connection, clock);
  t.is(await book.chatOf(C1), null);
  await outbox.enqueue([show('s1')]);
  await send();
  t.deepEqual(await book.chatOf(C1), { kind: 'single' });
  // The same card of ours elsewhere: where it went last is where it stands.
  await outbox.enqueue([show('s2', 's2', { to: { kind: 'group', platform: 'wecom', chatId: 'chat-1' } })]);
  await send();
  t.deepEqual(await book.chatOf(C1), { kind: 'group', id: 'chat-1' });
});

test('handles older than their life are not used', async (t) => {
  const { outbox, send, wecom } = await setup();
  await outbox.enqueue([show('s1')]);
  await send();
  await outbox.noteHandle(C1, 'code-1');
  await outbox.enqueue([show('s2')]);
  await send(72 * HOUR);
  const update = wecom.deliveries.at(-1)?.body;
  t.deepEqual(update?.kind === 'card-update' ? update.handles : null, []);
});

test('what was written into the answer of the press is not sent, and what waited behind it goes on', async (t) => {
  const { outbox, send, says, clock, row } = await setup();
  await outbox.enqueue([show('s1', 'answered', { notBefore: new Date(clock.now().getTime() + 2_500) }), text('m2')]);
  await send();
  t.deepEqual(says(), []);
  await outbox.answeredPassively('s1');
  await send();
  t.deepEqual(says(), ['m2']);
  t.is((await row('s1'))?.how, 'passive');
  await send(MINUTE);
  t.deepEqual(says(), ['m2']);
});

test('an older look that waits for company does not come back over one that was answered, nor hold anything up', async (t) => {
  const { outbox, send, says, clock, row } = await setup();
  const later = (ms: number) => ({ notBefore: new Date(clock.now().getTime() + ms) });
  await outbox.enqueue([show('s0', 'first')]);
  await send();
  await outbox.enqueue([show('s1', 'old', { purpose: 'refresh', ...later(20_000) }), text('m1')]);
  await send();
  t.deepEqual(says(), ['first', 'm1']);
  await outbox.enqueue([show('s2', 'answered', later(2_500))]);
  await outbox.answeredPassively('s2');
  await send(MINUTE);
  t.deepEqual(says(), ['first', 'm1']);
  t.is((await row('s1'))?.state, 'superseded');
  await outbox.enqueue([show('s3', 'refreshed', { purpose: 'refresh', ...later(20_000) })]);
  await send(21 * SECOND);
  t.deepEqual(says(), ['refreshed', 'm1'], 'alone it leaves when its time has come');
});

test('without a passive answer the held message leaves by itself', async (t) => {
  const { outbox, send, says, clock } = await setup();
  await outbox.enqueue([show('s1', 'late', { notBefore: new Date(clock.now().getTime() + 2_500) })]);
  await send(3 * SECOND);
  t.deepEqual(says(), ['late']);
});

test('a platform that is down for an hour gets everything late, in order, once; others are not held up', async (t) => {
  const { outbox, send, says, wecom, clock } = await setup();
  wecom.fault = ({ to }) => (to.kind === 'person' && to.userId === 'jia' ? down() : null);
  for (let n = 0; n < 5; n++) await outbox.enqueue([text(`m${n}`), text(`o${n}`, 'yi')]);
  const until = clock.now().getTime() + HOUR;
  while (clock.now().getTime() < until) await send(MINUTE);
  t.deepEqual(says('yi'), ['o0', 'o1', 'o2', 'o3', 'o4']);
  t.deepEqual(says(), []);
  wecom.fault = null;
  await send(12 * MINUTE);
  t.deepEqual(says(), ['m0', 'm1', 'm2', 'm3', 'm4']);
});

test('tries grow apart, and the platform may ask for more', async (t) => {
  const { outbox, send, wecom, row, clock } = await setup();
  const waits: number[] = [];
  wecom.fault = down;
  await outbox.enqueue([text('m1')]);
  for (let n = 0; n < 4; n++) {
    await send();
    const dueAt = (await row('m1'))?.dueAt.getTime() ?? 0;
    waits.push(dueAt - clock.now().getTime());
    clock.set(new Date(dueAt));
  }
  t.deepEqual(waits, [1_000, 4_000, 16_000, 64_000]);
  wecom.fault = () =>
    new PlatformRefusedError('wecom.rate', 'slow down', { retryable: true, details: { retryAfterMs: 20 * MINUTE } });
  await send();
  t.is(((await row('m1'))?.dueAt.getTime() ?? 0) - clock.now().getTime(), 20 * MINUTE);
});

test('what is refused for good is a dead letter, and can be sent again', async (t) => {
  const { outbox, send, says, wecom, dead } = await setup();
  wecom.fault = ({ key }) => (key === 'm1' ? new PlatformRefusedError('wecom.81013', 'no such user') : null);
  await outbox.enqueue([text('m1'), text('m2')]);
  await send();
  await send();
  t.deepEqual(says(), ['m2'], 'the neighbours go on');
  t.deepEqual(await outbox.counts(), { due: 0, dead: 1 });
  t.is((await outbox.dead())[0]?.lastError?.code, 'wecom.81013');
  t.is(dead[0]?._id, 'm1');
  wecom.fault = null;
  t.true(await outbox.resend('m1'));
  t.false(await outbox.resend('m1'));
  await send();
  t.deepEqual(says(), ['m2', 'm1']);
  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 });
});

test('after fourteen tries a message is given up, and seen', async (t) => {
  const { outbox, send, wecom } = await setup();
  let tries = 0;
  wecom.fault = () => {
    tries += 1;
    return down();
  };
  await outbox.enqueue([text('m1')]);
  for (let n = 0; n < 20; n++) await send(15 * MINUTE);
  t.is(tries, 14);
  t.deepEqual(await outbox.counts(), { due: 0, dead: 1 });
});

test('a dead look of a card does not come back over a newer one', async (t) => {
  const { outbox, send, says, wecom } = await setup();
  wecom.fault = ({ key }) => (key === 's1' ? new PlatformRefusedError('wecom.43', 'no') : null);
  await outbox.enqueue([show('s1', 'old')]);
  await send();
  await outbox.enqueue([show('s2', 'new')]);
  await send();
  wecom.fault = null;
  t.false(await outbox.resend('s1'));
  await send();
  t.deepEqual(says(), ['new']);
  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 });
});

test('nobody gets more than the platform allows in a minute; the rest follows', async (t) => {
  const { outbox, send, says } = await setup({
    budget: { perRecipient: { perMinute: 30, perHour: 1_000 }, perApp: {} },
  });
  await outbox.enqueue(Array.from({ length: 40 }, (_, n) => text(`m${n}`)));
  await outbox.enqueue([text('o1', 'yi')]);
  await send();
  t.is(says().length, 30);
  t.deepEqual(says('yi'), ['o1']);
  await send(59 * SECOND);
  t.is(says().length, 30);
  await send(2 * SECOND);
  t.is(says().length, 40);
});

test('the budget is remembered over a restart', async (t) => {
  const budget = { perRecipient: { perMinute: 30, perHour: 1_000 }, perApp: {} };
  const first = await setup({ budget });
  await first.outbox.enqueue(Array.from({ length: 40 }, (_, n) => text(`m${n}`)));
  await first.send();
  await first.outbox.stop();
  const second = first.open();
  second.start();
  await second.sweep();
  t.is(first.says().length, 30);
  first.clock.advance(61 * SECOND);
  await second.sweep();
  t.deepEqual(
    first.says(),
    Array.from({ length: 40 }, (_, n) => `m${n}`),
  );
});

test('hundreds of messages that cannot leave now hold up nobody else', async (t) => {
  const { outbox, send, says } = await setup({
    budget: { perRecipient: { perMinute: 5, perHour: 1_000 }, perApp: {} },
  });
  await outbox.enqueue(Array.from({ length: 450 }, (_, n) => text(`m${n}`)));
  await outbox.enqueue([text('late', 'yi', { purpose: 'digest' })]);
  await send();
  t.is(says().length, 5);
  t.deepEqual(says('yi'), ['late']);
});

test('a new process goes on where the old one stopped; what it had taken is free when its lease is over', async (t) => {
  const first = await setup();
  await first.outbox.stop();
  await first.outbox.enqueue([text('m1'), text('m2')]);
  const lease = { leasedUntil: new Date(first.clock.now().getTime() + 30 * SECOND), attempts: 1 };
  await first.connection.collection('outbox').updateOne({ _id: 'm1' as never }, { $set: lease });
  const second = first.open();
  second.start();
  await second.sweep();
  t.deepEqual(first.says(), [], 'the order holds: the second waits for the first');
  first.clock.advance(31 * SECOND);
  await second.sweep();
  t.deepEqual(first.says(), ['m1', 'm2']);
});

test('two dispatchers on one store send nothing twice and keep the order', async (t) => {
  const { outbox, open, wecom, says } = await setup({ shared: true });
  const other = open();
  other.start();
  const people = ['jia', 'yi', 'bing', 'ding'];
  for (let n = 0; n < 10; n++) {
    const messages = people.map((who) => text(`${who}-${n}`, who));
    await (n % 2 === 0 ? outbox : other).enqueue(messages);
  }
  for (let round = 0; round < 20 && (await outbox.counts()).due > 0; round++)
    await Promise.all([outbox.sweep(), other.sweep()]);
  t.is(wecom.deliveries.length, 40);
  for (const who of people) {
    t.deepEqual(
      says(who),
      Array.from({ length: 10 }, (_, n) => `${who}-${n}`),
    );
  }
  await other.stop();
});

test('a person is reached where they are; nobody to reach is no error', async (t) => {
  const { outbox, send, says } = await setup();
  await outbox.enqueue([
    text('m1', '', { to: { kind: 'person', personId: asId<PersonId>('jia') } }),
    text('m2', '', { to: { kind: 'person', personId: asId<PersonId>('nobody') } }),
    text('m3', '', { to: { kind: 'group', platform: 'wecom', chatId: 'g1' } }),
  ]);
  await send();
  t.deepEqual(says('u-jia'), ['m1']);
  t.deepEqual(says('g1'), ['m3']);
  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 });
});

test('an older look that could not leave yet does not come over what a press was answered with', async (t) => {
  const { outbox, send, says, wecom, clock } = await setup();
  await outbox.enqueue([show('a', 'list')]);
  await send();
  const { deliver } = wecom.adapter;
  wecom.adapter.deliver = () => Promise.reject(down());
  await outbox.enqueue([show('b', 'list with verdict', { purpose: 'verdict' })]);
  await send();
  // Calls fail, presses come through: this one is answered by its own answer.
  await outbox.enqueue([show('c', 'question', { notBefore: new Date(clock.now().getTime() + 2 * SECOND) })]);
  await outbox.answeredPassively('c');
  wecom.adapter.deliver = deliver;
  await send(HOUR);
  t.deepEqual(says(), ['list']);
});

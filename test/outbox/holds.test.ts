import test from 'ava';
import { HOUR, MINUTE, PlatformRefusedError, PlatformUnreachableError, SECOND } from '../../src/core/index.js';
import { setup, show, text } from './bench.js';

const tooFast = () =>
  new PlatformRefusedError('wecom.rate_limited', '45009', {
    retryable: true,
    details: { retryAfterMs: MINUTE, holds: 'platform' },
  });

test('a platform that refuses everything is asked by one message at a time; afterwards all leave, once, the urgent first', async (t) => {
  const { outbox, send, wecom, says } = await setup();
  let tries = 0;
  wecom.fault = () => {
    tries += 1;
    return tooFast();
  };
  const people = Array.from({ length: 60 }, (_, n) => `p${n}`);
  await outbox.stop();
  await outbox.enqueue(
    people.flatMap((who) => [text(`report-${who}`, who, { purpose: 'digest' }), text(`1-${who}`, who)]),
  );
  await outbox.enqueue(people.map((who) => text(`2-${who}`, who)));
  outbox.start();
  await send();
  // Those that were on their way at the same time met it together; the rest did not go.
  t.true(tries >= 1 && tries <= 16, `${tries} tries`);
  const first = tries;
  for (let n = 0; n < 30; n += 1) await send(SECOND);
  t.is(tries, first, 'within the minute nothing is tried');
  await send(31 * SECOND);
  t.is(tries, first + 1, 'then one asks for all');
  await send(61 * SECOND);
  t.is(tries, first + 1, 'and waits twice as long when it is refused again');
  await send(61 * SECOND);
  t.is(tries, first + 2);
  wecom.fault = null;
  for (let n = 0; n < 20; n += 1) await send(MINUTE);
  for (const who of people) t.deepEqual(says(who), [`1-${who}`, `2-${who}`, `report-${who}`]);
  t.is(wecom.deliveries.length, 180);
});

test('a wait that has grown at the platform already is kept as it is asked for', async (t) => {
  const { outbox, send, wecom } = await setup();
  let [tries, minutes] = [0, 5];
  wecom.fault = () => {
    tries += 1;
    const details = { retryAfterMs: minutes * MINUTE, holds: 'platform', grown: true };
    return new PlatformRefusedError('dingtalk.address_banned', 'blocked', { retryable: true, details });
  };
  await outbox.enqueue([text('m1')]);
  await send();
  t.is(tries, 1);
  for (const next of [10, 20]) {
    await send(minutes * MINUTE - SECOND);
    t.is(tries, next / 10);
    minutes = next;
    await send(2 * SECOND);
    t.is(tries, next / 10 + 1);
  }
});

test('being held is no try of a message: a day of it gives nothing up', async (t) => {
  const { outbox, send, wecom, says, dead, row } = await setup();
  wecom.fault = tooFast;
  await outbox.enqueue([text('m1')]);
  for (let n = 0; n < 30; n += 1) await send(HOUR);
  t.deepEqual(dead, []);
  t.is((await row('m1'))?.attempts, 0);
  wecom.fault = null;
  await send(HOUR);
  t.deepEqual(says(), ['m1']);
});

test('what may have arrived counts against the budget', async (t) => {
  const budget = { perRecipient: { perMinute: 2, perHour: 100 }, perApp: {} };
  const { outbox, send, wecom, says } = await setup({ budget });
  wecom.fault = () => new PlatformUnreachableError('wecom.timeout', 'no answer');
  await outbox.enqueue([text('nudge', 'jia', { purpose: 'nudge' })]);
  await send();
  wecom.fault = null;
  await outbox.enqueue([text('m1'), text('m2')]);
  await send();
  t.deepEqual(says(), ['m1'], 'one of the two places is taken by what nobody answered');
  await send(MINUTE);
  await send(MINUTE);
  t.deepEqual(says(), ['m1', 'm2', 'nudge']);
});

test('a message that is taken back counts as never shown: the card comes anew', async (t) => {
  const { outbox, send, wecom, row } = await setup();
  const recalled: string[] = [];
  wecom.adapter.recall = (id) => Promise.resolve(void recalled.push(id));
  const { deliver } = wecom.adapter;
  wecom.adapter.deliver = async (delivery) => ({ ...(await deliver(delivery)), messageId: `id-${delivery.key}` });
  await outbox.enqueue([show('s1')]);
  await send();
  t.true(await outbox.recall('s1'));
  t.false(await outbox.recall('s1'), 'once');
  t.false(await outbox.recall('unknown'));
  t.deepEqual(recalled, ['id-s1']);
  t.is((await row('s1'))?.state, 'recalled');
  await outbox.enqueue([show('s2')]);
  await send();
  t.is(wecom.deliveries.at(-1)?.body.kind, 'card');
});

import test from 'ava';
import fc from 'fast-check';
import { HOUR, MINUTE, SECOND } from '../../src/core/index.js';
import { createSlots } from '../../src/outbox/slots.js';
import type { Purpose } from '../../src/platforms/contract.js';
import { testStore } from '../helpers/store.js';
import { setup, text } from './bench.js';

const LIMITS = { perMinute: 30, perHour: 1_000 };
const BUDGET = { perRecipient: LIMITS, perApp: {} };
const PURPOSES: readonly Purpose[] = ['reply', 'verdict', 'todo', 'nudge', 'admin', 'digest'];
const RANK: Record<Purpose, number> = { reply: 0, verdict: 0, todo: 0, nudge: 1, admin: 1, digest: 2, refresh: 0 };

const holds = (times: readonly number[], most: number, spanMs: number): boolean =>
  times.every((at, n) => n < most || at - (times[n - most] ?? 0) >= spanMs);

const load = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 30_000 }),
    who: fc.constantFrom('jia', 'yi'),
    count: fc.integer({ min: 1, max: 45 }),
    purpose: fc.constantFrom(...PURPOSES),
  }),
  { minLength: 1, maxLength: 8 },
);

for (const shared of [false, true]) {
  test(`whatever is queued, nobody gets more than thirty in any minute${shared ? ', also from two processes' : ''}; all of it arrives, once`, async (t) => {
    await fc.assert(
      fc.asyncProperty(load, async (steps) => {
        const { outbox, open, clock, wecom } = await setup({ budget: BUDGET, shared });
        const senders = shared ? [outbox, open()] : [outbox];
        for (const sender of senders) sender.start();
        const times = new Map<string, number[]>();
        const seen: string[] = [];
        const { deliver } = wecom.adapter;
        wecom.adapter.deliver = (delivery) => {
          const who = delivery.to.kind === 'person' ? delivery.to.userId : '';
          times.set(who, [...(times.get(who) ?? []), clock.now().getTime()]);
          if (delivery.body.kind === 'text') seen.push(...delivery.body.text.split('\n\n'));
          return deliver(delivery);
        };
        const sweep = () => Promise.all(senders.map((sender) => sender.sweep()));
        const keys: string[] = [];
        for (const [n, { afterMs, who, count, purpose }] of steps.entries()) {
          clock.advance(afterMs);
          const messages = Array.from({ length: count }, (_, i) => text(`${who}-${n}-${i}`, who, { purpose }));
          keys.push(...messages.map(({ key }) => key));
          await senders[n % senders.length]!.enqueue(messages);
          await sweep();
        }
        for (let n = 0; n < 200 && (await outbox.counts()).due > 0; n += 1) {
          clock.advance(10 * SECOND);
          await sweep();
        }
        for (const sender of senders) await sender.stop();
        t.deepEqual(seen.toSorted(), keys.toSorted());
        for (const of of times.values()) t.true(holds(of, LIMITS.perMinute, MINUTE) && holds(of, LIMITS.perHour, HOUR));
      }),
      { numRuns: 6 },
    );
  });
}

test('a flood for a chat that has had enough is stored without a look at what waits; what is urgent overtakes it', async (t) => {
  const { outbox, send, says, connection } = await setup({ budget: BUDGET });
  const flood = (from: number, to: number) =>
    outbox.enqueue(Array.from({ length: to - from }, (_, n) => text(`n${from + n}`, 'jia', { purpose: 'nudge' })));
  await flood(0, 40);
  await send();
  t.is(says().length, LIMITS.perMinute);
  const rows = connection.collection('outbox');
  const looks: string[] = [];
  const { find } = rows;
  Object.assign(rows, {
    find(...asked: [{ lane?: { $in?: string[] } }]) {
      looks.push(...(asked[0].lane?.$in ?? []));
      return Reflect.apply(find, rows, asked) as unknown;
    },
  });
  for (let n = 40; n < 90; n += 10) {
    await flood(n, n + 10);
    await outbox.enqueue([text(`other-${n}`, 'yi')]);
    await send();
  }
  Object.assign(rows, { find });
  t.is(says('yi').length, 5);
  t.deepEqual([...new Set(looks)], ['wecom:yi']);
  await outbox.enqueue([text('asked')]);
  await send(MINUTE);
  t.is(says()[LIMITS.perMinute], 'asked');
  for (let n = 0; n < 9; n += 1) await send(MINUTE);
  const told = says().flatMap((one) => one?.split('\n\n') ?? []);
  t.is(told.length, 90 + 1);
  t.is(new Set(told).size, told.length);
  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 });
});

test('what is held back leaves by importance; reminders and reports that waited come as one message each', async (t) => {
  const { outbox, send, says, row } = await setup({
    budget: { perRecipient: { perMinute: 3, perHour: 99 }, perApp: {} },
  });
  await outbox.enqueue([text('a'), text('b'), text('c')]);
  await send();
  const later = PURPOSES.toSorted((one, two) => RANK[two] - RANK[one]).flatMap((purpose) =>
    [1, 2].map((n) => text(`${purpose}${n}`, 'jia', { purpose })),
  );
  await outbox.enqueue(later);
  await send(SECOND);
  t.deepEqual(says(), ['a', 'b', 'c']);
  for (let n = 0; n < 5; n += 1) await send(MINUTE);
  t.deepEqual(says().slice(3, 9).toSorted(), ['reply1', 'reply2', 'todo1', 'todo2', 'verdict1', 'verdict2']);
  t.deepEqual(says().slice(9).toSorted(), ['admin1\n\nadmin2', 'digest1\n\ndigest2', 'nudge1\n\nnudge2']);
  t.is(says().at(-1), 'digest1\n\ndigest2');
  t.is((await row('nudge2'))?.state, 'superseded');
  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 });
});

test('a merge that was cut off in the middle says nothing twice', async (t) => {
  const { outbox, send, says, connection, clock } = await setup();
  await outbox.stop();
  const notBefore = new Date(clock.now().getTime() + MINUTE);
  await outbox.enqueue(['n1', 'n2'].map((key) => text(key, 'jia', { purpose: 'nudge', notBefore })));
  const cut = { message: { kind: 'text', text: 'n1\n\nn2' }, merged: ['n2'] };
  await connection.collection('outbox').updateOne({ _id: 'n1' as never }, { $set: cut });
  outbox.start();
  await send(2 * MINUTE);
  t.deepEqual(says(), ['n1\n\nn2']);
});

test('what was tried already is not merged: the platform knows it by its bytes', async (t) => {
  const { outbox, send, says, wecom } = await setup({
    budget: { perRecipient: { perMinute: 2, perHour: 99 }, perApp: {} },
  });
  wecom.fault = () => new Error('cut');
  await outbox.enqueue(['n1', 'n2', 'n3'].map((key) => text(key, 'jia', { purpose: 'nudge' })));
  await send();
  wecom.fault = null;
  await outbox.enqueue([text('a')]);
  for (let n = 0; n < 4; n += 1) await send(MINUTE);
  t.deepEqual(says(), ['a', 'n1', 'n2\n\nn3']);
});

test('the day’s messages are counted over a restart, and what waits for tomorrow is not given up', async (t) => {
  const budget = { perApp: { perDay: 3 } };
  const first = await setup({ budget });
  await first.outbox.enqueue([text('a', 'jia'), text('b', 'yi')]);
  await first.send();
  await first.outbox.stop();
  const second = first.open();
  second.start();
  await second.enqueue([text('c', 'bing'), text('d', 'ding')]);
  await second.sweep();
  t.deepEqual([first.says('bing'), first.says('ding')], [['c'], []]);
  first.clock.advance(24 * HOUR);
  await second.sweep();
  t.deepEqual(first.says('ding'), ['d']);
});

test('places are taken by one process at a time, however many want them', async (t) => {
  const { connection } = await testStore();
  const processes = Array.from({ length: 4 }, () => createSlots(connection));
  const limits = [{ count: 30, spanMs: MINUTE }];
  const taken = await Promise.all(
    Array.from({ length: 12 }, (_, n) => processes[n % 4]!.take('wecom:jia', limits, 5, 1_000_000)),
  );
  t.is(
    taken.reduce((sum, { granted }) => sum + granted, 0),
    30,
  );
  const { granted, waitMs } = await processes[0]!.take('wecom:jia', limits, 5, 1_000_000 + SECOND);
  t.is(granted, 0);
  t.is((await processes[1]!.take('wecom:jia', limits, 5, 1_000_000 + SECOND + waitMs)).granted, 5);
});

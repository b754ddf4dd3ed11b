import test, { type ExecutionContext } from 'ava';
import type { FilledCard } from '../../src/cards/index.js';
import { asId, FixedClock, MINUTE, silentLog, type CardId, type PersonId } from '../../src/core/index.js';
import { createOutbox, createUsage, outboxIndexes } from '../../src/outbox/index.js';
import { UTC_CALENDAR } from './bench.js';
import type { Outgoing } from '../../src/platforms/contract.js';
import { openTestStore } from '../org/store.js';

const card = (title: string): FilledCard => ({
  name: 'x',
  title,
  tone: 'plain',
  lines: [],
  fields: [],
  actions: [],
  summary: title,
});
const show = (key: string, title: string): Outgoing => ({
  key,
  to: { kind: 'person', personId: asId<PersonId>('rep-1') },
  message: { kind: 'show', cardId: asId<CardId>('card-1'), card: card(title) },
  purpose: 'nudge',
});

async function setup(t: ExecutionContext) {
  const connection = await openTestStore(outboxIndexes);
  const clock = new FixedClock('2026-11-24T01:00:00Z');
  const outbox = createOutbox({
    connection,
    adapters: new Map(),
    usage: createUsage({ connection, clock, log: silentLog, budgets: new Map(), calendar: UTC_CALENDAR }),
    reach: () => Promise.resolve({ platform: 'wecom', userId: 'rep-1' }),
    clock,
    log: silentLog,
  });
  outbox.start();
  t.teardown(() => outbox.stop());
  const states = async () => {
    await outbox.sweep();
    return Object.fromEntries(
      (await connection.collection('outbox').find({}).toArray()).map((row) => [
        String(row._id),
        row['state'] as string,
      ]),
    );
  };
  return { outbox, clock, states };
}

test('the same message again does not take the waiting one away', async (t) => {
  const { outbox, clock, states } = await setup(t);
  await outbox.enqueue([show('a', 'first')]);
  clock.advance(60_000);
  await outbox.enqueue([show('a', 'first')]);
  t.deepEqual(await states(), { a: 'due' });
});

test('a newer look of a card replaces the older one, and an older one that comes again replaces nothing', async (t) => {
  const { outbox, clock, states } = await setup(t);
  await outbox.enqueue([show('a', 'first')]);
  clock.advance(1_000);
  await outbox.enqueue([show('b', 'second')]);
  // Nobody can be sent to: what waits is looked at again when that may have changed.
  clock.advance(11 * MINUTE);
  t.deepEqual(await states(), { a: 'superseded', b: 'due' });
  clock.advance(1_000);
  await outbox.enqueue([show('a', 'first')]);
  t.deepEqual(await states(), { a: 'superseded', b: 'due' });
});

import test from 'ava';
import type { FilledCard } from '../../src/cards/index.js';
import {
  AppError,
  asId,
  FixedClock,
  MINUTE,
  SECOND,
  silentLog,
  type CardId,
  type EventKey,
} from '../../src/core/index.js';
import { createInbox, type Handled, type Inbox } from '../../src/inbox/index.js';
import type { InboundBody, InboundEvent } from '../../src/platforms/contract.js';
import type { Store } from '../../src/store/index.js';
import { testStore } from '../helpers/store.js';

const CARD = asId<CardId>('card-1');
const press: InboundBody = { kind: 'press', cardId: CARD, action: 'ask:d1:accept', choices: { choice: ['a'] } };
const card = (title: string): FilledCard => ({
  name: 'checklist',
  title,
  tone: 'plain',
  lines: [],
  fields: [],
  actions: [],
  summary: title,
});

const event = (key: string, from = 'jia', body: InboundBody = { kind: 'text', text: key }): InboundEvent => ({
  key: key as EventKey,
  platform: 'wecom',
  from,
  chat: { kind: 'single' },
  sentAt: new Date('2026-03-02T01:00:00.123Z'),
  body,
});

interface Options {
  alone?: boolean;
  store?: Store;
  clock?: FixedClock;
  handle?: (event: InboundEvent) => Promise<Handled>;
}

async function setup({ alone = false, store, clock = new FixedClock('2026-03-02T01:00:00Z'), handle }: Options = {}) {
  const { connection } = (store ??= await testStore());
  const handled: string[] = [];
  const parked: string[] = [];
  const answered: string[] = [];
  const handles: [CardId, string][] = [];
  const open = (): Inbox =>
    createInbox({
      connection,
      alone,
      handle: async (one) => {
        const result = (await handle?.(one)) ?? {};
        handled.push(one.key);
        return result;
      },
      answeredPassively: (key) => {
        answered.push(key);
        return Promise.resolve();
      },
      noteHandle: (id, handle) => {
        handles.push([id, handle]);
        return Promise.resolve();
      },
      onParked: (one) => {
        parked.push(one.key);
        return Promise.resolve();
      },
      clock,
      log: silentLog,
    });
  return { store, connection, clock, inbox: open(), open, handled, parked, answered, handles };
}

test('ten deliveries of one press at once are handled once and all get the same answer', async (t) => {
  const { inbox, handled, answered } = await setup({
    handle: () => Promise.resolve({ answer: { card: card('done'), messageKey: 'show:1' } }),
  });
  const one = event('p1', 'jia', press);
  const results = await Promise.all(Array.from({ length: 10 }, () => inbox.intake(one, { updateHandle: 'code' })));
  t.is(results.filter((result) => !result.duplicate).length, 1);
  const answers = await Promise.all(results.map(async (result) => (await result.answer) ?? null));
  t.deepEqual(new Set(answers.map((answer) => answer?.title)), new Set(['done']));
  t.deepEqual(handled, ['p1']);
  await results[0]?.answered?.();
  t.deepEqual(answered, ['show:1']);
  // And again a week later.
  const late = await inbox.intake(one);
  t.true(late.duplicate);
  t.is((await late.answer)?.title, 'done');
  t.deepEqual(handled, ['p1']);
});

test('a copy that reaches another process waits for the answer of the first', async (t) => {
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const { inbox, open, handled, connection } = await setup({
    handle: async () => {
      await gate;
      return { answer: { card: card('slow'), messageKey: 'show:1' } };
    },
  });
  const other = open();
  const one = event('p1', 'jia', press);
  const first = await inbox.intake(one);
  const copy = await other.intake(one);
  t.true(copy.duplicate);
  let early = false;
  void copy.answer?.then(() => (early = true));
  await other.idle();
  // Two round trips to the store: time enough for whoever would not wait.
  for (let n = 0; n < 2; n++) await connection.collection('inbox').countDocuments({});
  t.false(early);
  go();
  t.is((await copy.answer)?.title, 'slow');
  t.is((await first.answer)?.title, 'slow');
  t.deepEqual(handled, ['p1']);
});

test('ten copies of a message spread over two processes are handled once', async (t) => {
  const { inbox, open, handled } = await setup();
  const other = open();
  const copies = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? inbox : other).intake(event('m1')));
  t.is((await Promise.all(copies)).filter((one) => !one.duplicate).length, 1);
  await Promise.all([inbox.idle(), other.idle()]);
  t.deepEqual(handled, ['m1']);
});

for (const alone of [false, true]) {
  const where = alone ? 'alone on its store' : 'beside other processes';

  test(`events of one person are handled in order, those of others beside them, ${where}`, async (t) => {
    const running = new Set<string>();
    const { inbox, handled } = await setup({
      alone,
      handle: async ({ from, key }) => {
        t.false(running.has(from), `${key} began before its neighbour had ended`);
        running.add(from);
        // The first of each waits for the other's: neither is held up by it.
        if (key.endsWith('-0')) while (running.size < 2) await new Promise(setImmediate);
        else await new Promise(setImmediate);
        running.delete(from);
        return {};
      },
    });
    for (let n = 0; n < 5; n++) await Promise.all(['jia', 'yi'].map((who) => inbox.intake(event(`${who}-${n}`, who))));
    await inbox.idle();
    for (const who of ['jia', 'yi']) {
      t.deepEqual(
        handled.filter((key) => key.startsWith(who)),
        [0, 1, 2, 3, 4].map((n) => `${who}-${n}`),
      );
    }
  });

  test(`an event that is tried again is done before what came later, ${where}`, async (t) => {
    let failing = true;
    const { inbox, handled, clock, connection } = await setup({
      alone,
      handle: ({ key }) => (key === 'm1' && failing ? Promise.reject(new Error('busy')) : Promise.resolve({})),
    });
    const [first, second] = [inbox.intake(event('m1')), inbox.intake(event('m2'))];
    await Promise.all([first, second]);
    await inbox.intake(event('m3'));
    await inbox.idle();
    t.deepEqual(handled, []);
    failing = false;
    clock.advance(2 * SECOND);
    await inbox.intake(event('m4'));
    await inbox.idle();
    t.deepEqual(handled, ['m1', 'm2', 'm3', 'm4']);
    // What came after is in memory again, and each was done once.
    await inbox.intake(event('m5'));
    await inbox.idle();
    t.deepEqual(handled, ['m1', 'm2', 'm3', 'm4', 'm5']);
    t.is(await connection.collection('inbox').countDocuments({ state: 'done' }), 5);
  });
}

test('alone on its store, a process does first what the one before it left', async (t) => {
  const { inbox, open, handled, connection, clock } = await setup({ alone: true });
  await inbox.stop();
  await inbox.intake(event('m1'));
  await inbox.intake(event('m2'));
  await connection.collection('inbox').updateMany({}, { $unset: { leasedUntil: '' } });
  const next = open();
  clock.advance(SECOND);
  await next.intake(event('m3'));
  await next.idle();
  t.deepEqual(handled, ['m1', 'm2', 'm3']);
});

test('an event that always fails is parked after five tries; the next of the same person goes on, and it can be replayed', async (t) => {
  const tries: string[] = [];
  let broken = true;
  const { inbox, clock, handled, parked } = await setup({
    handle: ({ key }) => {
      if (key === 'poison' && broken) {
        tries.push(key);
        return Promise.reject(new Error('cannot'));
      }
      return Promise.resolve({});
    },
  });
  await inbox.intake(event('poison'));
  await inbox.intake(event('after'));
  await inbox.intake(event('neighbour', 'yi'));
  await inbox.idle();
  t.deepEqual(handled, ['neighbour'], 'the order of one person is kept while there is hope');
  for (let n = 0; n < 6; n++) {
    clock.advance(MINUTE);
    await inbox.sweep();
    // The lane's own timer may have been faster than the sweep.
    await inbox.idle();
  }
  t.is(tries.length, 5);
  t.deepEqual(parked, ['poison']);
  t.deepEqual(handled, ['neighbour', 'after']);
  t.deepEqual(await inbox.counts(), { waiting: 0, dead: 1 });

  broken = false;
  t.true(await inbox.replay('poison'));
  t.deepEqual(handled, ['neighbour', 'after', 'poison']);
  t.deepEqual(await inbox.counts(), { waiting: 0, dead: 0 });
  t.false(await inbox.replay('poison'));
});

test('what can never succeed is parked at once', async (t) => {
  let tries = 0;
  const { inbox, parked } = await setup({
    handle: () => {
      tries += 1;
      return Promise.reject(new AppError('deal.unknown', 'no such deal'));
    },
  });
  await inbox.intake(event('m1'));
  await inbox.idle();
  t.is(tries, 1);
  t.deepEqual(parked, ['m1']);
});

test('what a dead process had taken is taken again when its lease is over, before what came later', async (t) => {
  const { inbox, connection, clock, handled } = await setup();
  await connection.collection('inbox').insertOne({
    _id: 'm1' as never,
    lane: 'wecom:jia',
    event: event('m1'),
    state: 'new',
    seq: 1,
    attempts: 1,
    dueAt: clock.now(),
    receivedAt: clock.now(),
    leasedUntil: new Date(clock.now().getTime() + 60 * SECOND),
  });
  await inbox.intake(event('m2'));
  await inbox.idle();
  await inbox.sweep();
  t.deepEqual(handled, []);
  clock.advance(61 * SECOND);
  await inbox.sweep();
  t.deepEqual(handled, ['m1', 'm2']);
});

test('a redelivery of an event whose process died before it was worked on sets it going', async (t) => {
  const first = await setup();
  const row = { lane: 'wecom:jia', state: 'new', seq: 1, attempts: 0, dueAt: first.clock.now() };
  await first.connection
    .collection('inbox')
    .insertOne({ _id: 'm1' as never, event: event('m1'), receivedAt: first.clock.now(), ...row });
  t.true((await first.inbox.intake(event('m1'))).duplicate);
  await first.inbox.idle();
  t.deepEqual(first.handled, ['m1']);
});

test('what cannot be stored is not acknowledged', async (t) => {
  const { store, handled, inbox } = await setup();
  const broken = createInbox({
    connection: {
      collection: () => ({ insertMany: () => Promise.reject(new Error('disk full')) }),
    } as never,
    handle: () => Promise.resolve({}),
    answeredPassively: () => Promise.resolve(),
    noteHandle: () => Promise.resolve(),
    onParked: () => Promise.resolve(),
    clock: new FixedClock('2026-03-02T01:00:00Z'),
    log: silentLog,
  });
  await t.throwsAsync(broken.intake(event('m1')), { message: 'disk full' });
  t.is(await store.connection.collection('inbox').countDocuments({}), 0);
  // The platform delivers it again once the store is back.
  t.false((await inbox.intake(event('m1'))).duplicate);
  await inbox.idle();
  t.deepEqual(handled, ['m1']);
});

test('an event comes back from the store as it went in: dates, choices, absent fields', async (t) => {
  const seen: InboundEvent[] = [];
  const { inbox } = await setup({
    handle: (one) => {
      seen.push(one);
      return Promise.resolve({});
    },
  });
  const sent = event('p1', 'jia', press);
  await inbox.intake(sent);
  const voice = event('v1', 'jia', {
    kind: 'voice',
    media: { platform: 'wecom', handle: 'h', name: undefined },
  });
  await inbox.intake(voice);
  await inbox.idle();
  t.true(seen[0]?.sentAt instanceof Date);
  t.deepEqual(seen[0], sent);
  t.deepEqual(seen[1]?.body, { kind: 'voice', media: { platform: 'wecom', handle: 'h' } });
});

test('a further handle for the pressed card is passed on', async (t) => {
  const { inbox, handles } = await setup();
  await inbox.intake(event('p1', 'jia', press), { updateHandle: 'code-2' });
  await inbox.intake(event('m1'), { updateHandle: 'none of a card' });
  await inbox.idle();
  t.deepEqual(handles, [[CARD, 'code-2']]);
});

test('after a stop nothing new is begun, and a new process goes on where the old one stopped', async (t) => {
  const first = await setup();
  await first.inbox.stop();
  await first.inbox.intake(event('m1'));
  await first.inbox.idle();
  t.deepEqual(first.handled, []);
  const second = first.open();
  await second.sweep();
  t.deepEqual(first.handled, ['m1']);
});

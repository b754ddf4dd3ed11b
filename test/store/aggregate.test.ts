import test from 'ava';
import { AppError, ConflictError, FixedClock, SECOND, silentLog } from '../../src/core/index.js';
import {
  createAggregate,
  createRelay,
  type AggregateDocument,
  type DomainEvent,
  type Effect,
} from '../../src/store/index.js';
import { testStore } from '../helpers/store.js';

interface Counter extends AggregateDocument {
  count: number;
  by: string[];
}

async function setup() {
  const { connection } = await testStore({ indexes: false });
  const clock = new FixedClock('2026-03-02T01:00:00Z');
  const relay = createRelay({ connection, clock, log: silentLog });
  const read: DomainEvent[] = [];
  const done: Effect[] = [];
  const fault = { reader: false, sink: false };
  relay.addReader((events) => {
    if (fault.reader) return Promise.reject(new Error('the reader is away'));
    read.push(...events);
    return Promise.resolve();
  });
  relay.addSink('note', (effects) => {
    if (fault.sink) return Promise.reject(new Error('the sink is away'));
    done.push(...effects);
    return Promise.resolve();
  });
  relay.watch('counters');
  /** What a process would do; another relay may be handed in for a process that dies. */
  const open = (flush: (name: string, id: string) => Promise<void> = (name, id) => relay.flush(name, id)) =>
    createAggregate<Counter>(connection, 'counters', { relay: flush, log: silentLog });
  const counters = open();
  await counters.create({ _id: 'c', count: 0, by: [] }, { key: 'made', now: clock.now() }, {});
  const add = (who: string, key: string, through = counters) =>
    through.command<number>('c', { key, now: clock.now() }, (doc) => ({
      set: { count: doc.count + 1, by: [...doc.by, who] },
      events: [
        { type: 'added', data: { who } },
        { type: 'counted', data: { count: doc.count + 1 } },
      ],
      effects: [{ _id: `note:${key}`, kind: 'note', data: { who } }],
      result: doc.count + 1,
    }));
  return { connection, clock, relay, counters, open, add, read, done, fault };
}

const ids = (entries: readonly { _id: string }[]): string[] => entries.map((one) => one._id);

test('of two racing commands one wins and the other decides again on what it left', async (t) => {
  const { connection, counters, clock } = await setup();
  let meet: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (meet = resolve));
  let waiting = 0;
  const seen: number[] = [];
  const race = (key: string) =>
    counters.command<number>('c', { key, now: clock.now() }, async (doc) => {
      seen.push(doc.count);
      // The first look of both is on the same version.
      if (++waiting === 2) meet();
      await both;
      return { set: { count: doc.count + 1 }, result: doc.count + 1 };
    });
  const results = await Promise.all([race('a'), race('b')]);
  t.deepEqual(results.map((one) => one?.result).toSorted(), [1, 2]);
  t.deepEqual(seen, [0, 0, 1]);
  t.is((await connection.collection('counters').findOne({ _id: 'c' as never }))?.['count'], 2);
});

test('twenty commands at once are twenty commands', async (t) => {
  const { counters, add, read, done } = await setup();
  await Promise.all(Array.from({ length: 20 }, (_, n) => add(`p${n}`, `k${n}`)));
  const doc = await counters.load('c');
  t.is(doc?.count, 20);
  t.is(new Set(doc?.by).size, 20);
  t.is(new Set(ids(done)).size, 20);
  t.is(new Set(ids(read)).size, 40);
});

test('the same key a second time changes nothing and says so', async (t) => {
  const { counters, add, connection } = await setup();
  const first = await add('one', 'k');
  const again = await Promise.all([add('one', 'k'), add('one', 'k')]);
  t.false(first?.repeated);
  t.true(again.every((one) => one?.repeated === true && one.result === undefined && one.doc.count === 1));
  t.is((await counters.load('c'))?.ver, 2);
  t.is(await connection.collection('events').countDocuments({}), 2);
});

test('a command that decides on nothing writes nothing', async (t) => {
  const { counters, clock } = await setup();
  const left = await counters.command('c', { key: 'k', now: clock.now() }, () => ({ unchanged: true, result: 'no' }));
  t.is(left?.result, 'no');
  const doc = await counters.load('c');
  t.is(doc?.ver, 1);
  t.deepEqual(
    doc?.applied.map((one) => one.key),
    ['made'],
  );
});

test('a command on nothing gives null; making it twice changes nothing', async (t) => {
  const { counters, clock } = await setup();
  t.is(await counters.command('x', { key: 'k', now: clock.now() }, () => ({ result: 1 })), null);
  const again = await counters.create({ _id: 'c', count: 9, by: [] }, { key: 'other', now: clock.now() }, {});
  t.false(again.created);
  t.is(again.doc.count, 0);
});

test('what a process that died left behind is finished by the sweep, once and in order', async (t) => {
  const { open, add, clock, relay, read, done, connection, counters } = await setup();
  const dying = open(() => Promise.reject(new Error('killed')));
  await t.throwsAsync(add('one', 'k1', dying), { message: 'killed' });
  await t.throwsAsync(add('two', 'k2', dying), { message: 'killed' });
  t.deepEqual(read, []);
  t.is(await relay.sweep(), 0, 'fresh leftovers belong to whoever made them');
  clock.advance(6 * SECOND);
  t.is(await relay.sweep(), 1);
  t.deepEqual(ids(read), ['k1:c:0', 'k1:c:1', 'k2:c:0', 'k2:c:1']);
  t.deepEqual(ids(done), ['note:k1', 'note:k2']);
  t.is(await relay.sweep(), 0);
  t.is(await connection.collection('events').countDocuments({}), 4);
  const doc = await counters.load('c');
  t.deepEqual([doc?.pendingEvents, doc?.pendingEffects, doc?.pendingAt], [[], [], undefined]);
  // The retry of the command that died is the same command.
  t.true((await add('two', 'k2'))?.repeated);
  t.is((await counters.load('c'))?.count, 2);
});

test('a reader or a sink that fails never fails the command; the events are stored once, later ones come after', async (t) => {
  const { add, fault, read, done, relay, connection } = await setup();
  fault.sink = true;
  t.is((await add('one', 'k1'))?.result, 1);
  fault.reader = true;
  t.is((await add('two', 'k2'))?.result, 2);
  t.deepEqual(done, []);
  fault.reader = false;
  fault.sink = false;
  await relay.sweep({ all: true });
  t.deepEqual(ids(done), ['note:k1', 'note:k2']);
  // A reader may see an event twice (it is idempotent), but never out of order.
  t.deepEqual([...new Set(ids(read))], ['k1:c:0', 'k1:c:1', 'k2:c:0', 'k2:c:1']);
  t.is(await connection.collection('events').countDocuments({}), 4);
});

test('a document whose sink fails keeps nobody else waiting', async (t) => {
  const { counters, open, clock, relay, connection } = await setup();
  const seen: string[] = [];
  relay.addSink('picky', (effects) => {
    const who = effects.map((effect) => String(effect.data['who']));
    if (who.includes('bad')) return Promise.reject(new Error('no'));
    seen.push(...who);
    return Promise.resolve();
  });
  const dead = open(() => Promise.resolve());
  for (const id of ['bad', 'good']) {
    await counters.create({ _id: id, count: 0, by: [] }, { key: `made:${id}`, now: clock.now() }, {});
    await dead.command(id, { key: `k:${id}`, now: clock.now() }, () => ({
      effects: [{ _id: `e:${id}`, kind: 'picky', data: { who: id } }],
      result: null,
    }));
  }
  await relay.sweep({ all: true });
  t.deepEqual(seen, ['good']);
  t.is(await connection.collection('counters').countDocuments({ pendingAt: { $exists: true } }), 1);
});

test('an effect that nothing will ever take is put aside with its reason; those before and behind it go where they belong, in order', async (t) => {
  const { counters, clock, relay, connection } = await setup();
  const seen: string[] = [];
  let isAway = false;
  relay.addSink('picky', (effects) => {
    const who = effects.map((effect) => String(effect.data['who']));
    if (isAway) return Promise.reject(new Error('away'));
    if (who.includes('bad')) return Promise.reject(new AppError('sink.never', 'never'));
    if (who.includes('long')) return Promise.reject(Object.assign(new Error('no such keys'), { code: 238 }));
    seen.push(...who.filter((one) => !seen.includes(one)));
    return Promise.resolve();
  });
  const ask = (key: string, ...who: string[]) =>
    counters.command('c', { key, now: clock.now() }, () => ({
      effects: who.map((one) => ({ _id: `e:${one}`, kind: 'picky', data: { who: one } })),
      result: null,
    }));
  isAway = true;
  await ask('k1', 'a', 'bad', 'b', 'long');
  t.is(await relay.putAside(), 0, 'what is only away is waited for');
  isAway = false;
  await ask('k2', 'c');
  t.deepEqual(seen, ['a', 'b', 'c']);
  await relay.idle();
  t.is((await counters.load('c'))?.pendingAt, undefined);
  t.is(await relay.putAside(), 2);
  const [kept] = await connection.collection('effects_put_aside').find({}).sort({ _id: 1 }).toArray();
  t.like(kept, { from: 'counters:c', error: 'never', effect: { _id: 'e:bad', data: { who: 'bad' } } });
});

test('when the relay is stuck, commands are refused rather than piled up', async (t) => {
  const { open, clock } = await setup();
  const stuck = open(() => Promise.resolve());
  const flood = Array.from({ length: 2_001 }, (_, n) => ({ type: 'x', data: { n } }));
  await stuck.command('c', { key: 'flood', now: clock.now() }, () => ({ events: flood, result: null }));
  await t.throwsAsync(
    stuck.command('c', { key: 'more', now: clock.now() }, () => ({ result: null })),
    { instanceOf: ConflictError, code: 'store.relay_stuck' },
  );
});

test('an instant and an absent field come back as they went in', async (t) => {
  const { counters, clock, add } = await setup();
  const at = new Date('2026-03-02T01:02:03.004Z');
  await counters.command('c', { key: 'k', now: clock.now() }, () => ({
    set: { by: ['x'], extra: { at, absent: undefined } } as never,
    result: null,
  }));
  await add('one', 'k2');
  const doc = (await counters.load('c')) as unknown as { extra: Record<string, unknown> };
  t.deepEqual(doc.extra, { at });
});

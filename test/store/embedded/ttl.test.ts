import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { encode } from '../../../src/store/embedded/bson/encode.js';
import { decode } from '../../../src/store/embedded/bson/decode.js';
import type { Doc } from '../../../src/store/embedded/bson/value.js';
import { Engine } from '../../../src/store/embedded/engine/engine.js';
import { sweepExpired } from '../../../src/store/embedded/engine/ttl.js';
import { startStore, tempFolder } from './helpers.js';

const at = (seconds: number): Date => new Date(1_700_000_000_000 + seconds * 1000);

/** An engine of its own with documents under one TTL index. */
async function withDocuments(t: ExecutionContext, docs: Doc[], partialFilterExpression: Doc | null = null) {
  const engine = Engine.open(await tempFolder(t));
  t.teardown(() => engine.close());
  await engine.write(() => {
    const collection = engine.catalog.create('test', 'sessions');
    const kind = { unique: false, sparse: false, partialFilterExpression, expireAfterSeconds: 60 };
    engine.catalog.addIndex(collection, { name: 'seen', key: { seen: 1 }, ...kind });
    docs.forEach((doc, i) => collection.insert(encode({ _id: i, ...doc })));
  });
  const left = (): Doc[string][] => {
    const collection = engine.catalog.find('test', 'sessions')!;
    return [...engine.storage.range(collection.prefix, collection.end, {})].map(({ value }) => decode(value)['_id']);
  };
  return { engine, left };
}

test('a sweep removes what is as old as its index says, and nothing younger', async (t) => {
  const { engine, left } = await withDocuments(t, [{ seen: at(0) }, { seen: at(1) }, { seen: at(30) }]);
  t.is(await sweepExpired(engine, new Date(at(60).getTime() - 1)), 0);
  t.is(await sweepExpired(engine, at(60)), 1);
  t.deepEqual(left(), [1, 2]);
  t.is(await sweepExpired(engine, at(1000)), 2);
  t.deepEqual(left(), []);
});

test('only dates expire, and of an array the earliest counts', async (t) => {
  const { engine, left } = await withDocuments(t, [
    { seen: [at(500), at(0)] },
    { seen: [at(500), at(400)] },
    { seen: 'long ago' },
    { seen: 0 },
    { seen: null },
    {},
  ]);
  t.is(await sweepExpired(engine, at(61)), 1);
  t.deepEqual(left(), [1, 2, 3, 4, 5]);
});

test('a partial TTL index lets live what it does not hold', async (t) => {
  const docs = [
    { seen: at(0), done: true },
    { seen: at(0), done: false },
  ];
  const { engine, left } = await withDocuments(t, docs, { done: true });
  t.is(await sweepExpired(engine, at(1000)), 1);
  t.deepEqual(left(), [1]);
});

test('more than one batch is removed in one sweep', async (t) => {
  const { engine, left } = await withDocuments(
    t,
    Array.from({ length: 1201 }, (_, i) => ({ seen: at(i < 1100 ? 0 : 900) })),
  );
  t.is(await sweepExpired(engine, at(100)), 1100);
  t.is(left().length, 101);
});

test('a running store sweeps by itself', async (t) => {
  const { store, collection, internalErrors } = await startStore(t, { ttlSweepMs: 5 });
  const c = collection();
  await c.createIndex({ seen: 1 }, { expireAfterSeconds: 1 });
  await c.insertMany([
    { _id: 1 as never, seen: new Date(0) },
    { _id: 2 as never, seen: new Date('9000-01-01') },
  ]);
  const { ttlSweeps: before = 0 } = await store.stats();
  // Two more: the first of them may have begun before the documents were there.
  while (((await store.stats())['ttlSweeps'] ?? 0) < before + 2) await pause(5);
  t.deepEqual(
    (await c.find().toArray()).map((doc) => Number(doc._id)),
    [2],
  );
  t.is((await store.stats())['documentsExpired'], 1);
  t.deepEqual(internalErrors, []);
});

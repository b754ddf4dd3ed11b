import test from 'ava';
import { storeStatus } from '../../src/store/index.js';
import { testStore } from '../helpers/store.js';

test('the store tells its size, its connections and what waits, for /metrics', async (t) => {
  const store = await testStore({ indexes: false });
  await store.connection
    .collection('rows')
    .insertMany(Array.from({ length: 500 }, (_, n) => ({ n, x: 'x'.repeat(100) })));
  const { bytes, connections, waiting } = await storeStatus(store);
  t.true(bytes > 50_000, String(bytes));
  t.true(connections >= 1, String(connections));
  t.true(waiting >= 0, String(waiting));
});

test('dbStats and collStats count what is there', async (t) => {
  const { connection } = await testStore({ indexes: false });
  const db = connection.db!;
  await db.collection<{ _id: number }>('rows').insertMany(Array.from({ length: 4_500 }, (_, n) => ({ _id: n, n })));
  await db.collection('rows').createIndex({ n: 1 });
  await db.collection('others').insertOne({ a: 1 });
  const all = await db.command({ dbStats: 1 });
  t.like(all, { collections: 2, objects: 4_501, indexes: 3 });
  const rows = await db.command({ collStats: 'rows' });
  t.like(rows, { count: 4_500, nindexes: 2, avgObjSize: 21, size: 4_500 * 21 });
  t.is((await db.command({ collStats: 'rows', scale: 1024 }))['size'], Math.trunc((4_500 * 21) / 1024));
  t.like(await db.command({ collStats: 'nothing' }), { count: 0, size: 0 });
});

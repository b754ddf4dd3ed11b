import test from 'ava';
import { startEmbeddedStore } from '../../../src/store/embedded/index.js';
import { startStore } from './helpers.js';

test('writes that wait for the disk are counted, and done when they are acknowledged', async (t) => {
  const { collection, store } = await startStore(t);
  const c = collection<{ _id: number }>();
  await c.insertOne({ _id: -1 });
  let most = 0;
  let busy = true;
  const watch = (async () => {
    while (busy) most = Math.max(most, (await store.stats())['commitsWaiting']!);
  })();
  for (let round = 0; round < 20 && most === 0; round++)
    await Promise.all(Array.from({ length: 50 }, (_, n) => c.insertOne({ _id: round * 50 + n })));
  busy = false;
  await watch;
  t.true(most > 0);
  t.is((await store.stats())['commitsWaiting'], 0);
});

test('stopping lets running commands finish: what was acknowledged is there, the folder is free', async (t) => {
  const { collection, store, client, dataDir } = await startStore(t);
  const c = collection<{ _id: number }>('rows');
  await c.insertOne({ _id: 0 });
  const acknowledged = [0];
  const writes = Array.from({ length: 200 }, (_, n) =>
    c.insertOne({ _id: n + 1 }).then(
      () => acknowledged.push(n + 1),
      () => undefined,
    ),
  );
  await Promise.race(writes);
  await store.stop();
  await store.stop();
  await client.close();
  await Promise.all(writes);
  const again = await startEmbeddedStore({ dataDir });
  t.teardown(() => again.stop());
  const { MongoClient } = await import('mongodb');
  const second = await MongoClient.connect(again.uri);
  t.teardown(() => second.close());
  const found = new Set(
    (await second.db('test').collection<{ _id: number }>('rows').find().toArray()).map((one) => one._id),
  );
  t.deepEqual(
    acknowledged.filter((id) => !found.has(id)),
    [],
  );
  t.true(acknowledged.length > 1);
  t.like(await second.db('test').command({ validate: 'rows' }), { valid: true });
});

import test from 'ava';
import type { MongoServerError } from 'mongodb';
import { Decimal128, type Document } from 'mongodb';
import { startStore } from './helpers.js';

/** What only MongoDB can do: each is refused by an error that names the way out, and nothing was written. */
test('what the store cannot do is refused by an error that names MONGODB_URI', async (t) => {
  const { client, db, collection, internalErrors } = await startStore(t);
  const c = collection('refused');
  await c.insertOne({ a: 1, s: 'x', when: new Date(0) });
  const before = await c.find().toArray();
  const cases: Record<string, () => Promise<unknown>> = {
    transaction: () =>
      client.withSession((session) =>
        session.withTransaction(async () => {
          await c.insertOne({ b: 1 }, { session });
        }),
      ),
    'change stream': async () => {
      const stream = c.watch();
      try {
        await stream.next();
      } finally {
        await stream.close();
      }
    },
    $where: () => c.find({ $where: 'true' }).toArray(),
    $text: () => c.find({ $text: { $search: 'x' } }).toArray(),
    $near: () => c.find({ a: { $near: [1, 2] } }).toArray(),
    $jsonSchema: () => c.find({ $jsonSchema: {} }).toArray(),
    Decimal128: () => c.insertOne({ d: Decimal128.fromString('1.5') }),
    'Decimal128 in a query': () => c.find({ d: { $gt: Decimal128.fromString('1.5') } }).toArray(),
    'Decimal128 in an update': () => c.updateOne({}, { $set: { d: Decimal128.fromString('1.5') } }),
    'pipeline update': () => c.updateOne({}, [{ $set: { b: 1 } }]),
    collation: () => c.find({}, { collation: { locale: 'zh' } }).toArray(),
    $merge: () => c.aggregate([{ $merge: { into: 'other' } }]).toArray(),
    $out: () => c.aggregate([{ $out: 'other' }]).toArray(),
    $graphLookup: () => c.aggregate([{ $graphLookup: {} }]).toArray(),
    $setWindowFields: () => c.aggregate([{ $setWindowFields: {} }]).toArray(),
    'zoned date': () =>
      c.aggregate([{ $project: { d: { $dateToString: { date: '$when', timezone: 'Asia/Shanghai' } } } }]).toArray(),
    $function: () => c.aggregate([{ $project: { d: { $function: {} } } }]).toArray(),
    'text index': () => c.createIndex({ s: 'text' }),
    'geo index': () => c.createIndex({ s: '2dsphere' }),
    'wildcard index': () => c.createIndex({ '$**': 1 }),
    'hidden index': () => c.createIndex({ s: 1 }, { hidden: true }),
    'capped collection': () => db.createCollection('capped', { capped: true, size: 1000 }),
    view: () => db.createCollection('view', { viewOn: 'refused', pipeline: [] }),
    'time series': () => db.createCollection('series', { timeseries: { timeField: 't' } }),
    mapReduce: () => db.command({ mapReduce: 'refused' }),
    'write concern 2': () => c.insertOne({ b: 1 }, { writeConcern: { w: 2 } }),
    'snapshot read': () => db.command({ find: 'refused', readConcern: { level: 'snapshot' } }),
    'tailable cursor': () => db.command({ find: 'refused', tailable: true }),
    'unknown field': () => db.command({ find: 'refused', newFangled: true }),
    'unknown command': () => db.command({ newFangled: 1 }),
    'long key': async () => {
      await collection('longkeys').createIndex({ s: 1 });
      await collection('longkeys').insertOne({ s: 'x'.repeat(3000) });
    },
  };
  for (const [name, run] of Object.entries(cases)) {
    const error = await t.throwsAsync(run(), undefined, name);
    t.regex(error?.message ?? '', /MONGODB_URI/, name);
    t.not((error as MongoServerError).code, 20, name);
  }
  await t.throwsAsync(
    client
      .bulkWrite([{ namespace: 'test.refused', name: 'insertOne', document: { b: 1 } }])
      .catch((error: Error & { cause?: Error }) => {
        throw error.cause ?? error;
      }),
    { message: /MONGODB_URI/ },
  );
  t.deepEqual(await c.find().toArray(), before);
  t.deepEqual((await db.listCollections().toArray()).map((one: Document) => one['name']).sort(), [
    'longkeys',
    'refused',
  ]);
  t.deepEqual(internalErrors, []);
});

test('what MongoDB refuses too is refused with its code', async (t) => {
  const { db, collection } = await startStore(t);
  const c = collection();
  await c.insertOne({ _id: 1 as never, a: 1, list: [1], sub: { x: 1 } });
  const cases: [number, () => Promise<unknown>][] = [
    [2, () => c.find({ a: { $foo: 1 } }).toArray()],
    [2, () => c.find({ $or: [] }).toArray()],
    [2, () => c.find({ a: 1 }, { hint: 'nope' }).toArray()],
    [
      9,
      () => db.command({ update: c.collectionName, updates: [{ q: {}, u: { $foo: { a: 1 } } }] }).then(throwWriteError),
    ],
    [14, () => c.updateOne({}, { $inc: { a: 'x' as never } })],
    [14, () => c.updateOne({}, { $inc: { sub: 1 } })],
    [26, () => db.collection('nothing').indexes()],
    [27, () => c.dropIndex('nope')],
    [28, () => c.updateOne({}, { $set: { 'a.b': 1 } })],
    [40, () => c.updateOne({}, { $set: { b: 1 }, $inc: { b: 1 } })],
    [40, () => c.updateOne({}, { $set: { 'b.c': 1, b: 1 } })],
    [48, () => db.createCollection(c.collectionName)],
    [52, () => c.insertOne({ $a: 1 })],
    [53, () => c.insertOne({ _id: [1] as never })],
    [54, () => c.updateOne({ $and: [{ z: 1 }, { z: 2 }] }, { $set: { y: 1 } }, { upsert: true })],
    [66, () => c.updateOne({}, { $set: { _id: 2 } })],
    [73, () => db.command({ create: 'a$b' })],
    [
      171,
      async () => {
        await c.createIndex({ p: 1, q: 1 });
        await c.insertOne({ p: [1], q: [2] });
      },
    ],
    [
      10334,
      () => db.command({ insert: c.collectionName, documents: [{ s: 'x'.repeat(17_000_000) }] }).then(throwWriteError),
    ],
    [15, () => c.insertOne(JSON.parse('{"a":'.repeat(120) + '1' + '}'.repeat(120)) as Document)],
    [40324, () => c.aggregate([{ $nonsense: {} }]).toArray()],
    [
      85,
      async () => {
        await c.createIndex({ m: 1 }, { name: 'one' });
        await c.createIndex({ m: 1 }, { name: 'two' });
      },
    ],
    [
      86,
      async () => {
        await c.createIndex({ n: 1 }, { name: 'same' });
        await c.createIndex({ o: 1 }, { name: 'same' });
      },
    ],
  ];
  for (const [code, run] of cases) await t.throwsAsync(run(), { code }, `code ${code}: ${String(run)}`);
  t.is(await c.countDocuments(), 1);
});

function throwWriteError(reply: Document): void {
  const [error] = (reply['writeErrors'] as Document[] | undefined) ?? [];
  if (error) throw Object.assign(new Error(String(error['errmsg'])), { code: error['code'] as number });
}

test('a client without the credential of this start gets nothing', async (t) => {
  const { store } = await startStore(t);
  const { MongoClient } = await import('mongodb');
  const plain = new MongoClient(`mongodb://127.0.0.1:${store.port}/?directConnection=true`);
  t.teardown(() => plain.close());
  await t.throwsAsync(plain.db('test').collection('c').findOne({}), { code: 13 });
  await t.notThrowsAsync(plain.db('admin').command({ ping: 1 }));
  const wrong = new MongoClient(store.uri.replace(/store:[^@]+@/, 'store:wrong@'));
  t.teardown(() => wrong.close());
  await t.throwsAsync(wrong.db('test').collection('c').findOne({}), { code: 18 });
});

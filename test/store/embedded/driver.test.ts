import test from 'ava';
import { GridFSBucket, Long, MongoServerError, ObjectId } from 'mongodb';
import { sharedStore, startStore } from './helpers.js';

const shared = sharedStore(test);

test('what is inserted is found again, also after the store was started anew', async (t) => {
  const first = await startStore(t);
  const doc = {
    _id: new ObjectId(),
    text: '留痕 𠮷',
    n: 1.5,
    long: Long.fromString('9007199254740993'),
    when: new Date(0),
    list: [1, { a: null }],
  };
  await first.collection('kept').insertOne(doc);
  await first.client.close();
  await first.store.stop();
  const second = await startStore(t, { dataDir: first.dataDir });
  t.deepEqual(await second.collection('kept').findOne({}, { promoteLongs: false }), doc);
});

test('a cursor gives out batches in order and every document once', async (t) => {
  const { collection } = shared();
  const c = collection<{ _id: number }>();
  await c.insertMany(Array.from({ length: 1234 }, (_, i) => ({ _id: i })));
  const seen: number[] = [];
  for await (const doc of c.find({}, { batchSize: 100 })) seen.push(doc._id);
  t.deepEqual(
    seen,
    Array.from({ length: 1234 }, (_, i) => i),
  );
  const page = await c.find().sort({ _id: -1 }).skip(10).limit(3).toArray();
  t.deepEqual(
    page.map((doc) => doc._id),
    [1223, 1222, 1221],
  );
});

test('a closed cursor is gone and an unknown one is refused with code 43', async (t) => {
  const { collection, db } = shared();
  const c = collection();
  await c.insertMany(Array.from({ length: 300 }, () => ({})));
  const cursor = c.find({}, { batchSize: 2 });
  await cursor.next();
  const { id } = cursor;
  await cursor.close();
  await t.throwsAsync(db.command({ getMore: id, collection: c.collectionName }), {
    instanceOf: MongoServerError,
    code: 43,
  });
});

test("a unique index refuses the second document with MongoDB's words", async (t) => {
  const { collection } = shared();
  const c = collection();
  await c.createIndex({ email: 1 }, { unique: true });
  await c.insertOne({ email: 'a@b' });
  const error = await t.throwsAsync(c.insertOne({ email: 'a@b' }), { instanceOf: MongoServerError, code: 11000 });
  t.regex(
    error.message,
    /^E11000 duplicate key error collection: test\.c\d+ index: email_1 dup key: \{ email: "a@b" \}$/,
  );
  const { keyPattern, keyValue } = error;
  t.deepEqual([keyPattern, keyValue], [{ email: 1 }, { email: 'a@b' }]);
  await c.insertOne({ email: null });
  await t.throwsAsync(c.insertOne({}), { code: 11000 }, 'missing counts as null');
});

test('a unique index over data that breaks it is not built', async (t) => {
  const { collection } = shared();
  const c = collection();
  await c.insertMany([{ a: 1 }, { a: 1 }]);
  await t.throwsAsync(c.createIndex({ a: 1 }, { unique: true }), { code: 11000 });
  t.is((await c.indexes()).length, 1);
  await c.createIndex({ a: 1 });
  t.is(await c.countDocuments({ a: 1 }), 2);
});

test('a partial unique index binds only the documents that it covers', async (t) => {
  const { collection } = shared();
  const c = collection();
  await c.createIndex({ key: 1 }, { unique: true, partialFilterExpression: { state: 'open' } });
  await c.insertMany([
    { key: 1, state: 'closed' },
    { key: 1, state: 'closed' },
    { key: 1, state: 'open' },
  ]);
  await t.throwsAsync(c.insertOne({ key: 1, state: 'open' }), { code: 11000 });
  await t.throwsAsync(c.updateOne({ state: 'closed' }, { $set: { state: 'open' } }), { code: 11000 });
  t.is(await c.countDocuments({ state: 'closed' }), 2, 'the refused update changed nothing');
});

test('twenty claims at once give every row to one of them', async (t) => {
  const { collection } = shared();
  const c = collection();
  await c.createIndex({ lockedAt: 1, due: 1 });
  await c.insertMany(Array.from({ length: 15 }, (_, i) => ({ due: i, lockedAt: null })));
  const claims = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      c.findOneAndUpdate({ lockedAt: null }, { $set: { lockedAt: new Date(), by: i } }, { sort: { due: 1 } }),
    ),
  );
  const taken = claims.filter((claim) => claim !== null).map((claim) => (claim as unknown as { due: number }).due);
  t.deepEqual(
    taken.sort((a, b) => a - b),
    Array.from({ length: 15 }, (_, i) => i),
  );
});

test('of ten upserts of one key one inserts and nine update', async (t) => {
  const { collection } = shared();
  const c = collection();
  await c.createIndex({ key: 1 }, { unique: true });
  const results = await Promise.all(
    Array.from({ length: 10 }, () => c.updateOne({ key: 'k' }, { $inc: { n: 1 } }, { upsert: true })),
  );
  t.is(results.filter((result) => result.upsertedCount === 1).length, 1);
  t.like(await c.findOne({ key: 'k' }), { key: 'k', n: 10 });
});

test('bulk writes keep order when asked to and go on when not', async (t) => {
  const { collection } = shared();
  const c = collection<{ _id: number; n?: number }>();
  const operations = [
    { insertOne: { document: { _id: 1 } } },
    { insertOne: { document: { _id: 1 } } },
    { updateOne: { filter: { _id: 1 }, update: { $set: { n: 1 } } } },
    { insertOne: { document: { _id: 2 } } },
  ];
  await t.throwsAsync(c.bulkWrite(operations, { ordered: true }), { code: 11000 });
  t.deepEqual(await c.find().toArray(), [{ _id: 1 }]);
  await c.deleteMany({});
  await t.throwsAsync(c.bulkWrite(operations, { ordered: false }), { code: 11000 });
  t.deepEqual(await c.find().toArray(), [{ _id: 1, n: 1 }, { _id: 2 }]);
});

test('GridFS gives back what was put in, byte by byte', async (t) => {
  const { db } = shared();
  const bucket = new GridFSBucket(db, { bucketName: 'vault' });
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * 7) % 251));
  const upload = bucket.openUploadStream('photo.jpg', { metadata: { sha256: 'x' } });
  upload.end(bytes);
  await new Promise((resolve, reject) => upload.on('finish', resolve).on('error', reject));
  const parts: Buffer[] = [];
  for await (const part of bucket.openDownloadStream(upload.id)) parts.push(part as Buffer);
  t.true(Buffer.concat(parts).equals(bytes));
  const range: Buffer[] = [];
  for await (const part of bucket.openDownloadStream(upload.id, { start: 300_000, end: 300_010 }))
    range.push(part as Buffer);
  t.true(Buffer.concat(range).equals(bytes.subarray(300_000, 300_010)));
  await bucket.delete(upload.id);
  t.is(await db.collection('vault.chunks').countDocuments(), 0);
});

test('numbers keep their type through an update of another field', async (t) => {
  const { collection } = shared();
  const c = collection();
  await c.insertOne({ int: 5, double: 5.5, whole: { $numberDouble: '5' }, long: Long.fromNumber(5) });
  await c.updateOne({}, { $set: { other: 1 }, $inc: { long: 1, int: 1 } });
  t.is(
    await c.countDocuments({ int: { $type: 'int' }, double: { $type: 'double' }, long: { $type: 'long' }, other: 1 }),
    1,
  );
  t.like(await c.findOne({}), { int: 6, long: 6, double: 5.5 });
});

test('explain tells an index scan from a collection scan', async (t) => {
  const { collection } = shared();
  const c = collection();
  await c.insertMany(Array.from({ length: 50 }, (_, i) => ({ a: i % 10, b: i })));
  await c.createIndex({ a: 1, b: -1 });
  const indexed = await c.find({ a: 3 }).sort({ b: -1 }).explain('executionStats');
  t.is(indexed['queryPlanner'].winningPlan.inputStage.indexName, 'a_1_b_-1');
  t.like(indexed['executionStats'], { nReturned: 5, totalKeysExamined: 5, totalDocsExamined: 5 });
  const scanned = await c.find({ b: 3 }).explain('executionStats');
  t.is(scanned['queryPlanner'].winningPlan.stage, 'COLLSCAN');
  t.like(scanned['executionStats'], { nReturned: 1, totalDocsExamined: 50 });
});

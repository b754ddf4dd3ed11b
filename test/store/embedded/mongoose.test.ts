import test from 'ava';
import mongoose, { Schema, type Connection } from 'mongoose';
import { sharedStore } from './helpers.js';

const shared = sharedStore(test);
let connection: Connection;

test.serial.before(async () => {
  connection = await mongoose
    .createConnection(shared().store.uri, { dbName: 'mongoose', autoIndex: false })
    .asPromise();
});
test.after.always(() => connection?.close());

test('schemas with sub-documents, arrays and maps come back as they were saved', async (t) => {
  const schema = new Schema({
    name: { type: String, required: true },
    site: { lat: Number, lng: Number },
    items: [{ label: String, done: Boolean, at: Date }],
    tags: [String],
    extra: { type: Map, of: Number },
    file: Buffer,
  });
  const Thing = connection.model('Thing', schema);
  const made = await Thing.create({
    name: '甲',
    site: { lat: 31.2, lng: 121.5 },
    items: [{ label: 'a', done: false, at: new Date(1000) }],
    tags: ['x', 'y'],
    extra: { one: 1 },
    file: Buffer.from([0, 255]),
  });
  const found = await Thing.findById(made._id).orFail();
  t.deepEqual(found.toObject({ flattenMaps: true }), made.toObject({ flattenMaps: true }));
  found.items[0]!.done = true;
  found.items.push({ label: 'b', done: true, at: new Date(2000) });
  (found.tags as mongoose.Types.Array<string>).pull('x');
  found.extra!.set('two', 2);
  found.site!.lat = 30;
  await found.save();
  const again = await Thing.findById(made._id).orFail().lean();
  t.deepEqual(
    again.items.map((item) => [item.label, item.done]),
    [
      ['a', true],
      ['b', true],
    ],
  );
  t.deepEqual(again.tags, ['y']);
  t.is(again.site?.lat, 30);
  t.deepEqual(Object.fromEntries(Object.entries(again.extra as unknown as Record<string, number>)), { one: 1, two: 2 });
});

test('array methods of a document arrive as their update operators', async (t) => {
  const List = connection.model('List', new Schema({ n: [Number], docs: [{ k: Number }] }));
  const doc = await List.create({ n: [1, 2, 3], docs: [{ k: 1 }, { k: 2 }] });
  doc.n.push(4);
  await doc.save();
  (doc.n as mongoose.Types.Array<number>).unshift(0);
  await doc.save();
  (doc.n as mongoose.Types.Array<number>).addToSet(4, 9);
  await doc.save();
  (doc.n as mongoose.Types.Array<number>).pull(2);
  await doc.save();
  (doc.n as mongoose.Types.Array<number>).set(0, 100);
  await doc.save();
  (doc.n as mongoose.Types.Array<number>).$pop();
  await doc.save();
  doc.docs.id(doc.docs[0]!._id)!.deleteOne();
  await doc.save();
  const found = await List.findById(doc._id).orFail().lean();
  t.deepEqual(found.n, [100, 1, 3, 4]);
  t.deepEqual(
    found.docs.map((one) => one.k),
    [2],
  );
});

test('of two saves of one version the second is refused', async (t) => {
  const Deal = connection.model('Deal', new Schema({ stage: String, log: [String] }, { optimisticConcurrency: true }));
  const { _id } = await Deal.create({ stage: 'a' });
  const [one, two] = [await Deal.findById(_id).orFail(), await Deal.findById(_id).orFail()];
  one.stage = 'b';
  await one.save();
  two.stage = 'c';
  await t.throwsAsync(two.save(), { name: 'VersionError' });
  t.is((await Deal.findById(_id).orFail()).stage, 'b');
});

test('populate follows references, also virtual ones and inside arrays', async (t) => {
  const personSchema = new Schema({ name: String });
  personSchema.virtual('tasks', { ref: 'Task', localField: '_id', foreignField: 'owner' });
  const Person = connection.model('Person', personSchema);
  const Task = connection.model(
    'Task',
    new Schema({
      title: String,
      owner: { type: Schema.Types.ObjectId, ref: 'Person' },
      helpers: [{ type: Schema.Types.ObjectId, ref: 'Person' }],
    }),
  );
  const [a, b] = await Person.create([{ name: 'a' }, { name: 'b' }]);
  await Task.create([
    { title: 'one', owner: a!._id, helpers: [b!._id, a!._id] },
    { title: 'two', owner: a!._id },
  ]);
  const task = await Task.findOne({ title: 'one' })
    .populate<{ owner: { name: string } }>('owner')
    .populate<{ helpers: { name: string }[] }>('helpers')
    .orFail();
  t.is(task.owner.name, 'a');
  t.deepEqual(
    task.helpers.map((helper) => helper.name),
    ['b', 'a'],
  );
  const person = await Person.findById(a!._id).populate<{ tasks: { title: string }[] }>('tasks').orFail();
  t.deepEqual(person.tasks.map((one) => one.title).sort(), ['one', 'two']);
});

test('syncIndexes makes the indexes of a schema and drops the others', async (t) => {
  const schema = new Schema({ key: String, due: Date, state: String, seen: Date });
  schema.index({ key: 1 }, { unique: true });
  schema.index({ state: 1, due: -1 }, { partialFilterExpression: { state: 'open' } });
  schema.index({ seen: 1 }, { expireAfterSeconds: 60 });
  const Row = connection.model('Row', schema);
  await Row.createCollection();
  await Row.collection.createIndex({ old: 1 });
  t.deepEqual(await Row.syncIndexes(), ['old_1']);
  t.deepEqual((await Row.listIndexes()).map((index) => index.name as string).sort(), [
    '_id_',
    'key_1',
    'seen_1',
    'state_1_due_-1',
  ]);
  t.deepEqual(await Row.syncIndexes(), [], 'nothing to do the second time');
  await Row.create({ key: 'k' });
  await t.throwsAsync(Row.create({ key: 'k' }), { code: 11000 });
});

test('cursors, bulk writes, counts and updates with array filters', async (t) => {
  const schema = new Schema({ n: Number, parts: [{ k: String, v: Number }] }, { timestamps: true });
  const Num = connection.model('Num', schema);
  await Num.insertMany(
    Array.from({ length: 250 }, (_, n) => ({
      n,
      parts: [
        { k: 'a', v: n },
        { k: 'b', v: -n },
      ],
    })),
  );
  let sum = 0;
  for await (const doc of Num.find({ n: { $gte: 100 } })
    .sort({ n: 1 })
    .cursor({ batchSize: 20 }))
    sum += doc.n!;
  t.is(sum, ((100 + 249) * 150) / 2);
  const bulk = await Num.bulkWrite([
    {
      updateMany: {
        filter: { n: { $lt: 10 } },
        update: { $set: { 'parts.$[p].v': 7 } },
        arrayFilters: [{ 'p.k': 'b' }],
      },
    },
    { deleteOne: { filter: { n: 249 } } },
    { replaceOne: { filter: { n: 248 }, replacement: { n: 1000 } as never } },
    { updateOne: { filter: { n: 5000 }, update: { $set: { n: 5000 } }, upsert: true } },
  ]);
  t.like(bulk, { modifiedCount: 11, deletedCount: 1, upsertedCount: 1 });
  t.is(await Num.countDocuments({ parts: { $elemMatch: { k: 'b', v: 7 } } }), 10);
  t.is(await Num.estimatedDocumentCount(), 250);
  t.truthy(await Num.exists({ n: 1000 }));
  t.deepEqual((await Num.distinct('parts.k')).sort(), ['a', 'b']);
  const [group] = await Num.aggregate<{ _id: string; total: number }>([
    { $match: { n: { $lt: 3 } } },
    { $unwind: '$parts' },
    { $group: { _id: '$parts.k', total: { $sum: '$parts.v' } } },
    { $sort: { _id: 1 } },
  ]);
  t.deepEqual(group, { _id: 'a', total: 3 });
});

test("a saved file of GridFS is read through mongoose's own bucket", async (t) => {
  const bucket = new mongoose.mongo.GridFSBucket(connection.db!, { bucketName: 'files' });
  const upload = bucket.openUploadStream('a.bin');
  upload.end(Buffer.alloc(300_000, 3));
  await new Promise((resolve, reject) => upload.on('finish', resolve).on('error', reject));
  const [file] = await bucket.find({ filename: 'a.bin' }).toArray();
  t.is(file?.length, 300_000);
});

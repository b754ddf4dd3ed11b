import test from 'ava';
import mongoose, { Schema, type Connection } from 'mongoose';
import { testStore } from '../helpers/store.js';

let connection: Connection;

test.serial.before(async () => {
  ({ connection } = await testStore({ indexes: false }));
  // The house takes no operators from outside; these filters are our own.
  mongoose.set('sanitizeFilter', false);
});

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

test('populate goes through two references, chooses, orders and limits', async (t) => {
  const Region = connection.model('Region', new Schema({ name: String }));
  const teamSchema = new Schema({ name: String, region: { type: Schema.Types.ObjectId, ref: 'Region' } });
  teamSchema.virtual('reps', {
    ref: 'Rep',
    localField: '_id',
    foreignField: 'team',
    options: { sort: { n: -1 }, limit: 2 },
  });
  teamSchema.virtual('size', { ref: 'Rep', localField: '_id', foreignField: 'team', count: true });
  const Team = connection.model('Team', teamSchema);
  const repSchema = new Schema({ name: String, n: Number, team: { type: Schema.Types.ObjectId, ref: 'Team' } });
  const Rep = connection.model('Rep', repSchema);
  const region = await Region.create({ name: '华东' });
  const team = await Team.create({ name: '一组', region: region._id });
  await Rep.insertMany([1, 2, 3].map((n) => ({ name: `代表${n}`, n, team: team._id })));
  const rep = await Rep.findOne({ n: 1 })
    .populate<{ team: { name: string; region: { name: string } } }>({ path: 'team', populate: { path: 'region' } })
    .orFail();
  t.is(rep.team.region.name, '华东');
  const full = await Team.findById(team._id).populate(['reps', 'size']).orFail();
  t.deepEqual(
    (full.get('reps') as { n: number }[]).map((one) => one.n),
    [3, 2],
  );
  t.is(full.get('size'), 3);
  const none = await Rep.findOne({ n: 2 })
    .populate({ path: 'team', match: { name: '二组' } })
    .orFail();
  t.is(none.team, null);
});

test('twenty saves of one document at once: those that lost see it and all come through in the end', async (t) => {
  const schema = new Schema({ n: { type: Number, default: 0 }, log: [Number] }, { optimisticConcurrency: true });
  const Counter = connection.model('Counter', schema);
  const { _id } = await Counter.create({});
  let conflicts = 0;
  const count = async (who: number): Promise<void> => {
    for (;;) {
      const doc = await Counter.findById(_id).orFail();
      doc.n += 1;
      doc.log.push(who);
      try {
        await doc.save();
        return;
      } catch (error) {
        if ((error as Error).name !== 'VersionError') throw error;
        conflicts++;
      }
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, who) => count(who)));
  const counted = await Counter.findById(_id).orFail();
  t.is(counted.n, 20);
  t.deepEqual(
    [...counted.log].sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, who) => who),
  );
  t.is(counted.__v, 20);
  t.true(conflicts > 0);
});

test('an array that moved under an open document is not written at the wrong place', async (t) => {
  const Parts = connection.model('Parts', new Schema({ parts: [{ k: String, v: Number }] }));
  const { _id } = await Parts.create({ parts: [{ k: 'a' }, { k: 'b' }] });
  const stale = await Parts.findById(_id).orFail();
  const other = await Parts.findById(_id).orFail();
  other.parts.shift();
  await other.save();
  stale.parts[1]!.v = 7;
  await t.throwsAsync(stale.save(), { name: 'VersionError' });
  t.deepEqual(
    (await Parts.findById(_id).lean().orFail()).parts.map((part) => [part.k, part.v]),
    [['b', undefined]],
  );
});

test('arrays of arrays, mixed values, defaults, hooks and kinds of one collection', async (t) => {
  const schema = new Schema(
    { kind: String, grid: [[Number]], any: Schema.Types.Mixed, at: { type: Date, default: () => new Date(5) } },
    { discriminatorKey: 'kind', minimize: false },
  );
  schema.pre('save', function () {
    this.any = { ...(this.any as object), saved: true };
  });
  const Base = connection.model('Base', schema);
  const Special = Base.discriminator('Special', new Schema({ extra: { type: Number, required: true } }));
  const made = await Special.create({ grid: [[1, 2], [], [3]], any: { deep: [{ x: null }], empty: {} }, extra: 1 });
  await Base.create({ grid: [] });
  const found = await Base.findOne({ kind: 'Special' }).lean().orFail();
  t.deepEqual(found.grid, [[1, 2], [], [3]]);
  t.deepEqual(found.any, { deep: [{ x: null }], empty: {}, saved: true });
  t.deepEqual(found.at, new Date(5));
  t.is(await Special.countDocuments(), 1);
  t.is(await Base.countDocuments({ 'grid.0.1': 2 }), 1);
  t.is((await Base.findById(made._id).orFail()).get('extra'), 1);
  await t.throwsAsync(Special.create({ grid: [] }), { name: 'ValidationError' });
});

test('one document is found and changed at once: upserts, projections, the state before and after', async (t) => {
  const Row = connection.model('Claim', new Schema({ key: String, n: Number, tags: [String], at: Date }));
  const first = await Row.findOneAndUpdate(
    { key: 'a' },
    { $inc: { n: 1 }, $setOnInsert: { at: new Date(1) } },
    { upsert: true, returnDocument: 'after' },
  ).orFail();
  t.like(first.toObject(), { key: 'a', n: 1, at: new Date(1) });
  const before = await Row.findOneAndUpdate(
    { key: 'a' },
    { $push: { tags: { $each: ['x', 'y', 'z'], $slice: -2 } } },
  ).orFail();
  t.deepEqual([...before.tags], []);
  const seen = await Row.findOne({ key: 'a' }, { tags: { $slice: 1 }, n: 1, _id: 0 }).lean();
  t.deepEqual(seen as unknown, { n: 1, tags: ['y'] });
  t.is((await Row.findOneAndReplace({ key: 'a' }, { key: 'b', n: 9 }, { returnDocument: 'after' }).orFail()).n, 9);
  t.is((await Row.findOneAndDelete({ key: 'b' }).orFail()).n, 9);
  t.is(await Row.findOneAndUpdate({ key: 'b' }, { n: 1 }), null);
  await Row.insertMany([{ n: 3 }, { n: 1 }, { n: 2 }]);
  const claimed = await Row.findOneAndUpdate(
    { key: null },
    { key: 'mine' },
    { sort: { n: 1 }, returnDocument: 'after' },
  ).orFail();
  t.is(claimed.n, 1);
});

test('bulk writes in order stop at the first error, without order all others are done', async (t) => {
  const schema = new Schema({ key: Number });
  schema.index({ key: 1 }, { unique: true });
  const Bulk = connection.model('Bulk', schema);
  await Bulk.createIndexes();
  const rows = [{ key: 1 }, { key: 1 }, { key: 2 }];
  const ordered = await t.throwsAsync<Error & { code: number; insertedDocs?: unknown[] }>(Bulk.insertMany(rows));
  t.is(ordered.code, 11000);
  t.is(await Bulk.countDocuments(), 1);
  await t.throwsAsync(Bulk.insertMany(rows, { ordered: false }), { message: /E11000/ });
  t.deepEqual(
    (await Bulk.find().sort({ key: 1 }).lean()).map((one) => one.key),
    [1, 2],
  );
  const docs = await Bulk.find();
  docs[0]!.key = 10;
  docs[1]!.key = 21;
  t.is((await Bulk.bulkSave(docs)).modifiedCount, 2);
  t.is((await Bulk.updateMany({ key: { $gte: 10 } }, { $mul: { key: 2 } })).modifiedCount, 2);
  t.is((await Bulk.deleteMany({ key: { $in: [20, 42] } })).deletedCount, 2);
});

test('cursors: batches, several at once, closed early', async (t) => {
  const Item = connection.model('Item', new Schema({ n: Number }));
  await Item.insertMany(Array.from({ length: 300 }, (_, n) => ({ n })));
  const seen: number[] = [];
  await Item.find()
    .sort({ n: 1 })
    .cursor({ batchSize: 7 })
    .eachAsync(
      async (docs) => {
        await Promise.resolve();
        for (const doc of docs) seen.push(doc.n!);
      },
      { batchSize: 50, parallel: 3 },
    );
  t.is(new Set(seen).size, 300);
  const cursor = Item.find().sort({ n: -1 }).lean().cursor({ batchSize: 2 });
  t.is((await cursor.next())?.n, 299);
  await cursor.close();
  const sums = [];
  for await (const one of Item.aggregate<{ _id: number; n: number }>([
    { $group: { _id: { $mod: ['$n', 3] }, n: { $sum: 1 } } },
    { $sort: { _id: 1 } },
  ]).cursor({ batchSize: 1 }))
    sums.push(one.n);
  t.deepEqual(sums, [100, 100, 100]);
  t.deepEqual(
    (
      await Item.find({ n: { $lt: 10 } })
        .sort({ n: -1 })
        .skip(2)
        .limit(3)
        .lean()
    ).map((one) => one.n),
    [7, 6, 5],
  );
});

test('a file of GridFS comes back whole and in part, is renamed and removed with its pieces', async (t) => {
  const db = connection.db!;
  const bucket = new mongoose.mongo.GridFSBucket(db, { bucketName: 'files', chunkSizeBytes: 100_000 });
  const bytes = Buffer.from(Array.from({ length: 350_000 }, (_, n) => (n * 7) % 251));
  const upload = bucket.openUploadStream('a.bin', { metadata: { kind: 'photo' } });
  upload.end(bytes);
  await new Promise((resolve, reject) => upload.on('finish', resolve).on('error', reject));
  const read = async (options?: { start: number; end: number }): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for await (const part of bucket.openDownloadStream(upload.id, options)) parts.push(part as Buffer);
    return Buffer.concat(parts);
  };
  t.true((await read()).equals(bytes));
  t.true((await read({ start: 199_990, end: 200_010 })).equals(bytes.subarray(199_990, 200_010)));
  t.is(await db.collection('files.chunks').countDocuments(), 4);
  await bucket.rename(upload.id, 'b.bin');
  const [file] = await bucket.find({ filename: 'b.bin' }).toArray();
  t.like(file, { length: 350_000, chunkSize: 100_000, metadata: { kind: 'photo' } });
  await bucket.delete(upload.id);
  t.is(await db.collection('files.chunks').countDocuments(), 0);
  await t.throwsAsync(read(), { message: /FileNotFound/ });
});

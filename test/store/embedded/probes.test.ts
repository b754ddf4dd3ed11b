import test from 'ava';
import { Binary, Double, Long, MaxKey, MinKey, ObjectId, type Document } from 'mongodb';
import { sharedStore } from './helpers.js';

/**
 * What MongoDB documents about matching, sorting, changing and aggregating, a row per rule. The rows run through the driver
 * and know nothing of the engine, so the same table can be asked of a MongoDB server.
 */
const shared = sharedStore(test);

const docs: Document[] = [
  { _id: 0 },
  { _id: 1, v: null },
  { _id: 2, v: 1 },
  { _id: 3, v: 2.5 },
  { _id: 4, v: Long.fromString('9007199254740993') },
  { _id: 5, v: 'a' },
  { _id: 6, v: '留痕' },
  { _id: 7, v: [] },
  { _id: 8, v: [1, 5] },
  { _id: 9, v: [[1, 5]] },
  { _id: 10, v: { a: 1, b: 2 } },
  { _id: 11, v: { b: 2, a: 1 } },
  { _id: 12, v: true },
  { _id: 13, v: new Date(5) },
  { _id: 14, v: new ObjectId('0'.repeat(24)) },
  { _id: 15, v: new Binary(Buffer.from('ab')) },
  { _id: 16, v: [{ a: 1 }, { a: 3 }] },
  { _id: 17, v: NaN },
  { _id: 18, v: new MinKey() },
  { _id: 19, v: new MaxKey() },
  { _id: 20, v: [null] },
];

const matching: [Document, number[]][] = [
  [{ v: null }, [0, 1, 20]],
  [{ v: { $ne: null } }, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]],
  [{ v: { $exists: false } }, [0]],
  [{ v: { $exists: true, $eq: null } }, [1, 20]],
  [{ v: { $gte: null } }, [0, 1, 20]],
  [{ v: { $lte: null } }, [0, 1, 20]],
  [{ v: { $gt: null } }, []],
  [{ v: 1 }, [2, 8]],
  [{ v: new Double(1) }, [2, 8]],
  [{ v: Long.fromNumber(1) }, [2, 8]],
  [{ v: Long.fromString('9007199254740993') }, [4]],
  [{ v: Long.fromString('9007199254740992') }, []],
  [{ v: { $gt: 1 } }, [3, 4, 8]],
  [{ v: { $gt: 1, $lt: 5 } }, [3, 8]],
  [{ v: { $elemMatch: { $gt: 1, $lt: 5 } } }, []],
  [{ v: { $gte: 'a' } }, [5, 6]],
  [{ v: { $lt: true } }, []],
  [{ v: { $lte: true } }, [12]],
  [{ v: NaN }, [17]],
  [{ v: { $lt: 0 } }, []],
  [{ v: { $gte: NaN } }, [17]],
  [{ v: [1, 5] }, [8, 9]],
  [{ v: [] }, [7]],
  [{ v: { $size: 0 } }, [7]],
  [{ v: { $size: 2 } }, [8, 16]],
  [{ v: { $all: [1, 5] } }, [8]],
  [{ v: { $all: [] } }, []],
  [{ v: { a: 1, b: 2 } }, [10]],
  [{ 'v.a': 1 }, [10, 11, 16]],
  [{ 'v.a': { $gt: 1, $lt: 3 } }, [16]],
  [{ 'v.1': 5 }, [8]],
  [{ 'v.0.a': 1 }, [16]],
  [{ v: { $elemMatch: { a: { $gte: 3 } } } }, [16]],
  [{ 'v.x': null }, [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]],
  [{ v: { $in: [1, 'a', null] } }, [0, 1, 2, 5, 8, 20]],
  [{ v: { $in: [/^留/, 2.5] } }, [3, 6]],
  [{ v: { $in: [] } }, []],
  [{ v: { $nin: [1, null] } }, [3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]],
  [{ v: { $type: 'array' } }, [7, 8, 9, 16, 20]],
  [{ v: { $type: 'number' } }, [2, 3, 4, 8, 17]],
  [{ v: { $type: ['string', 'bool'] } }, [5, 6, 12]],
  [{ v: /A/i }, [5]],
  [{ v: { $not: /a/ } }, docs.map((doc) => doc['_id'] as number).filter((id) => id !== 5)],
  [{ v: { $not: { $gt: 0 } } }, [0, 1, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]],
  [{ v: { $mod: [2, 1] } }, [2, 4, 8]],
  [{ $or: [{ v: 'a' }, { v: true }] }, [5, 12]],
  [{ $nor: [{ _id: { $gt: 0 } }] }, [0]],
  [{ $and: [{ v: { $gt: 1 } }, { v: { $lt: 2 } }] }, [8]],
  [{ $expr: { $eq: ['$v', 1] } }, [2]],
  [{ $expr: { $gt: ['$_id', 18] } }, [19, 20]],
  [{ v: { $gt: new MinKey() } }, docs.map((doc) => doc['_id'] as number).filter((id) => id !== 18)],
  [{ v: new ObjectId('0'.repeat(24)) }, [14]],
  [{ v: new Binary(Buffer.from('ab')) }, [15]],
  [{ v: { $gte: new Date(0), $lt: new Date(6) } }, [13]],
];

test('queries match what MongoDB matches', async (t) => {
  const c = shared().collection();
  await c.insertMany(docs);
  for (const [query, expected] of matching) {
    const ids = (await c.find(query).sort({ _id: 1 }).project({ _id: 1 }).toArray()).map(
      (doc) => doc['_id'] as unknown as number,
    );
    t.deepEqual(ids, expected, JSON.stringify(query));
  }
});

/** `_id`s of the documents above, sorted by `v`. */
const ascending = [18, 7, 0, 1, 20, 17, 2, 8, 3, 4, 5, 6, 16, 10, 11, 9, 15, 14, 12, 13, 19];

test('sorting goes by BSON order, arrays by their smallest or largest element', async (t) => {
  const c = shared().collection();
  await c.insertMany(docs);
  const order = async (direction: 1 | -1): Promise<unknown[]> =>
    (await c.find().sort({ v: direction, _id: 1 }).toArray()).map((doc) => doc._id as unknown);
  t.deepEqual(await order(1), ascending);
  t.deepEqual((await order(-1)).slice(0, 4), [19, 13, 12, 14]);
  const numbers = (
    await c
      .find({ _id: { $in: [2, 3, 8] as never } })
      .sort({ v: -1 })
      .toArray()
  ).map((doc) => doc._id as unknown);
  t.deepEqual(numbers, [8, 3, 2], 'going down, [1, 5] counts as 5');
});

const changing: { doc: Document; query?: Document; update: Document; options?: Document; expected: Document }[] = [
  { doc: { a: 1 }, update: { $set: { z: 1, b: 2 } }, expected: { a: 1, b: 2, z: 1 } },
  {
    doc: { a: { x: 1 } },
    update: { $set: { 'a.y': 2, 'c.d.e': 3 } },
    expected: { a: { x: 1, y: 2 }, c: { d: { e: 3 } } },
  },
  { doc: { a: [1] }, update: { $set: { 'a.3': 4 } }, expected: { a: [1, null, null, 4] } },
  { doc: { a: 1, b: 2 }, update: { $unset: { a: '', 'x.y': '' } }, expected: { b: 2 } },
  { doc: { a: [1, 2, 3] }, update: { $unset: { 'a.1': '' } }, expected: { a: [1, null, 3] } },
  { doc: { a: 1 }, update: { $inc: { a: 2, b: -1 } }, expected: { a: 3, b: -1 } },
  { doc: { a: 3 }, update: { $mul: { a: 2, b: 5 } }, expected: { a: 6, b: 0 } },
  { doc: { a: 3, b: 3 }, update: { $min: { a: 2, b: 4, c: 1 } }, expected: { a: 2, b: 3, c: 1 } },
  { doc: { a: 3 }, update: { $max: { a: 'x' } }, expected: { a: 'x' } },
  {
    doc: { a: 1, b: { c: 2 } },
    update: { $rename: { a: 'x', 'b.c': 'y', no: 'thing' } },
    expected: { b: {}, x: 1, y: 2 },
  },
  { doc: {}, update: { $push: { a: 1 } }, expected: { a: [1] } },
  { doc: { a: [3, 1] }, update: { $push: { a: { $each: [2, 9], $sort: 1, $slice: -3 } } }, expected: { a: [2, 3, 9] } },
  { doc: { a: [1, 4] }, update: { $push: { a: { $each: [2, 3], $position: 1 } } }, expected: { a: [1, 2, 3, 4] } },
  {
    doc: { a: [{ n: 2 }, { n: 1 }] },
    update: { $push: { a: { $each: [], $sort: { n: 1 } } } },
    expected: { a: [{ n: 1 }, { n: 2 }] },
  },
  {
    doc: { a: [1, { x: 1 }] },
    update: { $addToSet: { a: { $each: [1, { x: 1 }, 2] } } },
    expected: { a: [1, { x: 1 }, 2] },
  },
  { doc: { a: [1, 2, 3, 2] }, update: { $pull: { a: 2 } }, expected: { a: [1, 3] } },
  { doc: { a: [1, 2, 3] }, update: { $pull: { a: { $gte: 2 } } }, expected: { a: [1] } },
  { doc: { a: [{ k: 1, v: 2 }, { k: 2 }] }, update: { $pull: { a: { k: 1 } } }, expected: { a: [{ k: 2 }] } },
  { doc: { a: [1, 2, 3, 1] }, update: { $pullAll: { a: [1, 3] } }, expected: { a: [2] } },
  { doc: { a: [1, 2], b: [1, 2] }, update: { $pop: { a: 1, b: -1 } }, expected: { a: [1], b: [2] } },
  { doc: { a: 12 }, update: { $bit: { a: { and: 10 } } }, expected: { a: 8 } },
  { doc: { a: [1, 5, 9] }, query: { a: { $gt: 3 } }, update: { $set: { 'a.$': 0 } }, expected: { a: [1, 0, 9] } },
  {
    doc: { a: [{ k: 1 }, { k: 2 }] },
    query: { 'a.k': 2 },
    update: { $set: { 'a.$.v': 7 } },
    expected: { a: [{ k: 1 }, { k: 2, v: 7 }] },
  },
  {
    doc: {
      a: [
        { k: 1, n: 1 },
        { k: 2, n: 5 },
      ],
    },
    query: { a: { $elemMatch: { k: 2, n: { $gt: 4 } } } },
    update: { $inc: { 'a.$.n': 1 } },
    expected: {
      a: [
        { k: 1, n: 1 },
        { k: 2, n: 6 },
      ],
    },
  },
  { doc: { a: [1, 2] }, update: { $inc: { 'a.$[]': 10 } }, expected: { a: [11, 12] } },
  {
    doc: { a: [{ n: 1 }, { n: 5 }] },
    update: { $set: { 'a.$[e].n': 0 } },
    options: { arrayFilters: [{ 'e.n': { $gte: 5 } }] },
    expected: { a: [{ n: 1 }, { n: 0 }] },
  },
  {
    doc: { a: [1, 7] },
    update: { $set: { 'a.$[e]': 0 } },
    options: { arrayFilters: [{ $or: [{ e: 7 }, { e: 8 }] }] },
    expected: { a: [1, 0] },
  },
  { doc: { a: 1 }, update: { $setOnInsert: { b: 1 }, $set: { c: 1 } }, expected: { a: 1, c: 1 } },
];

test('updates change what MongoDB changes', async (t) => {
  const c = shared().collection();
  for (const { doc, query, update, options, expected } of changing) {
    await c.deleteMany({});
    await c.insertOne({ _id: 1 as never, ...doc });
    await c.updateOne({ _id: 1 as never, ...query }, update, options);
    const found = await c.findOne();
    t.is(JSON.stringify(found), JSON.stringify({ _id: 1, ...expected }), JSON.stringify(update));
  }
});

test('an upsert starts from what the query says', async (t) => {
  const c = shared().collection();
  const upserts: [Document, Document, Document][] = [
    [
      { k: 1, 'a.b': 2, n: { $gt: 3 }, m: { $eq: 4 } },
      { $set: { x: 1 }, $setOnInsert: { y: 2 } },
      { a: { b: 2 }, k: 1, m: 4, x: 1, y: 2 },
    ],
    [{ $and: [{ k: 1 }, { l: 2 }] }, { $inc: { n: 1 } }, { k: 1, l: 2, n: 1 }],
    [{ k: { $in: [5] } }, { $set: { x: 1 } }, { k: 5, x: 1 }],
    [{ $or: [{ k: 1 }] }, { $set: { x: 1 } }, { k: 1, x: 1 }],
  ];
  for (const [query, update, expected] of upserts) {
    await c.deleteMany({});
    const { upsertedCount } = await c.updateOne(query, update, { upsert: true });
    t.is(upsertedCount, 1);
    t.deepEqual(await c.findOne({}, { projection: { _id: 0 } }), expected, JSON.stringify(query));
  }
  await c.deleteMany({});
  await c.replaceOne({ k: 1 }, { z: 1 }, { upsert: true });
  t.deepEqual(
    await c.findOne({}, { projection: { _id: 0 } }),
    { z: 1 },
    'a replacement takes nothing from the query but _id',
  );
  const same = await c.updateOne({ z: 1 }, { $set: { z: 1 } });
  t.like(same, { matchedCount: 1, modifiedCount: 0 });
});

test('projections keep and leave out what MongoDB does', async (t) => {
  const c = shared().collection();
  await c.insertOne({ _id: 1 as never, a: 1, b: { c: 2, d: 3 }, l: [{ x: 1, y: 2 }, { x: 3, y: 4 }, 5] });
  const cases: [Document, Document][] = [
    [{ a: 1 }, { _id: 1, a: 1 }],
    [{ a: 1, _id: 0 }, { a: 1 }],
    [{ a: 0 }, { _id: 1, b: { c: 2, d: 3 }, l: [{ x: 1, y: 2 }, { x: 3, y: 4 }, 5] }],
    [{ 'b.c': 1, _id: 0 }, { b: { c: 2 } }],
    [{ 'l.x': 1, _id: 0 }, { l: [{ x: 1 }, { x: 3 }] }],
    [
      { 'l.x': 0, b: 0 },
      { _id: 1, a: 1, l: [{ y: 2 }, { y: 4 }, 5] },
    ],
    [
      { l: { $slice: 1 }, a: 1, _id: 0 },
      { a: 1, l: [{ x: 1, y: 2 }] },
    ],
    [{ l: { $elemMatch: { x: 3 } }, _id: 0 }, { l: [{ x: 3, y: 4 }] }],
    [{ n: { $add: ['$a', 1] }, _id: 0 }, { n: 2 }],
    [{ _id: 1 }, { _id: 1 }],
  ];
  for (const [projection, expected] of cases)
    t.deepEqual(await c.findOne({}, { projection }), expected as never, JSON.stringify(projection));
});

const events: Document[] = [
  { _id: 1, who: 'a', n: 1, at: new Date(Date.UTC(2026, 0, 1)), tags: ['x', 'y'] },
  { _id: 2, who: 'b', n: 2.5, at: new Date(Date.UTC(2026, 0, 2)), tags: [] },
  { _id: 3, who: 'a', n: 3, at: new Date(Date.UTC(2026, 1, 1, 8, 30)) },
  { _id: 4, n: null, tags: ['x'] },
];

const aggregating: [Document[], Document[]][] = [
  [
    [{ $group: { _id: '$who', n: { $sum: '$n' }, c: { $sum: 1 }, avg: { $avg: '$n' } } }, { $sort: { _id: 1 } }],
    [
      { _id: null, n: 0, c: 1, avg: null },
      { _id: 'a', n: 4, c: 2, avg: 2 },
      { _id: 'b', n: 2.5, c: 1, avg: 2.5 },
    ],
  ],
  [
    [
      { $match: { who: 'a' } },
      {
        $group: {
          _id: null,
          first: { $first: '$n' },
          last: { $last: '$n' },
          all: { $push: '$n' },
          max: { $max: '$at' },
        },
      },
    ],
    [{ _id: null, first: 1, last: 3, all: [1, 3], max: new Date(Date.UTC(2026, 1, 1, 8, 30)) }],
  ],
  [
    [{ $unwind: '$tags' }, { $group: { _id: '$tags', ids: { $addToSet: '$_id' } } }, { $sort: { _id: 1 } }],
    [
      { _id: 'x', ids: [1, 4] },
      { _id: 'y', ids: [1] },
    ],
  ],
  [
    [
      { $unwind: { path: '$tags', preserveNullAndEmptyArrays: true, includeArrayIndex: 'i' } },
      { $project: { tags: 1, i: 1 } },
    ],
    [
      { _id: 1, tags: 'x', i: 0 },
      { _id: 1, tags: 'y', i: 1 },
      { _id: 2, i: null },
      { _id: 3, i: null },
      { _id: 4, tags: 'x', i: 0 },
    ],
  ],
  [[{ $count: 'c' }], [{ c: 4 }]],
  [[{ $match: { who: 'nobody' } }, { $count: 'c' }], []],
  [[{ $sortByCount: '$who' }, { $match: { count: { $gt: 1 } } }], [{ _id: 'a', count: 2 }]],
  [[{ $sort: { n: -1 } }, { $limit: 1 }, { $project: { _id: 0, n: 1 } }], [{ n: 3 }]],
  [
    [{ $sort: { _id: 1 } }, { $skip: 3 }, { $set: { m: { $ifNull: ['$n', -1] }, 'o.p': 1 } }, { $unset: 'tags' }],
    [{ _id: 4, n: null, m: -1, o: { p: 1 } }],
  ],
  [
    [
      {
        $bucket: {
          groupBy: '$n',
          boundaries: [0, 2, 3],
          default: 'other',
          output: { c: { $sum: 1 }, who: { $push: '$who' } },
        },
      },
    ],
    [
      { _id: 0, c: 1, who: ['a'] },
      { _id: 2, c: 1, who: ['b'] },
      { _id: 'other', c: 2, who: ['a'] },
    ],
  ],
  [
    [{ $facet: { a: [{ $match: { who: 'a' } }, { $count: 'n' }], b: [{ $limit: 1 }, { $project: { _id: 1 } }] } }],
    [{ a: [{ n: 2 }], b: [{ _id: 1 }] }],
  ],
  [
    [{ $match: { _id: 1 } }, { $replaceRoot: { newRoot: { $mergeObjects: [{ z: 1 }, { w: '$who' }] } } }],
    [{ z: 1, w: 'a' }],
  ],
  [
    [
      { $match: { _id: 3 } },
      {
        $project: {
          _id: 0,
          d: { $dateToString: { date: '$at', format: '%Y-%m-%d %H:%M' } },
          y: { $year: '$at' },
          w: { $isoWeek: '$at' },
          k: { $type: '$gone' },
        },
      },
    ],
    [{ d: '2026-02-01 08:30', y: 2026, w: 5, k: 'missing' }],
  ],
  [
    [
      { $match: { _id: 1 } },
      {
        $project: {
          _id: 0,
          s: { $switch: { branches: [{ case: { $gt: ['$n', 5] }, then: 'big' }], default: 'small' } },
          m: { $map: { input: '$tags', as: 't', in: { $concat: ['<', '$$t', '>'] } } },
          f: { $filter: { input: '$tags', cond: { $eq: ['$$this', 'y'] } } },
          r: { $reduce: { input: [1, 2, 3], initialValue: 0, in: { $add: ['$$value', '$$this'] } } },
        },
      },
    ],
    [{ s: 'small', m: ['<x>', '<y>'], f: ['y'], r: 6 }],
  ],
  [
    [
      { $match: { _id: 2 } },
      {
        $project: {
          _id: 0,
          a: { $round: ['$n', 0] },
          b: { $divide: ['$n', 2] },
          c: { $multiply: [2, 3] },
          d: { $subtract: ['$at', new Date(Date.UTC(2026, 0, 1))] },
          e: { $cond: [{ $eq: [{ $size: '$tags' }, 0] }, 'none', 'some'] },
        },
      },
    ],
    [{ a: 2, b: 1.25, c: 6, d: 86_400_000, e: 'none' }],
  ],
];

test('pipelines give what MongoDB gives', async (t) => {
  const c = shared().collection();
  await c.insertMany(events);
  for (const [pipeline, expected] of aggregating)
    t.deepEqual(await c.aggregate(pipeline).toArray(), expected, JSON.stringify(pipeline));
});

test('$lookup joins by equal fields, through arrays and with a pipeline', async (t) => {
  const people = shared().collection();
  const tasks = shared().collection();
  await people.insertMany([{ _id: 'a' as never, n: 1 }, { _id: 'b' as never, n: 2 }, { _id: 'c' as never }]);
  await tasks.insertMany([{ _id: 1 as never, by: 'a' }, { _id: 2 as never, by: ['a', 'b'] }, { _id: 3 as never }]);
  const joined = await people
    .aggregate([
      { $sort: { _id: 1 } },
      {
        $lookup: {
          from: tasks.collectionName,
          localField: '_id',
          foreignField: 'by',
          as: 'tasks',
          pipeline: [{ $project: { _id: 1 } }],
        },
      },
      { $project: { tasks: '$tasks._id' } },
    ])
    .toArray();
  t.deepEqual(joined, [
    { _id: 'a', tasks: [1, 2] },
    { _id: 'b', tasks: [2] },
    { _id: 'c', tasks: [] },
  ]);
  const back = await tasks
    .aggregate([
      { $sort: { _id: 1 } },
      { $lookup: { from: people.collectionName, localField: 'by', foreignField: '_id', as: 'p' } },
      { $project: { p: '$p._id' } },
    ])
    .toArray();
  t.deepEqual(back, [
    { _id: 1, p: ['a'] },
    { _id: 2, p: ['a', 'b'] },
    { _id: 3, p: [] },
  ]);
});

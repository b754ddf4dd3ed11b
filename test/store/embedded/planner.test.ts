import test from 'ava';
import { ObjectId, type Document } from 'mongodb';
import { fuzzPlanner } from '../../../scripts/fuzz-query.js';
import { sharedStore, startStore } from './helpers.js';

const shared = sharedStore(test);

test('an index plan finds what a full scan finds', async (t) => {
  t.timeout(240_000);
  const report = await fuzzPlanner(shared().collection('fuzz'), { seed: 4, rounds: 6, queries: 150, documents: 100 });
  t.deepEqual(report.differences, []);
  t.is(report.queries, 900);
  t.true(report.indexed > 100, `only ${report.indexed} of ${report.queries} by index`);
  t.deepEqual(shared().internalErrors, []);
});

test('a range in a descending index loses nothing at its ends', async (t) => {
  const c = shared().collection();
  const values = [
    false,
    true,
    0,
    -1,
    5,
    Infinity,
    -Infinity,
    NaN,
    '',
    '\0',
    'a',
    'ab',
    'a\u{10ffff}',
    new ObjectId('ff'.repeat(12)),
    new ObjectId('00'.repeat(12)),
    new Date(0),
    [],
    null,
    {},
  ];
  await c.insertMany(values.map((v, i) => ({ v, i })));
  const ask = (query: Document, hint: Document): Promise<unknown> =>
    c.find(query).hint(hint).sort({ i: 1 }).project({ _id: 0, i: 1 }).toArray();
  await c.createIndexes([{ key: { v: 1 } }, { key: { v: -1, i: 1 } }]);
  const operators = ['$gt', '$gte', '$lt', '$lte'];
  const queries: Document[] = values
    .filter((v) => !Array.isArray(v))
    .flatMap((v) => operators.map((operator) => ({ v: { [operator]: v } })));
  queries.push({ v: /^a/ }, { v: /^ab/ }, { v: '' }, { v: { $in: ['', '\0'] } }, { v: { $gt: -1, $lte: 5 } });
  for (const query of queries) {
    const scanned = await ask(query, { $natural: 1 });
    t.deepEqual(await ask(query, { v: 1 }), scanned, JSON.stringify(query));
    t.deepEqual(await ask(query, { v: -1, i: 1 }), scanned, `${JSON.stringify(query)} descending`);
  }
});

const stageOf = (plan: Document): string => JSON.stringify(plan['queryPlanner'].winningPlan);

test('the planner takes the index that looks at fewest documents', async (t) => {
  const c = shared().collection();
  await c.insertMany(
    Array.from({ length: 2000 }, (_, i) => ({
      kind: 'k',
      n: i,
      state: i % 500 === 0 ? 'open' : 'done',
      due: 2000 - i,
    })),
  );
  await c.createIndexes([
    { key: { kind: 1 } },
    { key: { state: 1, due: 1 } },
    { key: { n: 1 }, unique: true },
    { key: { due: -1 }, partialFilterExpression: { state: 'open' } },
  ]);
  const explain = async (query: Document, sort: Document = {}): Promise<Document> =>
    await c.find(query).sort(sort).explain('executionStats');
  const open = await explain({ kind: 'k', state: 'open' });
  t.is(open['executionStats'].totalDocsExamined, 4);
  const one = await explain({ n: 77, kind: 'k' });
  t.is(one['executionStats'].totalDocsExamined, 1);
  const ordered = await explain({ state: 'open' }, { due: 1 });
  t.notRegex(stageOf(ordered), /SORT/);
  const byId = await explain({ _id: 1 });
  t.is(byId['executionStats'].totalDocsExamined, 0);
  const latest = await c.find().sort({ n: -1 }).limit(3).explain('executionStats');
  t.notRegex(stageOf(latest), /SORT|COLLSCAN/);
  t.true(latest['executionStats'].totalDocsExamined <= 3);
});

test('an $or is narrowed when every branch of it is', async (t) => {
  const c = shared().collection<{ _id: number; n?: number }>();
  await c.insertMany(
    Array.from({ length: 2000 }, (_, i) => ({ _id: i, n: i, tags: [i % 1000, 5000 + i], due: i, open: i % 100 === 0 })),
  );
  await c.createIndexes([
    { key: { n: 1 }, unique: true },
    { key: { tags: 1 } },
    { key: { due: 1 }, partialFilterExpression: { open: true } },
  ]);
  const examined = async (query: Document, sort: Document = {}): Promise<[number, number, string]> => {
    const explained = await c.find(query).sort(sort).explain('executionStats');
    const { nReturned, totalDocsExamined } = explained['executionStats'];
    return [nReturned, totalDocsExamined, stageOf(explained)];
  };
  // Met in both branches and twice under the array, and still found once.
  const [found, seen, stages] = await examined({ $or: [{ n: { $lt: 3 } }, { tags: { $in: [1, 5001] } }, { _id: 7 }] });
  t.deepEqual([found, seen], [5, 5]);
  t.regex(stages, /"OR"/);
  t.like(await examined({ open: true, $or: [{ due: { $lte: 100 } }, { n: 300 }] }), [3, 3]);
  t.regex((await examined({ $or: [{ n: 1 }, { tags: 4 }] }, { n: -1 }))[2], /SORT.*"OR"/);
  const ordered = await c
    .find({ $or: [{ n: 1 }, { tags: 4 }] })
    .sort({ n: -1 })
    .toArray();
  t.deepEqual(
    ordered.map(({ n }) => n as number),
    [1004, 4, 1],
  );
  // One branch without an index, and all must be looked at.
  t.is((await examined({ $or: [{ n: 1 }, { open: false }] }))[1], 2000);
  t.is((await examined({ $nor: [{ n: 1 }, { n: 2 }] }))[1], 2000);
});

test('a search for more than any key can hold finds what there is, and is no fault of the store', async (t) => {
  const { collection, internalErrors } = await startStore(t);
  const c = collection('long');
  const near = 'x'.repeat(1_900);
  await c.createIndexes([{ key: { s: 1, n: 1 } }, { key: { n: 1, s: -1 } }]);
  await c.insertMany([
    { _id: 'x' as never, s: near, n: 1 },
    { _id: 'y' as never, s: 'y', n: 1 },
  ]);
  const long = 'x'.repeat(5_000);
  const found = async (filter: object, sort: 1 | -1 = 1) =>
    (await c.find(filter).sort({ s: sort }).toArray()).map(({ s }) => String(s).slice(0, 1));
  t.deepEqual(await found({ s: long }), []);
  t.deepEqual(await found({ s: long, n: 1 }), []);
  t.deepEqual(await found({ _id: long }), []);
  t.is(await c.findOne({ _id: long as never }), null);
  t.is((await c.updateOne({ s: long, n: 1 }, { $set: { seen: true } })).matchedCount, 0);
  for (const sort of [1, -1] as const) {
    const order = (list: string[]) => (sort === 1 ? list : list.toReversed());
    t.deepEqual(await found({ s: { $lt: long } }, sort), ['x']);
    t.deepEqual(await found({ s: { $gte: long } }, sort), ['y']);
    t.deepEqual(await found({ n: 1, s: { $gt: long } }, sort), ['y']);
    t.deepEqual(await found({ n: 1, s: { $lte: long } }, sort), ['x']);
    t.deepEqual(await found({ n: 1, s: { $in: [long, near, 'y'] } }, sort), order(['x', 'y']));
  }
  t.is(await c.countDocuments({ s: { $gt: long } }), 1);
  t.deepEqual(internalErrors, []);
});

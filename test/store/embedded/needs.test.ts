import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { page, type NeedsList } from '../../../scripts/record-commands/list.js';
import { needsOf } from '../../../scripts/record-commands/shape.js';
import { support } from '../../../src/store/embedded/support.js';

const docs = join(process.cwd(), 'docs');
const list = JSON.parse(readFileSync(join(docs, 'store-needs.json'), 'utf8')) as NeedsList;

/** What the recorder names that is no name of the registry but a way to use it. */
const WAYS: Record<string, readonly string[]> = {
  update: ['replacement'],
  projection: ['include', 'exclude'],
  positional: ['$', '$[]', '$[id]'],
  'index kinds': ['ascending', 'descending', 'compound'],
};

test('everything that the house was seen to need is in the table of what is supported', (t) => {
  const { commands, names } = support();
  const common = new Set(names['fields of every command']);
  for (const [kind, needed] of Object.entries(list.features)) {
    const [, command] = /^fields of (.*)$/.exec(kind) ?? [];
    const offered =
      kind === 'commands'
        ? [...commands.keys()]
        : command !== undefined
          ? [...(commands.get(command) ?? []), ...common]
          : [...(names[kind] ?? []), ...(WAYS[kind] ?? [])];
    for (const name of Object.keys(needed)) t.true(offered.includes(name), `${kind}: ${name}`);
  }
  t.true(Object.keys(list.features['commands'] ?? {}).length >= 8);
});

test('the page says what the list says', (t) => {
  t.is(readFileSync(join(docs, 'store-needs.md'), 'utf8'), page(list));
});

test('the recorder sees operators, stages, options and kinds of indexes, and no values', (t) => {
  const seen = (command: Record<string, unknown>): string[] => needsOf(command).features.map(([, name]) => name);
  t.deepEqual(
    needsOf({
      find: 'deals',
      filter: { 'a.b': { $in: ['secret'] }, $or: [{ x: null }, { y: new Date(0) }], $expr: { $gt: ['$a', 1] } },
      sort: new Map([['at', -1]]),
      $db: 'x',
    }),
    {
      features: [
        ['commands', 'find'],
        ['fields of find', 'filter'],
        ['fields of find', 'sort'],
        ['query', '$in'],
        ['query', '$or'],
        ['query', '$expr'],
        ['expressions', '$gt'],
      ],
      searches: [
        {
          collection: 'deals',
          command: 'find',
          filter: { $expr: { $gt: ['<number>', '<string>'] }, $or: [{ x: '<null>' }, { y: '<date>' }], 'a.b': { $in: '<list>' } },
          sort: { at: -1 },
        },
      ],
    },
  ); // prettier-ignore
  const update = seen({
    update: 'c',
    updates: [{ q: {}, u: { $push: { 'a.$[id].b': { $each: [], $slice: -3 } }, $pull: { c: { $gt: 1 } } }, upsert: true }],
  }); // prettier-ignore
  for (const name of ['upsert', '$push', '$[id]', '$each', '$slice', '$pull', '$gt'])
    t.true(update.includes(name), name);
  t.true(seen({ update: 'c', updates: [{ q: {}, u: [{ $set: { a: '$b' } }] }] }).includes('a pipeline'));
  t.true(seen({ update: 'c', updates: [{ q: {}, u: { a: 1 } }] }).includes('replacement'));
  const pipeline = [
    { $match: { a: { $gte: 1 } } },
    { $group: { _id: { $month: '$at' }, n: { $sum: { $cond: ['$x', 1, 0] } } } },
    { $lookup: { from: 'd', pipeline: [{ $limit: 1 }], as: 'd' } },
  ];
  const aggregate = seen({ aggregate: 'c', pipeline, cursor: {} });
  for (const name of ['$match', '$gte', '$group', '$month', '$sum', '$cond', '$lookup', '$limit'])
    t.true(aggregate.includes(name), name);
  const index = { key: { a: 1, b: -1 }, name: 'x', unique: true, partialFilterExpression: { a: { $exists: true } } };
  const indexes = seen({ createIndexes: 'c', indexes: [index] });
  for (const name of ['unique', 'compound', 'descending', '$exists']) t.true(indexes.includes(name), name);
  t.true(seen({ newCommand: 1 }).includes('newCommand'));
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ObjectId } from 'bson';
import { asId, projectRoot, type FileId } from '../../src/core/index.js';
import { searchText, type NeedsList } from '../../scripts/record-commands/list.js';
import type { Search, Shape } from '../../scripts/record-commands/shape.js';
import { createVault } from '../../src/store/index.js';
import { testStore } from '../helpers/store.js';

/** Every search that the house was seen to send (`npm run store:needs`). */
const { searches } = JSON.parse(readFileSync(join(projectRoot, 'docs/store-needs.json'), 'utf8')) as NeedsList;

/** Collections that are read whole, and why that is right. */
const READ_WHOLE: Record<string, string> = {
  agendaJobs: 'one row a schedule',
  people: 'the organisation is held in memory and read at the start',
  teams: 'as people',
  regions: 'as people',
  clients: 'as people',
  groups: 'as people',
  flow_versions: 'one row an edition of a flow, read at the start',
  platform_token_claims: 'one row a platform',
};

/** Single searches that look at every document, and why that is right. */
const SCANS: Record<string, string> = {
  'vault.files find {}': 'GridFS asks for one document, to see whether there is any',
  'obligations find {}': 'the figures are made anew from all of them, by an operator and with nobody waiting',
  'equipment find {}': 'as the figures: the list is made anew from all of it',
};

type Doc = Record<string, unknown>;

const SAMPLES: Record<string, unknown> = {
  '<string>': 'x',
  '<number>': 1,
  '<boolean>': true,
  '<null>': null,
  '<date>': new Date(0),
  '<objectid>': new ObjectId('65f000000000000000000001'),
  '<regex>': /^x/,
  '<list>': ['x'],
};

/** A filter of this form; where a partial index wants a certain value, that one. */
function sample(shape: Shape, wanted: Doc): unknown {
  if (typeof shape === 'string') {
    if (!(shape in SAMPLES)) throw new TypeError(`no sample of ${shape}`);
    return SAMPLES[shape];
  }
  if (Array.isArray(shape)) return shape.map((one) => sample(one, wanted));
  return Object.fromEntries(
    Object.entries(shape).map(([name, inner]) => [
      name,
      typeof inner === 'string' && typeof wanted[name] === typeof SAMPLES[inner] && name in wanted
        ? wanted[name]
        : sample(inner, wanted),
    ]),
  );
}

/** The command of a search, for explain. */
function commandOf({ collection, command, sort }: Search, filter: Doc): Doc {
  switch (command) {
    case 'update':
      return { update: collection, updates: [{ q: filter, u: { $set: { seen: 1 } } }] };
    case 'delete':
      return { delete: collection, deletes: [{ q: filter, limit: 0 }] };
    case 'findAndModify':
      return { findAndModify: collection, query: filter, sort: sort ?? {}, update: { $set: { seen: 1 } } };
    case 'aggregate': {
      const order = sort === undefined ? [] : [{ $sort: sort }];
      return { aggregate: collection, pipeline: [{ $match: filter }, ...order], cursor: {} };
    }
    default:
      return { find: collection, filter, ...(sort === undefined ? {} : { sort }) };
  }
}

test('no search of the house looks at every document of a collection that grows', async (t) => {
  const { connection } = await testStore();
  const db = connection.db!;
  // GridFS makes its indexes with the first file.
  const at = new Date('2026-03-02T01:30:00Z');
  await createVault(connection).put(asId<FileId>('f1'), Buffer.from('x'), { name: 'x', mime: 'text/plain', at });
  const there = new Set((await db.listCollections().toArray()).map((one) => one.name));
  const unused = new Set([...Object.keys(READ_WHOLE), ...Object.keys(SCANS)]);
  const scans: string[] = [];
  for (const search of searches) {
    if (search.collection in READ_WHOLE) {
      unused.delete(search.collection);
      continue;
    }
    if (!there.has(search.collection)) await db.createCollection(search.collection);
    there.add(search.collection);
    const indexes: Doc[] = await db.collection(search.collection).listIndexes().toArray(); // prettier-ignore
    const wanted = [{}, ...indexes.map((index) => (index['partialFilterExpression'] ?? {}) as Doc)];
    const plans: string[] = [];
    for (const values of wanted) {
      const command = commandOf(search, sample(search.filter, values) as Doc);
      plans.push(JSON.stringify((await db.command({ explain: command, verbosity: 'queryPlanner' }))['queryPlanner']));
    }
    if (plans.some((plan) => !/COLLSCAN/.test(plan))) continue;
    const text = searchText(search);
    if (text in SCANS) unused.delete(text);
    else scans.push(`${text}: ${search.rooms.join(', ')}`);
  }
  t.deepEqual(scans, []);
  t.deepEqual([...unused], [], 'exceptions that are none');
});

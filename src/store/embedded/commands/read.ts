import { encode, Raw } from '../bson/encode.js';
import { compare, equal } from '../bson/compare.js';
import { isDoc, type Doc, type Value } from '../bson/value.js';
import { keyOf } from '../bson/key.js';
import { CommandError, badValue, typeMismatch } from '../errors.js';
import type { Collection } from '../engine/collection.js';
import { Cursor, FIRST_BATCH } from '../engine/cursors.js';
import { encodeAll, type ReadReport, type ReadRequest } from '../engine/engine.js';
import type { Index } from '../engine/index-keys.js';
import { parsePipeline, runPipeline } from '../engine/pipeline.js';
import type { Walk } from '../engine/planner.js';
import { parseFilter } from '../query/filter.js';
import { splitPath, visitPath } from '../query/path.js';
import { parseProjection, type Projection } from '../query/project.js';
import { parseSort } from '../query/sort.js';
import { allowOnly, collectionName, deadlineOf, docField, flag, stringField, wholeField } from './arguments.js';
import type { Command, Reply, Request } from './types.js';

/** The index that a hint names, by name or by key. */
export function hintOf(collection: Collection | undefined, hint: Value): Index | '_id_' | '$natural' | undefined {
  if (hint === undefined || hint === null || !collection) return undefined;
  if (isDoc(hint)) {
    if (Object.keys(hint).length === 0) return undefined;
    if (Object.hasOwn(hint, '$natural')) return '$natural';
    if (equal(hint, { _id: 1 })) return '_id_';
  } else if (hint === '_id_') {
    return '_id_';
  }
  const index = collection.indexes.find((one) => (isDoc(hint) ? equal(one.key, hint) : one.name === hint));
  if (!index)
    throw badValue(
      'error processing query: planner returned error: hint provided does not correspond to an existing index',
    );
  return index;
}

export interface FindPlan {
  request: ReadRequest;
  projection: Projection | null;
}

export function findPlan(request: Request, collection: Collection | undefined): FindPlan {
  const { body } = request;
  const filter = parseFilter(docField(body, 'filter'));
  const projection = parseProjection(docField(body, 'projection'), 'find');
  const sort = parseSort(docField(body, 'sort'));
  return {
    request: {
      collection,
      filter,
      sort,
      ...pageOf(body),
      only: projection ? projection.fields : new Set(),
      hint: hintOf(collection, body['hint']),
      deadline: deadlineOf(request),
    },
    projection,
  };
}

/** `skip` and `limit`; a limit of 0 is none, a negative one asks for a single batch besides. */
function pageOf(body: Doc): { skip: number; limit: number | undefined } {
  return {
    skip: wholeField(body, 'skip', 0),
    limit: Math.abs(wholeField(body, 'limit', 0, -Infinity)) || undefined,
  };
}

async function find(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const name = collectionName(request);
  const collection = engine.catalog.find(db, name);
  const { request: wanted, projection } = findPlan(request, collection);
  // Without a projection the stored bytes go out as they are.
  const source = engine.read(wanted, projection ? (row) => encode(projection.apply(row.doc)) : (row) => row.raw);
  const single = flag(body, 'singleBatch') || wholeField(body, 'limit', 0, -Infinity) < 0;
  const batchSize = wholeField(body, 'batchSize', FIRST_BATCH);
  return firstBatch(request, new Cursor(`${db}.${name}`, source), single ? Math.max(batchSize, 1) : batchSize, single);
}

export async function firstBatch(request: Request, cursor: Cursor, batchSize: number, single = false): Promise<Reply> {
  const { docs, done } = await cursor.next(batchSize);
  let id = 0n;
  if (!done && single) await cursor.close();
  else if (!done) id = request.engine.cursors.keep(cursor);
  return { cursor: { firstBatch: docs.map((bytes) => new Raw(bytes)), id, ns: cursor.ns } };
}

async function getMore(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const id = body['getMore'];
  if (typeof id !== 'bigint') throw typeMismatch("Field 'getMore' must be of type long");
  const cursor = engine.cursors.get(id, `${db}.${stringField(body, 'collection')}`);
  cursor.busy = true;
  try {
    const { docs, done } = await cursor.next(wholeField(body, 'batchSize', 0) || Infinity);
    if (done) await engine.cursors.drop(id);
    return { cursor: { nextBatch: docs.map((bytes) => new Raw(bytes)), id: done ? 0n : id, ns: cursor.ns } };
  } catch (error) {
    await engine.cursors.drop(id);
    throw error;
  } finally {
    cursor.busy = false;
    cursor.usedAt = Date.now();
  }
}

async function killCursors(request: Request): Promise<Reply> {
  const ids = request.body['cursors'];
  if (!Array.isArray(ids)) throw typeMismatch("'cursors' must be an array");
  const cursorsKilled: Value[] = [];
  const cursorsNotFound: Value[] = [];
  for (const id of ids) {
    const found = typeof id === 'bigint' && (await request.engine.cursors.drop(id));
    (found ? cursorsKilled : cursorsNotFound).push(id);
  }
  return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [] };
}

async function aggregate(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const stages = parsePipeline(body['pipeline']);
  const name = collectionName(request);
  const options = docField(body, 'cursor');
  allowOnly("aggregate's cursor", options, ['batchSize']);
  if (!Object.hasOwn(body, 'cursor') && !flag(body, 'explain')) {
    throw new CommandError(
      'FailedToParse',
      "The 'cursor' option is required, except for aggregate with the explain argument",
    );
  }
  hintOf(engine.catalog.find(db, name), body['hint']);
  const batches = runPipeline({ engine, db, collection: name, stages, deadline: deadlineOf(request) });
  const source = (async function* (): AsyncGenerator<Buffer[]> {
    for await (const batch of batches) yield encodeAll(batch);
  })();
  return firstBatch(request, new Cursor(`${db}.${name}`, source), wholeField(options, 'batchSize', FIRST_BATCH));
}

async function count(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const collection = engine.catalog.find(db, collectionName(request));
  const page = pageOf(body);
  const query = docField(body, 'query');
  if (Object.keys(query).length === 0) {
    const { skip, limit = Infinity } = page;
    return { n: Math.min(Math.max((collection?.count() ?? 0) - skip, 0), limit) };
  }
  const wanted = {
    collection,
    filter: parseFilter(query),
    ...page,
    only: new Set<string>(),
    hint: hintOf(collection, body['hint']),
    deadline: deadlineOf(request),
  };
  let n = 0;
  for await (const rows of engine.read(wanted, () => null)) n += rows.length;
  return { n };
}

async function distinct(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const key = stringField(body, 'key');
  const parts = splitPath(key);
  const collection = engine.catalog.find(db, collectionName(request));
  const values = new Map<string, Value>();
  const add = (value: Value): void => {
    if (value !== undefined) values.set(keyOf(value).toString('latin1'), value);
  };
  const wanted = {
    collection,
    filter: parseFilter(docField(body, 'query')),
    only: new Set([parts[0]!]),
    hint: hintOf(collection, body['hint']),
    deadline: deadlineOf(request),
  };
  for await (const docs of engine.read(wanted, (row) => row.doc)) {
    for (const doc of docs) {
      visitPath(doc, parts, 0, (value) => {
        if (Array.isArray(value)) value.forEach(add);
        else add(value);
        return false;
      });
    }
  }
  return { values: [...values.values()].sort(compare) };
}

/** How a command would be answered, and with `executionStats` what that took. */
async function explain(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const inner = body['explain'];
  if (!isDoc(inner)) throw typeMismatch("'explain' must be an object");
  const command = Object.keys(inner)[0] ?? '';
  const explained: Request = { ...request, command, body: inner };
  const name = collectionName(explained);
  const collection = engine.catalog.find(db, name);
  let read: ReadRequest;
  const report = { plan: null, scan: null } as ReadReport;
  let returned = 0;
  const started = performance.now();
  if (command === 'aggregate') {
    const stages = parsePipeline(inner['pipeline']);
    for await (const batch of runPipeline({ engine, db, collection: name, stages }, report)) returned += batch.length;
  } else {
    if (command === 'find') read = findPlan(explained, collection).request;
    else if (command === 'count' || command === 'distinct')
      read = { collection, filter: parseFilter(docField(inner, 'query')) };
    else if (command === 'findAndModify')
      read = {
        collection,
        filter: parseFilter(docField(inner, 'query')),
        sort: parseSort(docField(inner, 'sort')),
        limit: 1,
      };
    else if (command === 'update' || command === 'delete')
      read = { collection, filter: parseFilter(statementFilter(explained)) };
    else throw badValue(`explain of ${command} is not offered`);
    for await (const rows of engine.read(read, () => null, report)) returned += rows.length;
  }
  const { plan, scan } = report;
  const access: Doc = plan ? accessOf(plan.walks) : { stage: 'EOF' };
  const winningPlan: Doc = plan && !plan.sorted ? { stage: 'SORT', inputStage: access } : access;
  const stats: Reply = {
    executionStats: {
      executionSuccess: true,
      nReturned: returned,
      executionTimeMillis: Math.round(performance.now() - started),
      totalKeysExamined: scan?.keysExamined ?? 0,
      totalDocsExamined: scan?.docsExamined ?? 0,
    },
  };
  return {
    explainVersion: '1',
    queryPlanner: { namespace: `${db}.${name}`, winningPlan, rejectedPlans: [] },
    ...(body['verbosity'] === 'queryPlanner' ? {} : stats),
    command: inner,
  };
}

/** A plan's walks in MongoDB's words. */
function accessOf(walks: readonly Walk[]): Doc {
  const inputs = walks.map(({ index, bounded, reverse }): Doc => {
    const direction = reverse ? 'backward' : 'forward';
    if (!index && !bounded) return { stage: 'COLLSCAN', direction };
    const { name, key, multikey } = index ?? { name: '_id_', key: { _id: 1 }, multikey: false };
    return { stage: 'IXSCAN', indexName: name, keyPattern: key, isMultiKey: multikey, direction };
  });
  const input = inputs.length === 1 ? inputs[0]! : { stage: 'OR', inputStages: inputs };
  return input['stage'] === 'COLLSCAN' ? input : { stage: 'FETCH', inputStage: input };
}

function statementFilter(request: Request): Doc {
  const list = request.body[request.command === 'update' ? 'updates' : 'deletes'];
  const first = Array.isArray(list) ? list[0] : undefined;
  return isDoc(first) ? docField(first, 'q') : {};
}

export const readCommands: Readonly<Record<string, Command>> = {
  find: {
    fields: [
      'filter',
      'sort',
      'projection',
      'skip',
      'limit',
      'singleBatch',
      'batchSize',
      'hint',
      'noCursorTimeout',
      'allowDiskUse',
    ],
    run: find,
  },
  getMore: { fields: ['collection', 'batchSize'], run: getMore },
  killCursors: { fields: ['cursors'], run: killCursors },
  aggregate: { fields: ['pipeline', 'cursor', 'allowDiskUse', 'hint', 'explain'], run: aggregate },
  count: { fields: ['query', 'limit', 'skip', 'hint'], run: count },
  distinct: { fields: ['key', 'query', 'hint'], run: distinct },
  explain: { fields: ['verbosity'], run: explain },
};

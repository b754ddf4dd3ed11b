import { encode } from '../bson/encode.js';
import { equal } from '../bson/compare.js';
import { wholeNumber } from '../bson/numbers.js';
import { isDoc, isNumber, toDouble, type Doc, type Value } from '../bson/value.js';
import { CommandError, badValue, notSupported, typeMismatch } from '../errors.js';
import { checkName, type Collection } from '../engine/collection.js';
import { Cursor, FIRST_BATCH } from '../engine/cursors.js';
import type { Index, IndexSpec } from '../engine/index-keys.js';
import { onlyConjuncts } from '../engine/planner.js';
import { parseFilter } from '../query/filter.js';
import { parseSort } from '../query/sort.js';
import { allowOnly, collectionName, docField, flag, stringField, wholeField } from './arguments.js';
import { firstBatch } from './read.js';
import type { Command, Reply, Request } from './types.js';

/** MongoDB's limits. */
const MAX_INDEXES = 64;
const MAX_TTL_SECONDS = 2_147_483_647;

export const indexOptions = [
  'key',
  'name',
  'unique',
  'sparse',
  'expireAfterSeconds',
  'partialFilterExpression',
  'background',
  'v',
  'ns',
] as const;

type NewIndex = Omit<IndexSpec, 'id' | 'multikey'>;

function parseIndex(spec: Value): NewIndex | null {
  if (!isDoc(spec)) throw typeMismatch('indexes must hold objects');
  for (const name of Object.keys(spec)) {
    if (!(indexOptions as readonly string[]).includes(name)) throw notSupported(`the index option '${name}'`);
  }
  const { key, name } = spec;
  if (!isDoc(key) || Object.keys(key).length === 0)
    throw new CommandError('CannotCreateIndex', 'Index keys cannot be empty.');
  for (const path of Object.keys(key)) {
    const kind = key[path];
    if (typeof kind === 'string') throw notSupported(`${kind} indexes`);
    if (!isNumber(kind) || toDouble(kind) === 0)
      throw new CommandError('CannotCreateIndex', `Values in v:2 index key pattern cannot be of this kind: ${path}`);
    if (path.includes('$**')) throw notSupported('wildcard indexes');
  }
  if (typeof name !== 'string' || name === '') throw new CommandError('CannotCreateIndex', 'index needs a name');
  // Any positive number means ascending.
  const normal = Object.fromEntries(Object.keys(key).map((path) => [path, toDouble(key[path] as number) > 0 ? 1 : -1]));
  parseSort(normal);
  if (equal(normal, { _id: 1 })) return null;
  const partial = spec['partialFilterExpression'];
  if (partial !== undefined && !isDoc(partial)) throw typeMismatch('partialFilterExpression must be an object');
  if (partial && !onlyConjuncts(parseFilter(partial).root))
    throw notSupported('a partial filter with $or, $not or $ne');
  const sparse = flag(spec, 'sparse');
  if (partial && sparse)
    throw new CommandError('CannotCreateIndex', "cannot mix 'partialFilterExpression' and 'sparse' options");
  const seconds = spec['expireAfterSeconds'];
  if (seconds !== undefined) {
    const whole = wholeNumber(seconds);
    if (whole === null || whole < 0 || whole > MAX_TTL_SECONDS)
      throw new CommandError(
        'CannotCreateIndex',
        `TTL index 'expireAfterSeconds' must be within 0 and ${MAX_TTL_SECONDS}`,
      );
    if (Object.keys(key).length > 1 || Object.hasOwn(key, '_id'))
      throw new CommandError(
        'CannotCreateIndex',
        'TTL indexes are single-field indexes, compound indexes do not support TTL',
      );
  }
  return {
    name,
    key: normal,
    unique: flag(spec, 'unique'),
    sparse,
    partialFilterExpression: partial ?? null,
    expireAfterSeconds: seconds === undefined ? null : toDouble(seconds as number),
  };
}

function sameIndex(a: NewIndex, b: NewIndex): boolean {
  return (
    equal(a.key, b.key) &&
    Object.keys(a.key).join() === Object.keys(b.key).join() &&
    a.unique === b.unique &&
    a.sparse === b.sparse &&
    a.expireAfterSeconds === b.expireAfterSeconds &&
    equal(a.partialFilterExpression, b.partialFilterExpression)
  );
}

/** Whether the index is there already; an index that contradicts an existing one is refused. */
function exists(collection: Collection, wanted: NewIndex): boolean {
  for (const index of collection.indexes) {
    if (index.name === wanted.name) {
      if (sameIndex(index, wanted)) return true;
      const sameKey = equal(index.key, wanted.key);
      throw new CommandError(
        'IndexKeySpecsConflict',
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Requested index: ${wanted.name}, existing ${sameKey ? 'options' : 'key'} differ`,
      );
    }
    if (equal(index.key, wanted.key) && equal(index.partialFilterExpression, wanted.partialFilterExpression)) {
      throw new CommandError('IndexOptionsConflict', `Index already exists with a different name: ${index.name}`);
    }
  }
  return false;
}

async function createIndexes(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const name = collectionName(request);
  const specs = body['indexes'];
  if (!Array.isArray(specs) || specs.length === 0) throw badValue('Must specify at least one index to create');
  const wanted = specs.map(parseIndex).filter((spec): spec is NewIndex => spec !== null);
  checkName(db, name);
  const built: Index[] = [];
  const reply = await engine.write((): Reply => {
    const createdCollectionAutomatically = !engine.catalog.find(db, name);
    const collection = engine.catalog.findOrCreate(db, name);
    const numIndexesBefore = collection.indexes.length + 1;
    for (const spec of wanted) {
      if (exists(collection, spec)) continue;
      if (collection.indexes.length + 1 >= MAX_INDEXES)
        throw new CommandError('CannotCreateIndex', `add index fails, too many indexes for ${collection.ns}`);
      built.push(engine.catalog.addIndex(collection, spec));
    }
    const numIndexesAfter = collection.indexes.length + 1;
    return {
      numIndexesBefore,
      numIndexesAfter,
      createdCollectionAutomatically,
      ...(built.length === 0 ? { note: 'all indexes already exist' } : {}),
    };
  });
  for (const index of built) index.ready = true;
  return reply;
}

export function indexSpecs(collection: Collection): Doc[] {
  return [
    { v: 2, key: { _id: 1 }, name: '_id_' },
    ...collection.indexes.map((index): Doc => ({
      v: 2,
      key: index.key,
      name: index.name,
      unique: index.unique || undefined,
      sparse: index.sparse || undefined,
      partialFilterExpression: index.partialFilterExpression ?? undefined,
      expireAfterSeconds: index.expireAfterSeconds ?? undefined,
    })),
  ];
}

function existing(request: Request): Collection {
  const name = collectionName(request);
  const collection = request.engine.catalog.find(request.db, name);
  if (!collection) throw new CommandError('NamespaceNotFound', `ns does not exist: ${request.db}.${name}`);
  return collection;
}

function listed(request: Request, ns: string, docs: Doc[]): Promise<Reply> {
  const options = docField(request.body, 'cursor');
  allowOnly('a cursor', options, ['batchSize']);
  const source = (async function* (): AsyncGenerator<Buffer[]> {
    yield docs.map((doc) => encode(doc));
  })();
  return firstBatch(request, new Cursor(ns, source), wholeField(options, 'batchSize', FIRST_BATCH));
}

function listIndexes(request: Request): Promise<Reply> {
  const collection = existing(request);
  return listed(request, collection.ns, indexSpecs(collection));
}

async function dropIndexes(request: Request): Promise<Reply> {
  const collection = existing(request);
  const { index } = request.body;
  const nIndexesWas = collection.indexes.length + 1;
  if (index === '_id_' || (isDoc(index) && equal(index, { _id: 1 })))
    throw new CommandError('InvalidOptions', 'cannot drop _id index');
  const names = Array.isArray(index) ? index : [index];
  const dropped =
    index === '*'
      ? [...collection.indexes]
      : names.map((one) => {
          const found = collection.indexes.find((candidate) =>
            isDoc(one) ? equal(candidate.key, one) : candidate.name === one,
          );
          if (!found)
            throw new CommandError(
              'IndexNotFound',
              `index not found with name [${typeof one === 'string' ? one : JSON.stringify(one)}]`,
            );
          return found;
        });
  await request.engine.write(() => {
    for (const one of dropped) request.engine.catalog.dropIndex(collection, one);
  });
  return { nIndexesWas };
}

async function create(request: Request): Promise<Reply> {
  const { engine, db } = request;
  const name = collectionName(request);
  await engine.write(() => {
    if (engine.catalog.find(db, name))
      throw new CommandError('NamespaceExists', `Collection ${db}.${name} already exists.`);
    engine.catalog.create(db, name);
  });
  return {};
}

async function drop(request: Request): Promise<Reply> {
  const { engine, db } = request;
  const found = engine.catalog.find(db, collectionName(request));
  // As MongoDB 7 does: dropping what is not there is fine.
  if (!found) return {};
  await engine.write(() => engine.catalog.drop(found));
  return { nIndexesWas: found.indexes.length + 1, ns: found.ns };
}

async function dropDatabase({ engine, db }: Request): Promise<Reply> {
  await engine.write(() => {
    for (const collection of engine.catalog.all(db)) engine.catalog.drop(collection);
  });
  return { dropped: db };
}

function listCollections(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const filter = parseFilter(docField(body, 'filter'));
  const nameOnly = flag(body, 'nameOnly');
  const docs = engine.catalog.all(db).map((collection): Doc => ({
    name: collection.name,
    type: 'collection',
    options: {},
    info: { readOnly: false },
    idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
  }));
  const kept = docs
    .filter((doc) => filter.matches(doc))
    .map(({ name, type, ...rest }): Doc => (nameOnly ? { name, type } : { name, type, ...rest }));
  return listed(request, `${db}.$cmd.listCollections`, kept);
}

function listDatabases({ engine, body }: Request): Reply {
  const filter = parseFilter(docField(body, 'filter'));
  const names = [...new Set(engine.catalog.all().map((collection) => collection.db))];
  const docs = names.map((name): Doc => ({ name, sizeOnDisk: 0, empty: false })).filter((doc) => filter.matches(doc));
  return {
    databases: flag(body, 'nameOnly') ? docs.map(({ name }) => ({ name })) : docs,
    totalSize: engine.storage.stats()['fileBytes'],
  };
}

async function renameCollection(request: Request): Promise<Reply> {
  const { engine, body } = request;
  const [fromDb, from] = splitNamespace(stringField(body, 'renameCollection'));
  const [toDb, to] = splitNamespace(stringField(body, 'to'));
  await engine.write(() => {
    const collection = engine.catalog.find(fromDb, from);
    if (!collection) throw new CommandError('NamespaceNotFound', `Source collection ${fromDb}.${from} does not exist`);
    const target = engine.catalog.find(toDb, to);
    if (target && !flag(body, 'dropTarget')) throw new CommandError('NamespaceExists', `target namespace exists`);
    if (target) engine.catalog.drop(target);
    engine.catalog.rename(collection, toDb, to);
  });
  return {};
}

function splitNamespace(ns: string): [string, string] {
  const dot = ns.indexOf('.');
  if (dot < 1 || dot === ns.length - 1)
    throw new CommandError('InvalidNamespace', `Invalid namespace specified '${ns}'`);
  return [ns.slice(0, dot), ns.slice(dot + 1)];
}

export const adminCommands: Readonly<Record<string, Command>> = {
  create: { fields: [], run: create },
  createIndexes: { fields: ['indexes', 'commitQuorum'], run: createIndexes },
  listIndexes: { fields: ['cursor'], run: listIndexes },
  dropIndexes: { fields: ['index'], run: dropIndexes },
  drop: { fields: [], run: drop },
  dropDatabase: { fields: [], run: dropDatabase },
  listCollections: { fields: ['filter', 'cursor', 'nameOnly', 'authorizedCollections'], run: listCollections },
  listDatabases: { fields: ['filter', 'nameOnly', 'authorizedDatabases'], run: listDatabases },
  renameCollection: { fields: ['to', 'dropTarget'], run: renameCollection },
};

import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { equal } from '../bson/compare.js';
import { isDoc, type Doc, type Value } from '../bson/value.js';
import { ObjectId } from 'bson';
import { CommandError, failedToParse, typeMismatch } from '../errors.js';
import type { Collection } from '../engine/collection.js';
import { checkName } from '../engine/collection.js';
import type { Engine } from '../engine/engine.js';
import type { Row } from '../engine/scan.js';
import { parseFilter, type Filter } from '../query/filter.js';
import { parseProjection } from '../query/project.js';
import { matchedPosition, seedOf } from '../query/seed.js';
import { parseSort, type SortSpec } from '../query/sort.js';
import { parseUpdate, type Update } from '../query/update.js';
import { allowOnly, collectionName, docField, flag, wholeField } from './arguments.js';
import { hintOf } from './read.js';
import type { Command, Reply, Request } from './types.js';

/** MongoDB's limit, told in hello; the driver splits larger batches. */
const MAX_STATEMENTS = 100_000;

/** The statements of a write command, from the sequence beside the body or from the body itself. */
function statements(request: Request, name: string): Doc[] {
  const sequence = request.sequences.get(name);
  const list: Value[] | undefined = sequence
    ? sequence.map((bytes) => decode(bytes))
    : (request.body[name] as Value[] | undefined);
  if (!Array.isArray(list)) throw typeMismatch(`'${name}' must be an array`);
  checkCount(list.length);
  return list.map((statement) => {
    if (!isDoc(statement)) throw typeMismatch(`'${name}' must hold objects`);
    return statement;
  });
}

function checkCount(count: number): void {
  if (count < 1 || count > MAX_STATEMENTS) {
    throw new CommandError(
      'InvalidLength',
      `Write batch sizes must be between 1 and ${MAX_STATEMENTS}. Got ${count} operations.`,
    );
  }
}

/**
 * Runs statements one by one inside one transaction. A statement that MongoDB would refuse is reported and, in ordered
 * mode, ends the run; what went before it stays. Anything unexpected undoes the whole command.
 */
function runStatements(ordered: boolean, count: number, run: (i: number) => void): Reply {
  const writeErrors: Doc[] = [];
  for (let i = 0; i < count; i++) {
    try {
      run(i);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      writeErrors.push({ index: i, code: error.code, errmsg: error.message, ...error.details });
      if (ordered) break;
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {};
}

async function insert(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const name = collectionName(request);
  const ordered = flag(body, 'ordered', true);
  const documents = request.sequences.get('documents') ?? inlineDocuments(body['documents']);
  checkCount(documents.length);
  checkName(db, name);
  return engine.write(() => {
    const collection = engine.catalog.findOrCreate(db, name);
    let n = 0;
    const errors = runStatements(ordered, documents.length, (i) => {
      collection.insert(documents[i]!);
      n++;
    });
    engine.count('documentsInserted', n);
    return { n, ...errors };
  });
}

function inlineDocuments(value: Value): Buffer[] {
  if (!Array.isArray(value)) throw typeMismatch("'documents' must be an array");
  return value.map((doc) => {
    if (!isDoc(doc)) throw typeMismatch("'documents' must hold objects");
    return encode(doc);
  });
}

interface UpdateStatement {
  filter: Filter;
  update: Update;
  upsert: boolean;
  multi: boolean;
  sort: SortSpec;
  hint: Value;
}

interface Outcome {
  before: Doc | null;
  after: Doc | null;
  matched: number;
  modified: number;
  upsertedId?: { value: Value };
}

function parseStatement(engine: Engine, query: Doc, spec: Value, options: Doc): UpdateStatement {
  const filter = parseFilter(query);
  const now = engine.now();
  const update = parseUpdate(spec, options['arrayFilters'], () => now);
  const multi = flag(options, 'multi');
  if (multi && update.replacement) throw failedToParse('multi update is not supported for replacement-style update');
  const { hint } = options;
  return { filter, update, upsert: flag(options, 'upsert'), multi, sort: parseSort(docField(options, 'sort')), hint };
}

/** Inside a transaction. */
function applyUpdate(engine: Engine, db: string, name: string, statement: UpdateStatement): Outcome {
  const { filter, update, multi, sort, hint } = statement;
  const collection = engine.catalog.find(db, name);
  const outcome: Outcome = { before: null, after: null, matched: 0, modified: 0 };
  if (collection) {
    const rows = engine.readNow({
      collection,
      filter,
      sort,
      limit: multi ? undefined : 1,
      hint: hintOf(collection, hint),
    });
    if (multi) {
      // All are found before the first is changed, so that none is met again at its new place.
      const keys: Buffer[] = [];
      for (const row of rows) keys.push(Buffer.from(row.idKey));
      for (const idKey of keys) {
        const raw = collection.get(idKey);
        if (raw) change(collection, { idKey, raw, doc: decode(raw) }, statement, outcome);
      }
    } else {
      const row = rows.next().value as Row | undefined;
      if (row) change(collection, { ...row, idKey: Buffer.from(row.idKey) }, statement, outcome);
    }
  }
  if (outcome.matched === 0 && statement.upsert) {
    const target = engine.catalog.findOrCreate(db, name);
    const seed = seedOf(filter.root);
    let doc = update.apply(update.replacement ? ('_id' in seed ? { _id: seed['_id'] } : {}) : seed, {
      inserting: true,
      position: noPosition,
    });
    if (!Object.hasOwn(doc, '_id')) doc = { _id: new ObjectId(), ...doc };
    else if (Object.keys(doc)[0] !== '_id') doc = { _id: doc['_id'], ...doc };
    if ('_id' in seed && !equal(seed['_id'], doc['_id'])) {
      throw new CommandError(
        'ImmutableField',
        "Performing an update on the path '_id' would modify the immutable field '_id'",
      );
    }
    target.insert(encode(doc));
    outcome.after = doc;
    outcome.upsertedId = { value: doc['_id'] };
  }
  return outcome;
}

function noPosition(): never {
  throw new CommandError('BadValue', 'The positional operator did not find the match needed from the query.');
}

function change(collection: Collection, row: Row, { filter, update }: UpdateStatement, outcome: Outcome): void {
  const position = (path: string): number => {
    const at = matchedPosition(filter.root, row.doc, path);
    return at < 0 ? noPosition() : at;
  };
  const after = update.apply(row.doc, { inserting: false, position });
  const raw = encode(after);
  if (!raw.equals(row.raw)) {
    collection.replace(row.idKey, row.doc, after, raw);
    outcome.modified++;
  }
  outcome.matched++;
  outcome.before = row.doc;
  outcome.after = after;
}

export const updateStatement = ['q', 'u', 'upsert', 'multi', 'arrayFilters', 'hint'] as const;

async function updateCommand(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const name = collectionName(request);
  const ordered = flag(body, 'ordered', true);
  const parsed = statements(request, 'updates').map((spec) => {
    allowOnly('an update statement', spec, updateStatement);
    return deferred(() => parseStatement(engine, docField(spec, 'q'), spec['u'], spec));
  });
  checkName(db, name);
  return engine.write(() => {
    let n = 0;
    let nModified = 0;
    const upserted: Doc[] = [];
    const errors = runStatements(ordered, parsed.length, (i) => {
      const outcome = applyUpdate(engine, db, name, parsed[i]!());
      n += outcome.matched;
      nModified += outcome.modified;
      if (outcome.upsertedId) {
        upserted.push({ index: i, _id: outcome.upsertedId.value });
        n++;
      }
    });
    engine.count('documentsUpdated', nModified);
    return { n, nModified, ...(upserted.length > 0 ? { upserted } : {}), ...errors };
  });
}

/**
 * Parses now and reports later: what this store cannot do stops the whole command before its first write, what MongoDB
 * refuses belongs to its statement.
 */
function deferred<T>(parse: () => T): () => T {
  try {
    const value = parse();
    return () => value;
  } catch (error) {
    if (!(error instanceof CommandError) || error.codeName === 'NotImplemented') throw error;
    return () => {
      throw error;
    };
  }
}

export const deleteStatement = ['q', 'limit', 'hint'] as const;

async function deleteCommand(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const name = collectionName(request);
  const ordered = flag(body, 'ordered', true);
  const parsed = statements(request, 'deletes').map((spec) => {
    allowOnly('a delete statement', spec, deleteStatement);
    return deferred(() => ({
      filter: parseFilter(docField(spec, 'q')),
      one: wholeField(spec, 'limit', 0) === 1,
      hint: spec['hint'],
    }));
  });
  return engine.write(() => {
    const collection = engine.catalog.find(db, name);
    let n = 0;
    const errors = runStatements(ordered, parsed.length, (i) => {
      const { filter, one, hint } = parsed[i]!();
      if (collection) n += removeMatching(engine, collection, { filter, one, hint: hintOf(collection, hint) });
    });
    engine.count('documentsDeleted', n);
    return { n, ...errors };
  });
}

/** Inside a transaction. */
export function removeMatching(
  engine: Engine,
  collection: Collection,
  { filter, one, hint, limit }: { filter: Filter; one: boolean; hint?: ReturnType<typeof hintOf>; limit?: number },
): number {
  const keys: Buffer[] = [];
  for (const row of engine.readNow({ collection, filter, limit: one ? 1 : limit, only: new Set(), hint }))
    keys.push(Buffer.from(row.idKey));
  for (const idKey of keys) {
    const raw = collection.get(idKey);
    if (raw) collection.remove(idKey, decode(raw));
  }
  return keys.length;
}

async function findAndModify(request: Request): Promise<Reply> {
  const { engine, body, db } = request;
  const name = collectionName(request);
  const remove = flag(body, 'remove');
  const wantsNew = flag(body, 'new');
  if (remove && (Object.hasOwn(body, 'update') || flag(body, 'upsert') || wantsNew)) {
    throw failedToParse("Cannot specify both 'remove' and 'update', 'upsert' or 'new'");
  }
  if (!remove && !Object.hasOwn(body, 'update'))
    throw failedToParse("Either an update or 'remove'=true must be specified");
  const projection = parseProjection(docField(body, 'fields'), 'find');
  const query = docField(body, 'query');
  const shown = (doc: Doc | null): Doc | null => (doc && projection ? projection.apply(doc) : doc);
  checkName(db, name);
  if (remove) {
    const filter = parseFilter(query);
    const sort = parseSort(docField(body, 'sort'));
    return engine.write(() => {
      const collection = engine.catalog.find(db, name);
      const hint = hintOf(collection, body['hint']);
      const row =
        collection && (engine.readNow({ collection, filter, sort, limit: 1, hint }).next().value as Row | undefined);
      if (row) collection.remove(Buffer.from(row.idKey), row.doc);
      return { lastErrorObject: { n: row ? 1 : 0 }, value: shown(row?.doc ?? null) };
    });
  }
  const statement = parseStatement(engine, query, body['update'], { ...body, multi: false });
  return engine.write(() => {
    const outcome = applyUpdate(engine, db, name, statement);
    const { upsertedId } = outcome;
    const updatedExisting = outcome.matched > 0;
    return {
      lastErrorObject: {
        n: updatedExisting || upsertedId ? 1 : 0,
        updatedExisting,
        ...(upsertedId ? { upserted: upsertedId.value } : {}),
      },
      value: shown(wantsNew ? outcome.after : outcome.before),
    };
  });
}

const findAndModifyCommand: Command = {
  fields: ['query', 'update', 'remove', 'new', 'upsert', 'sort', 'fields', 'arrayFilters', 'hint'],
  run: findAndModify,
};

export const writeCommands: Readonly<Record<string, Command>> = {
  insert: { fields: ['documents', 'ordered'], run: insert },
  update: { fields: ['updates', 'ordered'], run: updateCommand },
  delete: { fields: ['deletes', 'ordered'], run: deleteCommand },
  findAndModify: findAndModifyCommand,
  findandmodify: findAndModifyCommand,
};

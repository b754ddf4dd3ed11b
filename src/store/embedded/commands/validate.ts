import { decode } from '../bson/decode.js';
import type { Collection } from '../engine/collection.js';
import { documentKeys, type Index } from '../engine/index-keys.js';
import type { Engine } from '../engine/engine.js';
import { CommandError } from '../errors.js';
import { collectionName } from './arguments.js';
import type { Command, Reply, Request } from './types.js';

/** Problems reported at most; one is reason enough to restore. */
const MAX_ERRORS = 20;

/** Recomputes every index from the documents and compares both ways. */
function validate(request: Request): Reply {
  const { engine, db } = request;
  const collection = engine.catalog.find(db, collectionName(request));
  if (!collection)
    throw new CommandError(
      'NamespaceNotFound',
      `Collection '${db}.${collectionName(request)}' does not exist to validate.`,
    );
  const errors: string[] = [];
  const report = (text: string): void => {
    if (errors.length < MAX_ERRORS) errors.push(text);
  };
  const expected = new Map(collection.indexes.map((index) => [index, new Set<string>()]));
  const nrecords = checkDocuments(engine, collection, expected, report);
  const keysPerIndex: Record<string, number> = { _id_: nrecords };
  for (const [index, keys] of expected) keysPerIndex[index.name] = checkIndex(engine, index, keys, report);
  return {
    ns: collection.ns,
    nrecords,
    nIndexes: collection.indexes.length + 1,
    keysPerIndex,
    valid: errors.length === 0,
    errors,
    warnings: [],
  };
}

function checkDocuments(
  engine: Engine,
  collection: Collection,
  expected: ReadonlyMap<Index, Set<string>>,
  report: (text: string) => void,
): number {
  let count = 0;
  for (const { key, value } of engine.storage.range(collection.prefix, collection.end, {})) {
    count++;
    const idKey = key.subarray(4);
    try {
      const doc = decode(value);
      for (const [index, keys] of expected) {
        const found = documentKeys(index, doc);
        if (found.multikey && !index.multikey) report(`index ${index.name} is not marked multikey`);
        for (const one of found.keys) keys.add(entryText(index, one, idKey));
      }
    } catch (error) {
      report(`document ${idKey.toString('hex')}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return count;
}

function entryText(index: Index, key: Buffer, idKey: Buffer): string {
  const parts = index.unique ? [key] : [key, idKey];
  return `${Buffer.concat(parts).toString('latin1')} -> ${idKey.toString('latin1')}`;
}

function checkIndex(engine: Engine, index: Index, keys: Set<string>, report: (text: string) => void): number {
  let count = 0;
  for (const { key, value } of engine.storage.range(index.prefix, index.end, {})) {
    count++;
    if (!keys.delete(`${key.subarray(4).toString('latin1')} -> ${value.toString('latin1')}`))
      report(`index ${index.name} has an entry without its document`);
  }
  for (let missing = keys.size; missing > 0; missing--) report(`index ${index.name} lacks an entry of a document`);
  return count;
}

export const validateCommands: Readonly<Record<string, Command>> = {
  validate: { fields: ['full'], run: validate },
};

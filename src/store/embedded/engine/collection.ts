import { Binary, Decimal128, ObjectId } from 'bson';
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { keyOf } from '../bson/key.js';
import { isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { BSONRegExp } from 'bson';
import { CommandError, badValue, notSupported } from '../errors.js';
import { pathValue } from '../query/expression.js';
import { checkKeyLength, documentKeys, type Index } from './index-keys.js';
import { idPrefix, type Storage } from './storage.js';

export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** Nesting that a stored document may have. */
const MAX_DEPTH = 100;

/** A collection's documents with all its indexes. The methods that write are called inside a transaction only. */
export class Collection {
  readonly prefix: Buffer;
  readonly end: Buffer;
  readonly ns: string;

  constructor(
    readonly db: string,
    readonly name: string,
    readonly id: number,
    readonly indexes: Index[],
    private readonly storage: Storage,
    /** Called when a write made an index multikey, which the catalog has to remember. */
    private readonly onChange: (collection: Collection) => void,
  ) {
    this.ns = `${db}.${name}`;
    this.prefix = idPrefix(id);
    this.end = idPrefix(id + 1);
  }

  documentKey(idKey: Buffer): Buffer {
    return Buffer.concat([this.prefix, idKey]);
  }

  get(idKey: Buffer): Buffer | undefined {
    return this.storage.get(this.documentKey(idKey));
  }

  count(): number {
    return this.storage.count(this.prefix, this.end);
  }

  /** Takes a document as it arrived; gives it an `_id` when it has none. */
  insert(bytes: Buffer): Value {
    let raw = bytes;
    let doc = decode(raw);
    if (!Object.hasOwn(doc, '_id') || Object.keys(doc)[0] !== '_id') {
      doc = withIdFirst(doc);
      raw = encode(doc);
    }
    checkDocument(doc, raw.length);
    const idKey = keyOf(doc['_id']);
    const key = this.documentKey(idKey);
    checkKeyLength(key.length, '_id');
    if (this.storage.has(key)) throw this.duplicate('_id_', { _id: 1 }, { _id: doc['_id'] });
    const added = this.indexes.map((index) => documentKeys(index, doc));
    this.indexes.forEach((index, i) => this.checkUnique(index, added[i]!.keys, idKey, doc));
    this.storage.put(key, raw);
    this.indexes.forEach((index, i) => this.apply(index, [], added[i]!, idKey));
    return doc['_id'];
  }

  /** Puts a new version in place of an old one with the same `_id`. */
  replace(idKey: Buffer, before: Doc, after: Doc, raw: Buffer): void {
    checkDocument(after, raw.length);
    const changes = this.indexes.map((index) => ({
      index,
      old: documentKeys(index, before).keys,
      now: documentKeys(index, after),
    }));
    for (const { index, old, now } of changes) this.checkUnique(index, without(now.keys, old), idKey, after);
    this.storage.put(this.documentKey(idKey), raw);
    for (const { index, old, now } of changes) this.apply(index, old, now, idKey);
  }

  remove(idKey: Buffer, doc: Doc): void {
    for (const index of this.indexes)
      this.apply(index, documentKeys(index, doc).keys, { keys: [], multikey: false }, idKey);
    this.storage.remove(this.documentKey(idKey));
  }

  /** Enters every document into a new index; a document that breaks it stops the command. */
  build(index: Index): void {
    for (const { key, value } of this.storage.range(this.prefix, this.end, {})) {
      const doc = decode(value);
      const idKey = Buffer.from(key.subarray(4));
      const keys = documentKeys(index, doc);
      this.checkUnique(index, keys.keys, idKey, doc);
      this.apply(index, [], keys, idKey);
    }
  }

  private entryKey(index: Index, key: Buffer, idKey: Buffer): Buffer {
    const entry = index.unique ? Buffer.concat([index.prefix, key]) : Buffer.concat([index.prefix, key, idKey]);
    checkKeyLength(entry.length, `index ${index.name} of ${this.ns}`);
    return entry;
  }

  private checkUnique(index: Index, keys: readonly Buffer[], idKey: Buffer, doc: Doc): void {
    for (const key of keys) {
      // The length is checked before the first write, so a refusal leaves nothing half done.
      const entry = this.entryKey(index, key, idKey);
      if (!index.unique) continue;
      const owner = this.storage.get(entry);
      if (owner && !owner.equals(idKey)) {
        const value: Doc = {};
        for (const by of index.fields) setField(value, by.path, pathValue(doc, by.parts, 0) ?? null);
        throw this.duplicate(index.name, index.key, value);
      }
    }
  }

  private apply(
    index: Index,
    old: readonly Buffer[],
    now: { keys: readonly Buffer[]; multikey: boolean },
    idKey: Buffer,
  ): void {
    for (const key of without(old, now.keys)) this.storage.remove(this.entryKey(index, key, idKey));
    for (const key of without(now.keys, old)) this.storage.put(this.entryKey(index, key, idKey), idKey);
    if (now.multikey && !index.multikey) {
      index.multikey = true;
      this.onChange(this);
    }
  }

  private duplicate(name: string, keyPattern: Doc, keyValue: Doc): CommandError {
    const shown = Object.keys(keyValue)
      .map((path) => `${path}: ${show(keyValue[path])}`)
      .join(', ');
    return new CommandError(
      'DuplicateKey',
      `E11000 duplicate key error collection: ${this.ns} index: ${name} dup key: { ${shown} }`,
      { keyPattern, keyValue },
    );
  }
}

function without(keys: readonly Buffer[], others: readonly Buffer[]): readonly Buffer[] {
  if (others.length === 0 || keys.length === 0) return keys;
  const set = new Set(others.map((key) => key.toString('latin1')));
  return keys.filter((key) => !set.has(key.toString('latin1')));
}

function withIdFirst(doc: Doc): Doc {
  const { _id, ...rest } = doc;
  return { _id: _id === undefined ? new ObjectId() : _id, ...rest };
}

/** What MongoDB would refuse to store, and what this store cannot keep in order. */
export function checkDocument(doc: Doc, bytes: number): void {
  if (bytes > MAX_DOCUMENT_BYTES) {
    throw new CommandError(
      'BSONObjectTooLarge',
      `object to insert too large. size in bytes: ${bytes}, max size: ${MAX_DOCUMENT_BYTES}`,
    );
  }
  const id = doc['_id'];
  if (Array.isArray(id) || id === undefined || id instanceof BSONRegExp) {
    throw new CommandError(
      'InvalidIdField',
      `The '_id' value cannot be of type ${Array.isArray(id) ? 'array' : 'regex'}`,
    );
  }
  if (isDoc(id) && Object.keys(id).some((name) => name.startsWith('$'))) {
    throw new CommandError('DollarPrefixedFieldName', '_id fields may not contain $-prefixed fields');
  }
  checkValue(doc, 0);
}

function checkValue(value: Value, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Decimal128) throw notSupported('Decimal128');
  if (Array.isArray(value)) {
    if (depth > MAX_DEPTH) throw tooDeep();
    for (const element of value) checkValue(element, depth + 1);
  } else if (isDoc(value)) {
    if (depth > MAX_DEPTH) throw tooDeep();
    for (const name in value) {
      if (depth === 0 && name.startsWith('$')) {
        throw new CommandError(
          'DollarPrefixedFieldName',
          `The dollar ($) prefixed field '${name}' is not allowed in the context of a document.`,
        );
      }
      checkValue(value[name], depth + 1);
    }
  }
}

function tooDeep(): CommandError {
  return new CommandError('Overflow', `Document exceeds maximum nested object depth of ${MAX_DEPTH}`);
}

/** A value as MongoDB prints it in messages. */
export function show(value: Value): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof Binary)
    return `BinData(${value.sub_type}, ${Buffer.from(value.value()).toString('hex').toUpperCase()})`;
  if (Array.isArray(value)) return `[ ${value.map(show).join(', ')} ]`;
  if (isDoc(value))
    return `{ ${Object.keys(value)
      .map((name) => `${name}: ${show(value[name])}`)
      .join(', ')} }`;
  return String(value);
}

export function checkName(db: string, name: string): void {
  if (!/^[^/\\. "$*<>:|?\0]{1,63}$/.test(db))
    throw new CommandError('InvalidNamespace', `Invalid database name: '${db}'`);
  if (
    name === '' ||
    name.includes('\0') ||
    name.includes('$') ||
    name.startsWith('.') ||
    name.endsWith('.') ||
    Buffer.byteLength(name) > 200
  ) {
    throw new CommandError('InvalidNamespace', `Invalid collection name: ${name}`);
  }
  if (name.startsWith('system.')) throw badValue(`cannot write to '${db}.${name}'`);
}

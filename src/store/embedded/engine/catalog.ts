import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { isNumber, toDouble, type Doc, type Value } from '../bson/value.js';
import { Collection, checkName } from './collection.js';
import { openIndex, type Index, type IndexSpec } from './index-keys.js';
import { idPrefix, type Storage } from './storage.js';

const CATALOG = idPrefix(0);
const CATALOG_END = idPrefix(1);
const NEXT_ID_KEY = Buffer.concat([CATALOG, Buffer.from('next')]);

function entryKey(ns: string): Buffer {
  return Buffer.concat([CATALOG, Buffer.from(`c${ns}`)]);
}

/**
 * Which collections and indexes exist. The memory copy is changed inside the transaction that changes the stored one; when
 * that is undone or its commit fails, `reload` reads what is really there.
 */
export class Catalog {
  private collections = new Map<string, Collection>();

  constructor(private readonly storage: Storage) {
    this.reload();
  }

  /** Everything read here is on disk or in the running transaction, so every index is ready. */
  reload(): void {
    this.collections = new Map();
    for (const { key, value } of this.storage.range(CATALOG, CATALOG_END, {})) {
      if (key[4] !== 0x63) continue; // 'c'
      const entry = decode(value);
      const specs = (entry['indexes'] as Doc[]).map(toSpec);
      const collection = this.make(
        String(entry['db']),
        String(entry['name']),
        Number(entry['id']),
        specs.map((spec) => openIndex(spec, true)),
      );
      this.collections.set(collection.ns, collection);
    }
  }

  find(db: string, name: string): Collection | undefined {
    return this.collections.get(`${db}.${name}`);
  }

  all(db?: string): Collection[] {
    const list = [...this.collections.values()].filter((collection) => db === undefined || collection.db === db);
    return list.sort((a, b) => (a.ns < b.ns ? -1 : 1));
  }

  /** Inside a transaction. */
  create(db: string, name: string): Collection {
    checkName(db, name);
    const collection = this.make(db, name, this.nextId(), []);
    this.collections.set(collection.ns, collection);
    this.save(collection);
    return collection;
  }

  /** Inside a transaction. */
  findOrCreate(db: string, name: string): Collection {
    return this.find(db, name) ?? this.create(db, name);
  }

  /** Inside a transaction. Builds the index; `ready` is set by the caller after the commit. */
  addIndex(collection: Collection, spec: Omit<IndexSpec, 'id' | 'multikey'>): Index {
    const index = openIndex({ ...spec, id: this.nextId(), multikey: false }, false);
    collection.build(index);
    collection.indexes.push(index);
    this.save(collection);
    return index;
  }

  /** Inside a transaction. */
  dropIndex(collection: Collection, index: Index): void {
    collection.indexes.splice(collection.indexes.indexOf(index), 1);
    this.save(collection);
    this.clear(index.prefix, index.end);
  }

  /** Inside a transaction. */
  drop(collection: Collection): void {
    this.collections.delete(collection.ns);
    this.storage.remove(entryKey(collection.ns));
    this.clear(collection.prefix, collection.end);
    for (const index of collection.indexes) this.clear(index.prefix, index.end);
  }

  /** Inside a transaction. The documents stay where they are; only the name changes. */
  rename(collection: Collection, db: string, name: string): void {
    checkName(db, name);
    this.collections.delete(collection.ns);
    this.storage.remove(entryKey(collection.ns));
    const renamed = this.make(db, name, collection.id, collection.indexes);
    this.collections.set(renamed.ns, renamed);
    this.save(renamed);
  }

  save(collection: Collection): void {
    const indexes = collection.indexes.map((index): Doc => ({
      id: index.id,
      name: index.name,
      key: index.key,
      unique: index.unique,
      sparse: index.sparse,
      partialFilterExpression: index.partialFilterExpression,
      expireAfterSeconds: index.expireAfterSeconds,
      multikey: index.multikey,
    }));
    const { id, db, name } = collection;
    this.storage.put(entryKey(collection.ns), encode({ id, db, name, indexes }));
  }

  private make(db: string, name: string, id: number, indexes: Index[]): Collection {
    return new Collection(db, name, id, indexes, this.storage, (collection) => this.save(collection));
  }

  private nextId(): number {
    const stored = this.storage.get(NEXT_ID_KEY);
    const id = stored ? stored.readUInt32BE() : 1;
    const next = Buffer.allocUnsafe(4);
    next.writeUInt32BE(id + 1);
    this.storage.put(NEXT_ID_KEY, next);
    return id;
  }

  private clear(low: Buffer, high: Buffer): void {
    for (;;) {
      const keys = [...this.storage.range(low, high, { limit: 10_000 })].map(({ key }) => Buffer.from(key));
      if (keys.length === 0) return;
      for (const key of keys) this.storage.remove(key);
    }
  }
}

function toSpec(stored: Doc): IndexSpec {
  const seconds: Value = stored['expireAfterSeconds'];
  return {
    id: Number(stored['id']),
    name: String(stored['name']),
    key: stored['key'] as Doc,
    unique: stored['unique'] === true,
    sparse: stored['sparse'] === true,
    partialFilterExpression: (stored['partialFilterExpression'] as Doc | null) ?? null,
    expireAfterSeconds: isNumber(seconds) ? toDouble(seconds) : null,
    multikey: stored['multikey'] === true,
  };
}

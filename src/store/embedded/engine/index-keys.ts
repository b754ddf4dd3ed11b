import { inverted, keyOf } from '../bson/key.js';
import { T, isDoc, type Doc, type Value } from '../bson/value.js';
import { CommandError, notSupported } from '../errors.js';
import { parseFilter, type Filter } from '../query/filter.js';
import { arrayIndex, visitPath } from '../query/path.js';
import { field } from '../bson/value.js';
import { parseSort, type SortField } from '../query/sort.js';
import { MAX_KEY_BYTES } from './storage.js';

/** An index as stored in the catalog. */
export interface IndexSpec {
  id: number;
  name: string;
  key: Doc;
  unique: boolean;
  sparse: boolean;
  partialFilterExpression: Doc | null;
  expireAfterSeconds: number | null;
  /** Set for good when a document had an array under one of the fields. */
  multikey: boolean;
}

export interface Index extends IndexSpec {
  prefix: Buffer;
  end: Buffer;
  fields: SortField[];
  partial: Filter | null;
  /** False until the transaction that built it is on disk: readers outside that transaction do not see its entries. */
  ready: boolean;
}

export function openIndex(spec: IndexSpec, ready: boolean): Index {
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(spec.id);
  const end = Buffer.allocUnsafe(4);
  end.writeUInt32BE(spec.id + 1);
  const partial = spec.partialFilterExpression ? parseFilter(spec.partialFilterExpression) : null;
  return { ...spec, prefix, end, fields: [...parseSort(spec.key)], partial, ready };
}

const EMPTY_ARRAY_KEY = Buffer.from([T.emptyArray]);
const NULL_KEY = Buffer.from([T.null]);

/** The deepest prefix of a path that is an array, as text, or null when there is none on the way. */
function arrayOnPath(doc: Doc, parts: readonly string[]): string | null {
  let value: Value = doc;
  for (let at = 0; at <= parts.length; at++) {
    if (Array.isArray(value)) {
      const index = at < parts.length ? arrayIndex(parts[at]!) : -1;
      // A position that exists names one element: that is no fan-out unless sub-documents have such a field too.
      if (index < 0 || index >= value.length || value.some((e) => isDoc(e) && Object.hasOwn(e, parts[at]!))) {
        return parts.slice(0, at).join('.');
      }
      value = value[index];
      continue;
    }
    if (at === parts.length || !isDoc(value)) return null;
    value = field(value, parts[at]!);
  }
  return null;
}

function fieldKeys(
  doc: Doc,
  parts: readonly string[],
): { keys: Map<string, Buffer>; present: boolean; array: boolean } {
  const keys = new Map<string, Buffer>();
  let present = false;
  let array = false;
  const offer = (key: Buffer): void => {
    keys.set(key.toString('latin1'), key);
  };
  visitPath(
    doc,
    parts,
    0,
    (value) => {
      if (value !== undefined) present = true;
      if (!Array.isArray(value)) offer(keyOf(value));
      else {
        array = true;
        if (value.length === 0) offer(EMPTY_ARRAY_KEY);
        for (const element of value) offer(keyOf(element));
      }
      return false;
    },
    () => {
      array = true;
    },
  );
  if (keys.size === 0) offer(NULL_KEY);
  return { keys, present, array };
}

export interface DocumentKeys {
  keys: Buffer[];
  multikey: boolean;
}

const NOTHING: DocumentKeys = { keys: [], multikey: false };

/** The keys under which an index holds a document, each once. */
export function documentKeys(index: Index, doc: Doc): DocumentKeys {
  if (index.partial && !index.partial.matches(doc)) return NOTHING;
  let combined: Buffer[] = [];
  let multikey = false;
  let present = false;
  let arrayAt: string | null = null;
  let arrayFields = 0;
  for (const [i, by] of index.fields.entries()) {
    const found = fieldKeys(doc, by.parts);
    present ||= found.present;
    if (found.array) {
      multikey = true;
      const place = arrayOnPath(doc, by.parts);
      if (place !== null) {
        if (arrayAt !== null && arrayAt !== place) {
          throw new CommandError('CannotIndexParallelArrays', `cannot index parallel arrays [${by.path}] [${arrayAt}]`);
        }
        arrayAt = place;
        arrayFields++;
      }
    }
    const keys = [...found.keys.values()].map((key) => (by.direction === 1 ? key : inverted(key)));
    combined = i === 0 ? keys : combined.flatMap((head) => keys.map((key) => Buffer.concat([head, key])));
  }
  if (index.sparse && !present) return NOTHING;
  if (index.unique && arrayFields > 1) throw notSupported('a unique index over two fields of one array');
  return { keys: combined, multikey };
}

/** Refuses a key that LMDB cannot hold. Cutting or hashing it would give wrong orders in silence. */
export function checkKeyLength(bytes: number, what: string): void {
  if (bytes > MAX_KEY_BYTES) {
    throw notSupported(`keys over ${MAX_KEY_BYTES} bytes (${what} takes ${bytes})`);
  }
}

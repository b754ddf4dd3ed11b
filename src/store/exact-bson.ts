import { BSON, calculateObjectSize, deserialize, serialize, type Document } from 'bson';
import { AppError } from '../core/index.js';

/** A document is 16 MiB at most in both engines; what claims to be much larger is no document. */
const MAX_BYTES = 17 * 1024 * 1024;
/** An empty document: its length and the closing zero. */
const MIN_BYTES = 5;
const OBJECT = 3;
const ARRAY = 4;

/** Every value in the class of its BSON type, so that writing gives the bytes that were read. */
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

/** The length of the document that begins here, or null while it is not all there. */
export function documentBytes(buffer: Buffer): number | null {
  if (buffer.length < 4) return null;
  const size = buffer.readInt32LE(0);
  if (size < MIN_BYTES || size > MAX_BYTES) throw new TypeError(`a document cannot have ${size} bytes`);
  return buffer.length < size ? null : size;
}

/** The same document with `_id` in front, where MongoDB puts it on insertion. */
export function idFirst(raw: Buffer): Buffer {
  const elements = elementsOf(raw);
  const at = elements.findIndex((element) => element.name === '_id');
  if (at <= 0) return raw;
  const id = elements[at]!.bytes;
  const others = elements.filter((_, index) => index !== at).map((element) => element.bytes);
  return Buffer.concat([raw.subarray(0, 4), id, ...others, raw.subarray(raw.length - 1)]);
}

/**
 * A value that the driver writes as exactly these bytes. A JavaScript object does, except where names that look like
 * numbers stand behind others: an object puts these first, a Map does not.
 */
export function insertable(raw: Buffer): Document {
  const plain = deserialize(raw, EXACT);
  if (raw.equals(serialize(plain))) return plain;
  const ordered = inOrder(raw) as unknown as Document;
  if (calculateObjectSize(ordered) === raw.length && raw.equals(serialize(ordered))) return ordered;
  throw new AppError(
    'dump.unknown_type',
    `a document holds a value of a type that cannot be carried over: ${label(raw)}`,
    {
      say: `有一条数据含有搬不过去的类型：${label(raw)}。`,
    },
  );
}

function label(raw: Buffer): string {
  return JSON.stringify((deserialize(raw) as { _id?: unknown })._id ?? null);
}

interface Element {
  type: number;
  name: string;
  bytes: Buffer;
  value: Buffer;
}

function elementsOf(raw: Buffer): Element[] {
  return [...BSON.onDemand.parseToElements(raw)].map(([type, nameAt, nameLength, valueAt, valueLength]) => ({
    type,
    name: raw.toString('utf8', nameAt, nameAt + nameLength),
    bytes: raw.subarray(nameAt - 1, valueAt + valueLength),
    value: raw.subarray(valueAt, valueAt + valueLength),
  }));
}

function inOrder(raw: Buffer): Map<string, unknown> {
  return new Map(elementsOf(raw).map((element) => [element.name, valueOf(element)]));
}

function valueOf({ type, name, bytes, value }: Element): unknown {
  if (type === OBJECT) return inOrder(value);
  if (type === ARRAY) return [...inOrder(value).values()];
  const alone = Buffer.alloc(bytes.length + MIN_BYTES);
  alone.writeInt32LE(alone.length, 0);
  bytes.copy(alone, 4);
  return (deserialize(alone, EXACT) as Record<string, unknown>)[name];
}

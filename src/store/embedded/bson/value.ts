import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { notSupported } from '../errors.js';

/**
 * A decoded BSON value. Numbers keep their stored type: int32 is a JavaScript number with an integral value, int64 is a
 * bigint, a double is a number when it cannot be mistaken for an int32 and a `Double` otherwise. `undefined` is "missing".
 */
export type Value =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Double
  | ObjectId
  | Binary
  | Timestamp
  | BSONRegExp
  | BSONSymbol
  | Code
  | MinKey
  | MaxKey
  | Decimal128
  | Value[]
  | Doc;

export interface Doc {
  [field: string]: Value;
}

/** Classes of BSON's comparison order; the numbers are also the type bytes of index keys. */
export const T = {
  minKey: 0x01,
  /** Only in index keys and sort keys: the place of an empty array. */
  emptyArray: 0x03,
  null: 0x05,
  number: 0x0a,
  string: 0x10,
  object: 0x14,
  array: 0x19,
  binary: 0x1e,
  objectId: 0x23,
  boolean: 0x28,
  date: 0x2d,
  timestamp: 0x2f,
  regex: 0x32,
  code: 0x3c,
  maxKey: 0x7f,
} as const;

/** The class of a value in BSON's comparison order. Missing counts as null. */
export function typeClass(value: Value): number {
  switch (typeof value) {
    case 'string':
      return T.string;
    case 'number':
    case 'bigint':
      return T.number;
    case 'boolean':
      return T.boolean;
    case 'undefined':
      return T.null;
    case 'object':
      break;
    default:
      throw new TypeError(`not a BSON value: ${typeof value}`);
  }
  if (value === null) return T.null;
  if (Array.isArray(value)) return T.array;
  if (Object.getPrototypeOf(value) === Object.prototype) return T.object;
  if (value instanceof ObjectId) return T.objectId;
  if (value instanceof Date) return T.date;
  if (value instanceof Double) return T.number;
  if (value instanceof Binary) return T.binary;
  // Timestamp extends Long, so it is asked for by its own class.
  if (value instanceof Timestamp) return T.timestamp;
  if (value instanceof BSONRegExp) return T.regex;
  if (value instanceof BSONSymbol) return T.string;
  if (value instanceof Code) return T.code;
  if (value instanceof MinKey) return T.minKey;
  if (value instanceof MaxKey) return T.maxKey;
  // It is never stored, so it can only come with a command.
  if (value instanceof Decimal128) throw notSupported('Decimal128');
  throw new TypeError('not a BSON value');
}

/** True for an embedded document. Documents made by the decoder are plain objects; BSON classes have other prototypes. */
export function isDoc(value: Value): value is Doc {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

export function isNumber(value: Value): value is number | bigint | Double {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Double;
}

/** The numeric value as number or bigint. */
export function numeric(value: number | bigint | Double): number | bigint {
  return value instanceof Double ? value.value : value;
}

/** The numeric value as a double; int64 beyond 2^53 is rounded. */
export function toDouble(value: number | bigint | Double): number {
  return Number(numeric(value));
}

/** Reads an own field. Fields named like members of Object.prototype are data too. */
export function field(doc: Doc, name: string): Value {
  return Object.hasOwn(doc, name) ? doc[name] : undefined;
}

/** Sets an own field, also one named `__proto__`. */
export function setField(doc: Doc, name: string, value: Value): void {
  if (name === '__proto__') {
    Object.defineProperty(doc, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    doc[name] = value;
  }
}

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;

/** A double, boxed when a bare number would be read as an int32. */
export function double(value: number): number | Double {
  return Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX ? new Double(value) : value;
}

export function isInt32(value: Value): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX;
}

/** An integer as int32 when it fits, else as int64. */
export function integer(value: number | bigint): number | bigint {
  if (value >= INT32_MIN && value <= INT32_MAX) return Number(value);
  return BigInt(value);
}

/** The names that `$type` and messages use, with their BSON numbers. */
export const typeNames: Readonly<Record<string, number>> = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
};

/** The BSON type name of a value, as `$type` gives it. */
export function typeName(value: Value): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'number') return isInt32(value) ? 'int' : 'double';
  if (typeof value === 'bigint') return 'long';
  if (value instanceof Double) return 'double';
  if (value instanceof BSONSymbol) return 'symbol';
  if (value instanceof Decimal128) return 'decimal';
  if (value instanceof Code) return value.scope ? 'javascriptWithScope' : 'javascript';
  switch (typeClass(value)) {
    case T.string:
      return 'string';
    case T.object:
      return 'object';
    case T.array:
      return 'array';
    case T.binary:
      return 'binData';
    case T.objectId:
      return 'objectId';
    case T.boolean:
      return 'bool';
    case T.date:
      return 'date';
    case T.timestamp:
      return 'timestamp';
    case T.regex:
      return 'regex';
    case T.minKey:
      return 'minKey';
    default:
      return 'maxKey';
  }
}

/** A copy that shares nothing mutable with the original. Scalars are never changed in place. */
export function clone(value: Value): Value {
  if (Array.isArray(value)) return value.map(clone);
  if (isDoc(value)) {
    const copy: Doc = {};
    for (const name of Object.keys(value)) setField(copy, name, clone(value[name]));
    return copy;
  }
  return value;
}

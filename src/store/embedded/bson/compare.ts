import type { Binary, BSONRegExp, Code, Double, ObjectId, Timestamp } from 'bson';
import { T, isDoc, numeric, typeClass, type Doc, type Value } from './value.js';

/** By code point, which is also the order of UTF-8 bytes. JavaScript's `<` goes by UTF-16 and misplaces 𠮷 and emoji. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above every other unit.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

/** NaN is the lowest number and equal to itself; int64 and double are compared exactly. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a === b) return 0;
  const aNaN = Number.isNaN(a);
  const bNaN = Number.isNaN(b);
  if (aNaN || bNaN) return aNaN === bNaN ? 0 : aNaN ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** MongoDB's total order of all values. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  const type = typeClass(a);
  const other = typeClass(b);
  if (type !== other) return type < other ? -1 : 1;
  return compareWithin(type, a, b);
}

export function equal(a: Value, b: Value): boolean {
  return compare(a, b) === 0;
}

function compareWithin(type: number, a: Value, b: Value): number {
  switch (type) {
    case T.number:
      return compareNumbers(numeric(a as number | Double), numeric(b as number | Double));
    case T.string:
      return compareStrings(String(a), String(b));
    case T.object:
      return compareDocs(a as Doc, b as Doc);
    case T.array:
      return compareArrays(a as Value[], b as Value[]);
    case T.objectId:
      return Buffer.compare((a as ObjectId).id, (b as ObjectId).id);
    case T.date:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime());
    case T.boolean:
      return Number(a) - Number(b);
    case T.binary:
      return compareBinary(a as Binary, b as Binary);
    case T.timestamp: {
      const x = (a as Timestamp).toBigInt();
      const y = (b as Timestamp).toBigInt();
      return x < y ? -1 : x > y ? 1 : 0;
    }
    case T.regex: {
      const x = a as BSONRegExp;
      const y = b as BSONRegExp;
      return compareStrings(x.pattern, y.pattern) || compareStrings(x.options, y.options);
    }
    case T.code:
      return compareCode(a as Code, b as Code);
    default:
      return 0; // null, MinKey, MaxKey: one value each
  }
}

function compareBinary(a: Binary, b: Binary): number {
  const x = a.value();
  const y = b.value();
  return x.length - y.length || a.sub_type - b.sub_type || Buffer.compare(x, y);
}

function compareCode(a: Code, b: Code): number {
  return compareStrings(a.code, b.code) || compare(a.scope ?? null, b.scope ?? null);
}

/** Field by field as stored: type class, then name, then value. */
function compareDocs(a: Doc, b: Doc): number {
  const aNames = Object.keys(a);
  const bNames = Object.keys(b);
  const length = Math.min(aNames.length, bNames.length);
  for (let i = 0; i < length; i++) {
    const aName = aNames[i]!;
    const bName = bNames[i]!;
    const x = a[aName];
    const y = b[bName];
    const byType = typeClass(x) - typeClass(y);
    if (byType !== 0) return byType;
    const byName = compareStrings(aName, bName);
    if (byName !== 0) return byName;
    const byValue = compare(x, y);
    if (byValue !== 0) return byValue;
  }
  return aNames.length - bNames.length;
}

function compareArrays(a: Value[], b: Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const byElement = compare(a[i], b[i]);
    if (byElement !== 0) return byElement;
  }
  return a.length - b.length;
}

/** True when a value is a sub-document whose first field is an operator, as in `{ age: { $gt: 5 } }`. */
export function isOperatorDoc(value: Value): value is Doc {
  if (!isDoc(value)) return false;
  for (const name in value) return name.startsWith('$');
  return false;
}

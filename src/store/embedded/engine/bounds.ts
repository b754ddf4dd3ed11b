import { BSONRegExp } from 'bson';
import { keyOf } from '../bson/key.js';
import { T, isNumber, toDouble, typeClass, type Value } from '../bson/value.js';
import type { Predicate } from '../query/predicates.js';
import { literalPrefix } from '../query/regex.js';

// What the conditions on one field say about the keys of an index on it.

/** True for operands whose key is in the index exactly when a document's value equals them. */
function indexable(value: Value, sparse: boolean): boolean {
  if (Array.isArray(value) || value instanceof BSONRegExp) return false;
  return !(sparse && (value === null || value === undefined));
}

export function pointsOf(predicates: readonly Predicate[], sparse: boolean): Buffer[] | null {
  for (const predicate of predicates) {
    if (predicate.op === 'eq' && indexable(predicate.value, sparse)) return [keyOf(predicate.value)];
  }
  for (const predicate of predicates) {
    if (predicate.op !== 'in' || predicate.regexes.length > 0) continue;
    if (!predicate.values.every((value) => indexable(value, sparse))) continue;
    const keys = new Map(predicate.values.map((value) => [keyOf(value).toString('latin1'), keyOf(value)]));
    return [...keys.values()];
  }
  return null;
}

export interface Bounds {
  low: Buffer;
  lowInclusive: boolean;
  high: Buffer;
  highInclusive: boolean;
  sides: number;
  /** One more key outside the bounds. */
  point?: Buffer;
}

function wholeType(type: number): Bounds {
  return { low: Buffer.from([type]), lowInclusive: true, high: Buffer.from([type]), highInclusive: true, sides: 0 };
}

/**
 * The bounds of one field. Under an array two conditions may be met by different elements, so there only one of them can
 * bound the scan; the other one filters.
 */
export function boundsOf(predicates: readonly Predicate[], multikey: boolean): Bounds | null {
  let bounds: (Bounds & { type: number }) | null = null;
  for (const predicate of predicates) {
    if (predicate.op === 'regex') {
      const prefix = literalPrefix(predicate.regex);
      if (prefix === null || bounds) continue;
      const key = keyOf(prefix).subarray(0, -1); // without the closing 00, so that longer strings are inside
      // A stored expression that equals the asked one matches as well and lies elsewhere in the index.
      bounds = { ...wholeType(T.string), low: key, high: key, sides: 2, type: T.string, point: keyOf(predicate.regex) };
      continue;
    }
    if (predicate.op !== 'gt' && predicate.op !== 'gte' && predicate.op !== 'lt' && predicate.op !== 'lte') continue;
    const { op, value } = predicate;
    const type = typeClass(value);
    if (!rangeable(type, value)) continue;
    if (bounds && (multikey || bounds.type !== type)) continue;
    bounds ??= { ...wholeType(type), type };
    const key = keyOf(value);
    if (op === 'gt' || op === 'gte') {
      const order = bounds.low.length === 1 ? 1 : Buffer.compare(key, bounds.low);
      if (order > 0 || (order === 0 && op === 'gt')) {
        if (bounds.low.length === 1) bounds.sides++;
        bounds.low = key;
        bounds.lowInclusive = op === 'gte';
      }
    } else {
      const order = bounds.high.length === 1 ? -1 : Buffer.compare(key, bounds.high);
      if (order < 0 || (order === 0 && op === 'lt')) {
        if (bounds.high.length === 1) bounds.sides++;
        bounds.high = key;
        bounds.highInclusive = op === 'lte';
      }
    }
  }
  return bounds;
}

function rangeable(type: number, value: Value): boolean {
  if (type === T.null || type === T.minKey || type === T.maxKey || type === T.array || type === T.regex) return false;
  return !(isNumber(value) && Number.isNaN(toDouble(value)));
}

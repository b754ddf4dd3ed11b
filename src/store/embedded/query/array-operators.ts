import { field, isDoc, setField, typeName, type Doc, type Value } from '../bson/value.js';
import { compare } from '../bson/compare.js';
import { CommandError } from '../errors.js';
import { type SimpleOperator, MANY, isNone, isTrue, list, whole } from './operator.js';

function elementAt([array, index]: Value[]): Value {
  if (isNone(array) || isNone(index)) return null;
  const items = list('$arrayElemAt', array);
  const at = whole('$arrayElemAt', index);
  return items[at < 0 ? items.length + at : at];
}

function slice([array, first, second]: Value[]): Value {
  if (isNone(array) || first === null) return null;
  const items = list('$slice', array);
  const n = whole('$slice', first);
  if (second === undefined) return n >= 0 ? items.slice(0, n) : items.slice(n);
  const start = n < 0 ? Math.max(items.length + n, 0) : n;
  return items.slice(start, start + whole('$slice', second));
}

/** A set in MongoDB's sense: equal values once, in BSON order. */
function distinctValues(values: readonly Value[]): Value[] {
  const sorted = [...values].sort(compare);
  return sorted.filter((value, i) => i === 0 || compare(sorted[i - 1], value) !== 0);
}

const has = (values: readonly Value[], value: Value): boolean => values.some((other) => compare(other, value) === 0);

function objectToArray([value]: Value[]): Value {
  if (isNone(value)) return null;
  if (!isDoc(value))
    throw CommandError.location(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
  return Object.keys(value).map((k) => ({ k, v: value[k] }));
}

function arrayToObject([value]: Value[]): Value {
  if (isNone(value)) return null;
  const doc: Doc = {};
  for (const entry of list('$arrayToObject', value)) {
    const pair = Array.isArray(entry) ? entry : isDoc(entry) ? [field(entry, 'k'), field(entry, 'v')] : [];
    if (pair.length !== 2 || typeof pair[0] !== 'string') {
      throw CommandError.location(40398, '$arrayToObject needs pairs of a string and a value');
    }
    setField(doc, pair[0], pair[1]);
  }
  return doc;
}

function mergeObjects(args: Value[]): Value {
  const merged: Doc = {};
  for (const arg of args.flat()) {
    if (isNone(arg)) continue;
    if (!isDoc(arg)) throw CommandError.location(40400, `$mergeObjects requires object inputs, not ${typeName(arg)}`);
    for (const name of Object.keys(arg)) setField(merged, name, arg[name]);
  }
  return merged;
}

function range([from, to, by]: Value[]): Value {
  const start = whole('$range', from);
  const end = whole('$range', to);
  const step = by === undefined ? 1 : whole('$range', by);
  if (step === 0) throw CommandError.location(34449, '$range requires a non-zero step value');
  const values: Value[] = [];
  for (let n = start; step > 0 ? n < end : n > end; n += step) values.push(n);
  return values;
}

export const arrayOperators: Record<string, SimpleOperator> = {
  $size: { min: 1, max: 1, run: ([value]) => list('$size', value).length },
  $arrayElemAt: { min: 2, max: 2, run: elementAt },
  $first: { min: 1, max: 1, run: ([value]) => elementAt([value, 0]) },
  $last: { min: 1, max: 1, run: ([value]) => elementAt([value, -1]) },
  $concatArrays: {
    min: 0,
    max: MANY,
    run: (args) => (args.some(isNone) ? null : args.flatMap((arg) => list('$concatArrays', arg))),
  },
  $slice: { min: 2, max: 3, run: slice },
  $in: { min: 2, max: 2, run: ([value, array]) => has(list('$in', array), value) },
  $indexOfArray: {
    min: 2,
    max: 2,
    run: ([array, value]) =>
      isNone(array) ? null : list('$indexOfArray', array).findIndex((item) => compare(item, value) === 0),
  },
  $isArray: { min: 1, max: 1, run: ([value]) => Array.isArray(value) },
  $reverseArray: {
    min: 1,
    max: 1,
    run: ([value]) => (isNone(value) ? null : [...list('$reverseArray', value)].reverse()),
  },
  $range: { min: 2, max: 3, run: range },
  $objectToArray: { min: 1, max: 1, run: objectToArray },
  $arrayToObject: { min: 1, max: 1, run: arrayToObject },
  $mergeObjects: { min: 0, max: MANY, run: mergeObjects },
  $setUnion: {
    min: 0,
    max: MANY,
    run: (args) => (args.some(isNone) ? null : distinctValues(args.flatMap((arg) => list('$setUnion', arg)))),
  },
  $setIntersection: {
    min: 0,
    max: MANY,
    run: (args) => {
      if (args.some(isNone)) return null;
      const [first, ...others] = args.map((arg) => list('$setIntersection', arg));
      return distinctValues((first ?? []).filter((value) => others.every((other) => has(other, value))));
    },
  },
  $setDifference: {
    min: 2,
    max: 2,
    run: ([a, b]) => {
      if (isNone(a) || isNone(b)) return null;
      const without = list('$setDifference', b);
      const kept: Value[] = [];
      for (const value of list('$setDifference', a)) if (!has(without, value) && !has(kept, value)) kept.push(value);
      return kept;
    },
  },
  $setIsSubset: {
    min: 2,
    max: 2,
    run: ([a, b]) => list('$setIsSubset', a).every((value) => has(list('$setIsSubset', b), value)),
  },
  $setEquals: {
    min: 2,
    max: MANY,
    run: (args) => {
      const sets = args.map((arg) => distinctValues(list('$setEquals', arg)));
      return sets.every((set) => compare(set, sets[0]) === 0);
    },
  },
  $allElementsTrue: { min: 1, max: 1, run: ([value]) => list('$allElementsTrue', value).every(isTrue) },
  $anyElementTrue: { min: 1, max: 1, run: ([value]) => list('$anyElementTrue', value).some(isTrue) },
};

import { ObjectId } from 'bson';
import { compare, compareStrings } from '../bson/compare.js';
import { add, multiply, subtract, type NumberValue } from '../bson/numbers.js';
import {
  double,
  field,
  integer,
  isDoc,
  isInt32,
  isNumber,
  numeric,
  setField,
  toDouble,
  typeName,
  type Doc,
  type Value,
} from '../bson/value.js';
import { CommandError } from '../errors.js';
import { dateOperators } from './date-operators.js';

/** An expression operator that needs only the values of its arguments. */
export interface SimpleOperator {
  min: number;
  max: number;
  run: (args: Value[]) => Value;
}

const MANY = 10_000;

const isNone = (value: Value): value is null | undefined => value === null || value === undefined;
const isTrue = (value: Value): boolean =>
  !isNone(value) && value !== false && !(isNumber(value) && toDouble(value) === 0);

function numbersOnly(name: string, run: (...args: NumberValue[]) => Value): (args: Value[]) => Value {
  return (args) => {
    if (args.some(isNone)) return null;
    for (const arg of args) {
      if (!isNumber(arg)) {
        throw new CommandError('TypeMismatch', `${name} only supports numeric types, not ${typeName(arg)}`);
      }
    }
    return run(...(args as NumberValue[]));
  };
}

function mathOf(name: string, run: (value: number) => number): SimpleOperator {
  return { min: 1, max: 1, run: numbersOnly(name, (value) => double(run(toDouble(value)))) };
}

/** Rounding keeps the type: an integer is already round. */
function rounding(name: string, run: (value: number) => number): SimpleOperator {
  return {
    min: 1,
    max: 1,
    run: numbersOnly(name, (value) =>
      isInt32(value) || typeof value === 'bigint' ? value : double(run(toDouble(value))),
    ),
  };
}

/** Half goes to the even neighbour, as in MongoDB. */
function roundHalfEven(value: number, places: number): number {
  if (!Number.isFinite(value)) return value;
  if (places !== 0) {
    const text = Number(`${Math.abs(value)}e${places}`);
    if (!Number.isFinite(text)) return value;
    return Math.sign(value) * Number(`${roundHalfEven(text, 0)}e${-places}`);
  }
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function placed(name: string, run: (value: number, places: number) => number): SimpleOperator {
  return {
    min: 1,
    max: 2,
    run: numbersOnly(name, (value, places = 0) => {
      const digits = toDouble(places);
      if (digits >= 0 && (isInt32(value) || typeof value === 'bigint')) return value;
      const result = run(toDouble(value), digits);
      return isInt32(value) || typeof value === 'bigint' ? integer(result) : double(result);
    }),
  };
}

function truncateAt(value: number, places: number): number {
  if (!Number.isFinite(value)) return value;
  return Math.sign(value) * Number(`${Math.floor(Number(`${Math.abs(value)}e${places}`))}e${-places}`);
}

function sumOrDate(args: Value[]): Value {
  if (args.some(isNone)) return null;
  let date: Date | null = null;
  let sum: NumberValue = 0;
  for (const arg of args) {
    if (arg instanceof Date) {
      if (date) throw CommandError.location(16612, 'only one date allowed in an $add expression');
      date = arg;
    } else if (isNumber(arg)) {
      sum = add(sum, arg);
    } else {
      throw new CommandError('TypeMismatch', `$add only supports numeric or date types, not ${typeName(arg)}`);
    }
  }
  return date ? new Date(date.getTime() + Math.trunc(toDouble(sum))) : sum;
}

function minus([a, b]: Value[]): Value {
  if (isNone(a) || isNone(b)) return null;
  if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
  if (a instanceof Date && isNumber(b)) return new Date(a.getTime() - Math.trunc(toDouble(b)));
  if (isNumber(a) && isNumber(b)) return subtract(a, b);
  throw new CommandError('TypeMismatch', `can't $subtract ${typeName(b)} from ${typeName(a)}`);
}

function remainder(a: NumberValue, b: NumberValue): Value {
  if (toDouble(b) === 0) throw CommandError.location(16610, "can't $mod by zero");
  const x = numeric(a);
  const y = numeric(b);
  if ((isInt32(a) || typeof a === 'bigint') && (isInt32(b) || typeof b === 'bigint')) {
    const result = BigInt(x) % BigInt(y);
    return isInt32(a) && isInt32(b) ? Number(result) : result;
  }
  return double(Number(x) % Number(y));
}

function comparison(test: (order: number) => boolean): SimpleOperator {
  return { min: 2, max: 2, run: ([a, b]) => test(compareInExpression(a, b)) };
}

/** In expressions a missing value is lower than null; in queries both are the same. */
function compareInExpression(a: Value, b: Value): number {
  if (a === undefined || b === undefined) {
    if (a === b) return 0;
    const known = a === undefined ? b : a;
    const sign = a === undefined ? -1 : 1;
    return typeName(known) === 'minKey' ? -sign : sign;
  }
  return compare(a, b);
}

function text(name: string, value: Value): string {
  if (isNone(value)) return '';
  if (typeof value === 'string') return value;
  if (isNumber(value)) return String(numeric(value));
  if (value instanceof Date) return value.toISOString();
  throw CommandError.location(16007, `can't convert from BSON type ${typeName(value)} to String in ${name}`);
}

function strictText(name: string, value: Value): string {
  if (typeof value === 'string') return value;
  throw CommandError.location(34471, `${name} requires a string argument, found: ${typeName(value)}`);
}

/** Only ASCII letters change, as in MongoDB. */
const lower = (value: string): string => value.replace(/[A-Z]+/g, (part) => part.toLowerCase());
const upper = (value: string): string => value.replace(/[a-z]+/g, (part) => part.toUpperCase());

function list(name: string, value: Value): Value[] {
  if (Array.isArray(value)) return value;
  throw CommandError.location(17124, `The argument to ${name} must be an array, but was of type: ${typeName(value)}`);
}

function whole(name: string, value: Value): number {
  if (isNumber(value) && Number.isInteger(toDouble(value))) return toDouble(value);
  throw CommandError.location(28690, `${name} needs a whole number, not ${typeName(value)}`);
}

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

function toText([value]: Value[]): Value {
  if (isNone(value)) return null;
  if (value instanceof ObjectId) return value.toHexString();
  if (typeof value === 'boolean') return String(value);
  return text('$toString', value);
}

function convertFailed(value: Value, to: string): Error {
  return new CommandError('ConversionFailure', `Failed to convert ${typeName(value)} to ${to} in $convert`, {}, 241);
}

function toWhole(to: 'int' | 'long'): (args: Value[]) => Value {
  const [low, high] = to === 'int' ? [-(2n ** 31n), 2n ** 31n - 1n] : [-(2n ** 63n), 2n ** 63n - 1n];
  return ([value]) => {
    if (isNone(value)) return null;
    let number: bigint;
    if (typeof value === 'boolean') number = value ? 1n : 0n;
    else if (isNumber(value) && Number.isFinite(toDouble(value))) {
      const raw = numeric(value);
      number = typeof raw === 'bigint' ? raw : BigInt(Math.trunc(raw));
    } else if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) number = BigInt(value);
    else if (value instanceof Date && to === 'long') number = BigInt(value.getTime());
    else throw convertFailed(value, to);
    if (number < low || number > high) throw convertFailed(value, to);
    return to === 'int' ? Number(number) : number;
  };
}

function toFloat([value]: Value[]): Value {
  if (isNone(value)) return null;
  if (typeof value === 'boolean') return double(value ? 1 : 0);
  if (isNumber(value)) return double(toDouble(value));
  if (value instanceof Date) return double(value.getTime());
  if (typeof value === 'string' && value.trim() === value && value !== '' && !Number.isNaN(Number(value))) {
    return double(Number(value));
  }
  throw convertFailed(value, 'double');
}

function toDate([value]: Value[]): Value {
  if (isNone(value) || value instanceof Date) return value ?? null;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (isNumber(value) && !isInt32(value)) return new Date(Math.trunc(toDouble(value)));
  if (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(value)
  ) {
    const date = new Date(/T.*(Z|[+-]\d\d:?\d\d)$/.test(value) || !value.includes('T') ? value : `${value}Z`);
    if (!Number.isNaN(date.getTime())) return date;
  }
  throw convertFailed(value, 'date');
}

function toId([value]: Value[]): Value {
  if (isNone(value) || value instanceof ObjectId) return value ?? null;
  if (typeof value === 'string' && /^[0-9a-fA-F]{24}$/.test(value)) return new ObjectId(value);
  throw convertFailed(value, 'objectId');
}

function extreme(sign: 1 | -1): (args: Value[]) => Value {
  return (args) => {
    const values = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
    let best: Value = null;
    for (const value of values) {
      if (!isNone(value) && (best === null || compare(value, best) * sign > 0)) best = value;
    }
    return best;
  };
}

function sumOf(args: Value[]): Value {
  const values = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
  return values.reduce<NumberValue>((sum, value) => (isNumber(value) ? add(sum, value) : sum), 0);
}

function averageOf(args: Value[]): Value {
  const values = (args.length === 1 && Array.isArray(args[0]) ? args[0] : args).filter(isNumber).map(toDouble);
  return values.length === 0 ? null : double(values.reduce((sum, value) => sum + value, 0) / values.length);
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

const stringOperators: Record<string, SimpleOperator> = {
  $concat: {
    min: 0,
    max: MANY,
    run: (args) => {
      if (args.some(isNone)) return null;
      return args
        .map((arg) => {
          if (typeof arg !== 'string')
            throw CommandError.location(16702, `$concat only supports strings, not ${typeName(arg)}`);
          return arg;
        })
        .join('');
    },
  },
  $toLower: { min: 1, max: 1, run: ([value]) => lower(text('$toLower', value)) },
  $toUpper: { min: 1, max: 1, run: ([value]) => upper(text('$toUpper', value)) },
  $strLenCP: { min: 1, max: 1, run: ([value]) => [...strictText('$strLenCP', value)].length },
  $strLenBytes: { min: 1, max: 1, run: ([value]) => Buffer.byteLength(strictText('$strLenBytes', value)) },
  $substrCP: {
    min: 3,
    max: 3,
    run: ([value, start, length]) => {
      const from = whole('$substrCP', start);
      return [...text('$substrCP', value)].slice(from, from + whole('$substrCP', length)).join('');
    },
  },
  $split: {
    min: 2,
    max: 2,
    run: ([value, by]) => {
      if (isNone(value) || isNone(by)) return null;
      const separator = strictText('$split', by);
      if (separator === '') throw CommandError.location(40087, '$split requires a non-empty separator');
      return strictText('$split', value).split(separator);
    },
  },
  $indexOfCP: {
    min: 2,
    max: 2,
    run: ([value, part]) => {
      if (isNone(value)) return null;
      const before = strictText('$indexOfCP', value);
      const at = before.indexOf(strictText('$indexOfCP', part));
      return at < 0 ? -1 : [...before.slice(0, at)].length;
    },
  },
  $strcasecmp: {
    min: 2,
    max: 2,
    run: ([a, b]) => compareStrings(upper(text('$strcasecmp', a)), upper(text('$strcasecmp', b))),
  },
};

const arrayOperators: Record<string, SimpleOperator> = {
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

/** Every operator whose arguments are evaluated before it. The support table is made from these names. */
export const simpleOperators: Readonly<Record<string, SimpleOperator>> = {
  $add: { min: 0, max: MANY, run: sumOrDate },
  $subtract: { min: 2, max: 2, run: minus },
  $multiply: {
    min: 0,
    max: MANY,
    run: numbersOnly('$multiply', (...args) =>
      args.reduce((product, value) => multiply(product, value), 1 as NumberValue),
    ),
  },
  $divide: {
    min: 2,
    max: 2,
    run: numbersOnly('$divide', (a, b) => {
      if (toDouble(b) === 0) throw CommandError.location(16608, "can't $divide by zero");
      return double(toDouble(a) / toDouble(b));
    }),
  },
  $mod: { min: 2, max: 2, run: numbersOnly('$mod', (a, b) => remainder(a, b)) },
  $abs: { min: 1, max: 1, run: numbersOnly('$abs', (value) => (toDouble(value) < 0 ? subtract(0, value) : value)) },
  $ceil: rounding('$ceil', Math.ceil),
  $floor: rounding('$floor', Math.floor),
  $round: placed('$round', roundHalfEven),
  $trunc: placed('$trunc', truncateAt),
  $sqrt: mathOf('$sqrt', Math.sqrt),
  $exp: mathOf('$exp', Math.exp),
  $ln: mathOf('$ln', Math.log),
  $log10: mathOf('$log10', Math.log10),
  $pow: { min: 2, max: 2, run: numbersOnly('$pow', (a, b) => power(a, b)) },
  $cmp: { min: 2, max: 2, run: ([a, b]) => Math.sign(compareInExpression(a, b)) },
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $not: { min: 1, max: 1, run: ([value]) => !isTrue(value) },
  $max: { min: 1, max: MANY, run: extreme(1) },
  $min: { min: 1, max: MANY, run: extreme(-1) },
  $sum: { min: 1, max: MANY, run: sumOf },
  $avg: { min: 1, max: MANY, run: averageOf },
  $type: { min: 1, max: 1, run: ([value]) => typeName(value) },
  $isNumber: { min: 1, max: 1, run: ([value]) => isNumber(value) },
  $toString: { min: 1, max: 1, run: toText },
  $toInt: { min: 1, max: 1, run: toWhole('int') },
  $toLong: { min: 1, max: 1, run: toWhole('long') },
  $toDouble: { min: 1, max: 1, run: toFloat },
  $toBool: { min: 1, max: 1, run: ([value]) => (isNone(value) ? null : isTrue(value)) },
  $toDate: { min: 1, max: 1, run: toDate },
  $toObjectId: { min: 1, max: 1, run: toId },
  ...stringOperators,
  ...arrayOperators,
  ...dateOperators,
};

function power(a: NumberValue, b: NumberValue): Value {
  const result = toDouble(a) ** toDouble(b);
  const integers = (isInt32(a) || typeof a === 'bigint') && (isInt32(b) || typeof b === 'bigint');
  return integers && Number.isSafeInteger(result) ? integer(result) : double(result);
}

import { ObjectId } from 'bson';
import { double, isInt32, isNumber, numeric, toDouble, typeName, type Value } from '../bson/value.js';
import { compareStrings } from '../bson/compare.js';
import { CommandError } from '../errors.js';
import { type SimpleOperator, MANY, isNone, whole } from './operator.js';

export function text(name: string, value: Value): string {
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
export const lower = (value: string): string => value.replace(/[A-Z]+/g, (part) => part.toLowerCase());

const upper = (value: string): string => value.replace(/[a-z]+/g, (part) => part.toUpperCase());

export function toText([value]: Value[]): Value {
  if (isNone(value)) return null;
  if (value instanceof ObjectId) return value.toHexString();
  if (typeof value === 'boolean') return String(value);
  return text('$toString', value);
}

function convertFailed(value: Value, to: string): Error {
  return new CommandError('ConversionFailure', `Failed to convert ${typeName(value)} to ${to} in $convert`, {}, 241);
}

export function toWhole(to: 'int' | 'long'): (args: Value[]) => Value {
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

export function toFloat([value]: Value[]): Value {
  if (isNone(value)) return null;
  if (typeof value === 'boolean') return double(value ? 1 : 0);
  if (isNumber(value)) return double(toDouble(value));
  if (value instanceof Date) return double(value.getTime());
  if (typeof value === 'string' && value.trim() === value && value !== '' && !Number.isNaN(Number(value))) {
    return double(Number(value));
  }
  throw convertFailed(value, 'double');
}

export function toDate([value]: Value[]): Value {
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

export function toId([value]: Value[]): Value {
  if (isNone(value) || value instanceof ObjectId) return value ?? null;
  if (typeof value === 'string' && /^[0-9a-fA-F]{24}$/.test(value)) return new ObjectId(value);
  throw convertFailed(value, 'objectId');
}

export const stringOperators: Record<string, SimpleOperator> = {
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

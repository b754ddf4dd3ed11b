import { BSONRegExp } from 'bson';
import { isNumber, numeric, toDouble, typeName, typeClass, typeNames, T, type Value } from '../bson/value.js';
import { compare, isOperatorDoc } from '../bson/compare.js';
import { badValue, failedToParse, notSupported } from '../errors.js';
import { toRegExp } from './regex.js';

/** What a value at the end of a path must satisfy. `test` sees one candidate, never "any element". */
export type Predicate =
  | { op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; value: Value; test: (value: Value) => boolean }
  | { op: 'in'; values: Value[]; regexes: BSONRegExp[]; test: (value: Value) => boolean }
  | { op: 'regex'; regex: BSONRegExp; test: (value: Value) => boolean }
  /** `whole` tests look at the value as it is and do not go into arrays. */
  | { op: 'whole' | 'other'; name: string; test: (value: Value) => boolean };

export function equality(value: Value): Predicate {
  return { op: 'eq', value, test: (candidate) => compare(candidate, value) === 0 };
}

/** `{ $eq: /x/ }` asks for the stored expression itself. */
export function storedRegex(value: BSONRegExp): Predicate {
  return { op: 'other', name: '$eq', test: (candidate) => compare(candidate, value) === 0 };
}

export function ordering(name: '$gt' | '$gte' | '$lt' | '$lte', value: Value): Predicate {
  const op = name.slice(1) as 'gt' | 'gte' | 'lt' | 'lte';
  const type = typeClass(value);
  const accepts = (order: number): boolean =>
    op === 'gt' ? order > 0 : op === 'gte' ? order >= 0 : op === 'lt' ? order < 0 : order <= 0;
  // MinKey and MaxKey are compared with every type, all else within its own.
  if (type === T.minKey || type === T.maxKey) {
    return { op, value, test: (candidate) => accepts(compare(candidate, value)) };
  }
  if (type === T.number && Number.isNaN(toDouble(value as number))) {
    const orEqual = op === 'gte' || op === 'lte';
    return { op, value, test: (candidate) => orEqual && isNaNValue(candidate) };
  }
  return {
    op,
    value,
    test: (candidate) => typeClass(candidate) === type && !isNaNValue(candidate) && accepts(compare(candidate, value)),
  };
}

function isNaNValue(value: Value): boolean {
  return isNumber(value) && Number.isNaN(numeric(value));
}

export function membership(name: string, operand: Value): Predicate {
  if (!Array.isArray(operand)) throw badValue(`${name} needs an array`);
  const values: Value[] = [];
  const regexes: BSONRegExp[] = [];
  for (const element of operand) {
    if (element instanceof BSONRegExp) regexes.push(element);
    else if (isOperatorDoc(element)) throw badValue(`cannot nest $ under ${name}`);
    else values.push(element);
  }
  const patterns = regexes.map(toRegExp);
  const strings = new Set(values.filter((value): value is string => typeof value === 'string'));
  const others = values.filter((value) => typeof value !== 'string').sort(compare);
  return {
    op: 'in',
    values,
    regexes,
    test: (candidate) => {
      if (typeof candidate === 'string') {
        return strings.has(candidate) || patterns.some((pattern) => pattern.test(candidate));
      }
      if (others.length > 0 && contains(others, candidate)) return true;
      return candidate instanceof BSONRegExp && regexes.some((regex) => compare(regex, candidate) === 0);
    },
  };
}

export function contains(sorted: readonly Value[], value: Value): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(sorted[middle], value);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

export function regexOf(operand: Value, options: Value): BSONRegExp {
  if (options !== undefined && typeof options !== 'string') throw badValue('$options has to be a string');
  if (operand instanceof BSONRegExp) return new BSONRegExp(operand.pattern, options ?? operand.options);
  if (typeof operand === 'string') return new BSONRegExp(operand, options ?? '');
  throw badValue('$regex has to be a string');
}

export function regexPredicate(regex: BSONRegExp): Predicate {
  const pattern = toRegExp(regex);
  return {
    op: 'regex',
    regex,
    test: (value) =>
      typeof value === 'string' ? pattern.test(value) : value instanceof BSONRegExp && compare(value, regex) === 0,
  };
}

export function typeTest(operand: Value): (value: Value) => boolean {
  const wanted = new Set<number>();
  const list = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw failedToParse('$type must match at least one type');
  for (const type of list) {
    if (typeof type === 'string') {
      const code = typeNames[type];
      if (type === 'number') [1, 16, 18, 19].forEach((number) => wanted.add(number));
      else if (code === undefined) throw badValue(`Unknown type name alias: ${type}`);
      else wanted.add(code);
    } else if (isNumber(type)) {
      const code = toDouble(type);
      if (!Object.values(typeNames).includes(code)) throw badValue(`Invalid numerical type code: ${code}`);
      wanted.add(code);
    } else {
      throw typeMismatchOfType();
    }
  }
  return (value) => value !== undefined && wanted.has(typeNames[typeName(value)]!);
}

function typeMismatchOfType(): Error {
  return badValue('type must be represented as a number or a string');
}

export function modTest(operand: Value): (value: Value) => boolean {
  if (!Array.isArray(operand) || operand.length !== 2 || !operand.every(isNumber)) {
    throw badValue('malformed mod, needs to be an array of two numbers');
  }
  const [divisor, remainder] = (operand as number[]).map((n) => Math.trunc(toDouble(n))) as [number, number];
  if (divisor === 0) throw badValue('divisor cannot be 0');
  return (value) => {
    if (!isNumber(value)) return false;
    const number = numeric(value);
    if (typeof number === 'bigint') return number % BigInt(divisor) === BigInt(remainder);
    return Number.isFinite(number) && Math.trunc(number) % divisor === remainder;
  };
}

export function bitTest(name: string, operand: Value): (value: Value) => boolean {
  let mask = 0n;
  if (Array.isArray(operand)) {
    for (const bit of operand) {
      if (!isNumber(bit) || !Number.isInteger(toDouble(bit)) || toDouble(bit) < 0) {
        throw badValue('bit positions must be non-negative integers');
      }
      mask |= 1n << BigInt(toDouble(bit));
    }
  } else if (isNumber(operand) && Number.isInteger(toDouble(operand)) && toDouble(operand) >= 0) {
    mask = BigInt(numeric(operand));
  } else {
    throw notSupported(`${name} with this operand (an integer or an array of positions is)`);
  }
  return (value) => {
    if (!isNumber(value)) return false;
    const number = numeric(value);
    if (typeof number === 'number' && !Number.isSafeInteger(number)) return false;
    const set = BigInt(number) & mask;
    switch (name) {
      case '$bitsAllSet':
        return set === mask;
      case '$bitsAnySet':
        return set !== 0n;
      case '$bitsAllClear':
        return set === 0n;
      default:
        return set !== mask;
    }
  };
}

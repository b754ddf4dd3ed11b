import { Timestamp } from 'bson';
import {
  integer,
  isDoc,
  isInt32,
  isNumber,
  numeric,
  toDouble,
  typeName,
  clone,
  type Doc,
  type Value,
} from '../bson/value.js';
import { compare, equal, isOperatorDoc } from '../bson/compare.js';
import { add, exact, multiply } from '../bson/numbers.js';
import { badValue, typeMismatch } from '../errors.js';
import { elementCondition, parseFilter } from './filter.js';
import { parseSort, sortComparator } from './sort.js';

/** Changes the value at the end of a path; `undefined` in means missing, `undefined` out removes it. */
export type Change = (value: Value, path: string) => Value;

export const pushModifiers = ['$each', '$position', '$slice', '$sort'] as const;

export function arithmetic(name: '$inc' | '$mul', path: string, operand: Value): Change {
  if (!isNumber(operand))
    throw typeMismatch(
      `Cannot ${name === '$inc' ? 'increment' : 'multiply'} with non-numeric argument: {${path}: ${typeName(operand)}}`,
    );
  return (value) => {
    if (value === undefined) return name === '$inc' ? operand : multiply(operand, 0);
    if (!isNumber(value)) {
      throw typeMismatch(
        `Cannot apply ${name} to a value of non-numeric type. {field '${path}' is of type ${typeName(value)}}`,
      );
    }
    const result = name === '$inc' ? add(value, operand) : multiply(value, operand);
    if (!exact(value, operand, result))
      throw badValue(`Failed to apply ${name} operations to current value: int64 overflow at '${path}'`);
    return result;
  };
}

export function currentDate(path: string, operand: Value, now: () => Date): Change {
  const type = operand === true || operand === false ? 'date' : isDoc(operand) ? operand['$type'] : undefined;
  if (type === 'date') return () => now();
  if (type === 'timestamp') return () => new Timestamp({ t: Math.floor(now().getTime() / 1000), i: 1 });
  throw badValue(`$currentDate of '${path}' takes true, {$type: 'date'} or {$type: 'timestamp'}`);
}

export function arrayAt(name: string, value: Value, path: string): Value[] {
  if (Array.isArray(value)) return value;
  throw badValue(`The field '${path}' must be an array but is of type ${typeName(value)} (${name})`);
}

function wholeOperand(name: string, operand: Value): number {
  if (isNumber(operand) && Number.isInteger(toDouble(operand))) return toDouble(operand);
  throw badValue(`The value for ${name} must be an integer`);
}

export function push(operand: Value): Change {
  if (!isDoc(operand) || !Object.hasOwn(operand, '$each')) {
    if (isOperatorDoc(operand) && (pushModifiers as readonly string[]).includes(Object.keys(operand)[0]!))
      throw badValue('$push modifiers need $each');
    return (value, path) => [...(value === undefined ? [] : arrayAt('$push', value, path)), clone(operand)];
  }
  for (const key of Object.keys(operand)) {
    if (!(pushModifiers as readonly string[]).includes(key)) throw badValue(`Unrecognized clause in $push: ${key}`);
  }
  const each = operand['$each'];
  if (!Array.isArray(each)) throw badValue('The argument to $each in $push must be an array');
  const position = Object.hasOwn(operand, '$position') ? wholeOperand('$position', operand['$position']) : null;
  const slice = Object.hasOwn(operand, '$slice') ? wholeOperand('$slice', operand['$slice']) : null;
  const order = Object.hasOwn(operand, '$sort') ? elementOrder(operand['$sort']) : null;
  return (value, path) => {
    const items = value === undefined ? [] : [...arrayAt('$push', value, path)];
    const at = position === null ? items.length : position < 0 ? Math.max(0, items.length + position) : position;
    items.splice(at, 0, ...each.map(clone));
    if (order) items.sort(order);
    if (slice === null) return items;
    return slice >= 0 ? items.slice(0, slice) : items.slice(slice);
  };
}

function elementOrder(by: Value): (a: Value, b: Value) => number {
  if (isNumber(by)) {
    const direction = toDouble(by);
    if (direction !== 1 && direction !== -1) throw badValue('The $sort element value must be either 1 or -1');
    return (a, b) => compare(a, b) * direction;
  }
  const order = sortComparator(parseSort(by));
  const asDoc = (value: Value): Doc => (isDoc(value) ? value : {});
  return (a, b) => order(asDoc(a), asDoc(b));
}

export function addToSet(operand: Value): Change {
  let values: Value[] = [operand];
  if (isDoc(operand) && Object.hasOwn(operand, '$each')) {
    if (Object.keys(operand).length !== 1) throw badValue('$addToSet takes $each alone');
    if (!Array.isArray(operand['$each'])) throw typeMismatch('The argument to $each in $addToSet must be an array');
    values = operand['$each'];
  }
  return (value, path) => {
    const items = value === undefined ? [] : [...arrayAt('$addToSet', value, path)];
    for (const candidate of values) if (!items.some((item) => equal(item, candidate))) items.push(clone(candidate));
    return items;
  };
}

export function removing(name: string, test: (element: Value) => boolean): Change {
  return (value, path) =>
    value === undefined ? undefined : arrayAt(name, value, path).filter((element) => !test(element));
}

export function pull(operand: Value): Change {
  if (isDoc(operand)) return removing('$pull', elementCondition(operand));
  const asField = parseFilter({ v: operand });
  // A plain value is compared with the element itself, an expression is tried on it.
  return removing('$pull', (element) =>
    Array.isArray(element) ? equal(element, operand) : asField.matches({ v: element }),
  );
}

export function bits(operand: Value): Change {
  if (!isDoc(operand) || Object.keys(operand).length === 0) throw badValue('$bit needs {and|or|xor: integer}');
  const operations = Object.entries(operand);
  return (value) => {
    if (value !== undefined && !isInt32(value) && typeof value !== 'bigint')
      throw badValue('Cannot apply $bit to a value of non-integral type');
    let result = BigInt(value ?? 0);
    let long = typeof value === 'bigint';
    for (const [kind, by] of operations) {
      if (!isInt32(by) && typeof by !== 'bigint') throw badValue('$bit takes integers');
      long ||= typeof by === 'bigint';
      const mask = BigInt(numeric(by));
      if (kind === 'and') result &= mask;
      else if (kind === 'or') result |= mask;
      else if (kind === 'xor') result ^= mask;
      else throw badValue(`The $bit modifier only supports 'and', 'or', and 'xor', not '${kind}'`);
    }
    return long ? result : integer(result);
  };
}

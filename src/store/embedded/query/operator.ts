import { isNumber, toDouble, typeName, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';

/** An expression operator that needs only the values of its arguments. */
export interface SimpleOperator {
  min: number;
  max: number;
  run: (args: Value[]) => Value;
}

export const MANY = 10_000;

export const isNone = (value: Value): value is null | undefined => value === null || value === undefined;

export const isTrue = (value: Value): boolean =>
  !isNone(value) && value !== false && !(isNumber(value) && toDouble(value) === 0);

export function list(name: string, value: Value): Value[] {
  if (Array.isArray(value)) return value;
  throw CommandError.location(17124, `The argument to ${name} must be an array, but was of type: ${typeName(value)}`);
}

export function whole(name: string, value: Value): number {
  if (isNumber(value) && Number.isInteger(toDouble(value))) return toDouble(value);
  throw CommandError.location(28690, `${name} needs a whole number, not ${typeName(value)}`);
}

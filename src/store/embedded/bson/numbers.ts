import { double, isInt32, isNumber, numeric, toDouble, type Value } from './value.js';
import type { Double } from 'bson';

export type NumberValue = number | bigint | Double;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

function isDoubleValue(value: NumberValue): boolean {
  return typeof value !== 'bigint' && !isInt32(value);
}

/**
 * Arithmetic with MongoDB's result types: int and int give int, or long when int is too small; a long makes a long; a
 * double makes a double. What leaves int64 becomes a double (`$inc` and `$mul` refuse it instead, see `exact`).
 */
function arithmetic(
  a: NumberValue,
  b: NumberValue,
  onDoubles: (a: number, b: number) => number,
  onIntegers: (a: bigint, b: bigint) => bigint,
): NumberValue {
  if (isDoubleValue(a) || isDoubleValue(b)) return double(onDoubles(toDouble(a), toDouble(b)));
  if (isInt32(a) && isInt32(b)) {
    const result = onDoubles(a, b);
    if (isInt32(result)) return result + 0;
  }
  const result = onIntegers(BigInt(numeric(a)), BigInt(numeric(b)));
  if (result < INT64_MIN || result > INT64_MAX) return double(Number(result));
  return result;
}

export function add(a: NumberValue, b: NumberValue): NumberValue {
  return arithmetic(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  );
}

export function subtract(a: NumberValue, b: NumberValue): NumberValue {
  return arithmetic(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
  );
}

export function multiply(a: NumberValue, b: NumberValue): NumberValue {
  return arithmetic(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  );
}

/** True when integers gave an integer, that is, int64 did not overflow. */
export function exact(a: NumberValue, b: NumberValue, result: NumberValue): boolean {
  return isDoubleValue(a) || isDoubleValue(b) || !isDoubleValue(result);
}

/** The value as a whole number for options such as limit; null when it is none. */
export function wholeNumber(value: Value): number | null {
  if (!isNumber(value)) return null;
  const number = toDouble(value);
  return Number.isSafeInteger(number) ? number : null;
}

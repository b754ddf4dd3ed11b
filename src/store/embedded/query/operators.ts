import { stringOperators } from './text-operators.js';
import { arrayOperators } from './array-operators.js';
import { compare } from '../bson/compare.js';
import { add, multiply, subtract, type NumberValue } from '../bson/numbers.js';
import { double, integer, isInt32, isNumber, numeric, toDouble, typeName, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import { dateOperators } from './date-operators.js';
import { type SimpleOperator, MANY, isNone, isTrue } from './operator.js';
import { toText, toWhole, toFloat, toDate, toId } from './text-operators.js';

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

import { compare } from '../bson/compare.js';
import { keyOf } from '../bson/key.js';
import { add, type NumberValue } from '../bson/numbers.js';
import { double, isDoc, isNumber, setField, toDouble, type Doc, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';

export interface Accumulator {
  add: (value: Value) => void;
  result: () => Value;
}

/** Neumaier's sum: the rounding errors of doubles are kept beside the sum. */
function summing(): { add: (value: number) => void; total: () => number } {
  let sum = 0;
  let rest = 0;
  return {
    add: (value) => {
      const next = sum + value;
      if (Number.isFinite(next)) rest += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    },
    total: () => sum + rest,
  };
}

function sum(): Accumulator {
  let integers: NumberValue = 0;
  let doubles: ReturnType<typeof summing> | null = null;
  return {
    add: (value) => {
      if (!isNumber(value)) return;
      if (
        typeof value === 'bigint' ||
        (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x80000000)
      ) {
        integers = add(integers, value);
      } else {
        doubles ??= summing();
        doubles.add(toDouble(value));
      }
    },
    result: () => {
      if (!doubles) return integers;
      doubles.add(toDouble(integers));
      integers = 0;
      return double(doubles.total());
    },
  };
}

function average(): Accumulator {
  const total = summing();
  let count = 0;
  return {
    add: (value) => {
      if (!isNumber(value)) return;
      total.add(toDouble(value));
      count++;
    },
    result: () => (count === 0 ? null : double(total.total() / count)),
  };
}

function extreme(sign: 1 | -1): () => Accumulator {
  return () => {
    let best: Value = undefined;
    return {
      add: (value) => {
        if (value === undefined || value === null) return;
        if (best === undefined || compare(value, best) * sign > 0) best = value;
      },
      result: () => best ?? null,
    };
  };
}

function first(): Accumulator {
  let seen = false;
  let kept: Value = null;
  return {
    add: (value) => {
      if (!seen) kept = value ?? null;
      seen = true;
    },
    result: () => kept,
  };
}

function last(): Accumulator {
  let kept: Value = null;
  return {
    add: (value) => {
      kept = value ?? null;
    },
    result: () => kept,
  };
}

function push(): Accumulator {
  const values: Value[] = [];
  return {
    add: (value) => {
      if (value !== undefined) values.push(value);
    },
    result: () => values,
  };
}

function addToSet(): Accumulator {
  const values = new Map<string, Value>();
  return {
    add: (value) => {
      if (value === undefined) return;
      const key = keyOf(value).toString('latin1');
      if (!values.has(key)) values.set(key, value);
    },
    result: () => [...values.values()],
  };
}

function count(): Accumulator {
  let n = 0;
  return {
    add: () => {
      n++;
    },
    result: () => n,
  };
}

function mergeObjects(): Accumulator {
  const merged: Doc = {};
  return {
    add: (value) => {
      if (value === undefined || value === null) return;
      if (!isDoc(value)) throw CommandError.location(40400, '$mergeObjects requires object inputs');
      for (const name of Object.keys(value)) setField(merged, name, value[name]);
    },
    result: () => merged,
  };
}

function deviation(sample: boolean): () => Accumulator {
  return () => {
    let n = 0;
    let mean = 0;
    let squares = 0;
    return {
      add: (value) => {
        if (!isNumber(value)) return;
        n++;
        const distance = toDouble(value) - mean;
        mean += distance / n;
        squares += distance * (toDouble(value) - mean);
      },
      result: () => (n < (sample ? 2 : 1) ? null : double(Math.sqrt(squares / (sample ? n - 1 : n)))),
    };
  };
}

export const accumulators: Readonly<Record<string, () => Accumulator>> = {
  $sum: sum,
  $avg: average,
  $min: extreme(-1),
  $max: extreme(1),
  $first: first,
  $last: last,
  $push: push,
  $addToSet: addToSet,
  $count: count,
  $mergeObjects: mergeObjects,
  $stdDevPop: deviation(false),
  $stdDevSamp: deviation(true),
};

import { BSONRegExp } from 'bson';
import { compare } from '../bson/compare.js';
import { field, isDoc, isNumber, toDouble, typeName, type Doc, type Value } from '../bson/value.js';
import { CommandError, badValue, failedToParse, notSupported } from '../errors.js';
import { formatUtc } from './date-operators.js';
import type { Bound, Expression, Scope } from './expression.js';
import { toRegExp } from './regex.js';
import { parseSort, sortComparator } from './sort.js';

type Parse = (value: Value, bound: Bound) => Expression;
type SpecialOperator = (operand: Value, bound: Bound, parse: Parse) => Expression;

const isNone = (value: Value): value is null | undefined => value === null || value === undefined;

function truthy(value: Value): boolean {
  return !isNone(value) && value !== false && !(isNumber(value) && toDouble(value) === 0);
}

function of(parts: readonly Expression[], evaluate: (scope: Scope) => Value): Expression {
  const fields = new Set<string>();
  for (const part of parts) {
    if (part.fields === null) return { evaluate, fields: null };
    for (const name of part.fields) fields.add(name);
  }
  return { evaluate, fields };
}

/** Reads the named arguments of an operator; unknown and missing ones are refused. */
function named(name: string, operand: Value, required: readonly string[], optional: readonly string[] = []): Doc {
  if (!isDoc(operand)) throw failedToParse(`${name} only supports an object as its argument`);
  for (const key of Object.keys(operand)) {
    if (!required.includes(key) && !optional.includes(key))
      throw failedToParse(`Unrecognized parameter to ${name}: ${key}`);
  }
  for (const key of required) {
    if (!Object.hasOwn(operand, key)) throw failedToParse(`Missing '${key}' parameter to ${name}`);
  }
  return operand;
}

function list(operand: Value): Value[] {
  return Array.isArray(operand) ? operand : [operand];
}

function bind(scope: Scope, variables: Record<string, Value>): Scope {
  return { ...scope, variables: { ...scope.variables, ...variables } };
}

function cond(operand: Value, bound: Bound, parse: Parse): Expression {
  let parts: Value[];
  if (Array.isArray(operand)) {
    if (operand.length !== 3) throw CommandError.location(16020, 'Expression $cond takes exactly 3 arguments.');
    parts = operand;
  } else {
    const args = named('$cond', operand, ['if', 'then', 'else']);
    parts = [args['if'], args['then'], args['else']];
  }
  const [test, yes, no] = parts.map((part) => parse(part, bound)) as [Expression, Expression, Expression];
  return of([test, yes, no], (scope) => (truthy(test.evaluate(scope)) ? yes : no).evaluate(scope));
}

function switchOf(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$switch', operand, ['branches'], ['default']);
  if (!Array.isArray(args['branches']) || args['branches'].length === 0) {
    throw CommandError.location(40068, '$switch requires at least one branch.');
  }
  const branches = args['branches'].map((branch) => {
    const { case: test, then } = named('$switch', branch, ['case', 'then']);
    return [parse(test, bound), parse(then, bound)] as const;
  });
  const otherwise = Object.hasOwn(args, 'default') ? parse(args['default'], bound) : null;
  return of([...branches.flat(), ...(otherwise ? [otherwise] : [])], (scope) => {
    for (const [test, then] of branches) if (truthy(test.evaluate(scope))) return then.evaluate(scope);
    if (!otherwise) {
      throw CommandError.location(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    }
    return otherwise.evaluate(scope);
  });
}

function letOf(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$let', operand, ['vars', 'in']);
  if (!isDoc(args['vars'])) throw failedToParse('invalid parameter: expected an object (vars)');
  const variables = Object.entries(args['vars']).map(([name, value]) => [variable(name), parse(value, bound)] as const);
  const body = parse(args['in'], new Set([...bound, ...variables.map(([name]) => name)]));
  return of([body, ...variables.map(([, value]) => value)], (scope) =>
    body.evaluate(bind(scope, Object.fromEntries(variables.map(([name, value]) => [name, value.evaluate(scope)])))),
  );
}

function variable(name: string): string {
  if (!/^[a-z][A-Za-z0-9_]*$/.test(name) && !/^[\u0080-\uffff]/.test(name) && name !== 'CURRENT') {
    throw failedToParse(`'${name}' starts with an invalid character for a user variable name`);
  }
  if (name === 'CURRENT') throw notSupported('$let of CURRENT');
  return name;
}

function inputArray(name: string, value: Value): Value[] | null {
  if (isNone(value)) return null;
  if (!Array.isArray(value))
    throw CommandError.location(28651, `input to ${name} must be an array not ${typeName(value)}`);
  return value;
}

function itemName(name: string, args: Doc): string {
  const as = args['as'] ?? 'this';
  if (typeof as !== 'string') throw failedToParse(`'as' of ${name} must be a string`);
  return variable(as);
}

function map(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$map', operand, ['input', 'in'], ['as']);
  const as = itemName('$map', args);
  const input = parse(args['input'], bound);
  const body = parse(args['in'], new Set([...bound, as]));
  return of([input, body], (scope) => {
    const items = inputArray('$map', input.evaluate(scope));
    return items && items.map((item) => body.evaluate(bind(scope, { [as]: item })) ?? null);
  });
}

function filter(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$filter', operand, ['input', 'cond'], ['as', 'limit']);
  const as = itemName('$filter', args);
  const input = parse(args['input'], bound);
  const test = parse(args['cond'], new Set([...bound, as]));
  const limit = Object.hasOwn(args, 'limit') ? parse(args['limit'], bound) : null;
  return of([input, test, ...(limit ? [limit] : [])], (scope) => {
    const items = inputArray('$filter', input.evaluate(scope));
    if (!items) return null;
    const kept = items.filter((item) => truthy(test.evaluate(bind(scope, { [as]: item }))));
    const most = limit?.evaluate(scope);
    return isNumber(most) ? kept.slice(0, toDouble(most)) : kept;
  });
}

function reduce(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$reduce', operand, ['input', 'initialValue', 'in']);
  const input = parse(args['input'], bound);
  const initial = parse(args['initialValue'], bound);
  const body = parse(args['in'], new Set([...bound, 'this', 'value']));
  return of([input, initial, body], (scope) => {
    const items = inputArray('$reduce', input.evaluate(scope));
    return (
      items &&
      items.reduce<Value>((value, item) => body.evaluate(bind(scope, { this: item, value })), initial.evaluate(scope))
    );
  });
}

function sortArray(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$sortArray', operand, ['input', 'sortBy']);
  const input = parse(args['input'], bound);
  const by = args['sortBy'];
  let order: (a: Value, b: Value) => number;
  if (isDoc(by)) {
    const byFields = sortComparator(parseSort(by));
    order = (a, b) => (isDoc(a) && isDoc(b) ? byFields(a, b) : compare(a, b));
  } else {
    const direction = isNumber(by) ? toDouble(by) : 0;
    if (direction !== 1 && direction !== -1) throw badValue('sortBy must be 1, -1 or a document');
    order = (a, b) => compare(a, b) * direction;
  }
  return of([input], (scope) => {
    const items = inputArray('$sortArray', input.evaluate(scope));
    return items && [...items].sort(order);
  });
}

function trim(name: '$trim' | '$ltrim' | '$rtrim'): SpecialOperator {
  return (operand, bound, parse) => {
    const args = named(name, operand, ['input'], ['chars']);
    const input = parse(args['input'], bound);
    const chars = Object.hasOwn(args, 'chars') ? parse(args['chars'], bound) : null;
    return of([input, ...(chars ? [chars] : [])], (scope) => {
      const value = input.evaluate(scope);
      const set = chars?.evaluate(scope);
      if (isNone(value) || (chars && isNone(set))) return null;
      if (typeof value !== 'string')
        throw CommandError.location(50699, `${name} requires its input to be a string, got ${typeName(value)}`);
      const cut = typeof set === 'string' ? new Set([...set]) : null;
      const out = [...value];
      const drop = (c: string | undefined): boolean => c !== undefined && (cut ? cut.has(c) : /[\s\0]/.test(c));
      if (name !== '$rtrim') while (drop(out[0])) out.shift();
      if (name !== '$ltrim') while (drop(out.at(-1))) out.pop();
      return out.join('');
    });
  };
}

function replace(name: '$replaceOne' | '$replaceAll'): SpecialOperator {
  return (operand, bound, parse) => {
    const args = named(name, operand, ['input', 'find', 'replacement']);
    const parts = [args['input'], args['find'], args['replacement']].map((part) => parse(part, bound));
    return of(parts, (scope) => {
      const [input, find, replacement] = parts.map((part) => part.evaluate(scope));
      if (isNone(input) || isNone(find) || isNone(replacement)) return null;
      if (typeof input !== 'string' || typeof find !== 'string' || typeof replacement !== 'string') {
        throw CommandError.location(51746, `${name} requires strings`);
      }
      return name === '$replaceOne'
        ? input.replace(find, () => replacement)
        : input.replaceAll(find, () => replacement);
    });
  };
}

function regexMatch(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$regexMatch', operand, ['input', 'regex'], ['options']);
  const input = parse(args['input'], bound);
  const regex = parse(args['regex'], bound);
  const options = args['options'];
  if (options !== undefined && typeof options !== 'string') throw badValue('options of $regexMatch must be a string');
  const compiled = new Map<string, RegExp>();
  return of([input, regex], (scope) => {
    const value = input.evaluate(scope);
    const by = regex.evaluate(scope);
    if (isNone(value) || isNone(by)) return false;
    if (typeof value !== 'string') throw CommandError.location(51104, "$regexMatch needs 'input' to be of type string");
    const bson =
      by instanceof BSONRegExp
        ? new BSONRegExp(by.pattern, options ?? by.options)
        : new BSONRegExp(String(by), options ?? '');
    const id = `${bson.options}/${bson.pattern}`;
    let pattern = compiled.get(id);
    if (!pattern) compiled.set(id, (pattern = toRegExp(bson)));
    return pattern.test(value);
  });
}

function dateToString(operand: Value, bound: Bound, parse: Parse): Expression {
  const args = named('$dateToString', operand, ['date'], ['format', 'timezone', 'onNull']);
  const zone = args['timezone'];
  if (zone !== undefined && zone !== 'UTC' && zone !== 'GMT') throw notSupported('$dateToString with a time zone');
  const format = args['format'] ?? '%Y-%m-%dT%H:%M:%S.%LZ';
  if (typeof format !== 'string') throw notSupported('$dateToString with a computed format');
  const date = parse(args['date'], bound);
  const onNull = parse(args['onNull'] ?? null, bound);
  return of([date, onNull], (scope) => {
    const value = date.evaluate(scope);
    if (isNone(value)) return onNull.evaluate(scope);
    if (!(value instanceof Date))
      throw CommandError.location(16006, `can't convert from BSON type ${typeName(value)} to Date`);
    return formatUtc(value, format);
  });
}

function getField(operand: Value, bound: Bound, parse: Parse): Expression {
  const args =
    isDoc(operand) && Object.hasOwn(operand, 'field')
      ? named('$getField', operand, ['field'], ['input'])
      : { field: operand };
  const name = args['field'];
  if (typeof name !== 'string') throw notSupported('$getField with a computed name');
  const input = parse(Object.hasOwn(args, 'input') ? args['input'] : '$$CURRENT', bound);
  return of([input], (scope) => {
    const value = input.evaluate(scope);
    return isNone(value) ? null : isDoc(value) ? field(value, name) : undefined;
  });
}

function and(operand: Value, bound: Bound, parse: Parse): Expression {
  const parts = list(operand).map((part) => parse(part, bound));
  return of(parts, (scope) => parts.every((part) => truthy(part.evaluate(scope))));
}

function or(operand: Value, bound: Bound, parse: Parse): Expression {
  const parts = list(operand).map((part) => parse(part, bound));
  return of(parts, (scope) => parts.some((part) => truthy(part.evaluate(scope))));
}

function ifNull(operand: Value, bound: Bound, parse: Parse): Expression {
  if (!Array.isArray(operand) || operand.length < 2) {
    throw CommandError.location(1257300, '$ifNull needs at least two arguments');
  }
  const parts = operand.map((part) => parse(part, bound));
  return of(parts, (scope) => {
    let value: Value;
    for (const part of parts) {
      value = part.evaluate(scope);
      if (!isNone(value)) return value;
    }
    return value;
  });
}

/** Operators that decide themselves when and with which variables their arguments are evaluated. */
export const specialOperators: Readonly<Record<string, SpecialOperator>> = {
  $literal: (operand) => ({ evaluate: () => operand, fields: new Set(), constant: { value: operand } }),
  $and: and,
  $or: or,
  $cond: cond,
  $ifNull: ifNull,
  $switch: switchOf,
  $let: letOf,
  $map: map,
  $filter: filter,
  $reduce: reduce,
  $sortArray: sortArray,
  $trim: trim('$trim'),
  $ltrim: trim('$ltrim'),
  $rtrim: trim('$rtrim'),
  $replaceOne: replace('$replaceOne'),
  $replaceAll: replace('$replaceAll'),
  $regexMatch: regexMatch,
  $dateToString: dateToString,
  $getField: getField,
};

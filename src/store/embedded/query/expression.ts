import { field, isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { isNumber, toDouble } from '../bson/value.js';
import { CommandError, failedToParse, notSupported } from '../errors.js';
import { simpleOperators } from './operators.js';
import { specialOperators } from './special-operators.js';

export interface Scope {
  root: Doc;
  current: Value;
  variables?: Readonly<Record<string, Value>>;
}

export interface Expression {
  evaluate: (scope: Scope) => Value;
  /** Top-level fields read; null when it may be any. */
  fields: ReadonlySet<string> | null;
  /** Set when the expression is a constant. */
  constant?: { value: Value };
}

export function truthy(value: Value): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !(isNumber(value) && toDouble(value) === 0);
}

const noFields: ReadonlySet<string> = new Set();

export function constant(value: Value): Expression {
  return { evaluate: () => value, fields: noFields, constant: { value } };
}

export function unionFields(parts: readonly Expression[]): ReadonlySet<string> | null {
  const all = new Set<string>();
  for (const part of parts) {
    if (part.fields === null) return null;
    for (const name of part.fields) all.add(name);
  }
  return all;
}

/** Names of variables that `$let`, `$map` and the like have bound around an expression. */
export type Bound = ReadonlySet<string>;

const systemVariables = new Set(['ROOT', 'CURRENT', 'REMOVE', 'NOW']);
const nothingBound: Bound = new Set();

export function parseExpression(value: Value, bound: Bound = nothingBound): Expression {
  if (typeof value === 'string') {
    return value.startsWith('$') ? parsePath(value, bound) : constant(value);
  }
  if (Array.isArray(value)) return parseArray(value, bound);
  if (!isDoc(value)) return constant(value);
  const names = Object.keys(value);
  if (names[0]?.startsWith('$')) {
    if (names.length !== 1) {
      throw CommandError.location(15983, 'An object representing an expression must have exactly one field');
    }
    return parseOperator(names[0], value[names[0]], bound);
  }
  return parseObject(value, bound);
}

function parseArray(value: readonly Value[], bound: Bound): Expression {
  const items = value.map((item) => parseExpression(item, bound));
  if (items.every((item) => item.constant)) return constant(items.map((item) => item.constant?.value ?? null));
  return {
    evaluate: (scope) => items.map((item) => item.evaluate(scope) ?? null),
    fields: unionFields(items),
  };
}

function parseObject(value: Doc, bound: Bound): Expression {
  const entries = Object.keys(value).map((name) => {
    if (name.includes('.')) throw CommandError.location(16412, `FieldPath field names may not contain '.': ${name}`);
    return [name, parseExpression(value[name], bound)] as const;
  });
  return {
    evaluate: (scope) => {
      const doc: Doc = {};
      for (const [name, part] of entries) {
        const result = part.evaluate(scope);
        if (result !== undefined) setField(doc, name, result);
      }
      return doc;
    },
    fields: unionFields(entries.map(([, part]) => part)),
  };
}

function parsePath(text: string, bound: Bound): Expression {
  if (!text.startsWith('$$')) {
    const parts = pathParts(text.slice(1));
    return { evaluate: (scope) => pathValue(scope.current, parts, 0), fields: new Set([parts[0]!]) };
  }
  const [name, ...parts] = text.slice(2).split('.') as [string, ...string[]];
  if (bound.has(name)) {
    return { evaluate: (scope) => pathValue(scope.variables?.[name], parts, 0), fields: noFields };
  }
  if (!systemVariables.has(name)) {
    if (['CLUSTER_TIME', 'USER_ROLES', 'SEARCH_META'].includes(name)) throw notSupported(`$$${name}`);
    throw CommandError.location(17276, `Use of undefined variable: ${name}`);
  }
  switch (name) {
    case 'REMOVE':
      return { evaluate: () => undefined, fields: noFields };
    case 'NOW':
      return { evaluate: (scope) => scope.variables?.['NOW'] ?? new Date(), fields: noFields };
    default: {
      const fields = parts.length > 0 ? new Set([parts[0]!]) : null;
      return name === 'ROOT'
        ? { evaluate: (scope) => pathValue(scope.root, parts, 0), fields }
        : { evaluate: (scope) => pathValue(scope.current, parts, 0), fields };
    }
  }
}

function pathParts(path: string): string[] {
  const parts = path.split('.');
  if (parts.some((part) => part === '')) {
    throw CommandError.location(15998, 'FieldPath field names may not be empty strings.');
  }
  return parts;
}

/** A field path in an expression maps over arrays and knows no positions. */
export function pathValue(value: Value, parts: readonly string[], at: number): Value {
  if (at === parts.length) return value;
  if (isDoc(value)) return pathValue(field(value, parts[at]!), parts, at + 1);
  if (Array.isArray(value)) {
    const results: Value[] = [];
    for (const element of value) {
      if (!isDoc(element) && !Array.isArray(element)) continue;
      const result = pathValue(element, parts, at);
      if (result !== undefined) results.push(result);
    }
    return results;
  }
  return undefined;
}

function parseOperator(name: string, operand: Value, bound: Bound): Expression {
  const special = Object.hasOwn(specialOperators, name) ? specialOperators[name] : undefined;
  if (special) return special(operand, bound, parseExpression);
  const simple = Object.hasOwn(simpleOperators, name) ? simpleOperators[name] : undefined;
  if (!simple) throw unknownExpression(name);
  const args = Array.isArray(operand) ? operand : [operand];
  if (args.length < simple.min || args.length > simple.max) {
    const wanted = simple.min === simple.max ? `exactly ${simple.min}` : `${simple.min} to ${simple.max}`;
    throw CommandError.location(16020, `Expression ${name} takes ${wanted} arguments. ${args.length} were passed in.`);
  }
  const parts = args.map((arg) => parseExpression(arg, bound));
  const { run } = simple;
  const evaluate = (scope: Scope): Value => run(parts.map((part) => part.evaluate(scope)));
  if (parts.length > 0 && parts.every((part) => part.constant)) {
    return constant(run(parts.map((part) => part.constant?.value)));
  }
  return { evaluate, fields: unionFields(parts) };
}

/** Operators that MongoDB has and that are not offered here; others are unknown to MongoDB too. */
const knownElsewhere = new Set([
  '$function',
  '$accumulator',
  '$meta',
  '$rand',
  '$sampleRate',
  '$convert',
  '$dateFromString',
  '$dateFromParts',
  '$dateToParts',
  '$tsSecond',
  '$tsIncrement',
  '$bsonSize',
  '$binarySize',
  '$toDecimal',
  '$regexFind',
  '$regexFindAll',
  '$setField',
  '$unsetField',
  '$bitAnd',
  '$bitOr',
  '$bitXor',
  '$bitNot',
  '$toHashedIndexKey',
  '$toUUID',
  '$median',
  '$percentile',
  '$sin',
  '$cos',
  '$tan',
  '$asin',
  '$acos',
  '$atan',
  '$atan2',
  '$asinh',
  '$acosh',
  '$atanh',
  '$sinh',
  '$cosh',
  '$tanh',
  '$degreesToRadians',
  '$radiansToDegrees',
  '$shift',
  '$rank',
  '$denseRank',
  '$documentNumber',
]);

function unknownExpression(name: string): Error {
  if (knownElsewhere.has(name)) return notSupported(`the expression ${name}`);
  return new CommandError('InvalidPipelineOperator', `Unrecognized expression '${name}'`, {}, 168);
}

export function requireDoc(value: Value, what: string): Doc {
  if (!isDoc(value)) throw failedToParse(`${what} must be an object`);
  return value;
}

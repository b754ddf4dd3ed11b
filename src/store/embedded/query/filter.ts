import { BSONRegExp } from 'bson';
import { compare, isOperatorDoc } from '../bson/compare.js';
import {
  T,
  isDoc,
  isNumber,
  numeric,
  toDouble,
  typeClass,
  typeName,
  typeNames,
  type Doc,
  type Value,
} from '../bson/value.js';
import { badValue, failedToParse, notSupported } from '../errors.js';
import { parseExpression, truthy, type Expression } from './expression.js';
import { splitPath, visitPath } from './path.js';
import { toRegExp } from './regex.js';

/** What a value at the end of a path must satisfy. `test` sees one candidate, never "any element". */
export type Predicate =
  | { op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; value: Value; test: (value: Value) => boolean }
  | { op: 'in'; values: Value[]; regexes: BSONRegExp[]; test: (value: Value) => boolean }
  | { op: 'regex'; regex: BSONRegExp; test: (value: Value) => boolean }
  /** `whole` tests look at the value as it is and do not go into arrays. */
  | { op: 'whole' | 'other'; name: string; test: (value: Value) => boolean };

export type Node =
  | { kind: 'and' | 'or' | 'nor'; children: Node[] }
  | { kind: 'not'; child: Node }
  | { kind: 'field'; path: string; parts: string[]; predicate: Predicate }
  | { kind: 'expr'; expression: Expression }
  | { kind: 'constant'; value: boolean };

export interface Filter {
  root: Node;
  matches: (doc: Doc) => boolean;
  /** Top-level fields that decide; null when the whole document may be looked at. */
  fields: ReadonlySet<string> | null;
}

export const filterOperators = {
  logical: ['$and', '$or', '$nor', '$expr', '$comment', '$alwaysTrue', '$alwaysFalse'],
  field: [
    '$eq',
    '$ne',
    '$gt',
    '$gte',
    '$lt',
    '$lte',
    '$in',
    '$nin',
    '$exists',
    '$type',
    '$regex',
    '$options',
    '$not',
    '$all',
    '$elemMatch',
    '$size',
    '$mod',
    '$bitsAllSet',
    '$bitsAnySet',
    '$bitsAllClear',
    '$bitsAnyClear',
  ],
} as const;

const knownElsewhere = new Set([
  '$where',
  '$text',
  '$jsonSchema',
  '$near',
  '$nearSphere',
  '$geoWithin',
  '$geoIntersects',
  '$within',
  '$maxDistance',
  '$minDistance',
  '$rand',
  '$sampleRate',
  '$_internalPath',
]);

export function unknownOperator(name: string): Error {
  if (knownElsewhere.has(name)) return notSupported(name);
  return badValue(`unknown operator: ${name}`);
}

export function parseFilter(query: Doc): Filter {
  const root = parseQuery(query);
  const fields = new Set<string>();
  return { root, matches: compile(root), fields: collectFields(root, fields) ? fields : null };
}

function parseQuery(query: Doc): Node {
  const children: Node[] = [];
  for (const name of Object.keys(query)) {
    const value = query[name];
    if (!name.startsWith('$')) {
      children.push(...parseField(name, value));
      continue;
    }
    switch (name) {
      case '$and':
      case '$or':
      case '$nor': {
        const kind = name === '$and' ? 'and' : name === '$or' ? 'or' : 'nor';
        children.push({ kind, children: clauses(name, value) });
        break;
      }
      case '$expr':
        children.push({ kind: 'expr', expression: parseExpression(value) });
        break;
      case '$comment':
        break;
      case '$alwaysTrue':
      case '$alwaysFalse':
        children.push({ kind: 'constant', value: name === '$alwaysTrue' });
        break;
      default:
        if (knownElsewhere.has(name)) throw notSupported(name);
        throw badValue(`unknown top level operator: ${name}`);
    }
  }
  return children.length === 1 ? children[0]! : { kind: 'and', children };
}

function clauses(name: string, value: Value): Node[] {
  if (!Array.isArray(value)) throw badValue(`${name} must be an array`);
  if (value.length === 0) throw badValue(`${name} argument must be a non-empty array`);
  return value.map((clause) => {
    if (!isDoc(clause)) throw badValue(`${name} argument's entries must be objects`);
    return parseQuery(clause);
  });
}

function parseField(path: string, value: Value): Node[] {
  const parts = splitPath(path);
  const leaf = (predicate: Predicate): Node => ({ kind: 'field', path, parts, predicate });
  if (value instanceof BSONRegExp) return [leaf(regexPredicate(value))];
  if (!isOperatorDoc(value)) return [leaf(equality(value))];
  return parseOperators(value, leaf);
}

function parseOperators(operators: Doc, leaf: (predicate: Predicate) => Node): Node[] {
  const nodes: Node[] = [];
  const not = (child: Node): Node => ({ kind: 'not', child });
  for (const name of Object.keys(operators)) {
    const operand = operators[name];
    switch (name) {
      case '$eq':
        nodes.push(leaf(operand instanceof BSONRegExp ? storedRegex(operand) : equality(operand)));
        break;
      case '$ne':
        if (operand instanceof BSONRegExp) throw badValue("Can't have regex as arg to $ne.");
        nodes.push(not(leaf(equality(operand))));
        break;
      case '$gt':
      case '$gte':
      case '$lt':
      case '$lte':
        if (operand instanceof BSONRegExp) throw badValue(`Can't have RegEx as arg to predicate over field.`);
        nodes.push(leaf(ordering(name, operand)));
        break;
      case '$in':
        nodes.push(leaf(membership('$in', operand)));
        break;
      case '$nin':
        nodes.push(not(leaf(membership('$nin', operand))));
        break;
      case '$exists': {
        const present = leaf({ op: 'whole', name, test: (value) => value !== undefined });
        nodes.push(truthy(operand) ? present : not(present));
        break;
      }
      case '$type':
        nodes.push(leaf({ op: 'other', name, test: typeTest(operand) }));
        break;
      case '$regex':
        nodes.push(leaf(regexPredicate(regexOf(operand, operators['$options']))));
        break;
      case '$options':
        if (!Object.hasOwn(operators, '$regex')) throw badValue('$options needs a $regex');
        break;
      case '$not':
        nodes.push(not(negated(operand, leaf)));
        break;
      case '$all':
        nodes.push(allOf(operand, leaf));
        break;
      case '$elemMatch':
        nodes.push(leaf({ op: 'whole', name, test: elementTest(operand) }));
        break;
      case '$size': {
        if (!isNumber(operand)) throw failedToParse('Failed to parse $size. Expected a number');
        const size = toDouble(operand);
        if (!Number.isInteger(size) || size < 0) throw badValue('$size must be a non-negative whole number');
        nodes.push(leaf({ op: 'whole', name, test: (value) => Array.isArray(value) && value.length === size }));
        break;
      }
      case '$mod':
        nodes.push(leaf({ op: 'other', name, test: modTest(operand) }));
        break;
      case '$bitsAllSet':
      case '$bitsAnySet':
      case '$bitsAllClear':
      case '$bitsAnyClear':
        nodes.push(leaf({ op: 'other', name, test: bitTest(name, operand) }));
        break;
      default:
        throw unknownOperator(name);
    }
  }
  return nodes;
}

function negated(operand: Value, leaf: (predicate: Predicate) => Node): Node {
  if (operand instanceof BSONRegExp) return leaf(regexPredicate(operand));
  if (!isDoc(operand)) throw badValue('$not needs a regex or a document');
  if (Object.keys(operand).length === 0) throw badValue('$not cannot be empty');
  if (!isOperatorDoc(operand)) throw badValue(`unknown operator: ${Object.keys(operand)[0]}`);
  return { kind: 'and', children: parseOperators(operand, leaf) };
}

function equality(value: Value): Predicate {
  return { op: 'eq', value, test: (candidate) => compare(candidate, value) === 0 };
}

/** `{ $eq: /x/ }` asks for the stored expression itself. */
function storedRegex(value: BSONRegExp): Predicate {
  return { op: 'other', name: '$eq', test: (candidate) => compare(candidate, value) === 0 };
}

function ordering(name: '$gt' | '$gte' | '$lt' | '$lte', value: Value): Predicate {
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

function membership(name: string, operand: Value): Predicate {
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

function contains(sorted: readonly Value[], value: Value): boolean {
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

function regexOf(operand: Value, options: Value): BSONRegExp {
  if (options !== undefined && typeof options !== 'string') throw badValue('$options has to be a string');
  if (operand instanceof BSONRegExp) return new BSONRegExp(operand.pattern, options ?? operand.options);
  if (typeof operand === 'string') return new BSONRegExp(operand, options ?? '');
  throw badValue('$regex has to be a string');
}

function regexPredicate(regex: BSONRegExp): Predicate {
  const pattern = toRegExp(regex);
  return {
    op: 'regex',
    regex,
    test: (value) =>
      typeof value === 'string' ? pattern.test(value) : value instanceof BSONRegExp && compare(value, regex) === 0,
  };
}

function typeTest(operand: Value): (value: Value) => boolean {
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

function modTest(operand: Value): (value: Value) => boolean {
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

function bitTest(name: string, operand: Value): (value: Value) => boolean {
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

function allOf(operand: Value, leaf: (predicate: Predicate) => Node): Node {
  if (!Array.isArray(operand)) throw badValue('$all needs an array');
  if (operand.length === 0) return { kind: 'constant', value: false };
  return {
    kind: 'and',
    children: operand.map((element) => {
      if (element instanceof BSONRegExp) return leaf(regexPredicate(element));
      if (!isOperatorDoc(element)) return leaf(equality(element));
      if (Object.keys(element)[0] !== '$elemMatch') throw badValue('no $ expressions in $all');
      return leaf({ op: 'whole', name: '$elemMatch', test: elementTest(element['$elemMatch']) });
    }),
  };
}

/** True when one element of the array meets the whole condition. */
function elementTest(operand: Value): (value: Value) => boolean {
  const test = elementCondition(operand);
  return (value) => Array.isArray(value) && value.some(test);
}

/** The condition of an `$elemMatch` (or of `$pull`) on one element. */
export function elementCondition(operand: Value): (element: Value) => boolean {
  if (!isDoc(operand)) throw badValue('$elemMatch needs an Object');
  const first = Object.keys(operand)[0];
  const onValue = first?.startsWith('$') === true && !(filterOperators.logical as readonly string[]).includes(first);
  if (onValue) {
    const node: Node = {
      kind: 'and',
      children: parseOperators(operand, (predicate) => ({ kind: 'field', path: '', parts: [], predicate })),
    };
    // A value condition looks at the element itself: an element that is an array is not taken apart again.
    const matches = compileValue(node);
    return matches;
  }
  const matches = compile(parseQuery(operand));
  return (element) => (isDoc(element) ? matches(element) : Array.isArray(element) && matches(arrayAsDoc(element)));
}

function arrayAsDoc(array: Value[]): Doc {
  return Object.fromEntries(array.map((value, i) => [String(i), value]));
}

/** Tests a candidate, and, when it is an array, each of its elements. */
export function anyElement(value: Value, test: (value: Value) => boolean): boolean {
  if (Array.isArray(value)) {
    for (const element of value) if (test(element)) return true;
  }
  return test(value);
}

function compile(node: Node): (doc: Doc) => boolean {
  switch (node.kind) {
    case 'and': {
      const children = node.children.map(compile);
      if (children.length === 0) return () => true;
      return (doc) => {
        for (const child of children) if (!child(doc)) return false;
        return true;
      };
    }
    case 'or': {
      const children = node.children.map(compile);
      return (doc) => children.some((child) => child(doc));
    }
    case 'nor': {
      const children = node.children.map(compile);
      return (doc) => !children.some((child) => child(doc));
    }
    case 'not': {
      const child = compile(node.child);
      return (doc) => !child(doc);
    }
    case 'field': {
      const { parts, predicate } = node;
      const { test } = predicate;
      const visit = predicate.op === 'whole' ? test : (value: Value) => anyElement(value, test);
      return (doc) => visitPath(doc, parts, 0, visit);
    }
    case 'expr': {
      const { expression } = node;
      return (doc) => truthy(expression.evaluate({ root: doc, current: doc }));
    }
    case 'constant':
      return () => node.value;
  }
}

/** Compiles conditions on a single value (inside `$elemMatch: { $gt: 1 }`). */
function compileValue(node: Node): (value: Value) => boolean {
  switch (node.kind) {
    case 'and': {
      const children = node.children.map(compileValue);
      return (value) => children.every((child) => child(value));
    }
    case 'not': {
      const child = compileValue(node.child);
      return (value) => !child(value);
    }
    case 'field':
      return node.predicate.test;
    case 'constant':
      return () => node.value;
    default:
      throw badValue('$elemMatch on values takes field operators only');
  }
}

function collectFields(node: Node, into: Set<string>): boolean {
  switch (node.kind) {
    case 'field':
      into.add(node.parts[0]!);
      return true;
    case 'not':
      return collectFields(node.child, into);
    case 'and':
    case 'or':
    case 'nor':
      return node.children.every((child) => collectFields(child, into));
    case 'expr':
      if (node.expression.fields === null) return false;
      for (const name of node.expression.fields) into.add(name);
      return true;
    case 'constant':
      return true;
  }
}

/** A filter "the path holds one of these values", values taken literally. */
export function filterOf(path: string, values: readonly Value[]): Filter {
  const sorted = [...values].sort(compare);
  const predicate: Predicate = {
    op: 'in',
    values: sorted,
    regexes: [],
    test: (candidate) => contains(sorted, candidate),
  };
  const parts = splitPath(path);
  const root: Node = { kind: 'field', path, parts, predicate };
  return { root, matches: compile(root), fields: new Set([parts[0]!]) };
}

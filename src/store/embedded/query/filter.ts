import { BSONRegExp } from 'bson';
import { compare, isOperatorDoc } from '../bson/compare.js';
import { isDoc, isNumber, toDouble, type Doc, type Value } from '../bson/value.js';
import { badValue, failedToParse, notSupported } from '../errors.js';
import { parseExpression, truthy, type Expression } from './expression.js';
import { splitPath, visitPath } from './path.js';
import {
  type Predicate,
  equality,
  storedRegex,
  ordering,
  membership,
  contains,
  regexOf,
  regexPredicate,
  typeTest,
  modTest,
  bitTest,
} from './predicates.js';

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

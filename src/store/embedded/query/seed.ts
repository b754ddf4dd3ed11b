import { field, isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import type { Node } from './filter.js';
import { anyElement } from './filter.js';
import { splitPath, visitPath } from './path.js';

/** The document an upsert starts from: what the query says its fields equal. */
export function seedOf(root: Node): Doc {
  const seed: Doc = {};
  const placed: string[] = [];
  const add = (path: string, value: Value): void => {
    for (const other of placed) {
      if (other === path || other.startsWith(`${path}.`) || path.startsWith(`${other}.`)) {
        throw new CommandError(
          'NotSingleValueField',
          `cannot infer query fields to set, path '${path}' is matched twice`,
        );
      }
    }
    placed.push(path);
    place(seed, splitPath(path), value);
  };
  collect(root, add);
  return seed;
}

function collect(node: Node, add: (path: string, value: Value) => void): void {
  if (node.kind === 'and') for (const child of node.children) collect(child, add);
  // An "or" of one clause says as much as its clause.
  if (node.kind === 'or' && node.children.length === 1) collect(node.children[0]!, add);
  if (node.kind !== 'field') return;
  const { predicate } = node;
  if (predicate.op === 'eq') add(node.path, predicate.value);
  if (predicate.op === 'in' && predicate.values.length === 1 && predicate.regexes.length === 0)
    add(node.path, predicate.values[0]);
}

function place(doc: Doc, parts: string[], value: Value): void {
  const [name, ...rest] = parts as [string, ...string[]];
  if (rest.length === 0) {
    setField(doc, name, value);
    return;
  }
  const next = field(doc, name);
  const child: Doc = isDoc(next) ? next : {};
  setField(doc, name, child);
  place(child, rest, value);
}

/**
 * Which element of the array at `arrayPath` met the query, for the positional `$`. The condition on that very array
 * decides; with several, the last.
 */
export function matchedPosition(root: Node, doc: Doc, arrayPath: string): number {
  const parts = splitPath(arrayPath);
  let array: Value = doc;
  for (const part of parts)
    array = isDoc(array) ? field(array, part) : Array.isArray(array) ? array[Number(part)] : undefined;
  if (!Array.isArray(array)) return -1;
  let found = -1;
  const visit = (node: Node): void => {
    if (node.kind === 'and' || node.kind === 'or') for (const child of node.children) visit(child);
    if (node.kind !== 'field') return;
    const { predicate } = node;
    if (node.path !== arrayPath && !node.path.startsWith(`${arrayPath}.`)) return;
    const rest = node.parts.slice(parts.length);
    const index = array.findIndex((element) => meets(element, rest, predicate));
    if (index >= 0) found = index;
  };
  visit(root);
  return found;
}

function meets(
  element: Value,
  rest: readonly string[],
  predicate: { op: string; test: (value: Value) => boolean },
): boolean {
  // $elemMatch and other tests of a whole array are tried on an array of this element alone.
  if (predicate.op === 'whole')
    return rest.length === 0 ? predicate.test([element]) : visitPath(element, rest, 0, predicate.test);
  if (rest.length === 0) return predicate.test(element);
  if (!isDoc(element)) return false;
  return visitPath(element, rest, 0, (value) => anyElement(value, predicate.test));
}

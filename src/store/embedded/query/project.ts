import { isDoc, isNumber, setField, toDouble, type Doc, type Value } from '../bson/value.js';
import { CommandError, badValue, notSupported } from '../errors.js';
import { parseExpression, truthy, type Expression } from './expression.js';
import { elementCondition } from './filter.js';

/** A projection as a tree of fields. */
interface Tree {
  children: Map<string, Tree | Leaf>;
}

type Leaf =
  | { kind: 'include' | 'exclude' }
  | { kind: 'compute'; expression: Expression }
  | { kind: 'slice'; skip: number; limit: number | null }
  | { kind: 'elemMatch'; test: (element: Value) => boolean };

const isTree = (node: Tree | Leaf): node is Tree => 'children' in node;

export interface Projection {
  apply: (doc: Doc) => Doc;
  /** Top-level fields that are needed; null for all. */
  fields: ReadonlySet<string> | null;
}

/** Operators of find's projection; expressions besides. */
export const projectionOperators = ['$slice', '$elemMatch'] as const;

export type ProjectionStyle = 'find' | '$project' | '$addFields';

/**
 * Parses a projection. Exclusion (`{ a: 0 }`) keeps the rest, inclusion (`{ a: 1 }`) keeps what is named and `_id`;
 * `$addFields` keeps all and computes.
 */
export function parseProjection(spec: Doc, style: ProjectionStyle): Projection | null {
  if (Object.keys(spec).length === 0) {
    if (style === '$project')
      throw CommandError.location(51272, 'projection specification must have at least one field');
    return null;
  }
  const root: Tree = { children: new Map() };
  const modes = new Set<'include' | 'exclude'>();
  for (const path of Object.keys(spec)) place(root, path, path, spec[path], style, modes);
  if (modes.size === 2) {
    throw CommandError.location(31254, 'Cannot do inclusion and exclusion in one projection (except of _id)');
  }
  const id = root.children.get('_id');
  const idLeaf = id && !isTree(id) ? id.kind : undefined;
  const computes = hasCompute(root);
  const exclusive =
    style !== '$addFields' &&
    (modes.has('exclude') ||
      (modes.size === 0 && !computes && (idLeaf === 'exclude' || style === 'find') && idLeaf !== 'include'));
  if (exclusive && computes && style === '$project') {
    throw CommandError.location(31252, 'Cannot use an expression in an exclusion projection');
  }
  const keepsRest = exclusive || style === '$addFields';
  if (!keepsRest && !root.children.has('_id')) root.children.set('_id', { kind: 'include' });
  const apply = (doc: Doc): Doc => applyTree(root, doc, keepsRest, doc);
  return { apply, fields: keepsRest ? null : neededFields(root) };
}

function neededFields(root: Tree): ReadonlySet<string> | null {
  const fields = new Set<string>();
  const visit = (tree: Tree): boolean => {
    for (const node of tree.children.values()) {
      if (isTree(node)) {
        if (!visit(node)) return false;
      } else if (node.kind === 'compute') {
        if (node.expression.fields === null) return false;
        for (const name of node.expression.fields) fields.add(name);
      }
    }
    return true;
  };
  for (const name of root.children.keys()) fields.add(name);
  return visit(root) ? fields : null;
}

function hasCompute(tree: Tree): boolean {
  return [...tree.children.values()].some((node) => (isTree(node) ? hasCompute(node) : node.kind === 'compute'));
}

function place(
  tree: Tree,
  path: string,
  whole: string,
  value: Value,
  style: ProjectionStyle,
  modes: Set<string>,
): void {
  const dot = path.indexOf('.');
  const name = dot < 0 ? path : path.slice(0, dot);
  if (name === '' || path.endsWith('.'))
    throw CommandError.location(40353, `FieldPath must not end with a '.' or be empty: ${whole}`);
  if (name === '$') throw notSupported('positional projection');
  if (name.startsWith('$'))
    throw CommandError.location(16410, `FieldPath field names may not start with '$': ${whole}`);
  const existing = tree.children.get(name);
  if (dot >= 0) {
    if (existing && !isTree(existing)) throw CommandError.location(31249, `Path collision at ${whole}`);
    const child: Tree = existing ?? { children: new Map() };
    tree.children.set(name, child);
    place(child, path.slice(dot + 1), whole, value, style, modes);
    return;
  }
  if (existing) throw CommandError.location(31250, `Path collision at ${whole}`);
  if (isDoc(value) && !Object.keys(value)[0]?.startsWith('$') && Object.keys(value).length > 0) {
    // A sub-document is a longer way of writing dotted paths.
    const child: Tree = { children: new Map() };
    tree.children.set(name, child);
    for (const key of Object.keys(value)) place(child, key, `${whole}.${key}`, value[key], style, modes);
    return;
  }
  tree.children.set(name, leafOf(whole, value, style, modes));
}

function leafOf(path: string, value: Value, style: ProjectionStyle, modes: Set<string>): Leaf {
  if (style !== '$addFields' && (isNumber(value) || typeof value === 'boolean')) {
    const kind = truthy(value) ? 'include' : 'exclude';
    if (path !== '_id') modes.add(kind);
    return { kind };
  }
  if (style === 'find' && isDoc(value)) {
    const operator = Object.keys(value)[0];
    if (operator === '$slice' && !(Array.isArray(value['$slice']) && !value['$slice'].every(isNumber)))
      return sliceOf(value['$slice']);
    if (operator === '$elemMatch') {
      modes.add('include');
      return { kind: 'elemMatch', test: elementCondition(value['$elemMatch']) };
    }
    if (operator === '$meta') throw notSupported('$meta');
  }
  if (style !== '$addFields') modes.add('include');
  return { kind: 'compute', expression: parseExpression(value) };
}

function sliceOf(operand: Value): Leaf {
  const numbers = (Array.isArray(operand) ? operand : [operand]).map((n) => (isNumber(n) ? toDouble(n) : NaN));
  if (numbers.length > 2 || numbers.some((n) => !Number.isInteger(n)))
    throw badValue('$slice takes one or two whole numbers');
  if (numbers.length === 2) {
    if (numbers[1]! <= 0) throw badValue('second argument of $slice must be positive');
    return { kind: 'slice', skip: numbers[0]!, limit: numbers[1]! };
  }
  return numbers[0]! >= 0
    ? { kind: 'slice', skip: 0, limit: numbers[0]! }
    : { kind: 'slice', skip: numbers[0]!, limit: null };
}

function applyTree(tree: Tree, doc: Doc, keepsRest: boolean, root: Doc): Doc {
  const result: Doc = {};
  for (const name of Object.keys(doc)) {
    const node = tree.children.get(name);
    const value = doc[name];
    if (!node) {
      if (keepsRest) setField(result, name, value);
      continue;
    }
    const projected = isTree(node)
      ? applyNested(node, value, keepsRest, root)
      : applyLeaf(node, value, root, keepsRest);
    if (projected !== undefined) setField(result, name, projected);
  }
  for (const [name, node] of tree.children) {
    if (Object.hasOwn(doc, name)) continue;
    if (!isTree(node)) {
      if (node.kind !== 'compute') continue;
      const value = node.expression.evaluate({ root, current: root });
      if (value !== undefined) setField(result, name, value);
    } else if (hasCompute(node)) {
      setField(result, name, applyTree(node, {}, keepsRest, root));
    }
  }
  return result;
}

function applyNested(tree: Tree, value: Value, keepsRest: boolean, root: Doc): Value {
  if (isDoc(value)) return applyTree(tree, value, keepsRest, root);
  if (Array.isArray(value)) {
    const items = value.map((element) => applyNested(tree, element, keepsRest, root));
    return keepsRest ? items : items.filter((item) => item !== undefined);
  }
  if (hasCompute(tree)) return applyTree(tree, {}, keepsRest, root);
  return keepsRest ? value : undefined;
}

function applyLeaf(leaf: Leaf, value: Value, root: Doc, _keepsRest: boolean): Value {
  switch (leaf.kind) {
    case 'include':
      return value;
    case 'exclude':
      return undefined;
    case 'compute':
      return leaf.expression.evaluate({ root, current: root });
    case 'slice': {
      if (!Array.isArray(value)) return value;
      const start = leaf.skip < 0 ? Math.max(0, value.length + leaf.skip) : leaf.skip;
      return leaf.limit === null ? value.slice(start) : value.slice(start, start + leaf.limit);
    }
    case 'elemMatch': {
      if (!Array.isArray(value)) return undefined;
      const found = value.find(leaf.test);
      return found === undefined ? undefined : [found];
    }
  }
}

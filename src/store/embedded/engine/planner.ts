import { compare } from '../bson/compare.js';
import { inverted } from '../bson/key.js';
import { typeClass, type Value } from '../bson/value.js';
import { badValue } from '../errors.js';
import type { Filter, Node } from '../query/filter.js';
import type { Predicate } from '../query/predicates.js';
import type { SortField, SortSpec } from '../query/sort.js';
import { boundsOf, pointsOf } from './bounds.js';
import type { Collection } from './collection.js';
import type { Index } from './index-keys.js';
import type { Storage } from './storage.js';

/** A half-open stretch of keys. */
export interface KeyRange {
  low: Buffer;
  high: Buffer;
}

/** Stretches of one index. */
export interface Walk {
  /** null: the documents themselves, in the order of `_id`. */
  index: Index | null;
  ranges: KeyRange[];
  reverse: boolean;
  /** True when the ranges narrow the scan; explain's IXSCAN. */
  bounded: boolean;
  /** True when each range begins with the one key that it can hold: that is got, not walked to. */
  lookups: boolean;
}

export interface Plan {
  /** One after the other; several are the branches of an `$or`, and a document may be met in each. */
  walks: readonly Walk[];
  /** True when documents come out in the asked-for order. */
  sorted: boolean;
}

/** So many ranges a plan may have (the product of its `$in` lists); beyond, the rest only filters. */
const MAX_RANGES = 2000;
/** Index entries looked at to tell two candidate indexes apart. */
const PROBE = 256;

type FieldPredicates = ReadonlyMap<string, Predicate[]>;

/** The conditions that every matching document meets, by path. */
export function conjuncts(node: Node, into = new Map<string, Predicate[]>()): Map<string, Predicate[]> {
  if (node.kind === 'and') for (const child of node.children) conjuncts(child, into);
  if (node.kind === 'field') {
    const list = into.get(node.path);
    if (list) list.push(node.predicate);
    else into.set(node.path, [node.predicate]);
  }
  return into;
}

interface Access {
  index: Index | null;
  fields: readonly SortField[];
  prefix: Buffer;
  end: Buffer;
  multikey: boolean;
  sparse: boolean;
}

interface Candidate extends Walk {
  sorted: boolean;
  equalities: number;
  rangeSides: number;
  exact: boolean;
}

const ID_FIELDS: readonly SortField[] = [{ path: '_id', parts: ['_id'], direction: 1 }];

export interface PlanRequest {
  collection: Collection;
  filter: Filter;
  sort: SortSpec;
  limited: boolean;
  hint?: Index | '_id_' | '$natural' | undefined;
  /** Inside a write transaction indexes that it has just built may be used. */
  inTransaction: boolean;
}

export function plan(storage: Storage, request: PlanRequest): Plan {
  const one = single(storage, request);
  const narrow = one.bounded || (request.limited && one.sorted && request.sort.length > 0);
  const walks = narrow || request.hint ? null : union(storage, request);
  return walks ? { walks, sorted: request.sort.length === 0 } : { walks: [one], sorted: one.sorted };
}

/** An `$or` of which every branch has an index that narrows it; of several the one with the fewest entries. */
function union(storage: Storage, { collection, filter, inTransaction }: PlanRequest): Walk[] | null {
  let best: { walks: Walk[]; entries: number } | null = null;
  for (const branches of alternatives(filter.root)) {
    const walks: Walk[] = [];
    for (const branch of branches) {
      const predicates = conjuncts(branch, conjuncts(filter.root));
      const walk = choose(storage, bounding(collection, predicates, inTransaction), { sort: [], limited: false });
      if (walk === null) break;
      walks.push(walk);
    }
    const ranges = walks.flatMap((walk) => walk.ranges);
    if (walks.length < branches.length || ranges.length > MAX_RANGES) continue;
    const entries = probe(storage, ranges);
    if (best === null || entries < best.entries) best = { walks, entries };
  }
  return best?.walks ?? null;
}

/** The branches of each `$or` that every matching document meets. */
function alternatives(node: Node): Node[][] {
  if (node.kind === 'or') return [node.children];
  return node.kind === 'and' ? node.children.flatMap(alternatives) : [];
}

/** The best walk of one index, or of the documents themselves. */
function single(storage: Storage, request: PlanRequest): Candidate {
  const { collection, filter, sort, hint, inTransaction } = request;
  const predicates = conjuncts(filter.root);
  const primary = candidate(primaryOf(collection), predicates, sort);
  if (hint === '$natural')
    return {
      ...primary,
      ranges: [{ low: collection.prefix, high: collection.end }],
      bounded: false,
      lookups: false,
    };
  if (hint === '_id_') return primary;
  if (hint) {
    if (hint.partial && !implies(predicates, hint.partial)) {
      throw badValue(`hint ${hint.name} is a partial index that does not cover this query`);
    }
    return candidate(accessOf(hint), predicates, sort);
  }
  if (primary.exact) return primary;
  const candidates: Candidate[] = [];
  for (const index of usable(collection, predicates, inTransaction)) {
    const option = candidate(accessOf(index), predicates, sort);
    // A sparse index does not hold every document; it needs a bound that the missing ones cannot meet.
    if (index.sparse && !option.bounded) continue;
    if (!option.bounded && !(option.sorted && sort.length > 0) && !index.partial) continue;
    if (option.exact && index.unique) return option;
    candidates.push(option);
  }
  if (primary.bounded || primary.sorted) candidates.push(primary);
  return choose(storage, candidates, request) ?? primary;
}

/** What narrows the documents with these conditions. */
function bounding(collection: Collection, predicates: FieldPredicates, inTransaction: boolean): Candidate[] {
  const accesses = usable(collection, predicates, inTransaction).map(accessOf);
  return [primaryOf(collection), ...accesses]
    .map((access) => candidate(access, predicates, []))
    .filter((option) => option.bounded);
}

function usable(collection: Collection, predicates: FieldPredicates, inTransaction: boolean): Index[] {
  return collection.indexes.filter(
    (index) => (index.ready || inTransaction) && (!index.partial || implies(predicates, index.partial)),
  );
}

function primaryOf({ prefix, end }: Collection): Access {
  return { index: null, fields: ID_FIELDS, prefix, end, multikey: false, sparse: false };
}

function accessOf(index: Index): Access {
  const { fields, prefix, end, multikey, sparse } = index;
  return { index, fields, prefix, end, multikey, sparse };
}

function choose(
  storage: Storage,
  candidates: Candidate[],
  { sort, limited }: Pick<PlanRequest, 'sort' | 'limited'>,
): Candidate | null {
  if (candidates.length <= 1) return candidates[0] ?? null;
  const rated = candidates.map((option) => {
    const sortGain = sort.length > 0 && option.sorted ? (limited ? 6 : 3) : 0;
    const entries = option.bounded ? probe(storage, option.ranges) : PROBE;
    return { option, entries, score: option.equalities * 4 + option.rangeSides + sortGain };
  });
  // Few entries beat everything; where all are many, the tighter bounds and the wanted order do.
  rated.sort((a, b) => (a.entries >= PROBE && b.entries >= PROBE ? 0 : a.entries - b.entries) || b.score - a.score);
  return rated[0]!.option;
}

function probe(storage: Storage, ranges: readonly KeyRange[]): number {
  let entries = 0;
  for (const { low, high } of ranges) {
    entries += storage.count(low, high, PROBE - entries);
    if (entries >= PROBE) return PROBE;
  }
  return entries;
}

function candidate(access: Access, predicates: FieldPredicates, sort: SortSpec): Candidate {
  let heads: Buffer[] = [access.prefix];
  let equalities = 0;
  let rangeSides = 0;
  let singlePoint = 0;
  let ranges: KeyRange[] | null = null;
  for (const by of access.fields) {
    const own = predicates.get(by.path) ?? [];
    const points = pointsOf(own, access.sparse);
    if (points && points.length * heads.length <= MAX_RANGES) {
      const keys = points.map((key) => (by.direction === 1 ? key : inverted(key))).sort(Buffer.compare);
      heads = heads.flatMap((head) => keys.map((key) => Buffer.concat([head, key])));
      if (keys.length === 1 && singlePoint === equalities) singlePoint++;
      equalities++;
      continue;
    }
    const bounds = boundsOf(own, access.multikey);
    if (bounds) {
      rangeSides = bounds.sides;
      const { low, high } = by.direction === 1 ? bounds : { low: inverted(bounds.high), high: inverted(bounds.low) };
      const lowIn = by.direction === 1 ? bounds.lowInclusive : bounds.highInclusive;
      const highIn = by.direction === 1 ? bounds.highInclusive : bounds.lowInclusive;
      ranges = heads.map((head) => {
        const from = Buffer.concat([head, low]);
        const to = Buffer.concat([head, high]);
        return { low: lowIn ? from : successor(from), high: highIn ? successor(to) : to };
      });
      if (bounds.point) {
        const key = by.direction === 1 ? bounds.point : inverted(bounds.point);
        ranges.push(...heads.map((head) => pointRange(Buffer.concat([head, key]))));
        ranges.sort((a, b) => Buffer.compare(a.low, b.low));
      }
    }
    break;
  }
  const bounded = equalities > 0 || rangeSides > 0;
  ranges ??= bounded ? heads.map(pointRange) : [{ low: access.prefix, high: access.end }];
  const direction = orderOf(access, sort, singlePoint, ranges.length === 1);
  const complete = equalities === access.fields.length;
  return {
    index: access.index,
    ranges,
    reverse: direction === -1,
    sorted: direction !== 0,
    bounded,
    equalities,
    rangeSides,
    lookups: complete && (access.index === null || access.index.unique),
    exact: complete && ranges.length === 1,
  };
}

/**
 * The first key behind all that begin with these bytes. Appending FF would not do: after a bare type byte, or after half a
 * string going down, the next byte can be FF itself, and what it begins would be lost.
 */
function successor(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (bytes[end - 1] === 0xff) end--;
  const next = Buffer.from(bytes.subarray(0, end));
  next[end - 1]!++;
  return next;
}

function pointRange(head: Buffer): KeyRange {
  return { low: head, high: successor(head) };
}

/** 1 or -1 when walking the index that way gives the order, 0 when it does not. */
function orderOf(access: Access, sort: SortSpec, fixed: number, oneRange: boolean): 1 | -1 | 0 {
  if (sort.length === 0) return 1;
  if (access.multikey || !oneRange) return 0;
  // Entries of equal key follow one another by _id; in a unique index there are none.
  const order: readonly SortField[] = access.index ? [...access.fields, ...ID_FIELDS] : access.fields;
  const fixedPaths = new Set(order.slice(0, fixed).map((by) => by.path));
  let direction: 1 | -1 | 0 = 0;
  let at = fixed;
  for (const wanted of sort) {
    if (fixedPaths.has(wanted.path)) continue;
    const by = order[at++];
    if (!by || by.path !== wanted.path) return 0;
    const needs = by.direction === wanted.direction ? 1 : -1;
    if (direction !== 0 && direction !== needs) return 0;
    direction = needs;
    // What follows _id cannot matter: no two documents share it.
    if (by.path === '_id') break;
  }
  return direction === 0 ? 1 : direction;
}

/** True when every document that meets the query's conditions meets the partial index's expression. */
function implies(query: FieldPredicates, partial: Filter): boolean {
  for (const [path, wanted] of conjuncts(partial.root)) {
    const given = query.get(path) ?? [];
    if (!wanted.every((predicate) => given.some((own) => impliesOne(own, predicate)))) return false;
  }
  return onlyConjuncts(partial.root);
}

/** Whether the expression is nothing but conditions joined by "and"; createIndexes refuses what is not. */
export function onlyConjuncts(node: Node): boolean {
  if (node.kind === 'field') return true;
  return node.kind === 'and' && node.children.every(onlyConjuncts);
}

function impliesOne(own: Predicate, wanted: Predicate): boolean {
  const plain = (value: Value): boolean => value !== null && value !== undefined && !Array.isArray(value);
  switch (own.op) {
    case 'eq':
      return plain(own.value) && wanted.test(own.value);
    case 'in':
      return (
        own.regexes.length === 0 &&
        own.values.length > 0 &&
        own.values.every((value) => plain(value) && wanted.test(value))
      );
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte': {
      if (!plain(own.value)) return false;
      if (wanted.op === 'whole') return wanted.name === '$exists';
      if (wanted.op !== 'gt' && wanted.op !== 'gte' && wanted.op !== 'lt' && wanted.op !== 'lte') return false;
      if (wanted.op[0] !== own.op[0] || typeClass(own.value) !== typeClass(wanted.value)) return false;
      const order = compare(own.value, wanted.value) * (own.op[0] === 'g' ? 1 : -1);
      return order > 0 || (order === 0 && (wanted.op.endsWith('e') || !own.op.endsWith('e')));
    }
    case 'whole':
      return wanted.op === 'whole' && own.name === '$exists' && wanted.name === '$exists';
    default:
      return false;
  }
}

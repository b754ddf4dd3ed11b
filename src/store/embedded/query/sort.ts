import { compare } from '../bson/compare.js';
import { T, isDoc, isNumber, toDouble, typeClass, type Doc, type Value } from '../bson/value.js';
import { badValue, notSupported } from '../errors.js';
import { splitPath, visitPath } from './path.js';

export interface SortField {
  path: string;
  parts: string[];
  direction: 1 | -1;
}

export type SortSpec = readonly SortField[];

/** MongoDB sorts by at most 32 fields. */
const MAX_FIELDS = 32;

export function parseSort(spec: Value): SortSpec {
  if (spec === undefined || spec === null) return [];
  if (!isDoc(spec)) throw badValue('sort must be a document');
  const fields = Object.keys(spec).map((path): SortField => {
    const value = spec[path];
    if (isDoc(value)) throw notSupported('sorting by $meta');
    const direction = isNumber(value) ? toDouble(value) : 0;
    if (direction !== 1 && direction !== -1)
      throw badValue(`$sort key ordering must be 1 (ascending) or -1 (descending): ${path}`);
    if (path === '' || path.startsWith('$') || path.split('.').includes('')) throw badValue(`bad sort field: ${path}`);
    return { path, parts: splitPath(path), direction };
  });
  if (fields.length > MAX_FIELDS) throw badValue(`too many compound keys in sort, at most ${MAX_FIELDS}`);
  return fields;
}

/** An empty array sorts below null; it has a value of its own here. */
const EMPTY_ARRAY = Symbol('empty array');
type SortValue = Value | typeof EMPTY_ARRAY;

function compareSortValues(a: SortValue, b: SortValue): number {
  if (a === EMPTY_ARRAY || b === EMPTY_ARRAY) {
    if (a === b) return 0;
    const other = a === EMPTY_ARRAY ? (b as Value) : a;
    const emptyIsLower = typeClass(other) > T.emptyArray;
    return (a === EMPTY_ARRAY) === emptyIsLower ? -1 : 1;
  }
  return compare(a, b);
}

/** The value a document sorts by: of an array the smallest element going up, the largest going down. */
function sortValue(doc: Doc, { parts, direction }: SortField): SortValue {
  let best: SortValue = null;
  let found = false;
  const offer = (value: SortValue): void => {
    if (!found || compareSortValues(value, best) * direction < 0) best = value;
    found = true;
  };
  visitPath(doc, parts, 0, (value) => {
    if (!Array.isArray(value)) offer(value ?? null);
    else if (value.length === 0) offer(EMPTY_ARRAY);
    else value.forEach((element) => offer(element ?? null));
    return false;
  });
  return best;
}

export function sortComparator(spec: SortSpec): (a: Doc, b: Doc) => number {
  return (a, b) => {
    for (const by of spec) {
      const order = compareSortValues(sortValue(a, by), sortValue(b, by)) * by.direction;
      if (order !== 0) return order;
    }
    return 0;
  };
}

/**
 * Sorts items by their documents, computing each sort value once. With a limit only the first ones are kept while items
 * come in, so a page of a large collection needs the memory of a page.
 */
export class Sorter<Item> {
  private rows: { keys: SortValue[]; n: number; item: Item }[] = [];
  private count = 0;
  private readonly order: (a: { keys: SortValue[]; n: number }, b: { keys: SortValue[]; n: number }) => number;

  constructor(
    private readonly spec: SortSpec,
    private readonly limit = Infinity,
  ) {
    this.order = (a, b) => {
      for (let i = 0; i < spec.length; i++) {
        const order = compareSortValues(a.keys[i], b.keys[i]) * spec[i]!.direction;
        if (order !== 0) return order;
      }
      return a.n - b.n;
    };
  }

  get size(): number {
    return this.rows.length;
  }

  add(doc: Doc, item: Item): void {
    this.rows.push({ keys: this.spec.map((by) => sortValue(doc, by)), n: this.count++, item });
    if (this.rows.length >= this.limit * 2 + 1000) this.cut();
  }

  private cut(): void {
    this.rows.sort(this.order);
    this.rows.length = Math.min(this.rows.length, this.limit);
  }

  finish(): Item[] {
    this.rows.sort(this.order);
    const items = this.rows.map((row) => row.item);
    this.rows = [];
    return this.limit === Infinity ? items : items.slice(0, this.limit);
  }
}

/**
 * What a command asks of MongoDB, without its values: names of operators, stages, options and index kinds, and for
 * commands that look for documents the form of the search.
 */
export interface Needs {
  /** `[kind, name]`, the kinds as in the table of what the embedded store supports. */
  features: [string, string][];
  searches: Search[];
}

export interface Search {
  collection: string;
  command: string;
  /** Values stand as `<type>`. */
  filter: Shape;
  sort?: Record<string, number>;
}

export type Shape = string | Shape[] | { [name: string]: Shape };
type Doc = Record<string, unknown>;

/** Sent by the driver with every command of a session, or by the connection itself. */
const EVERYWHERE = new Set(['$db', 'lsid', '$readPreference', 'readConcern', 'writeConcern', '$clusterTime']);
/** What the driver sends besides, for its own ends. */
const OWN = new Set(['endSessions', 'killCursors', 'hello', 'ismaster', 'saslStart']);

export function needsOf(command: Doc): Needs {
  const [name = ''] = Object.keys(command);
  const needs = new Collector(String(command[name]), name);
  if (OWN.has(name)) return needs.needs;
  needs.feature('commands', name);
  for (const field of Object.keys(command)) {
    if (field !== name && !EVERYWHERE.has(field)) needs.feature(`fields of ${name}`, field);
  }
  switch (name) {
    case 'find':
      needs.search(command['filter'], command['sort']);
      needs.projection(command['projection']);
      break;
    case 'count':
    case 'distinct':
      needs.search(command['query']);
      break;
    case 'findAndModify':
      needs.search(command['query'], command['sort']);
      needs.update(command['update']);
      needs.projection(command['fields']);
      break;
    case 'update':
      for (const { q, u, ...options } of command['updates'] as Doc[]) {
        needs.search(q);
        needs.update(u);
        for (const option of Object.keys(options)) needs.feature('update statement', option);
      }
      break;
    case 'delete':
      for (const { q, ...options } of command['deletes'] as Doc[]) {
        needs.search(q);
        for (const option of Object.keys(options)) needs.feature('delete statement', option);
      }
      break;
    case 'aggregate':
      needs.pipeline(command['pipeline'] as Doc[]);
      break;
    case 'createIndexes':
      for (const index of command['indexes'] as Doc[]) needs.index(index);
      break;
    default:
  }
  return needs.needs;
}

class Collector {
  readonly needs: Needs = { features: [], searches: [] };

  constructor(
    private readonly collection: string,
    private readonly command: string,
  ) {}

  feature(kind: string, name: string): void {
    this.needs.features.push([kind, name]);
  }

  search(filter: unknown, sort?: unknown): void {
    this.query(filter);
    this.needs.searches.push({
      collection: this.collection,
      command: this.command,
      filter: shapeOf(filter ?? {}),
      ...orderOf(sort),
    });
  }

  query(filter: unknown): void {
    if (Array.isArray(filter)) {
      for (const one of filter) this.query(one);
      return;
    }
    if (!isDoc(filter)) return;
    for (const [name, value] of Object.entries(filter)) {
      if (name.startsWith('$')) this.feature('query', name);
      if (name === '$expr') this.expression(value);
      else this.query(value);
    }
  }

  update(update: unknown): void {
    if (Array.isArray(update)) {
      this.feature('update', 'a pipeline');
      this.pipeline(update as Doc[]);
      return;
    }
    if (!isDoc(update)) return;
    for (const [name, changes] of Object.entries(update)) {
      if (!name.startsWith('$')) {
        this.feature('update', 'replacement');
        return;
      }
      this.feature('update', name);
      for (const [path, change] of Object.entries(changes as Doc)) {
        if (/\.\$(?=\.|$)/.test(path)) this.feature('positional', '$');
        if (path.includes('$[]')) this.feature('positional', '$[]');
        if (/\$\[\w/.test(path)) this.feature('positional', '$[id]');
        if (name === '$pull') this.query(change);
        if ((name === '$push' || name === '$addToSet') && isDoc(change)) {
          for (const modifier of Object.keys(change)) if (modifier.startsWith('$')) this.feature('`$push`', modifier);
        }
      }
    }
  }

  projection(projection: unknown): void {
    if (!isDoc(projection)) return;
    for (const value of Object.values(projection)) {
      if (isDoc(value)) for (const name of Object.keys(value)) this.feature('projection', name);
      else this.feature('projection', value === 0 || value === false ? 'exclude' : 'include');
    }
  }

  pipeline(stages: readonly Doc[]): void {
    const head: Search = { collection: this.collection, command: this.command, filter: {} };
    let leading = true;
    for (const stage of stages) {
      const [name = ''] = Object.keys(stage);
      const argument = stage[name];
      this.feature('stages', name);
      if (leading && name === '$match') head.filter = shapeOf(argument);
      else if (leading && name === '$sort') Object.assign(head, orderOf(argument));
      if (name !== '$match') leading = false;
      if (name === '$match') this.query(argument);
      else if (name === '$group') this.group(argument as Doc);
      else if (name === '$lookup' || name === '$unionWith')
        this.pipeline(((argument as Doc)['pipeline'] ?? []) as Doc[]);
      else if (name === '$facet') for (const part of Object.values(argument as Doc)) this.pipeline(part as Doc[]);
      else if (name !== '$sort') this.expression(argument);
    }
    if (this.command === 'aggregate' && this.needs.searches.length === 0) this.needs.searches.push(head);
  }

  private group({ _id, ...fields }: Doc): void {
    this.expression(_id);
    for (const field of Object.values(fields)) {
      const [name = ''] = Object.keys(field as Doc);
      this.feature('accumulators', name);
      this.expression((field as Doc)[name]);
    }
  }

  private expression(value: unknown): void {
    if (Array.isArray(value)) for (const one of value) this.expression(one);
    if (!isDoc(value)) return;
    for (const [name, argument] of Object.entries(value)) {
      if (name.startsWith('$')) this.feature('expressions', name);
      if (name !== '$literal') this.expression(argument);
    }
  }

  index(index: Doc): void {
    for (const option of Object.keys(index)) this.feature('index options', option);
    const directions = Object.values(index['key'] as Doc);
    if (directions.length > 1) this.feature('index kinds', 'compound');
    for (const direction of directions) {
      this.feature('index kinds', direction === 1 ? 'ascending' : direction === -1 ? 'descending' : String(direction));
    }
    this.query(index['partialFilterExpression']);
  }
}

/** The driver keeps the order of a sort in a Map. */
function orderOf(sort: unknown): Pick<Search, 'sort'> {
  const order = (sort instanceof Map ? Object.fromEntries(sort) : (sort ?? {})) as Record<string, number>;
  return Object.keys(order).length > 0 ? { sort: order } : {};
}

const LISTS = new Set(['$in', '$nin', '$all']);

/** The form of a value: names and operators stay, values become their type, lists of values a list, empty or not. */
export function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) {
    const shapes = new Map(value.map((one) => [JSON.stringify(shapeOf(one)), shapeOf(one)]));
    return [...shapes.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, shape]) => shape);
  }
  if (!isDoc(value)) return `<${typeOf(value)}>`;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, LISTS.has(name) ? '<list>' : shapeOf(inner)]),
  );
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return 'date';
  if (value instanceof RegExp) return 'regex';
  if (typeof value === 'object') return String((value as { _bsontype?: unknown })._bsontype ?? 'binary').toLowerCase();
  return typeof value;
}

/** A plain object, no date and no BSON value. */
function isDoc(value: unknown): value is Doc {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof RegExp) &&
    !(value instanceof Uint8Array) &&
    !('_bsontype' in value)
  );
}

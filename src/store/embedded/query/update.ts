import { compare, equal, isOperatorDoc } from '../bson/compare.js';
import { clone, field, isDoc, isNumber, setField, toDouble, typeName, type Doc, type Value } from '../bson/value.js';
import { CommandError, badValue, failedToParse, notSupported, typeMismatch } from '../errors.js';
import { parseFilter, type Filter } from './filter.js';
import { arrayIndex } from './path.js';
import { type Change, arithmetic, currentDate, arrayAt, push, addToSet, removing, pull, bits } from './changes.js';

interface Step {
  path: string;
  parts: string[];
  /** Sets on insert only. */
  onInsertOnly: boolean;
  /** False for changes that leave a missing path alone ($unset, $pull, $pop). */
  creates: boolean;
  change: Change;
}

export interface UpdateContext {
  inserting: boolean;
  /** Which element of the array at that path met the query, for `$`. */
  position: (arrayPath: string) => number;
}

export interface Update {
  /** Returns the changed document; the one given is left as it is. */
  apply: (doc: Doc, context: UpdateContext) => Doc;
  /** True when the whole document is replaced. */
  replacement: boolean;
  usesPosition: boolean;
}

export const updateOperators = [
  '$set',
  '$unset',
  '$inc',
  '$mul',
  '$min',
  '$max',
  '$rename',
  '$currentDate',
  '$setOnInsert',
  '$push',
  '$addToSet',
  '$pull',
  '$pullAll',
  '$pop',
  '$bit',
] as const;

export function parseUpdate(spec: Value, arrayFilters: Value, now: () => Date): Update {
  if (Array.isArray(spec)) throw notSupported('updates by an aggregation pipeline');
  if (!isDoc(spec)) throw failedToParse('Update argument must be either an object or an array');
  const filters = parseArrayFilters(arrayFilters);
  if (!isOperatorDoc(spec)) {
    for (const name of Object.keys(spec)) {
      if (name.startsWith('$'))
        throw new CommandError(
          'DollarPrefixedFieldName',
          `The dollar ($) prefixed field '${name}' is not allowed in the context of an update's replacement document.`,
        );
    }
    if (filters.size > 0) throw failedToParse('arrayFilters may not be specified for a replacement');
    return { apply: (doc) => replaced(doc, spec), replacement: true, usesPosition: false };
  }
  const steps: Step[] = [];
  for (const name of Object.keys(spec)) {
    const operand = spec[name];
    if (!name.startsWith('$') || !(updateOperators as readonly string[]).includes(name)) {
      throw failedToParse(
        `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!isDoc(operand)) {
      throw failedToParse(
        `Modifiers operate on fields but we found type ${typeName(operand)} instead. For example: {$mod: {<field>: ...}} not {${name}: ...}`,
      );
    }
    for (const path of Object.keys(operand)) steps.push(...parseStep(name, path, operand[path], now));
  }
  checkConflicts(steps);
  checkFiltersUsed(steps, filters);
  // MongoDB walks the paths in order of their names, which decides the order of new fields.
  steps.sort((a, b) => comparePaths(a.parts, b.parts));
  return {
    apply: (doc, context) => applySteps(steps, filters, doc, context),
    replacement: false,
    usesPosition: steps.some((step) => step.parts.includes('$')),
  };
}

function replaced(doc: Doc, spec: Doc): Doc {
  const id = doc['_id'];
  if (Object.hasOwn(spec, '_id') && id !== undefined && !equal(spec['_id'], id)) throw immutableId();
  const { _id, ...rest } = spec;
  const result = clone(rest) as Doc;
  return id === undefined && _id === undefined ? result : { _id: id ?? _id, ...result };
}

function immutableId(): CommandError {
  return new CommandError(
    'ImmutableField',
    "Performing an update on the path '_id' would modify the immutable field '_id'",
  );
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] === b[i]) continue;
    const x = arrayIndex(a[i]!);
    const y = arrayIndex(b[i]!);
    if (x >= 0 && y >= 0) return x - y;
    return a[i]! < b[i]! ? -1 : 1;
  }
  return a.length - b.length;
}

function splitUpdatePath(path: string): string[] {
  const parts = path.split('.');
  if (path === '') throw new CommandError('EmptyFieldName', 'An empty update path is not valid.');
  if (parts.includes(''))
    throw new CommandError(
      'EmptyFieldName',
      `The update path '${path}' contains an empty field name, which is not allowed.`,
    );
  if (parts[0]!.startsWith('$')) {
    throw parts[0] === '$' || parts[0]!.startsWith('$[')
      ? badValue(`Cannot have positional (i.e. '$') element in the first position in path '${path}'`)
      : new CommandError(
          'DollarPrefixedFieldName',
          `The dollar ($) prefixed field '${path}' in '${path}' is not valid for storage.`,
        );
  }
  for (const part of parts.slice(1)) {
    if (part.startsWith('$') && part !== '$' && !/^\$\[[a-z]?[a-zA-Z0-9]*\]$/.test(part)) {
      throw new CommandError(
        'DollarPrefixedFieldName',
        `The dollar ($) prefixed field '${part}' in '${path}' is not valid for storage.`,
      );
    }
  }
  if (parts.indexOf('$') !== parts.lastIndexOf('$'))
    throw badValue(`Too many positional (i.e. '$') elements found in path '${path}'`);
  return parts;
}

function parseStep(name: string, path: string, operand: Value, now: () => Date): Step[] {
  const parts = splitUpdatePath(path);
  const step = (change: Change, creates = true): Step => ({ path, parts, onInsertOnly: false, creates, change });
  switch (name) {
    case '$set':
      return [step(() => clone(operand))];
    case '$setOnInsert':
      return [{ ...step(() => clone(operand)), onInsertOnly: true }];
    case '$unset':
      return [step(() => undefined, false)];
    case '$inc':
    case '$mul':
      return [step(arithmetic(name, path, operand))];
    case '$min':
      return [step((value) => (value === undefined || compare(operand, value) < 0 ? operand : value))];
    case '$max':
      return [step((value) => (value === undefined || compare(operand, value) > 0 ? operand : value))];
    case '$currentDate':
      return [step(currentDate(path, operand, now))];
    case '$push':
      return [step(push(operand))];
    case '$addToSet':
      return [step(addToSet(operand))];
    case '$pull':
      return [step(pull(operand), false)];
    case '$pullAll': {
      if (!Array.isArray(operand)) throw badValue('$pullAll requires an array argument');
      return [
        step(
          removing('$pullAll', (element) => operand.some((other) => equal(other, element))),
          false,
        ),
      ];
    }
    case '$pop': {
      const side = isNumber(operand) ? toDouble(operand) : 0;
      if (side !== 1 && side !== -1) throw failedToParse(`$pop expects 1 or -1`);
      return [
        step(
          (value, at) =>
            value === undefined
              ? undefined
              : side === 1
                ? arrayAt('$pop', value, at).slice(0, -1)
                : arrayAt('$pop', value, at).slice(1),
          false,
        ),
      ];
    }
    case '$bit':
      return [step(bits(operand))];
    case '$rename':
      return rename(path, parts, operand);
    default:
      throw failedToParse(`Unknown modifier: ${name}`);
  }
}

function rename(path: string, parts: string[], operand: Value): Step[] {
  if (typeof operand !== 'string') throw badValue(`The 'to' field for $rename must be a string: ${path}`);
  const target = splitUpdatePath(operand);
  if ([...parts, ...target].some((part) => part.startsWith('$'))) throw badValue('$rename takes no positional paths');
  if (path === operand) throw badValue(`The source and target field for $rename must differ: ${path}`);
  // Both steps read the document as it was: the value travels in the closure of one application.
  const moved: { value: Value } = { value: undefined };
  const from: Step = {
    path,
    parts,
    onInsertOnly: false,
    creates: false,
    change: () => undefined,
  };
  const to: Step = {
    path: operand,
    parts: target,
    onInsertOnly: false,
    creates: true,
    change: (value) => moved.value ?? value,
  };
  Object.assign(to, { source: parts, moved });
  return [from, to];
}

interface RenameTarget extends Step {
  source: string[];
  moved: { value: Value };
}

function isRenameTarget(step: Step): step is RenameTarget {
  return 'source' in step;
}

function plainPath(doc: Doc, parts: readonly string[]): Value {
  let value: Value = doc;
  for (const part of parts) {
    if (Array.isArray(value)) throw badValue(`The source field of $rename cannot be an array element`);
    if (!isDoc(value)) return undefined;
    value = field(value, part);
  }
  return value;
}

function checkConflicts(steps: readonly Step[]): void {
  const taken: { path: string; parts: string[] }[] = [];
  for (const { path, parts } of steps) {
    for (const other of taken) {
      const length = Math.min(parts.length, other.parts.length);
      if (parts.slice(0, length).every((part, i) => part === other.parts[i])) {
        const at = other.parts.length < parts.length ? other.path : path;
        throw new CommandError(
          'ConflictingUpdateOperators',
          `Updating the path '${path}' would create a conflict at '${at}'`,
        );
      }
    }
    taken.push({ path, parts });
  }
}

function parseArrayFilters(value: Value): Map<string, (element: Value) => boolean> {
  const filters = new Map<string, (element: Value) => boolean>();
  if (value === undefined || value === null) return filters;
  if (!Array.isArray(value)) throw typeMismatch('arrayFilters must be an array');
  for (const entry of value) {
    if (!isDoc(entry)) throw typeMismatch('arrayFilters must hold documents');
    const name = filterName(entry);
    if (!name) throw failedToParse('Cannot use an expression without a top-level field name in arrayFilters');
    if (filters.has(name))
      throw failedToParse(`Found multiple array filters with the same top-level field name ${name}`);
    const filter: Filter = parseFilter(entry);
    filters.set(name, (element) => filter.matches({ [name]: element }));
  }
  return filters;
}

/** All paths of one array filter begin with the same identifier, also under `$or` and `$and`. */
function filterName(entry: Doc): string | null {
  let name: string | null = null;
  for (const key of Object.keys(entry)) {
    const own = key.startsWith('$')
      ? (Array.isArray(entry[key]) ? entry[key] : []).map((clause) => (isDoc(clause) ? filterName(clause) : null))
      : [key.split('.')[0]!];
    for (const found of own) {
      if (found === null) continue;
      if (name !== null && name !== found)
        throw failedToParse(
          `Error parsing array filter: expected a single top-level field name, found '${name}' and '${found}'`,
        );
      name = found;
    }
  }
  return name;
}

function identifier(part: string): string | null {
  return /^\$\[(.+)\]$/.exec(part)?.[1] ?? null;
}

function checkFiltersUsed(steps: readonly Step[], filters: ReadonlyMap<string, unknown>): void {
  const used = new Set(steps.flatMap((step) => step.parts.map(identifier)));
  for (const name of filters.keys()) {
    if (!used.has(name)) throw failedToParse(`The array filter for identifier '${name}' was not used in the update`);
  }
  for (const name of used) {
    if (name !== null && !filters.has(name)) throw badValue(`No array filter found for identifier '${name}'`);
  }
}

function applySteps(
  steps: readonly Step[],
  filters: ReadonlyMap<string, (element: Value) => boolean>,
  doc: Doc,
  context: UpdateContext,
): Doc {
  const result = clone(doc) as Doc;
  for (const step of steps) {
    if (step.onInsertOnly && !context.inserting) continue;
    if (isRenameTarget(step)) {
      step.moved.value = plainPath(doc, step.source);
      if (step.moved.value === undefined) continue;
    }
    walk(result, step, 0, filters, context);
  }
  if (!context.inserting && !equal(result['_id'], doc['_id'])) throw immutableId();
  return result;
}

/** Goes down to where the step's path ends and changes the value there, making sub-documents on the way if need be. */
function walk(
  container: Doc | Value[],
  step: Step,
  at: number,
  filters: ReadonlyMap<string, (element: Value) => boolean>,
  context: UpdateContext,
): void {
  const part = step.parts[at]!;
  const here = step.parts.slice(0, at).join('.');
  const last = at === step.parts.length - 1;
  const visit = (key: string | number): void => {
    const value = get(container, key);
    if (last) {
      put(container, key, step.change(value, step.path), step.creates || value !== undefined);
      return;
    }
    if (value === undefined) {
      if (!step.creates) return;
      const next = step.parts[at + 1]!;
      if (next === '$' || next.startsWith('$['))
        throw badValue(
          `The path '${[...step.parts.slice(0, at), key].join('.')}' must exist in the document in order to apply array updates.`,
        );
      const made: Doc = {};
      walk(made, step, at + 1, filters, context);
      put(container, key, made, true);
      return;
    }
    if (isDoc(value) || Array.isArray(value)) {
      walk(value, step, at + 1, filters, context);
      return;
    }
    // $unset and the like leave alone what they cannot reach.
    if (!step.creates) return;
    throw new CommandError(
      'PathNotViable',
      `Cannot create field '${step.parts[at + 1]}' in element {${key}: ${typeName(value)}}`,
    );
  };
  if (part === '$') {
    if (!Array.isArray(container)) throw badValue(`Cannot apply the positional operator to a non-array at '${here}'`);
    visit(context.position(here));
    return;
  }
  const name = identifier(part);
  if (part === '$[]' || name !== null) {
    if (!Array.isArray(container)) throw badValue(`Cannot apply array updates to non-array element ${here}`);
    const test = name === null ? null : filters.get(name)!;
    container.forEach((element, i) => {
      if (!test || test(element)) visit(i);
    });
    return;
  }
  if (Array.isArray(container)) {
    const index = arrayIndex(part);
    if (index < 0) {
      if (!step.creates) return;
      throw new CommandError(
        'PathNotViable',
        `Cannot create field '${part}' in element {${step.parts[at - 1]}: array}`,
      );
    }
    // MongoDB fills at most so many nulls; a larger position is a mistake.
    if (index > container.length + 1_500_000) throw badValue(`can't backfill array to larger than 1500000 elements`);
    visit(index);
    return;
  }
  visit(part);
}

function get(container: Doc | Value[], key: string | number): Value {
  return Array.isArray(container) ? container[Number(key)] : field(container, String(key));
}

function put(container: Doc | Value[], key: string | number, value: Value, wanted: boolean): void {
  if (!wanted) return;
  if (Array.isArray(container)) {
    const index = Number(key);
    while (container.length < index) container.push(null);
    // An element cannot go missing in the middle of an array: it becomes null.
    container[index] = value ?? null;
  } else if (value === undefined) {
    Reflect.deleteProperty(container, key);
  } else {
    setField(container, String(key), value);
  }
}

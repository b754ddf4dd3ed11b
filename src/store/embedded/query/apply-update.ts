import { clone, field, isDoc, setField, typeName, type Doc, type Value } from '../bson/value.js';
import { equal } from '../bson/compare.js';
import { CommandError, badValue } from '../errors.js';
import { identifier, type ArrayFilters } from './array-filters.js';
import type { Change } from './changes.js';
import { arrayIndex } from './path.js';

/** One change at one path. */
export interface Step {
  path: string;
  parts: string[];
  /** Sets on insert only. */
  onInsertOnly: boolean;
  /** False for changes that leave a missing path alone ($unset, $pull, $pop). */
  creates: boolean;
  change: Change;
}

/** Where a `$rename` goes to: its value is read from the document as it was before the update. */
export interface RenameTarget extends Step {
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

export interface UpdateContext {
  inserting: boolean;
  /** Which element of the array at that path met the query, for `$`. */
  position: (arrayPath: string) => number;
}

export function immutableId(): CommandError {
  return new CommandError(
    'ImmutableField',
    "Performing an update on the path '_id' would modify the immutable field '_id'",
  );
}

/** The changed document; the one given is left as it is. */
export function applySteps(steps: readonly Step[], filters: ArrayFilters, doc: Doc, context: UpdateContext): Doc {
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
function walk(container: Doc | Value[], step: Step, at: number, filters: ArrayFilters, context: UpdateContext): void {
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

import { compare, equal, isOperatorDoc } from '../bson/compare.js';
import { clone, isDoc, isNumber, toDouble, typeName, type Doc, type Value } from '../bson/value.js';
import { CommandError, badValue, failedToParse, notSupported } from '../errors.js';
import { applySteps, immutableId, type RenameTarget, type Step, type UpdateContext } from './apply-update.js';
import { checkFiltersUsed, parseArrayFilters } from './array-filters.js';
import { type Change, arithmetic, currentDate, arrayAt, push, addToSet, removing, pull, bits } from './changes.js';
import { arrayIndex } from './path.js';

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
  checkFiltersUsed(
    steps.map((step) => step.parts),
    filters,
  );
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
  const to: RenameTarget = {
    source: parts,
    moved,
    path: operand,
    parts: target,
    onInsertOnly: false,
    creates: true,
    change: (value) => moved.value ?? value,
  };
  return [from, to];
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

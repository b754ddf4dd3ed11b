import { isDoc, type Doc, type Value } from '../bson/value.js';
import { badValue, failedToParse, typeMismatch } from '../errors.js';
import { parseFilter } from './filter.js';

/** The conditions of `$[name]` in update paths, by name. */
export type ArrayFilters = ReadonlyMap<string, (element: Value) => boolean>;

export function parseArrayFilters(value: Value): ArrayFilters {
  const filters = new Map<string, (element: Value) => boolean>();
  if (value === undefined || value === null) return filters;
  if (!Array.isArray(value)) throw typeMismatch('arrayFilters must be an array');
  for (const entry of value) {
    if (!isDoc(entry)) throw typeMismatch('arrayFilters must hold documents');
    const name = filterName(entry);
    if (!name) throw failedToParse('Cannot use an expression without a top-level field name in arrayFilters');
    if (filters.has(name))
      throw failedToParse(`Found multiple array filters with the same top-level field name ${name}`);
    const filter = parseFilter(entry);
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

/** The name in `$[name]`. */
export function identifier(part: string): string | null {
  return /^\$\[(.+)\]$/.exec(part)?.[1] ?? null;
}

/** Every filter has to be used by one of the paths, and every name in them needs one. */
export function checkFiltersUsed(paths: readonly (readonly string[])[], filters: ArrayFilters): void {
  const used = new Set(paths.flatMap((parts) => parts.map(identifier)));
  for (const name of filters.keys()) {
    if (!used.has(name)) throw failedToParse(`The array filter for identifier '${name}' was not used in the update`);
  }
  for (const name of used) {
    if (name !== null && !filters.has(name)) throw badValue(`No array filter found for identifier '${name}'`);
  }
}

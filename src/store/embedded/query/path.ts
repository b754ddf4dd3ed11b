import { field, isDoc, type Value } from '../bson/value.js';

export function splitPath(path: string): string[] {
  return path.split('.');
}

const INDEX = /^(0|[1-9]\d{0,8})$/;

/** The array position that a path component names, or -1. */
export function arrayIndex(part: string): number {
  return INDEX.test(part) ? Number(part) : -1;
}

/**
 * Visits every value that a dotted path leads to, as MongoDB's matcher does: through sub-documents, through the
 * sub-documents of an array (one level) and through array positions. A path that ends early visits `undefined`. An
 * array at the end of the path is visited as a whole; taking it apart is the visitor's business. Stops when `visit`
 * returns true. Matching, sorting and index keys all go through here, so they cannot disagree on what a path means.
 */
export function visitPath(
  value: Value,
  parts: readonly string[],
  at: number,
  visit: (value: Value) => boolean,
  onArray?: () => void,
): boolean {
  if (at === parts.length) return visit(value);
  const part = parts[at]!;
  if (Array.isArray(value)) {
    onArray?.();
    const index = arrayIndex(part);
    if (index >= 0 && index < value.length && visitPath(value[index], parts, at + 1, visit, onArray)) return true;
    for (const element of value) {
      if (isDoc(element) && visitPath(element, parts, at, visit, onArray)) return true;
    }
    return false;
  }
  if (!isDoc(value)) return visit(undefined);
  return visitPath(field(value, part), parts, at + 1, visit, onArray);
}

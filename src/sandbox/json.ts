/** Reading untyped JSON by hand: the vendors' refusals depend on which field is wrong, so no schema library. */

export type Json = Record<string, unknown>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // not JSON: the caller refuses in its own words
  }
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function strings(value: unknown): string[] {
  return list(value).filter((item): item is string => typeof item === 'string');
}

/** Length in bytes of UTF-8, the unit of most of the vendors' limits. */
export function bytesOf(value: string): number {
  return Buffer.byteLength(value);
}

/** Cuts to at most `limit` bytes without splitting a character. */
export function cutBytes(value: string, limit: number): string {
  if (bytesOf(value) <= limit) return value;
  let kept = '';
  let used = 0;
  for (const character of value) {
    used += bytesOf(character);
    if (used > limit) break;
    kept += character;
  }
  return kept;
}

import { didYouMean } from '../core/index.js';
import type { YamlValue } from '../core/index.js';
import type { Keyword, TagLibrary } from './types.js';

/** What stands elsewhere in the file and is referred to by name. */
export interface References {
  tagLibraries: Readonly<Record<string, TagLibrary>>;
  lists: Readonly<Record<string, string[]>>;
  keywords: readonly Keyword[];
}

export const YES_NO = { 是: true, 否: false } as const;

/** Ids stand in action keys and in addresses: small letters, digits and hyphens. */
const ID = /^[a-z][a-z0-9-]{0,39}$/;

export function readId(value: YamlValue | null, what: string): string | null {
  const text = value?.text(what) ?? null;
  if (value === null || text === null) return null;
  if (ID.test(text)) return text;
  value.error('flow.id', `「${what}」写的是「${text}」，只能用小写字母、数字和短横线，字母开头，最多 40 个。`);
  return null;
}

/** A list of texts without doubles and not empty. */
export function readDistinct(value: YamlValue | null, what: string): string[] | null {
  const items = value?.list(what) ?? null;
  if (value === null || items === null) return null;
  const seen = new Set<string>();
  for (const item of items) {
    const text = item.text(what);
    if (text === null) continue;
    if (seen.has(text)) item.error('flow.double', `「${what}」里「${text}」写了两次。`);
    seen.add(text);
  }
  if (items.length === 0) value.error('flow.empty_list', `「${what}」是空的，至少写一个。`);
  return [...seen];
}

/** Reports a value that was there before and tells where the first one stands in words. */
export function createUniqueness(
  code: string,
  describe: (text: string) => string,
): (text: string, at: YamlValue) => void {
  const seen = new Set<string>();
  return (text, at) => {
    if (seen.has(text)) at.error(code, describe(text));
    seen.add(text);
  };
}

export function readReference<T>(at: YamlValue, what: string, known: Readonly<Record<string, T>>): T | null {
  const name = at.text(what);
  if (name === null) return null;
  if (Object.hasOwn(known, name)) return known[name] as T;
  const names = Object.keys(known);
  at.error(
    'flow.unknown_reference',
    `${what}里没有「${name}」${didYouMean(name, names)}，现有：${names.join('、') || '（没有）'}。`,
  );
  return null;
}

export function readWords<T>(value: YamlValue | null, what: string, allowed: Readonly<Record<string, T>>): T[] | null {
  const items = value?.list(what) ?? null;
  if (items?.length === 0) value?.error('flow.empty_list', `「${what}」是空的，至少写一个。`);
  const words = items?.flatMap((item) => item.word(what, allowed) ?? []) ?? [];
  return words.length === 0 ? null : [...new Set(words)];
}

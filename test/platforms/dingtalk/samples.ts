import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../src/core/index.js';

/** The vendor's payloads: the set beside the project where there is one, else the copy in the fixtures. */
const OUTSIDE = join(projectRoot, '../shared/protocols/dingtalk');
const FOLDER = existsSync(OUTSIDE) ? OUTSIDE : join(projectRoot, 'test/fixtures/dingtalk');

export type Json = Record<string, unknown>;

export const sampleNames = (): string[] =>
  readdirSync(FOLDER).flatMap((file) => (file.endsWith('.json') ? [file.replace(/\.json$/, '')] : []));

export const sample = (name: string): Json => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Json;

/** A vector of a file that holds several. */
export const vector = (name: string, part: string): Record<string, string> =>
  (sample(name) as Record<string, Record<string, string>>)[part] ?? {};
export const textAt = (value: Json | undefined, key: string): string => String(value?.[key] ?? '');

/** The string inside a payload, read as the payload that it is. */
export const inner = (text: unknown): Json => JSON.parse(String(text)) as Json;

/**
 * Field names with the kinds of their values, whatever the order. The keys below `free` are our own words (variables of
 * a template, form fields), so only the kind of their values is compared.
 */
export function shape(value: unknown, free: readonly string[] = []): string {
  if (Array.isArray(value)) return `[${[...new Set(value.map((item) => shape(item, free)))].sort().join('|')}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  const fields = Object.entries(value).map(([key, item]) => {
    if (!free.includes(key)) return `${key}:${shape(item, free)}`;
    return `${key}:<${[...new Set(Object.values(item as Json).map((one) => shape(one, free)))].join('|')}>`;
  });
  return `{${fields.sort().join(',')}}`;
}

/** A payload without some of its fields: those that we have no use for. */
export function without(value: Json, ...paths: string[]): Json {
  const copy = structuredClone(value);
  for (const path of paths) {
    const parts = path.split('.');
    const last = parts.pop() ?? '';
    let at: Json | undefined = copy;
    for (const part of parts) at = at?.[part] as Json | undefined;
    if (at !== undefined) delete at[last];
  }
  return copy;
}

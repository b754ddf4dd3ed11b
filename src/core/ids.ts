import { createHash, randomBytes } from 'node:crypto';

declare const brand: unique symbol;
/** A string that cannot be mistaken for another kind of id. Made by `asId<PersonId>('…')` at the rim. */
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type PersonId = Id<'person'>;
export type ClientId = Id<'client'>;
export type DealId = Id<'deal'>;
/** One entry of a deal into a stage. */
export type StageVisitId = Id<'stage-visit'>;
/** One file or value handed in for an item. */
export type EvidenceId = Id<'evidence'>;
/** A file in the vault. */
export type FileId = Id<'file'>;
/** Unique for ever: the same delivery of a platform, however often repeated, has the same key. */
export type EventKey = Id<'event'>;
/** One card in one chat; stays the same while the card changes in place. `[0-9A-Za-z_-@]`, ≤ 64 characters (WeCom task_id ≤ 128 B). */
export type CardId = Id<'card'>;
export type TodoId = Id<'todo'>;

export function asId<T extends Id<string>>(value: string): T {
  if (value === '') throw new TypeError('an id is empty');
  return value as T;
}

/** 16 random characters of base64url after a readable prefix: `deal_Xk…`. */
export function newId<T extends Id<string>>(prefix: string): T {
  return `${prefix}_${randomBytes(12).toString('base64url')}` as T;
}

/** Joins parts with `:`; refuses an empty part, so that two different things never share a key. */
export function joinKey(...parts: readonly (string | number)[]): string {
  for (const part of parts)
    if (part === '' || part === undefined) throw new TypeError(`empty part in key ${parts.join(':')}`);
  return parts.join(':');
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A short stable id made from a key: for ids that must come out the same on a second try. */
export function stableId<T extends Id<string>>(prefix: string, ...parts: readonly (string | number)[]): T {
  return `${prefix}_${createHash('sha256')
    .update(joinKey(...parts))
    .digest('base64url')
    .slice(0, 20)}` as T;
}

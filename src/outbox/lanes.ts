import type { Purpose } from '../platforms/contract.js';
import type { OutboxRow } from './types.js';

/** Which lanes are served first when many wait. */
export const PRIORITY: Record<Purpose, number> = {
  reply: 0,
  verdict: 1,
  todo: 2,
  nudge: 3,
  admin: 4,
  digest: 5,
  refresh: 6,
};

/** Within one chat an answer overtakes a reminder and that a report; answers stay in the order in which they came. */
const RANK: Record<Purpose, number> = { reply: 0, verdict: 0, todo: 0, nudge: 1, admin: 1, digest: 2, refresh: 3 };

export function overtakes(one: Purpose, other: Purpose): boolean {
  return RANK[one] < RANK[other];
}

/** What waits for one recipient in the order in which it leaves, and what a newer look of its card made needless. */
export function arrange(rows: readonly OutboxRow[]): { next: OutboxRow[]; superseded: string[] } {
  const newest = new Map<string, number>();
  for (const { cardId, seq } of rows) {
    if (cardId !== undefined) newest.set(cardId, Math.max(newest.get(cardId) ?? 0, seq));
  }
  // Taken along by another message, and the process that did it died before it could say so here.
  const takenAlong = new Set(rows.flatMap(({ merged }) => merged ?? []));
  const isOld = ({ _id, cardId, seq, leasedUntil }: OutboxRow): boolean =>
    leasedUntil === undefined && (takenAlong.has(_id) || (cardId !== undefined && seq < (newest.get(cardId) ?? 0)));
  return {
    next: rows.filter((row) => !isOld(row)).sort((a, b) => RANK[a.purpose] - RANK[b.purpose] || a.seq - b.seq),
    superseded: rows.filter(isOld).map((row) => row._id),
  };
}

/** Reports, reminders and old cards, which nobody waits for. */
export function isBulk(purpose: Purpose): boolean {
  return RANK[purpose] > 0;
}

/** WeCom's text message holds 2,048 bytes; the smaller of the platforms'. */
const MAX_MERGED_BYTES = 2_000;

export interface Merge {
  into: OutboxRow;
  text: string;
  ids: string[];
}

/**
 * What is held back is read together later: reminders and reports in plain words become one message of the first of
 * their kind, as long as it holds. Never what was tried already: its bytes are what the platform knows it by.
 */
export function mergeHeld(rows: readonly OutboxRow[]): Merge[] {
  const merges = new Map<Purpose, Merge>();
  for (const row of rows) {
    const { message, purpose } = row;
    if (message.kind !== 'text' || !isBulk(purpose) || row.attempts > 0 || row.leasedUntil !== undefined) continue;
    const open = merges.get(purpose);
    const text = open === undefined ? message.text : `${open.text}\n\n${message.text}`;
    if (open === undefined) merges.set(purpose, { into: row, text, ids: [...(row.merged ?? [])] });
    else if (Buffer.byteLength(text) <= MAX_MERGED_BYTES) {
      merges.set(purpose, { into: open.into, text, ids: [...open.ids, row._id, ...(row.merged ?? [])] });
    }
  }
  return [...merges.values()].filter(({ into, ids }) => ids.length > (into.merged?.length ?? 0));
}

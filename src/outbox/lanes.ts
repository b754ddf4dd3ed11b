import type { Purpose } from '../platforms/contract.js';
import type { OutboxRow } from './types.js';

/** Which lanes are served first when many wait. */
export const PRIORITY: Record<Purpose, number> = { reply: 0, verdict: 1, todo: 2, nudge: 3, admin: 4, digest: 5 };

/** Within one chat an answer overtakes a reminder and that a report; answers stay in the order in which they came. */
const RANK: Record<Purpose, number> = { reply: 0, verdict: 0, todo: 0, nudge: 1, admin: 1, digest: 2 };

/** What waits for one recipient in the order in which it leaves, and what a newer look of its card made needless. */
export function arrange(rows: readonly OutboxRow[]): { next: OutboxRow[]; superseded: string[] } {
  const newest = new Map<string, number>();
  for (const { cardId, seq } of rows) {
    if (cardId !== undefined) newest.set(cardId, Math.max(newest.get(cardId) ?? 0, seq));
  }
  const isOld = ({ cardId, seq, leasedUntil }: OutboxRow): boolean =>
    cardId !== undefined && leasedUntil === undefined && seq < (newest.get(cardId) ?? 0);
  return {
    next: rows.filter((row) => !isOld(row)).sort((a, b) => RANK[a.purpose] - RANK[b.purpose] || a.seq - b.seq),
    superseded: rows.filter(isOld).map((row) => row._id),
  };
}

/** Reports and reminders, which nobody waits for. */
export function isBulk(purpose: Purpose): boolean {
  return RANK[purpose] > 0;
}

import type { PersonId } from '../core/index.js';
import type { Period } from '../org/index.js';
import { groupBy } from './group-by.js';
import type { Obligation } from './obligation.js';

/**
 * The formulas of the figures, pure. An obligation belongs to the window in which it is due, not to that of the proof.
 * `asOf`: only what was known then. A rate over nothing has no value: it is shown as "—", never as 0 % or 100 %.
 */
export interface Rate {
  numerator: number;
  denominator: number;
  /** 0–1; null when nothing is in the denominator. */
  value: number | null;
}

/** Fewer cases than this are not evaluated. */
export const MIN_N = 3;

export function rate(numerator: number, denominator: number): Rate {
  return { numerator, denominator, value: denominator === 0 ? null : numerator / denominator };
}

/** Sums the parts, then divides; never the mean of percentages. */
export function pooled(rates: readonly Rate[]): Rate {
  return rate(
    rates.reduce((sum, one) => sum + one.numerator, 0),
    rates.reduce((sum, one) => sum + one.denominator, 0),
  );
}

/** The plain mean of those that have a value; shown beside the pooled one. */
export function meanOf(rates: readonly Rate[]): number | null {
  const values = rates.flatMap((one) => one.value ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Owed within the window and already due. Dropped before it was due: never owed. */
export function isDue(row: Obligation, window: Period, asOf: Date): boolean {
  const due = row.dueAt >= window.from && row.dueAt < window.to && row.dueAt <= asOf;
  return due && !(row.state === 'dropped' && row.endedAt !== null && row.endedAt < row.dueAt);
}

export function isPassedBy(row: Obligation, asOf: Date): boolean {
  return row.state === 'passed' && row.endedAt !== null && row.endedAt <= asOf;
}

/** Planned visits of one rep in one stage within the window asked about. */
export interface Plan {
  ownerId: PersonId;
  stageId: string;
  count: number;
}

/**
 * 过程穿透率: `min(P, D) / D` with `D = max(plan, due)`, summed per rep and stage before dividing. Whoever visits nobody
 * still owes the plan, and whoever has passed more than was planned covers nobody else's gap.
 */
export function penetration(
  rows: readonly Obligation[],
  window: Period,
  asOf: Date,
  plans: readonly Plan[] = [],
): Rate {
  const cellOf = ({ ownerId, stageId }: { ownerId: PersonId; stageId: string }) => `${ownerId} ${stageId}`;
  const cells = new Map(plans.map((plan) => [cellOf(plan), { owed: plan.count, passed: 0 }]));
  const due = rows.filter((row) => isDue(row, window, asOf));
  for (const [cell, own] of groupBy(due, cellOf)) {
    const owed = Math.max(cells.get(cell)?.owed ?? 0, own.length);
    cells.set(cell, { owed, passed: own.filter((row) => isPassedBy(row, asOf)).length });
  }
  return pooled([...cells.values()].map((cell) => rate(Math.min(cell.passed, cell.owed), cell.owed)));
}

/** Required items for which nothing is handed in (rejected is not absent). */
export function absentItems(row: Obligation, asOf: Date): { itemId: string; itemName: string }[] {
  const present = new Set([
    ...row.passedItems,
    ...row.exemptItems,
    ...row.submissions.filter((one) => one.status !== 'withdrawn' && one.at <= asOf).map((one) => one.itemId),
  ]);
  return row.required.filter(({ itemId }) => !present.has(itemId));
}

/** 验证材料缺失率 `ME`: visits with at least one required item absent / visits, and the same per item. */
export function missingRate(
  rows: readonly Obligation[],
  window: Period,
  asOf: Date,
): Rate & { byItem: { itemId: string; itemName: string; rate: Rate }[] } {
  const due = rows.filter((row) => isDue(row, window, asOf) && row.required.length > 0);
  const absent = new Map(due.map((row) => [row, absentItems(row, asOf)]));
  const items = new Map(due.flatMap((row) => row.required.map((item) => [item.itemId, item.itemName])));
  const lacks = (row: Obligation, itemId: string) => absent.get(row)!.some((item) => item.itemId === itemId);
  return {
    ...rate(due.filter((row) => absent.get(row)!.length > 0).length, due.length),
    byItem: [...items].map(([itemId, itemName]) => {
      const asked = due.filter((row) => row.required.some((item) => item.itemId === itemId));
      return { itemId, itemName, rate: rate(asked.filter((row) => lacks(row, itemId)).length, asked.length) };
    }),
  };
}

/** 材料完整率: `1 − ME`. */
export function completeness(rows: readonly Obligation[], window: Period, asOf: Date): Rate {
  const missing = missingRate(rows, window, asOf);
  return rate(missing.denominator - missing.numerator, missing.denominator);
}

/** 通过率: submissions passed at the first verdict that decides / submissions judged, both by the day of that verdict. */
export function passRate(rows: readonly Obligation[], window: Period): Rate {
  const judged = rows
    .flatMap((row) => row.submissions)
    .flatMap((one) => (one.first && one.first.at >= window.from && one.first.at < window.to ? one.first : []));
  return rate(judged.filter((first) => first.status === 'passed').length, judged.length);
}

/**
 * 连续 N 周低于: strict, over the evaluated weeks before `asOf`, newest last. A week with fewer than `MIN_N` cases is
 * skipped: it neither breaks nor prolongs the run.
 */
export function isBelowForWeeks(weeks: readonly Rate[], limit: number, count: number): boolean {
  const evaluated = weeks.filter((week) => week.denominator >= MIN_N);
  const last = evaluated.slice(-count);
  return last.length === count && last.every((week) => week.value !== null && week.value < limit);
}

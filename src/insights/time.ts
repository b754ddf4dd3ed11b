import type { WorkCalendar } from '../org/index.js';
import { rate, type Rate } from './rates.js';
import type { Obligation } from './obligation.js';
import type { Period } from '../org/index.js';

/** Limits in 工作日 or 工作小时 run on the calendar, the others by the wall clock. */
function runsInWorkTime(row: Obligation): boolean {
  return row.limit.includes('工作');
}

/** How long the visit has lasted, as a multiple of its limit: 1 is exactly the limit. */
export function dwellOverLimit(row: Obligation, asOf: Date, calendar: WorkCalendar): number {
  const end = row.endedAt !== null && row.endedAt < asOf ? row.endedAt : asOf;
  const between = (from: Date, to: Date) =>
    runsInWorkTime(row) ? calendar.workMsBetween(from, to) : to.getTime() - from.getTime();
  const limit = between(row.enteredAt, row.dueAt);
  // A limit of no time at all is over at once.
  return limit === 0 ? Infinity : between(row.enteredAt, end) / limit;
}

/** Past its limit: strictly more than it, so a visit due on Friday at six is not overdue on Sunday. */
export function isOverdue(row: Obligation, asOf: Date, calendar: WorkCalendar): boolean {
  return row.state === 'open' && asOf > row.dueAt && dwellOverLimit(row, asOf, calendar) > 1;
}

/** 阶段停留时长异常率: visits longer than their limit / visits active in the window. */
export function dwellRate(rows: readonly Obligation[], window: Period, asOf: Date, calendar: WorkCalendar): Rate {
  const active = rows.filter(
    (row) => row.enteredAt < window.to && (row.endedAt === null || row.endedAt >= window.from),
  );
  return rate(active.filter((row) => dwellOverLimit(row, asOf, calendar) > 1).length, active.length);
}

export interface Silence {
  /** Open visits of the stage. */
  rows: Obligation[];
  /** Last counted event on any of them. */
  since: Date;
  /** Full working days since then, the rep's leave left out. */
  days: number;
}

/**
 * Silence of one rep in one stage: open visits and no counted event on any of them during `forWorkdays` full working
 * days (of the rep's own calendar). Null: not silent.
 */
export function silenceOf(
  rows: readonly Obligation[],
  stageId: string,
  forWorkdays: number,
  asOf: Date,
  calendar: WorkCalendar,
): Silence | null {
  const open = rows.filter((row) => row.state === 'open' && row.stageId === stageId);
  if (open.length === 0) return null;
  const since = new Date(Math.max(...open.map((row) => row.lastEventAt.getTime())));
  const days = calendar.fullWorkdaysBetween(since, asOf);
  return days >= forWorkdays ? { rows: open, since, days } : null;
}

import { HOUR, MINUTE, SECOND } from '../core/index.js';
import type { RateBudget } from '../platforms/contract.js';

/** Sliding windows of what was sent, so that the platforms' budgets (often enforced in silence) are kept by us. */
export interface RateKeeper {
  /** How long to wait before the next message to this recipient; 0 = now. */
  waitMs(recipient: string, now: number): number;
  sent(recipient: string, now: number): void;
  /** What was already sent in the last hour, from the store, after a restart. */
  restore(entries: Iterable<{ recipient: string; at: number }>): void;
  /** How much of a month's budget is spent; null where there is none. */
  month(): { used: number; limit: number; allows(bulk: boolean): boolean } | null;
  /** What was sent this month, counted in the store. */
  countMonth(used: number): void;
}

/** The last tenth of a month's calls is for answers: reports and reminders stop before it. */
const ANSWERS_SHARE = 0.1;

export function createRateKeeper(budget: RateBudget): RateKeeper {
  const byRecipient = new Map<string, number[]>();
  let app: number[] = [];
  let monthUsed = 0;

  const within = (times: readonly number[], now: number, span: number): number[] =>
    times.filter((at) => at > now - span);
  /** Until the oldest of the last `limit` sends falls out of the window. */
  const untilFree = (times: readonly number[], now: number, limit: number, span: number): number => {
    const recent = within(times, now, span);
    if (recent.length < limit) return 0;
    const oldest = recent[recent.length - limit];
    return oldest === undefined ? 0 : oldest + span - now;
  };

  return {
    waitMs(recipient, now) {
      const mine = byRecipient.get(recipient) ?? [];
      const waits = [0];
      if (budget.perRecipient !== undefined) {
        waits.push(untilFree(mine, now, budget.perRecipient.perMinute, MINUTE));
        waits.push(untilFree(mine, now, budget.perRecipient.perHour, HOUR));
      }
      if (budget.perApp.perSecond !== undefined) waits.push(untilFree(app, now, budget.perApp.perSecond, SECOND));
      if (budget.perApp.perMinute !== undefined) waits.push(untilFree(app, now, budget.perApp.perMinute, MINUTE));
      return Math.max(...waits);
    },
    sent(recipient, now) {
      const mine = within(byRecipient.get(recipient) ?? [], now, HOUR);
      mine.push(now);
      byRecipient.set(recipient, mine);
      app = within(app, now, MINUTE);
      app.push(now);
      monthUsed++;
      if (byRecipient.size > 5_000) {
        for (const [key, times] of byRecipient) if (within(times, now, HOUR).length === 0) byRecipient.delete(key);
      }
    },
    restore(entries) {
      for (const { recipient, at } of entries) {
        const mine = byRecipient.get(recipient) ?? [];
        mine.push(at);
        byRecipient.set(recipient, mine);
        app.push(at);
      }
    },
    month() {
      const limit = budget.perMonth;
      if (limit === undefined) return null;
      const allows = (bulk: boolean): boolean => monthUsed < (bulk ? limit * (1 - ANSWERS_SHARE) : limit);
      return { used: monthUsed, limit, allows };
    },
    countMonth(used) {
      monthUsed = used;
    },
  };
}

/** 1, 4, 16, 60, 240 s … capped at 10 min; `random` in 0–1 spreads retries by ±20 %. */
export function backoffMs(attempt: number, random: number): number {
  const base = Math.min(SECOND * 4 ** Math.max(0, attempt - 1), 10 * MINUTE);
  return Math.round(base * (0.8 + 0.4 * random));
}

import { DAY, HOUR, MINUTE, SECOND } from '../core/index.js';
import type { RateBudget } from '../platforms/contract.js';
import { isBulk } from './lanes.js';
import type { OutboxRow } from './types.js';

/** At most `count` in any stretch of `spanMs`. */
export interface Limit {
  count: number;
  spanMs: number;
}

/** How many may leave now, and when the next one may if none. `times` in order, ms. */
export function room(
  times: readonly number[],
  now: number,
  limits: readonly Limit[],
): { free: number; waitMs: number } {
  let free = Number.POSITIVE_INFINITY;
  let waitMs = 0;
  for (const { count, spanMs } of limits) {
    const recent = times.filter((at) => at > now - spanMs);
    free = Math.min(free, Math.max(0, count - recent.length));
    // Until the oldest of the last `count` falls out of the stretch.
    const oldest = recent[recent.length - count];
    if (oldest !== undefined) waitMs = Math.max(waitMs, oldest + spanMs - now);
  }
  return { free, waitMs };
}

type Going = Pick<OutboxRow, 'lane' | 'to' | 'purpose'>;

/** What was sent is remembered, so that the platforms' budgets (often enforced in silence) are kept by us. */
export interface RateKeeper {
  /** How long to wait before this message; 0 = now. */
  waitMs(row: Going, now: number): number;
  /** It is on its way: many chats are served side by side, and the app's own budgets are for all of them. Ended by calling what it gives. */
  begin(): () => void;
  /** `isNew`: shown as a new message, not a change of one that is there. */
  sent(row: Going, now: number, isNew?: boolean): void;
  /** The limits of one chat. */
  limitsOf(row: Going): Limit[];
  /** What was already sent in the last hour, from the store, after a restart. */
  restore(entries: Iterable<{ recipient: string; at: number }>): void;
  /** Where the app has a budget for the day: since when it counts. */
  dayFrom(now: number): Date | null;
  /** New messages to people today, counted in the store. */
  countDay(used: number, now: number): void;
}

/** The last tenth of a day's messages is for answers: reports and reminders stop before it. */
const ANSWERS_SHARE = 0.1;
/** The platforms' day begins at midnight in China, which has one zone and no summer time. */
const CHINA_MS = 8 * HOUR;
const MAX_LANES = 5_000;

export function createRateKeeper(budget: RateBudget): RateKeeper {
  const byLane = new Map<string, number[]>();
  let app: number[] = [];
  let underWay = 0;
  let day = { number: 0, used: 0 };

  const appLimits: Limit[] = [
    ...(budget.perApp.perSecond === undefined ? [] : [{ count: budget.perApp.perSecond, spanMs: SECOND }]),
    ...(budget.perApp.perMinute === undefined ? [] : [{ count: budget.perApp.perMinute, spanMs: MINUTE }]),
  ];
  const limits = ({ perMinute, perHour }: { perMinute: number; perHour?: number }): Limit[] => [
    { count: perMinute, spanMs: MINUTE },
    ...(perHour === undefined ? [] : [{ count: perHour, spanMs: HOUR }]),
  ];
  const limitsOf = ({ to }: Going): Limit[] => {
    const special = budget.perChat?.find(({ prefix }) => to.kind === 'group' && to.chatId.startsWith(prefix));
    const found = special ?? budget.perRecipient;
    return found === undefined ? [] : limits(found);
  };
  const dayNumber = (now: number): number => Math.floor((now + CHINA_MS) / DAY);
  const dayStart = (number: number): number => number * DAY - CHINA_MS;
  const today = (now: number) => {
    const number = dayNumber(now);
    if (day.number !== number) day = { number, used: 0 };
    return day;
  };
  /** Until midnight when the day's messages are spent. Groups have budgets of their own. */
  const dayWaitMs = ({ to, purpose }: Going, now: number): number => {
    const limit = budget.perApp.perDay;
    if (limit === undefined || to.kind !== 'person') return 0;
    const { number, used } = today(now);
    return used + underWay < (isBulk(purpose) ? limit * (1 - ANSWERS_SHARE) : limit) ? 0 : dayStart(number + 1) - now;
  };

  return {
    limitsOf,
    waitMs: (row, now) =>
      Math.max(
        room(byLane.get(row.lane) ?? [], now, limitsOf(row)).waitMs,
        room([...app, ...Array.from({ length: underWay }, () => now)], now, appLimits).waitMs,
        dayWaitMs(row, now),
      ),
    begin() {
      underWay++;
      return () => void underWay--;
    },
    sent(row, now, isNew = true) {
      const mine = (byLane.get(row.lane) ?? []).filter((at) => at > now - HOUR);
      mine.push(now);
      byLane.set(row.lane, mine);
      app = app.filter((at) => at > now - MINUTE);
      app.push(now);
      if (isNew && row.to.kind === 'person') today(now).used++;
      if (byLane.size > MAX_LANES) {
        for (const [key, times] of byLane) if (times.every((at) => at <= now - HOUR)) byLane.delete(key);
      }
    },
    restore(entries) {
      for (const { recipient, at } of entries) {
        const mine = byLane.get(recipient) ?? [];
        mine.push(at);
        byLane.set(recipient, mine);
        app.push(at);
      }
    },
    dayFrom: (now) => (budget.perApp.perDay === undefined ? null : new Date(dayStart(dayNumber(now)))),
    countDay(used, now) {
      day = { number: dayNumber(now), used };
    },
  };
}

/** 1, 4, 16, 60, 240 s … capped at 10 min; `random` in 0–1 spreads retries by ±20 %. */
export function backoffMs(attempt: number, random: number): number {
  const base = Math.min(SECOND * 4 ** Math.max(0, attempt - 1), 10 * MINUTE);
  return Math.round(base * (0.8 + 0.4 * random));
}

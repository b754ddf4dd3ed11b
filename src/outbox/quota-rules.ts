import { HOUR, MINUTE, SECOND } from '../core/index.js';
import type { Purpose } from '../platforms/contract.js';

/**
 * What a month's calls are kept for as they run out (DingTalk's free edition has 5,000 for the whole company): data, the
 * last rule whose share is reached holds.
 */

/** What a call was made for. `evidence`: fetching what a rep sent in; `other`: setting up, looking up. */
export type Use = Purpose | 'evidence' | 'other';

export type QuotaLevel = 'plenty' | 'saving' | 'scarce' | 'spent';

export interface QuotaRule {
  level: QuotaLevel;
  /** Share of the month's calls from which it holds. */
  from: number;
  /** How long a message waits, so that the next look of its card takes its place, or the next words join it. */
  holdMs: Partial<Record<Purpose, number>>;
  /** What stays away. `repeats`: only what says again what the last one said; `fails`: it is kept for sending it later. */
  leavesOut: Partial<Record<Purpose, 'all' | 'repeats' | 'fails'>>;
  why: string;
}

const SAVING: QuotaRule['holdMs'] = {
  reply: 3 * SECOND,
  verdict: 10 * SECOND,
  todo: MINUTE,
  nudge: 30 * MINUTE,
  admin: HOUR,
  refresh: 2 * MINUTE,
};

export const QUOTA_RULES: readonly QuotaRule[] = [
  { level: 'plenty', from: 0, holdMs: {}, leavesOut: {}, why: 'The month has room: everything leaves at once.' },
  {
    level: 'saving',
    from: 0.7,
    holdMs: SAVING,
    leavesOut: {},
    why: 'A rep waits seconds for a card that would change twice; what nobody waits for may wait for its like.',
  },
  {
    level: 'scarce',
    from: 0.9,
    holdMs: { ...SAVING, todo: 10 * MINUTE, nudge: HOUR },
    leavesOut: { digest: 'all', nudge: 'repeats', refresh: 'all' },
    why: 'The last tenth is for work: answers, evidence, and reminders that say something new. The report is on its page.',
  },
  {
    level: 'spent',
    from: 0.99,
    holdMs: {},
    leavesOut: {
      digest: 'all',
      nudge: 'all',
      refresh: 'all',
      reply: 'fails',
      verdict: 'fails',
      todo: 'fails',
      admin: 'fails',
    },
    why: 'The last hundredth fetches evidence: a photo that is not fetched in time is gone, a message can be sent again.',
  },
];

export function ruleAt(share: number): QuotaRule {
  return QUOTA_RULES.findLast((rule) => share >= rule.from) ?? QUOTA_RULES[0]!;
}

export type Judgement =
  | { go: true }
  /** `drop`: nobody misses it. `fail`: it becomes a dead letter that can be sent again. */
  | { go: false; how: 'wait'; waitMs: number }
  | { go: false; how: 'drop' | 'fail' };

/** `repeats`: says again what the last message of its purpose said there; asked for only when it matters. */
export async function judge(
  rule: QuotaRule,
  message: { purpose: Purpose; createdAt: Date },
  now: Date,
  repeats: () => Promise<boolean>,
): Promise<Judgement> {
  const out = rule.leavesOut[message.purpose];
  if (out === 'fails') return { go: false, how: 'fail' };
  if (out === 'all' || (out === 'repeats' && (await repeats()))) return { go: false, how: 'drop' };
  const waitMs = message.createdAt.getTime() + (rule.holdMs[message.purpose] ?? 0) - now.getTime();
  return waitMs > 0 ? { go: false, how: 'wait', waitMs } : { go: true };
}

/** One day of the month: what was used, and what rules kept from being used. */
export interface DayUse {
  on: string;
  workday: boolean;
  used: Partial<Record<Use, number>>;
  saved: Partial<Record<Use, number>>;
}

/** Days that tell how the next ones will be. */
const RECENT_DAYS = 10;
/** Before rules have left any out: how many reminders say what the last one said. */
const ASSUMED_REPEATS = 0.5;
/** A day is looked at in parts, since a rule may begin to hold within it. */
const PARTS = 8;

const total = (uses: Partial<Record<Use, number>>): number =>
  Object.values(uses).reduce((sum, count) => sum + count, 0);

/**
 * Calls at the month's end, rules considered. `days` are all days of the month in order, `today` the place of the one
 * that is under way and `passed` how much of it is over (0–1).
 */
export function foresee(days: readonly DayUse[], today: number, passed: number, limit: number): number {
  const soFar = days.slice(0, today + 1).reduce((sum, day) => sum + total(day.used), 0);
  const means = { true: meanOf(days, today, passed, true), false: meanOf(days, today, passed, false) };
  let used = soFar;
  for (let at = today; at < days.length; at += 1) {
    const wanted = means[`${days[at]!.workday}`];
    const left = at === today ? 1 - passed : 1;
    for (let part = 0; part < PARTS; part += 1) {
      const { leavesOut } = ruleAt(used / limit);
      for (const [use, count] of Object.entries(wanted) as [Use, number][]) {
        const out = use === 'evidence' || use === 'other' ? undefined : leavesOut[use];
        const kept = out === undefined ? 1 : out === 'repeats' ? 1 - ASSUMED_REPEATS : 0;
        used += (count * left * kept) / PARTS;
      }
    }
  }
  return Math.round(Math.min(used, Math.max(limit, soFar)));
}

/** What a day of this kind wants: the last ones that are over, else the one under way. */
function meanOf(
  days: readonly DayUse[],
  today: number,
  passed: number,
  workday: boolean,
): Partial<Record<Use, number>> {
  const over = days.slice(0, today).filter((day) => day.workday === workday);
  const recent = over.slice(-RECENT_DAYS);
  const under = days[today];
  const known = recent.length > 0 || under === undefined || under.workday !== workday ? recent : [under];
  const weight = recent.length > 0 ? recent.length : Math.max(passed, 1 / 24);
  const sums: Partial<Record<Use, number>> = {};
  for (const { used, saved } of known) {
    for (const part of [used, saved]) {
      for (const [use, count] of Object.entries(part) as [Use, number][]) sums[use] = (sums[use] ?? 0) + count / weight;
    }
  }
  return sums;
}

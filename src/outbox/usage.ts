import { AsyncLocalStorage } from 'node:async_hooks';
import type { Connection } from 'mongoose';
import { DAY, HOUR, MINUTE, type Clock, type Log } from '../core/index.js';
import type { PlatformName, Purpose, RateBudget } from '../platforms/contract.js';
import { createChanges } from '../store/index.js';
import { foresee, ruleAt, type DayUse, type QuotaLevel, type QuotaRule, type Use } from './quota-rules.js';

/** One call of a platform. `counted`: it counts against the month's quota. */
export interface MeteredCall {
  api: string;
  counted?: boolean;
}

export interface MonthUse {
  used: number;
  limit: number;
  /** Foreseen at the month's end, under the rules. */
  forecast: number;
  /** What the month would take if nothing were spared. */
  demand: number;
  byUse: Readonly<Record<string, number>>;
}

export interface Usage {
  /** Calls within are made for this. */
  during<T>(purpose: Purpose, work: () => Promise<T>): Promise<T>;
  called(platform: PlatformName, call: MeteredCall): void;
  /** The platform pushed something to us. */
  pushed(platform: PlatformName, kind: string): void;
  /** A rule kept a message from being sent. */
  saved(platform: PlatformName, purpose: Purpose): void;
  /** Read again now and then: other processes call too, and a day ends. */
  refresh(): Promise<void>;
  /** Null where the platform has no monthly budget. */
  rule(platform: PlatformName): QuotaRule | null;
  month(platform: PlatformName): { level: QuotaLevel; calls: MonthUse; pushes: MonthUse | null } | null;
}

export interface UsageDeps {
  connection: Connection;
  clock: Clock;
  log: Log;
  budgets: ReadonlyMap<PlatformName, RateBudget>;
  /** The calendar that months and days are counted by. */
  calendar: UsageCalendar;
}
export interface UsageCalendar {
  localDate(at: Date): string;
  monthOf(at: Date): { from: Date; to: Date };
  isWorkday(on: string): boolean;
}

interface UsageRow {
  _id: string;
  used?: Record<string, number>;
  saved?: Record<string, number>;
  pushed?: Record<string, number>;
}

const REFRESH_MS = 5 * MINUTE;
/** Nearly all of a day's calls are made between these. */
const WORK_FROM_MS = 9 * HOUR;
const WORK_TO_MS = 18 * HOUR;
const KEEP_DAYS = 400;

/** Made outside of a message: what it was for, by the call. */
const useOf = (api: string): Use => (/messageFiles\/download|^oss|media\/get/.test(api) ? 'evidence' : 'other');

export function createUsage(deps: UsageDeps): Usage {
  const { clock, calendar } = deps;
  const rows = deps.connection.collection('platform_usage');
  const changes = createChanges(rows);
  const purposes = new AsyncLocalStorage<Purpose>();
  const days = new Map<string, UsageRow>();
  let readAt = Number.NEGATIVE_INFINITY;

  const idOf = (platform: PlatformName, on: string) => `${platform}:${on}`;

  function add(platform: PlatformName, field: 'used' | 'saved' | 'pushed', name: string): void {
    const now = clock.now();
    const _id = idOf(platform, calendar.localDate(now));
    const row: UsageRow = days.get(_id) ?? { _id };
    const counts = (row[field] ??= {});
    counts[name] = (counts[name] ?? 0) + 1;
    days.set(_id, row);
    const update = { $inc: { [`${field}.${name}`]: 1 }, $setOnInsert: { at: now } };
    changes
      .add({ filter: { _id }, update, upsert: true })
      .catch((error: unknown) => deps.log.warn({ err: error }, 'a call was not counted'));
  }

  /** All days of the month, in order. */
  function monthDays(now: Date): string[] {
    const { from, to } = calendar.monthOf(now);
    const all = new Set<string>();
    for (let at = from.getTime() + DAY / 2; at < to.getTime(); at += DAY) all.add(calendar.localDate(new Date(at)));
    return [...all];
  }

  const sum = (parts: readonly (Record<string, number> | undefined)[]): Record<string, number> => {
    const all: Record<string, number> = {};
    for (const part of parts) {
      for (const [name, count] of Object.entries(part ?? {})) all[name] = (all[name] ?? 0) + count;
    }
    return all;
  };
  const total = (counts: Record<string, number>): number => Object.values(counts).reduce((one, two) => one + two, 0);

  function month(platform: PlatformName): ReturnType<Usage['month']> {
    const budget = deps.budgets.get(platform);
    if (budget?.perMonth === undefined) return null;
    const now = clock.now();
    const on = monthDays(now);
    const today = Math.max(0, on.indexOf(calendar.localDate(now)));
    const found = on.map((day) => days.get(idOf(platform, day)));
    const sinceMidnight = now.getTime() - (calendar.monthOf(now).from.getTime() + today * DAY);
    const passed = Math.min(1, Math.max(0, (sinceMidnight - WORK_FROM_MS) / (WORK_TO_MS - WORK_FROM_MS)));
    const use = (field: 'used' | 'pushed', limit: number): MonthUse => {
      const byUse = sum(found.map((row) => row?.[field]));
      const all: DayUse[] = on.map((day, index) => ({
        on: day,
        workday: calendar.isWorkday(day),
        used: found[index]?.[field] ?? {},
        saved: field === 'used' ? (found[index]?.saved ?? {}) : {},
      }));
      const spared = total(sum(all.slice(0, today + 1).map((day) => day.saved as Record<string, number>)));
      return {
        used: total(byUse),
        limit,
        forecast: foresee(all, today, passed, field === 'used' ? limit : Infinity),
        demand: spared + foresee(all, today, passed, Infinity),
        byUse,
      };
    };
    const calls = use('used', budget.perMonth);
    const pushes = budget.pushesPerMonth === undefined ? null : use('pushed', budget.pushesPerMonth);
    return { level: ruleAt(calls.used / calls.limit).level, calls, pushes };
  }

  /** Used this month, without foreseeing anything: asked before each message. */
  function rule(platform: PlatformName): QuotaRule | null {
    const limit = deps.budgets.get(platform)?.perMonth;
    if (limit === undefined) return null;
    const prefix = idOf(platform, calendar.localDate(clock.now()).slice(0, 7));
    let used = 0;
    for (const [id, row] of days) if (id.startsWith(prefix)) used += total(row.used ?? {});
    return ruleAt(used / limit);
  }

  return {
    during: (purpose, work) => purposes.run(purpose, work),
    called(platform, { api, counted }) {
      if (counted !== false && deps.budgets.get(platform)?.perMonth !== undefined) {
        add(platform, 'used', purposes.getStore() ?? useOf(api));
      }
    },
    pushed(platform, kind) {
      if (deps.budgets.get(platform)?.pushesPerMonth !== undefined) add(platform, 'pushed', kind);
    },
    saved: (platform, purpose) => add(platform, 'saved', purpose),
    async refresh() {
      const now = clock.now();
      if (now.getTime() - readAt < REFRESH_MS) return;
      readAt = now.getTime();
      const on = monthDays(now);
      const ids = [...deps.budgets.keys()].flatMap((platform) => on.map((day) => idOf(platform, day)));
      const found = (await rows.find({ _id: { $in: ids as never[] } }).toArray()) as unknown as UsageRow[];
      const fresh = new Map(found.map((row) => [row._id, row]));
      for (const id of [...days.keys()]) if (!ids.includes(id)) days.delete(id);
      // What was counted here and is not written yet must not be forgotten: the larger figure is the later one.
      for (const id of ids) {
        const known = days.get(id);
        const stored = fresh.get(id);
        if (stored === undefined) continue;
        days.set(id, known === undefined ? stored : larger(known, stored));
      }
    },
    rule,
    month,
  };
}

/** What an administrator is told of once: the rule that holds, and what will not last. */
export function quotaState({ level, calls, pushes }: NonNullable<ReturnType<Usage['month']>>): string {
  const short = (use: MonthUse | null): boolean => use !== null && use.demand > use.limit;
  return `${level}${short(calls) ? ' calls-short' : ''}${short(pushes) ? ' pushes-short' : ''}`;
}

/** Counts only grow. */
function larger(one: UsageRow, two: UsageRow): UsageRow {
  const most = (a: Record<string, number> = {}, b: Record<string, number> = {}): Record<string, number> => {
    const all = { ...a };
    for (const [name, count] of Object.entries(b)) all[name] = Math.max(all[name] ?? 0, count);
    return all;
  };
  return {
    _id: one._id,
    used: most(one.used, two.used),
    saved: most(one.saved, two.saved),
    pushed: most(one.pushed, two.pushed),
  };
}

export const usageIndexes = {
  platform_usage: [{ key: { at: 1 as const }, name: 'kept', expireAfterSeconds: (KEEP_DAYS * DAY) / 1_000 }],
};

import test from 'ava';
import { DAY, FixedClock, HOUR, MINUTE, silentLog } from '../../src/core/index.js';
import { createUsage } from '../../src/outbox/index.js';
import { judge } from '../../src/outbox/quota-rules.js';
import type { Purpose } from '../../src/platforms/contract.js';
import { testStore } from '../helpers/store.js';
import { UTC_CALENDAR } from './bench.js';

/** A month of 50 reps on DingTalk's free edition, at one call a message: what is foreseen, what really comes. */

const REPS = 50;
const LIMIT = 5_000;
const MONTH = '2026-03';

/** Small and repeatable (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Wanted {
  at: number;
  purpose: Purpose | 'evidence';
  changes: boolean;
}

/** What one day asks for: evidence with its answers, reminders of which half say something new, reports. */
function dayOf(on: string, chance: () => number, perRep: number): Wanted[] {
  const from = Date.parse(`${on}T00:00:00Z`);
  const at = () => from + 9 * HOUR + Math.floor(chance() * 9 * HOUR);
  const wanted: Wanted[] = [];
  if (!UTC_CALENDAR.isWorkday(on)) return wanted;
  for (let rep = 0; rep < REPS; rep += 1) {
    const items = Math.floor(perRep) + (chance() < perRep % 1 ? 1 : 0);
    for (let item = 0; item < items; item += 1) {
      const when = at();
      wanted.push(
        { at: when, purpose: 'evidence', changes: true },
        { at: when + 1, purpose: 'verdict', changes: true },
      );
    }
    if (chance() < 0.5) wanted.push({ at: from + 9 * HOUR + rep, purpose: 'nudge', changes: chance() < 0.5 });
    if (chance() < 0.3) wanted.push({ at: at(), purpose: 'todo', changes: true });
  }
  for (let team = 0; team < 16; team += 1) wanted.push({ at: from + 9 * HOUR, purpose: 'digest', changes: true });
  return wanted.sort((one, two) => one.at - two.at);
}

for (const [name, perRep, seed] of [
  ['a month that fits', 1.4, 1],
  ['a month that wants a tenth too much', 1.9, 2],
  ['a month that wants half as much again', 2.9, 3],
] as const) {
  test(`${name}: foreseen within 3 %, never over, what matters delivered`, async (t) => {
    const { connection } = await testStore();
    const clock = new FixedClock(`${MONTH}-01T00:00:00Z`);
    const usage = createUsage({
      connection,
      clock,
      log: silentLog,
      budgets: new Map([['dingtalk', { perApp: {}, perMonth: LIMIT }]]),
      calendar: UTC_CALENDAR,
    });
    const chance = random(seed);
    // The vendor counts for itself.
    let vendor = 0;
    let lost = 0;
    let wantedAll = 0;
    const nudges = { news: 0, delivered: 0 };
    const forecasts: { forecast: number; demand: number }[] = [];
    const call = (purpose: Wanted['purpose']): void => {
      vendor += 1;
      const count = () =>
        usage.called('dingtalk', { api: purpose === 'evidence' ? 'robot/messageFiles/download' : 'send' });
      if (purpose === 'evidence') count();
      else void usage.during(purpose, () => Promise.resolve(count()));
    };
    for (let day = 0; day < 31; day += 1) {
      const on = new Date(Date.parse(`${MONTH}-01`) + day * DAY).toISOString().slice(0, 10);
      for (const { at, purpose, changes } of dayOf(on, chance, perRep)) {
        clock.set(new Date(at));
        wantedAll += 1;
        const before = usage.rule('dingtalk')?.level;
        if (purpose === 'nudge' && changes && before !== 'spent') nudges.news += 1;
        if (purpose === 'evidence') {
          if (vendor < LIMIT) call('evidence');
          else lost += 1;
          continue;
        }
        const row = { purpose, createdAt: new Date(at) };
        // Held until its time, then judged again.
        const first = await judge(usage.rule('dingtalk')!, row, clock.now(), () => Promise.resolve(!changes));
        if (!first.go && first.how === 'wait') clock.advance(first.waitMs);
        const judged = await judge(usage.rule('dingtalk')!, row, clock.now(), () => Promise.resolve(!changes));
        if (judged.go) {
          call(purpose);
          if (purpose === 'nudge' && changes) nudges.delivered += 1;
        } else usage.saved('dingtalk', purpose);
      }
      clock.set(new Date(Date.parse(`${on}T18:00:00Z`) + MINUTE));
      if (UTC_CALENDAR.isWorkday(on)) {
        const { forecast = 0, demand = 0 } = usage.month('dingtalk')?.calls ?? {};
        forecasts.push({ forecast, demand });
      }
    }
    t.is(usage.month('dingtalk')?.calls.used, vendor, 'our count is the vendor’s');
    t.true(vendor <= LIMIT);
    const off = (foreseen: number, real: number) => Math.abs(foreseen - real) / real;
    const late = forecasts.slice(9);
    const worst = Math.max(...late.map(({ forecast }) => off(forecast, vendor)));
    const demand = Math.max(...late.map((one) => off(one.demand, wantedAll)));
    t.log(
      `wanted ${wantedAll}, called ${vendor}, evidence lost ${lost}, from the tenth workday the forecast is ${(worst * 100).toFixed(1)} % off at worst, the demand ${(demand * 100).toFixed(1)} %, new reminders ${nudges.delivered}/${nudges.news}`,
    );
    t.true(worst <= 0.03, `${worst}`);
    if (lost === 0) t.true(demand <= 0.03, `${demand}`);
    t.is(nudges.delivered, nudges.news);
  });
}

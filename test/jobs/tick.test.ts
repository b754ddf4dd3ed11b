import test from 'ava';
import type { Connection } from 'mongoose';
import { FixedClock, silentLog } from '../../src/core/index.js';
import { createJobs } from '../../src/jobs/jobs.js';
import { occurrences } from '../../src/jobs/tick.js';
import { createCalendar } from '../../src/org/calendar.js';
import { sh } from '../insights/build.js';

const calendar = createCalendar();
const local = (at: Date) => `${calendar.localDate(at).slice(5)} ${calendar.localTime(at)}`;

test('a cron line is read by the clock of the organisation', (t) => {
  const between = (cron: string, from: string, to: string) => occurrences(cron, sh(from), sh(to), calendar).map(local);
  t.deepEqual(between('0 9 * * *', '2026-11-24 09:00', '2026-11-26 09:00'), ['11-25 09:00', '11-26 09:00']);
  t.deepEqual(between('*/30 9-10 * * *', '2026-11-24 09:10', '2026-11-24 12:00'), [
    '11-24 09:30',
    '11-24 10:00',
    '11-24 10:30',
  ]);
  t.deepEqual(between('0 9 1 * *', '2026-11-24 09:00', '2027-01-02 09:00'), ['12-01 09:00', '01-01 09:00']);
  t.deepEqual(between('0 8 * * 1', '2026-11-24 09:00', '2026-12-08 09:00'), ['11-30 08:00', '12-07 08:00']);
  t.deepEqual(between('0 9 * * *', '2026-11-24 10:00', '2026-11-24 09:00'), []);
});

test('moving the clock runs everything in between, in order, with the clock at each instant', async (t) => {
  const clock = new FixedClock(sh('2026-11-24 17:30'));
  const ran: string[] = [];
  const tick = (name: string, cron: string, run = () => Promise.resolve()) => ({
    name,
    cron,
    run: (now: Date) => {
      ran.push(`${name} ${local(now)}`);
      t.deepEqual(clock.now(), now);
      return run();
    },
  });
  const jobs = createJobs({
    connection: { collection: () => ({}) } as unknown as Connection,
    ticks: [
      tick('noon', '0 12 * * *'),
      tick('broken', '0 9 * * *', () => Promise.reject(new Error('broken'))),
      tick('nine', '0 9 * * *'),
    ],
    light: [],
    calendar,
    clock,
    log: silentLog,
  });
  const done = await jobs.runThrough(clock.now(), sh('2026-11-26 10:00'), (at) => clock.set(at));
  t.deepEqual(ran, [
    'broken 11-25 09:00',
    'nine 11-25 09:00',
    'noon 11-25 12:00',
    'broken 11-26 09:00',
    'nine 11-26 09:00',
  ]);
  t.deepEqual(done, { runs: 5, failed: 2 });
  t.deepEqual(clock.now(), sh('2026-11-26 10:00'));
});

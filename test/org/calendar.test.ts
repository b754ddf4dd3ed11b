import { execFileSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE, projectRoot } from '../../src/core/index.js';
import { addDays, createCalendar } from '../../src/org/calendar.js';

const calendar = createCalendar();
/** Local time of Shanghai. */
const sh = (text: string) => new Date(`${text.replace(' ', 'T')}:00+08:00`);
const local = (at: Date) => `${calendar.localDate(at)} ${calendar.localTime(at)}`;

test('holidays and make-up days of 2026 are those of the State Council', (t) => {
  const off = ['2026-01-01', '2026-02-16', '2026-02-23', '2026-04-06', '2026-05-05', '2026-06-19', '2026-10-07'];
  const madeUp = ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'];
  for (const on of off) t.false(calendar.isWorkday(on), on);
  for (const on of madeUp) t.true(calendar.isWorkday(on), on);
});

test('every day of seven years is what the package says in its home zone', (t) => {
  const code = `import c from 'chinese-days';
    const days = [];
    for (let at = Date.UTC(2020, 0, 1, 4); at < Date.UTC(2027, 0, 1); at += ${DAY})
      if (c.isWorkday(new Date(at))) days.push(new Date(at).toISOString().slice(0, 10));
    console.log(days.join());`;
  const theirs = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: projectRoot,
    env: { ...process.env, TZ: 'Asia/Shanghai' },
  });
  const ours = [];
  for (let on = '2020-01-01'; on < '2027-01-01'; on = addDays(on, 1)) if (calendar.isWorkday(on)) ours.push(on);
  t.is(ours.join(), theirs.toString().trim());
});

test('a company day wins over the national calendar', (t) => {
  const own = createCalendar({
    exceptions: [
      { on: '2026-11-27', work: false },
      { on: '2026-11-28', work: true },
    ],
  });
  t.false(own.isWorkday('2026-11-27'));
  t.true(own.isWorkday('2026-11-28'));
  t.deepEqual(own.addWork(sh('2026-11-26 17:00'), { amount: 2, unit: 'workhour' }), sh('2026-11-28 10:00'));
});

test('work limits run in working time, wall limits run always', (t) => {
  const cases: [string, number, Parameters<typeof calendar.addWork>[1]['unit'], string][] = [
    ['2026-11-24 10:00', 1, 'workday', '2026-11-25 10:00'],
    ['2026-11-27 10:00', 1, 'workday', '2026-11-30 10:00'],
    ['2026-11-27 17:00', 2, 'workhour', '2026-11-30 10:00'],
    ['2026-11-24 11:30', 1, 'workhour', '2026-11-24 13:30'],
    ['2026-11-24 08:00', 8, 'workhour', '2026-11-24 18:00'],
    ['2026-11-28 15:00', 0, 'workday', '2026-11-30 09:00'],
    ['2026-02-13 17:00', 1, 'workday', '2026-02-14 17:00'], // Saturday, made up for the Spring Festival
    ['2026-02-14 17:00', 1, 'workday', '2026-02-24 17:00'], // over the whole festival
    ['2026-11-27 10:00', 1, 'day', '2026-11-28 10:00'],
    ['2026-11-27 23:00', 2, 'hour', '2026-11-28 01:00'],
    ['2026-11-27 23:50', 20, 'minute', '2026-11-28 00:10'],
  ];
  for (const [from, amount, unit, expected] of cases)
    t.is(local(calendar.addWork(sh(from), { amount, unit })), expected, `${from} + ${amount} ${unit}`);
});

test('full working days count from opening to close only', (t) => {
  const cases: [string, string, number][] = [
    ['2026-11-23 14:00', '2026-11-25 17:59', 1],
    ['2026-11-23 14:00', '2026-11-25 18:00', 2],
    ['2026-11-23 08:59', '2026-11-24 18:00', 2],
    ['2026-11-27 10:00', '2026-11-30 09:00', 0], // a weekend is no working day
    ['2026-09-30 18:00', '2026-10-08 18:00', 1],
  ];
  for (const [from, to, expected] of cases)
    t.is(calendar.fullWorkdaysBetween(sh(from), sh(to)), expected, `${from} – ${to}`);
});

test('days, weeks and months begin in the zone of the organisation', (t) => {
  t.is(calendar.localDate(new Date('2026-11-23T16:00:00Z')), '2026-11-24');
  t.deepEqual(calendar.weekOf(sh('2026-11-29 23:59')), { from: sh('2026-11-23 00:00'), to: sh('2026-11-30 00:00') });
  t.deepEqual(calendar.weekOf(sh('2026-11-30 00:00')).from, sh('2026-11-30 00:00'));
  t.deepEqual(calendar.monthOf(sh('2026-12-31 23:00')), { from: sh('2026-12-01 00:00'), to: sh('2027-01-01 00:00') });
  t.deepEqual(calendar.monthOf(sh('2026-02-01 00:00')).to, sh('2026-03-01 00:00'));
  t.deepEqual(calendar.nextWorkdayAt(sh('2026-11-27 09:00'), '09:00'), sh('2026-11-30 09:00'));
  t.deepEqual(calendar.nextWorkdayAt(sh('2026-11-27 08:59'), '09:00'), sh('2026-11-27 09:00'));
});

test('a zone with summer time keeps its local hours', (t) => {
  const berlin = createCalendar({ zone: 'Europe/Berlin' });
  t.is(berlin.instantAt('2026-03-28', '09:00').toISOString(), '2026-03-28T08:00:00.000Z');
  t.is(berlin.instantAt('2026-03-30', '09:00').toISOString(), '2026-03-30T07:00:00.000Z');
  t.is(berlin.instantAt('2026-10-26', '09:00').toISOString(), '2026-10-26T08:00:00.000Z');
  const day = berlin.dayOf(new Date('2026-03-29T12:00:00Z'));
  t.is(day.to.getTime() - day.from.getTime(), 23 * HOUR);
});

test("the host's zone does not matter", (t) => {
  const code = `import { createCalendar } from '${new URL('../../src/org/calendar.js', import.meta.url).href}';
    const c = createCalendar();
    console.log(c.isWorkday('2026-02-23'), c.isWorkday('2026-02-24'), c.isWorkday('2026-02-14'),
      c.addWork(new Date('2026-02-13T09:00:00Z'), { amount: 1, unit: 'workday' }).toISOString());`;
  for (const TZ of ['America/Los_Angeles', 'UTC', 'Asia/Shanghai', 'Pacific/Kiritimati']) {
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { env: { ...process.env, TZ } });
    t.is(out.toString().trim(), 'false true true 2026-02-14T09:00:00.000Z', TZ);
  }
});

test('leave days are off for that person only', (t) => {
  const own = calendar.withLeave([{ from: '2026-11-25', to: '2026-11-26' }]);
  t.is(own.fullWorkdaysBetween(sh('2026-11-23 18:00'), sh('2026-11-27 18:00')), 2);
  t.is(calendar.fullWorkdaysBetween(sh('2026-11-23 18:00'), sh('2026-11-27 18:00')), 4);
  t.is(calendar.withLeave([]), calendar);
});

test('senseless calendars are refused', (t) => {
  t.throws(() => createCalendar({ hours: [] }), { instanceOf: RangeError });
  t.throws(() => createCalendar({ hours: [{ from: '18:00', to: '09:00' }] }), { instanceOf: RangeError });
  t.throws(() => createCalendar({ hours: [{ from: '9', to: '18:00' }] }), { instanceOf: RangeError });
  t.throws(() => calendar.addWork(sh('2026-11-24 10:00'), { amount: -1, unit: 'day' }), { instanceOf: RangeError });
});

// 2026 with the months around it, to the minute.
const instant = fc
  .integer({ min: 0, max: (420 * DAY) / MINUTE })
  .map((m) => new Date(Date.UTC(2025, 11, 1) + m * MINUTE));
const minutes = fc.integer({ min: 0, max: 30 * 8 * 60 });
const addMinutes = (from: Date, amount: number) => calendar.addWork(from, { amount: amount / 60, unit: 'workhour' });

test('property: what was added is what lies between', (t) => {
  fc.assert(
    fc.property(instant, minutes, (from, work) => {
      t.is(Math.round(calendar.workMsBetween(from, addMinutes(from, work)) / MINUTE), work);
    }),
  );
});

test('property: adding twice equals adding the sum', (t) => {
  fc.assert(
    fc.property(instant, minutes, fc.integer({ min: 1, max: 5_000 }), (from, first, second) => {
      const twice = addMinutes(addMinutes(from, first), second);
      t.deepEqual(twice, addMinutes(from, first + second));
    }),
  );
});

test('property: later or longer never ends earlier, and the end lies in working time', (t) => {
  fc.assert(
    fc.property(instant, instant, minutes, minutes, (a, b, m, n) => {
      const [early, late] = a <= b ? [a, b] : [b, a];
      const [short, long] = m <= n ? [m, n] : [n, m];
      t.true(addMinutes(early, short) <= addMinutes(late, short));
      t.true(addMinutes(early, short) <= addMinutes(early, long));
      const end = addMinutes(early, short);
      t.true(calendar.isWorkday(calendar.localDate(end)));
      t.true(calendar.isWorking(end) || calendar.isWorking(new Date(end.getTime() - 1)));
    }),
  );
});

test('property: time between adds up over any middle', (t) => {
  fc.assert(
    fc.property(instant, instant, instant, (a, b, c) => {
      t.is(calendar.workMsBetween(a, b) + calendar.workMsBetween(b, c), calendar.workMsBetween(a, c));
    }),
  );
});

import test from 'ava';
import { asId, type DealId } from '../../src/core/index.js';
import {
  completeness,
  isBelowForWeeks,
  meanOf,
  missingRate,
  passRate,
  penetration,
  pooled,
  rate,
  type Plan,
} from '../../src/insights/rates.js';
import { dwellOverLimit, dwellRate, isOverdue, silenceOf } from '../../src/insights/time.js';
import { greenLight, LIGHT_RULES, redLight, yellowLight } from '../../src/insights/lights.js';
import { lastFollowUps } from '../../src/insights/follow-ups.js';
import { createCalendar } from '../../src/org/calendar.js';
import { History, passed, row, sh } from './build.js';

const calendar = createCalendar();
const november = { from: sh('2026-11-01'), to: sh('2026-12-01') };
const asOf = sh('2026-11-24 09:00');
const plan = (ownerId: string, count: number): Plan => ({ ownerId: asId(ownerId), stageId: 'screening', count });
const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

test('penetration: 12 of 15 owed is 80 %', (t) => {
  t.deepEqual(penetration([...times(12, passed), ...times(3, row)], november, asOf), rate(12, 15));
  t.is(rate(12, 15).value, 0.8);
});

test('penetration: a plan of 15 is owed even by a rep who made three visits', (t) => {
  t.deepEqual(penetration(times(3, passed), november, asOf, [plan('rep-1', 15)]), rate(3, 15));
});

test('penetration: whoever visits nobody still owes the plan', (t) => {
  t.deepEqual(penetration([], november, asOf, [plan('rep-1', 15)]), rate(0, 15));
});

test('penetration: sums per rep before dividing, so one rep does not cover for another', (t) => {
  const rows = [...times(4, () => passed({ ownerId: 'planned' })), ...times(6, () => passed({ ownerId: 'free' }))];
  t.is(penetration(rows, november, asOf, [plan('planned', 10)]).value, 0.625);
});

test('penetration: counted when due, by the day it was due, and only as known then', (t) => {
  const future = passed({ dueAt: sh('2026-11-25 18:00') }, sh('2026-11-20 10:00'));
  const october = passed({ dueAt: sh('2026-10-31 18:00') }, sh('2026-11-05 10:00'));
  const late = passed({ dueAt: sh('2026-11-10 18:00') }, sh('2026-11-23 10:00'));
  t.deepEqual(penetration([future, october, late], november, asOf), rate(1, 1));
  t.deepEqual(penetration([late], november, sh('2026-11-22 09:00')), rate(0, 1));
  t.deepEqual(penetration([future], november, sh('2026-11-26 09:00')), rate(1, 1));
});

test('penetration: what was dropped before it was due is not owed, what was dropped after is', (t) => {
  const before = row({ state: 'dropped', endedAt: sh('2026-11-20 17:59') });
  const after = row({ state: 'dropped', endedAt: sh('2026-11-20 18:01') });
  t.is(penetration([before], november, asOf).value, null);
  t.is(penetration([after], november, asOf).value, 0);
});

test('a rate over nothing has no value', (t) => {
  t.is(penetration([], november, asOf).value, null);
  t.is(completeness([], november, asOf).value, null);
  t.is(passRate([], november).value, null);
  t.is(dwellRate([], november, asOf, calendar).value, null);
  t.is(meanOf([rate(0, 0)]), null);
  t.is(pooled([rate(0, 0), rate(1, 2)]).value, 0.5);
  t.is(meanOf([rate(0, 0), rate(1, 2), rate(1, 1)]), 0.75);
});

test('missing is not rejected: only what nobody handed in is absent', (t) => {
  const enter = (id: string) =>
    new History(id).enter('screening', sh('2026-11-10 09:00'), sh('2026-11-13 09:00'), ['a', 'b']);
  const nothing = enter('1');
  const rejected = enter('2')
    .submit('screening', 'a', sh('2026-11-11 09:00'), 'failed')
    .submit('screening', 'b', sh('2026-11-11 09:00'), 'passed');
  const half = enter('3').submit('screening', 'a', sh('2026-11-11 09:00'), 'passed');
  const rows = [nothing, rejected, half].flatMap((history) => history.rows());
  const missing = missingRate(rows, november, asOf);
  t.is(missing.numerator, 2);
  t.deepEqual(
    missing.byItem.map((item) => [item.itemId, item.rate.numerator, item.rate.denominator]),
    [
      ['a', 1, 3],
      ['b', 2, 3],
    ],
  );
  t.deepEqual(completeness(rows, november, asOf), rate(1, 3));
});

test('pass rate looks at what was handed in, at the first verdict that decides', (t) => {
  const rows = new History('d')
    .enter('clinical-value', sh('2026-11-02 09:00'), sh('2026-11-09 09:00'))
    .submit('clinical-value', 'a', sh('2026-11-03 09:00'), 'failed')
    .submit('clinical-value', 'a', sh('2026-11-04 09:00'), 'passed')
    .submit('clinical-value', 'a', sh('2026-11-05 09:00'), 'unchecked')
    .submit('clinical-value', 'a', sh('2026-10-31 23:59'), 'passed')
    .rows();
  t.deepEqual(passRate(rows, november), rate(1, 2));
});

test('coaching: strictly below 70 % in two evaluated weeks in a row', (t) => {
  const cases: [number, number][][] = [
    [
      [6, 10],
      [6, 10],
    ],
    [
      [6, 10],
      [7, 10],
    ],
    [
      [6, 10],
      [0, 2],
      [6, 10],
    ],
    [[6, 10]],
    [
      [6, 10],
      [9, 10],
      [6, 10],
    ],
  ];
  const expected = [true, false, true, false, false];
  t.deepEqual(
    cases.map((weeks) =>
      isBelowForWeeks(
        weeks.map(([n, d]) => rate(n, d)),
        0.7,
        2,
      ),
    ),
    expected,
  );
});

test('dwell counts working time, and exactly the limit is not over it', (t) => {
  const visit = row({ limit: '5 工作日', enteredAt: sh('2026-11-14 10:00'), dueAt: sh('2026-11-20 18:00') });
  t.is(dwellOverLimit(visit, sh('2026-11-22 12:00'), calendar), 1);
  t.false(isOverdue(visit, sh('2026-11-22 12:00'), calendar));
  t.true(isOverdue(visit, sh('2026-11-23 09:01'), calendar));
  t.is(dwellOverLimit(visit, sh('2026-11-27 18:00'), calendar), 2);
  const wall = row({ limit: '2 小时', enteredAt: sh('2026-11-14 10:00'), dueAt: sh('2026-11-14 12:00') });
  t.is(dwellOverLimit(wall, sh('2026-11-14 14:00'), calendar), 2);
});

test('dwell rate: visits over their limit of those active in the window', (t) => {
  const short = passed({ enteredAt: sh('2026-11-16 09:00'), dueAt: sh('2026-11-18 18:00') }, sh('2026-11-17 10:00'));
  const long = row({ enteredAt: sh('2026-11-16 09:00'), dueAt: sh('2026-11-18 18:00') });
  const old = passed({ enteredAt: sh('2026-10-12 09:00'), dueAt: sh('2026-10-14 18:00') }, sh('2026-10-30 10:00'));
  t.deepEqual(dwellRate([short, long, old], november, asOf, calendar), rate(1, 2));
});

test('silence: two full working days without an event on any open visit of the stage', (t) => {
  const quiet = row({ lastEventAt: sh('2026-11-19 14:00') });
  const days = (rows: Parameters<typeof silenceOf>[0], at: string, own = calendar) =>
    silenceOf(rows, 'screening', 2, sh(at), own)?.days ?? null;
  t.is(days([quiet], '2026-11-23 17:59'), null);
  t.is(days([quiet], '2026-11-23 18:00'), 2);
  t.is(days([quiet], '2026-11-24 09:00'), 2);
  t.is(days([quiet, row({ lastEventAt: sh('2026-11-20 10:00') })], '2026-11-24 09:00'), null);
  t.is(days([quiet], '2026-11-24 09:00', calendar.withLeave([{ from: '2026-11-20', to: '2026-11-20' }])), null);
  t.is(days([passed({ lastEventAt: sh('2026-11-02 09:00') })], '2026-11-24 09:00'), null);
  t.is(days([row({ stageId: 'solution', lastEventAt: sh('2026-11-02 09:00') })], '2026-11-24 09:00'), null);
});

const context = {
  asOf,
  window: { from: sh('2026-10-25'), to: sh('2026-11-25') },
  week: calendar.weekOf(asOf),
  calendarOf: () => calendar,
};

test('red is lit by three silent reps, not by two', (t) => {
  const silent = (ownerId: string) => row({ ownerId, lastEventAt: sh('2026-11-19 14:00') });
  const two = redLight([silent('a'), silent('a'), silent('b')], LIGHT_RULES.red, context);
  t.deepEqual([two.on, two.people.length], [false, 2]);
  t.true(redLight([silent('a'), silent('b'), silent('c')], LIGHT_RULES.red, context).on);
});

test('yellow lists reps strictly below 85 % with at least three visits', (t) => {
  const visits = (ownerId: string, complete: number, bare: number) => [
    ...times(complete, () => passed({ ownerId, stageId: 'clinical-value' })),
    ...times(bare, () => row({ ownerId, stageId: 'clinical-value' })),
  ];
  const rows = [...visits('at 85', 17, 3), ...visits('below', 16, 3), ...visits('two', 0, 2), ...visits('other', 3, 0)];
  const yellow = yellowLight(rows, LIGHT_RULES.yellow, context);
  t.deepEqual(
    yellow.people.map((one) => one.ownerId as string),
    ['below'],
  );
  t.true(yellow.on);
  t.false(yellowLight([], LIGHT_RULES.yellow, context).on);
});

test('green names who owed something this week, passed all of it and never tried to skip', (t) => {
  const due = sh('2026-11-26 18:00');
  const contract = { stageId: 'contract', dueAt: due, enteredAt: sh('2026-11-19 18:00') };
  const done = (ownerId: string, dealId: string) => passed({ ...contract, ownerId, dealId }, sh('2026-11-23 10:00'));
  const rows = [
    done('all', '1'),
    done('half', '2'),
    row({ ...contract, ownerId: 'half' }),
    done('skipper', '3'),
    passed({ ownerId: 'idle', stageId: 'contract', dueAt: sh('2026-11-20 18:00') }),
  ];
  const green = greenLight(rows, LIGHT_RULES.green, context, (dealId) => (dealId === '3' ? 1 : 0));
  t.deepEqual(
    green.people.map((one) => one.ownerId as string),
    ['all'],
  );
  t.false(greenLight([], LIGHT_RULES.green, context, () => 0).on);
});

test('the last follow-ups are told by day and client, newest first', (t) => {
  const first = new History('1', { clientName: '城东医院' })
    .enter('screening', sh('2026-11-16 09:00'), sh('2026-11-19 09:00'))
    .submit('screening', 'a', sh('2026-11-18 10:00'), 'passed')
    .submit('screening', 'a', sh('2026-11-18 11:00'), 'failed')
    .submit('screening', 'a', sh('2026-11-16 11:00'));
  const second = new History('2', { clientName: '滨江医院', dealId: asId<DealId>('2') })
    .enter('screening', sh('2026-11-16 09:00'), sh('2026-11-19 09:00'))
    .submit('screening', 'a', sh('2026-11-17 23:30'));
  const told = lastFollowUps([...first.rows(), ...second.rows()], 2, calendar);
  t.deepEqual(
    told.map((one) => [one.on, one.clientName, one.what]),
    [
      ['2026-11-18', '城东医院', '材料a 2'],
      ['2026-11-17', '滨江医院', '材料a'],
    ],
  );
});

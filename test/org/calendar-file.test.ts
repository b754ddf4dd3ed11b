import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { FlowDefinitionError, projectRoot } from '../../src/core/index.js';
import { createCalendar } from '../../src/org/calendar.js';
import { parseCalendarFile, type CalendarProblem } from '../../src/org/calendar-file.js';

test('the calendar file of the house is right and makes eight hours a day', async (t) => {
  const file = join(projectRoot, 'bot-flows', 'calendar.zh.yaml');
  const calendar = createCalendar(parseCalendarFile(await readFile(file, 'utf8'), file));
  t.is(calendar.workdayMs, 8 * 3_600_000);
  t.false(calendar.isWorkday('2026-10-01'));
});

test('company days and hours are taken over', (t) => {
  const text = `
工作时间: [08:30-12:00, 13:30-17:30]
公司日历:
  - { 日期: 2026-12-31, 上班: 否, 说明: 年会 }
  - { 日期: 2027-01-09, 上班: 是 }
`;
  t.deepEqual(parseCalendarFile(text, 'c.yaml'), {
    hours: [
      { from: '08:30', to: '12:00' },
      { from: '13:30', to: '17:30' },
    ],
    exceptions: [
      { on: '2026-12-31', work: false },
      { on: '2027-01-09', work: true },
    ],
  });
  t.deepEqual(parseCalendarFile('', 'c.yaml'), {});
});

test('every mistake is told with its line, what stands there and how to write it', (t) => {
  const text = `工作时间:
  - 9点到6点
  - 13:00-12:00
公司日历:
  - { 日期: 2026-02-30, 上班: 否 }
  - { 日期: 2026-12-31, 上班: 休息 }
  - { 日期: 2026-12-31, 上班: 否 }
  - 2027-01-01
节假日: []
`;
  const error = t.throws(() => parseCalendarFile(text, 'c.yaml'), {
    instanceOf: FlowDefinitionError,
    code: 'calendar.invalid',
  });
  const problems = error.details['problems'] as CalendarProblem[];
  t.deepEqual(
    problems.map((one) => [one.line, one.code]).sort((a, b) => Number(a[0]) - Number(b[0])),
    [
      [2, 'calendar.hours'],
      [3, 'calendar.hours'],
      [5, 'calendar.date'],
      [6, 'calendar.work'],
      [7, 'calendar.date'],
      [8, 'calendar.day'],
      [9, 'calendar.key'],
    ],
  );
  t.regex(error.message, /^c\.yaml:9:1 error calendar\.key 不认识「节假日」/m);
  t.throws(() => parseCalendarFile('a: [', 'c.yaml'), { code: 'calendar.invalid', message: /yaml\.syntax/ });
});

import test from 'ava';
import { readTimes } from '../../src/evidence/times.js';

const cases: [text: string, dates: string[], times: string[]][] = [
  ['2026-11-24 14:32', ['2026-11-24'], ['14:32']],
  ['14:32 2026.11.24 星期二', ['2026-11-24'], ['14:32']],
  ['2026 年 1 月 27 日 星期 二', ['2026-01-27'], []],
  ['时间：2026.04.22 08:14:04', ['2026-04-22'], ['08:14']],
  // Glued by the recogniser; the seconds must not become a time of their own.
  ['2026.04.2208:14:04', ['2026-04-22'], ['08:14']],
  ['17:012026.01.07', ['2026-01-07'], ['17:01']],
  ['2026/0370710:04', ['2026-03-07'], ['10:04']],
  // Seconds of a glued clock are no time either.
  ['2208:14:04', [], []],
  // Impossible values are not dates or times.
  ['2026-13-01 25:10', [], []],
  ['2026-02-30', [], []],
  ['电话 010-20266666', [], []],
  ['2026-11-24 14:32 … 2026-11-21 09:10', ['2026-11-24', '2026-11-21'], ['14:32', '09:10']],
  ['', [], []],
];

for (const [text, dates, times] of cases) {
  test(`reads "${text}"`, (t) => {
    t.deepEqual(readTimes(text), { dates, times });
  });
}

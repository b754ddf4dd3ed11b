import test from 'ava';
import { measureWords } from '../../src/evidence/measure-words.js';

const rows: [string | number | null, string | undefined, string | null][] = [
  ['2026-11-25T17:40', '±10 min', '11月25日 17:40（±10 分钟）'],
  [0, 'min', '0 分钟'],
  [180, '0-255', '亮度 180（0–255）'],
  [0, 'm', '0 米'],
  [4_700, 'm', '4.7 公里'],
  [65, '%', '65%'],
  [2, 'times', '2 次'],
  [5_242_880, 'bytes', '5.0 MB'],
  [800, 'bytes', '800 字节'],
  ['2026-11-25', 'date', '2026-11-25'],
  [612, undefined, '612'],
  [7, 'unknown', '7 unknown'],
  [null, 'min', null],
];
for (const [value, unit, words] of rows)
  test(`${String(value)} ${unit ?? '-'} reads ${String(words)}`, (t) => t.is(measureWords(value, unit), words));

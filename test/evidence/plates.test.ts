import test from 'ava';
import { matchPlate } from '../../src/evidence/plates.js';

const LIST = ['检验科', '手术室', '急诊科', '消毒供应中心', '设备科', '病理科'];

const cases: [lines: string[], name: string | null, score: number | null, listed: boolean | null][] = [
  [['检 验 科', '724'], '检验科', 1, true],
  [['检验科 Clinical Laboratory'], '检验科', 1, true],
  [['消毒供应中'], '消毒供应中心', 5 / 6, true],
  [['验科'], '检验科', 2 / 3, true],
  // Another department is named as such, not bent to one of the list.
  [['神经内科'], '神经内科', 1, false],
  [['化验室'], '化验室', 1, false],
  [['心内科'], '心内科', 1, false],
  [['安全出口', '禁止吸烟'], null, null, null],
  [['科'], null, null, null],
  [[], null, null, null],
];

for (const [lines, name, score, listed] of cases) {
  test(`plate ${lines.join(' / ') || '(nothing)'} is ${name ?? 'no department'}`, (t) => {
    const match = matchPlate(lines, LIST);
    t.is(match?.name ?? null, name);
    t.is(match?.score ?? null, score);
    t.is(match?.listed ?? null, listed);
  });
}

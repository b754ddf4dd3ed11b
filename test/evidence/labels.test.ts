import test from 'ava';
import { foldCode, readLabels } from '../../src/evidence/labels.js';

const cases: [title: string, lines: string[], model: string | null, serial: string | null][] = [
  ['plain', ['产品名称：生化分析仪', '型号：UA-9511', '序列号：CG89091401'], 'UA-9511', 'CG89091401'],
  ['two languages', ['型号/MODEL: BC-5390CRP', 'S/N: 47S7-4729417'], 'BC-5390CRP', '47S7-4729417'],
  [
    'spaces between characters',
    ['产品 型 号 : Benevision N15', '出 厂 编号 : 76Z6-3525182'],
    'BENEVISION N15',
    '76Z6-3525182',
  ],
  ['one line', ['型号: A7-2021 序列号: UL-15921744'], 'A7-2021', 'UL-15921744'],
  ['a value ends at the next label', ['型号: CS-5100 额定电压: AC 220V'], 'CS-5100', null],
  ['a production date is no serial', ['生产日期：2024-03-18'], null, null],
  ['a label without a value', ['型号：', '序列号：—'], null, null],
  ['a registration number is no model', ['注册证编号：国械注准202232221844'], null, null],
];

for (const [title, lines, model, serial] of cases) {
  test(`nameplate: ${title}`, (t) => {
    const values = readLabels(lines);
    t.is(values.model?.value ?? null, model);
    t.is(values.serial?.value ?? null, serial);
  });
}

test('look-alikes fold to one code, different codes do not', (t) => {
  t.is(foldCode('BS-28O0M'), foldCode('8S 2800m'));
  t.not(foldCode('BS-2800M'), foldCode('BS-2900M'));
});

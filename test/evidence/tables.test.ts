import test from 'ava';
import type { TableRow } from '../../src/evidence/documents/sheet.js';
import { dataRows, emptyCells, findHeader, measureDepth } from '../../src/evidence/tables.js';

const rows = (...lines: (string[] | [string[], Partial<TableRow>])[]): TableRow[] =>
  lines.map((line, index) => {
    const [cells, more] = Array.isArray(line[0]) ? (line as [string[], Partial<TableRow>]) : [line as string[], {}];
    return { row: index + 1, cells, outline: 0, indent: 0, ...more };
  });
const WANTED = ['型号', '数量', '使用年限'];

test('a header is found under a title, by synonyms and with units in brackets', (t) => {
  const header = findHeader(rows(['城东医院设备清单'], ['名称', '规格型号', '数量（台）', '已用年限(年)']), WANTED);
  t.is(header?.at, 1);
  t.deepEqual(
    [...(header?.columns ?? [])],
    [
      ['型号', 1],
      ['数量', 2],
      ['使用年限', 3],
    ],
  );
});

test('a missing column is missing, a header column serves once', (t) => {
  const header = findHeader(rows(['型号', '数量', '备注']), WANTED);
  t.deepEqual([...(header?.columns.keys() ?? [])], ['型号', '数量']);
  t.is(findHeader(rows(['甲', '乙'], ['1', '2']), WANTED), null);
});

test('empty cells are named by row and column; dashes are empty, totals and notes are no rows', (t) => {
  const table = rows(
    ['型号', '数量', '使用年限'],
    ['A1', '2', '3年'],
    ['B2', '', '—'],
    ['合计', '2'],
    ['备注：以现场为准'],
  );
  const header = findHeader(table, WANTED);
  t.truthy(header);
  if (header === null) return;
  const data = dataRows(table, header);
  t.is(data.length, 2);
  t.deepEqual(emptyCells(data, header), [
    { row: 3, column: '数量' },
    { row: 3, column: '使用年限' },
  ]);
});

const depths: [title: string, table: TableRow[], levels: number, by: ReturnType<typeof measureDepth>['by']][] = [
  [
    'numbers',
    rows(['编号', '项'], ['1', '设备'], ['1.1', '主机'], ['1.1.1', '模块'], ['1.1.2', '模块']),
    3,
    'numbering',
  ],
  ['numbers without parents are no levels', rows(['3.5.2026', '日期'], ['1.2.3', '版本']), 1, 'none'],
  ['row groups', rows(['设备'], [['主机'], { outline: 1 }], [['模块'], { outline: 2 }]), 3, 'outline'],
  ['indents', rows(['设备'], [['主机'], { indent: 2 }], [['模块'], { indent: 4 }]), 3, 'indent'],
  [
    'columns',
    rows(['一级', '二级', '三级', '金额'], ['设备', '主机', '模块', '1'], ['设备', '主机', '', '1']),
    3,
    'columns',
  ],
  ['columns that stay empty', rows(['一级', '二级', '三级', '金额'], ['设备', '主机', '', '1']), 2, 'columns'],
  ['flat', rows(['项目', '金额'], ['设备', '1']), 1, 'none'],
  ['nothing', [], 0, 'none'],
];
for (const [title, table, levels, by] of depths) {
  test(`levels by ${title}`, (t) => {
    const depth = measureDepth(table);
    t.is(depth.levels, levels);
    t.is(depth.by, by);
  });
}

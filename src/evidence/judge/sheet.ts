import type { SheetDemands } from '../../flow/index.js';
import type { SheetFacts } from '../documents/sheet.js';
import { dataRows, emptyCells, findHeader, measureDepth } from '../tables.js';
import type { Verdict } from '../types.js';
import { combine, type Check } from './verdict.js';

export const SHEET_VERIFIER = { id: 'sheet', version: '2' };

export function judgeSheet(demands: SheetDemands, facts: SheetFacts, sha256: string): Verdict {
  const plain: Record<string, unknown> = { sha256, rows: facts.rows.length };
  if (facts.sheet !== '') plain.sheet = facts.sheet;
  if (facts.hiddenRows > 0) plain.hiddenRows = facts.hiddenRows;
  if (facts.formulas > 0) plain.formulas = facts.formulas;
  const checks: Check[] = [judgeContent(facts)];
  const hasContent = facts.rows.length > 0;
  if (demands.columns !== undefined && hasContent) {
    const { list, dataCount } = judgeColumns(facts, demands.columns, demands.everyRowFilled === true);
    checks.push(...list);
    if (dataCount !== null) plain.dataRows = dataCount;
  }
  if (demands.minLevels !== undefined && hasContent) {
    const { check, levels } = judgeLevels(facts, demands.minLevels);
    checks.push(check);
    plain.levels = levels;
  }
  checks.push(...judgeUnseen(facts));
  return combine(checks, 'sheet', plain, SHEET_VERIFIER);
}

function judgeContent({ rows }: SheetFacts): Check {
  const finding = { code: 'sheet.content', measured: rows.length, expected: 1, unit: 'rows', source: 'cells' };
  if (rows.length > 0) return { finding: { ...finding, status: 'passed' } };
  return { finding: { ...finding, status: 'failed' }, problem: '里面一行内容也没有', todo: '填好再传一次' };
}

/** What somebody who opens the sheet does not see: said, and nobody's fault (a filter hides rows, a sum is a formula). */
function judgeUnseen({ hiddenRows, formulas }: SheetFacts): Check[] {
  const seen = (code: string, count: number, unit: string, good: string): Check[] =>
    count === 0
      ? []
      : [{ finding: { code, status: 'passed', measured: count, expected: null, unit, source: 'cells' }, good }];
  return [
    ...seen('sheet.hidden', hiddenRows, 'rows', `其中 ${hiddenRows} 行隐藏着`),
    ...seen('sheet.formulas', formulas, 'cells', `${formulas} 格是公式，只看存下的结果，没有重算`),
  ];
}

const MOST_NAMED = 3;

function judgeColumns(
  facts: SheetFacts,
  columns: readonly string[],
  everyRowFilled: boolean,
): { list: Check[]; dataCount: number | null } {
  const finding = { code: 'sheet.columns', expected: columns.join('、'), source: 'header row' };
  const header = findHeader(facts.rows, columns);
  // One column by chance is no header; a table of one column has no more.
  if (header === null || (header.columns.size < 2 && columns.length > 1)) {
    return {
      dataCount: null,
      list: [
        {
          finding: { ...finding, status: 'review', measured: null },
          problem: `没找到表头，要有 ${columns.map((name) => `「${name}」`).join('')}这几列`,
          todo: '表头写在最前面几行，再传一次更快',
        },
      ],
    };
  }
  const absent = columns.filter((name) => !header.columns.has(name));
  const found = columns.filter((name) => header.columns.has(name)).join('、');
  if (absent.length > 0) {
    return {
      dataCount: null,
      list: [
        {
          finding: { ...finding, status: 'failed', measured: found },
          problem: `缺${absent.map((name) => `「${name}」`).join('')}这${absent.length === 1 ? '一' : '几'}列`,
          todo: '补上再传一次',
        },
      ],
    };
  }
  const rows = dataRows(facts.rows, header);
  const list: Check[] = [{ finding: { ...finding, status: 'passed', measured: found } }];
  const rowFinding = { code: 'sheet.rows', measured: rows.length, expected: 1, unit: 'rows', source: 'cells' };
  if (rows.length === 0) {
    list.push({
      finding: { ...rowFinding, status: 'failed' },
      problem: '只有表头，没有一行数据',
      todo: '填好再传一次',
    });
  } else {
    list.push({ finding: { ...rowFinding, status: 'passed' }, good: `${rows.length} 行` });
    if (everyRowFilled) list.push(judgeFilled(emptyCells(rows, header), facts.formulas > 0));
  }
  return { list, dataCount: rows.length };
}

function judgeFilled(empty: readonly { row: number; column: string }[], hasFormulas: boolean): Check {
  const finding = { code: 'sheet.filled', measured: empty.length, expected: 0, unit: 'empty cells', source: 'cells' };
  if (empty.length === 0) return { finding: { ...finding, status: 'passed' }, good: '每行都填满' };
  const named = empty.slice(0, MOST_NAMED).map(({ row, column }) => `第 ${row} 行「${column}」`);
  const more = empty.length > MOST_NAMED ? `等 ${empty.length} 处` : '';
  return {
    finding: {
      ...finding,
      status: 'failed',
      measured: empty
        .slice(0, 20)
        .map(({ row, column }) => `${row}:${column}`)
        .join(', '),
    },
    problem: `${named.join('、')}${more}没填`,
    // Programs that write sheets leave a formula without its result; to the eye it is filled.
    todo: hasFormulas ? '填上再传一次；有数却算没填的，用 Excel 或 WPS 打开存一遍' : '填上再传一次',
  };
}

function judgeLevels(facts: SheetFacts, minLevels: number): { check: Check; levels: number } {
  const { levels, by, row, label } = measureDepth(facts.rows);
  const finding = { code: 'sheet.levels', measured: levels, expected: minLevels, unit: 'levels', source: `by ${by}` };
  if (levels >= minLevels)
    return { levels, check: { finding: { ...finding, status: 'passed' }, good: `分项 ${levels} 级` } };
  const where = row === null ? '' : `（第 ${row} 行「${label}」）`;
  return {
    levels,
    check: {
      finding: { ...finding, status: 'failed' },
      problem: `分项最深到第 ${levels} 级${where}，要求至少 ${minLevels} 级`,
      todo: `用 1、1.1、1.1.1 这样的编号拆到第 ${minLevels} 级再传一次`,
    },
  };
}

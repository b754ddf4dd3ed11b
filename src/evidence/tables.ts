import type { TableRow } from './documents/sheet.js';
import { HEADER_SEARCH_ROWS } from './limits.js';

/** Finding a table in a sheet: which row is the header, which column holds what, how deep it goes. Pure. */

/** What people call the same column. The first is the word of the flow. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['型号', '规格型号', '设备型号', '产品型号', '型号规格', '规格', '机型', 'model'],
  ['数量', '台数', '套数', '件数', '台套数', '保有量', 'qty', 'quantity', '数目'],
  ['使用年限', '已使用年限', '已用年限', '使用年数', '使用时间', '使用时长', '年限', '已用年数', '机龄', 'years'],
  ['设备名称', '名称', '品名', '产品名称', '仪器名称', 'name'],
  ['科室', '使用科室', '所属科室', '部门', 'department'],
  ['单价', '价格', 'price'],
  ['金额', '总价', '合计金额', '小计', 'amount'],
  ['品牌', '厂家', '生产厂家', '制造商', 'brand'],
];

/** NFKC, no space, no unit in brackets: `数量（台）` → `数量`. */
function foldHeader(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[([【].*?[)\]】]/gu, '')
    .replace(/[\s*:、/_-]/gu, '');
}

export interface Header {
  /** Index into the rows. */
  at: number;
  /** Column index of each wanted column; missing ones are not in it. */
  columns: Map<string, number>;
}

export function findHeader(rows: readonly TableRow[], wanted: readonly string[]): Header | null {
  let best: Header | null = null;
  for (const [at, row] of rows.slice(0, HEADER_SEARCH_ROWS).entries()) {
    const columns = new Map<string, number>();
    for (const column of wanted) {
      const index = columnOf(row.cells, column, [...columns.values()]);
      if (index !== -1) columns.set(column, index);
    }
    if (columns.size > (best?.columns.size ?? 0)) best = { at, columns };
  }
  return best;
}

/** The exact word first, then a synonym, then a header that contains one of them; a header counts for one column only. */
function columnOf(cells: readonly string[], wanted: string, taken: readonly number[]): number {
  const own = foldHeader(wanted);
  const names = [own, ...(SYNONYMS.find((list) => list.map(foldHeader).includes(own)) ?? []).map(foldHeader)];
  const headers = cells.map(foldHeader);
  const free = (index: number): boolean => !taken.includes(index);
  const exact = headers.findIndex((header, index) => header === own && free(index));
  if (exact !== -1) return exact;
  const synonym = headers.findIndex((header, index) => names.includes(header) && free(index));
  if (synonym !== -1) return synonym;
  return headers.findIndex(
    (header, index) =>
      header.length <= own.length + 8 && names.some((name) => name.length >= 2 && header.includes(name)) && free(index),
  );
}

const TOTAL = /^(?:合计|总计|小计|总数|备注|说明|注|填表人|制表人|审核人)/u;
/** A dash or a slash says "nothing". */
const NOTHING = /^[-—–/\\.、~*]*$/u;

export interface EmptyCell {
  row: number;
  column: string;
}

/** Data rows under the header, without totals and without notes (one cell that stands in no wanted column alone). */
export function dataRows(rows: readonly TableRow[], header: Header): TableRow[] {
  const wanted = [...header.columns.values()];
  return rows.slice(header.at + 1).filter(({ cells }) => {
    const filled = cells.flatMap((cell, index) => (cell === '' ? [] : [index]));
    const first = cells[filled[0] ?? -1]?.replace(/\s/gu, '') ?? '';
    if (TOTAL.test(first)) return false;
    // A sentence of its own; in a table of one column it would be a value.
    return !(
      filled.length === 1 &&
      wanted.length > 1 &&
      first.length > 6 &&
      (filled[0] === 0 || !wanted.includes(filled[0] ?? -1))
    );
  });
}

export function emptyCells(rows: readonly TableRow[], header: Header): EmptyCell[] {
  const out: EmptyCell[] = [];
  for (const { row, cells } of rows) {
    for (const [column, index] of header.columns) if (NOTHING.test(cells[index] ?? '')) out.push({ row, column });
  }
  return out;
}

export interface Depth {
  levels: number;
  /** By what the levels were recognised. */
  by: 'numbering' | 'outline' | 'indent' | 'columns' | 'none';
  /** The deepest row, for the sentence. */
  row: number | null;
  label: string;
}

/** How many levels a table has: numbers like 1.1.1, row groups, indents, or columns named 一级, 二级, 三级; the deepest of them. */
export function measureDepth(rows: readonly TableRow[]): Depth {
  const ways: Depth[] = [byNumbering(rows), byOutline(rows), byIndent(rows), byColumns(rows)];
  return ways.reduce((best, one) => (one.levels > best.levels ? one : best), {
    levels: rows.length > 0 ? 1 : 0,
    by: 'none',
    row: null,
    label: '',
  });
}

const label = ({ cells }: TableRow): string =>
  cells
    .filter((cell) => cell !== '')
    .slice(0, 2)
    .join(' ')
    .slice(0, 20);

/** `1.1.1`, `1-1-1`; one that begins where the parent does not exist is no numbering but a version or a date. */
function byNumbering(rows: readonly TableRow[]): Depth {
  const seen = new Set<string>();
  let best: Depth = { levels: 0, by: 'numbering', row: null, label: '' };
  for (const row of rows) {
    const first = (row.cells.find((cell) => cell !== '') ?? '').normalize('NFKC');
    const number = /^(\d{1,3}(?:[.\-]\d{1,3}){0,7})(?=$|[\s.、)]|\p{Script=Han})/u
      .exec(first)?.[1]
      ?.replace(/-/gu, '.');
    if (number === undefined) continue;
    const parts = number.split('.');
    const parent = parts.slice(0, -1).join('.');
    if (parent !== '' && !seen.has(parent)) continue;
    seen.add(number);
    if (parts.length > best.levels) best = { levels: parts.length, by: 'numbering', row: row.row, label: label(row) };
  }
  return best;
}

function byOutline(rows: readonly TableRow[]): Depth {
  return deepest(rows, 'outline', ({ outline }) => (outline > 0 ? outline + 1 : 0));
}

/** Indents count by their order, not their size: 0, 2, 4 are three levels. */
function byIndent(rows: readonly TableRow[]): Depth {
  const steps = [...new Set(rows.map(({ indent, cells }) => (indent > 0 ? indent : leadingSpaces(cells))))].sort(
    (a, b) => a - b,
  );
  if (steps.length < 2) return { levels: 0, by: 'indent', row: null, label: '' };
  return deepest(rows, 'indent', ({ indent, cells }) => steps.indexOf(indent > 0 ? indent : leadingSpaces(cells)) + 1);
}

const leadingSpaces = (cells: readonly string[]): number =>
  /^[\s　]*/u.exec(cells.find((cell) => cell !== '') ?? '')?.[0].length ?? 0;

const LEVEL_NAMES = ['一级', '二级', '三级', '四级', '五级', '六级'];

/** Columns 一级…三级, each filled somewhere under it (merged cells repeat their text). */
function byColumns(rows: readonly TableRow[]): Depth {
  for (const [at, row] of rows.slice(0, HEADER_SEARCH_ROWS).entries()) {
    const columns = LEVEL_NAMES.map((name) => row.cells.findIndex((cell) => cell.normalize('NFKC').includes(name)));
    const count = columns.findIndex((column) => column === -1);
    const levels = count === -1 ? columns.length : count;
    if (levels < 2) continue;
    return deepest(
      rows.slice(at + 1),
      'columns',
      ({ cells }) => columns.slice(0, levels).filter((column) => (cells[column] ?? '') !== '').length,
    );
  }
  return { levels: 0, by: 'columns', row: null, label: '' };
}

function deepest(rows: readonly TableRow[], by: Depth['by'], levelOf: (row: TableRow) => number): Depth {
  let best: Depth = { levels: 0, by, row: null, label: '' };
  for (const row of rows) {
    const levels = levelOf(row);
    if (levels > best.levels) best = { levels, by, row: row.row, label: label(row) };
  }
  return best;
}

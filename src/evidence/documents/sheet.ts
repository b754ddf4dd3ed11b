import ExcelJS from 'exceljs';
import { parse } from 'csv-parse/sync';
import { BadFileError } from '../errors.js';
import { MAX_SHEET_ROWS } from '../limits.js';
import { guardWorkbook } from './zip.js';

export interface TableRow {
  /** As the spreadsheet program numbers it, from 1. */
  row: number;
  /** Text by column, from 0; a merged cell repeats its master's text, a formula gives its stored result. */
  cells: string[];
  /** Outline (grouping) level, 0 for none. */
  outline: number;
  /** Indent of the first filled cell. */
  indent: number;
}

export interface SheetFacts {
  /** Name of the first sheet with content; '' for csv. */
  sheet: string;
  rows: TableRow[];
  hiddenRows: number;
  formulas: number;
  encoding: string | null;
}

export async function readWorkbook(bytes: Uint8Array): Promise<SheetFacts> {
  guardWorkbook(bytes);
  const workbook = new ExcelJS.Workbook();
  try {
    await workbook.xlsx.load(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  } catch (cause) {
    throw new BadFileError('file.broken', 'the workbook cannot be read', null, cause);
  }
  const empty: SheetFacts = { sheet: '', rows: [], hiddenRows: 0, formulas: 0, encoding: null };
  // What is hidden is looked at last: nobody who opens the file sees it.
  const hidden = (sheet: ExcelJS.Worksheet): number => (sheet.state === 'visible' ? 0 : 1);
  for (const sheet of workbook.worksheets.toSorted((a, b) => hidden(a) - hidden(b))) {
    const facts = readSheet(sheet);
    if (facts.rows.length > 0) return facts;
  }
  return empty;
}

function readSheet(sheet: ExcelJS.Worksheet): SheetFacts {
  const facts: SheetFacts = { sheet: sheet.name, rows: [], hiddenRows: 0, formulas: 0, encoding: null };
  // Never a loop to rowCount: one cell at the far end would make it a million rows.
  sheet.eachRow({ includeEmpty: false }, (row, number) => {
    const cells: string[] = [];
    let indent = -1;
    row.eachCell({ includeEmpty: false }, (cell, column) => {
      // Beyond any real table.
      if (column > 200) return;
      const text = cellText(cell);
      // Also without a result: to whoever sees the file it is filled.
      if (cell.type === ExcelJS.ValueType.Formula) facts.formulas += 1;
      if (text === '') return;
      while (cells.length < column) cells.push('');
      cells[column - 1] = text;
      if (indent === -1) indent = cell.alignment?.indent ?? 0;
    });
    if (cells.length === 0) return;
    if (row.hidden) facts.hiddenRows += 1;
    facts.rows.push({ row: number, cells, outline: row.outlineLevel ?? 0, indent: Math.max(0, indent) });
  });
  return facts;
}

/** Rich text, dates and formula results as a person sees them; an error or a formula without a result is nothing. */
function cellText(cell: ExcelJS.Cell): string {
  try {
    const text = cell.text.trim();
    return /^#(?:REF!|N\/A|VALUE!|DIV\/0!|NAME\?)$/u.test(text) || text === '[object Object]' ? '' : text;
  } catch {
    // exceljs throws on cells whose value is null inside a rich type.
    return '';
  }
}

export function readCsv(bytes: Uint8Array): SheetFacts {
  const { text, encoding } = decode(bytes);
  const delimiter = [',', '\t', ';'].sort((a, b) => text.split(b).length - text.split(a).length)[0] ?? ',';
  let records: string[][];
  try {
    records = parse(text, {
      delimiter,
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: false,
      to: MAX_SHEET_ROWS + 1,
      max_record_size: 100_000,
    });
  } catch (cause) {
    throw new BadFileError('file.broken', 'the csv cannot be read', null, cause);
  }
  if (records.length > MAX_SHEET_ROWS) throw new BadFileError('file.too_many_rows', 'too many rows', records.length);
  const rows = records
    .map((cells, index) => ({ row: index + 1, cells: cells.map((cell) => cell.trim()), outline: 0, indent: 0 }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  return { sheet: '', rows, hiddenRows: 0, formulas: 0, encoding };
}

/** UTF-8 if it is valid UTF-8, else what spreadsheet programs on a Chinese Windows write. */
function decode(bytes: Uint8Array): { text: string; encoding: string } {
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding };
    } catch {
      // Not this encoding: try the next.
    }
  }
  throw new BadFileError('file.broken', 'neither UTF-8 nor GBK');
}

import test from 'ava';
import ExcelJS from 'exceljs';
import iconv from 'iconv-lite';
import PDFDocument from 'pdfkit';
import { silentLog } from '../../src/core/index.js';
import { createEvidence, type EvidenceRequest, type Verdict } from '../../src/evidence/index.js';
import { buildContext } from './support/context.js';
import { sample } from './support/samples.js';
import { workbookOf, zipOf } from './support/zips.js';

const evidence = createEvidence({ workers: 1, timeoutMs: 20_000, ocr: 'tesseract', log: silentLog });
test.after.always(async () => await evidence.close());

const PDF: EvidenceRequest = { kind: 'file', formats: ['PDF'], demands: {} };
const pdf = (demands: (EvidenceRequest & { kind: 'file' })['demands']): EvidenceRequest => ({ ...PDF, demands });
const LIST: EvidenceRequest = {
  kind: 'sheet',
  formats: ['XLSX', 'CSV'],
  demands: { columns: ['型号', '数量', '使用年限'], everyRowFilled: true },
};
const COST: EvidenceRequest = { kind: 'sheet', formats: ['XLSX'], demands: { minLevels: 3 } };

async function judge(request: EvidenceRequest, bytes: Uint8Array): Promise<Verdict> {
  return await evidence.verify(request, { bytes, name: 'file' }, buildContext());
}

const samples: [name: string, request: EvidenceRequest, status: string, say: RegExp][] = [
  ['proposal', pdf({ clientNameTimes: 3 }), 'passed', /客户名称 3 处/u],
  ['proposal-short', pdf({ clientNameTimes: 3 }), 'failed', /出现 2 处.*还差 1 处/u],
  ['quotation', pdf({ notExpired: true }), 'passed', /有效期到 12 月 24 日/u],
  ['quotation-expired', pdf({ notExpired: true }), 'failed', /有效期到 11 月 19 日，已过 5 天/u],
  ['quotation', pdf({ notExpired: true, sealReviewed: true }), 'review', /第 1 页像是有红色圆章，已转给主管/u],
  ['proposal', pdf({ notExpired: true }), 'review', /没找到有效期/u],
  ['contract', pdf({ containsText: '已签合同', largerThanBytes: 100 * 1024 }), 'passed', /已签合同/u],
  ['contract-draft', pdf({ containsText: '已签合同', largerThanBytes: 100 * 1024 }), 'failed', /没找到「已签合同」/u],
  ['proposal', pdf({ largerThanBytes: 100 * 1024 }), 'failed', /KB，要求超过 100 KB/u],
  ['scanned-pdf', pdf({ containsText: '已签合同' }), 'unchecked', /扫描件/u],
  ['encrypted-pdf', PDF, 'unchecked', /密码/u],
  ['broken-pdf', PDF, 'unchecked', /打不开/u],
  ['equipment-list', PDF, 'failed', /要的是 PDF，收到的是 Excel/u],
  ['equipment-list', LIST, 'passed', /6 行，每行都填满/u],
  ['equipment-list-csv', LIST, 'passed', /6 行/u],
  ['equipment-list-gap', LIST, 'failed', /第 5 行「使用年限」没填/u],
  ['cost-sheet', COST, 'passed', /3 级/u],
  ['cost-sheet-flat', COST, 'failed', /最深到第 2 级（第 3 行/u],
  ['equipment-list-csv', COST, 'failed', /收到的是 CSV，这里要 XLSX/u],
  ['proposal', LIST, 'failed', /要的是表格，收到的是 PDF/u],
];
for (const [name, request, status, say] of samples) {
  test(`${name} as ${request.kind} ${JSON.stringify('demands' in request ? request.demands : {})} → ${status}`, async (t) => {
    const verdict = await judge(request, await sample(name));
    t.is(verdict.status, status as never, verdict.say);
    t.regex(verdict.say, say);
  });
}

test('size is strictly more', async (t) => {
  const bytes = await sample('proposal');
  t.is((await judge(pdf({ largerThanBytes: bytes.length }), bytes)).status, 'failed');
  t.is((await judge(pdf({ largerThanBytes: bytes.length - 1 }), bytes)).status, 'passed');
});

test('what is missing from the text layer may stand on a page that is a picture', async (t) => {
  const bytes = await sample('contract');
  const verdict = await judge(pdf({ containsText: '中标通知书' }), bytes);
  t.is(verdict.status, 'review');
  t.regex(verdict.say, /第 2 页是图片/u);
});

test('a PDF with too many pages is refused with its count', async (t) => {
  const document = new PDFDocument({ size: [50, 50] });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let page = 1; page < 201; page += 1) document.addPage();
  document.end();
  await new Promise((resolve) => document.on('end', resolve));
  const verdict = await judge(PDF, Buffer.concat(chunks));
  t.is(verdict.status, 'unchecked');
  t.regex(verdict.say, /201 页，最多看 200 页/u);
});

async function workbook(fill: (sheet: ExcelJS.Worksheet) => void): Promise<Buffer> {
  const book = new ExcelJS.Workbook();
  fill(book.addWorksheet('表'));
  return Buffer.from(await book.xlsx.writeBuffer());
}

test('merged cells count as filled, formulas by their result, hidden rows are said', async (t) => {
  const bytes = await workbook((sheet) => {
    sheet.addRow(['设备型号', '数量（台）', '已用年限']);
    sheet.addRow(['A1', { formula: '1+1', result: 2 }, '3年']);
    sheet.addRow([null, 4, { richText: [{ text: '5' }, { text: '年' }] }]);
    sheet.mergeCells('A2:A3');
    sheet.getRow(3).hidden = true;
  });
  const verdict = await judge(LIST, bytes);
  t.is(verdict.status, 'passed', verdict.say);
  t.is(verdict.facts.hiddenRows, 1);
  t.is(verdict.facts.formulas, 1);
  t.is(verdict.say, '这份表通过了：2 行，每行都填满，其中 1 行隐藏着，1 格是公式，只看存下的结果，没有重算。');
});

test('a formula without a stored result is not filled, and the sentence says what to do about it', async (t) => {
  const bytes = await workbook((sheet) => {
    sheet.addRow(['设备型号', '数量（台）', '已用年限']);
    sheet.addRow(['A1', { formula: '1+1' }, '3年']);
  });
  const verdict = await judge(LIST, bytes);
  t.is(verdict.status, 'failed');
  t.regex(verdict.say, /第 2 行「数量」没填。填上再传一次；有数却算没填的，用 Excel 或 WPS 打开存一遍。/u);
});

test('a sheet that is hidden does not stand in for the one that is seen', async (t) => {
  const book = new ExcelJS.Workbook();
  book.addWorksheet('旧表', { state: 'hidden' }).addRows([
    ['设备型号', '数量（台）', '已用年限'],
    ['A1', 2, '3年'],
  ]);
  book.addWorksheet('新表').addRow(['随便写写']);
  const verdict = await judge(LIST, Buffer.from(await book.xlsx.writeBuffer()));
  t.is(verdict.facts.sheet, '新表');
  t.is(verdict.status, 'review', verdict.say);
});

test('a formula without a result is an empty cell', async (t) => {
  const bytes = await workbook((sheet) => {
    sheet.addRow(['型号', '数量', '使用年限']);
    sheet.addRow(['A1', { formula: 'Z9' }, '3年']);
  });
  const verdict = await judge(LIST, bytes);
  t.is(verdict.status, 'failed');
  t.regex(verdict.say, /第 2 行「数量」没填/u);
});

test('one cell at the far end costs nothing', async (t) => {
  const bytes = await workbook((sheet) => {
    sheet.addRow(['型号', '数量', '使用年限']);
    sheet.addRow(['A1', 1, '3年']);
    sheet.getCell('XFD1048576').value = 'x';
  });
  t.is((await judge(LIST, bytes)).status, 'passed');
});

test('missing columns and missing headers are told apart', async (t) => {
  const absent = await judge(
    LIST,
    await workbook(
      (sheet) =>
        void sheet.addRows([
          ['型号', '数量'],
          ['A1', 2],
        ]),
    ),
  );
  t.is(absent.status, 'failed');
  t.regex(absent.say, /缺「使用年限」这一列/u);
  const headless = await judge(LIST, await workbook((sheet) => void sheet.addRows([['A1', 2, '3年']])));
  t.is(headless.status, 'review');
  const empty = await judge(LIST, await workbook(() => undefined));
  t.is(empty.status, 'failed');
});

test('a workbook that inflates too far is not opened, whatever its directory claims', async (t) => {
  const junk = workbookOf(Buffer.alloc(60 * 1024 * 1024, 0x20));
  const verdict = await evidence.verify(LIST, { bytes: junk, name: 'x.xlsx' }, buildContext());
  t.is(verdict.status, 'failed', verdict.say);
  t.is(verdict.findings[0]?.code, 'file.bomb');
});

test('a workbook with too many rows is not opened', async (t) => {
  const { guardWorkbook } = await import('../../src/evidence/documents/zip.js');
  const rows = Buffer.from('<row><c r="A1"/></row>'.repeat(20_001));
  const error = t.throws(() => guardWorkbook(zipOf({ name: 'xl/worksheets/sheet1.xml', content: rows })), {
    name: 'BadFileError',
  });
  t.is((error as unknown as { code: string }).code, 'file.too_many_rows');
});

test('csv is read in UTF-8 with a mark, in GBK, with semicolons and quotes', async (t) => {
  const table = '型号;数量;使用年限\r\n"A;1";2;3年\r\n';
  for (const bytes of [Buffer.from(`\ufeff${table}`), iconv.encode(table, 'gbk')]) {
    const verdict = await judge(LIST, bytes);
    t.is(verdict.status, 'passed', verdict.say);
  }
});

test('nothing, and a text instead of a file', async (t) => {
  t.is((await judge(LIST, new Uint8Array(0))).status, 'unchecked');
  const verdict = await evidence.verify(LIST, null, buildContext());
  t.is(verdict.status, 'failed');
  t.regex(verdict.say, /要的是表格，收到的是文字/u);
});

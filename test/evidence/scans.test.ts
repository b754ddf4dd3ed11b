import test from 'ava';
import PDFDocument from 'pdfkit';
import sharp from 'sharp';
import { silentLog } from '../../src/core/index.js';
import { guardPdf } from '../../src/evidence/documents/pdf-guard.js';
import { findSeals, SEAL_PAGE_WIDTH } from '../../src/evidence/documents/pdf-seal.js';
import { createEvidence, readFacts, type EvidenceRequest, type Verdict } from '../../src/evidence/index.js';
import { render, seeded, text as draw } from '../../src/sandbox/samples/draw.js';
import { buildContext, CLIENT } from './support/context.js';
import * as pdfs from './support/pdfs.js';
import { sample } from './support/samples.js';

// Documents without a text layer, seals, and what the guard looks for; files made to do harm are in bad-input.test.ts.
const evidence = createEvidence({ workers: 1, timeoutMs: 60_000, ocr: 'both', log: silentLog });
test.after.always(async () => await evidence.close());

type Demands = (EvidenceRequest & { kind: 'file' })['demands'];
async function judge(demands: Demands, bytes: Uint8Array): Promise<Verdict> {
  return await evidence.verify(
    { kind: 'file', formats: ['PDF'], demands },
    { bytes, name: 'file.pdf' },
    buildContext(),
  );
}

/** A page as a copier makes it: an A4 picture at 200 dpi, slightly turned, in a PDF without text. */
async function scan(lines: readonly string[]): Promise<Buffer> {
  const body = lines.map((line, index) => draw(line, { x: 170, y: 300 + index * 90, size: 42, fill: '#222' })).join('');
  const { width, height, data } = render(1654, 2339, body);
  const picture = await sharp(data, { raw: { width, height, channels: 3 } })
    .rotate(0.6, { background: '#fff' })
    .jpeg({ quality: 80 })
    .toBuffer();
  const document = new PDFDocument({ size: 'A4', margin: 0 });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise((resolve) => document.on('end', resolve));
  document.image(picture, 0, 0, { width: 595 }).end();
  await done;
  return Buffer.concat(chunks);
}

test.serial('a scan is read, and a person decides: words, the client by count, validity', async (t) => {
  t.timeout(300_000);
  const bytes = await scan([
    '设备采购合同（已签合同）',
    `甲方：${CLIENT}`,
    `交货地点：${CLIENT}检验科`,
    `验收：由${CLIENT}设备科组织`,
    '有效期至：2026年12月24日',
  ]);
  const verdict = await judge({ containsText: '已签合同', clientNameTimes: 3, notExpired: true }, bytes);
  t.is(verdict.status, 'review', verdict.say);
  t.is(verdict.facts.clientNameTimes, 3);
  t.is(verdict.facts.validUntil, '2026-12-24');
  t.deepEqual(verdict.facts.ocrPages, [1]);
  t.true(verdict.findings.filter(({ code }) => code !== 'pdf.readable').every(({ status }) => status === 'review'));
  const lacking = await judge({ clientNameTimes: 5 }, bytes);
  t.is(lacking.status, 'unchecked', lacking.say);
  t.regex(lacking.say, /只认出 3 处，要求至少 5 处/u);
});

test.serial('a seal is proposed with its page; the person decides either way', async (t) => {
  t.timeout(120_000);
  const sealed = await judge({ sealReviewed: true }, await sample('quotation'));
  t.is(sealed.status, 'review');
  t.regex(sealed.say, /第 1 页像是有红色圆章/u);
  const bare = await judge({ sealReviewed: true }, await sample('proposal'));
  t.is(bare.status, 'review');
  t.regex(bare.say, /没找到红色圆章/u);
});

test('seals among other red things', (t) => {
  const width = SEAL_PAGE_WIDTH;
  const mm = width / 210;
  const on = (body: string): number => findSeals(render(width, 990, body), 1, mm).length;
  const ring = (diameterMm: number): string =>
    `<circle cx="450" cy="700" r="${(diameterMm / 2) * mm}" fill="none" stroke="#d22" stroke-width="4"/>${draw('★', { x: 450, y: 720, size: 50, fill: '#d22', anchor: 'middle' })}`;
  t.is(on(ring(40)), 1);
  t.is(on(ring(44)), 1);
  t.is(on(ring(20)), 0, 'a small circle');
  t.is(on(`<circle cx="450" cy="700" r="${20 * mm}" fill="#d22"/>`), 0, 'a red disc');
  t.is(
    on(`<rect x="300" y="600" width="${30 * mm}" height="${12 * mm}" fill="none" stroke="#d22" stroke-width="4"/>`),
    0,
    'a box',
  );
  t.is(on(`<rect x="0" y="0" width="${width}" height="990" fill="#d22"/>`), 0, 'red paper');
  const random = seeded(5);
  const specks = Array.from(
    { length: 400 },
    () => `<rect x="${random() * width}" y="${random() * 990}" width="3" height="3" fill="#d22"/>`,
  );
  t.is(on(specks.join('')), 0, 'red specks');
});

test.serial('refused: a script in a packed stream', async (t) => {
  t.timeout(120_000);
  const verdict = await judge({ clientNameTimes: 1, sealReviewed: true }, pdfs.packedScriptPdf());
  t.is(verdict.status, 'failed', verdict.say);
  t.regex(verdict.say, /PDF 里带着脚本/u);
});

test.serial('a link inside the document is no harm', async (t) => {
  t.is((await judge({}, pdfs.gotoPdf())).status, 'passed');
});

test('the guard leaves ordinary documents alone', async (t) => {
  for (const name of ['proposal', 'quotation', 'contract', 'scanned-pdf']) {
    const bytes = await sample(name);
    t.notThrows(() => guardPdf(bytes), name);
  }
});

test('reading a scan without anybody asking for anything reads its pages too, one with text only its text', async (t) => {
  const facts = await readFacts(evidence, 'pdf', await scan([`甲方：${CLIENT}`, '有效期至2027年3月1日']));
  t.like(facts, { pages: 1, scanned: true, picturePages: [1] });
  const [page] = facts['ocr'] as { page: number; reader: string; text: string }[];
  t.is(page?.page, 1);
  t.true(page?.text.replace(/\s/gu, '').includes(CLIENT), page?.text);
  t.deepEqual((await readFacts(evidence, 'pdf', await sample('proposal')))['ocr'], []);
});

import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import sharp, { type Sharp } from 'sharp';
import { asId, FixedClock, projectRoot, silentLog, type EvidenceId, type PersonId } from '../../src/core/index.js';
import {
  checkLabel,
  createEvidence,
  createFetchPage,
  createRadar,
  sourceWords,
  type Evidence,
  type EvidenceContext,
  type EvidenceRequest,
  type Verdict,
} from '../../src/evidence/index.js';
import { testStore } from '../helpers/store.js';
import { buildContext, buildEarlier, TAKEN_AT } from './support/context.js';
import * as pdfs from './support/pdfs.js';
import { hugePng, idCard, onScreen } from './support/pictures.js';
import * as sounds from './support/recordings.js';
import { sample } from './support/samples.js';
import * as zips from './support/zips.js';

// Every bad input gets its sentence, nothing hangs, no worker goes over its memory. The table in docs/evidence-bad-input.md is what this test
// says: WRITE_DOCS=1 writes it, otherwise it must be equal.
const FILE = join(projectRoot, 'docs/evidence-bad-input.md');
let evidence: Evidence;
test.after.always(async () => await evidence.close());

const photo = async (): Promise<Sharp> => sharp(await sample('site-photo-plain')).resize(900);
const PHOTO: EvidenceRequest = { kind: 'photo', demands: { environment: true } };
const SITE: EvidenceRequest = { kind: 'photo', demands: { environment: true, withinMetres: 300 } };
const PDF: EvidenceRequest = { kind: 'file', formats: ['PDF'], demands: { clientNameTimes: 1 } };
const VOICE: EvidenceRequest = { kind: 'voice', demands: { words: true, accepts: ['client'], keywords: [] } };
const AGREED: EvidenceContext = buildContext({
  voice: { statement: { kind: 'agreed', by: asId<PersonId>('person_1'), at: TAKEN_AT } },
});
const REUSE: EvidenceRequest = { kind: 'photo', demands: { reuse: 'company' } };
/** The picture whose copies are handed in: another person gave it a week before. */
const before = async (): Promise<Sharp> => sharp(await sample('site-photo')).resize(1200);
const notice = (url: string): EvidenceRequest => ({ kind: 'link', url, title: '采购公告', publishedOn: '2026-11-02' });
const nothing = (): Promise<Uint8Array> => Promise.resolve(Buffer.alloc(0));
const SHEET: EvidenceRequest = { kind: 'sheet', formats: ['XLSX', 'CSV'], demands: { columns: ['型号'] } };

/** GPS 0,0 and year 0000, as cameras without a fix and without a battery write them. */
const badExif = async (): Promise<Buffer> =>
  await (
    await photo()
  )
    .withExif({
      IFD2: { DateTimeOriginal: '0000:00:00 00:00:00' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '0/1 0/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '0/1 0/1 0/1' },
    })
    .jpeg()
    .toBuffer();
/** A directory of tags whose places lie far outside of the file. */
async function wildExif(): Promise<Buffer> {
  const picture = await (
    await photo()
  )
    .withExif({ IFD0: { Make: 'camera with a long name' } })
    .jpeg()
    .toBuffer();
  const at = picture.indexOf('Exif\0\0') + 6;
  const wild = Buffer.from(picture);
  wild.fill(0xfe, at + 10, at + 40);
  return wild;
}
const zipTail = Buffer.from('PK\x03\x04not really a zip PK\x05\x06', 'latin1');
const text = (content: string) => (): Promise<Buffer> => Promise.resolve(Buffer.from(content));
const now = (make: () => Buffer) => (): Promise<Buffer> => Promise.resolve(make());

const inputs: [
  what: string,
  request: EvidenceRequest,
  make: () => Promise<Uint8Array>,
  status: Verdict['status'],
  context?: EvidenceContext,
][] = [
  ['空文件', PHOTO, now(() => Buffer.alloc(0)), 'unchecked'],
  ['30 MB 的文件', PHOTO, now(() => Buffer.alloc(30 * 1024 * 1024, 1)), 'failed'],
  ['JPEG 传到一半', PHOTO, async () => (await sample('site-photo-plain')).subarray(0, 60_000), 'unchecked'],
  [
    '只有 JPEG 开头的乱码',
    PHOTO,
    now(() => Buffer.concat([Buffer.from('\xff\xd8\xff', 'latin1'), Buffer.alloc(5_000, 7)])),
    'unchecked',
  ],
  ['缩略图 160×120', PHOTO, async () => await (await photo()).resize(160).jpeg().toBuffer(), 'failed'],
  ['12,000×12,000 像素', PHOTO, now(() => hugePng(12_000, 12_000)), 'failed'],
  ['解压炸弹 PNG，30,000×30,000', PHOTO, now(() => hugePng(30_000, 30_000)), 'failed'],
  [
    'HEIC（iPhone）',
    PHOTO,
    async () => await readFile(join(projectRoot, 'test/fixtures/evidence/phone.heic')),
    'passed',
  ],
  [
    'HEIC 传到一半',
    PHOTO,
    async () => (await readFile(join(projectRoot, 'test/fixtures/evidence/phone.heic'))).subarray(0, 9_000),
    'unchecked',
  ],
  ['WebP 叫 photo.jpg', PHOTO, async () => await (await photo()).webp().toBuffer(), 'passed'],
  ['PNG 叫 photo.jpg', PHOTO, async () => await (await photo()).png().toBuffer(), 'passed'],
  ['TIFF 叫 photo.jpg', PHOTO, async () => await (await photo()).tiff().toBuffer(), 'failed'],
  ['GIF 叫 photo.jpg', PHOTO, async () => await (await photo()).gif().toBuffer(), 'failed'],
  ['AVIF', PHOTO, async () => await (await photo()).resize(300).avif({ effort: 0 }).toBuffer(), 'failed'],
  [
    'SVG 当照片',
    PHOTO,
    text(
      '<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    ),
    'failed',
  ],
  ['PDF 当照片', PHOTO, async () => await sample('proposal'), 'failed'],
  ['JPEG 后面接压缩包', PHOTO, async () => Buffer.concat([await (await photo()).jpeg().toBuffer(), zipTail]), 'passed'],
  ['GIF 里藏 PDF', PDF, async () => Buffer.concat([Buffer.from('GIF89a'), await sample('proposal')]), 'failed'],
  ['JPEG 当 PDF', PDF, async () => await (await photo()).jpeg().toBuffer(), 'failed'],
  ['EXIF 年份 0000、位置 0,0', SITE, badExif, 'unchecked'],
  ['EXIF 里的地址指到文件外面', SITE, wildExif, 'unchecked'],
  ['镜头被挡住', PHOTO, async () => await sample('blank-photo'), 'failed'],
  ['太暗', PHOTO, async () => await sample('dark-photo'), 'unchecked'],
  ['拍糊', PHOTO, async () => await sample('blurred-photo'), 'unchecked'],
  ['身份证', PHOTO, idCard, 'failed'],
  [
    '对着屏幕翻拍',
    PHOTO,
    async () => await onScreen(await sample('site-photo-plain'), { pitch: 2.4, angle: 0.05, blur: 0.4 }),
    'review',
  ],
  [
    '门牌照片，对着屏幕翻拍',
    { kind: 'photo', demands: { reuse: 'company', doorPlates: ['检验科'] } },
    async () => await onScreen(await sample('door-plate'), { pitch: 3.2, angle: 0.08, blur: 0.4 }),
    'review',
  ],
  ['用过的照片，重新压过', REUSE, async () => await (await before()).jpeg({ quality: 50 }).toBuffer(), 'failed'],
  ['用过的照片，左右翻过', REUSE, async () => await (await before()).flop().jpeg().toBuffer(), 'failed'],
  [
    '用过的照片，裁掉一条边',
    REUSE,
    async () => {
      const { data, info } = await (await before()).toBuffer({ resolveWithObject: true });
      const top = Math.round(info.height * 0.08);
      const rest = { left: 0, top, width: info.width, height: info.height - top };
      return await sharp(data).extract(rest).jpeg().toBuffer();
    },
    'failed',
  ],
  ['PDF 传到一半', PDF, async () => await sample('broken-pdf'), 'unchecked'],
  ['PDF 加了密码', PDF, async () => await sample('encrypted-pdf'), 'unchecked'],
  ['PDF 有 10,000 页', PDF, now(() => pdfs.manyPagesPdf(10_000)), 'unchecked'],
  ['PDF 带脚本', PDF, now(pdfs.scriptPdf), 'failed'],
  ['PDF 带脚本，名字用转义藏着', PDF, now(pdfs.hiddenScriptPdf), 'failed'],
  ['PDF 会启动程序', PDF, now(pdfs.launchPdf), 'failed'],
  ['PDF 解压炸弹，512 MB', PDF, now(pdfs.bombPdf), 'failed'],
  ['PDF 一页 70 米见方', PDF, now(pdfs.hugePagePdf), 'unchecked'],
  [
    '老版 Excel（.xls）',
    SHEET,
    now(() => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2_000)])),
    'failed',
  ],
  ['Excel 加了密码', SHEET, now(zips.encryptedWorkbook), 'unchecked'],
  ['Excel 传到一半', SHEET, async () => (await sample('equipment-list')).subarray(0, 4_000), 'unchecked'],
  ['Excel 解压炸弹，60 MB', SHEET, now(() => zips.workbookOf(Buffer.alloc(60 * 1024 * 1024, 0x20))), 'failed'],
  [
    'Excel 解压炸弹，藏在第一个文件里',
    SHEET,
    now(() => zips.workbookOf(Buffer.from('<worksheet/>'), Buffer.alloc(200 * 1024 * 1024, 0x20))),
    'failed',
  ],
  [
    'Excel 有 30,000 行',
    SHEET,
    now(() => zips.workbookOf(Buffer.from('<row><c r="A1"/></row>'.repeat(30_000)))),
    'unchecked',
  ],
  [
    'CSV 既不是 UTF-8 也不是 GBK',
    SHEET,
    now(() => Buffer.concat([Buffer.from('型号,数量\n'), Buffer.from([0xff, 0xff, 0x0a])])),
    'unchecked',
  ],
  ['照片当表格', SHEET, async () => await (await photo()).jpeg().toBuffer(), 'failed'],
  ['录音，没说对方同不同意', VOICE, now(() => sounds.amr(6, 1)), 'unchecked'],
  ['录音不到一秒', VOICE, now(() => sounds.amr(0.4, 1)), 'failed', AGREED],
  ['录音里没有声音', VOICE, now(() => sounds.wav(sounds.speechLike(6, 1, 0.0001))), 'failed', AGREED],
  ['录音有六小时', VOICE, now(() => sounds.m4a(6 * 3600)), 'failed', AGREED],
  ['录音传到一半，只有开头', VOICE, now(() => Buffer.from('#!AMR\n\xff\xff\xff\xff', 'latin1')), 'unchecked', AGREED],
  ['听不出内容，也没有转写服务', VOICE, now(() => sounds.amr(6, 1)), 'unchecked', AGREED],
  ['视频当录音', VOICE, now(() => sounds.m4a(20, { track: 'vide', brand: 'isom' })), 'failed', AGREED],
  ['照片当录音', VOICE, async () => await (await photo()).jpeg().toBuffer(), 'failed', AGREED],
  ['不是网址', notice('看附件'), nothing, 'failed'],
  ['网址是内网的名字', notice('http://oa.example.com/notice'), nothing, 'unchecked'],
  ['网址是本机，写成十进制', notice('http://2130706433/'), nothing, 'unchecked'],
  ['网址是本机，写成 IPv6', notice('http://[::ffff:127.0.0.1]/'), nothing, 'failed'],
  ['网址打不开', notice('https://nowhere.example.com/1'), nothing, 'unchecked'],
];

const FIRST = asId<EvidenceId>('evidence_0');
test.before('the photo that was used before', async () => {
  const { connection } = await testStore();
  const radar = createRadar({ connection, clock: new FixedClock(TAKEN_AT.toISOString()) });
  evidence = createEvidence({
    workers: 1,
    timeoutMs: 60_000,
    ocr: 'both',
    log: silentLog,
    radar,
    fetchPage: createFetchPage({
      resolve: (host) =>
        host === 'nowhere.example.com'
          ? Promise.reject(new Error('ENOTFOUND'))
          : Promise.resolve([{ address: '10.0.0.8', family: 4 }]),
    }),
  });
  const bytes = await (await before()).jpeg({ quality: 90 }).toBuffer();
  const none = (): Promise<null> => Promise.resolve(null);
  await evidence.verify(REUSE, { bytes, name: 'a.jpg' }, buildContext({ evidenceId: FIRST }), none);
});

const rows: string[] = [];
for (const [what, request, make, status, context = buildContext()] of inputs) {
  test.serial(`${what} → ${status}`, async (t) => {
    t.timeout(180_000);
    const verdict = await evidence.verify(request, { bytes: await make(), name: 'photo.jpg' }, context, (id) =>
      Promise.resolve(request === REUSE && id === FIRST ? buildEarlier({ evidenceId: FIRST }) : null),
    );
    t.is(verdict.status, status, verdict.say);
    t.regex(verdict.say, /^(?:PDF )?\p{Script=Han}.*。$/u);
    t.notRegex(verdict.say, /undefined|null|NaN/u);
    for (const { source, code } of verdict.findings) {
      t.regex(`${checkLabel(code)}：${sourceWords(source)}`, /\p{Script=Han}：.*\p{Script=Han}/u, `${code}: ${source}`);
    }
    rows.push(
      `| ${what} | ${{ photo: '照片', file: 'PDF', sheet: '表格', voice: '录音', link: '链接' }[request.kind]} | ${status} | ${verdict.say} |`,
    );
  });
}

test.serial('the table in the docs is this one', async (t) => {
  if (rows.length < inputs.length) {
    t.fail('some inputs were not judged');
    return;
  }
  const page = [
    '# What bad input is told',
    '',
    'Written by `WRITE_DOCS=1 npx ava build/test/evidence/bad-input.test.js` from the verdicts themselves; the test fails when a sentence changes. Every file is opened in a worker process with limits of bytes, pixels, pages, time and memory.',
    '',
    '| input | asked for | verdict | sentence |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  if (process.env.WRITE_DOCS === '1') await writeFile(FILE, page);
  t.is(await readFile(FILE, 'utf8'), page);
});

const FOLDER = join(projectRoot, '../shared/data/exif');
const cameras = 'damaged and odd files of cameras: each gets a verdict, none an exception';
(existsSync(FOLDER) ? test.serial : test.serial.skip)(
  existsSync(FOLDER) ? cameras : `${cameras} (no such files beside the project)`,
  async (t) => {
    t.timeout(300_000);
    for (const name of await readdir(FOLDER)) {
      const bytes = await readFile(join(FOLDER, name));
      const verdict = await evidence.verify(
        { kind: 'photo', demands: { withinMetres: 300 } },
        { bytes, name },
        buildContext(),
      );
      t.regex(verdict.say, /。$/u, name);
      t.false(
        verdict.findings.some(({ code }) => code.startsWith('verifier.')),
        name,
      );
      // A camera's position in Italy is far from the site; the others have none, or are too small to be evidence.
      if (name.startsWith('gps_')) t.is(verdict.status, 'failed', `${name}: ${verdict.say}`);
      else t.not(verdict.status, 'passed', name);
    }
  },
);

// Sample evidence made by code: what a rep's phone would send, good and bad. For the sandbox, the story, demos and tests.
import { BadInputError } from '../../core/index.js';
import { blankPhoto, nameplateFacts, photo, type PhotoPlan } from './photos.js';
import { brokenPdf, contract, encryptedPdf, proposal, quotation, scannedPdf, type PdfPlan } from './pdfs.js';
import { amr, speechLike, wav } from './recordings.js';
import { costSheet, equipmentCsv, equipmentList } from './sheets.js';
import { localTime } from './watermarks.js';

export { nameplateFacts };

export interface SampleParams {
  /** The moment of the picture or document; printed in the zone's wall clock. */
  at: Date;
  /** IANA zone. */
  zone: string;
  clientName: string;
  /** Department on the door plate; 检验科 if not given. */
  plate?: string;
  /** WGS-84, written as EXIF GPS when both are given; an original file then also carries DateTimeOriginal. */
  lat?: number;
  lng?: number;
  /** Two seeds never give the same bytes or pixels; the same seed and params give the same picture. */
  seed?: number;
}

export interface Sample {
  bytes: Buffer;
  /** File name as a phone would send it. */
  name: string;
  mime: string;
}

export interface SampleInfo {
  name: string;
  /** What a person reads in a picker. */
  title: string;
  kind: 'photo' | 'pdf' | 'sheet' | 'voice';
  /** Made to be refused, and to show how. */
  flawed: boolean;
}

interface Recipe extends Omit<SampleInfo, 'flawed'> {
  file: string;
  mime: string;
  make(params: SampleParams, seed: number): Promise<Buffer>;
}

const JPEG = 'image/jpeg';
const PDF = 'application/pdf';
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const DAY_MS = 86_400_000;

const shot = (
  name: string,
  title: string,
  plan: Pick<PhotoPlan, 'scene' | 'watermark'> & Partial<PhotoPlan>,
  shiftDays = 0,
): Recipe => ({
  name,
  title,
  kind: 'photo',
  file: 'photo.jpg',
  mime: JPEG,
  make: async ({ at, zone, clientName, plate, lat, lng }, seed) =>
    await photo({
      at: new Date(at.getTime() + shiftDays * DAY_MS),
      zone,
      place: clientName,
      ...(plate === undefined ? {} : { plate }),
      ...(lat === undefined || lng === undefined ? {} : { position: { lat, lng } }),
      exif: lat !== undefined && lng !== undefined,
      seed,
      ...plan,
    }),
});

const paper = (
  name: string,
  title: string,
  file: string,
  make: (plan: PdfPlan, params: SampleParams) => Promise<Buffer>,
): Recipe => ({
  name,
  title,
  kind: 'pdf',
  file,
  mime: PDF,
  make: async (params, seed) =>
    await make({ clientName: params.clientName, today: longDate(params.at, params.zone), at: params.at, seed }, params),
});

const sheet = (
  name: string,
  title: string,
  file: string,
  make: (params: SampleParams, seed: number) => Promise<Buffer>,
): Recipe => ({
  name,
  title,
  kind: 'sheet',
  file,
  mime: file.endsWith('.csv') ? 'text/csv' : XLSX,
  make,
});

const recording = (name: string, title: string, file: string, make: (seed: number) => Buffer): Recipe => ({
  name,
  title,
  kind: 'voice',
  file,
  mime: file.endsWith('.amr') ? 'audio/amr' : 'audio/wav',
  make: async (_, seed) => await Promise.resolve(make(seed)),
});

function longDate(at: Date, zone: string): string {
  const { year, month, day } = localTime(at, zone);
  return `${year}年${Number(month)}月${Number(day)}日`;
}
const daysFrom = ({ at, zone }: SampleParams, days: number): string =>
  longDate(new Date(at.getTime() + days * DAY_MS), zone);

const RECIPES: readonly Recipe[] = [
  shot('site-photo', '现场照片（走廊，带时间水印）', { scene: 'corridor', watermark: 'any' }),
  shot('shelf-photo', '现场照片（库房货架，带时间水印）', { scene: 'shelves', watermark: 'any' }),
  shot('site-photo-stamp', '现场照片（相机日期戳）', { scene: 'corridor', watermark: 'stamp' }),
  shot('site-photo-plain', '现场照片（没有水印）', { scene: 'corridor', watermark: null }),
  shot('old-photo', '三天前拍的现场照片', { scene: 'corridor', watermark: 'grey-box' }, -3),
  shot('door-plate', '科室门牌照片', { scene: 'door-plate', watermark: 'grey-box' }),
  shot('nameplate', '设备铭牌照片', { scene: 'nameplate', watermark: null }),
  shot('dark-photo', '太暗的照片', { scene: 'corridor', watermark: 'clock', exposure: 0.06 }),
  shot('blurred-photo', '拍糊的照片', { scene: 'corridor', watermark: 'clock', blurSigma: 14 }),
  {
    name: 'blank-photo',
    title: '什么也没拍到的照片',
    kind: 'photo',
    file: 'photo.jpg',
    mime: JPEG,
    make: async (_, seed) => await blankPhoto(seed),
  },
  paper('proposal', '定制方案（客户名称 3 处）', '定制方案.pdf', async (plan) => await proposal(plan, 3)),
  paper('proposal-short', '定制方案（客户名称只有 2 处）', '定制方案.pdf', async (plan) => await proposal(plan, 2)),
  paper(
    'quotation',
    '阶梯报价单（有效期内）',
    '阶梯报价单.pdf',
    async (plan, params) => await quotation(plan, daysFrom(params, 30)),
  ),
  paper(
    'quotation-expired',
    '阶梯报价单（已过有效期）',
    '阶梯报价单.pdf',
    async (plan, params) => await quotation(plan, daysFrom(params, -5)),
  ),
  paper('contract', '已签合同', '设备采购合同.pdf', async (plan) => await contract(plan, true)),
  paper(
    'contract-draft',
    '合同草稿（没有“已签合同”）',
    '设备采购合同.pdf',
    async (plan) => await contract(plan, false),
  ),
  paper('encrypted-pdf', '加了密码的 PDF', '设备采购合同.pdf', async (plan) => await encryptedPdf(plan)),
  paper('scanned-pdf', '扫描件 PDF（没有文字层）', '扫描件.pdf', async (plan) => await scannedPdf(plan)),
  paper('broken-pdf', '损坏的 PDF', '定制方案.pdf', async (plan) => await brokenPdf(plan)),
  sheet(
    'equipment-list',
    '设备清单',
    '设备清单.xlsx',
    async ({ clientName, at }, seed) => await equipmentList(clientName, at, seed, false),
  ),
  sheet(
    'equipment-list-gap',
    '设备清单（有一格没填）',
    '设备清单.xlsx',
    async ({ clientName, at }, seed) => await equipmentList(clientName, at, seed, true),
  ),
  sheet(
    'equipment-list-csv',
    '设备清单（CSV）',
    '设备清单.csv',
    async (_, seed) => await Promise.resolve(equipmentCsv(seed)),
  ),
  sheet('cost-sheet', '成本核算表（3 级）', '成本核算表.xlsx', async ({ at }, seed) => await costSheet(at, seed, 3)),
  sheet(
    'cost-sheet-flat',
    '成本核算表（只有 2 级）',
    '成本核算表.xlsx',
    async ({ at }, seed) => await costSheet(at, seed, 2),
  ),
  recording('call-recording', '通话录音（40 秒）', '通话录音.wav', (seed) => wav(speechLike(40, seed))),
  recording('voice-message', '语音消息（12 秒，AMR）', 'voice.amr', (seed) => amr(12, seed)),
  recording('silent-recording', '没有声音的录音', '通话录音.wav', (seed) => wav(speechLike(20, seed, 0.0001))),
];

const FLAWED: ReadonlySet<string> = new Set([
  'site-photo-plain',
  'old-photo',
  'dark-photo',
  'blurred-photo',
  'blank-photo',
  'proposal-short',
  'quotation-expired',
  'contract-draft',
  'encrypted-pdf',
  'scanned-pdf',
  'broken-pdf',
  'equipment-list-gap',
  'cost-sheet-flat',
  'silent-recording',
]);

export function sampleNames(): SampleInfo[] {
  return RECIPES.map(({ name, title, kind }) => ({ name, title, kind, flawed: FLAWED.has(name) }));
}

/** Throws BadInputError `sample.unknown` for a name that `sampleNames()` does not list. */
export async function makeSample(name: string, params: SampleParams): Promise<Sample> {
  const recipe = RECIPES.find((one) => one.name === name);
  if (recipe === undefined) throw new BadInputError('sample.unknown', `no sample is called ${name}`);
  return { bytes: await recipe.make(params, params.seed ?? 1), name: recipe.file, mime: recipe.mime };
}

import type { BadFileCode } from '../errors.js';
import { MAX_FILE_BYTES, MAX_PDF_PAGES, MAX_PIXELS, MAX_SHEET_ROWS, MIN_SIDE_PIXELS } from '../limits.js';
import type { VerdictStatus } from '../types.js';
import type { Check } from './verdict.js';

export type Wanted = 'photo' | 'file' | 'sheet' | 'voice';

interface Words {
  status: VerdictStatus;
  expected: string | number | null;
  unit?: string;
  problem: string;
  todo: string;
}

const THING: Record<Wanted, string> = { photo: '照片', file: 'PDF ', sheet: '表格', voice: '录音' };
const AGAIN: Record<Wanted, string> = {
  photo: '重拍一张再发',
  file: '重新导出一份 PDF 再发',
  sheet: '用 Excel 或 WPS 打开，另存为 .xlsx 再发',
  voice: '重新录一段，或者换一份 mp3、m4a、wav 再发',
};

/** A file from which nothing can be read. Wrong type or size contradicts what was asked; unreadable alleges nothing. */
export function badFile(code: BadFileCode, measured: string | number | null, wanted: Wanted): Check {
  const { status, expected, unit, problem, todo } = wordsOf(code, measured, wanted);
  return {
    finding: { code, status, measured, expected, ...(unit === undefined ? {} : { unit }), source: 'file bytes' },
    problem,
    todo,
  };
}

const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 102.4) / 10;

function wordsOf(code: BadFileCode, measured: string | number | null, wanted: Wanted): Words {
  const thing = THING[wanted];
  const again = AGAIN[wanted];
  switch (code) {
    case 'file.empty':
      return { status: 'unchecked', expected: null, problem: '收到的是空文件，里面什么也没有', todo: '重新发一次' };
    case 'file.too_large':
      return {
        status: 'failed',
        expected: MAX_FILE_BYTES,
        unit: 'bytes',
        problem: `文件有 ${megabytes(Number(measured))} MB，最大收 ${megabytes(MAX_FILE_BYTES)} MB`,
        todo: { photo: '用普通画质重拍一张', voice: '截取相关的一段再发', file: '压缩一下再发', sheet: '压缩一下再发' }[
          wanted
        ],
      };
    case 'file.wrong_kind':
      return {
        status: 'failed',
        expected: thing.trim(),
        problem: `这里要的是${wanted === 'file' ? ' PDF' : thing}，收到的${received(measured)}`,
        todo: { photo: '拍一张照片发过来', voice: '按住说话，或者把录音文件发过来', file: again, sheet: again }[wanted],
      };
    case 'file.broken':
      return { status: 'unchecked', expected: null, problem: `${thing}打不开，可能没传完整`, todo: again };
    case 'file.encrypted':
      return { status: 'unchecked', expected: null, problem: `${thing}加了密码，打不开`, todo: '发一份不带密码的' };
    case 'file.too_many_pixels':
      return {
        status: 'failed',
        expected: MAX_PIXELS,
        unit: 'pixels',
        problem: `照片有 ${measured ?? '太多'} 像素，最多收 ${MAX_PIXELS / 10_000} 万像素`,
        todo: '用普通画质重拍一张',
      };
    case 'file.too_small':
      return {
        status: 'failed',
        expected: MIN_SIDE_PIXELS,
        unit: 'pixels',
        problem: `照片只有 ${measured ?? ''} 像素，看不清`,
        todo: '发原图，或者重拍一张',
      };
    case 'file.too_many_pages':
      return {
        status: 'unchecked',
        expected: MAX_PDF_PAGES,
        unit: 'pages',
        problem: `PDF 有 ${measured ?? ''} 页，最多看 ${MAX_PDF_PAGES} 页`,
        todo: '只发需要的那几页',
      };
    case 'file.too_many_rows':
      return {
        status: 'unchecked',
        expected: MAX_SHEET_ROWS,
        unit: 'rows',
        problem: `表格太大，最多看 ${MAX_SHEET_ROWS} 行`,
        todo: '删掉空行和无关的工作表再发',
      };
    case 'file.bomb':
      return { status: 'failed', expected: null, problem: `${thing}解开后大得不正常，没有打开`, todo: again };
    case 'file.active':
      return {
        status: 'failed',
        expected: null,
        problem: `PDF 里${measured === 'Launch' ? '有会启动程序的动作' : '带着脚本'}，为了安全没有打开`,
        todo: '用「打印成 PDF」导出一份再发',
      };
    case 'file.id_document':
      return {
        status: 'failed',
        expected: null,
        problem: '照片里像是身份证。个人证件我们不收，这张不会留作材料',
        todo: '换一张不带证件的照片',
      };
  }
}

const KNOWN: Record<string, string> = {
  pdf: '是 PDF',
  xlsx: '是 Excel 表',
  csv: '是 CSV 表',
  cfb: '是老版 Office 文件（.xls、.doc）',
  'encrypted-office': '是加了密码的 Office 文件',
  docx: '是 Word 文档',
  pptx: '是 PPT',
  zip: '是压缩包',
  rar: '是压缩包',
  '7z': '是压缩包',
  gif: '是动图',
  mp4: '是视频',
  mov: '是视频',
  tif: '是 TIFF 图',
  bmp: '是 BMP 图',
  svg: '是 SVG 图',
  amr: '是录音',
  silk: '是录音',
  mp3: '是录音',
  m4a: '是录音',
  wav: '是录音',
  ogg: '是录音',
  avif: '是 AVIF 图',
  jpg: '是照片',
  png: '是图片',
  webp: '是图片',
  heic: '是照片',
  text: '是文字',
};

function received(ext: string | number | null): string {
  return KNOWN[String(ext)] ?? '文件认不出类型';
}

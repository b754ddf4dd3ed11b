import type { FileDemands } from '../../flow/index.js';
import type { OcrPage, PdfFacts } from '../documents/pdf.js';
import { daysBetween, spokenDate, toLocalDate } from '../local-time.js';
import { containsWords, countNames } from '../names.js';
import type { EvidenceContext, Verdict, VerdictStatus } from '../types.js';
import { readValidities } from '../validity.js';
import { combine, type Check } from './verdict.js';

export const FILE_VERIFIER = { id: 'pdf', version: '3' };

export function judgeFile(demands: FileDemands, facts: PdfFacts, sha256: string, context: EvidenceContext): Verdict {
  const checks: Check[] = [
    {
      finding: {
        code: 'pdf.readable',
        status: 'passed',
        measured: facts.pages,
        expected: null,
        unit: 'pages',
        source: 'pdfium',
      },
    },
  ];
  const plain: Record<string, unknown> = {
    sha256,
    pages: facts.pages,
    bytes: facts.bytes,
    textBytes: facts.textBytes,
    scanned: facts.scanned,
    ...(facts.picturePages.length === 0 ? {} : { picturePages: facts.picturePages }),
    ...(facts.ocr.length === 0 ? {} : { ocrPages: facts.ocr.map(({ page }) => page) }),
    ...(facts.seals === null ? {} : { seals: facts.seals }),
  };
  if (demands.largerThanBytes !== undefined) checks.push(judgeSize(facts.bytes, demands.largerThanBytes));
  if (demands.containsText !== undefined) checks.push(judgeWords(facts, demands.containsText));
  if (demands.clientNameTimes !== undefined) {
    const names = [context.client.name, ...context.client.aliases];
    const counts = { text: countNames(facts.text, names), ocr: countInPictures(facts.ocr, names) };
    plain.clientNameTimes = counts.text + counts.ocr;
    checks.push(judgeNameTimes(facts, counts, demands.clientNameTimes, context.client.name));
  }
  if (demands.notExpired === true) {
    const { check, until } = judgeValidity(facts, toLocalDate(context.receivedAt, context.zone));
    checks.push(check);
    if (until !== null) plain.validUntil = until;
  }
  if (demands.sealReviewed === true) checks.push(judgeSeal(facts.seals));
  return combine(checks, 'file', plain, FILE_VERIFIER);
}

/** Red and round on the page is no authorisation: the finder proposes, a person decides. */
function judgeSeal(seals: PdfFacts['seals']): Check {
  const [seal] = seals ?? [];
  const seen =
    seal !== undefined ? `第 ${seal.page} 页像是有红色圆章` : seals === null ? '授权印章由人来看' : '没找到红色圆章';
  return {
    finding: {
      code: 'pdf.seal',
      status: 'review',
      measured: seals === null ? null : seals.length,
      expected: null,
      unit: 'seals',
      source: 'red circles, a person decides',
    },
    problem: `${seen}，已转给主管复核`,
  };
}

/** The better reader's count on each page. */
function countInPictures(pages: readonly OcrPage[], names: readonly string[]): number {
  return pages.reduce(
    (sum, { readings }) => sum + Math.max(0, ...readings.map(({ text }) => countNames(text, names))),
    0,
  );
}

const textsOf = (pages: readonly OcrPage[]): string[] =>
  pages.flatMap(({ readings }) => readings.map(({ text }) => text));

const kilobytes = (bytes: number): string =>
  bytes >= 10_000 * 1024 ? `${(bytes / 1024 / 1024).toFixed(1)} MB` : `${Math.floor((bytes / 1024) * 10) / 10} KB`;

/** Strictly more. */
function judgeSize(bytes: number, largerThan: number): Check {
  const finding = { code: 'pdf.size', measured: bytes, expected: largerThan, unit: 'bytes', source: 'file bytes' };
  if (bytes > largerThan) return { finding: { ...finding, status: 'passed' } };
  return {
    finding: { ...finding, status: 'failed' },
    problem: `文件只有 ${kilobytes(bytes)}，要求超过 ${kilobytes(largerThan)}`,
    todo: '上传盖章签字后的完整版',
  };
}

/** What was not found in the text layer may stand on a page that is a picture. */
function missing(facts: PdfFacts): { status: VerdictStatus; aside: string; todo: string | undefined } {
  if (facts.scanned) {
    return {
      status: 'unchecked',
      aside: facts.ocr.length === 0 ? '是扫描件，没有文字可查' : '是扫描件',
      todo: '发一份由 Word 或 WPS 直接导出的 PDF，或者请主管复核',
    };
  }
  if (facts.picturePages.length > 0) {
    return {
      status: 'review',
      aside: `第 ${facts.picturePages.slice(0, 5).join('、')} 页是图片，读不到文字`,
      todo: undefined,
    };
  }
  return { status: 'failed', aside: '', todo: undefined };
}

function judgeWords(facts: PdfFacts, words: string): Check {
  const finding = { code: 'pdf.text', expected: words, source: 'pdf text layer' };
  if (containsWords(facts.text, words)) {
    return { finding: { ...finding, status: 'passed', measured: words }, good: `有「${words}」字样` };
  }
  if (textsOf(facts.ocr).some((text) => containsWords(text, words))) {
    return {
      finding: { ...finding, status: 'review', measured: words, source: 'ocr of scanned pages' },
      problem: `扫描页上识别到「${words}」`,
    };
  }
  const { status, aside, todo } = missing(facts);
  const unread = status === 'unchecked' && facts.ocr.length === 0;
  return {
    finding: { ...finding, status, measured: null },
    problem: unread
      ? aside
      : status === 'unchecked'
        ? `${aside}，没认出「${words}」`
        : `没找到「${words}」${aside === '' ? '' : `，${aside}`}`,
    todo: todo ?? `确认是不是传错了文件，补上「${words}」再发`,
  };
}

function judgeNameTimes(
  facts: PdfFacts,
  { text, ocr }: { text: number; ocr: number },
  atLeast: number,
  clientName: string,
): Check {
  const count = text + ocr;
  const finding = {
    code: 'pdf.client_name',
    measured: count,
    expected: atLeast,
    unit: 'times',
    source: ocr === 0 ? 'pdf text layer' : `pdf text layer ${text}, ocr ${ocr}`,
  };
  if (text >= atLeast) return { finding: { ...finding, status: 'passed' }, good: `客户名称 ${text} 处` };
  // A recogniser's count passes nothing and fails nobody: a person sees it.
  if (count >= atLeast) {
    return {
      finding: { ...finding, status: 'review' },
      problem: `「${clientName}」文字里 ${text} 处，扫描页上识别到 ${ocr} 处`,
    };
  }
  const { status, aside, todo } = missing(facts);
  const unread = status === 'unchecked' && facts.ocr.length === 0;
  return {
    finding: { ...finding, status },
    problem: unread
      ? aside
      : status === 'unchecked'
        ? `${aside}，${ocr === 0 ? `没认出「${clientName}」` : `「${clientName}」只认出 ${ocr} 处`}，要求至少 ${atLeast} 处`
        : `「${clientName}」出现 ${count} 处，要求至少 ${atLeast} 处，还差 ${atLeast - count} 处${aside === '' ? '' : `；${aside}`}`,
    todo: todo ?? '补上再传一次',
  };
}

function judgeValidity(facts: PdfFacts, today: string): { check: Check; until: string | null } {
  const found = readValidities(facts.text).sort((a, b) => b.until.localeCompare(a.until));
  const finding = { code: 'pdf.valid_until', expected: today, unit: 'date', source: 'pdf text layer' };
  const [latest] = found;
  const earliest = found.at(-1);
  if (latest === undefined || earliest === undefined) {
    const [scanned] = textsOf(facts.ocr)
      .flatMap((text) => readValidities(text))
      .sort((a, b) => b.until.localeCompare(a.until));
    if (scanned !== undefined) {
      return {
        until: scanned.until,
        check: {
          finding: { ...finding, status: 'review', measured: scanned.until, source: 'ocr of scanned pages' },
          problem: `扫描页上识别到有效期到 ${spokenDate(scanned.until, today)}`,
        },
      };
    }
    return {
      until: null,
      check: {
        finding: { ...finding, status: facts.scanned ? 'unchecked' : 'review', measured: null },
        problem: facts.scanned ? '是扫描件，读不到有效期' : '没找到有效期',
        todo: '写明「有效期至某年某月某日」再传一次',
      },
    };
  }
  if (latest.until < today) {
    return {
      until: latest.until,
      check: {
        finding: { ...finding, status: 'failed', measured: latest.until },
        problem: `有效期到 ${spokenDate(latest.until, today)}，已过 ${daysBetween(latest.until, today)} 天`,
        todo: '换一份还在有效期内的',
      },
    };
  }
  if (earliest.until < today) {
    return {
      until: latest.until,
      check: {
        finding: { ...finding, status: 'review', measured: `${earliest.until}, ${latest.until}` },
        problem: `写了两个有效期：${spokenDate(earliest.until, today)}和 ${spokenDate(latest.until, today)}`,
        todo: '只留一个再传更快',
      },
    };
  }
  return {
    until: latest.until,
    check: {
      finding: { ...finding, status: 'passed', measured: latest.until },
      good: `有效期到 ${spokenDate(latest.until, today)}`,
    },
  };
}

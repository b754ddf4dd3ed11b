import { NotFoundError } from '../core/index.js';
import { stageOf, submissionText, type DealDocument, type EvidenceDocument } from '../deals/index.js';
import { findSubmission } from '../flow/index.js';
import type { Finding } from '../evidence/index.js';
import { REVIEW_REASONS } from '../todos/index.js';
import type { Mark } from '../cards/index.js';
import type { EvidenceView } from './backend.js';
import { nameplateView } from './devices.js';
import { measureWords } from './measure-words.js';
import { markOf, personBrief, type ViewDeps } from './views-deal.js';

/** What each check is called on pages. A code without words here shows as it is: a new check is seen, not hidden. */
const CHECKS: Record<string, string> = {
  'photo.fresh': '现场拍摄',
  'photo.reuse': '查重',
  'photo.watermark_time': '水印时间',
  'photo.exif_time': '照片信息时间',
  'photo.door_plate': '科室门牌',
  'photo.nameplate_model': '铭牌型号',
  'photo.nameplate_serial': '铭牌序列号',
  'photo.position': '拍摄位置',
  'photo.content': '画面内容',
  'photo.light': '亮度',
  'photo.sharp': '清晰度',
  'photo.screen': '是否翻拍屏幕',
  'photo.paper': '是否一页纸',
  'pdf.readable': '能否打开',
  'pdf.text': '含文字',
  'pdf.client_name': '客户名称',
  'pdf.size': '文件大小',
  'pdf.valid_until': '有效期',
  'pdf.seal': '授权印章',
  'sheet.content': '表格内容',
  'sheet.rows': '行数',
  'sheet.columns': '列名',
  'sheet.filled': '每行填满',
  'sheet.levels': '分项层级',
  'link.address': '网址',
  'link.title': '标题',
  'link.published': '发布日期',
  'link.page': '网页',
  'link.page_title': '网页上的标题',
  'link.page_date': '网页上的日期',
  'voice.reuse': '查重',
  'voice.length': '时长',
  'voice.sound': '声音',
  'voice.consent': '对方同意',
  'voice.words': '转写',
  'verifier.unavailable': '核验',
  demo: '演示',
};

const VERIFIERS: Record<string, string> = {
  photo: '照片',
  file: 'PDF',
  pdf: 'PDF',
  sheet: '表格',
  link: '链接',
  voice: '录音',
  none: '没核验成',
};
export const verifierLabel = (id: string): string => VERIFIERS[id] ?? id;

export const checkLabel = (code: string): string => (code === 'asked' ? '代表请看' : (CHECKS[code] ?? code));

const FACTS: Record<string, string> = {
  takenAt: '照片上的时间',
  plate: '门牌',
  model: '型号',
  serial: '序列号',
  pages: '页数',
  rows: '行数',
  distanceMetres: '离客户',
  clientOnPage: '网页上客户名',
};

const FACT_UNITS: Readonly<Record<string, string>> = { distanceMetres: 'm', pages: 'pages', rows: 'rows' };

export function evidenceView(
  deps: ViewDeps,
  deal: DealDocument,
  evidence: EvidenceDocument,
  mayOriginal: boolean,
  reuse: EvidenceView['reuse'] = null,
  mayRefuse = false,
): EvidenceView {
  const { verdict, file } = evidence;
  const submission = deal.visits
    .flatMap((visit) => visit.items[evidence.itemId]?.submissions ?? [])
    .find((one) => one.id === evidence._id);
  const mark: Mark =
    submission === undefined || submission.status === 'withdrawn' ? (verdict?.status ?? 'checking') : submission.status;
  return {
    id: evidence._id,
    deal: { id: deal._id, clientName: deal.clientName, stageName: evidence.stageName },
    itemName: evidence.itemName,
    mark,
    say: submission?.say ?? verdict?.say ?? null,
    by: personBrief(deps.org, evidence.by),
    at: evidence.at.toISOString(),
    askedAt: evidence.askedAt?.toISOString() ?? null,
    text: evidence.text,
    url: evidence.url ?? null,
    file: file === undefined ? null : { name: file.name, mime: file.mime, bytes: file.bytes, sha256: file.sha256 },
    hasPicture: file?.goneAt === undefined && (file?.mime.startsWith('image/') ?? false),
    hasSound: file?.goneAt === undefined && (file?.mime.startsWith('audio/') ?? false),
    mayOriginal: mayOriginal && file !== undefined && file.goneAt === undefined,
    refuse:
      mayRefuse && submission?.status === 'passed' && submission.judgedBy === undefined
        ? { reasons: REVIEW_REASONS.map(({ text }) => text) }
        : null,
    reuse,
    nameplate: nameplateView(evidence, mayOriginal),
    findings: (verdict?.findings ?? []).map((finding) => ({
      code: finding.code,
      label: CHECKS[finding.code] ?? finding.code,
      mark: finding.status,
      ...measures(finding),
      source: sourceWords(finding.source),
    })),
    facts: [
      ...goneFact(deps, file),
      ...voiceFacts(deps, evidence),
      ...Object.entries(verdict?.facts ?? {}).flatMap(([name, value]) => {
        const label = FACTS[name];
        const plain = typeof value === 'string' || typeof value === 'number';
        if (label === undefined || !plain || value === '') return [];
        return [{ label, value: measureWords(value, FACT_UNITS[name]) ?? '' }];
      }),
    ],
    verifier: verdict === undefined ? null : { ...verdict.verifier, label: verifierLabel(verdict.verifier.id) },
    history: evidence.history.map((entry) => ({
      at: entry.at.toISOString(),
      who: entry.who,
      mark: entry.status as Mark,
      text: entry.text,
    })),
  };
}

/** Length, who agreed and when, and what is said in a recording, with whose ears heard it. */
function voiceFacts(
  { org, calendar }: ViewDeps,
  { verdict, voice }: EvidenceDocument,
): { label: string; value: string }[] {
  const { durationMs, transcript, transcriptSource } = verdict?.facts ?? {};
  const statement = voice?.statement;
  const rows: [string, string | undefined][] = [
    ['时长', typeof durationMs === 'number' ? lengthWords(durationMs) : undefined],
    [
      '同意',
      statement === undefined
        ? undefined
        : `${org.person(statement.by)?.name ?? ''} ${calendar.localDate(statement.at)} ${STATEMENTS[statement.kind]}`,
    ],
    ['转写', typeof transcript === 'string' ? transcript : undefined],
    ['转写来自', typeof transcriptSource === 'string' ? earWords(transcriptSource) : undefined],
  ];
  return rows.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

const STATEMENTS = { agreed: '确认对方同意录音', own: '确认是自己口述' } as const;

function lengthWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} 秒` : `${Math.floor(seconds / 60)} 分 ${seconds % 60} 秒`;
}

function earWords(source: string): string {
  if (source === 'typed') return '代表打字';
  if (source.startsWith('dingtalk')) return '钉钉语音转文字';
  if (source.startsWith('wecom')) return '企业微信语音转文字';
  return `转写服务 ${source.replace(/^asr /u, '')}`;
}

function goneFact({ calendar }: ViewDeps, file: EvidenceDocument['file']): { label: string; value: string }[] {
  if (file?.goneAt === undefined) return [];
  return [{ label: '原件', value: `过了保留期，${calendar.localDate(file.goneAt)} 删除；核验结果和指纹留着` }];
}

/** What was handed in without a file: judged by the gate, with nothing measured. */
export function submissionView(deps: ViewDeps, deal: DealDocument, id: string): EvidenceView {
  const found = findSubmission(deal, id as EvidenceDocument['_id']);
  const stage = found === null ? undefined : stageOf(deps.deals.flowOf(deal), found.visit.stageId);
  const item = stage?.items.find((one) => one.id === found?.itemId);
  if (found === null || stage === undefined || item === undefined) {
    throw new NotFoundError('evidence.unknown', `no evidence ${id}`, { say: '没有这份材料。' });
  }
  const { submission } = found;
  const mark = markOf(submission.status);
  return {
    id,
    deal: { id: deal._id, clientName: deal.clientName, stageName: stage.name },
    itemName: item.name,
    mark,
    say: submission.say === undefined || submission.say === '' ? null : submission.say,
    by: personBrief(deps.org, submission.by),
    at: submission.at.toISOString(),
    askedAt: submission.askedAt?.toISOString() ?? null,
    text: submissionText(submission),
    url: submission.value.kind === 'link' ? submission.value.url : null,
    file: null,
    hasPicture: false,
    hasSound: false,
    mayOriginal: false,
    refuse: null,
    reuse: null,
    nameplate: null,
    findings: [],
    facts: [],
    verifier: null,
    history: [],
  };
}

/** What bits of a hash mean is told in words. */
function measures(finding: Finding): { measured: string | null; expected: string | null } {
  if (finding.code === 'voice.consent')
    return {
      measured: { agreed: '同意录音', own: '自己口述' }[String(finding.measured)] ?? '还没确认',
      expected: finding.expected === 'agreed' ? '同意录音' : '同意录音，或自己口述',
    };
  if (finding.code !== 'photo.reuse' && finding.code !== 'voice.reuse')
    return {
      measured: measureWords(finding.measured, finding.unit),
      expected: measureWords(finding.expected, finding.unit),
    };
  const { measured, status } = finding;
  return {
    measured:
      measured === null ? '没有相似的' : status === 'failed' ? '用过的图' : status === 'review' ? '很像' : '不是同一张',
    expected: '没用过',
  };
}

/** Sources are English for logs; people read these words. */
function sourceWords(source: string): string {
  const words: [RegExp, string][] = [
    [/^server clock/u, '服务器时间'],
    [/^exif/iu, '照片信息'],
    [/^ocr/iu, '文字识别'],
    [/^pdf/iu, 'PDF 文字'],
    [/^location/iu, '位置消息'],
    [/^sha256/iu, '文件指纹'],
    [/^picture hash/iu, '图像指纹'],
    [/^pixels|^picture/iu, '画面'],
    [/^sheet/iu, '表格'],
    [/^page/iu, '网页'],
    [/^stated/iu, '提交人填写'],
    [/^amr|^silk|^wav|^music-metadata|^loudest/iu, '录音本身'],
    [/^dingtalk recognition|^wecom recognition|^asr|^speech/iu, '语音转文字'],
    [/^typed/iu, '提交人打字'],
  ];
  const found = words.find(([pattern]) => pattern.test(source));
  if (found === undefined) return source;
  const confidence = /0\.\d+/u.exec(source)?.[0];
  return confidence === undefined ? found[1] : `${found[1]} ${confidence}`;
}

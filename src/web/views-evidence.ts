import { NotFoundError } from '../core/index.js';
import { stageOf, submissionText, type DealDocument, type EvidenceDocument } from '../deals/index.js';
import { findSubmission } from '../flow/index.js';
import { checkLabel, checkMeasures, measureWords, sourceWords } from '../evidence/index.js';
import { REVIEW_REASONS } from '../todos/index.js';
import type { Mark } from '../cards/index.js';
import type { EvidenceView } from './backend.js';
import { nameplateView } from './devices.js';
import { markOf, personBrief, type ViewDeps } from './views-deal.js';

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
      label: checkLabel(finding.code),
      mark: finding.status,
      ...checkMeasures(finding),
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
    looks: [],
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
  return [{ label: '原件', value: `${goneWords(file)}（${calendar.localDate(file.goneAt)}）；核验结果和指纹留着` }];
}

/** Why there is no file any more. */
export function goneWords({ goneFor }: NonNullable<EvidenceDocument['file']>): string {
  switch (goneFor) {
    case 'personal-papers':
      return '像是个人证件，没有留，当时就删了';
    case 'no-consent':
      return '对方没同意录音，当时就删了';
    case undefined:
      return '过了保留期，原件删了';
  }
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
    looks: [],
    history: [],
  };
}

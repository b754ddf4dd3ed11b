import type { VoiceDemands } from '../../flow/index.js';
import { MAX_VOICE_MS, MIN_VOICE_BYTES_PER_SECOND, MIN_VOICE_MS } from '../limits.js';
import { spokenDate, toLocalDate } from '../local-time.js';
import type { EvidenceContext, Verdict, VoiceStatement } from '../types.js';
import type { AsrFailure } from '../voice/asr.js';
import type { VoiceFacts } from '../voice/extract.js';
import { findMentions } from '../voice/keywords.js';
import { combine, type Check } from './verdict.js';

export const VOICE_VERIFIER = { id: 'voice', version: '1' };

/** The words of a recording, and whose ears heard them. */
export interface Transcript {
  text: string;
  /** `dingtalk recognition`, `asr HOST`, `typed`. */
  source: string;
}

export interface HeardWords {
  /** Null: nobody could or may listen. */
  transcript: Transcript | null;
  /** Why there is no transcript of a service. `off`: none is configured. */
  missing?: AsrFailure | 'off' | 'nothing';
}

export function judgeVoice(
  demands: VoiceDemands,
  facts: VoiceFacts,
  { transcript, missing }: HeardWords,
  sha256: string,
  context: EvidenceContext,
): Verdict {
  const statement = context.voice?.statement;
  const agreed = isAgreed(demands, statement);
  const checks = [
    judgeReuse(context),
    judgeLength(facts, demands.minMs),
    ...judgeSound(facts),
    ...judgeConsent(demands, statement),
    // Nobody listens before the other side is known to agree, so there is nothing to say of the words yet.
    ...(agreed && demands.words ? [judgeWords(transcript, missing)] : []),
  ];
  const plain: Record<string, unknown> = {
    sha256,
    format: facts.format,
    durationMs: facts.durationMs,
    durationSource: facts.durationSource,
    ...(facts.peakDb === null ? {} : { peakDb: facts.peakDb }),
    ...(statement === undefined ? {} : { statement: { ...statement, at: statement.at.toISOString() } }),
  };
  if (agreed && transcript !== null && transcript.text !== '') {
    plain.transcript = transcript.text;
    plain.transcriptSource = transcript.source;
    plain.mentions = findMentions(transcript.text, demands.keywords);
  }
  if (agreed && missing !== undefined) plain.transcriptMissing = missing;
  return combine(checks, 'voice', plain, VOICE_VERIFIER);
}

/** May the recording be listened to and counted? */
export function isAgreed({ accepts }: Pick<VoiceDemands, 'accepts'>, statement: VoiceStatement | undefined): boolean {
  if (!accepts.includes('client')) return true;
  return statement?.kind === 'agreed' || (statement?.kind === 'own' && accepts.includes('self'));
}

/** `45 秒`, `8 分 20 秒` */
export function spokenLength(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return `${seconds} 秒`;
  return seconds % 60 === 0 ? `${minutes} 分钟` : `${minutes} 分 ${seconds % 60} 秒`;
}

function judgeReuse({ reuseOf, receivedAt, zone }: EvidenceContext): Check {
  const finding = { code: 'voice.reuse', expected: null, source: 'sha256' };
  if (reuseOf === null) return { finding: { ...finding, status: 'passed', measured: null } };
  const day = spokenDate(toLocalDate(reuseOf.at, zone), toLocalDate(receivedAt, zone));
  return {
    finding: { ...finding, status: 'failed', measured: reuseOf.evidenceId },
    problem: reuseOf.mayName ? `它 ${day}在「${reuseOf.clientName}」用过` : `它 ${day}已经用过`,
    todo: '发这一次的录音',
  };
}

function judgeLength({ durationMs, durationSource, bytes }: VoiceFacts, minMs: number | undefined): Check {
  const finding = {
    code: 'voice.length',
    measured: Math.round(durationMs / 100) / 10,
    expected: (minMs ?? MIN_VOICE_MS) / 1000,
    unit: 's',
    source: durationSource,
  };
  const length = spokenLength(durationMs);
  if (durationMs < MIN_VOICE_MS) {
    return {
      finding: { ...finding, status: 'failed' },
      problem: durationMs === 0 ? '里面没有声音，是空的' : '不到 1 秒，像是按错了',
      todo: '按住说话，说完再松开',
    };
  }
  if (bytes < (durationMs / 1000) * MIN_VOICE_BYTES_PER_SECOND) {
    return {
      finding: { ...finding, status: 'unchecked' },
      problem: `文件写着 ${length}，可里面的内容没那么长`,
      todo: '重新导出一份再发',
    };
  }
  if (durationMs > MAX_VOICE_MS) {
    return {
      finding: { ...finding, status: 'failed', expected: MAX_VOICE_MS / 1000 },
      problem: `有 ${length}，最多收 ${spokenLength(MAX_VOICE_MS)}`,
      todo: '截取相关的一段再发',
    };
  }
  if (minMs !== undefined && durationMs < minMs) {
    return {
      finding: { ...finding, status: 'failed' },
      problem: `只有 ${length}，要求至少 ${spokenLength(minMs)}`,
      todo: '发完整的那一段',
    };
  }
  return { finding: { ...finding, status: 'passed' }, good: length };
}

function judgeSound({ silent, peakDb, format }: VoiceFacts): Check[] {
  if (silent === null) return [];
  const source = format === 'amr' ? 'amr frames' : 'loudest tenth of a second';
  const finding = { code: 'voice.sound', measured: peakDb, expected: null, unit: 'dB', source };
  if (!silent) return [{ finding: { ...finding, status: 'passed' } }];
  return [
    {
      finding: { ...finding, status: 'failed' },
      problem: '从头到尾没有声音',
      todo: '看看麦克风有没有打开，再录一段',
    },
  ];
}

function judgeConsent(demands: VoiceDemands, statement: VoiceStatement | undefined): Check[] {
  if (!demands.accepts.includes('client')) return [];
  const own = demands.accepts.includes('self');
  const finding = {
    code: 'voice.consent',
    measured: statement?.kind ?? null,
    expected: own ? 'agreed or own' : 'agreed',
    source: 'stated by whoever handed it in',
  };
  if (isAgreed(demands, statement)) {
    const good = statement?.kind === 'own' ? '自己口述' : '对方同意录音';
    return [{ finding: { ...finding, status: 'passed' }, good }];
  }
  return [
    {
      finding: { ...finding, status: 'unchecked' },
      problem: '还没确认对方同意录音',
      todo: own ? '点一下「对方同意录音」或「是我自己口述」就算数' : '点一下「对方同意录音」就算数',
    },
  ];
}

const UNHEARD: Record<NonNullable<HeardWords['missing']>, string> = {
  off: '没有转成文字',
  nothing: '没听出说了什么',
  timeout: '转文字超时了',
  too_large: '文件太大，没法转成文字',
  unreachable: '转文字的服务这会儿连不上',
  refused: '转文字的服务没接这段录音',
  unreadable: '转文字的服务答得看不懂',
};

function judgeWords(transcript: Transcript | null, missing: HeardWords['missing']): Check {
  const length = [...(transcript?.text ?? '')].length;
  const finding = {
    code: 'voice.words',
    measured: length,
    expected: 1,
    unit: 'characters',
    source: transcript?.source ?? 'speech to text',
  };
  if (transcript === null || length === 0) {
    return {
      finding: { ...finding, measured: null, status: 'unchecked' },
      problem: UNHEARD[missing ?? 'off'],
      todo: '打字写下说了什么，或者请主管听一遍',
    };
  }
  // The rep's own words for it are no hearing of it: a person listens, with the words beside.
  if (transcript.source === 'typed') {
    return {
      finding: { ...finding, status: 'review' },
      problem: '内容是打字写的，主管听一遍对一下就行',
    };
  }
  return { finding: { ...finding, status: 'passed' }, good: `转出 ${length} 个字` };
}

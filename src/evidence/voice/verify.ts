import type { VoiceDemands } from '../../flow/index.js';
import type { JobResult } from '../jobs.js';
import { isAgreed, judgeVoice, type HeardWords } from '../judge/voice.js';
import { MAX_TRANSCRIPT, MAX_VOICE_MS, MIN_VOICE_MS } from '../limits.js';
import type { Pool } from '../pool.js';
import type { EvidenceContext, Verdict } from '../types.js';
import type { AsrProvider } from './asr.js';
import type { VoiceFacts } from './extract.js';
import type { AudioFormat } from './format.js';

export interface Ears {
  /** Measures and decodes. */
  documents: Pool;
  /** Absent: only the platform's own text. */
  asr?: AsrProvider;
}

/** Judges what was measured, with what was heard. Nothing leaves the house before the other side is known to agree. */
export async function hearAndJudge(
  demands: VoiceDemands,
  bytes: Uint8Array,
  facts: VoiceFacts,
  sha256: string,
  context: EvidenceContext,
  ears: Ears,
): Promise<Verdict> {
  const usable = facts.durationMs >= MIN_VOICE_MS && facts.durationMs <= MAX_VOICE_MS && facts.silent !== true;
  const allowed = isAgreed(demands, context.voice?.statement);
  const heard: HeardWords =
    usable && allowed ? await wordsOf(bytes, facts.format, context, ears) : { transcript: null };
  return judgeVoice(demands, facts, heard, sha256, context);
}

/** The platform's text first, it costs nothing; then the service's; then what the rep typed. */
async function wordsOf(
  bytes: Uint8Array,
  format: AudioFormat,
  { voice }: EvidenceContext,
  ears: Ears,
): Promise<HeardWords> {
  const platform = voice?.heard;
  if (platform !== undefined && platform.text.trim() !== '') {
    return {
      transcript: { text: platform.text.trim().slice(0, MAX_TRANSCRIPT), source: `${platform.by} recognition` },
    };
  }
  const heard = await listen({ bytes, format }, ears);
  if (heard.transcript !== null || voice?.typed === undefined) return heard;
  return { ...heard, transcript: { text: voice.typed.text.slice(0, MAX_TRANSCRIPT), source: 'typed' } };
}

/** What the configured service hears. */
export async function listen(
  { bytes, format }: { bytes: Uint8Array; format: AudioFormat },
  { asr, documents }: Ears,
  withinMs?: number,
): Promise<HeardWords> {
  if (asr === undefined) return { transcript: null, missing: 'off' };
  let recording = { bytes, format };
  if (format === 'silk') {
    const wav: JobResult<'voice-wav'> = await documents.run({ kind: 'voice-wav', bytes });
    if (!wav.ok) return { transcript: null, missing: wav.reason === 'bad-file' ? 'too_large' : 'timeout' };
    recording = { bytes: wav.facts, format: 'wav' };
  }
  const result = await asr.transcribe(recording, withinMs);
  if (!result.ok) return { transcript: null, missing: result.reason };
  return result.text === ''
    ? { transcript: null, missing: 'nothing' }
    : { transcript: { text: result.text, source: asr.source } };
}

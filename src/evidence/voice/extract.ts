import { parseBuffer } from 'music-metadata';
import { decode } from 'silk-wasm';
import { BadFileError } from '../errors.js';
import { MAX_SILK_MS } from '../limits.js';
import { readAmr } from './amr.js';
import type { AudioFormat } from './format.js';
import { readSilk } from './silk.js';
import { readWav, samplesOf, wavOf } from './wav.js';

export interface VoiceFacts {
  format: AudioFormat;
  durationMs: number;
  /** How the length was found: `amr frames`, `silk packets`, `wav samples`, `music-metadata MPEG`. */
  durationSource: string;
  bytes: number;
  /** Nothing can be heard in it from beginning to end; null where the format is not decoded. */
  silent: boolean | null;
  /** Loudest moment, dB below full scale; null where it was not measured. */
  peakDb: number | null;
}

/** What a telephone's microphone gives in an empty room is about -60 dB; speech from the far end of a table peaks above -40. */
const SILENT_DB = -55;
/** A click is no speech: the loudest stretch of this length counts. */
const STRETCH_MS = 100;
/** Speech has nothing above 8 kHz that a recogniser would want. */
const SILK_RATE = 16_000;

/** Length and loudness of a recording; nobody listens to what is said. */
export async function extractVoice(bytes: Uint8Array, format: AudioFormat): Promise<VoiceFacts> {
  const base = { format, bytes: bytes.length };
  switch (format) {
    case 'amr': {
      const { durationMs, speechFrames, frames } = readAmr(bytes);
      const silent = frames > 0 && speechFrames === 0 ? true : null;
      return { ...base, durationMs, durationSource: 'amr frames', silent, peakDb: null };
    }
    case 'silk': {
      const { durationMs } = readSilk(bytes);
      const loud = durationMs === 0 || durationMs > MAX_SILK_MS ? null : loudness(await silkSamples(bytes), SILK_RATE);
      return { ...base, durationMs, durationSource: 'silk packets', ...heard(loud) };
    }
    case 'wav': {
      const { durationMs, samples, sampleRate } = readWav(bytes);
      const loud = samples === null || samples.length === 0 ? null : loudness(samples, sampleRate);
      return { ...base, durationMs, durationSource: 'wav samples', ...heard(loud) };
    }
    case 'mp3':
    case 'm4a':
    case 'ogg':
      return { ...base, ...(await lengthOf(bytes, format)), silent: null, peakDb: null };
  }
}

/** SILK is read by no speech service: the same sound as WAV. */
export async function silkToWav(bytes: Uint8Array): Promise<Buffer> {
  const { durationMs } = readSilk(bytes);
  if (durationMs > MAX_SILK_MS) throw new BadFileError('file.too_large', 'too long to be decoded', durationMs);
  const samples = await silkSamples(bytes);
  return wavOf(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), SILK_RATE);
}

async function silkSamples(bytes: Uint8Array): Promise<Int16Array> {
  try {
    const { data } = await decode(bytes, SILK_RATE);
    return samplesOf(data);
  } catch (cause) {
    throw new BadFileError('file.broken', 'SILK cannot be decoded', null, cause);
  }
}

const MIME: Record<'mp3' | 'm4a' | 'ogg', string> = { mp3: 'audio/mpeg', m4a: 'audio/mp4', ogg: 'audio/ogg' };

async function lengthOf(
  bytes: Uint8Array,
  format: 'mp3' | 'm4a' | 'ogg',
): Promise<Pick<VoiceFacts, 'durationMs' | 'durationSource'>> {
  try {
    // `duration`: the whole file is counted where its head says no length.
    const { format: found } = await parseBuffer(
      bytes,
      { mimeType: MIME[format], size: bytes.length },
      { duration: true, skipCovers: true },
    );
    const seconds = found.duration ?? 0;
    if (!(seconds > 0 && Number.isFinite(seconds))) throw new Error('no length');
    return { durationMs: Math.round(seconds * 1000), durationSource: `music-metadata ${found.container ?? format}` };
  } catch (cause) {
    throw new BadFileError('file.broken', `the ${format} cannot be read`, null, cause);
  }
}

const heard = (peakDb: number | null): Pick<VoiceFacts, 'silent' | 'peakDb'> => ({
  peakDb: peakDb === null ? null : Math.round(peakDb),
  silent: peakDb === null ? null : peakDb < SILENT_DB,
});

/** Effective level of the loudest stretch, dB below full scale. */
export function loudness(samples: Int16Array, sampleRate: number): number {
  const stretch = Math.max(1, Math.min(samples.length, Math.round((sampleRate * STRETCH_MS) / 1000)));
  let loudest = 0;
  for (let start = 0; start < samples.length; start += stretch) {
    const end = Math.min(start + stretch, samples.length);
    let sum = 0;
    for (let i = start; i < end; i += 1) sum += (samples[i] ?? 0) ** 2;
    loudest = Math.max(loudest, sum / (end - start));
  }
  return 10 * Math.log10(Math.max(loudest, 1e-3) / 32_768 ** 2);
}

import { BadFileError } from '../errors.js';

/** Plain samples; others (A-law, ADPCM) are not looked into. */
const PCM = 1;
const EXTENSIBLE = 0xfffe;

export interface WavFacts {
  durationMs: number;
  /** 16-bit samples, all channels one after the other; null for other codings. */
  samples: Int16Array | null;
  sampleRate: number;
}

/** By the bytes that are there: the head may promise any length. */
export function readWav(bytes: Uint8Array): WavFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: { coding: number; sampleRate: number; bytesPerSecond: number; bits: number } | null = null;
  let at = 12;
  while (at + 8 <= bytes.length) {
    const name = Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
    const size = view.getUint32(at + 4, true);
    const start = at + 8;
    if (name === 'fmt ' && start + 16 <= bytes.length) {
      const coding = view.getUint16(start, true);
      const extended = coding === EXTENSIBLE && start + 26 <= bytes.length;
      format = {
        coding: extended ? view.getUint16(start + 24, true) : coding,
        sampleRate: view.getUint32(start + 4, true),
        bytesPerSecond: view.getUint32(start + 8, true),
        bits: view.getUint16(start + 14, true),
      };
    }
    if (name === 'data' && format !== null && format.bytesPerSecond > 0) {
      const end = Math.min(start + size, bytes.length);
      const { coding, sampleRate, bytesPerSecond, bits } = format;
      return {
        durationMs: Math.round(((end - start) / bytesPerSecond) * 1000),
        samples: coding === PCM && bits === 16 ? samplesOf(bytes.subarray(start, end)) : null,
        sampleRate,
      };
    }
    // Chunks begin at even bytes.
    at = start + size + (size % 2);
  }
  throw new BadFileError('file.broken', 'no samples in the WAV file');
}

/** A copy: samples must begin at an even address. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const even = new Uint8Array(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  return new Int16Array(even.buffer, even.byteOffset, even.length / 2);
}

/** One channel of 16-bit samples as a file that every speech service reads. */
export function wavOf(pcm: Uint8Array, sampleRate: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + pcm.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(PCM, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([head, pcm]);
}

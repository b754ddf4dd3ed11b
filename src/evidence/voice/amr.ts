import { BadFileError } from '../errors.js';

const NARROW = Buffer.from('#!AMR\n');
const WIDE = Buffer.from('#!AMR-WB\n');
/** Bytes of a frame with its head, by mode (RFC 4867 §5.3); 20 ms each, whatever the mode. */
const NARROW_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1];
const WIDE_BYTES = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1];
const FRAME_MS = 20;
/** Bits of a frame's head that are always 0. */
const PADDING = 0x83;

export interface AmrFacts {
  durationMs: number;
  wide: boolean;
  /** Frames that hold speech: the others are silence, comfort noise or lost. */
  speechFrames: number;
  frames: number;
}

export const isAmr = (bytes: Uint8Array): boolean => startsWith(bytes, NARROW) || startsWith(bytes, WIDE);

/** Counted frame by frame: the format says its length nowhere. A last frame that is cut off is not counted. */
export function readAmr(bytes: Uint8Array): AmrFacts {
  const wide = startsWith(bytes, WIDE);
  const sizes = wide ? WIDE_BYTES : NARROW_BYTES;
  const lastSpeechMode = wide ? 8 : 7;
  let at = wide ? WIDE.length : NARROW.length;
  let frames = 0;
  let speechFrames = 0;
  while (at < bytes.length) {
    const head = bytes[at] ?? 0;
    if ((head & PADDING) !== 0) throw new BadFileError('file.broken', `no frame of AMR at byte ${at}`);
    const mode = (head >> 3) & 0x0f;
    const size = sizes[mode] ?? 1;
    if (at + size > bytes.length) break;
    at += size;
    frames += 1;
    if (mode <= lastSpeechMode) speechFrames += 1;
  }
  return { durationMs: frames * FRAME_MS, wide, speechFrames, frames };
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}

import { isAmr } from './amr.js';
import { isSilk } from './silk.js';

export const AUDIO_MIME = {
  amr: 'audio/amr',
  silk: 'audio/silk',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  wav: 'audio/wav',
  ogg: 'audio/ogg',
} as const;
export type AudioFormat = keyof typeof AUDIO_MIME;

const BY_EXTENSION: Readonly<Record<string, AudioFormat>> = {
  mp3: 'mp3',
  wav: 'wav',
  m4a: 'm4a',
  ogg: 'ogg',
  oga: 'ogg',
  opus: 'ogg',
  spx: 'ogg',
};
/** Containers that hold films as well as the recordings of many phones. */
const FILM_EXTENSIONS = ['mp4', 'm4a', 'm4v', '3gp', 'mov'];

/** The recording's format by its bytes; `ext` is what the signature says. */
export function audioFormat(bytes: Uint8Array, ext: string): AudioFormat | null {
  if (isAmr(bytes)) return 'amr';
  if (isSilk(bytes)) return 'silk';
  if (FILM_EXTENSIONS.includes(ext)) return holdsSoundAlone(bytes) ? 'm4a' : null;
  return BY_EXTENSION[ext] ?? null;
}

/** Every track names its kind after `hdlr`, version and a reserved word: `soun`, `vide`. */
function holdsSoundAlone(bytes: Uint8Array): boolean {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sound = false;
  for (let at = data.indexOf('hdlr'); at >= 0; at = data.indexOf('hdlr', at + 4)) {
    const kind = data.toString('latin1', at + 12, at + 16);
    if (kind === 'vide') return false;
    if (kind === 'soun') sound = true;
  }
  return sound;
}

// Recordings in every format that is taken, byte by byte; nobody speaks in them.
import { encode } from 'silk-wasm';
import { speechLike, wav } from '../../../src/sandbox/samples/recordings.js';

export { amr, speechLike, wav } from '../../../src/sandbox/samples/recordings.js';

/** Pauses only: frames that say that there is nothing. */
export const silentAmr = (seconds: number): Buffer =>
  Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(Math.round(seconds * 50), 0x7c)]);

/** Wide band, mode 2 (12.65 kbit/s). */
export function amrWide(seconds: number): Buffer {
  const frame = Buffer.alloc(33, 0x55);
  frame[0] = 0x14;
  return Buffer.concat([Buffer.from('#!AMR-WB\n'), ...Array.from({ length: seconds * 50 }, () => frame)]);
}

export async function silk(seconds: number, loud = 0.3): Promise<Buffer> {
  const { data } = await encode(wav(speechLike(seconds, 5, loud, 16_000), 16_000), 0);
  return Buffer.from(data);
}

/** MPEG 1 layer 3, 64 kbit/s, 32 kHz: frames of 36 ms. */
export function mp3(seconds: number): Buffer {
  const frame = Buffer.alloc(288);
  frame.set([0xff, 0xfb, 0x58, 0xc4]);
  return Buffer.concat(Array.from({ length: Math.round(seconds / 0.036) }, () => frame));
}

function box(name: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.write(name, 4, 'latin1');
  return Buffer.concat([head, body]);
}
const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
};

/** As phones record: one track (`soun`), or a film's (`vide`), with as many bytes as asked for. */
export function m4a(seconds: number, { track = 'soun', brand = 'M4A ', bytes = seconds * 4_000 } = {}): Buffer {
  const handler = Buffer.concat([words(0, 0), Buffer.from(track, 'latin1'), words(0, 0, 0), Buffer.from([0])]);
  const entry = Buffer.alloc(28);
  entry[7] = 1;
  entry.writeUInt16BE(1, 16);
  entry.writeUInt16BE(16, 18);
  entry.writeUInt16BE(16_000, 24);
  const table = box('stbl', box('stsd', words(0, 1), box('mp4a', entry)), box('stsz', words(0, 0, 0)));
  const about = box('tkhd', words(0, 0, 0, 1, 0, seconds * 1_000), Buffer.alloc(60));
  const media = box('mdhd', words(0, 0, 0, 1_000, seconds * 1_000, 0));
  const header = box('mvhd', words(0, 0, 0, 1_000, seconds * 1_000), Buffer.alloc(80));
  return Buffer.concat([
    box('ftyp', Buffer.from(`${brand}\0\0\0\0${brand}isom`, 'latin1')),
    box('moov', header, box('trak', about, box('mdia', media, box('hdlr', handler), box('minf', table)))),
    box('mdat', Buffer.alloc(bytes, 7)),
  ]);
}

/** Opus in Ogg: a head, its tags, and pages of speech up to the last moment (48 kHz). */
export function ogg(seconds: number): Buffer {
  const page = (sequence: number, granule: number, data: Buffer, type = 0): Buffer => {
    const segments = [...Array.from({ length: Math.floor(data.length / 255) }, () => 255), data.length % 255];
    const head = Buffer.alloc(27);
    head.write('OggS', 0, 'latin1');
    head[5] = type;
    head.writeBigUInt64LE(BigInt(granule), 6);
    head.writeUInt32LE(1, 14);
    head.writeUInt32LE(sequence, 18);
    head[26] = segments.length;
    return Buffer.concat([head, Buffer.from(segments), data]);
  };
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head[8] = 1;
  head[9] = 1;
  head.writeUInt32LE(48_000, 12);
  const tags = Buffer.concat([Buffer.from('OpusTags', 'latin1'), Buffer.alloc(8)]);
  return Buffer.concat([
    page(0, 0, head, 2),
    page(1, 0, tags),
    ...Array.from({ length: seconds }, (_, n) => page(n + 2, (n + 1) * 48_000, Buffer.alloc(2_000, n), 0)),
    page(seconds + 2, seconds * 48_000, Buffer.alloc(10), 4),
  ]);
}

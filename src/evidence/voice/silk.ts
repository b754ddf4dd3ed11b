import { BadFileError } from '../errors.js';

const MAGIC = Buffer.from('#!SILK_V3');
/** Chat apps put this byte before the signature. */
const CHAT_PREFIX = 0x02;
/** One packet of a voice message. */
const PACKET_MS = 20;
/** Ends the stream, where it is written at all. */
const END = -1;

export function isSilk(bytes: Uint8Array): boolean {
  const at = bytes[0] === CHAT_PREFIX ? 1 : 0;
  return MAGIC.every((byte, index) => bytes[at + index] === byte);
}

/** Counted packet by packet. A last packet that is cut off is not counted. */
export function readSilk(bytes: Uint8Array): { durationMs: number; packets: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = MAGIC.length + (bytes[0] === CHAT_PREFIX ? 1 : 0);
  let packets = 0;
  while (at + 2 <= bytes.length) {
    const size = view.getInt16(at, true);
    if (size === END) break;
    if (size < 0) throw new BadFileError('file.broken', `no packet of SILK at byte ${at}`);
    at += 2 + size;
    if (at > bytes.length) break;
    packets += 1;
  }
  return { durationMs: packets * PACKET_MS, packets };
}

import { decode, documentLength, MalformedBson } from '../bson/decode.js';
import { encode, type Encodable } from '../bson/encode.js';
import type { Doc } from '../bson/value.js';

/** Bytes that are no message of the protocol. The connection that sent them is closed. */
export class MalformedFrame extends Error {
  override name = 'MalformedFrame';
}

export const OP_REPLY = 1;
export const OP_QUERY = 2004;
export const OP_MSG = 2013;

const HEADER_BYTES = 16;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** Unknown flags among the lower sixteen are required by the protocol to be refused. */
const REQUIRED_FLAGS = 0xffff;
/** MongoDB's maxMessageSizeBytes, and the room that it gives for headers. */
const MAX_FRAME_BYTES = 48_000_000 + 16 * 1024;

export interface Message {
  requestId: number;
  legacy: boolean;
  db: string;
  body: Doc;
  sequences: Map<string, Buffer[]>;
  /** The client does not want an answer (w: 0). */
  silent: boolean;
}

/** Puts the pieces that arrive together and gives out whole frames. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private held = 0;

  push(piece: Buffer): void {
    this.pieces.push(piece);
    this.held += piece.length;
  }

  /** The next whole frame, or null when it is not there yet. */
  next(): Buffer | null {
    if (this.held < 4) return null;
    if (this.pieces[0]!.length < 4) this.join();
    const length = this.pieces[0]!.readInt32LE(0);
    if (length < HEADER_BYTES + 5 || length > MAX_FRAME_BYTES) throw new MalformedFrame(`frame of ${length} bytes`);
    if (this.held < length) return null;
    if (this.pieces[0]!.length < length) this.join();
    const first = this.pieces[0]!;
    const frame = first.subarray(0, length);
    if (first.length === length) this.pieces.shift();
    else this.pieces[0] = first.subarray(length);
    this.held -= length;
    return frame;
  }

  private join(): void {
    this.pieces = [Buffer.concat(this.pieces)];
  }
}

export function parseFrame(frame: Buffer): Message {
  const opcode = frame.readInt32LE(12);
  try {
    if (opcode === OP_MSG) return parseMessage(frame);
    if (opcode === OP_QUERY) return parseQuery(frame);
  } catch (error) {
    if (error instanceof MalformedBson || error instanceof RangeError) throw new MalformedFrame(error.message);
    throw error;
  }
  throw new MalformedFrame(`opcode ${opcode}`);
}

function parseMessage(frame: Buffer): Message {
  const flags = frame.readUInt32LE(HEADER_BYTES);
  if ((flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0) throw new MalformedFrame('unknown flag');
  const end = frame.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  let at = HEADER_BYTES + 4;
  let body: Doc | null = null;
  const sequences = new Map<string, Buffer[]>();
  while (at < end) {
    const kind = frame[at++];
    if (kind === 0) {
      if (body) throw new MalformedFrame('two bodies');
      const length = documentLength(frame, at, end);
      body = decode(frame, at);
      at += length;
    } else if (kind === 1) {
      at = readSequence(frame, at, end, sequences);
    } else {
      throw new MalformedFrame(`section kind ${kind}`);
    }
  }
  if (!body || at !== end) throw new MalformedFrame('no body');
  const db = body['$db'];
  if (typeof db !== 'string') throw new MalformedFrame('no $db');
  return { requestId: frame.readInt32LE(4), legacy: false, db, body, sequences, silent: (flags & MORE_TO_COME) !== 0 };
}

function readSequence(frame: Buffer, at: number, end: number, sequences: Map<string, Buffer[]>): number {
  if (at + 4 > end) throw new MalformedFrame('sequence is cut off');
  const stop = at + frame.readInt32LE(at);
  const nameEnd = frame.indexOf(0, at + 4);
  if (stop > end || nameEnd < 0 || nameEnd >= stop) throw new MalformedFrame('sequence length is wrong');
  const name = frame.toString('utf8', at + 4, nameEnd);
  if (sequences.has(name)) throw new MalformedFrame('sequence twice');
  const docs: Buffer[] = [];
  let from = nameEnd + 1;
  while (from < stop) {
    const length = documentLength(frame, from, stop);
    docs.push(frame.subarray(from, from + length));
    from += length;
  }
  sequences.set(name, docs);
  return stop;
}

/** The first hello of a connection comes as a legacy query on `admin.$cmd`. */
function parseQuery(frame: Buffer): Message {
  const nameEnd = frame.indexOf(0, HEADER_BYTES + 4);
  if (nameEnd < 0) throw new MalformedFrame('no collection name');
  const ns = frame.toString('utf8', HEADER_BYTES + 4, nameEnd);
  if (!ns.endsWith('.$cmd')) throw new MalformedFrame('legacy query on a collection');
  const body = decode(frame, nameEnd + 9);
  return {
    requestId: frame.readInt32LE(4),
    legacy: true,
    db: ns.slice(0, -5),
    body,
    sequences: new Map(),
    silent: false,
  };
}

let lastRequestId = 0;

export function replyFrame(to: Message, reply: { [field: string]: Encodable }): Buffer {
  const head = HEADER_BYTES + (to.legacy ? 20 : 5);
  const frame = encode(reply, head).fill(0, HEADER_BYTES, head);
  lastRequestId = (lastRequestId + 1) & 0x7fffffff;
  frame.writeInt32LE(frame.length, 0);
  frame.writeInt32LE(lastRequestId, 4);
  frame.writeInt32LE(to.requestId, 8);
  frame.writeInt32LE(to.legacy ? OP_REPLY : OP_MSG, 12);
  if (to.legacy) frame.writeInt32LE(1, HEADER_BYTES + 16); // one document
  return frame;
}

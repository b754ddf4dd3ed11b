import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { double, setField, type Doc, type Value } from './value.js';

/** Bytes that are no valid BSON document. */
export class MalformedBson extends Error {
  override name = 'MalformedBson';
}

/** Deeper nesting than any stored document may have (100), with room for the command around it. */
const MAX_DEPTH = 160;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Field names repeat endlessly, so the last name seen per hash is kept: most names then cost a comparison, not a string.
 */
const NAME_SLOTS = 4096;
const nameCache: (string | undefined)[] = new Array<string | undefined>(NAME_SLOTS);

let nameEnd = 0;

function readName(buffer: Buffer, start: number, limit: number): string {
  let hash = 0;
  let end = start;
  let ascii = true;
  for (;;) {
    if (end >= limit) throw new MalformedBson('field name without end');
    const byte = buffer[end]!;
    if (byte === 0) break;
    if (byte > 127) ascii = false;
    hash = (hash * 31 + byte) | 0;
    end++;
  }
  nameEnd = end + 1;
  if (!ascii) return readText(buffer, start, end);
  const slot = hash & (NAME_SLOTS - 1);
  const cached = nameCache[slot];
  if (cached !== undefined && cached.length === end - start) {
    let i = start;
    while (i < end && cached.charCodeAt(i - start) === buffer[i]) i++;
    if (i === end) return cached;
  }
  const name = buffer.toString('latin1', start, end);
  nameCache[slot] = name;
  return name;
}

function readText(buffer: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length < 24) {
    let text = '';
    let i = start;
    for (; i < end; i++) {
      const byte = buffer[i]!;
      if (byte > 127) break;
      text += String.fromCharCode(byte);
    }
    if (i === end) return text;
  }
  const text = buffer.toString('utf8', start, end);
  // The fast decoder writes U+FFFD for broken bytes; only then the strict one is asked.
  if (text.includes('\ufffd')) {
    try {
      return strictUtf8.decode(buffer.subarray(start, end));
    } catch {
      throw new MalformedBson('string is not UTF-8');
    }
  }
  return text;
}

/** Checks the frame of a document at `offset` and returns its length in bytes. */
export function documentLength(buffer: Buffer, offset: number, limit: number): number {
  if (offset + 5 > limit) throw new MalformedBson('document is cut off');
  const length = buffer.readInt32LE(offset);
  if (length < 5 || offset + length > limit) throw new MalformedBson('document length is wrong');
  if (buffer[offset + length - 1] !== 0) throw new MalformedBson('document without end');
  return length;
}

/**
 * Decodes a document. With `only`, top-level fields outside the set are skipped, which is most of the cost of a scan that
 * looks at two fields of forty.
 */
export function decode(buffer: Buffer, offset = 0, only?: ReadonlySet<string> | null): Doc {
  const length = documentLength(buffer, offset, buffer.length);
  return readDocument(buffer, offset, offset + length, 0, only ?? null);
}

function readDocument(
  buffer: Buffer,
  start: number,
  end: number,
  depth: number,
  only: ReadonlySet<string> | null,
): Doc {
  const doc: Doc = {};
  let at = start + 4;
  const last = end - 1;
  let left = only === null ? -1 : only.size;
  while (at < last) {
    const type = buffer[at]!;
    const name = readName(buffer, at + 1, last);
    at = nameEnd;
    if (only !== null) {
      if (!only.has(name)) {
        at += valueLength(buffer, type, at, last);
        continue;
      }
      left--;
    }
    const value = readValue(buffer, type, at, last, depth);
    at = valueEnd;
    if (name === '__proto__') setField(doc, name, value);
    else doc[name] = value;
    if (left === 0) return doc;
  }
  if (at !== last) throw new MalformedBson('element passes the end of its document');
  return doc;
}

function readArray(buffer: Buffer, start: number, end: number, depth: number): Value[] {
  const array: Value[] = [];
  let at = start + 4;
  const last = end - 1;
  while (at < last) {
    const type = buffer[at]!;
    // Index names are not looked at: MongoDB, too, goes by position.
    at++;
    while (at < last && buffer[at] !== 0) at++;
    at++;
    array.push(readValue(buffer, type, at, last, depth));
    at = valueEnd;
  }
  if (at !== last) throw new MalformedBson('element passes the end of its array');
  return array;
}

let valueEnd = 0;

function take(at: number, length: number, limit: number): void {
  if (length < 0 || at + length > limit) throw new MalformedBson('value is cut off');
  valueEnd = at + length;
}

function readValue(buffer: Buffer, type: number, at: number, limit: number, depth: number): Value {
  switch (type) {
    case 0x02:
      return readString(buffer, at, limit);
    case 0x10:
      take(at, 4, limit);
      return buffer.readInt32LE(at);
    case 0x03:
    case 0x04: {
      if (depth >= MAX_DEPTH) throw new MalformedBson('nesting is too deep');
      const length = documentLength(buffer, at, limit);
      const value =
        type === 0x03
          ? readDocument(buffer, at, at + length, depth + 1, null)
          : readArray(buffer, at, at + length, depth + 1);
      valueEnd = at + length;
      return value;
    }
    case 0x07:
      take(at, 12, limit);
      return new ObjectId(buffer.subarray(at, at + 12));
    case 0x08: {
      take(at, 1, limit);
      const byte = buffer[at]!;
      if (byte > 1) throw new MalformedBson('boolean is neither 0 nor 1');
      return byte === 1;
    }
    case 0x09: {
      take(at, 8, limit);
      const date = new Date(Number(buffer.readBigInt64LE(at)));
      if (Number.isNaN(date.getTime())) throw new MalformedBson('date is out of range');
      return date;
    }
    case 0x0a:
      valueEnd = at;
      return null;
    case 0x01:
      take(at, 8, limit);
      return double(buffer.readDoubleLE(at));
    case 0x12:
      take(at, 8, limit);
      return buffer.readBigInt64LE(at);
    case 0x05: {
      take(at, 5, limit);
      const length = buffer.readInt32LE(at);
      const subtype = buffer[at + 4]!;
      take(at + 5, length, limit);
      return new Binary(buffer.subarray(at + 5, at + 5 + length), subtype);
    }
    case 0x0b: {
      const pattern = readName(buffer, at, limit);
      const options = readName(buffer, nameEnd, limit);
      valueEnd = nameEnd;
      return regExp(pattern, options);
    }
    case 0x11:
      take(at, 8, limit);
      return new Timestamp(buffer.readBigUInt64LE(at));
    case 0x13:
      take(at, 16, limit);
      return new Decimal128(Buffer.from(buffer.subarray(at, at + 16)));
    case 0x0d:
      return new Code(readString(buffer, at, limit));
    case 0x0e:
      return new BSONSymbol(readString(buffer, at, limit));
    case 0x0f: {
      take(at, 4, limit);
      const length = buffer.readInt32LE(at);
      take(at, length, limit);
      const end = valueEnd;
      const code = readString(buffer, at + 4, end);
      const scopeAt = valueEnd;
      if (depth >= MAX_DEPTH) throw new MalformedBson('nesting is too deep');
      const scope = readDocument(buffer, scopeAt, scopeAt + documentLength(buffer, scopeAt, end), depth + 1, null);
      valueEnd = end;
      return new Code(code, scope);
    }
    case 0x06: // the deprecated undefined: what it means is "nothing there"
      valueEnd = at;
      return null;
    case 0xff:
      valueEnd = at;
      return new MinKey();
    case 0x7f:
      valueEnd = at;
      return new MaxKey();
    default:
      throw new MalformedBson(`unknown element type 0x${type.toString(16)}`);
  }
}

function regExp(pattern: string, options: string): BSONRegExp {
  try {
    return new BSONRegExp(pattern, options);
  } catch {
    throw new MalformedBson('unknown option of a regular expression');
  }
}

function readString(buffer: Buffer, at: number, limit: number): string {
  take(at, 4, limit);
  const length = buffer.readInt32LE(at);
  if (length < 1) throw new MalformedBson('string length is wrong');
  take(at + 4, length, limit);
  const end = at + 4 + length - 1;
  if (buffer[end] !== 0) throw new MalformedBson('string without end');
  const text = readText(buffer, at + 4, end);
  valueEnd = end + 1;
  return text;
}

function valueLength(buffer: Buffer, type: number, at: number, limit: number): number {
  const length = rawLength(buffer, type, at, limit);
  if (length < 0 || at + length > limit) throw new MalformedBson('value is cut off');
  return length;
}

function rawLength(buffer: Buffer, type: number, at: number, limit: number): number {
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      return 8;
    case 0x10:
      return 4;
    case 0x08:
      return 1;
    case 0x07:
      return 12;
    case 0x13:
      return 16;
    case 0x06:
    case 0x0a:
    case 0xff:
    case 0x7f:
      return 0;
    case 0x02:
    case 0x0d:
    case 0x0e:
      take(at, 4, limit);
      return 4 + buffer.readInt32LE(at);
    case 0x05:
      take(at, 4, limit);
      return 5 + buffer.readInt32LE(at);
    case 0x03:
    case 0x04:
    case 0x0f:
      take(at, 4, limit);
      return buffer.readInt32LE(at);
    case 0x0b:
      readName(buffer, at, limit);
      readName(buffer, nameEnd, limit);
      return nameEnd - at;
    default:
      throw new MalformedBson(`unknown element type 0x${type.toString(16)}`);
  }
}

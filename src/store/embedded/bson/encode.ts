import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { isInt32, type Value } from './value.js';

/** Bytes that are already a BSON document; they are copied into the output untouched. */
export class Raw {
  constructor(readonly bytes: Buffer) {}
}

/** What a reply may hold: values, or documents as stored. */
export type Encodable = Value | Raw | Encodable[] | { [field: string]: Encodable };

let buffer = Buffer.allocUnsafe(64 * 1024);
let at = 0;

/** The working buffer is kept between calls unless one huge document made it huge. */
const KEEP_BYTES = 4 * 1024 * 1024;

/** Fields whose value is undefined are left out. With `headBytes`, so many before the document are the caller's to fill. */
export function encode(doc: { [field: string]: Encodable }, headBytes = 0): Buffer {
  at = headBytes;
  writeDocument(doc);
  const bytes = Buffer.allocUnsafe(at);
  buffer.copy(bytes, headBytes, headBytes, at);
  if (buffer.length > KEEP_BYTES) buffer = Buffer.allocUnsafe(64 * 1024);
  return bytes;
}

function room(bytes: number): void {
  if (at + bytes <= buffer.length) return;
  const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + bytes));
  buffer.copy(larger, 0, 0, at);
  buffer = larger;
}

function writeDocument(doc: { [field: string]: Encodable }): void {
  const start = at;
  room(4);
  at += 4;
  for (const name in doc) {
    const value = doc[name];
    if (value !== undefined) writeElement(name, value);
  }
  close(start);
}

function writeArray(array: readonly Encodable[]): void {
  const start = at;
  room(4);
  at += 4;
  for (let i = 0; i < array.length; i++) writeElement(String(i), array[i] ?? null);
  close(start);
}

function close(start: number): void {
  room(1);
  buffer[at++] = 0;
  buffer.writeInt32LE(at - start, start);
}

function head(type: number, name: string): void {
  room(name.length * 3 + 2);
  buffer[at++] = type;
  writeCString(name);
}

function writeCString(text: string): void {
  room(text.length * 3 + 1);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) {
      at += buffer.write(text.slice(i), at, 'utf8');
      break;
    }
    buffer[at++] = code;
  }
  buffer[at++] = 0;
}

function writeString(text: string): void {
  room(text.length * 3 + 5);
  const start = at;
  at += 4;
  at += buffer.write(text, at, 'utf8');
  buffer[at++] = 0;
  buffer.writeInt32LE(at - start - 4, start);
}

function writeElement(name: string, value: Encodable): void {
  switch (typeof value) {
    case 'string':
      head(0x02, name);
      writeString(value);
      return;
    case 'number':
      if (isInt32(value) && !Object.is(value, -0)) {
        head(0x10, name);
        room(4);
        at = buffer.writeInt32LE(value, at);
      } else {
        writeDouble(name, value);
      }
      return;
    case 'bigint':
      head(0x12, name);
      room(8);
      at = buffer.writeBigInt64LE(value, at);
      return;
    case 'boolean':
      head(0x08, name);
      room(1);
      buffer[at++] = value ? 1 : 0;
      return;
    case 'object':
      if (value === null) head(0x0a, name);
      else writeObject(name, value);
      return;
    default:
      throw new TypeError(`cannot encode a ${typeof value}`);
  }
}

function writeDouble(name: string, value: number): void {
  head(0x01, name);
  room(8);
  at = buffer.writeDoubleLE(value, at);
}

function writeObject(name: string, value: object): void {
  if (Array.isArray(value)) {
    head(0x04, name);
    writeArray(value as Encodable[]);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    head(0x03, name);
    writeDocument(value as { [field: string]: Encodable });
  } else if (value instanceof ObjectId) {
    head(0x07, name);
    writeBytes(value.id);
  } else if (value instanceof Date) {
    head(0x09, name);
    room(8);
    at = buffer.writeBigInt64LE(BigInt(value.getTime()), at);
  } else if (value instanceof Raw) {
    head(0x03, name);
    writeBytes(value.bytes);
  } else {
    writeRare(name, value);
  }
}

function writeRare(name: string, value: object): void {
  if (value instanceof Double) {
    writeDouble(name, value.value);
  } else if (value instanceof Binary) {
    const bytes = value.value();
    head(0x05, name);
    room(5);
    at = buffer.writeInt32LE(bytes.length, at);
    buffer[at++] = value.sub_type;
    writeBytes(bytes);
  } else if (value instanceof Timestamp) {
    head(0x11, name);
    room(8);
    at = buffer.writeBigUInt64LE(BigInt.asUintN(64, value.toBigInt()), at);
  } else if (value instanceof BSONRegExp) {
    head(0x0b, name);
    writeCString(value.pattern);
    writeCString(value.options);
  } else if (value instanceof BSONSymbol) {
    head(0x0e, name);
    writeString(value.value);
  } else if (value instanceof Code) {
    writeCode(name, value);
  } else if (value instanceof MinKey) {
    head(0xff, name);
  } else if (value instanceof MaxKey) {
    head(0x7f, name);
  } else if (value instanceof Decimal128) {
    head(0x13, name);
    writeBytes(value.bytes);
  } else {
    throw new TypeError('cannot encode this object');
  }
}

function writeCode(name: string, value: Code): void {
  if (!value.scope) {
    head(0x0d, name);
    writeString(value.code);
    return;
  }
  head(0x0f, name);
  const start = at;
  room(4);
  at += 4;
  writeString(value.code);
  writeDocument(value.scope);
  buffer.writeInt32LE(at - start, start);
}

function writeBytes(bytes: Uint8Array): void {
  room(bytes.length);
  buffer.set(bytes, at);
  at += bytes.length;
}

import type { Binary, BSONRegExp, Code, ObjectId, Timestamp } from 'bson';
import { T, numeric, typeClass, type Doc, type Value } from './value.js';

/**
 * Bytes whose order under memcmp is the order of `compare`, and that are equal exactly when the values are. No key is the
 * prefix of another, so keys can be put one after another, each in its own direction.
 */
export function keyOf(value: Value): Buffer {
  const writer = new KeyWriter();
  writer.write(value);
  return writer.bytes();
}

/** Reverses the order of a field's key. */
export function inverted(key: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(key.length);
  for (let i = 0; i < key.length; i++) bytes[i] = 0xff - key[i]!;
  return bytes;
}

let scratch = Buffer.allocUnsafe(4096);

class KeyWriter {
  private at = 0;

  bytes(): Buffer {
    const key = Buffer.allocUnsafe(this.at);
    scratch.copy(key, 0, 0, this.at);
    return key;
  }

  write(value: Value): void {
    const type = typeClass(value);
    this.byte(type);
    switch (type) {
      case T.number:
        this.number(numeric(value as number | bigint));
        return;
      case T.string:
        this.text(String(value));
        return;
      case T.objectId:
        this.raw((value as ObjectId).id);
        return;
      case T.date:
        this.int64(BigInt((value as Date).getTime()));
        return;
      case T.boolean:
        this.byte(value === true ? 1 : 0);
        return;
      case T.object: {
        const doc = value as Doc;
        for (const name of Object.keys(doc)) {
          this.byte(typeClass(doc[name]));
          this.text(name);
          this.write(doc[name]);
        }
        this.byte(0);
        return;
      }
      case T.array:
        for (const element of value as Value[]) this.write(element);
        this.byte(0);
        return;
      case T.binary: {
        const binary = value as Binary;
        const bytes = binary.value();
        this.room(5);
        this.at = scratch.writeUInt32BE(bytes.length, this.at);
        this.byte(binary.sub_type);
        this.raw(bytes);
        return;
      }
      case T.timestamp:
        this.room(8);
        this.at = scratch.writeBigUInt64BE(BigInt.asUintN(64, (value as Timestamp).toBigInt()), this.at);
        return;
      case T.regex: {
        const regex = value as BSONRegExp;
        this.text(regex.pattern);
        this.text(regex.options);
        return;
      }
      case T.code: {
        const code = value as Code;
        this.text(code.code);
        this.write(code.scope ?? null);
        return;
      }
      default:
        return; // null, MinKey, MaxKey are their type byte
    }
  }

  private room(bytes: number): void {
    if (this.at + bytes <= scratch.length) return;
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, this.at + bytes));
    scratch.copy(larger, 0, 0, this.at);
    scratch = larger;
  }

  private byte(value: number): void {
    this.room(1);
    scratch[this.at++] = value;
  }

  private raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    scratch.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** UTF-8 closed by 00; 00 and 01 inside are written 01 01 and 01 02, so that no text's key begins with another's. */
  private text(text: string): void {
    this.room(text.length * 6 + 1);

    const plain = /[\0\x01]/.test(text)
      ? text.replace(/[\0\x01]/g, (c) => (c === '\0' ? '\x01\x01' : '\x01\x02'))
      : text;
    this.at += scratch.write(plain, this.at, 'utf8');
    this.byte(0);
  }

  private int64(value: bigint): void {
    this.room(8);
    this.at = scratch.writeBigUInt64BE(BigInt.asUintN(64, value) ^ 0x8000000000000000n, this.at);
  }

  /**
   * The double with its sign bit turned (all bits for negatives), then the difference between an int64 and its nearest
   * double: without it two int64 beyond 2^53 would share a key and a unique index would call them equal.
   */
  private number(value: number | bigint): void {
    const asDouble = Number(value) + 0; // -0 becomes 0
    this.room(10);
    if (Number.isNaN(asDouble)) {
      scratch.fill(0, this.at, this.at + 10);
      this.at += 10;
      return;
    }
    scratch.writeDoubleBE(asDouble, this.at);
    if (asDouble < 0) {
      for (let i = this.at; i < this.at + 8; i++) scratch[i] = 0xff - scratch[i]!;
    } else {
      scratch[this.at]! |= 0x80;
    }
    const difference = typeof value === 'bigint' ? Number(value - BigInt(asDouble)) : 0;
    this.at = scratch.writeUInt16BE(difference + 0x8000, this.at + 8);
  }
}

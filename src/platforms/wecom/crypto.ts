import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from 'node:crypto';
import { getSignature } from '@wecom/crypto';
import { AuthenticityError } from '../../core/index.js';

// Encryption of callbacks: https://developer.work.weixin.qq.com/document/path/91144
// plaintext = random(16) | message length (4, big-endian) | message | receiveid, PKCS#7 padded to 32 bytes (not to AES's 16).

const BLOCK = 32;
const HEAD = 16 + 4;

/** One error for every fault: who forges learns nothing from it. */
export const notAuthentic = (): AuthenticityError =>
  new AuthenticityError('wecom.callback_refused', 'callback is not authentic');

/** The 32 bytes behind an EncodingAESKey. Its last character may carry stray bits, so it is not checked by encoding it again. */
export function aesKey(encodingAesKey: string): Buffer {
  return Buffer.from(`${encodingAesKey}=`, 'base64');
}

/** Compares whole digests in constant time. */
export function isSignedBy(token: string, given: string, timestamp: string, nonce: string, encrypted: string): boolean {
  const expected = Buffer.from(getSignature(token, timestamp, nonce, encrypted));
  const actual = Buffer.from(given);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/**
 * Decrypts strictly. The official package takes uneven padding, padding longer than a block and any length field; here
 * every padding byte, the length and the receiver must be right.
 */
export function open(key: Buffer, encrypted: string, receiveId: string): Buffer {
  if (encrypted.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(encrypted)) throw notAuthentic();
  const cipherText = Buffer.from(encrypted, 'base64');
  if (cipherText.length === 0 || cipherText.length % BLOCK !== 0) throw notAuthentic();
  // Padding is to 32 bytes: Node's own removal expects 1–16 and fails, or passes by luck.
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(cipherText), decipher.final()]);
  const pad = plain[plain.length - 1] ?? 0;
  if (pad < 1 || pad > BLOCK) throw notAuthentic();
  const end = plain.length - pad;
  let uneven = 0;
  for (let index = end; index < plain.length; index += 1) uneven |= (plain[index] ?? 0) ^ pad;
  if (uneven !== 0 || end < HEAD) throw notAuthentic();
  const messageEnd = HEAD + plain.readUInt32BE(16);
  if (messageEnd > end || !plain.subarray(messageEnd, end).equals(Buffer.from(receiveId))) throw notAuthentic();
  return plain.subarray(HEAD, messageEnd);
}

export function seal(key: Buffer, message: string, receiveId: string, random: Buffer = randomBytes(16)): string {
  const body = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const plain = Buffer.concat([random, length, body, Buffer.from(receiveId)]);
  const pad = BLOCK - (plain.length % BLOCK);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString(
    'base64',
  );
}

/** A passive answer, encrypted and signed. https://developer.work.weixin.qq.com/document/path/90238 */
export function replyEnvelope(
  keys: { aesKey: Buffer; token: string; receiveId: string },
  message: string,
  timestamp: number,
  nonce: string = randomBytes(8).toString('hex'),
): string {
  const encrypted = seal(keys.aesKey, message, keys.receiveId);
  const signature = getSignature(keys.token, timestamp, nonce, encrypted);
  return (
    `<xml><Encrypt><![CDATA[${encrypted}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature>` +
    `<TimeStamp>${timestamp}</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`
  );
}

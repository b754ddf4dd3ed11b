import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** The vendor pads to 32 bytes, not to the cipher's 16. https://developer.work.weixin.qq.com/document/path/91144 */
const BLOCK_BYTES = 32;
const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;

export function signature(token: string, timestamp: string, nonce: string, encrypt: string): string {
  return createHash('sha1').update([token, timestamp, nonce, encrypt].sort().join('')).digest('hex');
}

/** random(16) | length(4, big-endian) | message | receiveid */
export function encrypt(
  encodingAesKey: string,
  message: string,
  receiveId: string,
  random: Buffer = randomBytes(RANDOM_BYTES),
): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  const body = Buffer.from(message, 'utf8');
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  const plain = Buffer.concat([random, length, body, Buffer.from(receiveId, 'utf8')]);
  const pad = BLOCK_BYTES - (plain.length % BLOCK_BYTES);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString(
    'base64',
  );
}

/** Undefined when it cannot be what the vendor's rules say. */
export function decrypt(encodingAesKey: string, encrypted: string): { message: string; receiveId: string } | undefined {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  const bytes = Buffer.from(encrypted, 'base64');
  if (bytes.length === 0 || bytes.length % BLOCK_BYTES !== 0) return undefined;
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(bytes), decipher.final()]);
  const pad = padded[padded.length - 1] ?? 0;
  if (pad < 1 || pad > BLOCK_BYTES || !padded.subarray(-pad).every((byte) => byte === pad)) return undefined;
  const plain = padded.subarray(0, padded.length - pad);
  const start = RANDOM_BYTES + LENGTH_BYTES;
  if (plain.length < start) return undefined;
  const end = start + plain.readUInt32BE(RANDOM_BYTES);
  if (end > plain.length) return undefined;
  return { message: plain.subarray(start, end).toString('utf8'), receiveId: plain.subarray(end).toString('utf8') };
}

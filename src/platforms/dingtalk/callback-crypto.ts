import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AuthenticityError, HOUR } from '../../core/index.js';

/** Signatures and encryption of HTTP mode. Never says which check failed. */

const refuse = () => new AuthenticityError('dingtalk.not_authentic', 'callback is not authentic');

/** Compares digests of both, so that neither content nor length shows in the time taken. */
export function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

/** The vendor's own window for robot messages, both ways. */
const SIGN_WINDOW_MS = HOUR;

/** Robot message. https://open.dingtalk.com/document/development/robot-message-type */
export function checkRobotSign(timestamp: string, sign: string, secret: string, now: Date): void {
  const expected = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  if (!sameText(sign, expected) || !isFresh(timestamp, now)) throw refuse();
}

/** Card click. https://open.dingtalk.com/document/development/event-callback-card */
export function checkCardSign(timestamp: string, sign: string, apiSecret: string, now: Date): void {
  const expected = createHmac('sha256', apiSecret).update(timestamp).digest('base64');
  if (!sameText(sign, expected) || !isFresh(timestamp, now)) throw refuse();
}

function isFresh(timestamp: string, now: Date): boolean {
  return /^\d{1,16}$/.test(timestamp) && Math.abs(now.getTime() - Number(timestamp)) <= SIGN_WINDOW_MS;
}

/** Secret under which card clicks are registered: made from the app's secret, so that it needs no setting of its own. */
export const cardApiSecret = (clientSecret: string): string =>
  createHmac('sha256', clientSecret).update('trailmark card callback').digest('hex');

/** The vendor pads to 32 bytes, not to the cipher's 16. */
const BLOCK = 32;

/** Encrypted events. https://open.dingtalk.com/document/development/callback-event-message-body-encryption-and-decryption */
export class EventCrypto {
  readonly #token: string;
  readonly #key: Buffer;
  readonly #ownerKey: string;

  constructor(token: string, aesKey: string, ownerKey: string) {
    this.#token = token;
    this.#key = Buffer.from(`${aesKey}=`, 'base64');
    this.#ownerKey = ownerKey;
    if (this.#key.length !== 32) throw new TypeError('the event AES key must have 43 characters of base64');
  }

  #sign(timestamp: string, nonce: string, encrypted: string): string {
    return createHash('sha1').update([this.#token, timestamp, nonce, encrypted].sort().join('')).digest('hex');
  }

  open(signature: string, timestamp: string, nonce: string, encrypted: string): string {
    if (!sameText(signature, this.#sign(timestamp, nonce, encrypted))) throw refuse();
    const decipher = createDecipheriv('aes-256-cbc', this.#key, this.#key.subarray(0, 16)).setAutoPadding(false);
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
    } catch {
      throw refuse(); // not a whole number of blocks
    }
    const pad = plain.at(-1) ?? 0;
    const padded = plain.subarray(plain.length - pad);
    if (pad < 1 || pad > BLOCK || plain.length < 20 + pad || !padded.every((byte) => byte === pad)) throw refuse();
    const body = plain.subarray(0, plain.length - pad);
    const length = body.readUInt32BE(16);
    if (20 + length > body.length) throw refuse();
    if (!sameText(body.toString('utf8', 20 + length), this.#ownerKey)) throw refuse();
    return body.toString('utf8', 20, 20 + length);
  }

  /** `random` and `nonce` are given only by tests with fixed vectors. */
  seal(
    plain: string,
    timestamp: string,
    nonce = randomBytes(8).toString('hex'),
    random = randomBytes(16),
  ): { msg_signature: string; timeStamp: string; nonce: string; encrypt: string } {
    const message = Buffer.from(plain);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    const body = Buffer.concat([random, length, message, Buffer.from(this.#ownerKey)]);
    const pad = BLOCK - (body.length % BLOCK);
    const cipher = createCipheriv('aes-256-cbc', this.#key, this.#key.subarray(0, 16)).setAutoPadding(false);
    const encrypt = Buffer.concat([
      cipher.update(body),
      cipher.update(Buffer.alloc(pad, pad)),
      cipher.final(),
    ]).toString('base64');
    return { msg_signature: this.#sign(timestamp, nonce, encrypt), timeStamp: timestamp, nonce, encrypt };
  }
}

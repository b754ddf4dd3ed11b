import { createHash, randomBytes } from 'node:crypto';
import { BadInputError, SECOND, type Clock } from '../core/index.js';

/** What both vendors ask of a page that uses their client's camera, position and scanner: the same words, signed with a ticket. */

/** As the client's script takes it; the signed string spells the nonce in lower case. */
export interface PageSignature {
  /** Seconds since 1970. */
  timestamp: string;
  nonceStr: string;
  signature: string;
}

/**
 * `address`: of the page as its vendor wants it. DingTalk's current pages say SHA-256, its old examples and WeCom SHA-1.
 * https://developer.work.weixin.qq.com/document/path/90506
 * https://open.dingtalk.com/document/development/jsapi-authentication
 */
export function signPage(
  of: { ticket: string; nonce: string; timestamp: string; address: string },
  algorithm: 'sha1' | 'sha256',
): string {
  const plain = `jsapi_ticket=${of.ticket}&noncestr=${of.nonce}&timestamp=${of.timestamp}&url=${of.address}`;
  return createHash(algorithm).update(plain).digest('hex');
}

export function freshSignature(
  of: { ticket: string; address: string },
  algorithm: 'sha1' | 'sha256',
  clock: Clock,
): PageSignature {
  const nonceStr = randomBytes(8).toString('hex');
  const timestamp = String(Math.floor(clock.now().getTime() / SECOND));
  return { timestamp, nonceStr, signature: signPage({ ...of, nonce: nonceStr, timestamp }, algorithm) };
}

/** Without the fragment, which no vendor signs. Not an http(s) address: `page_config.bad_address`. */
export function withoutFragment(address: string): string {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new BadInputError('page_config.bad_address', 'not the address of a page');
  }
  return address.split('#', 1)[0] ?? '';
}

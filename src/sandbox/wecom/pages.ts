import { createHash } from 'node:crypto';
import { SECOND } from '../../core/index.js';
import { isTrustedDomain } from './login.js';
import { TOKEN_SECONDS, type WecomState } from './state.js';

/** What the script of a page hands to the client before it may use the client's functions. */
export interface PageClaim {
  /** Of the page as the client knows it. */
  url: string;
  as: 'company' | 'app';
  corpId: string;
  agentId: string;
  timestamp: string;
  nonceStr: string;
  signature: string;
}

export interface Checked {
  errCode: number;
  errMsg: string;
}

/**
 * The client's own check of `config` and `agentConfig`: the right ticket, the address without its fragment, seconds, a
 * trusted domain. https://developer.work.weixin.qq.com/document/path/90506
 */
export function checkPage(state: WecomState, claim: PageClaim): Checked {
  const { data, world } = state;
  const name = claim.as === 'app' ? 'agentConfig' : 'config';
  const refuse = (errCode: number, why: string): Checked => ({ errCode, errMsg: `${name}:fail, ${why}` });
  if (claim.corpId !== data.corpId) return refuse(40013, 'invalid corpid');
  if (claim.as === 'app' && claim.agentId !== data.agentId) return refuse(40056, 'invalid agentid');
  if (!isTrustedDomain(state, claim.url)) return refuse(80001, 'url not in domain list');
  const ticket = data.tickets[claim.as === 'app' ? 'agent' : 'corp'];
  const now = world.now();
  if (ticket === undefined || ticket.expiresAt <= now) return refuse(42012, 'jsapi_ticket expired');
  // Milliseconds are no time of today.
  const isNow = Math.abs(Number(claim.timestamp) * SECOND - now) < TOKEN_SECONDS * SECOND;
  const page = claim.url.split('#')[0] ?? '';
  const words = `jsapi_ticket=${ticket.ticket}&noncestr=${claim.nonceStr}&timestamp=${claim.timestamp}&url=${page}`;
  if (!isNow || createHash('sha1').update(words).digest('hex') !== claim.signature)
    return refuse(40093, 'invalid signature');
  return { errCode: 0, errMsg: `${name}:ok` };
}

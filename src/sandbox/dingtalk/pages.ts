import { createHash } from 'node:crypto';
import { SECOND } from '../../core/index.js';
import { TOKEN_SECONDS, type DingtalkState } from './state.js';

/** As a page hands it to `dd.config`. */
export interface DdConfig {
  /** Of the page as the client knows it. */
  url: string;
  agentId: string;
  corpId: string;
  timeStamp: string;
  nonceStr: string;
  signature: string;
  type?: number | undefined;
  jsApiList: string[];
}

/**
 * The client's own check: 52013 for a wrong signature, 52011 for a company or app that is not the page's.
 * https://open.dingtalk.com/document/development/jsapi-authentication
 */
export function checkConfig(state: DingtalkState, config: DdConfig): { errorCode: number; errorMessage: string } {
  const { data, world } = state;
  const now = world.now();
  if (config.corpId !== data.corpId || config.agentId !== data.agentId)
    return { errorCode: 52_011, errorMessage: 'corpId or agentId is not of this page' };
  if (config.jsApiList.some((name) => name.startsWith('dd.')))
    return { errorCode: 52_010, errorMessage: 'jsApiList: names without dd.' };
  const { ticket } = data;
  const isGood = ticket !== undefined && ticket.expiresAt > now;
  const isNow = Math.abs(Number(config.timeStamp) * SECOND - now) < TOKEN_SECONDS * SECOND;
  const [page = ''] = config.url.split('#');
  const at = page.indexOf('?');
  const query = at < 0 ? '' : decodeURIComponent(page.slice(at).replace(/\+/g, ' '));
  const address = (at < 0 ? page : page.slice(0, at)) + query;
  const words = `jsapi_ticket=${ticket?.ticket ?? ''}&noncestr=${config.nonceStr}&timestamp=${config.timeStamp}&url=${address}`;
  if (!isGood || !isNow || createHash('sha256').update(words).digest('hex') !== config.signature)
    return { errorCode: 52_013, errorMessage: '签名校验失败' };
  return { errorCode: 0, errorMessage: '' };
}

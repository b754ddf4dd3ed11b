import { PlatformRefusedError } from '../../core/index.js';
import type { WecomClient } from './client.js';
import type { WecomSettings } from './types.js';

const VENDOR_API = 'https://qyapi.weixin.qq.com';
/** The vendor's login pages have hosts of their own; a stand-in serves everything from one. */
const VENDOR_LOGIN = 'https://open.weixin.qq.com';
const VENDOR_BROWSER_LOGIN = 'https://login.work.weixin.qq.com';

/**
 * Inside the client silently (snsapi_base), in a browser by a code that the phone scans.
 * https://developer.work.weixin.qq.com/document/path/91022 and /98152
 */
export function loginUrl(
  settings: WecomSettings,
  redirectUri: string,
  state: string,
  where: 'client' | 'browser' = 'client',
): string {
  const own = settings.apiBase.replace(/\/+$/, '');
  const host = (vendors: string): string => (own === VENDOR_API ? vendors : own);
  const query = { appid: settings.corpId, agentid: settings.agentId, redirect_uri: redirectUri, state };
  if (where === 'browser') {
    const search = new URLSearchParams({ login_type: 'CorpApp', ...query }).toString();
    return `${host(VENDOR_BROWSER_LOGIN)}/wwlogin/sso/login?${search}`;
  }
  const search = new URLSearchParams({ ...query, response_type: 'code', scope: 'snsapi_base' }).toString();
  // The fragment is required by the client.
  return `${host(VENDOR_LOGIN)}/connect/oauth2/authorize?${search}#wechat_redirect`;
}

/** Also gives people outside the visible range of the app: whoever calls this checks rights. */
export async function login(client: WecomClient, code: string): Promise<{ userId: string }> {
  const answer = await client.get('auth/getuserinfo', { code });
  const userId = answer['userid'];
  if (typeof userId !== 'string' || userId === '') {
    throw new PlatformRefusedError('login.not_member', 'the visitor is not a member of the company', {
      say: '这个页面只对本企业成员开放。',
    });
  }
  return { userId };
}

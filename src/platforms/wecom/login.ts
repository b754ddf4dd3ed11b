import { PlatformRefusedError } from '../../core/index.js';
import type { WecomClient } from './client.js';
import type { WecomSettings } from './types.js';

const VENDOR_API = 'https://qyapi.weixin.qq.com';
/** The vendor's login page has a host of its own; a stand-in serves everything from one. */
const VENDOR_LOGIN = 'https://open.weixin.qq.com';

/** Silent login inside the client (snsapi_base). https://developer.work.weixin.qq.com/document/path/91022 */
export function loginUrl(settings: WecomSettings, redirectUri: string, state: string): string {
  const base = settings.apiBase.replace(/\/+$/, '');
  const query = new URLSearchParams({
    appid: settings.corpId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'snsapi_base',
    state,
    agentid: settings.agentId,
  });
  // The fragment is required by the client.
  return `${base === VENDOR_API ? VENDOR_LOGIN : base}/connect/oauth2/authorize?${query.toString()}#wechat_redirect`;
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

import { HOUR, MINUTE, SECOND } from '../../core/index.js';
import { type Call, cookie, redirect, type Reply } from '../http.js';
import { choosePerson, identityCookie, isHttp } from '../identity.js';
import { opaque } from '../world.js';
import { type Secret, TOKEN_SECONDS, type WecomState } from './state.js';
import { fail, ok } from './words.js';

const CODE_MS = 5 * MINUTE;

/** In the client: the person is known by the phone. https://developer.work.weixin.qq.com/document/path/96714 */
export function authorizePage(state: WecomState, call: Call): Reply {
  const { query } = call;
  if (query.get('response_type') !== 'code') return fail(40035, 'invalid response_type');
  const scope = query.get('scope') ?? '';
  if (scope !== 'snsapi_base' && scope !== 'snsapi_privateinfo') return fail(40035, 'invalid scope');
  if (scope === 'snsapi_privateinfo' && query.get('agentid') !== state.data.agentId)
    return fail(40056, 'invalid agentid');
  return withCode(state, call);
}

/** In a desktop browser: https://developer.work.weixin.qq.com/document/path/98152 */
export function loginPage(state: WecomState, call: Call): Reply {
  if (call.query.get('login_type') !== 'CorpApp') return fail(40035, 'invalid login_type');
  if (call.query.get('agentid') !== state.data.agentId) return fail(40056, 'invalid agentid');
  return withCode(state, call);
}

function withCode(state: WecomState, call: Call): Reply {
  const { query } = call;
  if (query.get('appid') !== state.data.corpId) return fail(40013, 'invalid corpid');
  const stateParameter = query.get('state') ?? '';
  if (!/^[a-zA-Z0-9]{0,128}$/.test(stateParameter)) return fail(40035, 'invalid state');
  const target = query.get('redirect_uri') ?? '';
  if (!isTrustedDomain(state, target)) return fail(50001, 'redirect_url domain not match');
  const asked = query.get('sandbox_user') ?? cookie(call, identityCookie('wecom'));
  const userId = asked === undefined ? undefined : state.world.canonicalUser('wecom', asked);
  if (userId === undefined) return choosePerson(state.world, 'wecom', call);
  const code = opaque(64);
  state.data.codes[code] = { userId, expiresAt: state.world.now() + CODE_MS, used: false };
  forgetOldCodes(state);
  const url = new URL(target);
  url.searchParams.set('code', code);
  url.searchParams.set('state', stateParameter);
  return redirect(url.href);
}

/** The trusted domain is that of the callback; loopback counts as trusted, since it cannot be entered in the real console. */
export function isTrustedDomain(state: WecomState, target: string): boolean {
  if (!isHttp(target)) return false;
  const { hostname } = new URL(target);
  if (['127.0.0.1', 'localhost', '[::1]'].includes(hostname) || hostname.endsWith('.localhost')) return true;
  const { callbackUrl } = state.data;
  return callbackUrl !== undefined && new URL(callbackUrl).hostname === hostname;
}

export function identify(state: WecomState, call: Call): Reply {
  const userId = state.world.canonicalUser('wecom', call.query.get('user') ?? '');
  const url = call.query.get('url') ?? '';
  if (userId === undefined || !isHttp(url)) return { status: 400, body: 'user and url are needed' };
  const value = `${identityCookie('wecom')}=${encodeURIComponent(userId)}; Path=/; HttpOnly; SameSite=Lax`;
  return redirect(url, { 'set-cookie': value });
}

/** `field` is spelled differently on the old path. */
export function userInfo(state: WecomState, call: Call, of: Secret, field: 'userid' | 'UserId'): Reply {
  if (of !== 'app') return fail(301002, 'not allow operate another agent with this accesstoken');
  const code = state.data.codes[call.query.get('code') ?? ''];
  if (code === undefined) return fail(40029, 'invalid code');
  if (code.used) return fail(42022, 'code already used');
  if (code.expiresAt <= state.world.now()) return fail(42003, 'code expired');
  code.used = true;
  state.world.save();
  return ok({ [field]: code.userId });
}

function forgetOldCodes(state: WecomState): void {
  const now = state.world.now();
  for (const [code, record] of Object.entries(state.data.codes)) {
    if (record.expiresAt < now - HOUR) delete state.data.codes[code];
  }
  state.world.save();
}

export function jsapiTicket(state: WecomState, of: Secret, kind: 'corp' | 'agent', perHour: number): Reply {
  if (of !== 'app') return fail(48002, 'api forbidden');
  const { world, data } = state;
  const now = world.now();
  if (!state.windows.take(`ticket ${kind}`, now, { count: perHour, ms: HOUR }))
    return fail(45009, 'api freq out of limit');
  let ticket = data.tickets[kind];
  if (ticket === undefined || ticket.expiresAt <= now) {
    ticket = { ticket: opaque(86), expiresAt: now + TOKEN_SECONDS * SECOND };
    data.tickets[kind] = ticket;
    world.save();
  }
  return ok({ ticket: ticket.ticket, expires_in: Math.ceil((ticket.expiresAt - now) / SECOND) });
}

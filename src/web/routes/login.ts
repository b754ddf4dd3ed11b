import type { Context } from 'koa';
import { errorCode, PlatformUnreachableError, type Log, type PersonId } from '../../core/index.js';
import type { PlatformAdapter, PlatformName } from '../../platforms/contract.js';
import type { Viewer } from '../backend.js';
import type { Sessions } from '../sessions.js';
import { isPhoneHost, originOf, phoneOf } from './hosts.js';
import { sendDingtalkLogin, sendNotice } from './shell.js';

export interface LoginDeps {
  /** The configured platforms; a login is offered for these only. */
  adapters: ReadonlyMap<PlatformName, Pick<PlatformAdapter, 'loginUrl' | 'login' | 'pageConfig'>>;
  /** Needed by DingTalk's own login inside its client; the sandbox has a page for it. */
  dingtalk?: { corpId: string; clientId: string };
  /** Who this is in the organisation; null for somebody who is not in it or has left. */
  personByIdentity(platform: PlatformName, userId: string): Promise<{ id: PersonId } | null>;
  /** Absolute address of the app as the platforms know it. */
  publicUrl: string;
  sandbox: boolean;
  sessions: Sessions;
  log: Log;
}

const NAMES: Record<PlatformName, string> = { wecom: '企业微信', dingtalk: '钉钉' };
const HOME = '/m';
const FROM_PHONE = '在沙盒里不用登录：从手机上的卡片打开就是那个人。';
const LOGIN_COOKIE_SECONDS = 300;
/** The session itself ends earlier; this only keeps the cookie from living for ever. */
const SESSION_COOKIE_SECONDS = 7 * 24 * 3_600;

export interface Login {
  viewer(ctx: Context): Promise<Viewer | null>;
  /** Somebody without a session wants to see a page: to the platform, or the choice between the two. */
  ask(ctx: Context): void;
  begin(ctx: Context, platform: string): Promise<void>;
  finish(ctx: Context, platform: string): Promise<void>;
  leave(ctx: Context): Promise<void>;
}

/** Only paths of the phone pages, capture tickets, visit codes and proofs: a login never leads out of the house. */
export function ownTarget(to: unknown): string {
  if (typeof to !== 'string' || !/^\/[cmsv]([/?]|$)/.test(to) || /[\\\s]|\/\//.test(to)) return HOME;
  const base = 'http://own.invalid';
  const url = new URL(to, base);
  return url.origin === base && /^\/(c|m|s|v)(\/|$)/.test(url.pathname) ? url.pathname + url.search : HOME;
}

export function createLogin(deps: LoginDeps): Login {
  const { adapters, sessions } = deps;
  const configured = (Object.keys(NAMES) as PlatformName[]).filter((name) => adapters.has(name));
  const isConfigured = (name: string): name is PlatformName => (configured as string[]).includes(name);
  const secure = deps.publicUrl.startsWith('https:');
  const sessionCookie = secure ? '__Host-trailmark' : 'trailmark';
  // One for each login on its way, so that two tabs do not disturb each other.
  const loginCookie = (state: string): string => `${secure ? '__Host-' : ''}trailmark-login-${state.slice(0, 8)}`;

  function setCookie(ctx: Context, name: string, value: string, maxAgeSeconds: number): void {
    // A phone of the sandbox stands in a frame of another site: a Lax cookie would not be kept there. Browsers take
    // `Secure` on *.localhost without TLS.
    const framed = deps.sandbox && isPhoneHost(ctx.hostname);
    const site = framed ? 'SameSite=None; Secure; Partitioned' : `SameSite=Lax${secure ? '; Secure' : ''}`;
    ctx.append('Set-Cookie', `${name}=${value}; Path=/; HttpOnly; Max-Age=${maxAgeSeconds}; ${site}`);
  }

  /** Inside a chat app its own login is the one that works without a word. */
  function platformFor(ctx: Context): PlatformName | null {
    const wanted = ctx.query['p'];
    if (typeof wanted === 'string' && isConfigured(wanted)) return wanted;
    const phone = deps.sandbox ? phoneOf(ctx.hostname) : null;
    if (phone !== null && isConfigured(phone.platform)) return phone.platform;
    const agent = ctx.get('user-agent');
    if (/wxwork/i.test(agent) && isConfigured('wecom')) return 'wecom';
    if (/dingtalk/i.test(agent) && isConfigured('dingtalk')) return 'dingtalk';
    return configured.length === 1 ? (configured[0] ?? null) : null;
  }
  const beginPath = (platform: PlatformName, to: string): string => `/login/${platform}?to=${encodeURIComponent(to)}`;

  /** A phone of the sandbox is a client, whatever browser it is shown in. */
  const whereOf = (ctx: Context): 'client' | 'browser' =>
    (deps.sandbox && phoneOf(ctx.hostname) !== null) || /wxwork|dingtalk/i.test(ctx.get('user-agent'))
      ? 'client'
      : 'browser';

  /** Several phones of the sandbox share one browser: the stand-in is told which of them asks. */
  function asPhone(ctx: Context, loginUrl: string): string {
    const phone = deps.sandbox ? phoneOf(ctx.hostname) : null;
    if (phone === null) return loginUrl;
    const url = new URL(loginUrl, `http://${ctx.host}`);
    url.searchParams.set('sandbox_user', phone.userId);
    return url.href;
  }

  function fail(ctx: Context, status: number, title: string, text: string, to: string): void {
    sendNotice(ctx, { status, title, text, links: [{ href: to, text: '再试一次' }] }, deps);
  }

  return {
    async viewer(ctx) {
      return await sessions.read(ctx.cookies.get(sessionCookie, { signed: false }));
    },

    ask(ctx) {
      const to = ownTarget(ctx.path + ctx.search);
      const platform = platformFor(ctx);
      if (platform !== null) {
        ctx.redirect(beginPath(platform, to));
        return;
      }
      const none = configured.length === 0;
      sendNotice(
        ctx,
        {
          status: none ? 503 : 401,
          title: none ? '还不能登录' : '登录留痕',
          text: none
            ? '管理员还没有接好企业微信或钉钉。'
            : `用你平时收卡片的那个应用登录。${deps.sandbox ? FROM_PHONE : ''}`,
          links: [
            ...configured.map((name) => ({ href: beginPath(name, to), text: `用${NAMES[name]}登录` })),
            ...(deps.sandbox ? [{ href: '/sandbox', text: '回沙盒，从手机打开' }] : []),
          ],
        },
        deps,
      );
    },

    async begin(ctx, platform) {
      const { state: begunState } = ctx.query;
      // The adapter's own step inside DingTalk: a page of ours asks the client for the code.
      if (platform === 'dingtalk' && typeof begunState === 'string' && deps.dingtalk !== undefined) {
        sendDingtalkLogin(ctx, { ...deps.dingtalk, state: begunState }, deps);
        return;
      }
      const to = ownTarget(ctx.query['to']);
      const adapter = isConfigured(platform) ? adapters.get(platform) : undefined;
      if (!isConfigured(platform) || adapter === undefined) {
        fail(ctx, 404, '不能这样登录', '这个平台没有接入，换一种方式登录。', to);
        return;
      }
      const redirectUri = `${originOf(ctx, deps)}/login/${platform}/done`;
      const { state, browser } = await sessions.beginLogin({ platform, to, redirectUri });
      setCookie(ctx, loginCookie(state), browser, LOGIN_COOKIE_SECONDS);
      ctx.redirect(asPhone(ctx, adapter.loginUrl(redirectUri, state, whereOf(ctx))));
    },

    async finish(ctx, platform) {
      const { code, state } = ctx.query;
      const adapter = isConfigured(platform) ? adapters.get(platform) : undefined;
      if (!isConfigured(platform) || adapter === undefined || typeof state !== 'string') {
        fail(ctx, 400, '登录没有完成', '链接不完整，请从聊天里重新打开。', HOME);
        return;
      }
      const cookie = loginCookie(state);
      const begun = await sessions.finishLogin(platform, state, ctx.cookies.get(cookie, { signed: false }));
      setCookie(ctx, cookie, '', 0);
      if (begun === null) {
        fail(ctx, 400, '登录没有完成', '这次登录已经用过或超过 5 分钟，再打开一次就行。', `${HOME}?p=${platform}`);
        return;
      }
      if (typeof code !== 'string' || code === '') {
        fail(ctx, 400, '登录没有完成', `${NAMES[platform]}没有确认是你，再试一次。`, begun.to);
        return;
      }
      let userId: string;
      try {
        ({ userId } = await adapter.login(code));
      } catch (error) {
        deps.log.warn({ code: errorCode(error), platform }, 'login refused');
        const away = error instanceof PlatformUnreachableError;
        fail(
          ctx,
          away ? 502 : 400,
          '登录没有完成',
          away ? `${NAMES[platform]}现在没有应答，过一会儿再试。` : `${NAMES[platform]}没有认出这次登录，再试一次。`,
          begun.to,
        );
        return;
      }
      const person = await deps.personByIdentity(platform, userId);
      if (person === null) {
        deps.log.info({ platform, userId }, 'login by somebody outside the organisation');
        sendNotice(
          ctx,
          {
            status: 403,
            title: '你还不在留痕的名单里',
            text: `${NAMES[platform]}认出了你，但留痕的组织里没有你。请管理员把你加进来，再打开一次。`,
          },
          deps,
        );
        return;
      }
      // A session that this browser had before is somebody's from before: it ends here.
      await sessions.close(ctx.cookies.get(sessionCookie, { signed: false }));
      setCookie(ctx, sessionCookie, await sessions.open({ personId: person.id, platform }), SESSION_COOKIE_SECONDS);
      ctx.redirect(begun.to);
    },

    async leave(ctx) {
      await sessions.close(ctx.cookies.get(sessionCookie, { signed: false }));
      setCookie(ctx, sessionCookie, '', 0);
    },
  };
}

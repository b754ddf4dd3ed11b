import type { z } from 'zod';
import {
  errorCode,
  PlatformRefusedError,
  PlatformUnreachableError,
  SECOND,
  type Clock,
  type Log,
} from '../../core/index.js';
import { createTokenHolder, type TokenStore } from '../token-holder.js';
import { afterAnswer, NO_BAN } from './ban.js';
import { answerError, WEBHOOK_API } from './errors.js';
import { robotAddress, type GroupRobot } from './group-robot.js';
import { ask, failureText, jsonRequest, parseJson } from './http.js';
import { OkAnswer, TokenAnswer, UploadAnswer, type DingtalkSettings } from './types.js';

/** Answering through the address of a message: no call of the API, perhaps one of the month's pushes. */
export const SESSION_API = 'sessionWebhook';

/** One call to the vendor. `counted`: it counts against the company's monthly quota (tokens and logins do not). */
export type CallMeter = (call: { api: string; counted: boolean }) => void;

export interface DingtalkClient {
  /** New API: token in the header. */
  call<T>(method: 'POST' | 'PUT', path: string, body: object, answer: z.ZodType<T>): Promise<T>;
  /** The same for the calls that the company's quota does not count. */
  callFree<T>(method: 'POST' | 'PUT', path: string, body: object, answer: z.ZodType<T>): Promise<T>;
  /** Old API: token in the query. */
  callOld<T>(path: string, body: object, answer: z.ZodType<T>, counted: boolean): Promise<T>;
  /** Gives the media id, usable any number of times inside DingTalk. */
  upload(type: 'image' | 'file', name: string, bytes: Uint8Array): Promise<string>;
  /** Answers through the address that came with a message; no token. */
  replyToSession(url: string, body: object): Promise<void>;
  /** Through a group's custom robot: an address of its own, no token and no quota. */
  sendByRobot(robot: GroupRobot, body: object): Promise<void>;
  /** `stopped`: our credentials were refused. */
  tokenState(): 'idle' | 'ready' | 'stopped';
  /** Until when no call is made because our address is blocked; null: it is not. */
  blockedUntil(): Date | null;
}

export interface ClientDeps {
  settings: DingtalkSettings;
  clock: Clock;
  log: Log;
  tokens: TokenStore;
  meter?: CallMeter;
  /** The vendor itself gives up after 3 s; the rest is the way there. */
  callTimeoutMs?: number;
  /** 20 MB on a slow line. */
  uploadTimeoutMs?: number;
}

export function createClient(deps: ClientDeps): DingtalkClient {
  const { settings, clock, log } = deps;
  const callTimeoutMs = deps.callTimeoutMs ?? 10 * SECOND;
  const uploadTimeoutMs = deps.uploadTimeoutMs ?? 60 * SECOND;
  let ban = NO_BAN;

  /** Not before the stop is over; the wait has grown with each block already, so whoever waits need not lengthen it. */
  function blocked(what: string): PlatformRefusedError {
    const retryAfterMs = ban.until - clock.now().getTime();
    const details = { retryAfterMs, holds: 'platform', grown: true };
    return new PlatformRefusedError('dingtalk.address_banned', what, { retryable: true, details });
  }

  async function send<T>(
    api: string,
    url: URL,
    init: RequestInit & { timeoutMs?: number },
    answer: z.ZodType<T>,
    counted: boolean,
  ): Promise<T> {
    const sentAt = clock.now().getTime();
    if (sentAt < ban.until) throw blocked(`${api}: not called, our address is blocked`);
    deps.meter?.({ api, counted });
    const { timeoutMs = callTimeoutMs, ...request } = init;
    let status: number;
    let text: string;
    try {
      ({ status, text } = await ask(url, request, AbortSignal.timeout(timeoutMs)));
    } catch (error) {
      throw new PlatformUnreachableError('dingtalk.unreachable', `${api}: ${failureText(error)}`);
    }
    const body = parseJson(text);
    const error = answerError(api, status, body, text);
    const isBlocked = error?.code === 'dingtalk.address_banned';
    ban = afterAnswer(ban, { blocked: isBlocked, sentAt, now: clock.now().getTime() });
    if (isBlocked) {
      const { times } = ban;
      log.error({ api, times, until: new Date(ban.until) }, 'DingTalk blocks this address: all calls stop until then');
      throw blocked(error.message);
    }
    if (error !== null) throw error;
    const parsed = answer.safeParse(body);
    if (!parsed.success) {
      throw new PlatformUnreachableError('dingtalk.answer_unreadable', `${api}: an answer of another shape`, {
        details: { at: parsed.error.issues.map((issue) => issue.path.join('.')).join(' ') },
      });
    }
    return parsed.data;
  }

  // https://open.dingtalk.com/document/development/obtain-the-access-token-of-an-internal-app
  const holder = createTokenHolder({
    key: `dingtalk:${settings.clientId}`,
    store: deps.tokens,
    clock,
    log,
    fetch: async () => {
      const { accessToken, expireIn } = await send(
        'oauth2/accessToken',
        new URL('/v1.0/oauth2/accessToken', settings.apiBase),
        jsonRequest('POST', { appKey: settings.clientId, appSecret: settings.clientSecret }),
        TokenAnswer,
        false,
      );
      return { value: accessToken, lifeMs: expireIn * SECOND };
    },
    isTokenRefused: (error) => errorCode(error) === 'dingtalk.token_refused',
    onStopped: () => log.error('DingTalk refused the app credentials: check DINGTALK_CLIENT_ID and _SECRET'),
  });

  const callNew = <T>(counted: boolean, method: string, path: string, body: object, answer: z.ZodType<T>) =>
    holder.run((token) =>
      send(
        path.replace(/^\/v1\.0\//, ''),
        new URL(path, settings.apiBase),
        jsonRequest(method, body, { 'x-acs-dingtalk-access-token': token }),
        answer,
        counted,
      ),
    );

  return {
    call: (method, path, body, answer) => callNew(true, method, path, body, answer),
    callFree: (method, path, body, answer) => callNew(false, method, path, body, answer),
    callOld: (path, body, answer, counted) =>
      holder.run((token) => {
        const url = new URL(path, settings.oapiBase);
        url.searchParams.set('access_token', token);
        return send(path.slice(1), url, jsonRequest('POST', body), answer, counted);
      }),
    // https://open.dingtalk.com/document/development/upload-media-files
    upload: (type, name, bytes) =>
      holder.run(async (token) => {
        const url = new URL('/media/upload', settings.oapiBase);
        url.searchParams.set('access_token', token);
        // The type stands in both places: without it in one of them the vendor answers 40004.
        url.searchParams.set('type', type);
        const body = new FormData();
        body.set('type', type);
        body.set('media', new Blob([new Uint8Array(bytes)]), name);
        const init = { method: 'POST', body, headers: { accept: 'application/json' }, timeoutMs: uploadTimeoutMs };
        return (await send('media/upload', url, init, UploadAnswer, true)).media_id;
      }),
    replyToSession: async (url, body) => {
      await send(SESSION_API, new URL(url), jsonRequest('POST', body), OkAnswer, false);
    },
    sendByRobot: async (robot, body) => {
      const url = robotAddress(settings.oapiBase, robot, clock.now());
      await send(WEBHOOK_API, url, jsonRequest('POST', body), OkAnswer, false);
    },
    tokenState: () => holder.state(),
    blockedUntil: () => (ban.until > clock.now().getTime() ? new Date(ban.until) : null),
  };
}

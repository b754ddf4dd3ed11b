import {
  BadInputError,
  BodyTooLongError,
  errorCode,
  errorText,
  PlatformRefusedError,
  PlatformUnreachableError,
  MINUTE,
  readBody,
  SECOND,
  type Clock,
  type Log,
} from '../../core/index.js';
import type { FetchedMedia } from '../contract.js';
import { createTokenHolder, type TokenHolder, type TokenStore } from '../token-holder.js';
import { isTokenRefused, refusal } from './errors.js';
import type { ApiAnswer, WecomSettings } from './types.js';

/** One call as it is counted; `api` is the path behind /cgi-bin/. */
export type Meter = (call: { api: string; ok: boolean; ms: number }) => void;

/** An answer takes well under a second; a caller holds a lease for longer than this. */
const CALL_TIMEOUT_MS = 10 * SECOND;
/** 20 MB over a poor line. */
const TRANSFER_TIMEOUT_MS = MINUTE;
/** Answers are small; the largest, a department's members, stays below this. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface WecomClient {
  get(api: string, query?: Record<string, string>): Promise<ApiAnswer>;
  post(api: string, body: unknown, query?: Record<string, string>): Promise<ApiAnswer>;
  /** Gives the media_id, good for three days. */
  upload(type: 'image' | 'file', name: string, bytes: Uint8Array): Promise<string>;
  download(mediaId: string, maxBytes: number): Promise<FetchedMedia>;
  /** A group's robot: no token, its key is the whole secret. https://developer.work.weixin.qq.com/document/path/91770 */
  robotSend(key: string, body: unknown): Promise<ApiAnswer>;
  /** Gives a media_id that is good for this robot only. */
  robotUpload(key: string, name: string, bytes: Uint8Array): Promise<string>;
  /** Posts an answer to the address that came with a question to the bot; whoever calls this has checked its host. */
  reply(address: string, body: unknown): Promise<void>;
  tokens: TokenHolder;
}

export function createClient(deps: {
  settings: WecomSettings;
  clock: Clock;
  log: Log;
  tokens: TokenStore;
  meter?: Meter;
  callTimeoutMs?: number;
}): WecomClient {
  const { settings, log, callTimeoutMs = CALL_TIMEOUT_MS } = deps;
  const base = settings.apiBase.replace(/\/+$/, '');

  const request = <T>(
    api: string,
    query: Record<string, string>,
    init: RequestInit & { timeoutMs: number },
    use: (response: Response, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => send(api, `${base}/cgi-bin/${api}?${new URLSearchParams(query).toString()}`, init, use);

  /**
   * `use` reads the body within the same time limit. Tokens and keys travel in the query: the address is never logged and
   * redirects are not followed.
   */
  async function send<T>(
    api: string,
    url: string,
    init: RequestInit & { timeoutMs: number },
    use: (response: Response, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { timeoutMs, ...rest } = init;
    const started = performance.now();
    let ok = false;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, { ...rest, redirect: 'error', signal });
      if (response.status === 429) {
        throw refusal(api, { errcode: 45009, errmsg: 'HTTP 429' });
      }
      if (!response.ok && response.status !== 206) {
        throw new PlatformUnreachableError('wecom.http_status', `${api}: HTTP ${response.status}`, {
          details: { api, status: response.status },
        });
      }
      const result = await use(response, signal);
      ok = true;
      return result;
    } catch (error) {
      if (error instanceof PlatformRefusedError || error instanceof PlatformUnreachableError) throw error;
      if (error instanceof BadInputError) throw error;
      const isTimeout = error instanceof Error && error.name === 'TimeoutError';
      throw new PlatformUnreachableError(
        isTimeout ? 'wecom.timeout' : 'wecom.unreachable',
        `${api}: ${isTimeout ? `no answer in ${timeoutMs} ms` : causeText(error)}`,
        { details: { api } },
      );
    } finally {
      const ms = Math.round(performance.now() - started);
      deps.meter?.({ api, ok, ms });
      log.debug({ api, ok, ms }, 'wecom call');
    }
  }

  async function readAnswer(api: string, response: Response, signal: AbortSignal): Promise<ApiAnswer> {
    const bytes = await readCapped(response, signal, MAX_ANSWER_BYTES);
    const answer = parseAnswer(bytes.toString('utf8'));
    if (answer === null) {
      throw new PlatformUnreachableError('wecom.answer_unreadable', `${api}: the answer is not one of WeCom's`, {
        details: { api },
      });
    }
    if (answer.errcode !== 0) throw refusal(api, answer);
    return answer;
  }

  const tokens = createTokenHolder({
    key: `wecom:${settings.corpId}:${settings.agentId}`,
    store: deps.tokens,
    clock: deps.clock,
    log,
    isTokenRefused,
    // https://developer.work.weixin.qq.com/document/path/91039
    fetch: async () => {
      const query = { corpid: settings.corpId, corpsecret: settings.secret };
      const answer = await request('gettoken', query, { timeoutMs: callTimeoutMs }, (response, signal) =>
        readAnswer('gettoken', response, signal),
      );
      const { access_token: value, expires_in: seconds } = answer;
      if (typeof value !== 'string' || value === '' || typeof seconds !== 'number' || seconds <= 0) {
        throw new PlatformUnreachableError('wecom.answer_unreadable', 'gettoken: no token in the answer');
      }
      return { value, lifeMs: seconds * SECOND };
    },
    onStopped: (error) => log.error({ code: error.code, ...error.details, alert: true }, 'WeCom refuses our secret'),
  });

  async function call(api: string, query: Record<string, string>, init: RequestInit): Promise<ApiAnswer> {
    return tokens.run((token) =>
      request(api, { access_token: token, ...query }, { timeoutMs: callTimeoutMs, ...init }, (response, signal) =>
        readAnswer(api, response, signal),
      ),
    );
  }

  return {
    tokens,
    get: (api, query = {}) => call(api, query, {}),
    post: (api, body, query = {}) => call(api, query, jsonInit(body)),

    async reply(address, body) {
      const api = 'aibot/response';
      const init = { ...jsonInit(body), timeoutMs: callTimeoutMs };
      await send(api, address, init, (response, signal) => readAnswer(api, response, signal));
    },
    robotSend: (key, body) =>
      request('webhook/send', { key }, { ...jsonInit(body), timeoutMs: callTimeoutMs }, (response, signal) =>
        readAnswer('webhook/send', response, signal),
      ),
    async robotUpload(key, name, bytes) {
      const api = 'webhook/upload_media';
      const init = { method: 'POST', body: mediaForm(name, bytes), timeoutMs: TRANSFER_TIMEOUT_MS };
      return mediaIdOf(
        api,
        await request(api, { key, type: 'file' }, init, (response, signal) => readAnswer(api, response, signal)),
      );
    },

    // https://developer.work.weixin.qq.com/document/path/90253
    async upload(type, name, bytes) {
      const answer = await tokens.run((token) => {
        const init = { method: 'POST', body: mediaForm(name, bytes), timeoutMs: TRANSFER_TIMEOUT_MS };
        return request('media/upload', { access_token: token, type }, init, (response, signal) =>
          readAnswer('media/upload', response, signal),
        );
      });
      return mediaIdOf('media/upload', answer);
    },

    // https://developer.work.weixin.qq.com/document/path/90254
    download: (mediaId, maxBytes) =>
      tokens.run((token) =>
        request(
          'media/get',
          { access_token: token, media_id: mediaId },
          { timeoutMs: TRANSFER_TIMEOUT_MS },
          async (response, signal) => {
            const disposition = response.headers.get('content-disposition');
            // A refusal comes as JSON with HTTP 200; a JSON file of somebody comes with a file name.
            if (disposition === null) {
              await readAnswer('media/get', response, signal);
              throw new PlatformUnreachableError('wecom.answer_unreadable', 'media/get: neither a file nor a refusal');
            }
            if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
              await response.body?.cancel();
              throw tooLarge(maxBytes);
            }
            const name = fileName(disposition);
            const contentType = response.headers.get('content-type');
            return {
              bytes: await readCapped(response, signal, maxBytes),
              ...(name === undefined ? {} : { name }),
              ...(contentType === null ? {} : { contentType }),
            };
          },
        ),
      ),
  };
}

const jsonInit = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
});

function mediaForm(name: string, bytes: Uint8Array): FormData {
  const form = new FormData();
  form.set('media', new Blob([new Uint8Array(bytes)]), name);
  return form;
}

function mediaIdOf(api: string, answer: ApiAnswer): string {
  const id = answer['media_id'];
  if (typeof id === 'string' && id !== '') return id;
  throw new PlatformUnreachableError('wecom.answer_unreadable', `${api}: no media_id in the answer`);
}

function parseAnswer(text: string): ApiAnswer | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { errcode, errmsg } = value as Partial<ApiAnswer>;
    if (typeof errcode !== 'number') return null;
    return { ...value, errcode, errmsg: typeof errmsg === 'string' ? errmsg : '' };
  } catch {
    return null; // an HTML page of a proxy, for one; the caller says so
  }
}

/** `fetch failed` alone says nothing; its cause names the fault and never the address with the token. */
function causeText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${errorCode(cause)} ${cause.message}` : errorText(error);
}

const tooLarge = (maxBytes: number): BadInputError =>
  new BadInputError('media.too_large', `a file of more than ${maxBytes} bytes`, {
    say: `文件太大了，最大 ${Math.floor(maxBytes / 1024 / 1024)} MB。压缩或拆开后再发一次。`,
  });

async function readCapped(response: Response, signal: AbortSignal, maxBytes: number): Promise<Buffer> {
  try {
    return await readBody(response, signal, maxBytes);
  } catch (error) {
    throw error instanceof BodyTooLongError ? tooLarge(maxBytes) : error;
  }
}

/** `attachment; filename="…"`: fetch hands header bytes over as Latin-1, WeCom sends UTF-8. */
function fileName(disposition: string): string | undefined {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  const plain = /filename="([^"]*)"/i.exec(disposition)?.[1] ?? /filename=([^;"]+)/i.exec(disposition)?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded; // not encoded as it says it is
    }
  }
  return plain === undefined || plain === '' ? undefined : Buffer.from(plain, 'latin1').toString('utf8');
}

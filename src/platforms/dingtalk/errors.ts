import { MINUTE, PlatformRefusedError, PlatformUnreachableError, SECOND, type AppError } from '../../core/index.js';

/**
 * Both API families of the vendor, one reaction each.
 * New API (`api.dingtalk.com`): HTTP status and `code`. Old API (`oapi.dingtalk.com`): HTTP 200 and `errcode`.
 * https://open.dingtalk.com/document/development/server-api-error-codes-1
 */

/** The vendor blocks the egress address for five minutes after 10,000 calls in 20 s. */
export const BAN_MS = 5 * MINUTE;

interface Reaction {
  code: string;
  /** `unknown`: the vendor did not say what happened, the thing may have been done. */
  outcome: 'refused' | 'unknown';
  retryAfterMs?: number;
  retryable?: boolean;
}

const RATE_SECOND: Reaction = { code: 'dingtalk.rate_limited', outcome: 'refused', retryAfterMs: SECOND };
const RATE_MINUTE: Reaction = { code: 'dingtalk.rate_limited', outcome: 'refused', retryAfterMs: MINUTE };
const QUOTA: Reaction = { code: 'dingtalk.quota_used_up', outcome: 'refused', retryable: false };
const TOKEN: Reaction = { code: 'dingtalk.token_refused', outcome: 'refused', retryAfterMs: SECOND };
const CREDENTIALS: Reaction = { code: 'dingtalk.credentials_refused', outcome: 'refused', retryable: false };
const BUSY: Reaction = { code: 'dingtalk.busy', outcome: 'refused', retryAfterMs: SECOND };
const TIMEOUT: Reaction = { code: 'dingtalk.timeout', outcome: 'unknown', retryAfterMs: SECOND };
const REFUSED: Reaction = { code: 'dingtalk.refused', outcome: 'refused', retryable: false };

const refused = (code: string): Reaction => ({ ...REFUSED, code });

/** First match wins: rate limits stand before the general 403, since the vendor answers them with 403. */
const NEW_API: readonly (readonly [RegExp, Reaction])[] = [
  [/ApiCountLimitForOrg$/i, QUOTA],
  [/QpmLimit/i, RATE_MINUTE],
  [/QpsLimit|^throttling/i, RATE_SECOND],
  [/^(send\.too\.fast|send\.byToken\.tooFast|too\.many\.(group|people)|receivers\.exceed)$/i, RATE_MINUTE],
  [/^InvalidAuthentication$/i, TOKEN],
  [/^(authFailed|invalidClientIdOrSecret)$/i, CREDENTIALS],
  [/AccessTokenPermissionDenied$/i, refused('dingtalk.permission_missing')],
  [/IpNotInWhiteList$/i, refused('dingtalk.ip_not_listed')],
  [/^unknown\.send\.result$/i, { code: 'dingtalk.outcome_unknown', outcome: 'unknown', retryable: false }],
  [/^system\.(busy|error)$/i, BUSY],
  [/^service\.timeout$/i, TIMEOUT],
  [/^param\.cardAlreadyExist$/i, refused('dingtalk.card_exists')],
  [/^param\.cardNotExist$/i, refused('dingtalk.card_unknown')],
  [/^(param\.userIdNotExist|staffId\.notExisted)$/i, refused('dingtalk.recipient_unknown')],
  [/^(invalid\.openConversationId|group\.disbanded)$/i, refused('dingtalk.group_unknown')],
  [/^(contain\.|param\.contentUnsafe)/i, refused('dingtalk.content_refused')],
  [/^invalidParameter\.robotCode\.downloadCode$/i, refused('media.gone')],
];

const OLD_API: ReadonlyMap<number, Reaction> = new Map([
  [-1, BUSY],
  [15, TIMEOUT],
  [88, TIMEOUT],
  ...[40014, 42001, 40001].map((code) => [code, TOKEN] as const),
  ...[40096, 40089].map((code) => [code, CREDENTIALS] as const),
  [40078, refused('login.code_invalid')],
  ...[33012, 40003, 60121].map((code) => [code, refused('dingtalk.recipient_unknown')] as const),
  ...[50002, 50004].map((code) => [code, refused('dingtalk.out_of_scope')] as const),
  [60011, refused('dingtalk.permission_missing')],
  [60020, refused('dingtalk.ip_not_listed')],
  ...[90018, 90002, 90006, 90007, 90009, 90010, 90011, 90012, 90013, 90014].map((code) => [code, RATE_SECOND] as const),
  [90020, QUOTA],
  [300001, refused('dingtalk.session_gone')],
]);

function toError(reaction: Reaction, what: string, details: Record<string, unknown>): AppError {
  const { code, outcome, retryAfterMs } = reaction;
  const retryable = reaction.retryable ?? retryAfterMs !== undefined;
  const options = { retryable, details: retryAfterMs === undefined ? details : { ...details, retryAfterMs } };
  return outcome === 'unknown'
    ? new PlatformUnreachableError(code, what, options)
    : new PlatformRefusedError(code, what, options);
}

/** `{"status":1111,"source":"x5","punish":"deny"}` or a page where JSON was asked for: this address is blocked. */
function isBan(status: number, body: unknown, text: string): boolean {
  if (typeof body === 'object' && body !== null) {
    return ('source' in body && body.source === 'x5') || ('status' in body && body.status === 1111);
  }
  return status < 500 && /^\s*<(!doctype|html)/i.test(text);
}

/**
 * What went wrong with an answered call, or null when nothing did.
 * `text` is the raw body, `body` what it parsed to (undefined when it is not JSON).
 */
export function answerError(api: string, status: number, body: unknown, text: string): AppError | null {
  if (isBan(status, body, text)) {
    return toError({ code: 'dingtalk.address_banned', outcome: 'refused', retryAfterMs: BAN_MS }, `${api}: blocked`, {
      status,
    });
  }
  // A gateway between us and the vendor failed: nobody knows how far the call came.
  if (status === 502 || status === 503 || status === 504) return toError(TIMEOUT, `${api}: HTTP ${status}`, { status });
  if (typeof body !== 'object' || body === null) {
    return toError(status >= 400 ? { ...REFUSED } : TIMEOUT, `${api}: HTTP ${status} without JSON`, { status });
  }
  if ('errcode' in body && Number(body.errcode) !== 0) return oldApiError(api, body);
  if (status >= 400) return newApiError(api, status, body);
  return null;
}

interface OldAnswer {
  errcode: unknown;
  errmsg?: unknown;
  sub_code?: unknown;
  sub_msg?: unknown;
}

function oldApiError(api: string, body: OldAnswer): AppError {
  const outer = Number(body.errcode);
  // 88 only says that the gateway refused; the reason is in the string `sub_code`.
  const sub = String(body.sub_code ?? '');
  const vendorCode = outer === 88 && /^-?\d+$/.test(sub) ? Number(sub) : outer;
  const said = String(body.sub_msg ?? body.errmsg ?? '');
  return toError(OLD_API.get(vendorCode) ?? REFUSED, `${api}: ${vendorCode} ${said}`, { vendorCode });
}

interface NewAnswer {
  code?: unknown;
  message?: unknown;
  accessdenieddetail?: { requiredScopes?: unknown };
  accessDeniedDetail?: { requiredScopes?: unknown };
}

function newApiError(api: string, status: number, body: NewAnswer): AppError {
  const vendorCode = String(body.code ?? '');
  const scopes = (body.accessdenieddetail ?? body.accessDeniedDetail)?.requiredScopes;
  const reaction =
    NEW_API.find(([pattern]) => pattern.test(vendorCode))?.[1] ??
    (status === 429 ? RATE_SECOND : status === 401 ? CREDENTIALS : status >= 500 ? BUSY : REFUSED);
  const details = { vendorCode, status, ...(Array.isArray(scopes) ? { requiredScopes: scopes } : {}) };
  return toError(reaction, `${api}: ${vendorCode} ${String(body.message ?? '')}`, details);
}

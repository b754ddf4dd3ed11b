import { PlatformRefusedError, PlatformUnreachableError, type AppError } from '../../core/index.js';
import { NEW_API, OLD_API, REACTIONS, WEBHOOK, type Reaction } from './error-table.js';

/** From what the vendor answered to what we do about it. The rules are in `error-table.ts`. */

/** The call of a group's custom robot: its codes are its own. */
export const WEBHOOK_API = 'robot/send';

const byNumber = (table: typeof OLD_API): ReadonlyMap<number, Reaction> =>
  new Map(table.flatMap(([name, codes]) => codes.map((code) => [code, REACTIONS[name]] as const)));
const OLD = byNumber(OLD_API);
const BY_WEBHOOK = byNumber(WEBHOOK);

function toError(reaction: Reaction, what: string, details: Record<string, unknown>): AppError {
  const { code, outcome, retryAfterMs, holds, admin } = reaction;
  const retryable = reaction.retryable ?? retryAfterMs !== undefined;
  const more = {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(holds === undefined ? {} : { holds }),
    ...(admin === undefined ? {} : { admin }),
  };
  const options = { retryable, details: { ...details, ...more } };
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
    return toError(REACTIONS.banned, `${api}: blocked`, { status });
  }
  // A gateway between us and the vendor failed: nobody knows how far the call came.
  if (status === 502 || status === 503 || status === 504)
    return toError(REACTIONS.timeout, `${api}: HTTP ${status}`, { status });
  if (typeof body !== 'object' || body === null) {
    return toError(status >= 400 ? REACTIONS.refused : REACTIONS.timeout, `${api}: HTTP ${status} without JSON`, {
      status,
    });
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
  const table = api === WEBHOOK_API ? BY_WEBHOOK : OLD;
  // The old API names missing permissions in its words only.
  const scopes = table.get(vendorCode) === REACTIONS.permission ? (said.match(/\bqyapi_\w+/g) ?? []) : [];
  const details = { vendorCode, ...(scopes.length === 0 ? {} : { requiredScopes: [...new Set(scopes)] }) };
  return toError(table.get(vendorCode) ?? REACTIONS.refused, `${api}: ${vendorCode} ${said}`, details);
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
  const named = NEW_API.find(([, pattern]) => pattern.test(vendorCode))?.[0];
  const reaction: Reaction = named === undefined ? byStatus(status) : REACTIONS[named];
  const details = { vendorCode, status, ...(Array.isArray(scopes) ? { requiredScopes: scopes } : {}) };
  return toError(reaction, `${api}: ${vendorCode} ${String(body.message ?? '')}`, details);
}

function byStatus(status: number): Reaction {
  if (status === 429) return REACTIONS.second;
  if (status === 401) return REACTIONS.credentials;
  return status >= 500 ? REACTIONS.busy : REACTIONS.refused;
}

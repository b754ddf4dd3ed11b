import { PlatformRefusedError } from '../../core/index.js';
import { RULES, type Rule } from './error-table.js';
import type { ApiAnswer } from './types.js';

export type { RefusalCode } from './error-table.js';

const BY_NUMBER = new Map(RULES.flatMap((rule) => rule.numbers.map((number) => [number, rule] as const)));
/** Codes not in the table are faults of the message or of a parameter: final. */
const ELSE: Rule = { code: 'wecom.message_invalid', reaction: 'drop', numbers: [] };

/** The address the vendor saw, which the administrator must allow (60020). */
const SEEN_IP = /from ip: ([0-9a-fA-F.:]+)/;

/** HTTP 200 with an errcode is a refusal. `errmsg` is for the log only: its text is not stable. */
export function refusal(api: string, answer: ApiAnswer): PlatformRefusedError {
  const { errcode, errmsg } = answer;
  const { code, reaction, retryAfterMs, holds, admin } = BY_NUMBER.get(errcode) ?? ELSE;
  const seenIp = errcode === 60020 ? SEEN_IP.exec(errmsg)?.[1] : undefined;
  return new PlatformRefusedError(code, `${api}: ${errcode} ${errmsg.slice(0, 200)}`, {
    retryable: reaction === 'retry' || reaction === 'renew',
    details: {
      api,
      errcode,
      reaction,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(holds === undefined ? {} : { holds: 'platform' }),
      ...(admin === undefined ? {} : { admin: seenIp === undefined ? admin : `${admin}（${seenIp}）` }),
      ...(seenIp === undefined ? {} : { seenIp }),
    },
  });
}

export function isTokenRefused(error: unknown): boolean {
  return error instanceof PlatformRefusedError && error.code === 'wecom.token_refused';
}

/** Refused in a way that time does not mend. */
export function isFinal(error: unknown): error is PlatformRefusedError {
  return error instanceof PlatformRefusedError && !error.retryable;
}

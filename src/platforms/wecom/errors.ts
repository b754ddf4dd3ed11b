import { MINUTE, PlatformRefusedError, SECOND, type AppErrorOptions } from '../../core/index.js';
import type { ApiAnswer } from './types.js';

/** What to do about a refusal; the code of the error tells it apart, `details.errcode` holds the vendor's number. */
export type RefusalCode =
  /** Busy for a moment. */
  | 'wecom.busy'
  | 'wecom.rate_limited'
  | 'wecom.token_refused'
  /** Wrong or reset secret, disabled app: stop and tell the administrator, never loop (the vendor bans the address for an hour). */
  | 'wecom.secret_refused'
  /** Settings in the vendor's console are missing: tell the administrator; `details.admin` says what to press. */
  | 'wecom.not_set_up'
  | 'wecom.recipient_unknown'
  | 'wecom.chat_unknown'
  | 'media.gone'
  | 'media.too_large'
  | 'login.code_invalid'
  /** Our own fault: the message is not as the vendor wants it. */
  | 'wecom.message_invalid';

// https://developer.work.weixin.qq.com/document/path/90313 ; only the first group deserves a timed retry.
const BY_CODE: [RefusalCode, readonly number[], (AppErrorOptions & { retryAfterMs?: number; admin?: string })?][] = [
  ['wecom.busy', [-1, 45033], { retryable: true, retryAfterMs: 2 * SECOND }],
  // The block lasts as long as its window: a minute, an hour, a day. A minute is the shortest that can help.
  ['wecom.rate_limited', [45009], { retryable: true, retryAfterMs: MINUTE }],
  ['wecom.token_refused', [40014, 42001], { retryable: true, retryAfterMs: SECOND }],
  ['wecom.secret_refused', [40001], { admin: '检查 WECOM_SECRET：应用详情页的 Secret 可能已重置，或应用已停用' }],
  ['wecom.not_set_up', [40013], { admin: '检查 WECOM_CORP_ID：我的企业 → 企业信息 → 企业 ID' }],
  ['wecom.not_set_up', [40056, 301002], { admin: '检查 WECOM_AGENT_ID 与 WECOM_SECRET 是否属于同一个应用' }],
  ['wecom.not_set_up', [43012], { admin: '应用详情 → 接收消息：先设置 API 接收，才能发可点的卡片' }],
  ['wecom.not_set_up', [60020], { admin: '应用详情 → 企业可信 IP：加入本机出口 IP，1 分钟后生效' }],
  [
    'wecom.not_set_up',
    [50001, 80001],
    { admin: '应用详情 → 网页授权及 JS-SDK：可信域名要与 PUBLIC_URL 的域名完全一致' },
  ],
  ['wecom.not_set_up', [48002, 48006, 48009], { admin: '应用可见范围要含根部门（群聊需要），接口权限没有被收回' }],
  ['wecom.not_set_up', [50003], { admin: '应用已停用：在管理后台启用' }],
  ['wecom.recipient_unknown', [40003, 46004, 60111, 81013, 50002, 60011, 82001]],
  ['wecom.chat_unknown', [86001, 86003, 86004, 86006, 86008, 86215, 40050]],
  ['media.gone', [40007]],
  ['media.too_large', [45001, 830002]],
  ['login.code_invalid', [40029, 42003, 42022]],
];

const TABLE = new Map(
  BY_CODE.flatMap(([code, numbers, options]) => numbers.map((number) => [number, { code, options }] as const)),
);

/** The address the vendor saw, which the administrator must allow (60020). */
const SEEN_IP = /from ip: ([0-9a-fA-F.:]+)/;

/** HTTP 200 with an errcode is a refusal. `errmsg` is for the log only: its text is not stable. */
export function refusal(api: string, answer: ApiAnswer): PlatformRefusedError {
  const { errcode, errmsg } = answer;
  // Codes not in the table are faults of the message or of a parameter: final.
  const { code, options } = TABLE.get(errcode) ?? { code: 'wecom.message_invalid' as const, options: undefined };
  const { retryAfterMs, admin, ...rest } = options ?? {};
  const seenIp = errcode === 60020 ? SEEN_IP.exec(errmsg)?.[1] : undefined;
  return new PlatformRefusedError(code, `${api}: ${errcode} ${errmsg.slice(0, 200)}`, {
    ...rest,
    details: {
      api,
      errcode,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(admin === undefined ? {} : { admin }),
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

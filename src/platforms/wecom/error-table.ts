import { MINUTE, SECOND } from '../../core/index.js';

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
  /** A group's robot is gone, or its key is wrong. */
  | 'wecom.robot_unknown'
  | 'media.gone'
  | 'media.too_large'
  | 'login.code_invalid'
  /** Too old to be recalled, too late to be answered: nothing can be done any more. */
  | 'wecom.too_late'
  /** Our own fault: the message is not as the vendor wants it. */
  | 'wecom.message_invalid';

/**
 * The one thing that is done about it:
 * `retry` later, by itself · `renew` the token once and call once more · `drop` with the reason, time mends nothing ·
 * `park` until an administrator did what `admin` says.
 */
export type Reaction = 'retry' | 'renew' | 'drop' | 'park';

export interface Rule {
  code: RefusalCode;
  reaction: Reaction;
  numbers: readonly number[];
  /** Earliest time at which the same call can work, ms. */
  retryAfterMs?: number;
  /** Every call of the kind is refused, not this one alone: others wait as well. */
  holds?: true;
  /** What an administrator presses, where. */
  admin?: string;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** https://developer.work.weixin.qq.com/document/path/90313 ; what is not listed is a fault of the message: dropped. */
export const RULES: readonly Rule[] = [
  { code: 'wecom.busy', reaction: 'retry', numbers: [-1, 45033], retryAfterMs: 2 * SECOND },
  // The block lasts as long as its window: a minute, an hour, a day. A minute is the shortest that can help.
  { code: 'wecom.rate_limited', reaction: 'retry', numbers: [45009], retryAfterMs: MINUTE, holds: true },
  { code: 'wecom.token_refused', reaction: 'renew', numbers: [40014, 42001], retryAfterMs: SECOND },
  {
    code: 'wecom.secret_refused',
    reaction: 'park',
    numbers: [40001],
    admin: '检查 WECOM_SECRET：应用详情页的 Secret 可能已重置，或应用已停用',
  },
  {
    code: 'wecom.not_set_up',
    reaction: 'park',
    numbers: [40013],
    admin: '检查 WECOM_CORP_ID：我的企业 → 企业信息 → 企业 ID',
  },
  {
    code: 'wecom.not_set_up',
    reaction: 'park',
    numbers: [40056, 301002],
    admin: '检查 WECOM_AGENT_ID 与 WECOM_SECRET 是否属于同一个应用',
  },
  {
    code: 'wecom.not_set_up',
    reaction: 'park',
    numbers: [43012],
    admin: '应用详情 → 接收消息：先设置 API 接收，才能发可点的卡片',
  },
  {
    code: 'wecom.not_set_up',
    reaction: 'park',
    numbers: [60020],
    admin: '应用详情 → 企业可信 IP：加入本机出口 IP，1 分钟后生效',
  },
  {
    code: 'wecom.not_set_up',
    reaction: 'park',
    numbers: [50001, 80001],
    admin: '应用详情 → 网页授权及 JS-SDK：可信域名要与 PUBLIC_URL 的域名完全一致',
  },
  {
    code: 'wecom.not_set_up',
    reaction: 'park',
    numbers: [48002, 48006, 48009],
    admin: '应用可见范围要含根部门（群聊需要），接口权限没有被收回',
  },
  { code: 'wecom.not_set_up', reaction: 'park', numbers: [50003], admin: '应用已停用：在管理后台启用' },
  {
    code: 'wecom.robot_unknown',
    reaction: 'park',
    numbers: [93000, 93004, 93008],
    admin: '群机器人被移除、停用，或 WECOM_GROUP_ROBOTS 里的 key 不对：在群里重新添加，把新的 key 填进去',
  },
  {
    code: 'wecom.recipient_unknown',
    reaction: 'drop',
    numbers: [40003, 46004, 60111, 81013, 50002, 60011, ...range(82001, 82003)],
  },
  { code: 'wecom.chat_unknown', reaction: 'drop', numbers: [86001, 86003, 86004, 86006, 86008, 86215, 40050] },
  { code: 'media.gone', reaction: 'drop', numbers: [40007] },
  { code: 'media.too_large', reaction: 'drop', numbers: [45001, 45007, 830002] },
  { code: 'login.code_invalid', reaction: 'drop', numbers: [40029, 42003, 42022] },
  { code: 'wecom.too_late', reaction: 'drop', numbers: [42052, 846608] },
  {
    code: 'wecom.message_invalid',
    reaction: 'drop',
    numbers: [
      ...[41001, 40008, 40033, 40035, 40058, 40063, 40093, 42012, 41016, 42009],
      ...[...range(42014, 42020), ...range(42027, 42047), ...range(42049, 42051)],
      ...[44001, 44004, 45002, 45008, 45034],
    ],
  },
];

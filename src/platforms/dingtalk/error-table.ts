import { MINUTE, SECOND } from '../../core/index.js';

/**
 * Every refusal the vendor names and the one reaction to it: data, read from the top, first match wins.
 * https://open.dingtalk.com/document/development/server-api-error-codes-1 and the pages of the single calls.
 */

/** The vendor blocks the egress address for five minutes after 10,000 calls in 20 s. */
export const BAN_MS = 5 * MINUTE;

export interface Reaction {
  code: string;
  /** `unknown`: the vendor did not say what happened, the thing may have been done. */
  outcome: 'refused' | 'unknown';
  /** Given: worth another try, no sooner. */
  retryAfterMs?: number;
  retryable?: boolean;
  /** Every other call would be refused as well until then. */
  holds?: 'platform';
  /** What the administrator presses, where that is what helps. */
  admin?: string;
}

const no = (code: string, admin?: string): Reaction => ({
  code: `dingtalk.${code}`,
  outcome: 'refused',
  retryable: false,
  ...(admin === undefined ? {} : { admin }),
});
const later = (code: string, retryAfterMs: number): Reaction => ({
  code: `dingtalk.${code}`,
  outcome: 'refused',
  retryAfterMs,
});

export const REACTIONS = {
  /** Renewed once, repeated once (token holder). */
  token: later('token_refused', SECOND),
  credentials: no(
    'credentials_refused',
    '开放平台 → 应用开发 → 本应用 →「凭证与基础信息」：重新复制 Client ID 和 Client Secret（不带空格和引号），改 DINGTALK_CLIENT_ID、DINGTALK_CLIENT_SECRET 后重启。',
  ),
  permission: no(
    'permission_missing',
    '开放平台 → 本应用 →「权限管理」：搜索错误里写的权限点，点「申请权限」，再到「版本管理与发布」发布一次。',
  ),
  ip: no('ip_not_listed', '开放平台 → 本应用 →「安全设置」：把服务器的出口 IP 加进「服务器出口 IP」。'),
  scope: no(
    'out_of_scope',
    '开放平台 → 本应用 →「权限管理 → 通讯录权限范围」：选「全部员工」，或把这个部门加进去；「版本管理与发布」的可见范围也要包含他。',
  ),
  quota: no(
    'quota_used_up',
    '管理后台 → 开放平台 →「调用量」：加购调用量，再把 DINGTALK_MONTHLY_CALLS、DINGTALK_MONTHLY_PUSHES 改成新的数。',
  ),
  robot: no(
    'robot_unknown',
    '开放平台 → 本应用 →「机器人」：robotCode 要和 DINGTALK_ROBOT_CODE 一致，应用要已发布，机器人要在这个群里。',
  ),
  foreignRobot: no(
    'robot_not_ours',
    '机器人、应用和群不属于同一个企业：核对 DINGTALK_ROBOT_CODE、DINGTALK_CORP_ID，群要是本企业的内部群。',
  ),
  stopped: no('robot_stopped', '开放平台 → 本应用 →「机器人」：启用机器人；群设置 → 机器人：解除禁言。'),
  noFirstWord: no(
    'robot_may_not_start',
    '开放平台 → 本应用 →「机器人」：打开「单聊」，并把应用发布给这些人，机器人才能先说话。',
  ),
  person: no('recipient_unknown'),
  department: no('department_unknown'),
  group: no('group_unknown'),
  content: no('content_refused', '钉钉的内容审核没有放行这条消息：看日志里的原话，改卡片或流程里的用词和链接。'),
  template: no(
    'template_unknown',
    '卡片平台 → 本模板：关联的应用要是本应用，点「发布」，再把模板 id 填进 DINGTALK_CARD_TEMPLATE_ID（步骤见 src/platforms/dingtalk/template/README.md）。',
  ),
  tooLong: no('message_too_long'),
  /** Our own mistake: a log line for whoever maintains this, nobody else can help. */
  bug: no('request_wrong'),
  second: later('rate_limited', SECOND),
  minute: later('rate_limited', MINUTE),
  busy: later('busy', SECOND),
  timeout: { code: 'dingtalk.timeout', outcome: 'unknown', retryAfterMs: SECOND },
  unknownOutcome: { code: 'dingtalk.outcome_unknown', outcome: 'unknown', retryable: false },
  cardExists: no('card_exists'),
  cardUnknown: no('card_unknown'),
  mediaGone: { code: 'media.gone', outcome: 'refused', retryable: false },
  mediaType: { code: 'media.type_refused', outcome: 'refused', retryable: false },
  loginCode: { code: 'login.code_invalid', outcome: 'refused', retryable: false },
  session: no('session_gone'),
  jsSignature: no(
    'js_signature_refused',
    '开放平台 → 本应用 →「网页应用」：首页地址和安全域名要是 PUBLIC_URL 的域名，DINGTALK_AGENT_ID 要和「凭证与基础信息」一致。',
  ),
  agent: no(
    'agent_wrong',
    '开放平台 → 本应用 →「凭证与基础信息」：复制「原企业内部应用 AgentId」填进 DINGTALK_AGENT_ID，要和 Client ID 取自同一个应用。',
  ),
  dingPaid: no('ding_not_bought', 'DING 要专业版或专属版，额度在管理后台 →「DING 消息」里加购。'),
  webhookGuard: no(
    'webhook_guarded',
    '群设置 → 机器人 → 这个自定义机器人：安全设置要选「加签」，密钥填进设置；服务器时间误差不能超过一小时。',
  ),
  webhookLater: later('webhook_throttled', 10 * MINUTE),
  webhookGone: no('webhook_unknown', '群设置 → 机器人：自定义机器人被删掉、停用或换了地址，重新复制 Webhook。'),
  /** Every further call makes it longer. */
  banned: { ...later('address_banned', BAN_MS), holds: 'platform' },
  /** No rule names it. */
  refused: no('refused'),
} as const satisfies Record<string, Reaction>;

type Named = keyof typeof REACTIONS;

/** New API: HTTP status and `code`. Rate limits stand before the general words, since the vendor answers them with 403. */
export const NEW_API: readonly (readonly [Named, RegExp])[] = [
  ['quota', /ApiCountLimitForOrg$/i],
  ['minute', /QpmLimit/i],
  ['second', /QpsLimit|^throttling/i],
  ['minute', /^(send\.too\.fast|send\.byToken\.tooFast|too\.many\.(group|people)|receivers\.exceed|toomuch\.msg)$/i],
  ['token', /^InvalidAuthentication$/i],
  ['credentials', /^(authFailed|invalidClientIdOrSecret)$/i],
  ['permission', /AccessTokenPermissionDenied$/i],
  ['ip', /IpNotInWhiteList$/i],
  ['mediaGone', /^invalidParameter\.robotCode\.downloadCode$/i],
  ['foreignRobot', /^(invalidParameter\.robotCode\.auth|unauthorized|auth\.error|conversation\.org\.notMatch)$/i],
  [
    'robot',
    /^(invalidParameter\.robotCode\.\w+|template\.not\.existed|resource\.not\.found|chatbot\.notFound|invalid\.chatbotId)$/i,
  ],
  ['stopped', /^(bot\.stopped|template\.stopped|send\.forbidden|bot\.forbidden\.sendMessage|resource\.unavailable)$/i],
  ['noFirstWord', /^(chatbotId\.notAllow\.sendOTO|robot\.oto\.notExist)$/i],
  ['person', /^(param\.userIdNotExist|staffId\.notExisted|miss\.staffId|invalidParameter\.userIds?\.\w+)$/i],
  ['group', /^(invalid\.openConversationId|miss\.openConversationId|group\.disbanded)$/i],
  ['tooLong', /^invalidParameter\.msgParam\.tooLong$/i],
  ['content', /^(contain\.|param\.contentUnsafe)/i],
  ['template', /^param\.template(NotExist|Unpublished)$/i],
  ['cardExists', /^param\.cardAlreadyExist$/i],
  ['cardUnknown', /^param\.cardNotExist$/i],
  ['dingPaid', /^ding\.(serverquota\.insufficient|receivercount\.limit)$/i],
  ['unknownOutcome', /^unknown\.send\.result$/i],
  ['busy', /^(system\.(busy|error)|send\.ding\.exception)$/i],
  ['timeout', /^service\.timeout$/i],
  ['bug', /^(param\.|invalidParameter\.|miss\.|invalidRequest\.|AuthenticationFailed\.|InvalidAction\.)/i],
];

/** Old API: HTTP 200 and `errcode`. */
export const OLD_API: readonly (readonly [Named, readonly number[]])[] = [
  ['busy', [-1]],
  ['timeout', [15, 88]],
  ['token', [40014, 42001, 40001]],
  ['credentials', [40096, 40089]],
  ['loginCode', [40078]],
  ['person', [33012, 40003, 60121]],
  ['scope', [50002, 50004]],
  ['department', [40009]],
  ['permission', [60011]],
  // Not on the page of error codes: of the older list, and as work notifications answer (github.com/007gzs/dingtalk-sdk/issues/44).
  ['agent', [40056, 41011, 41020, 70003, 70004]],
  ['ip', [60020]],
  ['second', [90018, 90002, 90006, 90007, 90009, 90010, 90011, 90012, 90013, 90014]],
  ['quota', [90020]],
  ['bug', [22, 41001, 40035, 400002, 43001, 43004]],
  ['mediaType', [40004, 40005, 40006]],
  ['session', [300001]],
  ['jsSignature', [52011, 52013]],
];

/** The custom robot of a group, by its own address: https://open.dingtalk.com/document/development/custom-robots-send-group-messages */
export const WEBHOOK: readonly (readonly [Named, readonly number[]])[] = [
  ['busy', [-1]],
  ['webhookGuard', [310000]],
  ['webhookLater', [130101, 410100]],
  ['webhookGone', [300001, 300005, 400013, 400101, 400102, 400106, 660026]],
  ['content', [430101, 430102, 430103, 430104]],
  ['tooLong', [460101]],
  ['bug', [40035, 43004, 400105]],
];

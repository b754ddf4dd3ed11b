import type { Org, Person } from '../org/index.js';
import type { Outgoing, PlatformName } from '../platforms/contract.js';
import type { QuotaLevel } from './quota-rules.js';
import type { OutboxRow } from './types.js';
import { quotaState, type MonthUse, type Usage } from './usage.js';

export interface NoticeDeps {
  org: Pick<Org, 'withRole'>;
  /** Platforms in use. */
  platforms: ReadonlySet<PlatformName>;
  /** Page of what was not delivered. */
  url: string;
}

const NAMES: Record<PlatformName, string> = { wecom: '企业微信', dingtalk: '钉钉' };

/** What to do, by how the code ends, where the platform's own answer does not say it. */
const WHAT_TO_DO: readonly [RegExp, string][] = [
  [/month_spent$|quota_used_up$/u, '本月的调用次数用完了：加购调用量，再把 DINGTALK_MONTHLY_CALLS 改成新的数。'],
  [/recipient_unknown$|out_of_scope$/u, '这个人不在应用的可见范围里，或者已经离职：核对通讯录和可见范围。'],
  [
    /chat_unknown$|group_unknown$/u,
    '群解散了，或者应用不在群里：把它加回群里，或者换一个群，由主管在群里 @它 说「日报发到这里」。',
  ],
  [/secret_refused$|credentials_refused$/u, '应用的密钥不对：核对后台的 Secret 和这里的设置。'],
  [/ip_not_listed$/u, '把服务器的出口 IP 加进应用后台的白名单。'],
  [/permission_missing$/u, '应用后台的权限管理里，开通它缺的那一项。'],
  [/unreachable$/u, '平台一个半小时连不上：看看服务器能不能上外网。'],
];
const ELSE_DO = '把错误码交给维护的人，日志里有详情。';

export function whatToDo(error: NonNullable<OutboxRow['lastError']>): string {
  return error.todo ?? WHAT_TO_DO.find(([code]) => code.test(error.code))?.[1] ?? ELSE_DO;
}

/** Administrators hear once an hour of each cause, whatever number of messages it cost. Their own notices cause none. */
export function deadNotices(deps: NoticeDeps, row: OutboxRow, now: Date): Outgoing[] {
  const error = row.lastError;
  if (error === undefined || row.purpose === 'admin') return [];
  const hour = now.toISOString().slice(0, 13);
  const text = `有消息没送到${NAMES[row.platform]}（${error.code}）。\n${whatToDo(error)}\n弄好以后到这里点「重发」：${deps.url}`;
  return notices(deps, `dead:${row.platform}:${error.code}:${hour}`, row.platform, text);
}

/**
 * A group that gets a digest has lost the robot, or is no more: once a day each. `names`: whose digests went there.
 */
export function lostGroupNotices(
  deps: NoticeDeps,
  row: OutboxRow,
  names: readonly string[],
  how: 'out' | 'ended',
  now: Date,
): Outgoing[] {
  const group = `${names.join('、')}的${NAMES[row.platform]}群`;
  const text =
    how === 'ended'
      ? `${group}找不到了（解散了，或者群号变了），日报不再发到那里。换一个群：由主管在新群里 @留痕 说「日报发到这里」。`
      : `日报发不进${group}，机器人多半被移出去了，先停发。加回群里以后 @它 说一句话，日报就接着发；要换群，由主管在新群里 @它 说「日报发到这里」。`;
  return notices(deps, `lost-group:${row.lane}:${how}:${now.toISOString().slice(0, 10)}`, row.platform, text);
}

const LESSER: Record<'links' | 'notice', string> = {
  links: '卡片画不出来，先改成带链接的消息发，按钮可以用回复编号代替',
  notice: '机器人找不到有的同事，先改成工作通知发，那里回复不了',
};

/** Administrators hear once a day of each cause: the messages arrived, but not as they should. */
export function lesserNotices(deps: NoticeDeps, row: OutboxRow, as: 'links' | 'notice', on: string): Outgoing[] {
  const error = row.lastError;
  if (error === undefined || row.purpose === 'admin') return [];
  const text = `${NAMES[row.platform]}：${LESSER[as]}（${error.code}）。\n${whatToDo(error)}`;
  return notices(deps, `lesser:${row.platform}:${error.code}:${on}`, row.platform, text);
}

const USES: Record<string, string> = {
  reply: '答复',
  verdict: '验证结果',
  todo: '待办',
  nudge: '提醒',
  digest: '日报',
  admin: '通知',
  refresh: '旧卡更新',
  evidence: '取证',
  other: '其他',
  message: '消息',
  click: '点按',
  event: '事件',
};
/** What the rule of the hour means for people. */
const LEVELS: Record<QuotaLevel, string> = {
  plenty: '',
  saving: '已用到七成：卡片合并着更新，提醒攒一攒再发。',
  scarce: '已用到九成：日报和重复的提醒停发，答复、取证和有新内容的提醒照发。',
  spent: '快用完了：只留给取证，消息先不发，加购后到「没送到的消息」里重发。',
};

type Month = NonNullable<ReturnType<Usage['month']>>;

/** Once a month for each rule that begins to hold, and for each budget that will not last. */
export function quotaNotices(deps: NoticeDeps, platform: PlatformName, month: Month, name: string): Outgoing[] {
  const state = quotaState(month);
  if (state === 'plenty') return [];
  const text = [...quotaWords(platform, month), HOW_TO_BUY].join('\n');
  return notices(deps, `quota:${platform}:${name}:${state}`, platform, text);
}

/** Once a week, whatever the state: where the month stands. `week`: the day of its Monday. */
export function quotaDigest(deps: NoticeDeps, platform: PlatformName, month: Month, week: string): Outgoing[] {
  const short = quotaState(month) === 'plenty' ? [] : [HOW_TO_BUY];
  const text = [...quotaWords(platform, month), ...short].join('\n');
  return notices(deps, `quota-week:${platform}:${week}`, platform, text);
}

const HOW_TO_BUY = '要加量，到管理后台加购，再改 DINGTALK_MONTHLY_CALLS、DINGTALK_MONTHLY_PUSHES。';

/** The month in a few lines, the same in messages and on the administrator's page. */
export function quotaWords(platform: PlatformName, { level, calls, pushes }: Month): string[] {
  const line = (what: string, use: MonthUse): string => {
    const parts = Object.entries(use.byUse)
      .sort(([, one], [, two]) => two - one)
      .slice(0, 4)
      .map(([key, count]) => `${USES[key] ?? key} ${count}`);
    const short = use.demand > use.limit ? '，不够用' : '';
    const whatFor = parts.length === 0 ? '' : `（${parts.join('、')}）`;
    return `本月${what} ${use.used}/${use.limit}，照这样整月要 ${use.demand}${short}${whatFor}`;
  };
  return [
    `${NAMES[platform]}的调用额度：`,
    line('调用', calls),
    ...(pushes === null ? [] : [line('推送', pushes)]),
    ...(LEVELS[level] === '' ? [] : [LEVELS[level]]),
  ];
}

/** The platform suspends apps that are hardly used; nothing is sent once it has. Once a day of each word. */
export function suspensionNotices(deps: NoticeDeps, platform: PlatformName, what: string, on: string): Outgoing[] {
  const text = `${NAMES[platform]}提示：这个应用用得少，可能停用或已经停用（${what}）。到管理后台 → 应用管理看它的状态，停了就重新启用；请几位同事今天各打开一次。`;
  return notices(deps, `suspension:${platform}:${what}:${on}`, platform, text);
}

function notices(deps: NoticeDeps, key: string, broken: PlatformName, text: string): Outgoing[] {
  return deps.org.withRole('admin', 'operations').map((person) => ({
    key: `${key}:${person.id}`,
    to: elsewhere(deps, person, broken),
    message: { kind: 'text', text },
    purpose: 'admin',
  }));
}

/** Not through the platform that has the trouble, when the person has another. */
function elsewhere(deps: NoticeDeps, person: Person, broken: PlatformName): Outgoing['to'] {
  const other = person.identities.find(({ platform }) => platform !== broken && deps.platforms.has(platform));
  return other === undefined ? { kind: 'person', personId: person.id } : { kind: 'user', ...other };
}

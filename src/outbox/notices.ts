import type { Org, Person } from '../org/index.js';
import type { Outgoing, PlatformName } from '../platforms/contract.js';
import type { OutboxRow } from './types.js';

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
  [/chat_unknown$|group_unknown$/u, '群解散了，或者应用不在群里：重新绑定这个群。'],
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

export function monthNotices(
  deps: NoticeDeps,
  platform: PlatformName,
  used: number,
  limit: number,
  month: string,
): Outgoing[] {
  const text = `${NAMES[platform]}本月的调用已用 ${used} 次，上限 ${limit} 次。用到九成，日报和提醒先停，只发答复；用完就都发不出去了。要加量现在办。`;
  return notices(deps, `month:${platform}:${month}`, platform, text);
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

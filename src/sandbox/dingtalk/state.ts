import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { DAY, HOUR, MINUTE, SECOND } from '../../core/index.js';
import { Windows } from '../calls.js';
import type { Call, Reply } from '../http.js';
import { isJson } from '../json.js';
import type { DirectoryPerson } from '../types.js';
import { opaque, userIdOf, type World } from '../world.js';
import { SCOPES } from './scopes.js';
import { refuse, refuseOld } from './words.js';

export const TOKEN_SECONDS = 7_200;
/** Calls per second of one app at one API in the standard edition. */
const PER_SECOND = 20;
/** Calls a calendar month of the standard edition, for the whole company. */
export const MONTHLY = { api: 5_000, push: 3_000 };

const SESSION_MS = HOUR + 30 * MINUTE;
/** Below this many, old entries are not worth looking for. */
const SWEPT_AT = 2_000;

export type CardMap = Record<string, string>;

export interface CardInstance {
  outTrackId: string;
  cardTemplateId: string;
  callbackType?: string;
  /** HTTP only: the registered address that clicks go to. */
  callbackRouteKey?: string;
  userIdType: 1 | 2;
  data: CardMap;
  /** By user id; wins over the public data. */
  privateData: Record<string, CardMap>;
  /** Public data that an answer to a click showed only to the one who clicked, until the next update. */
  answered: Record<string, CardMap>;
  at: number;
}

interface DingtalkData {
  clientId: string;
  clientSecret: string;
  corpId: string;
  agentId: string;
  appId: string;
  chatbotUserId: string;
  cardTemplateId: string;
  /** Of the event subscription: letters and digits, 43 of them for the key. */
  eventToken: string;
  eventAesKey: string;
  /** HTTP mode; absent: the stream. */
  callbackUrl?: string;
  /** Custom robots of groups, by their access token. */
  groupRobots: Record<string, { secret: string; chatId: string }>;
  /** Groups without our robot, by id; absent: it is in. */
  robotGone?: Record<string, 'out' | 'disbanded'>;
  cardRoutes: Record<string, { callbackUrl: string; apiSecret: string }>;
  tokens: Record<string, { expiresAt: number }>;
  cards: Record<string, CardInstance>;
  codes: Record<string, { userId: string; expiresAt: number; used: boolean }>;
  sessions: Record<string, { chatId: string; expiresAt: number }>;
  ticket?: { ticket: string; madeAt: number; expiresAt: number };
  checkins: { userId: string; at: number; lat: number; lng: number; place: string }[];
  sent: Record<string, { at: number; messageIds: string[] }>;
  /** Made by API, by id. */
  templates?: Record<string, 'empty' | 'saved' | 'published'>;
  /** Absent: the standard edition. */
  edition?: 'pro';
  usage: { month: string; api: number; push: number; byApi?: Record<string, number> };
}

const httpInitial = (): Pick<DingtalkData, 'eventToken' | 'eventAesKey' | 'cardRoutes' | 'groupRobots'> => ({
  eventToken: opaque(24),
  eventAesKey: opaque(43),
  cardRoutes: {},
  groupRobots: {},
});

function initial(): DingtalkData {
  return {
    clientId: `ding${opaque(16).toLowerCase()}`,
    clientSecret: opaque(64),
    corpId: `ding${randomBytes(16).toString('hex')}`,
    agentId: String(3_000_000_000 + (randomBytes(4).readUInt32BE() % 900_000_000)),
    appId: randomUUID(),
    chatbotUserId: `$:LWCP_v1:$${opaque(22)}==`,
    cardTemplateId: `${randomUUID()}.schema`,
    ...httpInitial(),
    tokens: {},
    cards: {},
    codes: {},
    sessions: {},
    checkins: [],
    sent: {},
    usage: { month: '', api: 0, push: 0 },
  };
}

/** What the vendor's servers remember about one company and its one app. */
export class DingtalkState {
  readonly world: World;
  readonly data: DingtalkData;
  readonly windows = new Windows();
  /** Cards whose click is waiting for its answer. */
  readonly open = new Set<string>();

  constructor(world: World) {
    this.world = world;
    const kept = world.part('dingtalk', initial);
    // A folder of an older version knows no HTTP mode.
    this.data = Object.assign(kept, { ...httpInitial(), ...kept });
    this.groupsChanged();
  }

  /** The groups of the directory exist, with the robot in them. */
  groupsChanged(): void {
    for (const group of this.world.directory.groups) {
      if (group.dingtalkConversationId === undefined || group.dingtalkConversationId === '') continue;
      const members = group.memberIds.flatMap((id) => {
        const person = this.world.directory.people.find((candidate) => candidate.id === id);
        return (person === undefined ? undefined : userIdOf('dingtalk', person)) ?? [];
      });
      const { dingtalkConversationId: id, name: title } = group;
      this.world.putChat({ platform: 'dingtalk', id, title, kind: 'group', members });
    }
  }

  /** False where there is no such group. */
  placeRobot(chatId: string, robot: 'in' | 'out' | 'disbanded'): boolean {
    if (this.world.chat('dingtalk', chatId)?.kind !== 'group') return false;
    const gone = (this.data.robotGone ??= {});
    if (robot === 'in') delete gone[chatId];
    else gone[chatId] = robot;
    this.world.save();
    return true;
  }

  /** Why the robot is not in this group; undefined: it is. */
  robotGone(chatId: string): 'out' | 'disbanded' | undefined {
    return this.data.robotGone?.[chatId];
  }

  /** As somebody adds a custom robot with 加签 in the group's settings. */
  addGroupRobot(chatId: string): { accessToken: string; secret: string } {
    const robot = { accessToken: randomBytes(32).toString('hex'), secret: `SEC${randomBytes(32).toString('hex')}` };
    this.data.groupRobots[robot.accessToken] = { secret: robot.secret, chatId };
    this.world.save();
    return robot;
  }

  setEdition(edition: 'standard' | 'pro'): void {
    if (edition === 'pro') this.data.edition = edition;
    else delete this.data.edition;
    this.world.save();
  }

  remember(key: string, messageIds: string[]): void {
    const now = this.world.now();
    forget(this.data.sent, ({ at }) => at < now - DAY);
    this.data.sent[key] = { at: now, messageIds };
    this.world.save();
  }

  /** A session to answer a message by, for as long as the official samples show. */
  newSession(chatId: string): { session: string; expiresAt: number } {
    const now = this.world.now();
    forget(this.data.sessions, ({ expiresAt }) => expiresAt < now);
    const session = opaque(32).toLowerCase();
    const expiresAt = now + SESSION_MS;
    this.data.sessions[session] = { chatId, expiresAt };
    return { session, expiresAt };
  }

  /** Asked again inside the validity: the same token, renewed. */
  issueToken(): string {
    const now = this.world.now();
    const known = Object.entries(this.data.tokens).find(([, record]) => record.expiresAt > now)?.[0];
    const token = known ?? randomBytes(16).toString('hex');
    this.data.tokens[token] = { expiresAt: now + TOKEN_SECONDS * SECOND };
    this.world.save();
    return token;
  }

  expireTokens(): void {
    for (const record of Object.values(this.data.tokens)) record.expiresAt = this.world.now();
    this.world.save();
  }

  /** New API: the header only. `free` calls do not count against the month. */
  refuseNew(call: Call, free = false): Reply | undefined {
    const token = call.headers['x-acs-dingtalk-access-token'];
    if (typeof token !== 'string' || token === '') {
      const message = '缺少参数：x-acs-dingtalk-access-token';
      return refuse(400, 'AuthenticationFailed.MissingParameter', message);
    }
    if (!this.#valid(token)) return refuse(400, 'InvalidAuthentication', '不合法的access_token');
    if (!this.#inRate(call)) return this.limited();
    const scope = this.#missingScope(call);
    if (scope !== undefined) {
      const extra = { accessdenieddetail: { requiredScopes: [scope] } };
      return refuse(403, 'Forbidden.AccessDenied.AccessTokenPermissionDenied', '没有调用该接口的权限', extra);
    }
    if (!free && !this.count('api', call.path)) {
      return refuse(403, 'Forbidden.AccessDenied.ApiCountLimitForOrg', '您的企业调用接口次数已达上限');
    }
    return undefined;
  }

  /** Old API: the query only. */
  refuseOld(call: Call, free = false): Reply | undefined {
    const token = call.query.get('access_token') ?? '';
    if (token === '') return refuseOld(41001, '缺少access_token');
    const record = this.data.tokens[token];
    if (record === undefined) return refuseOld(40014, '不合法的access_token');
    if (!this.#valid(token)) return refuseOld(42001, 'access_token已过期');
    if (!this.#inRate(call)) return refuseOld(90018, '您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了');
    const scope = this.#missingScope(call);
    if (scope !== undefined) return refuseOld(60011, `应用尚未开通所需的权限：[${scope}]`);
    if (!free && !this.count('api', call.path)) return refuseOld(90020, '您的企业调用接口次数已达上限');
    return undefined;
  }

  limited(): Reply {
    const message = '您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了';
    return refuse(403, 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi', message);
  }

  /** Counts one call or push of the month; false when the month is used up (fault panel: the days of grace are not kept). */
  count(what: 'api' | 'push', path?: string): boolean {
    const month = this.world.clock.now().toISOString().slice(0, 7);
    if (this.data.usage.month !== month) this.data.usage = { month, api: 0, push: 0 };
    if (this.world.faults.dingtalk.quota === true) return false;
    const { usage } = this.data;
    usage[what] += 1;
    if (path !== undefined) (usage.byApi ??= {})[path] = (usage.byApi[path] ?? 0) + 1;
    this.world.save();
    return true;
  }

  /** As the vendor's console shows it; `byApi`: calls by their path. */
  quota(): { month: string; api: number; push: number; byApi: Record<string, number>; limits: typeof MONTHLY } {
    return { byApi: {}, ...this.data.usage, limits: MONTHLY };
  }

  unionId(userId: string): string {
    return `u${createHash('sha256').update(`${this.data.corpId} ${userId}`).digest('base64url').slice(0, 20)}iEiE`;
  }

  /** Encrypted ids, not user ids. */
  senderId(userId: string): string {
    return `$:LWCP_v1:$${createHash('sha256').update(`sender ${userId}`).digest('base64').slice(0, 24)}`;
  }

  /** `userIdType` 1 user id, 2 union id. */
  personBy(id: string, userIdType: 1 | 2): DirectoryPerson | undefined {
    if (userIdType === 1) return this.world.person('dingtalk', id);
    return this.world.directory.people.find((person) => {
      const userId = userIdOf('dingtalk', person);
      return userId !== undefined && this.unionId(userId) === id;
    });
  }

  #valid(token: string): boolean {
    const record = this.data.tokens[token];
    return record !== undefined && record.expiresAt > this.world.now();
  }

  /** Needed, and not granted in the console (fault panel). */
  #missingScope(call: Call): string | undefined {
    const scope = SCOPES[call.path];
    return scope !== undefined && this.world.faults.dingtalk.missingScopes?.includes(scope) === true
      ? scope
      : undefined;
  }

  #inRate(call: Call): boolean {
    return this.windows.take(`qps ${call.method} ${call.path}`, this.world.now(), { count: PER_SECOND, ms: SECOND });
  }
}

/** String values only; undefined when the shape is wrong. */
export function cardMap(value: unknown): CardMap | undefined {
  const map = isJson(value) ? value.cardParamMap : undefined;
  if (!isJson(map)) return undefined;
  const entries = Object.entries(map);
  return entries.every(([, item]) => typeof item === 'string') ? (Object.fromEntries(entries) as CardMap) : undefined;
}

function forget<T>(records: Record<string, T>, old: (record: T) => boolean): void {
  const all = Object.entries(records);
  if (all.length < SWEPT_AT) return;
  for (const [key, record] of all) if (old(record)) delete records[key];
}

import { ConfigError, DAY, type Clock, type Log } from '../../core/index.js';
import type { CallbackReceiver, Capabilities, Intake, PlatformAdapter, RateBudget } from '../contract.js';
import type { Lease } from '../lease.js';
import { memoryReplyAddresses, type ReplyAddresses } from '../reply-addresses.js';
import type { TokenStore } from '../token-holder.js';
import { createAibotReceiver } from './aibot.js';
import { createAibotLink, type AibotLinkSettings, type LinkTimings } from './aibot-link.js';
import { createAibotReplies } from './aibot-reply.js';
import { deliverByApp, splitApp } from './apps.js';
import { createClient, type Meter, type WecomClient } from './client.js';
import { createDeliverer } from './deliver.js';
import { readDirectory } from './directory.js';
import { ensureGroup } from './groups.js';
import { createJsApi, readPosition, type WwConfig } from './js-api.js';
import { login, loginUrl } from './login.js';
import { setMenu } from './menu.js';
import { createReceiver, PASSIVE_REPLY_MS } from './receiver.js';
import { createReplySlots, type ReplySlots } from './reply-slots.js';
import { createRobots, ROBOT_PER_MINUTE, ROBOT_PREFIX } from './robots.js';
import { createSources, onlyFrom } from './sources.js';
import { MAX_ACTIONS, MAX_OPTIONS } from './template-card.js';
import type { AppSettings, CallbackKeys, CountCallback, WecomSettings } from './types.js';

export type { Meter } from './client.js';
export { loginUrl } from './login.js';
export { ROBOT_PREFIX } from './robots.js';
export type { AppSettings, CallbackKeys, CountCallback, WecomSettings } from './types.js';

const CAPABILITIES: Capabilities = {
  maxActions: MAX_ACTIONS,
  passiveReplyMs: PASSIVE_REPLY_MS,
  choices: { single: true, multi: true, maxOptions: MAX_OPTIONS },
  // appchat/send knows no template cards, and a self-built app hears nothing in groups.
  groupCards: false,
  groupPictures: { own: true, robots: true },
  // The app posts only into chats that it made.
  groupsOfPeople: false,
  proactive: true,
  scan: true,
  location: true,
};

/** Per member and app; what is above is dropped without an error. https://developer.work.weixin.qq.com/document/path/90312 */
const budget = (accountLimit: number): RateBudget => ({
  perRecipient: { perMinute: 30, perHour: 1_000 },
  perChat: [{ prefix: ROBOT_PREFIX, perMinute: ROBOT_PER_MINUTE }],
  // The minute is of any one API, per company.
  perApp: { perMinute: 10_000, ...(accountLimit === 0 ? {} : { perDay: accountLimit * 200 }) },
});

/** media/get gives at most 20 MB in one piece. https://developer.work.weixin.qq.com/document/path/90254 */
const MAX_MEDIA_BYTES = 20 * 1024 * 1024;

export interface WecomDeps {
  settings: WecomSettings;
  clock: Clock;
  log: Log;
  intake: Intake;
  tokens: TokenStore;
  /** Every call of the API is counted here. */
  meter?: Meter;
  /** Every callback is counted here. */
  count?: CountCallback;
  /** Further apps of the company, each with its own callback; people are answered by the one that they wrote to. */
  moreApps?: readonly AppSettings[];
  /** Keys of the directory's own callback (通讯录同步 → 接收事件服务器), where it is set up. */
  contactsKeys?: Omit<CallbackKeys, 'corpId'>;
  /** The AI bot that hears groups, and where the addresses for its answers are kept. */
  aibot?: { keys: Omit<CallbackKeys, 'corpId'>; addresses: ReplyAddresses };
  /** The same bot by its long connection; instead of its callback. */
  aibotLink?: {
    settings: AibotLinkSettings;
    addresses: ReplyAddresses;
    lease: Lease;
    timings?: Partial<LinkTimings>;
  };
  /** Keys of the webhooks of group robots, by the id behind `robot:` in the chat's id. */
  groupRobots?: Readonly<Record<string, string>>;
  /** Callbacks of the app and of the directory are taken only from addresses that WeCom publishes. */
  checkSource?: boolean;
  /** Members that the company's account may have: it limits the day's messages. 0: not known. */
  accountLimit?: number;
  /** People, departments or the app's visible range changed. */
  onDirectoryChange?: (userIds: readonly string[] | null) => void;
  /** The vendor warns that it suspends an app that nobody uses, or did so. */
  onAppWarning?: (what: string) => void;
  maxMediaBytes?: number;
  /** Longest wait for an answer of the API, ms. */
  callTimeoutMs?: number;
}

export interface WecomAdapter extends PlatformAdapter {
  ensureGroup: NonNullable<PlatformAdapter['ensureGroup']>;
  /** Answers what comes to the URL that is set in the console. */
  callback: CallbackReceiver;
  /** The same of every app, by its AgentId. */
  callbacks: ReadonlyMap<string, CallbackReceiver>;
  /** The directory's callback; null when its keys are not set. */
  contactsCallback: CallbackReceiver | null;
  /** The AI bot's callback; null when there is none. */
  aibotCallback: CallbackReceiver | null;
  /** What `ww.register` takes. */
  pageConfig(address: string, as: 'company' | 'app'): Promise<WwConfig>;
  readPosition: NonNullable<PlatformAdapter['readPosition']>;
  /** Puts the app's menu in place: 扫码, 拍照, 我的商机, 我的待办, 帮助. Keys: scan, photo, my-deals, my-todos, help. */
  setMenu(): Promise<'made' | 'same'>;
}

/** WeCom's self-built app (自建应用). */
export function createWecomAdapter(deps: WecomDeps): WecomAdapter {
  const { settings, clock, intake } = deps;
  checkSettings(settings, deps.contactsKeys, deps.moreApps ?? []);
  const log = deps.log.child({ platform: 'wecom' });
  const { tokens, meter, callTimeoutMs } = deps;
  const clientOf = (of: WecomSettings) => createClient({ settings: of, clock, log, tokens, meter, callTimeoutMs });
  const client = clientOf(settings);
  const { count, onDirectoryChange, onAppWarning } = deps;
  const shared = { clock, log, intake, count, onDirectoryChange, onAppWarning };
  const sources = deps.checkSource === true ? createSources({ client, clock, log }) : null;
  const guarded = (receive: CallbackReceiver): CallbackReceiver =>
    sources === null ? receive : onlyFrom(sources, receive, { log, count });
  /** One an app: words in an answer are said by the app that was written to. */
  const slots = createReplySlots();
  const receiver = createReceiver({ ...shared, slots, keys: settings, agentId: settings.agentId });
  const robots = createRobots({ client, keys: deps.groupRobots ?? {} });
  const link = deps.aibotLink === undefined ? null : createAibotLink({ ...deps.aibotLink, intake, count, clock, log });
  const aibot = createAibotReplies({
    client,
    addresses: (deps.aibotLink ?? deps.aibot)?.addresses ?? memoryReplyAddresses(clock),
    link,
  });
  const delivererOf = (by: WecomClient, agentId: string, open: ReplySlots) =>
    createDeliverer({ client: by, agentId, slots: open, robots, aibot, log });
  const first = { client, deliver: delivererOf(client, settings.agentId, slots) };
  const more = new Map(
    (deps.moreApps ?? []).map((app) => {
      const own = clientOf({ ...settings, ...app });
      const { agentId } = app;
      const keys = { ...app, corpId: settings.corpId };
      const open = createReplySlots();
      const hears = createReceiver({ ...shared, slots: open, keys, agentId, app: agentId });
      return [agentId, { client: own, receiver: hears, deliver: delivererOf(own, agentId, open) }] as const;
    }),
  );
  /** An app that is not set up any more: the first one speaks for it. */
  const appOf = (agentId: string | undefined) => (agentId === undefined ? undefined : more.get(agentId)) ?? first;
  const contacts =
    deps.contactsKeys === undefined
      ? null
      : createReceiver({ ...shared, keys: { corpId: settings.corpId, ...deps.contactsKeys }, agentId: null });

  return {
    name: 'wecom',
    capabilities: CAPABILITIES,
    budget: budget(deps.accountLimit ?? 0),
    severalApps: more.size > 0,
    callback: guarded(receiver.callback),
    callbacks: new Map([
      [settings.agentId, guarded(receiver.callback)],
      ...[...more].map(([agentId, app]) => [agentId, guarded(app.receiver.callback)] as const),
    ]),
    contactsCallback: contacts === null ? null : guarded(contacts.callback),
    aibotCallback:
      deps.aibot === undefined
        ? null
        : createAibotReceiver({ ...deps.aibot, apiBase: settings.apiBase, intake, count, clock, log }),
    deliver: deliverByApp((app) => appOf(app).deliver),
    readDirectory: (userIds) => readDirectory(client, log, userIds),
    // https://developer.work.weixin.qq.com/document/path/94867 : within a day, in the WeCom client only.
    recallWithinMs: DAY,
    recall: async (messageId) => {
      const { app, id } = splitApp(messageId);
      await appOf(app).client.post('message/recall', { msgid: id });
    },
    fetchMedia: (media) => client.download(media.handle, deps.maxMediaBytes ?? MAX_MEDIA_BYTES),
    loginUrl: (redirectUri, state, where) => loginUrl(settings, redirectUri, state, where),
    login: (code) => login(client, code),
    pageConfig: createJsApi({ client, settings, store: tokens, clock, log }),
    readPosition,
    ensureGroup: (group) => ensureGroup(client, group),
    async setMenu() {
      const done = [await setMenu(client, settings.agentId)];
      for (const [agentId, app] of more) done.push(await setMenu(app.client, agentId));
      return done.includes('made') ? 'made' : 'same';
    },
    start() {
      // Beside the start: until the list is there everybody passes.
      void sources?.refresh();
      link?.start();
      return Promise.resolve();
    },
    stop: async () => {
      await Promise.all([
        receiver.close(),
        contacts?.close(),
        link?.stop(),
        ...[...more.values()].map((app) => app.receiver.close()),
      ]);
    },
    health() {
      const { isOpen, lastAt } = receiver.state();
      const heard = lastAt === null ? 'no callback yet' : `last callback ${lastAt.toISOString()}`;
      const refused = [[settings.agentId, first] as const, ...more].flatMap(([agentId, app]) =>
        app.client.tokens.state() === 'stopped' ? [agentId] : [],
      );
      const sending = refused.length === 0 ? 'sending' : `secret refused, not sending (${refused.join(', ')})`;
      const bot = link === null ? '' : `, bot ${link.state().detail}`;
      return { receiving: isOpen, detail: `${isOpen ? heard : 'stopped'}, ${sending}${bot}` };
    },
  };
}

/** All mistakes at once; an empty secret never starts. */
function checkSettings(
  settings: WecomSettings,
  contacts: WecomDeps['contactsKeys'],
  more: readonly AppSettings[],
): void {
  const problems: string[] = [];
  const demand = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem);
  };
  demand(settings.corpId !== '', 'WECOM_CORP_ID is empty');
  demand(/^\d{1,15}$/.test(settings.agentId), 'WECOM_AGENT_ID must be a number');
  demand(settings.secret !== '', 'WECOM_SECRET is empty');
  const demandKeys = (prefix: string, { token, encodingAesKey }: Omit<CallbackKeys, 'corpId'>) => {
    demand(/^[A-Za-z0-9]{1,32}$/.test(token), `${prefix}_TOKEN must have 1 to 32 letters and digits`);
    demand(/^[A-Za-z0-9]{43}$/.test(encodingAesKey), `${prefix}_ENCODING_AES_KEY must have 43 letters and digits`);
  };
  demandKeys('WECOM', settings);
  if (contacts !== undefined) demandKeys('WECOM_CONTACTS', contacts);
  for (const app of more) {
    demand(/^\d{1,15}$/.test(app.agentId), 'WECOM_MORE_APPS must be numbers');
    demand(app.secret !== '', `WECOM_${app.agentId}_SECRET is empty`);
    demandKeys(`WECOM_${app.agentId}`, app);
  }
  demand(
    new Set([settings, ...more].map(({ agentId }) => agentId)).size === more.length + 1,
    'an AgentId stands twice',
  );
  demand(/^https?:\/\/[^/]+/.test(settings.apiBase), 'WECOM_API_BASE must be an http(s) address');
  if (problems.length > 0) throw new ConfigError(problems);
}

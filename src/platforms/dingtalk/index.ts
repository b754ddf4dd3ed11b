import { DAY, errorCode, sha256, type Clock, type Log } from '../../core/index.js';
import type { CallbackReceiver, Capabilities, Intake, PlatformAdapter, RateBudget } from '../contract.js';
import { memoryReplyAddresses, type ReplyAddresses } from '../reply-addresses.js';
import type { TokenStore } from '../token-holder.js';
import { cardApiSecret } from './callback-crypto.js';
import { createCardChats, type SentTo } from './card-chats.js';
import { createClient, type CallMeter } from './client.js';
import { readCheckIn } from './check-in.js';
import { ding } from './ding.js';
import { createDirectoryReader } from './directory.js';
import { MAX_LINK_BUTTONS } from './encode.js';
import { ROBOT_PER_MINUTE, ROBOT_PREFIX } from './group-robot.js';
import { createJsApi, readPosition, type JsConfig } from './js-api.js';
import { allowedMediaHosts, downloadMedia, VENDOR_HOST } from './media.js';
import { createReceiver, PRESS_ANSWER_MS, type PushKind, type PushOutcome } from './receiver.js';
import { createSender } from './sender.js';
import { createSessions } from './sessions.js';
import { checked } from './settings.js';
import { StreamClient } from './stream.js';
import type { StreamTimings, Timers } from './stream-link.js';
import { DownloadAnswer, LoginAnswer, OkAnswer, type DingtalkSettings } from './types.js';

export type { SentTo } from './card-chats.js';
export { SESSION_API } from './client.js';
export type { CallMeter } from './client.js';
export { importTemplate } from './import-template.js';
export { probeDingtalk } from './probe.js';
export type { Probed } from './probe.js';
export type { JsConfig } from './js-api.js';
export type { StreamTimings, Timers } from './stream-link.js';
export type { DingtalkSettings } from './types.js';

export interface DingtalkDeps {
  settings: DingtalkSettings;
  clock: Clock;
  log: Log;
  intake: Intake;
  tokens: TokenStore;
  /** Where a card was sent, through restarts and for all processes; without it what this process sent is known. */
  sentTo?: SentTo;
  /** Where the addresses that come with people's messages are kept, through restarts and for all processes. */
  addresses?: ReplyAddresses;
  /** Told of every call, for the monthly quota. */
  meter?: CallMeter;
  /** Told of everything that came, by kind and by what became of it. */
  count?: (kind: PushKind, outcome: PushOutcome) => void;
  /** People (these, or null: who knows which) or departments changed. */
  onDirectoryChange?: (userIds: readonly string[] | null) => void;
  /** Largest file taken, bytes; default 30 MB. */
  maxMediaBytes?: number;
  /** Shorter times for tests. */
  timings?: {
    stream?: Partial<StreamTimings>;
    callMs?: number;
    pressAnswerMs?: number;
    storeMs?: number;
    noticeLookMs?: number;
  };
  /** What the stream's waits are counted by; the system's clock unless a test moves its own. */
  timers?: Timers;
}

/** The free edition's calls a month for the whole company (since 2025-11). */
const FREE_MONTHLY_CALLS = 5_000;
/** And the pushes that reach us. */
const FREE_MONTHLY_PUSHES = 3_000;
const DEFAULT_MAX_MEDIA_BYTES = 30 * 1024 * 1024;
/** Name under which card clicks are registered in HTTP mode. */
const CALLBACK_ROUTE = 'trailmark';

export interface DingtalkAdapter extends PlatformAdapter {
  /** Refuses everything in stream mode. */
  callback: CallbackReceiver;
  /** What `dd.config` takes. */
  pageConfig(address: string): Promise<JsConfig>;
  readPosition: NonNullable<PlatformAdapter['readPosition']>;
}

/** DingTalk by its stream (or, with `mode: 'http'`, by callbacks to our address), its robot and its cards. */
export function createDingtalkAdapter(deps: DingtalkDeps): DingtalkAdapter {
  const settings = checked(deps.settings);
  const { clock, intake, tokens, meter, timings } = deps;
  const log = deps.log.child({ platform: 'dingtalk' });
  const maxMediaBytes = deps.maxMediaBytes ?? DEFAULT_MAX_MEDIA_BYTES;
  const hasTemplate = settings.cardTemplateId !== '';

  const client = createClient({ settings, clock, log, tokens, meter, callTimeoutMs: timings?.callMs });
  const addresses = deps.addresses ?? memoryReplyAddresses(clock);
  const sessions = createSessions({ settings, clock, log, addresses });
  const chats = createCardChats(deps.sentTo ?? (() => Promise.resolve(null)));
  const sender = createSender({
    client,
    sessions,
    chats,
    clock,
    how: {
      cardTemplateId: settings.cardTemplateId,
      robotCode: settings.robotCode,
      mode: settings.mode,
      callbackRouteKey: CALLBACK_ROUTE,
    },
    agentId: settings.agentId,
    robots: settings.groupRobots,
    noticeLookMs: timings?.noticeLookMs,
  });
  const directory = createDirectoryReader({ client, log });
  const receiver = createReceiver({
    settings,
    clock,
    log,
    intake,
    sessions,
    chats,
    count: deps.count,
    onDirectoryChange: deps.onDirectoryChange,
    pressAnswerMs: timings?.pressAnswerMs,
    storeMs: timings?.storeMs,
  });
  const stream =
    settings.mode === 'stream'
      ? new StreamClient({
          clientId: settings.clientId,
          clientSecret: settings.clientSecret,
          apiBase: settings.apiBase,
          onFrame: receiver.onFrame,
          log,
          timings: timings?.stream,
          timers: deps.timers,
        })
      : null;
  let started = false;

  const capabilities: Capabilities = {
    maxActions: hasTemplate ? 8 : MAX_LINK_BUTTONS,
    passiveReplyMs: hasTemplate ? (timings?.pressAnswerMs ?? PRESS_ANSWER_MS) : 0,
    choices: { single: hasTemplate, multi: hasTemplate, maxOptions: hasTemplate ? 50 : 0 },
    groupCards: hasTemplate,
    // A group's own robot takes addresses of pictures only, and ours are nobody's to fetch.
    groupPictures: { own: true, robots: false },
    groupsOfPeople: true,
    proactive: true,
    scan: false,
    location: false,
  };
  const budget: RateBudget = {
    // The free edition is cut at 20 a second for each app and API.
    perApp: { perSecond: 15 },
    perChat: [{ prefix: ROBOT_PREFIX, perMinute: ROBOT_PER_MINUTE }],
    perMonth: settings.monthlyCalls ?? FREE_MONTHLY_CALLS,
    pushesPerMonth: settings.monthlyPushes ?? FREE_MONTHLY_PUSHES,
  };

  /** https://open.dingtalk.com/document/development/register-card-callback-address */
  async function registerCardCallback(callbackUrl: string): Promise<void> {
    const apiSecret = cardApiSecret(settings.clientSecret);
    // Told again once a day at most: a restart costs no call of the month.
    const key = `dingtalk:card-callback:${settings.clientId}`;
    const value = sha256(`${callbackUrl} ${apiSecret}`);
    const now = clock.now().getTime();
    const told = await tokens.load(key);
    if (told?.value === value && told.expiresAt.getTime() > now) return;
    const body = { callbackRouteKey: CALLBACK_ROUTE, callbackUrl, apiSecret, forceUpdate: true };
    try {
      await client.call('POST', '/v1.0/card/callbacks/register', body, OkAnswer);
      const expiresAt = new Date(now + DAY);
      await tokens.save(key, { value, renewAt: expiresAt, expiresAt });
    } catch (error) {
      // The server stays up, and an earlier registration still holds at the vendor.
      log.error({ code: errorCode(error) }, 'the address for card clicks could not be registered');
    }
  }

  return {
    name: 'dingtalk',
    capabilities,
    budget,
    callback: receiver.callback,
    pageConfig: createJsApi({ client, settings, store: tokens, clock, log }),
    readPosition,
    async deliver(delivery) {
      const receipt = await sender.deliver(delivery);
      if (delivery.insist === true) {
        await ding(client, { robotCode: settings.robotCode, ding: settings.ding ?? 'off' }, delivery, log);
      }
      return receipt;
    },

    async fetchMedia({ handle, name }) {
      const body = { downloadCode: handle, robotCode: settings.robotCode };
      const { downloadUrl } = await client.call('POST', '/v1.0/robot/messageFiles/download', body, DownloadAnswer);
      const fetched = await downloadMedia(downloadUrl, allowedMediaHosts(settings), maxMediaBytes);
      return name === undefined ? fetched : { ...fetched, name };
    },

    loginUrl(redirectUri, state) {
      // Inside DingTalk a page of ours asks the client for a code; a stand-in has a page of its own.
      if (VENDOR_HOST.test(new URL(settings.oapiBase).hostname)) {
        return `/login/dingtalk?${new URLSearchParams({ redirect: redirectUri, state }).toString()}`;
      }
      const url = new URL('/connect/authorize', settings.oapiBase);
      url.search = new URLSearchParams({
        client_id: settings.clientId,
        redirect_uri: redirectUri,
        state,
      }).toString();
      return url.href;
    },

    // https://open.dingtalk.com/document/development/obtain-the-userid-of-a-user-by-using-the-log-free
    async login(code) {
      const { result } = await client.callOld('/topapi/v2/user/getuserinfo', { code }, LoginAnswer, false);
      return { userId: result.userid };
    },

    readDirectory: (userIds) => directory.read(userIds),
    readCheckIn: (userId, at) => readCheckIn(client, settings.checkInDatum ?? 'gcj02', userId, at),

    async start() {
      started = true;
      if (stream === null) {
        if (settings.callbackUrl !== undefined && hasTemplate) await registerCardCallback(settings.callbackUrl);
        return;
      }
      try {
        await stream.connect();
      } catch (error) {
        // The server stays up: the stream goes on trying, or `health` says why it does not.
        log.warn({ code: errorCode(error) }, 'stream is not connected yet');
      }
    },

    async stop() {
      started = false;
      directory.stop();
      await stream?.stop();
      await sessions.settled();
    },

    health() {
      if (client.tokenState() === 'stopped') {
        return { receiving: started && stream === null, detail: 'DingTalk refused the app credentials' };
      }
      const way = stream?.health() ?? { receiving: started, detail: started ? 'waiting for callbacks' : 'stopped' };
      const blocked = client.blockedUntil();
      if (blocked === null) return way;
      return {
        ...way,
        detail: `${way.detail}; nothing is sent until ${blocked.toISOString()}, the address is blocked`,
      };
    },
  };
}

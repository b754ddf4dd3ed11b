import { WSClient, type WsFrame } from '@wecom/aibot-node-sdk';
import {
  errorCode,
  errorText,
  HOUR,
  MINUTE,
  PlatformUnreachableError,
  SECOND,
  sha256,
  type Clock,
  type Log,
} from '../../core/index.js';
import type { InboundEvent, Intake } from '../contract.js';
import type { Lease } from '../lease.js';
import type { ReplyAddresses } from '../reply-addresses.js';
import { AIBOT_KINDS, hear, objectOf, PRESS_ANSWER_MS, pressedCard, textOf, WELCOME } from './aibot-heard.js';
import type { Content } from './encode.js';
import { refusal } from './errors.js';
import type { CountCallback } from './types.js';
import { within } from './within.js';

/**
 * The AI bot by its long connection (长连接): no public address, no keys of a callback. The vendor takes one connection a
 * bot and throws an older one out, so one process at a time holds it.
 * https://developer.work.weixin.qq.com/document/path/101463
 */
export interface AibotLinkSettings {
  botId: string;
  secret: string;
  /** Empty: the vendor's. */
  url: string;
}

export interface AibotLink {
  start(): void;
  stop(): Promise<void>;
  state(): { isOpen: boolean; detail: string };
  /**
   * The answer (markdown or a card) to what an address of `LINK_ADDRESS` belongs to. The same `key` is the same answer; a card
   * whose acknowledgement was lost may stand there twice.
   */
  answer(address: string, key: string, content: Content): Promise<void>;
}

/** Addresses of answers that leave by the connection begin so. */
export const LINK_ADDRESS = 'link:';
/** A question can be answered for so long. */
const ADDRESS_LIFE_MS = 24 * HOUR;
/** The stream has ended, or its six minutes are over. */
const STREAM_OVER = 846_608;

export interface LinkTimings {
  /** How often the lease is renewed, or asked for. */
  lookMs: number;
  leaseMs: number;
  /** First and longest wait after another connection took the bot over; doubles each time in a row. */
  kickedMs: number;
  kickedMostMs: number;
  /** After a refused secret: the vendor limits tries, and only an administrator mends it. */
  refusedMs: number;
  /** The SDK's first wait before it connects again; it doubles up to 30 s. */
  reconnectMs: number;
  heartbeatMs: number;
}
const TIMINGS: LinkTimings = {
  lookMs: 10 * SECOND,
  leaseMs: 30 * SECOND,
  kickedMs: 30 * SECOND,
  kickedMostMs: 10 * MINUTE,
  refusedMs: 10 * MINUTE,
  reconnectMs: SECOND,
  heartbeatMs: 30 * SECOND,
};

export interface AibotLinkDeps {
  settings: AibotLinkSettings;
  addresses: ReplyAddresses;
  lease: Lease;
  intake: Intake;
  count?: CountCallback | undefined;
  clock: Clock;
  log: Log;
  timings?: Partial<LinkTimings> | undefined;
}

/** The SDK's own description of a card is no type that ours could be. */
type SdkCard = Parameters<WSClient['updateTemplateCard']>[1];
type SdkBody =
  { msgtype: 'markdown'; markdown: { content: string } } | { msgtype: 'template_card'; template_card: SdkCard };
const bodyOf = (content: Content): SdkBody => content as unknown as SdkBody;

interface Address {
  reqId: string;
  chatId: string;
}

export function createAibotLink(deps: AibotLinkDeps): AibotLink {
  const { settings, addresses, lease, clock } = deps;
  const log = deps.log.child({ door: 'aibot' });
  const timings = { ...TIMINGS, ...deps.timings };
  const leaseName = `wecom-aibot:${settings.botId}`;
  const count: CountCallback = (kind, outcome) => deps.count?.(AIBOT_KINDS.has(kind) ? kind : 'aibot.other', outcome);
  let client: WSClient | null = null;
  let isOpen = false;
  let detail = 'not started';
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  let waitUntil = 0;
  let kicked = 0;
  const inWork = new Set<Promise<void>>();
  /** Answers that were sent and never acknowledged. */
  const unsure = new Set<string>();

  function close(why: string): void {
    isOpen = false;
    detail = why;
    client?.removeAllListeners();
    // The SDK tells of what it has to give up by an error that nobody waits for any more.
    client?.on('error', () => undefined);
    client?.disconnect();
    client = null;
  }

  function open(): void {
    detail = 'connecting';
    const made = new WSClient({
      botId: settings.botId,
      secret: settings.secret,
      ...(settings.url === '' ? {} : { wsUrl: settings.url }),
      reconnectInterval: timings.reconnectMs,
      maxReconnectAttempts: -1,
      heartbeatInterval: timings.heartbeatMs,
      // Frames hold people's words and, once, the secret: only what we say ourselves is logged.
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    client = made;
    made.on('authenticated', () => {
      isOpen = true;
      detail = 'connected';
      log.info('the bot is connected');
    });
    made.on('disconnected', (reason) => {
      isOpen = false;
      detail = 'connection lost';
      log.warn({ reason: String(reason).slice(0, 100) }, 'the bot lost its connection');
    });
    made.on('error', (error) => {
      if (/authentication failed/i.test(error.message)) refused(error);
      else log.warn({ code: errorCode(error), why: error.message.slice(0, 200) }, 'bot connection');
    });
    made.on('message', (frame) => take(frame));
    made.on('event', (frame) => take(frame));
    made.connect();
  }

  function refused(error: Error): void {
    log.error({ why: error.message.slice(0, 200), alert: true }, 'WeCom refuses the bot’s secret');
    waitUntil = Date.now() + timings.refusedMs;
    close('secret refused: check WECOM_AIBOT_ID and WECOM_AIBOT_SECRET');
  }

  /** Whoever took it over may be a mistake of ours: coming back at once, two would throw each other out for ever. */
  function thrownOut(): void {
    const waitMs = Math.min(timings.kickedMs * 2 ** kicked, timings.kickedMostMs);
    kicked += 1;
    waitUntil = Date.now() + waitMs;
    log.error({ waitMs, alert: true }, 'another connection took the bot over');
    close('taken over by another connection');
  }

  function take(frame: WsFrame): void {
    const work = received(frame).catch((error: unknown) =>
      log.error({ code: errorCode(error), why: errorText(error) }, 'not stored: what the bot heard is lost'),
    );
    inWork.add(work);
    void work.finally(() => inWork.delete(work));
  }

  async function received(frame: WsFrame): Promise<void> {
    const message = objectOf(frame.body);
    const heard = hear(message, clock.now());
    count(heard.kind, heard.outcome);
    if (heard.kind === 'aibot.event.disconnected_event') {
      thrownOut();
      return;
    }
    if (heard.outcome === 'ignored' && heard.welcome) {
      await client?.replyWelcome(frame, { msgtype: 'text', text: { content: WELCOME } });
    }
    if (heard.outcome !== 'event') return;
    kicked = 0;
    const group = textOf(message['chatid']);
    const address: Address = { reqId: frame.headers.req_id, chatId: group === '' ? heard.event.from : group };
    // Before the question, so that whoever answers it finds the way.
    const until = new Date(clock.now().getTime() + ADDRESS_LIFE_MS);
    await addresses.keep(heard.key, `${LINK_ADDRESS}${JSON.stringify(address)}`, until);
    await answerPress(frame, message, heard.event);
  }

  /** How the pressed card looks now, within the 5 s in which the vendor takes it; else it leaves as a message of its own. */
  async function answerPress(frame: WsFrame, message: Record<string, unknown>, event: InboundEvent): Promise<void> {
    const deadline = performance.now() + PRESS_ANSWER_MS;
    const { answer, answered } = await deps.intake(event);
    const filled = answer === undefined ? null : await within(answer, deadline - performance.now());
    const card = filled === null ? null : pressedCard(message, filled);
    if (card === null || client === null) return;
    try {
      await client.updateTemplateCard(frame, card as SdkCard);
    } catch (error) {
      const { errcode } = objectOf(error) as { errcode?: unknown };
      log.warn({ key: event.key, errcode: errcode ?? errorText(error) }, 'the pressed card was not changed in place');
      return;
    }
    await answered?.();
  }

  async function look(): Promise<void> {
    try {
      const mine = await lease.hold(leaseName, timings.leaseMs);
      if (stopped) return;
      if (!mine && client !== null) close('another process has the connection');
      else if (!mine) detail = 'another process has the connection';
      else if (client === null && Date.now() >= waitUntil) open();
    } catch (error) {
      log.warn({ code: errorCode(error) }, 'the lease of the bot’s connection cannot be asked for');
    }
    if (!stopped) timer = setTimeout(() => void look(), timings.lookMs);
  }

  return {
    start() {
      stopped = false;
      void look();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      close('stopped');
      await Promise.all(inWork);
      await lease
        .release(leaseName)
        .catch((error: unknown) => log.warn({ code: errorCode(error) }, 'lease not released'));
    },
    state: () => ({ isOpen, detail }),
    async answer(address, key, content) {
      if (client === null || !isOpen) throw new PlatformUnreachableError('wecom.bot_away', `bot: ${detail}`);
      const { reqId, chatId } = JSON.parse(address.slice(LINK_ADDRESS.length)) as Address;
      const streamId = `st_${sha256(key).slice(0, 24)}`;
      const frame = { headers: { req_id: reqId } };
      const body = bodyOf(content);
      const refusedBy = await acked(() =>
        body.msgtype === 'markdown'
          ? client!.replyStream(frame, streamId, body.markdown.content, true)
          : client!.replyTemplateCard(frame, body.template_card),
      );
      if (refusedBy === null) return;
      // It was sent before and only the acknowledgement was lost.
      if (refusedBy.errcode === STREAM_OVER && unsure.delete(streamId)) return;
      // Too late for an answer, or the connection on which it was asked is gone: into the same chat, as a message of its own.
      const again = await acked(() => client!.sendMessage(chatId, body));
      if (again !== null) throw refusal('aibot', again);

      /** Null: taken. Throws when nobody knows. */
      async function acked(send: () => Promise<WsFrame>): Promise<{ errcode: number; errmsg: string } | null> {
        try {
          await send();
          unsure.delete(streamId);
          return null;
        } catch (error) {
          const { errcode, errmsg } = objectOf(error) as { errcode?: unknown; errmsg?: unknown };
          if (typeof errcode === 'number') return { errcode, errmsg: textOf(errmsg) };
          unsure.add(streamId);
          throw new PlatformUnreachableError('wecom.unreachable', `aibot: ${errorText(error)}`);
        }
      }
    },
  };
}

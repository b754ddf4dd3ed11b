import {
  AuthenticityError,
  errorCode,
  PlatformUnreachableError,
  SECOND,
  sha256,
  type Clock,
  type Log,
} from '../../core/index.js';
import type { CallbackReceiver, CallbackResponse, Chat, Intake } from '../contract.js';
import type { CardChats } from './card-chats.js';
import { cardApiSecret, checkCardSign, checkRobotSign, EventCrypto } from './callback-crypto.js';
import {
  decodeCardCallback,
  decodeDirectoryChange,
  decodeEvent,
  decodeRobotMessage,
  type DecodedClick,
  type DecodedMessage,
} from './decode.js';
import { toCallbackResponse } from './encode.js';
import { parseJson } from './http.js';
import type { Sessions } from './sessions.js';
import type { FrameAck, FrameHandler } from './stream.js';
import type { CardCallbackResponse, DingtalkSettings, StreamFrame } from './types.js';

/** A click must be answered within 2 s; the rest is the way back. */
export const PRESS_ANSWER_MS = 1_500;
/** Of the time for a press's answer, at most this share goes into learning where its card hangs. */
const CHAT_SHARE = 1 / 3;
/** From the answer to its being written; what is later has come too late for the vendor's 2 s. */
const WRITE_MS = 250;
/** A click seems older than this only when the clocks disagree. */
const MAX_AGE_MS = 10 * SECOND;
/** Refused in time, so that the vendor delivers again: an event waits 3 s (HTTP 2.5 s). */
const STORE_MS = 2 * SECOND;
const MAX_BODY_BYTES = 1024 * 1024;

export interface ReceiverDeps {
  settings: DingtalkSettings;
  clock: Clock;
  log: Log;
  intake: Intake;
  sessions: Pick<Sessions, 'remember'>;
  /** Where cards hang. */
  chats: Pick<CardChats, 'find'>;
  count?: (kind: PushKind, outcome: PushOutcome) => void;
  /** People (these, or null: who knows which) or departments changed; the directory is then read. */
  onDirectoryChange?: (userIds: readonly string[] | null) => void;
  pressAnswerMs?: number;
  storeMs?: number;
}

/** Each is one push of the month's quota, but for those that tell of the address book. */
export type PushKind = 'message' | 'click' | 'event' | 'directory';
/** Anything but `taken` was authentic and came to nothing: no repetition would help. */
export type PushOutcome =
  'taken' | 'another-shape' | 'another-robot' | 'another-company' | 'not-said-to-us' | 'no-content';

export interface Receiver {
  onFrame: FrameHandler;
  callback: CallbackReceiver;
}

/** Resolves with the promise or, when it takes too long, with `late`. */
async function within<T, L>(ms: number, promise: Promise<T>, late: L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

const LATE = Symbol('late');

function outcomeOf({ quotaUsedUp, events }: DecodedMessage): PushOutcome {
  if (quotaUsedUp) return 'no-content';
  return events.length === 0 ? 'not-said-to-us' : 'taken';
}

export function createReceiver(deps: ReceiverDeps): Receiver {
  const { settings, clock, log, intake, sessions } = deps;
  const storeMs = deps.storeMs ?? STORE_MS;
  const pressAnswerMs = deps.pressAnswerMs ?? PRESS_ANSWER_MS;

  /** Stores, or throws in time. What is stored later all the same is a duplicate when it comes again. */
  async function store<T>(promise: Promise<T>, ms: number): Promise<T> {
    const stored = await within(ms, promise, LATE);
    if (stored === LATE) {
      // The caller has gone on; a late failure is told by the refusal already given.
      promise.catch(() => undefined);
      throw new PlatformUnreachableError('intake.slow', 'not stored in time');
    }
    return stored;
  }

  function count(kind: PushKind, outcome: PushOutcome): void {
    if (outcome !== 'taken') log.warn({ kind, outcome }, 'DingTalk sent something that comes to nothing');
    deps.count?.(kind, outcome);
  }

  /** User ids mean something in one company only: those of another must never meet ours. */
  const isForeign = (corpId: string | null | undefined) =>
    settings.corpId !== '' && Boolean(corpId) && corpId !== settings.corpId;

  /** False when it has the shape of no message. */
  async function takeMessage(data: unknown): Promise<boolean> {
    const decoded = decodeRobotMessage(data, clock.now());
    if (decoded === null) {
      count('message', 'another-shape');
      return false;
    }
    const { robotCode } = decoded.message;
    if (robotCode && robotCode !== settings.robotCode) {
      count('message', 'another-robot');
      return true;
    }
    count('message', outcomeOf(decoded));
    sessions.remember(decoded.message);
    if (decoded.quotaUsedUp) {
      log.error('DingTalk: the company has used up its monthly pushes; messages arrive without their content');
    }
    await store(Promise.all(decoded.events.map((event) => intake(event))), storeMs);
    return true;
  }

  /** How long a click has been on its way already: the vendor's 2 s run from when it sent it. */
  function ageOf(sentAt: string): number {
    const age = clock.now().getTime() - Number(sentAt);
    return age > 0 && age < MAX_AGE_MS ? age : 0;
  }

  /**
   * Where the card hangs; single for one that nobody sent, null where that could not be learned in time. A store that is
   * slow or away costs a press neither its storing nor its answer.
   */
  async function chatOf(cardId: string): Promise<Chat | null> {
    try {
      const found = await within(pressAnswerMs * CHAT_SHARE, deps.chats.find(cardId), LATE);
      if (found !== LATE) return found ?? { kind: 'single' };
    } catch (error) {
      log.warn({ code: errorCode(error) }, 'where a pressed card hangs could not be read');
    }
    return null;
  }

  /** The presser's card as it must look now, and what to do once that answer has left. */
  async function takePress(
    { event, cardId }: DecodedClick,
    sentAt: string,
  ): Promise<{ response: CardCallbackResponse; sent?: () => Promise<void> }> {
    const began = performance.now() - ageOf(sentAt);
    const deadline = began + pressAnswerMs;
    const chat = await chatOf(cardId);
    // However late it came, it is stored; only its answer may be too late.
    const result = await store(intake({ ...event, chat: chat ?? { kind: 'single' } }), pressAnswerMs);
    if (result.answer === undefined) return { response: {} };
    const card = await within(Math.max(0, deadline - performance.now()), result.answer, LATE);
    if (card === LATE || card === null) return { response: {} };
    // In a group, as this may be, the answer changes the presser's view only: the others still need the update.
    const { answered } = result;
    // A machine that was busy may have written it when the vendor had given up: then the update by API follows as well.
    const inTime = async (): Promise<void> => {
      if (performance.now() - began < pressAnswerMs + WRITE_MS) await answered?.();
    };
    const sent = chat?.kind === 'single' && answered ? { sent: inTime } : {};
    return { response: toCallbackResponse(card, event.from), ...sent };
  }

  const settle = (sent: () => Promise<void>) => () => {
    sent().catch((error: unknown) => log.warn({ code: errorCode(error) }, 'answered press was not noted'));
  };

  async function cardFrame(frame: StreamFrame): Promise<FrameAck> {
    const press = toPress(parseJson(frame.data), frame.headers.messageId);
    if (press === null) return { code: 200, data: { response: {} } };
    const { response, sent } = await takePress(press, frame.headers.time ?? '');
    return { code: 200, data: { response }, ...(sent ? { sent: settle(sent) } : {}) };
  }

  function toPress(data: unknown, id: string): DecodedClick | null {
    const decoded = decodeCardCallback(data, id, clock.now());
    const outcome = decoded === null ? 'another-shape' : isForeign(decoded.corpId) ? 'another-company' : 'taken';
    count('click', outcome);
    return outcome === 'taken' ? decoded : null;
  }

  /** Stored, and followed. Throws when it could not be stored; null: it has the shape of no event. */
  async function takeEvent(frame: StreamFrame): Promise<'stored' | 'not ours' | null> {
    const event = decodeEvent(frame, clock.now());
    if (event === null) return null;
    const change = decodeDirectoryChange(frame);
    const foreign = isForeign(frame.headers.eventCorpId);
    count(change === null ? 'event' : 'directory', foreign ? 'another-company' : 'taken');
    if (foreign) return 'not ours';
    const { duplicate } = await store(intake(event), storeMs);
    if (change !== null && !duplicate) deps.onDirectoryChange?.(change.userIds);
    return 'stored';
  }

  async function eventFrame(frame: StreamFrame): Promise<FrameAck> {
    try {
      const taken = await takeEvent(frame);
      return taken === null ? { code: 404, data: {} } : { code: 200, data: { status: 'SUCCESS', message: taken } };
    } catch (error) {
      log.error({ key: frame.headers.eventId, code: errorCode(error) }, 'event could not be stored');
      return { code: 200, data: { status: 'LATER', message: 'not stored' } };
    }
  }

  const onFrame: FrameHandler = async (frame) => {
    if (frame.type === 'EVENT') return eventFrame(frame);
    if (frame.type !== 'CALLBACK') return { code: 404, data: {} };
    switch (frame.headers.topic) {
      case '/v1.0/im/bot/messages/get':
        await takeMessage(parseJson(frame.data));
        return { code: 200, data: { response: null } };
      case '/v1.0/card/instances/callback':
        return cardFrame(frame);
      default:
        return { code: 404, data: {} };
    }
  };

  const crypto =
    settings.eventToken && settings.eventAesKey
      ? new EventCrypto(settings.eventToken, settings.eventAesKey, settings.clientId)
      : null;

  /** An encrypted event, or the console's check of the address. The answer is the encrypted word `success`. */
  async function eventCallback(query: Readonly<Record<string, string>>, body: Buffer): Promise<CallbackResponse> {
    if (crypto === null) return plain(403);
    const encrypted = (parseJson(body.toString('utf8')) as { encrypt?: unknown } | null | undefined)?.encrypt;
    if (typeof encrypted !== 'string') return plain(400);
    const signature = query['msg_signature'] ?? query['signature'] ?? '';
    const opened = crypto.open(signature, query['timestamp'] ?? '', query['nonce'] ?? '', encrypted);
    const said = (parseJson(opened) ?? {}) as Record<string, unknown>;
    const type = String(said['EventType'] ?? '');
    if (type !== 'check_url') {
      const headers = {
        topic: '*',
        messageId: 'http',
        eventType: type,
        eventId: String(said['eventId'] ?? said['BizId'] ?? ''),
        eventBornTime: String(said['EventTime'] ?? ''),
        eventCorpId: String(said['CorpId'] ?? ''),
      };
      if ((await takeEvent({ type: 'EVENT', headers, data: opened })) === null) return plain(400);
    }
    return json(crypto.seal('success', String(clock.now().getTime())));
  }

  async function cardCallback(body: Buffer, messageId: string, sentAt: string): Promise<CallbackResponse> {
    const press = toPress(parseJson(body.toString('utf8')), messageId);
    if (press === null) return plain(400);
    const { response, sent } = await takePress(press, sentAt);
    return { ...json(response), ...(sent ? { written: sent } : {}) };
  }

  const callback: CallbackReceiver = async ({ method, query, headers, body }) => {
    const header = (name: string) => String(headers[name] ?? '');
    if (settings.mode !== 'http') return plain(404);
    if (method !== 'POST') return plain(405);
    if (body.length > MAX_BODY_BYTES) return plain(413);
    try {
      if (header('sign') !== '') {
        checkRobotSign(header('timestamp'), header('sign'), settings.clientSecret, clock.now());
        const taken = await takeMessage(parseJson(body.toString('utf8')));
        return taken ? json({ msgtype: 'empty' }) : plain(400);
      }
      if (header('x-ddpaas-signature') !== '') {
        const timestamp = header('x-ddpaas-signature-timestamp');
        const sign = header('x-ddpaas-signature');
        checkCardSign(timestamp, sign, cardApiSecret(settings.clientSecret), clock.now());
        // The vendor gives clicks no id here; the signed instant and the content stand for one.
        return await cardCallback(body, sha256(`${timestamp}\n${body.toString('utf8')}`), timestamp);
      }
      if (query['signature'] || query['msg_signature']) return await eventCallback(query, body);
      return plain(403);
    } catch (error) {
      if (error instanceof AuthenticityError) return plain(403);
      log.error({ code: errorCode(error) }, 'callback could not be stored');
      return plain(503);
    }
  };

  return { onFrame, callback };
}

const json = (body: object): CallbackResponse => ({
  status: 200,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(body),
});
const plain = (status: number): CallbackResponse => ({ status, contentType: 'text/plain; charset=utf-8', body: '' });

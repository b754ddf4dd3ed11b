import {
  asId,
  errorCode,
  HOUR,
  joinKey,
  MINUTE,
  SECOND,
  type Clock,
  type EventKey,
  type Log,
} from '../../core/index.js';
import { getSignature } from '@wecom/crypto';
import type { CallbackReceiver, CallbackRequest, CallbackResponse, InboundBody, Intake } from '../contract.js';
import type { ReplyAddresses } from '../reply-addresses.js';
import { aesKey, isSignedBy, notAuthentic, open, seal } from './crypto.js';
import type { CallbackKeys, CountCallback } from './types.js';

/**
 * The AI bot (智能机器人) of the company by its JSON callback: hears what is said to it in groups, where a self-built app
 * hears nothing. Answers go to the address that came with the question, once, within an hour.
 * https://developer.work.weixin.qq.com/document/path/100719 and /101033
 */
export const AIBOT_PREFIX = 'aibot:';

const WINDOW_MS = 10 * MINUTE;
const MAX_BODY_BYTES = 64 * 1024;
const INTAKE_TIMEOUT_MS = 2_500;
/** https://developer.work.weixin.qq.com/document/path/101138 */
const ADDRESS_LIFE_MS = HOUR;

const TAKEN: CallbackResponse = { status: 200, contentType: 'text/plain; charset=utf-8', body: '' };
const REFUSED: CallbackResponse = { status: 403, contentType: 'text/plain; charset=utf-8', body: 'forbidden' };
const LATER: CallbackResponse = { status: 503, contentType: 'text/plain; charset=utf-8', body: 'later' };

const WELCOME = '问客户名看进度，比如「城东医院 卡在哪」；问「本周穿透率」看你负责的。材料和待办在「留痕」应用里办。';

const EVENTS = ['enter_chat', 'template_card_event', 'feedback_event', 'disconnected_event'];
const KINDS: ReadonlySet<string> = new Set([
  ...['text', 'mixed', 'voice', 'image', 'file', 'video', 'stream'].map((name) => `aibot.${name}`),
  ...EVENTS.map((name) => `aibot.event.${name}`),
]);

export interface AibotDeps {
  /** Receiveid of the company's own bot is empty. */
  keys: Omit<CallbackKeys, 'corpId'>;
  /** Answers are sent to the vendor's host, or to its stand-in's, and to no other. */
  apiBase: string;
  addresses: ReplyAddresses;
  intake: Intake;
  count?: CountCallback | undefined;
  clock: Clock;
  log: Log;
}

export function createAibotReceiver(deps: AibotDeps): CallbackReceiver {
  const { clock, log, addresses } = deps;
  const keys = { aesKey: aesKey(deps.keys.encodingAesKey), token: deps.keys.token };
  const count: CountCallback = (kind, outcome) => deps.count?.(KINDS.has(kind) ? kind : 'aibot.other', outcome);

  function authenticate({ query }: CallbackRequest, encrypted: string): string {
    const { msg_signature: signature = '', timestamp = '', nonce = '' } = query;
    if (!isSignedBy(keys.token, signature, timestamp, nonce, encrypted)) throw notAuthentic();
    const message = open(keys.aesKey, encrypted, '');
    const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
    if (!(Math.abs(clock.now().getTime() - seconds * SECOND) <= WINDOW_MS)) throw notAuthentic();
    return message.toString('utf8');
  }

  async function receive(request: CallbackRequest): Promise<CallbackResponse> {
    const envelope = object(parse(request.body.toString('utf8')));
    const message = object(parse(authenticate(request, text(envelope['encrypt']))));
    const type = text(message['msgtype']);
    const event = text(object(message['event'])['eventtype']);
    const kind = type === 'event' ? `aibot.event.${event}` : `aibot.${type}`;
    const id = text(message['msgid']);
    const from = text(object(message['from'])['userid']);
    // Refreshing polls of streams, which are not used, and events that ask nothing.
    if (type === 'stream' || (type === 'event' && event !== 'enter_chat')) {
      count(kind, 'ignored');
      return TAKEN;
    }
    if (id === '' || from === '' || type === '') {
      count(kind, 'malformed');
      return REFUSED;
    }
    if (type === 'event') {
      count(kind, 'ignored');
      return reply(request, { msgtype: 'text', text: { content: WELCOME } });
    }
    const address = text(message['response_url']);
    const key = joinKey('wecom', 'aibot', id);
    const work = async (): Promise<void> => {
      // Before the question, so that whoever answers it finds the way.
      if (isOfVendor(address, deps.apiBase)) {
        await addresses.keep(key, address, new Date(clock.now().getTime() + ADDRESS_LIFE_MS));
      }
      await deps.intake({
        key: asId<EventKey>(key),
        platform: 'wecom',
        from,
        chat: { kind: 'group', id: `${AIBOT_PREFIX}${key}` },
        // The vendor gives no time for messages.
        sentAt: clock.now(),
        body: bodyOf(type, message),
      });
    };
    try {
      if (!(await within(work(), INTAKE_TIMEOUT_MS))) return LATER;
    } catch (error) {
      log.warn({ key, code: errorCode(error) }, 'not stored, so not acknowledged');
      return LATER;
    }
    count(kind, 'event');
    return TAKEN;
  }

  /** Under the nonce of the callback. https://developer.work.weixin.qq.com/document/path/101033 */
  function reply({ query }: CallbackRequest, message: object): CallbackResponse {
    const timestamp = Math.floor(clock.now().getTime() / SECOND);
    const nonce = query['nonce'] ?? '';
    const encrypt = seal(keys.aesKey, JSON.stringify(message), '');
    const msgsignature = getSignature(keys.token, String(timestamp), nonce, encrypt);
    const body = JSON.stringify({ encrypt, msgsignature, timestamp, nonce });
    return { status: 200, contentType: 'application/json; charset=utf-8', body };
  }

  return async (request) => {
    try {
      if (request.body.length > MAX_BODY_BYTES) throw notAuthentic();
      if (request.method === 'GET') {
        const echo = (request.query['echostr'] ?? '').replaceAll(' ', '+');
        return { ...TAKEN, body: authenticate(request, echo) };
      }
      if (request.method === 'POST') return await receive(request);
      throw notAuthentic();
    } catch (error) {
      log.warn({ code: errorCode(error), bytes: request.body.length }, 'bot callback refused');
      count('aibot.other', 'refused');
      return REFUSED;
    }
  };
}

function bodyOf(type: string, message: Record<string, unknown>): InboundBody {
  switch (type) {
    case 'text':
      return { kind: 'text', text: withoutName(text(object(message['text'])['content'])) };
    case 'voice':
      // The transcript is all there is.
      return { kind: 'text', text: text(object(message['voice'])['content']).trim() };
    case 'mixed': {
      const items = object(message['mixed'])['msg_item'];
      const words = (Array.isArray(items) ? items : []).map((one) => text(object(object(one)['text'])['content']));
      return { kind: 'text', text: withoutName(words.filter((part) => part !== '').join(' ')) };
    }
    default:
      return { kind: 'unknown', what: `aibot.${type}` };
  }
}

/** What is said in a group begins with `@` and the bot's name. */
const withoutName = (said: string): string => said.replace(/^\s*@\S+\s*/u, '').trim();

/** Nobody but the vendor is sent our answers, whatever a message says. */
export function isOfVendor(address: string, apiBase: string): boolean {
  try {
    return new URL(address).origin === new URL(apiBase).origin;
  } catch {
    return false; // no address at all
  }
}

async function within(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    throw notAuthentic();
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

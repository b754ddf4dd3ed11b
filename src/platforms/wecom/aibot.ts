import { getSignature } from '@wecom/crypto';
import { errorCode, HOUR, MINUTE, SECOND, type Clock, type Log } from '../../core/index.js';
import type { CallbackReceiver, CallbackRequest, CallbackResponse, Intake, IntakeResult } from '../contract.js';
import type { ReplyAddresses } from '../reply-addresses.js';
import { AIBOT_KINDS, hear, objectOf, PRESS_ANSWER_MS, pressedCard, textOf, WELCOME } from './aibot-heard.js';
import { aesKey, isSignedBy, notAuthentic, open, seal } from './crypto.js';
import type { CallbackKeys, CountCallback } from './types.js';
import { within } from './within.js';

/**
 * The AI bot (智能机器人) of the company by its JSON callback: hears what is said to it in groups, where a self-built app
 * hears nothing. Answers go to the address that came with the question, once, within an hour.
 * https://developer.work.weixin.qq.com/document/path/100719 and /101033
 */
const WINDOW_MS = 10 * MINUTE;
const MAX_BODY_BYTES = 64 * 1024;
const INTAKE_TIMEOUT_MS = 2_500;
/** https://developer.work.weixin.qq.com/document/path/101138 */
const ADDRESS_LIFE_MS = HOUR;

const TAKEN: CallbackResponse = { status: 200, contentType: 'text/plain; charset=utf-8', body: '' };
const REFUSED: CallbackResponse = { status: 403, contentType: 'text/plain; charset=utf-8', body: 'forbidden' };
const LATER: CallbackResponse = { status: 503, contentType: 'text/plain; charset=utf-8', body: 'later' };

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
  const count: CountCallback = (kind, outcome) => deps.count?.(AIBOT_KINDS.has(kind) ? kind : 'aibot.other', outcome);

  function authenticate({ query }: CallbackRequest, encrypted: string): string {
    const { msg_signature: signature = '', timestamp = '', nonce = '' } = query;
    if (!isSignedBy(keys.token, signature, timestamp, nonce, encrypted)) throw notAuthentic();
    const message = open(keys.aesKey, encrypted, '');
    const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
    if (!(Math.abs(clock.now().getTime() - seconds * SECOND) <= WINDOW_MS)) throw notAuthentic();
    return message.toString('utf8');
  }

  async function receive(request: CallbackRequest): Promise<CallbackResponse> {
    const deadline = performance.now() + PRESS_ANSWER_MS;
    const envelope = objectOf(parse(request.body.toString('utf8')));
    const message = objectOf(parse(authenticate(request, textOf(envelope['encrypt']))));
    const heard = hear(message, clock.now());
    count(heard.kind, heard.outcome);
    if (heard.outcome === 'malformed') return REFUSED;
    if (heard.outcome === 'ignored') {
      return heard.welcome ? reply(request, { msgtype: 'text', text: { content: WELCOME } }) : TAKEN;
    }
    const { key, event } = heard;
    const address = textOf(message['response_url']);
    const work = async (): Promise<IntakeResult> => {
      // Before the question, so that whoever answers it finds the way.
      if (isOfVendor(address, deps.apiBase)) {
        await addresses.keep(key, address, new Date(clock.now().getTime() + ADDRESS_LIFE_MS));
      }
      return deps.intake(event);
    };
    try {
      const result = await within(work(), INTAKE_TIMEOUT_MS);
      return result === null ? LATER : await answerPress(request, message, result, deadline);
    } catch (error) {
      log.warn({ key, code: errorCode(error) }, 'not stored, so not acknowledged');
      return LATER;
    }
  }

  /** How the pressed card looks now, in the answer itself: a card of the bot cannot be changed in any other way. */
  async function answerPress(
    request: CallbackRequest,
    message: Record<string, unknown>,
    { answer, answered }: IntakeResult,
    deadline: number,
  ): Promise<CallbackResponse> {
    const filled = answer === undefined ? null : await within(answer, deadline - performance.now());
    const card = filled === null ? null : pressedCard(message, filled);
    if (card === null) return TAKEN;
    const update = reply(request, { response_type: 'update_template_card', template_card: card });
    return answered === undefined ? update : { ...update, written: answered };
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

/** Nobody but the vendor is sent our answers, whatever a message says. */
export function isOfVendor(address: string, apiBase: string): boolean {
  try {
    return new URL(address).origin === new URL(apiBase).origin;
  } catch {
    return false; // no address at all
  }
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    throw notAuthentic();
  }
}

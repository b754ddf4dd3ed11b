import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, sha256, SECOND, MINUTE, type Clock, type Log } from '../../core/index.js';
import type { FilledCard } from '../../cards/index.js';
import type {
  CallbackReceiver,
  CallbackRequest,
  CallbackResponse,
  InboundEvent,
  Intake,
  IntakeHints,
  IntakeResult,
} from '../contract.js';
import { aesKey, isSignedBy, notAuthentic, open, replyEnvelope } from './crypto.js';
import { ofApp } from './apps.js';
import { decode, KINDS, type Decoded } from './decode.js';
import { passiveText, passiveUpdate } from './passive.js';
import type { ReplySlots, Words } from './reply-slots.js';
import { drawAnswer } from './template-card.js';
import type { CallbackKeys, CountCallback } from './types.js';
import { within } from './within.js';
import { MAX_XML_BYTES, parseXml, textAt, type XmlElement } from './xml.js';

/** WeCom documents no window; our own, both ways, wide enough for its repetitions and for a clock that is off. */
const WINDOW_MS = 10 * MINUTE;
/**
 * WeCom waits 5 s for the answer to a press and repeats it then. The person looks at a spinner meanwhile, and an answer
 * within a second feels immediate: what takes longer follows by API.
 */
export const PASSIVE_REPLY_MS = 900;

/** From the end of the work on a message to its first words at the outbox's door. */
const WORDS_FOLLOW_MS = 120;

/** A store that does not answer must not use up the platform's 5 s: refused by then, it is delivered again. */
const INTAKE_TIMEOUT_MS = 2_500;

const REFUSED: CallbackResponse = { status: 403, contentType: 'text/plain; charset=utf-8', body: 'forbidden' };
const TAKEN: CallbackResponse = { status: 200, contentType: 'text/plain; charset=utf-8', body: '' };
/** Every status but 200 makes the platform deliver again. */
const LATER: CallbackResponse = { status: 503, contentType: 'text/plain; charset=utf-8', body: 'later' };

export interface Receiver {
  callback: CallbackReceiver;
  /** Takes nothing more and waits for what is in work. */
  close(): Promise<void>;
  state(): { isOpen: boolean; lastAt: Date | null };
}

export interface ReceiverDeps {
  keys: CallbackKeys;
  /** The app whose messages come here; null for the directory's callback, where nobody says anything. */
  agentId: string | null;
  /** The same, where it is not the first app: told on with every event, so that this one answers. */
  app?: string;
  clock: Clock;
  log: Log;
  intake: Intake;
  /** Where the first words for whoever said something are waited for. */
  slots?: ReplySlots;
  /** People or departments changed: what the event says may be incomplete, so the directory is read. */
  onDirectoryChange?: (userIds: readonly string[] | null) => void;
  /** The vendor is about to suspend the app, or has; `what` is its word for it. */
  onAppWarning?: (what: string) => void;
  count?: CountCallback;
}

export function createReceiver(deps: ReceiverDeps): Receiver {
  const { agentId, clock, log, intake } = deps;
  const keys = { aesKey: aesKey(deps.keys.encodingAesKey), token: deps.keys.token, receiveId: deps.keys.corpId };
  const count: CountCallback = (kind, outcome) => deps.count?.(KINDS.has(kind) ? kind : 'other', outcome);
  const inWork = new Set<Promise<unknown>>();
  let isOpen = true;
  let lastAt: Date | null = null;

  /** Signature over the raw values, then decryption, then the time window. Throws `AuthenticityError` without a reason. */
  function authenticate(request: CallbackRequest, encrypted: string): string {
    const { msg_signature: signature = '', timestamp = '', nonce = '' } = request.query;
    if (!isSignedBy(keys.token, signature, timestamp, nonce, encrypted)) throw notAuthentic();
    const message = open(keys.aesKey, encrypted, keys.receiveId);
    const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
    if (!(Math.abs(clock.now().getTime() - seconds * SECOND) <= WINDOW_MS)) throw notAuthentic();
    lastAt = clock.now();
    return message.toString('utf8');
  }

  /** https://developer.work.weixin.qq.com/document/path/90238 : answered with the bare text within a second. */
  function verifyUrl(request: CallbackRequest): CallbackResponse {
    // Base64 has no spaces: a space is a plus that was decoded twice on the way.
    const echo = (request.query['echostr'] ?? '').replaceAll(' ', '+');
    return { ...TAKEN, body: authenticate(request, echo) };
  }

  async function receive(request: CallbackRequest): Promise<CallbackResponse> {
    const deadline = performance.now() + PASSIVE_REPLY_MS;
    const source = authenticate(request, encryptedPart(request.body));
    const xml = parseXml(source);
    const agent = textAt(xml, 'AgentID') || textAt(xml, 'AgentId');
    // Contact and batch events carry no app.
    if (agent !== '' && agent !== agentId) throw notAuthentic();
    const decoded = decode(xml, source, agentId ?? 'contacts');
    if (decoded.kind === 'silent') {
      log.debug({ what: decoded.what }, 'taken without a word');
      count(decoded.what, 'ignored');
      if (decoded.touches === 'directory') deps.onDirectoryChange?.(decoded.userIds);
      if (decoded.touches === 'app') deps.onAppWarning?.(decoded.what);
      return TAKEN;
    }
    // The directory's keys open the directory's door only.
    if (agentId === null) throw notAuthentic();
    if (decoded.kind === 'malformed') {
      log.error({ why: decoded.why, sha256: sha256(source) }, 'authentic but not readable');
      count('other', 'malformed');
      return REFUSED;
    }
    const { event, hints } = forApp(decoded, deps.app);
    const result = await stored(event, hints);
    if (result === null) return LATER;
    count(decoded.what, event.body.kind === 'unknown' ? 'unknown' : 'event');
    if (event.body.kind === 'unknown') log.info({ key: event.key, what: event.body.what }, 'unknown kind');
    if (event.takesWords === true && !result.duplicate) {
      const words = await firstWords(event.from, result.handled, deadline);
      return words === null ? TAKEN : wordsReply(words, xml, event.from);
    }
    const card = result.answer === undefined ? null : await within(result.answer, deadline - performance.now());
    const reply = card === null ? null : passiveReply(card, xml, event.from);
    if (reply === null) return TAKEN;
    return {
      status: 200,
      contentType: 'application/xml; charset=utf-8',
      body: reply,
      ...(result.answered === undefined ? {} : { written: result.answered }),
    };
  }

  /** What is said at once to whoever said something; the answer is not kept open for longer than it takes to know. */
  function firstWords(
    userId: string,
    handled: IntakeResult['handled'],
    deadline: number,
  ): Promise<Words | null> | null {
    if (deps.slots === undefined || handled === undefined) return null;
    const settled = handled.then(() => sleep(WORDS_FOLLOW_MS, null, { ref: false }));
    return deps.slots.open(userId, within(settled, deadline - performance.now()));
  }

  function wordsReply(words: Words, xml: XmlElement, userId: string): CallbackResponse {
    const atSeconds = Math.floor(clock.now().getTime() / SECOND);
    const message = passiveText(words.text, { userId, corpId: textAt(xml, 'ToUserName'), atSeconds });
    const body = replyEnvelope(keys, message, atSeconds);
    return { status: 200, contentType: 'application/xml; charset=utf-8', body, written: words.written };
  }

  /** Null when it is not known to be stored: then it is not acknowledged. */
  async function stored(event: InboundEvent, hints: IntakeHints | undefined): Promise<IntakeResult | null> {
    try {
      const result = await within(intake(event, hints), INTAKE_TIMEOUT_MS);
      if (result === null) log.warn({ key: event.key }, 'not stored in time, so not acknowledged');
      return result;
    } catch (error) {
      log.warn({ key: event.key, code: errorCode(error) }, 'not stored, so not acknowledged');
      return null;
    }
  }

  /** Null when the passive form cannot show this card: it then follows by API. */
  function passiveReply(card: FilledCard, xml: XmlElement, userId: string): string | null {
    const drawn = drawAnswer(card);
    if (drawn === null) return null;
    const atSeconds = Math.floor(clock.now().getTime() / SECOND);
    const message = passiveUpdate(drawn, { userId, corpId: textAt(xml, 'ToUserName'), atSeconds });
    return message === null ? null : replyEnvelope(keys, message, atSeconds);
  }

  async function handle(request: CallbackRequest): Promise<CallbackResponse> {
    try {
      if (request.body.length > MAX_XML_BYTES) throw notAuthentic();
      if (request.method === 'GET') return verifyUrl(request);
      if (request.method === 'POST') return await receive(request);
      throw notAuthentic();
    } catch (error) {
      // One answer for all, so that nobody learns how far a forgery came.
      log.warn({ code: errorCode(error), bytes: request.body.length }, 'callback refused');
      count('other', 'refused');
      return REFUSED;
    }
  }

  return {
    callback: async (request) => {
      if (!isOpen) return LATER;
      const work = handle(request);
      inWork.add(work);
      try {
        return await work;
      } finally {
        inWork.delete(work);
      }
    },
    async close() {
      isOpen = false;
      await Promise.allSettled(inWork);
    },
    state: () => ({ isOpen, lastAt }),
  };
}

/** An event of a further app, and a handle that only it can use. */
function forApp(
  { event, hints }: Extract<Decoded, { kind: 'event' }>,
  app: string | undefined,
): { event: InboundEvent; hints?: IntakeHints } {
  if (app === undefined) return { event, ...(hints === undefined ? {} : { hints }) };
  const handle = hints?.updateHandle;
  return { event: { ...event, app }, ...(handle === undefined ? {} : { hints: { updateHandle: ofApp(app, handle) } }) };
}

/** The one value that is signed; found without parsing, since nothing is parsed before it is authentic. */
function encryptedPart(body: Buffer): string {
  const found = [
    ...body.toString('latin1').matchAll(/<Encrypt>\s*(?:<!\[CDATA\[([^\]<]*)\]\]>|([^<]*))\s*<\/Encrypt>/g),
  ];
  const [only] = found;
  if (found.length !== 1 || only === undefined) throw notAuthentic();
  return (only[1] ?? only[2] ?? '').trim();
}

import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../core/index.js';
import type { CallbackOutcome } from '../types.js';
import { decrypt, encrypt, signature } from './crypto.js';
import type { Door, WecomState } from './state.js';
import { isJson, type Json, parseJson, text } from '../json.js';
import { childText, readXml, writeXml, type XmlItem, type XmlNode } from './xml.js';

/** One delivery and up to three more. https://developer.work.weixin.qq.com/document/path/90238 */
const TRIES = 4;

/** What came back, decrypted and checked. */
export type PassiveReply =
  | { kind: 'empty' }
  | { kind: 'invalid'; why: string }
  | { kind: 'reply'; xml: XmlNode }
  /** Of the bot. */
  | { kind: 'json'; json: Json };

interface Envelope {
  url: string;
  body: string;
}

export interface Delivered {
  outcome: CallbackOutcome;
  reply: PassiveReply;
}

/** Seals and delivers callbacks to the URL that was saved in the console. */
export class CallbackSender {
  readonly #state: WecomState;
  readonly #door: Door;
  #last: { kind: string; envelope: Envelope } | undefined;
  #busy = 0;

  constructor(state: WecomState, door: Door = 'app') {
    this.#state = state;
    this.#door = door;
  }

  /** Pressing Save: the URL must echo within a second, exactly. */
  async verify(url: string): Promise<{ ok: true } | { ok: false; reason: string }> {
    const { receiveId, token, encodingAesKey } = this.#state.door(this.#door);
    const echo = String(randomBytes(8).readBigUInt64BE());
    const echostr = encrypt(encodingAesKey, echo, receiveId);
    const { timestamp, nonce } = this.#stamp();
    const query = { msg_signature: signature(token, timestamp, nonce, echostr), timestamp, nonce, echostr };
    const limit = AbortSignal.timeout(this.#state.world.timings.wecomVerifyMs);
    try {
      const response = await fetch(withQuery(url, query), { signal: limit, redirect: 'manual' });
      const body = await response.text();
      if (response.status !== 200) return { ok: false, reason: `HTTP ${response.status}` };
      if (body !== echo) return { ok: false, reason: 'the answer is not the decrypted echostr' };
    } catch (error) {
      return { ok: false, reason: limit.aborted ? 'no answer within one second' : errorCode(error) };
    }
    this.#state.saveDoor(this.#door, url);
    return { ok: true };
  }

  /** Delivers one message until it is answered with 200, or gives up. Extra copies go out beside it. */
  async deliver(kind: string, plain: string): Promise<Delivered> {
    const started = performance.now();
    const { timings, faults } = this.#state.world;
    let status = 0;
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const begun = performance.now();
      const envelope = this.#seal(plain);
      if (envelope === undefined) {
        return { outcome: { status: 0, ms: 0, tries: 0, answered: 'no callback url' }, reply: { kind: 'empty' } };
      }
      this.#last = { kind, envelope };
      const extra = tries === 1 ? (faults.wecom.duplicateCallbacks ?? 0) : 0;
      const answers = Promise.all([
        this.#post(kind, envelope),
        ...Array.from({ length: extra }, () => this.#post(`${kind} (again)`, envelope)),
      ]);
      const [first] = await answers;
      status = first.status;
      if (status === 200) {
        const reply = this.#door === 'aibot' ? this.#openJson(first.body, envelope) : this.#open(first.body);
        const ms = Math.round(performance.now() - started);
        return { outcome: { status, ms, tries, answered: describe(reply) }, reply };
      }
      const rest = timings.wecomRetryPauseMs - (performance.now() - begun);
      if (tries < TRIES && rest > 0) await sleep(rest, undefined, { ref: false });
    }
    const ms = Math.round(performance.now() - started);
    return { outcome: { status, ms, tries: TRIES, answered: 'gave up' }, reply: { kind: 'empty' } };
  }

  /** The last callback once more, the same bytes. */
  async replay(): Promise<{ status: number }> {
    if (this.#last === undefined) return { status: 0 };
    return { status: (await this.#post(`${this.#last.kind} (replay)`, this.#last.envelope)).status };
  }

  /** Something that only looks like a callback. */
  async forge(how: string): Promise<{ status: number } | undefined> {
    const url = this.#state.data.callbackUrl;
    if (url === undefined) return { status: 0 };
    const { corpId, agentId } = this.#state.data;
    const plain = writeXml([
      ['ToUserName', corpId],
      ['FromUserName', this.#state.world.userIds('wecom')[0] ?? 'nobody'],
      ['CreateTime', Math.floor(this.#state.world.now() / 1_000)],
      ['MsgType', 'text'],
      ['Content', '数字'],
      ['MsgId', { plain: this.messageId() }],
      ['AgentID', { plain: agentId }],
    ]);
    const threeDaysAgo = this.#state.world.now() - 3 * 86_400_000;
    const forged: Record<string, () => Envelope | undefined> = {
      signature: () => this.#seal(plain, { token: 'wrongtoken' }),
      receiveid: () => this.#seal(plain, { receiveId: 'ww0000000000000000' }),
      old: () => this.#seal(plain, { at: threeDaysAgo }),
      garbage: () => ({ url: withQuery(url, { msg_signature: 'x', timestamp: '0', nonce: '0' }), body: '<xml><Encr' }),
    };
    const envelope = forged[how]?.();
    if (envelope === undefined) return undefined;
    return { status: (await this.#post(`forged ${how}`, envelope)).status };
  }

  /** Callbacks that are being delivered. */
  get busy(): number {
    return this.#busy;
  }

  /** 64 bits, larger than a double can count. */
  messageId(): string {
    return String(7_312_345_678_901_234_560n + BigInt(this.#state.world.next()));
  }

  #stamp(at = this.#state.world.now()): { timestamp: string; nonce: string } {
    return { timestamp: String(Math.floor(at / 1_000)), nonce: String(randomInt(1_000_000_000, 2_147_483_647)) };
  }

  #seal(plain: string, other: { token?: string; receiveId?: string; at?: number } = {}): Envelope | undefined {
    const { corpId, agentId } = this.#state.data;
    const { token, encodingAesKey, receiveId, url } = this.#state.door(this.#door);
    if (url === undefined) return undefined;
    const encrypted = encrypt(encodingAesKey, plain, other.receiveId ?? receiveId);
    const { timestamp, nonce } = this.#stamp(other.at);
    const msgSignature = signature(other.token ?? token, timestamp, nonce, encrypted);
    const agent: XmlItem[] = this.#door === 'app' ? [['AgentID', agentId]] : [];
    return {
      url: withQuery(url, { msg_signature: msgSignature, timestamp, nonce }),
      body:
        this.#door === 'aibot'
          ? JSON.stringify({ encrypt: encrypted })
          : writeXml([['ToUserName', corpId], ...agent, ['Encrypt', encrypted]]),
    };
  }

  async #post(kind: string, envelope: Envelope): Promise<{ status: number; body: string }> {
    const started = performance.now();
    this.#busy += 1;
    let status = 0;
    let body = '';
    try {
      const response = await fetch(envelope.url, {
        method: 'POST',
        body: envelope.body,
        headers: { 'content-type': this.#door === 'aibot' ? 'application/json' : 'text/xml' },
        signal: AbortSignal.timeout(this.#state.world.timings.wecomAnswerMs),
        redirect: 'manual',
      });
      body = await response.text();
      status = response.status;
    } catch {
      status = 0; // cut, refused or too slow: counts as unanswered
    } finally {
      this.#busy -= 1;
    }
    const { world } = this.#state;
    world.record({
      at: world.clock.now().toISOString(),
      platform: 'wecom',
      direction: 'in',
      method: 'POST',
      path: new URL(envelope.url).pathname,
      kind,
      ms: Math.round((performance.now() - started) * 10) / 10,
      status,
      bytes: envelope.body.length,
    });
    return { status, body };
  }

  /** A passive reply is accepted only when it is signed, decrypts, and is meant for this company. */
  #open(body: string): PassiveReply {
    if (body === '') return { kind: 'empty' };
    const { token, encodingAesKey, corpId } = this.#state.data;
    const envelope = readXml(body.trim());
    if (envelope === undefined) return { kind: 'invalid', why: 'not xml' };
    const encrypted = childText(envelope, 'Encrypt');
    const timestamp = childText(envelope, 'TimeStamp');
    const expected = signature(token, timestamp, childText(envelope, 'Nonce'), encrypted);
    if (!/^\d+$/.test(timestamp) || childText(envelope, 'MsgSignature') !== expected) {
      return { kind: 'invalid', why: 'wrong signature' };
    }
    const plain = decrypt(encodingAesKey, encrypted);
    if (plain === undefined) return { kind: 'invalid', why: 'cannot be decrypted' };
    if (plain.receiveId !== corpId) return { kind: 'invalid', why: 'wrong receiveid' };
    const xml = readXml(plain.message);
    if (xml === undefined) return { kind: 'invalid', why: 'no xml inside' };
    if (childText(xml, 'FromUserName') !== corpId) return { kind: 'invalid', why: 'FromUserName is not the corp' };
    return { kind: 'reply', xml };
  }

  /** The bot's answers are JSON, sealed under the callback's own nonce. https://developer.work.weixin.qq.com/document/path/101033 */
  #openJson(body: string, sent: Envelope): PassiveReply {
    if (body === '') return { kind: 'empty' };
    const { token, encodingAesKey, receiveId } = this.#state.door(this.#door);
    const envelope = parseJson(body);
    if (!isJson(envelope)) return { kind: 'invalid', why: 'not json' };
    const { timestamp } = envelope;
    const nonce = text(envelope.nonce);
    if (nonce !== new URL(sent.url).searchParams.get('nonce'))
      return { kind: 'invalid', why: 'not the nonce of the callback' };
    if (typeof timestamp !== 'number') return { kind: 'invalid', why: 'timestamp is no number' };
    const encrypted = text(envelope.encrypt);
    if (envelope.msgsignature !== signature(token, String(timestamp), nonce, encrypted))
      return { kind: 'invalid', why: 'wrong signature' };
    const plain = decrypt(encodingAesKey, encrypted);
    if (plain?.receiveId !== receiveId) return { kind: 'invalid', why: 'cannot be decrypted' };
    const json = parseJson(plain.message);
    return isJson(json) ? { kind: 'json', json } : { kind: 'invalid', why: 'no json inside' };
  }
}

function describe(reply: PassiveReply): string {
  if (reply.kind === 'json') return text(reply.json.response_type) || text(reply.json.msgtype);
  if (reply.kind === 'reply') return childText(reply.xml, 'MsgType');
  return reply.kind === 'empty' ? 'empty' : `invalid: ${reply.why}`;
}

function withQuery(url: string, query: Record<string, string>): string {
  const target = new URL(url);
  for (const [key, value] of Object.entries(query)) target.searchParams.set(key, value);
  return target.href;
}

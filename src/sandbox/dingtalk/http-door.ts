import { createHmac, randomUUID } from 'node:crypto';
import { errorCode, HOUR } from '../../core/index.js';
import { isJson, type Json, parseJson, text } from '../json.js';
import type { CallbackOutcome } from '../types.js';
import { decrypt, encrypt, signature } from '../wecom/crypto.js';
import { opaque } from '../world.js';
import { type Ack, type Frame, PUSHES, TOPIC_CARD, TOPIC_ROBOT } from './gateway.js';
import type { DingtalkState } from './state.js';

/**
 * HTTP mode: the same pushes to the address that was saved in the console.
 * https://open.dingtalk.com/document/development/robot-message-type, http-callback-overview and event-callback-card
 */

interface Envelope {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** An older page says 1.5 s for the check of the address. */
const CHECK_MS = 1_500;
/** Events wait less long over HTTP than over the stream. */
export const HTTP_EVENT_MS = 2_500;

export class HttpDoor {
  readonly #state: DingtalkState;
  readonly #timers = new Set<NodeJS.Timeout>();
  #last: Envelope | undefined;

  constructor(state: DingtalkState) {
    this.#state = state;
  }

  /** Saves the address for robot messages and events; null goes back to the stream. The console asks it first. */
  async save(url: string | null): Promise<{ ok: true } | { ok: false; reason: string }> {
    const { data, world } = this.#state;
    if (url === null) {
      delete data.callbackUrl;
      world.save();
      return { ok: true };
    }
    const { status, opened, why } = await this.#ask(this.#sealed(url, { EventType: 'check_url' }), CHECK_MS);
    if (status !== 200) return { ok: false, reason: why ?? `HTTP ${status}` };
    if (opened !== 'success') return { ok: false, reason: 'the answer is not the encrypted word success' };
    data.callbackUrl = url;
    world.save();
    return { ok: true };
  }

  async push(frame: Frame, answerMs: number): Promise<{ outcome: CallbackOutcome; ack?: Ack }> {
    const started = performance.now();
    const envelope = this.#envelope(frame);
    if (envelope === undefined) return { outcome: { status: 0, ms: 0, tries: 0, answered: 'no callback address' } };
    this.#last = envelope;
    const copies = 1 + (this.#state.world.faults.dingtalk.duplicateCallbacks ?? 0);
    const [first] = await Promise.all(Array.from({ length: copies }, () => this.#once(frame, envelope, answerMs)));
    const ms = Math.round(performance.now() - started);
    // Only events come again: a message or a click that was not taken is lost.
    if (frame.type === 'EVENT' && first?.ack === undefined) this.#again(frame, answerMs, PUSHES - 1);
    const outcome = { status: first?.status ?? 0, ms, tries: 1 };
    if (first?.ack !== undefined) return { outcome, ack: first.ack };
    return { outcome: { ...outcome, answered: first?.why ?? 'not accepted' } };
  }

  #again(frame: Frame, answerMs: number, left: number): void {
    if (left === 0) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const envelope = this.#envelope(frame);
      if (envelope === undefined) return;
      this.#once(frame, envelope, answerMs).then(
        ({ ack }) => {
          if (ack === undefined) this.#again(frame, answerMs, left - 1);
        },
        () => undefined, // never rejects
      );
    }, this.#state.world.timings.dingtalkRedeliverMs);
    this.#timers.add(timer);
  }

  /** One request; `ack` is there when it was taken as the vendor asks. */
  async #once(
    frame: Frame,
    envelope: Envelope,
    answerMs: number,
  ): Promise<{ status: number; ack?: Ack; why?: string }> {
    const asked = await this.#ask(envelope, answerMs, frame);
    if (asked.status !== 200) return { status: asked.status, ...(asked.why === undefined ? {} : { why: asked.why }) };
    if (frame.type === 'EVENT') {
      if (asked.opened !== 'success') return { status: 200, why: 'the answer is not the encrypted word success' };
      return { status: 200, ack: { code: 200, data: { status: 'SUCCESS' } } };
    }
    const body = asked.body === '' ? {} : parseJson(asked.body);
    if (!isJson(body)) return { status: 200, why: 'the answer is no JSON' };
    return { status: 200, ack: { code: 200, data: { response: body } } };
  }

  #envelope(frame: Frame): Envelope | undefined {
    const { data, world } = this.#state;
    if (frame.topic === TOPIC_CARD) {
      const route = data.cardRoutes[frame.headers['callbackRouteKey'] ?? ''];
      if (route === undefined) return undefined;
      const timestamp = String(world.now());
      const signed = {
        'x-ddpaas-signature-timestamp': timestamp,
        'x-ddpaas-signature': createHmac('sha256', route.apiSecret).update(timestamp).digest('base64'),
      };
      return { url: route.callbackUrl, headers: route.apiSecret === '' ? {} : signed, body: frame.data };
    }
    if (data.callbackUrl === undefined) return undefined;
    if (frame.topic === TOPIC_ROBOT) return this.#robot(data.callbackUrl, frame.data);
    const { eventType, eventId, eventBornTime, eventCorpId } = frame.headers;
    const inside = parseJson(frame.data);
    const plain: Json = {
      EventType: eventType,
      EventTime: Number(eventBornTime),
      CorpId: eventCorpId,
      BizId: eventBornTime,
      eventId,
      ...(isJson(inside) ? inside : {}),
    };
    return this.#sealed(data.callbackUrl, plain);
  }

  #robot(url: string, body: string, secret = this.#state.data.clientSecret, at = this.#state.world.now()): Envelope {
    const sign = createHmac('sha256', secret).update(`${at}\n${secret}`).digest('base64');
    return { url, headers: { timestamp: String(at), sign }, body };
  }

  #sealed(url: string, plain: Json, owner = this.#state.data.clientId): Envelope {
    const { eventToken, eventAesKey } = this.#state.data;
    const sealed = encrypt(eventAesKey, JSON.stringify(plain), owner);
    const timestamp = String(this.#state.world.now());
    const nonce = opaque(16);
    const address = new URL(url);
    const sign = signature(eventToken, timestamp, nonce, sealed);
    for (const [name, value] of Object.entries({ signature: sign, msg_signature: sign, timestamp, nonce })) {
      address.searchParams.set(name, value);
    }
    return { url: address.href, headers: {}, body: JSON.stringify({ encrypt: sealed }) };
  }

  async #ask(
    envelope: Envelope,
    limitMs: number,
    frame?: Frame,
  ): Promise<{ status: number; body: string; opened?: string; why?: string }> {
    const started = performance.now();
    const limit = new AbortController();
    // What is in the socket's buffer already was in time, however busy this process has been.
    const timer = setTimeout(() => setImmediate(() => setImmediate(() => limit.abort())), limitMs);
    let status = 0;
    try {
      const response = await fetch(envelope.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', ...envelope.headers },
        body: envelope.body,
        signal: limit.signal,
        redirect: 'manual',
      });
      const body = await response.text();
      status = response.status;
      const opened = this.#open(body);
      return { status, body, ...(opened === undefined ? {} : { opened }) };
    } catch (error) {
      return { status: 0, body: '', why: limit.signal.aborted ? 'no answer in time' : errorCode(error) };
    } finally {
      clearTimeout(timer);
      this.#record(envelope, frame, status, performance.now() - started);
    }
  }

  #record(envelope: Envelope, frame: Frame | undefined, status: number, ms: number): void {
    const { world } = this.#state;
    world.record({
      at: world.clock.now().toISOString(),
      platform: 'dingtalk',
      direction: 'in',
      method: 'POST',
      path: new URL(envelope.url).pathname,
      kind: frame?.headers['eventType'] ?? frame?.topic ?? 'check_url',
      ms: Math.round(ms * 10) / 10,
      status,
      bytes: envelope.body.length,
    });
  }

  /** The word inside an encrypted answer, when its signature and its owner are right. */
  #open(body: string): string | undefined {
    const { eventToken, eventAesKey, clientId } = this.#state.data;
    const answer = parseJson(body);
    if (!isJson(answer) || text(answer.encrypt) === '') return undefined;
    const sign = signature(eventToken, text(answer.timeStamp), text(answer.nonce), text(answer.encrypt));
    if (sign !== answer.msg_signature) return undefined;
    const opened = decrypt(eventAesKey, text(answer.encrypt));
    return opened?.receiveId === clientId ? opened.message : undefined;
  }

  /** The last push once more, the same bytes under the same signature. */
  async replay(): Promise<{ status: number }> {
    if (this.#last === undefined) return { status: 0 };
    return { status: (await this.#ask(this.#last, HTTP_EVENT_MS)).status };
  }

  /** Something that only looks like a callback. */
  async forge(how: string): Promise<{ status: number } | undefined> {
    const url = this.#state.data.callbackUrl;
    if (url === undefined) return { status: 0 };
    const { world } = this.#state;
    const message = JSON.stringify({
      msgId: `msg${randomUUID()}`,
      msgtype: 'text',
      conversationType: '1',
      senderStaffId: world.userIds('dingtalk')[0] ?? 'nobody',
      text: { content: '数字' },
    });
    const forged: Record<string, () => Envelope> = {
      signature: () => this.#robot(url, message, 'wrongsecret'),
      receiveid: () => this.#sealed(url, { EventType: 'check_in', eventId: opaque(16) }, 'dingother'),
      old: () => this.#robot(url, message, undefined, world.now() - 2 * HOUR),
      garbage: () => ({ url, headers: {}, body: '{"msgtype":"te' }),
    };
    const envelope = forged[how]?.();
    return envelope === undefined ? undefined : { status: (await this.#ask(envelope, HTTP_EVENT_MS)).status };
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

import { randomInt, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { SECOND } from '../../core/index.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { isJson, type Json, list, parseJson, text } from '../json.js';
import type { CallbackOutcome } from '../types.js';
import type { DingtalkState } from './state.js';
import { refuse } from './words.js';

export const TOPIC_ROBOT = '/v1.0/im/bot/messages/get';
export const TOPIC_CARD = '/v1.0/card/instances/callback';
const TICKET_MS = 90 * SECOND;
/** Pings without an answer after which the other side counts as gone. */
const MISSED_PINGS = 3;
/** Pushes of one frame altogether, when it is not answered. */
export const PUSHES = 4;

interface Connection {
  id: string;
  socket: WebSocket;
  topics: Set<string>;
  /** Told to leave: gets nothing more. */
  leaving: boolean;
  unansweredPings: number;
  pinger: NodeJS.Timeout;
}

export interface Frame {
  type: 'EVENT' | 'CALLBACK';
  topic: string;
  data: string;
  headers: Record<string, string>;
}

export interface Ack {
  code: number;
  data: unknown;
}

/** Stream mode: tickets, sockets, frames, ACKs, redelivery. */
export class Gateway {
  readonly #state: DingtalkState;
  readonly #tickets = new Map<string, { topics: Set<string>; expiresAt: number }>();
  readonly #connections = new Map<string, Connection>();
  readonly #waiting = new Map<string, (ack: Ack) => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  #last: Frame | undefined;
  #closed = false;

  constructor(state: DingtalkState) {
    this.#state = state;
  }

  get connections(): number {
    return [...this.#connections.values()].filter((connection) => !connection.leaving).length;
  }

  /** POST /v1.0/gateway/connections/open */
  open(call: Call, base: string): Reply {
    const request = jsonBody(call) ?? {};
    const { clientId, clientSecret } = this.#state.data;
    if (request.clientId !== clientId || request.clientSecret !== clientSecret) {
      return refuse(401, 'authFailed', '鉴权失败');
    }
    const topics = new Set<string>();
    for (const item of list(request.subscriptions)) {
      if (!isJson(item) || text(item.topic) === '' || !['EVENT', 'CALLBACK', 'SYSTEM'].includes(text(item.type))) {
        return refuse(400, 'invalidParameter', '订阅参数不合法');
      }
      topics.add(`${text(item.type)} ${text(item.topic)}`);
    }
    if (topics.size === 0) return refuse(400, 'invalidParameter', '订阅参数不合法');
    const ticket = randomUUID();
    this.#tickets.set(ticket, { topics, expiresAt: this.#state.world.now() + TICKET_MS });
    return { json: { endpoint: `${base.replace(/^http/, 'ws')}/connect`, ticket } };
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { down } = this.#state.world.faults.dingtalk;
    if (down !== undefined && down !== false) {
      socket.destroy();
      return;
    }
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const key = url.searchParams.get('ticket') ?? '';
    const ticket = this.#tickets.get(key);
    this.#tickets.delete(key); // one use
    if (url.pathname !== '/connect' || ticket === undefined || ticket.expiresAt <= this.#state.world.now()) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, ticket.topics));
  }

  #accept(socket: WebSocket, topics: Set<string>): void {
    const id = randomUUID();
    const pinger = setInterval(() => this.#ping(connection), this.#state.world.timings.dingtalkPingMs);
    const connection: Connection = { id, socket, topics, leaving: false, unansweredPings: 0, pinger };
    this.#connections.set(id, connection);
    socket.on('message', (raw) => this.#answered(connection, String(raw)));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearInterval(pinger);
      this.#connections.delete(id);
    });
  }

  #ping(connection: Connection): void {
    if (connection.unansweredPings >= MISSED_PINGS) {
      this.#disconnect(connection, 'persistent connection is timeout');
      return;
    }
    connection.unansweredPings += 1;
    this.#system(connection, 'ping', JSON.stringify({ opaque: randomUUID() }));
  }

  #system(connection: Connection, topic: string, data: string): void {
    const headers = {
      contentType: 'application/json',
      messageId: randomUUID(),
      time: String(this.#state.world.now()),
      topic,
    };
    connection.socket.send(JSON.stringify({ specVersion: '1.0', type: 'SYSTEM', headers, data }));
    if (topic === 'ping') {
      this.#waiting.set(headers.messageId, (ack) => {
        // The same data must come back.
        if (ack.code === 200 && JSON.stringify(ack.data) === data) connection.unansweredPings = 0;
      });
    }
  }

  /** `cut` ends the connections without a word; any other reason is said, and the end comes later. */
  disconnectAll(reason: string): void {
    for (const connection of this.#connections.values()) {
      if (reason === 'cut') connection.socket.terminate();
      else this.#disconnect(connection, reason);
    }
  }

  #disconnect(connection: Connection, reason: string): void {
    if (connection.leaving) return;
    connection.leaving = true;
    this.#system(connection, 'disconnect', JSON.stringify({ reason }));
    this.#later(this.#state.world.timings.dingtalkCloseMs, () => connection.socket.terminate());
  }

  /** Pushes to one of the connections that asked for it, and waits for the ACK. */
  async push(frame: Frame, answerMs: number): Promise<{ outcome: CallbackOutcome; ack?: Ack }> {
    const started = performance.now();
    this.#last = frame;
    const { world } = this.#state;
    const extra = world.faults.dingtalk.duplicateCallbacks ?? 0;
    const tries = Array.from({ length: 1 + extra }, () => this.#once(frame, answerMs));
    const [ack] = await Promise.all(tries);
    const ms = Math.round(performance.now() - started);
    if (ack === 'nobody') {
      // A message said while nobody is connected is lost, an event is kept.
      if (frame.type === 'EVENT') this.#again(frame, answerMs, PUSHES - 1);
      return { outcome: { status: 0, ms, tries: 0, answered: 'no connection' } };
    }
    const good = ack !== undefined && ack.code === 200 && !isLater(frame, ack);
    // A click that was not answered in time is lost; messages and events come again, under a new messageId.
    if (!good && frame.topic !== TOPIC_CARD) this.#again(frame, answerMs, PUSHES - 1);
    if (ack === undefined) return { outcome: { status: 0, ms, tries: 1, answered: 'no answer in time' } };
    return { outcome: { status: ack.code, ms, tries: 1 }, ack };
  }

  #again(frame: Frame, answerMs: number, left: number): void {
    if (left === 0) return;
    this.#later(this.#state.world.timings.dingtalkRedeliverMs, () => {
      this.#once(frame, answerMs).then(
        (ack) => {
          if (ack === 'nobody') this.#again(frame, answerMs, left);
          else if (ack === undefined || ack.code !== 200 || isLater(frame, ack)) this.#again(frame, answerMs, left - 1);
        },
        () => undefined, // never rejects
      );
    });
  }

  async #once(frame: Frame, answerMs: number): Promise<Ack | 'nobody' | undefined> {
    const ready = [...this.#connections.values()].filter(
      (connection) => !connection.leaving && connection.topics.has(`${frame.type} ${frame.topic}`),
    );
    const connection = ready[ready.length === 0 ? 0 : randomInt(ready.length)];
    if (connection === undefined) return 'nobody';
    const started = performance.now();
    const messageId = randomUUID();
    const headers = {
      appId: this.#state.data.appId,
      connectionId: connection.id,
      contentType: 'application/json',
      messageId,
      time: String(this.#state.world.now()),
      topic: frame.topic,
      ...frame.headers,
    };
    const wire = JSON.stringify({ specVersion: '1.0', type: frame.type, headers, data: frame.data });
    const ack = await new Promise<Ack | undefined>((resolve) => {
      // What is in the socket's buffer already was in time, however busy this process has been.
      const timer = this.#later(answerMs, () => void setImmediate(resolve, undefined));
      this.#waiting.set(messageId, (answer) => {
        clearTimeout(timer);
        this.#timers.delete(timer);
        resolve(answer);
      });
      connection.socket.send(wire);
    });
    this.#waiting.delete(messageId);
    const { world } = this.#state;
    world.record({
      at: world.clock.now().toISOString(),
      platform: 'dingtalk',
      direction: 'in',
      method: frame.type,
      path: frame.topic,
      kind: frame.headers.eventType ?? frame.topic,
      ms: Math.round((performance.now() - started) * 10) / 10,
      status: ack?.code ?? 0,
      bytes: wire.length,
    });
    return ack;
  }

  #answered(connection: Connection, raw: string): void {
    const frame = parseJson(raw);
    if (!isJson(frame) || !isJson(frame.headers)) return;
    const settle = this.#waiting.get(text(frame.headers.messageId));
    if (settle === undefined) return;
    this.#waiting.delete(text(frame.headers.messageId));
    connection.unansweredPings = 0;
    // The answer is a JSON string inside JSON, as the question was.
    settle({ code: Number(frame.code), data: typeof frame.data === 'string' ? parseJson(frame.data) : undefined });
  }

  /** The last push once more: same content, new messageId. */
  async replay(): Promise<{ status: number }> {
    if (this.#last === undefined) return { status: 0 };
    const ack = await this.#once(this.#last, this.#state.world.timings.dingtalkEventMs);
    return { status: ack === 'nobody' || ack === undefined ? 0 : ack.code };
  }

  /** The stream is authentic by its TLS; what can still come is rubbish. */
  forge(how: string): Promise<{ status: number } | undefined> {
    const bad: Record<string, Json | string> = {
      garbage: '{"specVersion":"1.0","type":"CALL',
      signature: { specVersion: '1.0', type: 'CALLBACK', headers: { topic: TOPIC_ROBOT }, data: 'no json' },
      receiveid: { specVersion: '1.0', type: 'CALLBACK' },
      old: {
        specVersion: '1.0',
        type: 'SYSTEM',
        headers: { topic: 'nonsense', messageId: 'x', time: '0' },
        data: '{}',
      },
    };
    const frame = bad[how];
    if (frame === undefined) return Promise.resolve(undefined);
    for (const { socket } of this.#connections.values())
      socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    return Promise.resolve({ status: 0 });
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { socket, pinger } of this.#connections.values()) {
      clearInterval(pinger);
      socket.terminate();
    }
    this.#sockets.close();
  }

  #later(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#closed) act();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}

function isLater(frame: Frame, ack: Ack): boolean {
  return frame.type === 'EVENT' && isJson(ack.data) && ack.data.status !== 'SUCCESS';
}

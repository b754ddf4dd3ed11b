import { DWClient } from 'dingtalk-stream';
import { WebSocket, type RawData } from 'ws';
import { errorCode, errorText, PlatformRefusedError, PlatformUnreachableError, type Log } from '../../core/index.js';
import { createBackoff, type Backoff } from './backoff.js';
import { answerError } from './errors.js';
import { ask, failureText, jsonRequest, parseJson } from './http.js';
import { Link, STREAM_TIMINGS, systemTimers, type StreamTimings, type Timers } from './stream-link.js';
import { GatewayAnswer, StreamFrame } from './types.js';

/** What goes back for one frame. `sent` runs when it has left on the socket that delivered the frame. */
export interface FrameAck {
  code: 200 | 404 | 500;
  data: object;
  sent?: () => void;
}
export type FrameHandler = (frame: StreamFrame) => Promise<FrameAck>;

/** A robot message is a few KB; ws would take 100 MiB. */
const MAX_FRAME_BYTES = 1024 * 1024;

const SUBSCRIPTIONS = [
  { type: 'EVENT', topic: '*' },
  { type: 'CALLBACK', topic: '/v1.0/im/bot/messages/get' },
  { type: 'CALLBACK', topic: '/v1.0/card/instances/callback' },
];

export interface StreamDeps {
  clientId: string;
  clientSecret: string;
  apiBase: string;
  onFrame: FrameHandler;
  log: Log;
  timings?: Partial<StreamTimings>;
  timers?: Timers;
  backoff?: Backoff;
}

export interface StreamCounts {
  gatewayCalls: number;
  frames: number;
  /** Not JSON, another shape, an unknown type or topic. */
  badFrames: number;
  /** Handlers that threw. */
  failures: number;
  /** Answers whose socket was gone before they could leave. */
  lostAcks: number;
}

/**
 * The vendor's stream client with its connection life replaced: one socket, one backoff, one retry in flight; a new link
 * is open before the old one is left; each frame is answered on the socket that brought it, after its handler is done.
 * What the package still gives is its place (`DWClient`), configuration and subscription shape.
 */
export class StreamClient extends DWClient {
  readonly counts: StreamCounts = { gatewayCalls: 0, frames: 0, badFrames: 0, failures: 0, lostAcks: 0 };
  readonly #deps: StreamDeps;
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #timings: StreamTimings;
  readonly #backoff: Backoff;
  readonly #links = new Set<Link>();
  #current: Link | null = null;
  #address: string | null = null;
  #opening: Promise<void> | null = null;
  #abort = new AbortController();
  #cancelRetry: (() => void) | null = null;
  #stopped = true;
  #refused: PlatformRefusedError | null = null;

  constructor(deps: StreamDeps) {
    // Own array: the package shares its default one between all clients.
    const subscriptions = [...SUBSCRIPTIONS];
    const options = { clientId: deps.clientId, clientSecret: deps.clientSecret, ua: 'trailmark-node/0.1' };
    super({ ...options, keepAlive: false, autoReconnect: false, subscriptions } as typeof options);
    this.#deps = deps;
    this.#log = deps.log;
    this.#timers = deps.timers ?? systemTimers;
    this.#timings = { ...STREAM_TIMINGS, ...deps.timings };
    this.#backoff = deps.backoff ?? createBackoff();
  }

  /** Rejects when the first try fails; unless the credentials were refused, it goes on trying by itself. */
  override async connect(): Promise<void> {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#refused = null;
    this.#abort = new AbortController();
    await this.#open();
  }

  /** Stops for good: no retry, no open call, all sockets closed once their frames are answered. */
  override disconnect(): void {
    this.stop().catch((error: unknown) => this.#log.warn({ code: errorCode(error) }, 'stream did not close cleanly'));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#abort.abort();
    await Promise.all([...this.#links].map((link) => link.leave()));
    await this.#opening?.catch(() => undefined); // its failure was told to whoever opened
  }

  health(): { receiving: boolean; detail: string } {
    if (this.#refused !== null) return { receiving: false, detail: `stream stopped: ${this.#refused.message}` };
    const open = this.#current?.isOpen === true && !this.#stopped;
    return { receiving: open, detail: open ? 'stream connected' : 'stream not connected' };
  }

  /** Answers a frame on the socket that delivered it; throws when that is gone. */
  override send(messageId: string, value: unknown): void {
    const link = [...this.#links].find((candidate) => candidate.isWorkingOn(messageId));
    if (link === undefined) throw new Error(`no open frame ${messageId}`);
    this.#reply(link, messageId, { code: 200, data: value as object });
  }

  /** https://open.dingtalk.com/document/development/develop-stream-mode-push-server */
  override async getEndpoint(): Promise<this> {
    const { clientId, clientSecret, ua, subscriptions } = this.config;
    this.counts.gatewayCalls += 1;
    let status: number;
    let text: string;
    try {
      ({ status, text } = await ask(
        new URL('/v1.0/gateway/connections/open', this.#deps.apiBase),
        jsonRequest('POST', { clientId, clientSecret, ua, subscriptions }),
        AbortSignal.any([this.#abort.signal, AbortSignal.timeout(this.#timings.openMs)]),
      ));
    } catch (error) {
      throw new PlatformUnreachableError('dingtalk.gateway_unreachable', `gateway: ${failureText(error)}`);
    }
    const body = parseJson(text);
    const error = answerError('gateway/connections/open', status, body, text);
    if (error !== null) throw error;
    const parsed = GatewayAnswer.safeParse(body);
    if (!parsed.success) throw new PlatformUnreachableError('dingtalk.gateway_unreadable', 'gateway: another shape');
    const address = new URL(parsed.data.endpoint);
    if (address.protocol !== 'wss:' && address.protocol !== 'ws:') {
      throw new PlatformUnreachableError('dingtalk.gateway_unreadable', `gateway: scheme ${address.protocol}`);
    }
    // Encoded by URLSearchParams; good for one handshake within 90 s, so it is never kept.
    address.searchParams.set('ticket', parsed.data.ticket);
    this.#address = address.href;
    return this;
  }

  override async _connect(): Promise<void> {
    const address = this.#address;
    this.#address = null;
    if (address === null) throw new Error('no ticket');
    const socket = new WebSocket(address, {
      handshakeTimeout: this.#timings.handshakeMs,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    const abort = () => socket.terminate();
    this.#abort.signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        // Adopted in the same turn: a frame may follow at once.
        socket.once('open', () => {
          if (this.#stopped) socket.terminate();
          else this.#adopt(socket);
          resolve();
        });
        // Stays for the life of the socket: an `error` without a listener would end the process.
        socket.on('error', (error) =>
          reject(new PlatformUnreachableError('dingtalk.stream_refused', `stream: ${failureText(error)}`)),
        );
        socket.once('close', () => reject(new PlatformUnreachableError('dingtalk.stream_closed', 'stream: closed')));
      });
    } finally {
      this.#abort.signal.removeEventListener('abort', abort);
    }
    if (this.#stopped) throw new PlatformUnreachableError('dingtalk.stream_stopped', 'stream: stopped while opening');
  }

  override onDownStream(_data: string): void {
    throw new Error('frames are handled per socket');
  }

  /** The package would print the client secret and the ticket. */
  override printDebug(): void {
    return undefined;
  }

  /** The package would put the secret into an address. */
  override getAccessToken(): Promise<never> {
    return Promise.reject(new Error('tokens come from the token holder'));
  }

  /** One opening at a time; on failure one retry is set. */
  #open(): Promise<void> {
    this.#opening ??= this.#openOnce().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<void> {
    try {
      await this.getEndpoint();
      if (this.#stopped) throw new PlatformUnreachableError('dingtalk.stream_stopped', 'stream: stopped while opening');
      await this._connect();
    } catch (error) {
      if (error instanceof PlatformRefusedError && error.code === 'dingtalk.credentials_refused') {
        this.#refused = error;
        this.#stopped = true;
        this.#log.error({ code: error.code }, 'DingTalk refused the app credentials: the stream stays closed');
      } else {
        this.#retryLater(error);
      }
      throw error;
    }
  }

  #retryLater(why: unknown): void {
    if (this.#stopped || this.#cancelRetry !== null) return;
    const asked = why instanceof PlatformRefusedError ? Number(why.details['retryAfterMs'] ?? 0) : 0;
    const waitMs = Math.max(this.#backoff.nextMs(), asked);
    this.#log.warn({ code: errorCode(why), waitMs }, 'stream: trying again later');
    this.#cancelRetry = this.#timers.after(waitMs, () => {
      this.#cancelRetry = null;
      this.#open().catch(() => undefined); // logged and set again by #openOnce
    });
  }

  #adopt(socket: WebSocket): void {
    const before = this.#current;
    const link: Link = new Link(socket, this.#timers, this.#timings, this.#log, {
      onMessage: (data, isBinary) => this.#take(link, data, isBinary),
      onHealthy: () => this.#backoff.reset(),
      onClosed: (code) => this.#closed(link, code),
    });
    this.#links.add(link);
    this.#current = link;
    this.connected = true;
    this.#log.info('stream connected');
    before?.leave().catch(() => undefined); // ends with its socket, whatever happens
  }

  #closed(link: Link, code: number): void {
    this.#links.delete(link);
    if (this.#current !== link) return;
    this.#current = null;
    this.connected = false;
    if (link.isHealthy) this.#backoff.reset();
    this.#log.info({ code }, 'stream: link closed');
    // When a switch is under way its own opening already goes on.
    if (this.#opening === null) this.#retryLater(new PlatformUnreachableError('dingtalk.stream_closed', 'closed'));
  }

  /** The server leaves in ten seconds: open the next link first, then leave this one. */
  #replace(link: Link): void {
    if (link.retiring || this.#stopped) return;
    link.retiring = true;
    if (!link.isHealthy) {
      // A young link that is sent away waits its turn, so that a server which sends everybody away is not stormed.
      this.#retryLater(new PlatformUnreachableError('dingtalk.stream_moved', 'asked to leave'));
      return;
    }
    this.#backoff.reset();
    this.#open().catch(() => undefined); // logged and set again by #openOnce
  }

  #take(link: Link, data: RawData, isBinary: boolean): void {
    const parsed = StreamFrame.safeParse(isBinary ? undefined : parseJson(data.toString()));
    if (!parsed.success) {
      this.counts.badFrames += 1;
      this.#log.warn({ badFrames: this.counts.badFrames }, 'stream: a frame that cannot be read');
      return;
    }
    const frame = parsed.data;
    this.counts.frames += 1;
    if (frame.type === 'SYSTEM') this.#system(link, frame);
    else this.#work(link, frame).catch((error: unknown) => this.#log.error({ err: errorText(error) }, 'stream'));
  }

  #system(link: Link, frame: StreamFrame): void {
    const { topic, messageId } = frame.headers;
    if (topic === 'ping') this.#write(link, { code: 200, messageId, message: 'OK', data: frame.data });
    else if (topic === 'disconnect') this.#replace(link);
    // CONNECTED, REGISTERED and KEEPALIVE say nothing we rely on; being heard from is what counts.
  }

  async #work(link: Link, frame: StreamFrame): Promise<void> {
    const { messageId } = frame.headers;
    link.begin(messageId);
    let ack: FrameAck;
    try {
      ack = await this.#deps.onFrame(frame);
    } catch (error) {
      this.counts.failures += 1;
      this.#log.error({ topic: frame.headers.topic, code: errorCode(error) }, 'stream: a frame could not be handled');
      ack = { code: 500, data: {} };
    }
    if (ack.code === 404) this.counts.badFrames += 1;
    this.#reply(link, messageId, ack);
    link.end(messageId);
  }

  #reply(link: Link, messageId: string, { code, data, sent }: FrameAck): void {
    const message = { 200: 'OK', 404: 'unknown topic', 500: 'not stored' }[code];
    this.#write(link, { code, messageId, message, data: JSON.stringify(data) }, sent);
  }

  #write(link: Link, ack: { code: number; messageId: string; message: string; data: string }, sent?: () => void): void {
    const { code, messageId, message, data } = ack;
    const body = { code, headers: { contentType: 'application/json', messageId }, message, data };
    link.write(JSON.stringify(body), sent, () => {
      this.counts.lostAcks += 1;
      this.#log.warn({ lostAcks: this.counts.lostAcks }, 'stream: the socket was gone before the answer');
    });
  }
}

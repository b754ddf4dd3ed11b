import { WebSocket, type RawData } from 'ws';
import { MINUTE, SECOND, type Log } from '../../core/index.js';

/** Timers by an injected clock, so that ten minutes of outage can be tested in one second. */
export interface Timers {
  /** Returns what cancels it. */
  after(ms: number, action: () => void): () => void;
  /** Monotonic, ms. */
  now(): number;
}
export const systemTimers: Timers = {
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
  now: () => performance.now(),
};

export interface StreamTimings {
  /** Longest open call of the gateway. */
  openMs: number;
  handshakeMs: number;
  /** Own ping; something must be heard within `pongMs`, so a half-open link is noticed within their sum. */
  pingMs: number;
  pongMs: number;
  /** Nothing heard for so long (the machine slept): dead without asking. */
  silenceMs: number;
  /** A link that lived so long was healthy: the backoff begins anew. */
  healthyMs: number;
  /** Longest wait for frames in work when a link is left. */
  drainMs: number;
}
export const STREAM_TIMINGS: StreamTimings = {
  openMs: 10 * SECOND,
  handshakeMs: 10 * SECOND,
  pingMs: 20 * SECOND,
  pongMs: 10 * SECOND,
  silenceMs: 90 * SECOND,
  healthyMs: MINUTE,
  drainMs: 10 * SECOND,
};

/** Longest wait for the peer's half of the closing handshake. */
const CLOSE_MS = SECOND;

export interface LinkEvents {
  onMessage(data: RawData, isBinary: boolean): void;
  onHealthy(): void;
  onClosed(code: number): void;
}

/** One open socket and everything that belongs to it alone: its timers end with it. */
export class Link {
  /** The server or we are leaving it; nothing new is expected. */
  retiring = false;
  readonly #socket: WebSocket;
  readonly #timers: Timers;
  readonly #timings: StreamTimings;
  readonly #log: Log;
  readonly #events: LinkEvents;
  readonly #openedAt: number;
  readonly #closed: Promise<void>;
  readonly #inWork = new Set<string>();
  #working = 0;
  #heardAt: number;
  #heard = 0;
  #cancelWatch: () => void = () => undefined;
  #drained: () => void = () => undefined;

  constructor(socket: WebSocket, timers: Timers, timings: StreamTimings, log: Log, events: LinkEvents) {
    this.#socket = socket;
    this.#timers = timers;
    this.#timings = timings;
    this.#log = log;
    this.#events = events;
    this.#openedAt = timers.now();
    this.#heardAt = this.#openedAt;
    const heard = () => {
      this.#heardAt = timers.now();
      this.#heard += 1;
    };
    socket.on('pong', heard);
    socket.on('ping', heard);
    socket.on('message', (data, isBinary) => {
      heard();
      events.onMessage(data, isBinary);
    });
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code) => {
        this.#cancelWatch();
        this.#drained();
        events.onClosed(code);
        resolve();
      });
    });
    this.#watch();
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get isHealthy(): boolean {
    return this.#timers.now() - this.#openedAt >= this.#timings.healthyMs;
  }

  /** A frame is in work from here until `end`. */
  begin(messageId: string): void {
    this.#inWork.add(messageId);
    this.#working += 1;
  }

  end(messageId: string): void {
    this.#inWork.delete(messageId);
    this.#working -= 1;
    if (this.#working === 0) this.#drained();
  }

  isWorkingOn(messageId: string): boolean {
    return this.#inWork.has(messageId);
  }

  /** Calls `sent` when the bytes were handed to the system, `lost` when the socket was gone before. */
  write(text: string, sent?: () => void, lost?: () => void): void {
    if (!this.isOpen) lost?.();
    else this.#socket.send(text, (error) => (error ? lost?.() : sent?.()));
  }

  /** Closes when its frames are answered, at the latest after `drainMs`. */
  async leave(): Promise<void> {
    this.retiring = true;
    if (this.#working > 0 && this.isOpen) {
      await new Promise<void>((resolve) => {
        const cancel = this.#timers.after(this.#timings.drainMs, resolve);
        this.#drained = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#socket.close(1000);
    const cancel = this.#timers.after(CLOSE_MS, () => this.#socket.terminate());
    await this.#closed;
    cancel();
  }

  #watch(): void {
    this.#cancelWatch = this.#timers.after(this.#timings.pingMs, () => {
      if (this.#timers.now() - this.#heardAt > this.#timings.silenceMs) {
        this.#cut('silent');
        return;
      }
      if (this.isHealthy) this.#events.onHealthy();
      const before = this.#heard;
      if (this.isOpen) this.#socket.ping();
      this.#cancelWatch = this.#timers.after(this.#timings.pongMs, () => {
        if (this.#heard === before) this.#cut('no answer to a ping');
        else this.#watch();
      });
    });
  }

  #cut(why: string): void {
    this.#log.warn({ why }, 'stream: link is dead');
    this.#socket.terminate();
  }
}

/** Where "now" comes from. Handed in everywhere, so that tests and the sandbox can move it. All instants are UTC. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that runs with the system's but can be moved forward (sandbox) or set (tests). */
export class MovableClock implements Clock {
  #offsetMs: number;
  constructor(offsetMs = 0) {
    this.#offsetMs = offsetMs;
  }
  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }
  get offsetMs(): number {
    return this.#offsetMs;
  }
  moveTo(instant: Date): void {
    this.#offsetMs = instant.getTime() - Date.now();
  }
  moveBy(ms: number): void {
    this.#offsetMs += ms;
  }
}

/** A clock that stands still until moved: for unit tests. */
export class FixedClock implements Clock {
  #now: Date;
  constructor(at: string | Date) {
    this.#now = new Date(at);
  }
  now(): Date {
    return new Date(this.#now);
  }
  set(at: string | Date): void {
    this.#now = new Date(at);
  }
  advance(ms: number): void {
    this.#now = new Date(this.#now.getTime() + ms);
  }
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

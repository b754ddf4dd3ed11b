import type { Timers } from '../../../src/platforms/dingtalk/stream-link.js';

/** Timers that stand still until moved. */
export class HandTimers implements Timers {
  #now = 0;
  #waiting = new Map<number, { at: number; action: () => void }>();
  #next = 0;
  now(): number {
    return this.#now;
  }
  after(ms: number, action: () => void): () => void {
    const id = this.#next++;
    this.#waiting.set(id, { at: this.#now + ms, action });
    return () => this.#waiting.delete(id);
  }
  get size(): number {
    return this.#waiting.size;
  }
  /** When the next is due. */
  get nextAt(): number {
    return Math.min(...[...this.#waiting.values()].map(({ at }) => at));
  }
  /** Runs what is due next; its time is then now. */
  step(): void {
    const [next] = [...this.#waiting].sort(([, a], [, b]) => a.at - b.at);
    if (next === undefined) throw new Error('nothing waits');
    const [id, { at, action }] = next;
    this.#waiting.delete(id);
    this.#now = Math.max(this.#now, at);
    action();
  }
  advance(ms: number): void {
    this.#now += ms;
  }
}

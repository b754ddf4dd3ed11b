import type { Outgoing } from '../platforms/contract.js';

/** Keys remembered; about a month of a company of two hundred. Beyond it the oldest are forgotten. */
const REMEMBERED = 20_000;

export interface Once {
  /** This process has handed it to the outbox before. */
  has(key: string): boolean;
  send(messages: readonly Outgoing[]): Promise<void>;
}

/**
 * The outbox sends a key once, whoever hands it in how often; this spares it the repetitions of a scan that looks every
 * ten minutes. What another process or an earlier life has handed in is not known here and is settled by the outbox.
 */
export function createOnce(enqueue: (messages: readonly Outgoing[]) => Promise<void>): Once {
  const known = new Set<string>();
  return {
    has: (key) => known.has(key),
    async send(messages) {
      const fresh = messages.filter((message) => !known.has(message.key));
      if (fresh.length === 0) return;
      await enqueue(fresh);
      for (const { key } of fresh) known.add(key);
      for (const key of known) {
        if (known.size <= REMEMBERED) break;
        known.delete(key);
      }
    },
  };
}

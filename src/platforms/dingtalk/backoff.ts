import { MINUTE, SECOND } from '../../core/index.js';

/**
 * Waits between calls of the gateway: 1, 2, 4 … s, at most a minute, each lengthened by up to a fifth so that many
 * processes do not call in step. Never shortened: from the seventh call on no minute sees two.
 */
export function createBackoff(random: () => number = Math.random, firstMs = SECOND, maxMs = MINUTE) {
  let failures = 0;
  return {
    nextMs(): number {
      const base = Math.min(maxMs, firstMs * 2 ** failures);
      failures += 1;
      return Math.round(base * (1 + random() / 5));
    },
    reset(): void {
      failures = 0;
    },
  };
}
export type Backoff = ReturnType<typeof createBackoff>;

import type { Progress } from '../../src/store/index.js';

/** Lines on stderr: each collection when it is done, long ones every two seconds. */
const EVERY_MS = 2_000;

export function progressLines(write: (line: string) => void, now: () => number = Date.now): Progress {
  let last = now();
  return ({ collection, doing, done, total }) => {
    if (doing !== 'checked' && now() - last < EVERY_MS) return;
    last = now();
    write(`${doing} ${collection} ${done}/${Math.max(done, total)}`);
  };
}

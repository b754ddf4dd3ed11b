import { CommandError } from '../errors.js';

/** A long read lets others in after so many milliseconds. */
const SLICE_MS = 8;

/** When a command has to be done (`maxTimeMS`; 0 is never). */
export class Deadline {
  private readonly until: number;

  constructor(ms: number) {
    this.until = ms > 0 ? performance.now() + ms : Infinity;
  }

  check(now: number): void {
    if (now > this.until) throw new CommandError('MaxTimeMSExpired', 'operation exceeded time limit');
  }
}

/** The stretch of time that a reader may hold the thread. Asking is cheap; waiting is for those whose slice is over. */
export class Slice {
  private since = performance.now();

  constructor(private readonly deadline?: Deadline) {}

  over(): boolean {
    const now = performance.now();
    this.deadline?.check(now);
    return now - this.since >= SLICE_MS;
  }

  /** Resolves after the others had their turn. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}

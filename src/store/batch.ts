import type { Collection } from 'mongoose';
import { AppError } from '../core/index.js';
import { AS_GIVEN, isDuplicateKey } from './aggregate.js';

/**
 * Group commit: whatever comes while one batch is being written goes out together in the next one, in the order in which
 * it came. Each caller waits for its own entry only, which is durable when its promise resolves.
 */
export interface Batch<In, Out> {
  add(item: In): Promise<Out>;
  /** Resolves when nothing is waiting or being written. */
  idle(): Promise<void>;
}

interface Entry<In, Out> {
  item: In;
  resolve: (result: Out) => void;
  reject: (error: unknown) => void;
}

/** One command stays well below the store's limits and its share of the loop. */
const MAX_TOGETHER = 100;

/** `run` gives one result an item. When it throws, each item is tried alone, so that none fails for its neighbour. */
export function createBatch<In, Out>(run: (items: In[]) => Promise<readonly Out[]>): Batch<In, Out> {
  let waiting: Entry<In, Out>[] = [];
  let running: Promise<void> | null = null;

  async function write(entries: Entry<In, Out>[]): Promise<void> {
    try {
      const results = await run(entries.map((entry) => entry.item));
      entries.forEach((entry, n) => entry.resolve(results[n] as Out));
    } catch (error) {
      if (entries.length === 1) entries[0]?.reject(error);
      else await Promise.all(entries.map((entry) => write([entry])));
    }
  }

  async function drain(): Promise<void> {
    // What else the loop has read in this tick belongs into the same batch.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const together = waiting.slice(0, MAX_TOGETHER);
      waiting = waiting.slice(MAX_TOGETHER);
      await write(together);
    }
    running = null;
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        running ??= drain();
      }),
    async idle() {
      while (running !== null) await running;
    },
  };
}

/** Documents that are stored once by their id; tells whether this was the first time. */
export function createInserts<Doc extends { _id: string }>(rows: Collection): Batch<Doc, boolean> {
  return createBatch<Doc, boolean>(async (docs) => {
    try {
      await rows.insertMany(docs as never[], { ordered: false, ...AS_GIVEN });
      return docs.map(() => true);
    } catch (error) {
      const refused = duplicates(error);
      if (refused === null) throw error;
      return docs.map((_, n) => !refused.has(n));
    }
  });
}

export interface Change {
  filter: Record<string, unknown>;
  update: Record<string, unknown>;
  upsert?: boolean;
}

/** Updates whose outcome nobody asks for, one command for many. */
export function createChanges(rows: Collection): Batch<Change, void> {
  return createBatch<Change, void>(async (changes) => {
    await rows.bulkWrite(
      changes.map((updateOne) => ({ updateOne })),
      { ordered: true, ...AS_GIVEN },
    );
    return [];
  });
}

/** Places of the documents that were there already; null when anything else went wrong too. */
function duplicates(error: unknown): Set<number> | null {
  if (!isDuplicateKey(error)) return null;
  const { writeErrors } = error as { writeErrors?: readonly { code: number; index: number }[] };
  if (writeErrors === undefined) return new Set([0]);
  return writeErrors.every((one) => one.code === 11_000) ? new Set(writeErrors.map((one) => one.index)) : null;
}

/** Answers of the store about what was to be written, which will be the same next time: error codes of MongoDB. */
const REFUSALS = new Set([
  2, // BadValue
  14, // TypeMismatch
  52, // DollarPrefixedFieldName
  121, // DocumentValidationFailure
  238, // NotImplemented: the embedded store's limits
  10_334, // BSONObjectTooLarge
  17_280, // KeyTooLong
]);

/** Trying it again would not help. */
export function isRefusedForGood(error: unknown): boolean {
  if (error instanceof AppError) return !error.retryable;
  if (!(error instanceof Error) || !('code' in error)) return false;
  return typeof error.code === 'number' && REFUSALS.has(error.code);
}

import { statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { open, type RootDatabase } from 'lmdb';
import { CommandError } from '../errors.js';
import { checkDataFile } from './data-file.js';

/** No room on the disk, in the quota, or under the process's limit for a file. */
const diskFull: ReadonlySet<number> = new Set([constants.errno.ENOSPC, constants.errno.EDQUOT, constants.errno.EFBIG]);
/** A disk with less room than this is full. */
const LEAST_FREE_BYTES = 1024 * 1024;

/** Within the catalog's id, beside its entries. */
const STEP_KEY = Buffer.concat([idPrefix(0), Buffer.from('step')]);

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** LMDB's limit for a key, with 4 KiB pages. */
export const MAX_KEY_BYTES = 1978;

export interface Entry {
  key: Buffer;
  value: Buffer;
}

/**
 * The LMDB environment. One ordered table; every key begins with a 4-byte id of the collection or index it belongs to
 * (id 0 is the catalog).
 */
export class Storage {
  /** Commands whose writes are not on disk yet. */
  private waiting = 0;

  private constructor(
    private readonly db: RootDatabase<Buffer, Buffer>,
    private readonly path: string,
  ) {}

  static open(path: string): Storage {
    checkDataFile(path);
    const db = open<Buffer, Buffer>({
      path,
      keyEncoding: 'binary',
      encoding: 'binary',
      cache: false,
      noSubdir: false,
      // Commands are batched by `transaction()` itself. With batching by event turn a commit starts a turn later, and one
      // that fails rejects a promise that nobody can reach.
      eventTurnBatching: false,
    });
    return new Storage(db, path);
  }

  /**
   * Runs a command's reads and writes in one transaction and resolves when they are on disk. Concurrent commands share a
   * commit and its fsync. The child transaction is what makes a throw undo: `transaction()` alone commits what the callback
   * had put before it threw.
   */
  async write<T>(run: () => T, undo: () => void): Promise<T> {
    let failure: { error: unknown } | null = null;
    let result: T | undefined;
    this.waiting++;
    try {
      const committed = this.db.transaction(() => {
        try {
          this.db.childTransaction(() => {
            result = run();
          }) as unknown;
        } catch (error) {
          failure = { error };
          undo();
        }
      });
      // Asked for now: the flush of a later transaction would never come if that one fails.
      const flushed = this.db.flushed.then(() => undefined);
      await committed;
      await flushed;
    } catch (error) {
      undo();
      throw await this.explained(error);
    } finally {
      this.waiting--;
    }
    if (failure) throw await this.explained((failure as { error: unknown }).error);
    return result as T;
  }

  /**
   * Why a write failed. What is wrong with a commit LMDB tells by a promise of its own; a disk that took half a page it calls
   * an I/O error.
   */
  private async explained(error: unknown): Promise<unknown> {
    const pending = error instanceof Error && 'commitError' in error ? (error.commitError as Promise<never>) : null;
    const cause: unknown = pending ? await pending.catch((reason: unknown) => reason) : error;
    const errno = cause instanceof Error && 'code' in cause ? Number(cause.code) : 0;
    if (!diskFull.has(errno) && !(errno === constants.errno.EIO && freeBytes(this.path) < LEAST_FREE_BYTES))
      return cause;
    await this.step();
    return new CommandError(
      'OutOfDiskSpace',
      `The disk of the embedded store is full: nothing of this command was written. Free some space on the disk of ${this.path}; what was acknowledged is safe, reads go on, and writes work again as soon as there is room.`,
    );
  }

  /**
   * Commits next to nothing. Pages that a commit frees can be used by the next but one; on a full disk, where a large write
   * fails before it counts as one, room that documents left behind would else stay closed to it.
   */
  private async step(): Promise<void> {
    try {
      await this.db.transaction(() => this.db.putSync(STEP_KEY, STEP_KEY));
    } catch (error) {
      if (error instanceof Error && 'commitError' in error) await Promise.allSettled([error.commitError]);
    }
  }

  /** Reads from now on see every commit that has been acknowledged. */
  refresh(): void {
    this.db.resetReadTxn();
  }

  get(key: Buffer): Buffer | undefined {
    return key.length > MAX_KEY_BYTES ? undefined : this.db.getBinary(key);
  }

  has(key: Buffer): boolean {
    return key.length <= MAX_KEY_BYTES && this.db.doesExist(key);
  }

  /** Only inside `write`. */
  put(key: Buffer, value: Buffer): void {
    this.db.putSync(key, value);
  }

  /** Only inside `write`. */
  remove(key: Buffer): void {
    this.db.removeSync(key);
  }

  /** Entries of [low, high), or from high down to low. `after` continues behind a key that was already seen. */
  range(
    low: Buffer,
    high: Buffer,
    options: { reverse?: boolean; limit?: number; after?: Buffer | null },
  ): Iterable<Entry> {
    const { reverse = false, limit, after } = options;
    const [from, to] = [holdable(low), holdable(high)];
    if (!reverse) {
      return this.db.getRange({ start: after ?? from, end: to, exclusiveStart: Boolean(after), limit });
    }
    return this.db.getRange({
      start: after ?? to,
      end: from,
      reverse: true,
      exclusiveStart: true,
      inclusiveEnd: true,
      limit,
    });
  }

  count(low: Buffer, high: Buffer, limit?: number): number {
    const [start, end] = [holdable(low), holdable(high)];
    return this.db.getKeysCount({ start, end, ...(limit === undefined ? {} : { limit }) });
  }

  stats(): Record<string, number> {
    const all = this.db.getStats() as Record<string, number | Record<string, number>>;
    const pageSize = Number(all['pageSize']);
    return {
      entries: Number(all['entryCount']),
      fileBytes: (Number(all['lastPageNumber']) + 1) * pageSize,
      mapBytes: Number(all['mapSize']),
      transactions: Number(all['lastTxnId']),
      commitsWaiting: this.waiting,
    };
  }

  async close(): Promise<void> {
    await this.db.flushed;
    await this.db.close();
  }
}

/**
 * What is searched for may be longer than any key that is kept. None that is kept lies between such a bound and the next key of the greatest
 * length, which does as well.
 */
function holdable(bound: Buffer): Buffer {
  if (bound.length <= MAX_KEY_BYTES) return bound;
  let length = MAX_KEY_BYTES;
  while (bound[length - 1] === 0xff) length -= 1;
  const next = Buffer.from(bound.subarray(0, length));
  next[length - 1] = (next[length - 1] ?? 0) + 1;
  return next;
}

/** The first key that is behind everything beginning with the 4-byte id. */
export function idPrefix(id: number): Buffer {
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(id);
  return prefix;
}

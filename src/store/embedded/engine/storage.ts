import { open, type RootDatabase } from 'lmdb';
import { checkDataFile } from './data-file.js';

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

  private constructor(private readonly db: RootDatabase<Buffer, Buffer>) {}

  static open(path: string): Storage {
    checkDataFile(path);
    return new Storage(
      open<Buffer, Buffer>({ path, keyEncoding: 'binary', encoding: 'binary', cache: false, noSubdir: false }),
    );
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
      await this.db.transaction(() => {
        try {
          this.db.childTransaction(() => {
            result = run();
          }) as unknown;
        } catch (error) {
          failure = { error };
          undo();
        }
      });
      await this.db.flushed;
    } catch (error) {
      undo();
      throw error;
    } finally {
      this.waiting--;
    }
    if (failure) throw (failure as { error: Error }).error;
    return result as T;
  }

  /** Reads from now on see every commit that has been acknowledged. */
  refresh(): void {
    this.db.resetReadTxn();
  }

  get(key: Buffer): Buffer | undefined {
    return this.db.getBinary(key);
  }

  has(key: Buffer): boolean {
    return this.db.doesExist(key);
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
    if (!reverse) {
      return this.db.getRange({ start: after ?? low, end: high, exclusiveStart: Boolean(after), limit });
    }
    return this.db.getRange({
      start: after ?? high,
      end: low,
      reverse: true,
      exclusiveStart: true,
      inclusiveEnd: true,
      limit,
    });
  }

  count(low: Buffer, high: Buffer, limit?: number): number {
    return this.db.getKeysCount({ start: low, end: high, ...(limit === undefined ? {} : { limit }) });
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

/** The first key that is behind everything beginning with the 4-byte id. */
export function idPrefix(id: number): Buffer {
  const prefix = Buffer.allocUnsafe(4);
  prefix.writeUInt32BE(id);
  return prefix;
}

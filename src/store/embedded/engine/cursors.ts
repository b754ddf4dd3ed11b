import { CommandError } from '../errors.js';

/** MongoDB's reply batches end at 16 MiB. */
const BATCH_BYTES = 16 * 1024 * 1024;
/** A first batch holds so many documents when nothing else is asked. */
export const FIRST_BATCH = 101;
/** A cursor that nobody asks for so long is closed. */
export const IDLE_MS = 10 * 60_000;

/** A result being read in batches. Documents are BSON bytes, ready for the reply. */
export class Cursor {
  id = 0n;
  usedAt = Date.now();
  busy = false;
  private ready: Buffer[] = [];
  private at = 0;
  private ended = false;

  constructor(
    readonly ns: string,
    private readonly source: AsyncGenerator<Buffer[]>,
  ) {}

  /** The next documents, at most `count`, and whether that was all. */
  async next(count: number): Promise<{ docs: Buffer[]; done: boolean }> {
    const docs: Buffer[] = [];
    let bytes = 0;
    while (docs.length < count) {
      if (!(await this.fill())) break;
      const doc = this.ready[this.at]!;
      if (docs.length > 0 && bytes + doc.length > BATCH_BYTES) break;
      docs.push(doc);
      bytes += doc.length;
      this.at++;
    }
    // A cursor known to be at its end is not worth another round trip.
    return { docs, done: this.ended && this.at >= this.ready.length };
  }

  private async fill(): Promise<boolean> {
    while (this.at >= this.ready.length) {
      if (this.ended) return false;
      const { value, done } = await this.source.next();
      if (done) {
        this.ended = true;
        return false;
      }
      this.ready = value;
      this.at = 0;
    }
    return true;
  }

  async close(): Promise<void> {
    this.ended = true;
    this.ready = [];
    await this.source.return(undefined);
  }
}

export class Cursors {
  private readonly open = new Map<bigint, Cursor>();
  private lastId = BigInt(Date.now()) << 12n;

  get size(): number {
    return this.open.size;
  }

  keep(cursor: Cursor): bigint {
    cursor.id = ++this.lastId;
    this.open.set(cursor.id, cursor);
    return cursor.id;
  }

  get(id: bigint, ns: string): Cursor {
    const cursor = this.open.get(id);
    if (!cursor || cursor.ns !== ns) throw new CommandError('CursorNotFound', `cursor id ${id} not found`);
    if (cursor.busy) throw new CommandError('CursorInUse', `cursor id ${id} is already in use`, {}, 12051);
    return cursor;
  }

  async drop(id: bigint): Promise<boolean> {
    const cursor = this.open.get(id);
    if (!cursor) return false;
    this.open.delete(id);
    if (!cursor.busy) await cursor.close();
    return true;
  }

  async expire(now: number): Promise<void> {
    for (const [id, cursor] of this.open) {
      if (!cursor.busy && now - cursor.usedAt > IDLE_MS) await this.drop(id);
    }
  }

  closeAll(): void {
    this.open.clear();
  }
}

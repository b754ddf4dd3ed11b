import { encode } from '../bson/encode.js';
import type { Doc } from '../bson/value.js';
import { CommandError } from '../errors.js';
import type { Filter } from '../query/filter.js';
import { Sorter, type SortSpec } from '../query/sort.js';
import type { Collection } from './collection.js';
import { Catalog } from './catalog.js';
import { Cursors } from './cursors.js';
import type { Index } from './index-keys.js';
import { plan, type Plan } from './planner.js';
import { Scan, type Row } from './scan.js';
import { Storage } from './storage.js';

/** Documents held at once by a sort or a grouping, as bytes; MongoDB's limit without spilling to disk. */
export const MAX_MEMORY_BYTES = 100 * 1024 * 1024;
/** A long read lets others in after so many milliseconds. */
const SLICE_MS = 8;

export interface ReadRequest {
  collection: Collection | undefined;
  filter: Filter;
  sort?: SortSpec;
  /** Documents wanted at most, the skipped ones included. */
  limit?: number;
  /** Top-level fields wanted; null or absent for all. */
  only?: ReadonlySet<string> | null;
  hint?: Index | '_id_' | '$natural' | undefined;
  deadline?: Deadline;
}

/** When a command has to be done (`maxTimeMS`). */
export class Deadline {
  private readonly until: number;

  constructor(ms: number) {
    this.until = ms > 0 ? performance.now() + ms : Infinity;
  }

  check(): void {
    if (performance.now() > this.until) throw new CommandError('MaxTimeMSExpired', 'operation exceeded time limit');
  }
}

/** What one read looked at; `explain` shows it. */
export interface ReadReport {
  plan: Plan | null;
  scan: Scan | null;
}

export class Engine {
  readonly catalog: Catalog;
  readonly cursors = new Cursors();
  readonly startedAt = Date.now();
  readonly counters: Record<string, number> = {};
  private sliceStart = 0;

  private constructor(readonly storage: Storage) {
    this.catalog = new Catalog(storage);
  }

  static open(path: string): Engine {
    return new Engine(Storage.open(path));
  }

  now(): Date {
    return new Date();
  }

  count(name: string, by = 1): void {
    this.counters[name] = (this.counters[name] ?? 0) + by;
  }

  /** Runs a write command. Indexes that it built become usable for readers once it is on disk. */
  async write<T>(run: () => T): Promise<T> {
    const result = await this.storage.write(run, () => this.catalog.reload());
    return result;
  }

  planFor(request: ReadRequest, inTransaction: boolean): Plan | null {
    const { collection, filter, sort = [], limit, hint } = request;
    if (!collection) return null;
    return plan(this.storage, { collection, filter, sort, limited: limit !== undefined, hint, inTransaction });
  }

  /** Matching rows in the asked-for order, in batches; other commands run in between. */
  async *read(request: ReadRequest, report?: ReadReport): AsyncGenerator<Row[]> {
    const { collection, filter, sort = [], limit = Infinity, only = null, deadline } = request;
    const chosen = this.planFor(request, false);
    if (!collection || !chosen) return;
    const blocking = sort.length > 0 && !chosen.sorted;
    const sortFields = sort.map((by) => by.parts[0]!);
    const wanted = blocking && only ? new Set([...only, ...sortFields]) : only;
    const scan = new Scan(this.storage, collection, chosen, filter, wanted);
    if (report) Object.assign(report, { plan: chosen, scan });
    if (blocking) {
      yield await this.sorted(scan, sort, limit, deadline);
      return;
    }
    let left = limit;
    while (!scan.done && left > 0) {
      // The first batches are small: most readers want few documents, and many of them one.
      const size = Math.min(
        512,
        scan.keysExamined + scan.docsExamined === 0 ? Math.max(left, 1) : 512,
        scan.docsExamined < 101 ? 101 : 512,
      );
      const rows = scan.next(size);
      if (rows.length > 0) yield rows.length > left ? rows.slice(0, left) : rows;
      left -= rows.length;
      await this.breathe(deadline);
    }
  }

  private async sorted(scan: Scan, sort: SortSpec, limit: number, deadline: Deadline | undefined): Promise<Row[]> {
    const sorter = new Sorter<Row>(sort, limit);
    let bytes = 0;
    while (!scan.done) {
      for (const row of scan.next()) {
        bytes += row.raw.length;
        sorter.add(row.doc, row);
      }
      if (limit === Infinity && bytes > MAX_MEMORY_BYTES) {
        throw new CommandError(
          'TooManyResults',
          `Sort exceeded memory limit of ${MAX_MEMORY_BYTES} bytes. The embedded store does not sort on disk: add an index or a limit, or set MONGODB_URI to a MongoDB server.`,
        );
      }
      await this.breathe(deadline);
    }
    return sorter.finish();
  }

  /** Lets other commands run when this one has held the thread for a slice. */
  async breathe(deadline?: Deadline): Promise<void> {
    deadline?.check();
    const now = performance.now();
    if (now - this.sliceStart < SLICE_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.sliceStart = performance.now();
  }

  /** Inside a transaction: matching rows, all read before the first write. */
  readNow(request: ReadRequest): Generator<Row> {
    const chosen = this.planFor(request, true)!;
    return this.rowsNow(request, chosen);
  }

  private *rowsNow(
    { collection, filter, sort = [], limit = Infinity, only = null }: ReadRequest,
    chosen: Plan,
  ): Generator<Row> {
    const scan = new Scan(this.storage, collection!, chosen, filter, only);
    if (sort.length > 0 && !chosen.sorted) {
      const sorter = new Sorter<Row>(sort, limit);
      for (const row of scan.all()) sorter.add(row.doc, row);
      yield* sorter.finish();
      return;
    }
    let left = limit;
    if (left <= 0) return;
    while (!scan.done) {
      for (const row of scan.next(left < 16 ? 16 : 512)) {
        yield row;
        if (--left <= 0) return;
      }
    }
  }

  async close(): Promise<void> {
    this.cursors.closeAll();
    await this.storage.close();
  }
}

export function encodeAll(docs: readonly Doc[]): Buffer[] {
  return docs.map((doc) => encode(doc));
}

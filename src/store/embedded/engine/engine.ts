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
import { BATCH, Scan, type Row } from './scan.js';
import { Slice, type Deadline } from './time.js';
import { Storage } from './storage.js';

/** Documents held at once by a sort or a grouping, as bytes; MongoDB's limit without spilling to disk. */
export const MAX_MEMORY_BYTES = 100 * 1024 * 1024;
/** Index entries walked before a reader looks at the clock; fewer at first, when it may be done after a few. */
const SMALL_BATCH = 101;

export interface ReadRequest {
  collection: Collection | undefined;
  filter: Filter;
  sort?: SortSpec;
  /** Matching documents passed over. */
  skip?: number;
  /** Documents wanted at most, the skipped ones not counted. */
  limit?: number;
  /** Top-level fields wanted; null or absent for all. */
  only?: ReadonlySet<string> | null;
  hint?: Index | '_id_' | '$natural' | undefined;
  deadline?: Deadline;
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

  /** What `pick` takes of the matching rows, in the asked-for order and in batches; other commands run in between. */
  async *read<T>(request: ReadRequest, pick: (row: Row) => T, report?: ReadReport): AsyncGenerator<T[]> {
    const { collection, filter, sort = [], skip = 0, limit = Infinity, only = null, deadline } = request;
    const chosen = this.planFor(request, false);
    if (!collection || !chosen) return;
    const blocking = sort.length > 0 && !chosen.sorted;
    const sortFields = sort.map((by) => by.parts[0]!);
    const wanted = blocking && only ? new Set([...only, ...sortFields]) : only;
    const scan = new Scan(this.storage, collection, chosen, filter, wanted);
    if (report) Object.assign(report, { plan: chosen, scan });
    const last = skip + limit;
    if (blocking) {
      const rows = await this.sorted(scan, sort, last, deadline);
      yield rows.slice(skip).map(pick);
      return;
    }
    const slice = new Slice(deadline);
    for (let met = 0; !scan.done && met < last;) {
      // The first batches are small: most readers want few documents, and many of them one.
      const size = scan.docsExamined < SMALL_BATCH ? SMALL_BATCH : BATCH;
      const rows = scan.next(scan.docsExamined === 0 ? Math.min(size, last) : size);
      const kept = rows.slice(Math.max(skip - met, 0), last - met);
      met += rows.length;
      if (kept.length > 0) yield kept.map(pick);
      if (slice.over()) await slice.next();
    }
  }

  private async sorted(scan: Scan, sort: SortSpec, limit: number, deadline: Deadline | undefined): Promise<Row[]> {
    const sorter = new Sorter<Row>(sort, limit);
    const slice = new Slice(deadline);
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
      if (slice.over()) await slice.next();
    }
    return sorter.finish();
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

import { decode } from '../bson/decode.js';
import type { Doc } from '../bson/value.js';
import type { Filter } from '../query/filter.js';
import type { Collection } from './collection.js';
import type { KeyRange, Plan, Walk } from './planner.js';
import type { Storage } from './storage.js';

export interface Row {
  /** Key of the `_id`. */
  idKey: Buffer;
  raw: Buffer;
  /** At least the fields asked for; the whole document when `only` was null. */
  doc: Doc;
}

/** Index entries read at a time; between two batches a reader may let others in. */
export const BATCH = 512;

/**
 * Takes a plan's walks and yields the matching documents. It remembers the last key, not a cursor of the database: it can
 * rest for as long as it likes and go on from there. As in MongoDB there is no snapshot: what changed meanwhile is seen as
 * it is now, and every document is tested again when it is fetched.
 */
export class Scan {
  keysExamined = 0;
  docsExamined = 0;
  done = false;
  private at = 0;
  private last: Buffer | null = null;
  private readonly seen: Set<string> | null;
  private readonly steps: readonly { walk: Walk; range: KeyRange }[];
  private readonly wanted: ReadonlySet<string> | null;

  constructor(
    private readonly storage: Storage,
    private readonly collection: Collection,
    plan: Plan,
    private readonly filter: Filter,
    only: ReadonlySet<string> | null = null,
  ) {
    this.wanted = only && filter.fields && new Set([...only, ...filter.fields]);
    this.steps = plan.walks.flatMap((walk) =>
      (walk.reverse ? [...walk.ranges].reverse() : walk.ranges).map((range) => ({ walk, range })),
    );
    // A document may be met several times under an array, again under a new key when an update moves it ahead, and in each walk.
    this.seen = plan.walks.length > 1 || plan.walks[0]?.index ? new Set() : null;
  }

  /** The next matching rows: all of one batch of entries, so it may be none although the scan is not done. */
  next(limit = BATCH): Row[] {
    const rows: Row[] = [];
    for (let left = limit; left > 0 && this.at < this.steps.length;) {
      const { walk, range } = this.steps[this.at]!;
      if (walk.lookups) {
        this.at++;
        left--;
        const value = this.storage.get(range.low);
        if (value) this.take(walk, range.low, value, rows);
      } else {
        left -= this.walk(walk, range, left, rows);
      }
    }
    this.done = this.at >= this.steps.length;
    return rows;
  }

  /** Takes at most so many entries of the range, and leaves it when these are fewer. */
  private walk(walk: Walk, { low, high }: KeyRange, limit: number, rows: Row[]): number {
    let entries = 0;
    const { reverse } = walk;
    for (const { key, value } of this.storage.range(low, high, { reverse, limit, after: this.last })) {
      entries++;
      this.last = key;
      this.take(walk, key, value, rows);
    }
    if (entries < limit) {
      this.at++;
      this.last = null;
    }
    return entries;
  }

  /** All at once, for writers inside a transaction. */
  *all(): Generator<Row> {
    while (!this.done) yield* this.next();
  }

  private take({ index, bounded }: Walk, key: Buffer, value: Buffer, rows: Row[]): void {
    if (index || bounded) this.keysExamined++;
    const idKey = index ? value : key.subarray(4);
    if (this.seen) {
      const id = idKey.toString('latin1');
      if (this.seen.has(id)) return;
      this.seen.add(id);
    }
    const raw = index ? this.collection.get(idKey) : value;
    if (!raw) return;
    this.docsExamined++;
    const { fields, matches } = this.filter;
    // A document is taken apart only as far as the filter and the asker look.
    const doc =
      this.wanted === null ? decode(raw, 0, fields) : this.wanted.size === 0 ? {} : decode(raw, 0, this.wanted);
    if (!matches(doc)) return;
    rows.push({ idKey, raw, doc: this.wanted === null && fields !== null ? decode(raw) : doc });
  }
}

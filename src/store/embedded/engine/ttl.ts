import { removeMatching } from '../commands/write.js';
import { parseFilter } from '../query/filter.js';
import type { Engine } from './engine.js';

/** Documents removed in one transaction, so that a large sweep does not hold up the writers. */
const BATCH = 500;

/** Removes what TTL indexes say has expired. A value that is no date never expires; of an array the earliest date counts. */
export async function sweepExpired(engine: Engine, now: Date): Promise<number> {
  let removed = 0;
  for (const collection of engine.catalog.all()) {
    for (const index of collection.indexes) {
      if (index.expireAfterSeconds === null) continue;
      const path = index.fields[0]!.path;
      const before = new Date(now.getTime() - index.expireAfterSeconds * 1000);
      const expired = { [path]: { $lte: before } };
      const filter = parseFilter(
        index.partialFilterExpression ? { $and: [expired, index.partialFilterExpression] } : expired,
      );
      for (;;) {
        const n = await engine.write(() => {
          // The index may have been dropped or changed since the sweep began.
          const current = engine.catalog.find(collection.db, collection.name);
          const own = current?.indexes.find(({ id }) => id === index.id);
          if (!current || own?.expireAfterSeconds !== index.expireAfterSeconds) return 0;
          return removeMatching(engine, current, { filter, one: false, limit: BATCH });
        });
        removed += n;
        if (n < BATCH) break;
      }
    }
  }
  engine.count('ttlSweeps');
  engine.count('documentsExpired', removed);
  return removed;
}

import { isDeepStrictEqual } from 'node:util';
import type { Collection, Connection } from 'mongoose';
import { ConflictError, type DealId } from '../core/index.js';
import type { DealEvent } from '../deals/index.js';
import { isDuplicateKey, type DomainEvent } from '../store/index.js';
import { groupBy } from './group-by.js';
import { applyEvent, foldDeal, isAfter, lastFolded, type Obligation } from './obligation.js';

/** Name under which deals write their events into the log. */
const DEALS = 'deals';
const MAX_TRIES = 10;
/** Documents of one answer of the log while rebuilding. */
const BATCH = 500;

export interface Obligations {
  readonly collection: Collection<Obligation>;
  /** A reader of the relay. Any order, any number of times: the rows come out the same. */
  fold(events: readonly DomainEvent[]): Promise<void>;
  /** Makes all rows anew from the log and compares; writes the differences unless `verifyOnly`. */
  rebuild(options?: { verifyOnly?: boolean }): Promise<{ compared: number; different: string[] }>;
}

export const insightsIndexes = {
  obligations: [
    // The due scan, and what is open in a stage.
    { key: { state: 1 as const, dueAt: 1 as const }, name: 'due' },
    { key: { state: 1 as const, stageId: 1 as const, lastEventAt: 1 as const }, name: 'silent' },
    { key: { dealId: 1 as const }, name: 'deal' },
    { key: { ownerId: 1 as const, lastEventAt: -1 as const }, name: 'owner' },
    { key: { teamId: 1 as const, dueAt: 1 as const }, name: 'team' },
    { key: { regionId: 1 as const, dueAt: 1 as const }, name: 'region' },
    // The figures of those who see all.
    { key: { dueAt: 1 as const }, name: 'dueAt' },
  ],
  digests: [{ key: { subjectId: 1 as const, asOf: -1 as const }, name: 'subject' }],
};

export function createObligations(deps: { connection: Connection }): Obligations {
  const collection = deps.connection.collection('obligations') as unknown as Collection<Obligation>;
  const log = deps.connection.collection('events') as unknown as Collection<DealEvent>;

  const rowsOf = async (dealIds: readonly DealId[]): Promise<Obligation[]> =>
    await collection.find({ dealId: { $in: [...dealIds] } }, { sort: { enteredAt: 1, ver: 1, n: 1 } }).toArray();
  const historyOf = (dealId: DealId) =>
    log.find({ aggregate: DEALS, aggregateId: dealId }, { sort: { ver: 1, n: 1 } }).toArray() as Promise<DealEvent[]>;

  /**
   * The rows after these events: by adding them, or from the whole history when one comes late or again. A new visit is
   * always taken from the history too: events of it that came before it are there and nowhere else.
   */
  const next = async (rows: readonly Obligation[], events: readonly DealEvent[]): Promise<Obligation[]> => {
    let folded: readonly Obligation[] = rows;
    for (const event of [...events].sort((a, b) => a.ver - b.ver || a.n - b.n)) {
      const inOrder = event.type !== 'stage.entered' && isAfter(event, lastFolded(folded));
      const added = inOrder ? applyEvent(folded, event) : null;
      if (added === null) return foldDeal(await historyOf(event.data.dealId));
      folded = added;
    }
    return [...folded];
  };

  /** Writes what changed, each row conditional on what was read. False: somebody was faster. */
  const write = async (before: readonly Obligation[], after: readonly Obligation[]): Promise<boolean> => {
    const old = new Map(before.map((row) => [row._id, row]));
    const changed = after.filter((row) => !isDeepStrictEqual(row, old.get(row._id)));
    if (changed.length === 0) return true;
    const updates = changed.filter((row) => old.has(row._id));
    try {
      const result = await collection.bulkWrite(
        changed.map((row) => {
          const was = old.get(row._id);
          return was === undefined
            ? { insertOne: { document: row } }
            : { replaceOne: { filter: { _id: row._id, ver: was.ver, n: was.n }, replacement: row } };
        }),
        { ordered: false },
      );
      return result.matchedCount === updates.length;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  };

  const settle = async (dealId: DealId, events: readonly DealEvent[], read: readonly Obligation[]) => {
    let rows = read;
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      if (await write(rows, await next(rows, events))) return;
      rows = await rowsOf([dealId]);
    }
    throw new ConflictError('insights.contended', `obligations of ${dealId} changed under us ${MAX_TRIES} times`);
  };

  return {
    collection,

    async fold(events) {
      const ours = events.filter((one) => one.aggregate === DEALS) as unknown as DealEvent[];
      const byDeal = groupBy(ours, (event) => event.data.dealId);
      if (byDeal.size === 0) return;
      const rows = groupBy(await rowsOf([...byDeal.keys()]), (row) => row.dealId);
      for (const [dealId, batch] of byDeal) await settle(dealId, batch, rows.get(dealId) ?? []);
    },

    async rebuild({ verifyOnly = false } = {}) {
      let compared = 0;
      const different: string[] = [];
      const known = new Set<string>();
      const compare = async (dealId: DealId, events: DealEvent[]) => {
        known.add(dealId);
        const [live, made] = [await rowsOf([dealId]), foldDeal(events)];
        const ids = new Set([...live, ...made].map((row) => row._id));
        compared += ids.size;
        const wrong = [...ids].filter(
          (id) =>
            !isDeepStrictEqual(
              live.find((row) => row._id === id),
              made.find((row) => row._id === id),
            ),
        );
        different.push(...wrong);
        if (verifyOnly || wrong.length === 0) return;
        await collection.bulkWrite(
          wrong.map((id) => {
            const row = made.find((one) => one._id === id);
            return row === undefined
              ? { deleteOne: { filter: { _id: id } } }
              : { replaceOne: { filter: { _id: id }, replacement: row, upsert: true } };
          }),
          { ordered: false },
        );
      };

      let batch: DealEvent[] = [];
      const cursor = log.find({ aggregate: DEALS }, { sort: { aggregateId: 1, ver: 1, n: 1 }, batchSize: BATCH });
      for await (const event of cursor as unknown as AsyncIterable<DealEvent>) {
        const first = batch[0];
        if (first !== undefined && first.aggregateId !== event.aggregateId) {
          await compare(first.data.dealId, batch);
          batch = [];
        }
        batch.push(event);
      }
      if (batch[0] !== undefined) await compare(batch[0].data.dealId, batch);
      // Rows of deals that the log does not know.
      const strays = new Set<DealId>();
      for await (const row of collection.find({}, { projection: { dealId: 1 } })) {
        if (!known.has(row.dealId)) strays.add(row.dealId);
      }
      for (const dealId of strays) await compare(dealId, []);
      return { compared, different };
    },
  };
}

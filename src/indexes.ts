import { isDeepStrictEqual } from 'node:util';
import type { Collection, Connection } from 'mongoose';
import { dealIndexes, evidenceIndexes } from './deals/index.js';
import { radarIndexes } from './evidence/index.js';
import { inboxIndexes } from './inbox/index.js';
import { insightsIndexes } from './insights/index.js';
import { equipmentIndexes, orgIndexes } from './org/index.js';
import { outboxIndexes } from './outbox/index.js';
import { replyAddressIndexes } from './platforms/index.js';
import { aggregateIndexes, type IndexSpec } from './store/index.js';
import { todoIndexes } from './todos/index.js';
import { lookIndexes, sessionIndexes } from './web/index.js';

/** Every index the house needs, made at each start: an index that is there already costs one look. */
const INDEXES: Record<string, readonly object[]> = {
  ...orgIndexes,
  ...equipmentIndexes,
  ...insightsIndexes,
  ...inboxIndexes,
  ...outboxIndexes,
  ...replyAddressIndexes,
  ...sessionIndexes,
  ...lookIndexes,
  ...radarIndexes,
  deals: [...aggregateIndexes, ...dealIndexes],
  todos: [...aggregateIndexes, ...todoIndexes],
  sessions_chat: aggregateIndexes,
  evidence: evidenceIndexes,
  events: [
    { key: { aggregateId: 1, ver: 1, n: 1 }, name: 'aggregate' },
    { key: { 'data.evidenceId': 1 }, name: 'evidence', sparse: true },
  ],
};

export async function ensureIndexes(connection: Connection): Promise<void> {
  await Promise.all(
    Object.entries(INDEXES).map(([name, specs]) => makeIndexes(connection.collection(name), specs as IndexSpec[])),
  );
}

/** IndexOptionsConflict, IndexKeySpecsConflict */
const CONFLICTS = [85, 86];
const INDEX_NOT_FOUND = 27;

/** An index that an earlier edition made otherwise (same name or same key) gives way to the one wanted now. */
export async function makeIndexes(collection: Collection, specs: readonly IndexSpec[]): Promise<void> {
  const make = () => collection.createIndexes(specs as never[]);
  try {
    await make();
  } catch (error) {
    if (!CONFLICTS.includes((error as { code?: number }).code ?? 0)) throw error;
    const there = (await collection.listIndexes().toArray()) as IndexSpec[];
    for (const old of there) {
      const wanted = specs.find(({ name, key }) => name === old.name || isDeepStrictEqual(key, { ...old.key }));
      if (wanted === undefined || isDeepStrictEqual(optionsOf(wanted), optionsOf(old))) continue;
      try {
        await collection.dropIndex(old.name);
      } catch (gone) {
        // Another process that starts now was faster.
        if ((gone as { code?: number }).code !== INDEX_NOT_FOUND) throw gone;
      }
    }
    await make();
  }
}

function optionsOf({ name, key, unique, sparse, expireAfterSeconds, partialFilterExpression }: IndexSpec): unknown {
  return [
    name,
    Object.entries(key),
    unique ?? false,
    sparse ?? false,
    expireAfterSeconds ?? null,
    JSON.stringify(partialFilterExpression ?? null),
  ];
}

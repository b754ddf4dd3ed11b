import type { Connection } from 'mongoose';
import { dealIndexes, evidenceIndexes } from './deals/index.js';
import { radarIndexes } from './evidence/index.js';
import { inboxIndexes } from './inbox/index.js';
import { insightsIndexes } from './insights/index.js';
import { equipmentIndexes, orgIndexes } from './org/index.js';
import { outboxIndexes } from './outbox/index.js';
import { replyAddressIndexes } from './platforms/index.js';
import { aggregateIndexes } from './store/index.js';
import { todoIndexes } from './todos/index.js';
import { sessionIndexes } from './web/index.js';

/** Every index the house needs, made at each start: an index that is there already costs one look. */
const INDEXES: Record<string, readonly object[]> = {
  ...orgIndexes,
  ...equipmentIndexes,
  ...insightsIndexes,
  ...inboxIndexes,
  ...outboxIndexes,
  ...replyAddressIndexes,
  ...sessionIndexes,
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
    Object.entries(INDEXES).map(([name, specs]) => connection.collection(name).createIndexes(specs as never[])),
  );
}

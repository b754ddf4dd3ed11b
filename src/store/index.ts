// The store: connection, one-write aggregates, relay, file vault, dump and restore.
export { openStore } from './connection.js';
export type { Store } from './connection.js';
export { aggregateIndexes, AS_GIVEN, createAggregate, isDuplicateKey } from './aggregate.js';
export type { Aggregate, Applied, Outcome } from './aggregate.js';
export { createBatch, createChanges, createInserts } from './batch.js';
export type { Batch, Change } from './batch.js';
export { createRelay } from './relay.js';
export type { EffectSink, EventReader, Relay } from './relay.js';
export { createVault } from './vault.js';
export type { Vault, VaultFile } from './vault.js';
export { dumpStore } from './dump.js';
export type { Progress } from './dump.js';
export type { DumpedCollection, Manifest } from './dump-files.js';
export { restoreStore } from './restore.js';
export { storeStatus } from './status.js';
export type { StoreStatus } from './status.js';
export { EmbeddedStoreError } from './embedded/index.js';
export type { AggregateDocument, DomainEvent, Effect, Fresh, IndexSpec } from './types.js';

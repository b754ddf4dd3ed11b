// The store: connection, one-write aggregates, relay, file vault.
export type { AggregateDocument, DomainEvent, Effect } from './types.js';

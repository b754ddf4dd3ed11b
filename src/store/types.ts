/**
 * One write. A command changes one aggregate document, conditional on its version; the events and effects that follow
 * are written inside the same document write (pending lists). The relay copies them out under deterministic ids and
 * then clears them, so that a crash at any point loses nothing and repeats nothing.
 */
export interface DomainEvent<Type extends string = string, Data = Record<string, unknown>> {
  /** `<command key>:<n>` */
  _id: string;
  type: Type;
  aggregate: string;
  aggregateId: string;
  /** Version of the aggregate that this event made; order within one aggregate. */
  ver: number;
  /** Position among the events of one command. */
  n: number;
  at: Date;
  data: Data;
}

/** Something to be done outside the aggregate; `_id` is the dedupe key of the thing it makes. */
export interface Effect<Kind extends string = string, Data = Record<string, unknown>> {
  _id: string;
  kind: Kind;
  data: Data;
}

/** An index as `createIndexes` takes it; stands beside the query that needs it. */
export interface IndexSpec {
  key: Record<string, 1 | -1>;
  name: string;
  unique?: boolean;
  sparse?: boolean;
  expireAfterSeconds?: number;
  partialFilterExpression?: Record<string, unknown>;
}

export interface AggregateDocument {
  _id: string;
  ver: number;
  /** Keys of the commands already applied (pruned by age); the second try of a command is recognised here. */
  applied: { key: string; at: Date }[];
  pendingEvents: DomainEvent[];
  pendingEffects: Effect[];
  /** Set while something is pending; found by the sweep when the process that wrote it died. */
  pendingAt?: Date | null;
}

/** What one write left pending, so that the relay need not read it again. */
export interface Fresh {
  /** The version of the document that this write made. */
  ver: number;
  events: readonly DomainEvent[];
  effects: readonly Effect[];
}

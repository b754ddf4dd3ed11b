import type { Collection, Connection } from 'mongoose';
import { ConflictError, type Log } from '../core/index.js';
import type { AggregateDocument, DomainEvent, Effect, Fresh, IndexSpec } from './types.js';

/** What a command decides: new values for fields, what happened, what is to be done outside, and an answer for the caller. */
export interface Outcome<Doc extends AggregateDocument, Result> {
  set?: Partial<Omit<Doc, keyof AggregateDocument>>;
  /** `at`: when it happened, if that is not the time of the command (imports). */
  events?: readonly { type: string; data: Record<string, unknown>; at?: Date }[];
  effects?: readonly Effect[];
  /** Nothing came of it: nothing is written, and the same command decides afresh when it comes again. */
  unchanged?: boolean;
  result: Result;
}

export interface Applied<Doc, Result> {
  /** The state after the command (or as it is now, when the command had been applied before). */
  doc: Doc;
  /** Absent when the same command was applied before. */
  result?: Result;
  repeated: boolean;
}

export interface Aggregate<Doc extends AggregateDocument> {
  readonly name: string;
  readonly collection: Collection<Doc>;
  load(id: string): Promise<Doc | null>;
  /** Makes the document together with its first events and effects. A second try with the same id changes nothing. */
  create(
    doc: Omit<Doc, keyof AggregateDocument> & { _id: string },
    command: { key: string; now: Date },
    first: Pick<Outcome<Doc, unknown>, 'events' | 'effects'>,
  ): Promise<{ created: boolean; doc: Doc }>;
  /**
   * Load → decide → one write conditional on the version; on conflict loads and decides again. `key` names the command
   * (the causing event): the second time it is recognised and nothing changes. Null when there is no such document.
   * `known` is the document as it was just read: it saves a read, and when it has changed since, it is loaded as ever.
   */
  command<Result>(
    id: string,
    command: { key: string; now: Date },
    decide: (doc: Doc) => Outcome<Doc, Result> | Promise<Outcome<Doc, Result>>,
    known?: Doc | null,
  ): Promise<Applied<Doc, Result> | null>;
}

/**
 * Keys of this many last commands are kept in the document. The inbox recognises redeliveries; these are for what is done
 * again after a crash, and every write carries them along.
 */
const APPLIED_KEPT = 100;
/** At this many pending entries the relay must be stuck: refuse rather than grow. */
const MAX_PENDING = 2_000;
const MAX_TRIES = 25;
/** A field without a value is absent and not null. Only for writes whose filter is made of values that are there. */
export const AS_GIVEN = { ignoreUndefined: true };

export function createAggregate<Doc extends AggregateDocument>(
  connection: Connection,
  name: string,
  deps: { relay: (collection: string, id: string, fresh?: Fresh) => Promise<void>; log: Log },
): Aggregate<Doc> {
  const collection = connection.collection(name) as unknown as Collection<Doc>;
  // The driver's generic update types cannot see through a type parameter; shapes are guarded by Outcome.
  const raw = connection.collection(name);

  const toEvents = (
    id: string,
    ver: number,
    command: { key: string; now: Date },
    events: Outcome<Doc, unknown>['events'],
  ): DomainEvent[] =>
    (events ?? []).map((event, n) => ({
      _id: `${command.key}:${id}:${n}`,
      type: event.type,
      aggregate: name,
      aggregateId: id,
      ver,
      n,
      at: event.at ?? command.now,
      data: event.data,
    }));

  async function load(id: string): Promise<Doc | null> {
    return (await raw.findOne({ _id: id as never })) as Doc | null;
  }

  return {
    name,
    collection,
    load,

    async create(doc, command, first) {
      const pendingEvents = toEvents(doc._id, 1, command, first.events);
      const pendingEffects = [...(first.effects ?? [])];
      const pending = pendingEvents.length + pendingEffects.length > 0;
      const full = {
        ...doc,
        ver: 1,
        applied: [{ key: command.key, at: command.now }],
        pendingEvents,
        pendingEffects,
        ...(pending ? { pendingAt: command.now } : {}),
      };
      try {
        await raw.insertOne(full as never, AS_GIVEN);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const existing = await load(doc._id);
        if (existing === null) throw error; // another unique index refused it
        if (existing.pendingAt) await deps.relay(name, doc._id);
        return { created: false, doc: existing };
      }
      if (pending) await deps.relay(name, doc._id, { ver: 1, events: pendingEvents, effects: pendingEffects });
      return { created: true, doc: full as unknown as Doc };
    },

    async command(id, command, decide, known = null) {
      for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
        const doc = attempt === 0 && known !== null ? known : await load(id);
        if (doc === null) return null;
        if (doc.applied.some((entry) => entry.key === command.key)) {
          if (doc.pendingAt) await deps.relay(name, id);
          return { doc, repeated: true };
        }
        if (doc.pendingEvents.length + doc.pendingEffects.length > MAX_PENDING) {
          throw new ConflictError('store.relay_stuck', `${name} ${id} has too many pending entries`);
        }
        const outcome = await decide(doc);
        if (outcome.unchanged === true) return { doc, result: outcome.result, repeated: false };
        const ver = doc.ver + 1;
        const events = toEvents(id, ver, command, outcome.events);
        const effects = [...(outcome.effects ?? [])];
        const pending = events.length + effects.length > 0;
        const update = {
          $set: { ...outcome.set, ...(pending ? { pendingAt: command.now } : {}) },
          $inc: { ver: 1 },
          $push: {
            applied: { $each: [{ key: command.key, at: command.now }], $slice: -APPLIED_KEPT },
            ...(events.length > 0 ? { pendingEvents: { $each: events } } : {}),
            ...(effects.length > 0 ? { pendingEffects: { $each: effects } } : {}),
          },
        };
        if (Object.keys(update.$set).length === 0) delete (update as { $set?: unknown }).$set;
        const written = await raw.updateOne({ _id: id as never, ver: doc.ver }, update as never, AS_GIVEN);
        if (written.matchedCount === 0) continue; // somebody was faster: load and decide again
        // What an earlier command left pending goes first: then the relay reads the document itself.
        if (pending) await deps.relay(name, id, doc.pendingAt ? undefined : { ver, events, effects });
        const applied = [...doc.applied, { key: command.key, at: command.now }].slice(-APPLIED_KEPT);
        const after: Doc = { ...doc, ...outcome.set, ver, applied };
        if (pending) {
          // Out by now, or left to the relay, which knows.
          Object.assign(after, { pendingEvents: [], pendingEffects: [] });
          delete after.pendingAt;
        }
        return { doc: after, result: outcome.result, repeated: false };
      }
      throw new ConflictError('store.contended', `${name} ${id} changed under us ${MAX_TRIES} times`);
    },
  };
}

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 11_000;
}

/** Index specs every aggregate collection needs. */
export const aggregateIndexes: readonly IndexSpec[] = [
  { key: { pendingAt: 1 }, name: 'pending', partialFilterExpression: { pendingAt: { $exists: true } } },
];

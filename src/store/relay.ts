import type { Connection } from 'mongoose';
import { SECOND, type Clock, type Log } from '../core/index.js';
import { isDuplicateKey } from './aggregate.js';
import type { AggregateDocument, DomainEvent, Effect } from './types.js';

/** Takes effects of one kind to where they are worked on. Must be idempotent by `Effect._id`. */
export type EffectSink = (effects: readonly Effect[]) => Promise<void>;
/** Reads events as they appear, in order within one aggregate; must be idempotent. */
export type EventReader = (events: readonly DomainEvent[]) => Promise<void>;

export interface Relay {
  addSink(kind: string, sink: EffectSink): void;
  addReader(reader: EventReader): void;
  /** Aggregates whose leftovers the sweep looks for. */
  watch(collection: string): void;
  /** Copies out what is pending in one document; failures are logged and left to the sweep, never thrown at the command. */
  flush(collection: string, id: string): Promise<void>;
  /** Finds what a dead process left pending (`all`: also what is fresh, when nobody else can be at it). Returns how many documents. */
  sweep(options?: { all?: boolean }): Promise<number>;
}

/** Leftovers younger than this belong to a command that is still running its own flush. */
const SWEEP_AFTER_MS = 5 * SECOND;

export function createRelay(deps: { connection: Connection; clock: Clock; log: Log }): Relay {
  const sinks = new Map<string, EffectSink>();
  const readers: EventReader[] = [];
  const watched = new Set<string>();
  const inWork = new Map<string, Promise<void>>();
  const eventLog = deps.connection.collection('events');

  async function copyOut(name: string, id: string): Promise<void> {
    const collection = deps.connection.collection(name);
    const doc = (await collection.findOne(
      { _id: id as never },
      { projection: { pendingEvents: 1, pendingEffects: 1 } },
    )) as Pick<AggregateDocument, 'pendingEvents' | 'pendingEffects'> | null;
    if (doc === null) return;
    const { pendingEvents: events, pendingEffects: effects } = doc;
    if (events.length > 0) {
      try {
        await eventLog.insertMany(events as never[], { ordered: false });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error; // a second copy of the same event: already there
      }
      for (const reader of readers) await reader(events);
    }
    const byKind = groupByKind(effects);
    for (const [kind, group] of byKind) {
      const sink = sinks.get(kind);
      if (sink === undefined) throw new TypeError(`no sink for effects of kind ${kind}`);
      await sink(group);
    }
    await collection.updateOne(
      { _id: id as never },
      {
        $pull: {
          pendingEvents: { _id: { $in: events.map((event) => event._id) } },
          pendingEffects: { _id: { $in: effects.map((effect) => effect._id) } },
        } as never,
      },
    );
    await collection.updateOne(
      { _id: id as never, pendingEvents: { $size: 0 }, pendingEffects: { $size: 0 } },
      { $unset: { pendingAt: '' } },
    );
  }

  async function flush(name: string, id: string): Promise<void> {
    const key = `${name}:${id}`;
    const before = inWork.get(key) ?? Promise.resolve();
    const mine = before
      .then(() => copyOut(name, id))
      .catch((error: unknown) => {
        deps.log.error({ err: error, aggregate: name, id }, 'relay failed, the sweep will try again');
      });
    inWork.set(key, mine);
    await mine;
    if (inWork.get(key) === mine) inWork.delete(key);
  }

  return {
    addSink: (kind, sink) => void sinks.set(kind, sink),
    addReader: (reader) => void readers.push(reader),
    watch: (collection) => void watched.add(collection),
    flush,
    async sweep({ all = false } = {}) {
      let found = 0;
      const before = new Date(deps.clock.now().getTime() - (all ? 0 : SWEEP_AFTER_MS));
      for (const name of watched) {
        const left = await deps.connection
          .collection(name)
          .find({ pendingAt: { $lte: before } }, { projection: { _id: 1 }, limit: 200 })
          .toArray();
        for (const doc of left) await flush(name, String(doc._id));
        found += left.length;
      }
      return found;
    },
  };
}

function groupByKind(effects: readonly Effect[]): Map<string, Effect[]> {
  const groups = new Map<string, Effect[]>();
  for (const effect of effects) {
    const group = groups.get(effect.kind);
    if (group === undefined) groups.set(effect.kind, [effect]);
    else group.push(effect);
  }
  return groups;
}

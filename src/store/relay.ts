import type { Connection } from 'mongoose';
import { errorText, SECOND, type Clock, type Log } from '../core/index.js';
import { createChanges, createInserts, isRefusedForGood, type Batch, type Change } from './batch.js';
import type { AggregateDocument, DomainEvent, Effect, Fresh } from './types.js';

/** Takes effects of one kind to where they are worked on. Must be idempotent by `Effect._id`. */
export type EffectSink = (effects: readonly Effect[]) => Promise<void>;
/** Reads events as they appear, in order within one aggregate; must be idempotent. */
export type EventReader = (events: readonly DomainEvent[]) => Promise<void>;

export interface Relay {
  addSink(kind: string, sink: EffectSink): void;
  addReader(reader: EventReader): void;
  /** Aggregates whose leftovers the sweep looks for. */
  watch(collection: string): void;
  /**
   * Copies out what is pending in one document; failures are logged and left to the sweep, never thrown at the command.
   * `fresh`: all that is pending in it, by whoever just wrote it.
   */
  flush(collection: string, id: string, fresh?: Fresh): Promise<void>;
  /** Finds what a dead process left pending (`all`: also what is fresh, when nobody else can be at it). Returns how many documents. */
  sweep(options?: { all?: boolean }): Promise<number>;
  /** Effects that nothing takes: a fault of ours, each with its reason in `effects_put_aside`. */
  putAside(): Promise<number>;
  /** Resolves when nothing is being copied out or struck off. */
  idle(): Promise<void>;
}

/** An effect that nothing takes, kept for whoever finds out why. */
interface PutAside {
  _id: string;
  /** `<collection>:<id>` of the aggregate that wanted it. */
  from: string;
  effect: Effect;
  error: string;
  at: Date;
}

const PUT_ASIDE = 'effects_put_aside';

/** Leftovers younger than this belong to a command that is still running its own flush. */
const SWEEP_AFTER_MS = 5 * SECOND;
/** Documents that the sweep looks up at once. */
const SWEEP_BATCH = 200;

export function createRelay(deps: { connection: Connection; clock: Clock; log: Log }): Relay {
  const sinks = new Map<string, EffectSink>();
  const readers: EventReader[] = [];
  const watched = new Set<string>();
  /** By document: what is being copied out, until it is struck off its list too. */
  const inWork = new Map<string, Promise<void>>();
  /** Documents of which something could not be copied out: the next flush begins with that. */
  const behind = new Set<string>();
  const clears = new Map<string, Batch<Change, void>>();
  const eventLog = createInserts<DomainEvent>(deps.connection.collection('events'));
  const putAside = createInserts<PutAside>(deps.connection.collection(PUT_ASIDE));

  async function pendingOf(name: string, id: string): Promise<Fresh | null> {
    const doc = (await deps.connection
      .collection(name)
      .findOne({ _id: id as never }, { projection: { ver: 1, pendingEvents: 1, pendingEffects: 1 } })) as Pick<
      AggregateDocument,
      'ver' | 'pendingEvents' | 'pendingEffects'
    > | null;
    return doc === null ? null : { ver: doc.ver, events: doc.pendingEvents, effects: doc.pendingEffects };
  }

  /**
   * What the sink or the store will never take is put aside, so that it holds up nothing that comes after it. Nothing
   * overtakes what may yet be taken: the first that fails otherwise ends it, and is tried again with those behind it.
   */
  async function give(sink: EffectSink, group: readonly Effect[], from: string): Promise<void> {
    try {
      await sink(group);
    } catch (error) {
      const [only, ...others] = group;
      if (only === undefined || !isRefusedForGood(error)) throw error;
      if (others.length > 0) {
        for (const effect of group) await give(sink, [effect], from);
        return;
      }
      deps.log.error({ err: error, aggregate: from, effect: only._id, kind: only.kind }, 'effect put aside');
      await putAside.add({
        _id: `${from}:${only._id}`,
        from,
        effect: only,
        error: errorText(error),
        at: deps.clock.now(),
      });
    }
  }

  async function copyOut({ events, effects }: Fresh, from: string): Promise<void> {
    if (events.length > 0) {
      await Promise.all(events.map((event) => eventLog.add(event)));
      for (const reader of readers) await reader(events);
    }
    for (const [kind, group] of groupByKind(effects)) {
      const sink = sinks.get(kind);
      if (sink === undefined) throw new TypeError(`no sink for effects of kind ${kind}`);
      await give(sink, group, from);
    }
  }

  /** Struck off together with those of other documents. If something was added since, whoever added it strikes off all. */
  function clear(name: string, id: string, ver: number): Promise<void> {
    let batch = clears.get(name);
    if (batch === undefined) clears.set(name, (batch = createChanges(deps.connection.collection(name))));
    return batch.add({
      filter: { _id: id, ver },
      update: { $set: { pendingEvents: [], pendingEffects: [] }, $unset: { pendingAt: '' } },
    });
  }

  /** `out` resolves when everything is where it is worked on, `done` when it is struck off as well; neither rejects. */
  function run(name: string, id: string, fresh: Fresh | undefined): { out: Promise<void>; done: Promise<void> } {
    const key = `${name}:${id}`;
    const before = inWork.get(key) ?? Promise.resolve();
    const failed = (error: unknown): null => {
      behind.add(key);
      deps.log.error({ err: error, aggregate: name, id }, 'relay failed, the sweep will try again');
      return null;
    };
    const out = before
      .then(async () => {
        const pending = fresh === undefined || behind.has(key) ? await pendingOf(name, id) : fresh;
        if (pending !== null) await copyOut(pending, key);
        behind.delete(key);
        return pending;
      })
      .catch(failed);
    const done = out
      .then((pending) => (pending === null ? undefined : clear(name, id, pending.ver)))
      .then(() => undefined, failed)
      .then(() => {
        if (inWork.get(key) === done) inWork.delete(key);
      });
    inWork.set(key, done);
    return { out: out.then(() => undefined), done };
  }

  return {
    addSink: (kind, sink) => void sinks.set(kind, sink),
    addReader: (reader) => void readers.push(reader),
    watch: (collection) => void watched.add(collection),
    flush: (name, id, fresh) => run(name, id, fresh).out,
    async sweep({ all = false } = {}) {
      const before = new Date(deps.clock.now().getTime() - (all ? 0 : SWEEP_AFTER_MS));
      let found = 0;
      for (const name of watched) {
        // One that fails stays pending; it is met once a sweep.
        const met: string[] = [];
        for (;;) {
          const left = await deps.connection
            .collection(name)
            .find(
              { pendingAt: { $lte: before }, _id: { $nin: met as never[] } },
              { projection: { _id: 1 }, limit: SWEEP_BATCH },
            )
            .toArray();
          const ids = left.map((doc) => String(doc._id));
          for (const id of ids) await run(name, id, undefined).done;
          met.push(...ids);
          if (ids.length < SWEEP_BATCH) break;
        }
        found += met.length;
      }
      return found;
    },
    putAside: () => deps.connection.collection(PUT_ASIDE).countDocuments({}),
    async idle() {
      while (inWork.size > 0) await Promise.all(inWork.values());
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

import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import { AppError, errorCode, errorText, SECOND, DAY, type CardId, type Clock, type Log } from '../core/index.js';
import type { FilledCard } from '../cards/index.js';
import type { InboundEvent, Intake, IntakeHints, IntakeResult } from '../platforms/contract.js';
import { createChanges, createInserts } from '../store/index.js';
import { createGate } from './gate.js';

/** What working on an event gave: how the pressed card looks now, and the key of the message that says the same. */
export interface Handled {
  answer?: { card: FilledCard; messageKey: string };
}

export interface Inbox {
  /** Handed to the adapters. Resolves when the event is stored; the work goes on behind. */
  intake: Intake;
  /** Works on what a dead process left, oldest first. */
  sweep(): Promise<void>;
  /** Resolves when nothing is in work in this process. */
  idle(): Promise<void>;
  counts(): Promise<{ waiting: number; dead: number }>;
  /** Puts a parked event back. */
  replay(key: string): Promise<boolean>;
  stop(): Promise<void>;
}

export interface InboxDeps {
  connection: Connection;
  /**
   * No other process works on this store: then what came in here is in order without looking, and is the dead process's
   * when it was taken by somebody else.
   */
  alone?: boolean;
  handle: (event: InboundEvent) => Promise<Handled>;
  /** The message was written into the answer of the press. */
  answeredPassively: (messageKey: string) => Promise<void>;
  /** A further handle for changing a card came with the event. */
  noteHandle: (cardId: CardId, handle: string) => Promise<void>;
  /** An event was given up: its sender is told that what they sent is kept. */
  onParked: (event: InboundEvent) => Promise<void>;
  clock: Clock;
  log: Log;
}

interface InboxRow {
  _id: string;
  lane: string;
  event: InboundEvent;
  state: 'new' | 'done' | 'parked';
  seq: number;
  attempts: number;
  dueAt: Date;
  leasedUntil?: Date;
  /** Who works on it: a process knows its own. */
  leasedBy?: string;
  receivedAt: Date;
  doneAt?: Date;
  answer?: Handled['answer'];
  lastError?: { code: string; message: string };
}

const LEASE_MS = 120 * SECOND;
const MAX_ATTEMPTS = 5;
/** The longest wait of a platform for the answer of a press (WeCom 5 s). */
const ANSWER_WAIT_MS = 5 * SECOND;
const ANSWER_POLL_MS = 100;
/** Longer than the longest redelivery (7 days), so that a late copy is still recognised. */
const KEEP_DAYS = 14;
/** People who are served side by side: beyond that, work behind the acknowledgement would hold up acknowledgements. */
const LANES_AT_ONCE = 32;

const FREE = { leasedUntil: '', leasedBy: '' };

export function createInbox(deps: InboxDeps): Inbox {
  const rows = deps.connection.collection('inbox');
  const arrivals = createInserts<InboxRow>(rows);
  const marks = createChanges(rows);
  const gate = createGate(LANES_AT_ONCE);
  const me = randomUUID();
  /** One chain a person: events of one person are worked on in order, different people side by side. */
  const lanes = new Map<string, Promise<void>>();
  /** Stored as taken by us and next in their chain, so that nothing need be looked up before they are worked on. */
  const held = new Map<string, InboxRow>();
  /** Lanes of which the store may hold more than memory: they are worked on by what the store says. Null: not known yet. */
  let behind: Promise<Set<string>> | null = null;
  /** What came out for presses whose answer is still waited for. */
  const outcomes = new Map<string, Handled | null>();
  /** By lane: the last mark that is not on disk yet. */
  const marking = new Map<string, Promise<void>>();
  let stopped = false;
  let lastSeq = 0;

  const nextSeq = (): number => {
    lastSeq = Math.max(lastSeq + 1, deps.clock.now().getTime() * 1_000);
    return lastSeq;
  };

  function knowLanes(): Promise<Set<string>> {
    behind ??= (async () => {
      const left = await rows.find({ state: 'new' }, { projection: { _id: 0, lane: 1 } }).toArray();
      return new Set(left.map((row) => String(row['lane'])));
    })().catch((error: unknown) => {
      behind = null;
      throw error;
    });
    return behind;
  }

  function inLane(lane: string, work: () => Promise<void>): Promise<void> {
    const mine = (lanes.get(lane) ?? Promise.resolve())
      .then(() => gate(work))
      .catch((error: unknown) => {
        deps.log.error({ err: error, lane }, 'inbox work failed');
      });
    lanes.set(lane, mine);
    void mine.then(() => {
      if (lanes.get(lane) === mine) lanes.delete(lane);
    });
    return mine;
  }

  async function intake(event: InboundEvent, hints: IntakeHints = {}): Promise<IntakeResult> {
    const lane = `${event.platform}:${event.from}`;
    const now = deps.clock.now();
    const taken = deps.alone === true && !(await knowLanes()).has(lane);
    const row: InboxRow = {
      _id: event.key,
      lane,
      event,
      state: 'new',
      seq: nextSeq(),
      attempts: taken ? 1 : 0,
      dueAt: now,
      receivedAt: now,
      ...(taken ? { leasedUntil: new Date(now.getTime() + LEASE_MS), leasedBy: me } : {}),
    };
    const duplicate = !(await arrivals.add(row));
    if (taken && !duplicate) held.set(row._id, row);
    const isPress = event.body.kind === 'press';
    if (isPress && !duplicate) outcomes.set(event.key, null);
    // A copy of an event that is still waiting (its process died) sets it going as well.
    const work = inLane(lane, () => workNext(lane, event.key));
    if (hints.updateHandle !== undefined && event.body.kind === 'press') {
      await deps.noteHandle(event.body.cardId, hints.updateHandle);
    }
    if (!isPress) return { duplicate, handled: work };
    // Every copy of one press gets the same answer, here or in another process.
    const outcome = work
      .then(async () => (outcomes.get(event.key) ?? (await outcomeOf(event.key))).answer ?? null)
      .catch(() => null)
      .finally(() => outcomes.delete(event.key));
    return {
      duplicate,
      answer: outcome.then((found) => found?.card ?? null),
      async answered() {
        const found = await outcome;
        if (found !== null) await deps.answeredPassively(found.messageKey);
      },
    };
  }

  /** Waits for whoever works on it, no longer than a platform waits for the answer of a press. */
  async function outcomeOf(key: string): Promise<Handled> {
    for (let waited = 0; ; waited += ANSWER_POLL_MS) {
      const row = (await rows.findOne({ _id: key as never }, { projection: { answer: 1, state: 1 } })) as Pick<
        InboxRow,
        'answer' | 'state'
      > | null;
      if (row === null || row.state !== 'new' || waited >= ANSWER_WAIT_MS || stopped)
        return row?.answer === undefined ? {} : { answer: row.answer };
      await new Promise((resolve) => setTimeout(resolve, ANSWER_POLL_MS).unref());
    }
  }

  /** The event that came, when nothing of the same person can be before it; else whatever the store has next. */
  async function workNext(lane: string, key: string): Promise<void> {
    if (stopped) return;
    const row = held.get(key);
    if (row === undefined || (await behind)?.has(lane) === true) await workLane(lane);
    else if (!(await work(row))) (await behind)?.add(lane);
  }

  /** Works on what is due in one lane, oldest first, until nothing is due or one must wait. */
  async function workLane(lane: string): Promise<void> {
    while (!stopped) {
      await marking.get(lane);
      const now = deps.clock.now();
      const [head] = (await rows
        .find({ lane, state: 'new' })
        .sort({ seq: 1 })
        .limit(1)
        .toArray()) as unknown as InboxRow[];
      if (head === undefined) (await behind)?.delete(lane);
      if (head === undefined || head.dueAt > now) return;
      const claimed = await rows.updateOne(
        {
          _id: head._id as never,
          state: 'new',
          $or: [{ leasedUntil: { $exists: false } }, { leasedUntil: { $lte: now } }, { leasedBy: me }],
        },
        { $set: { leasedUntil: new Date(now.getTime() + LEASE_MS), leasedBy: me }, $inc: { attempts: 1 } },
      );
      if (claimed.modifiedCount === 0) return; // another process works on this person
      if (!(await work({ ...head, attempts: head.attempts + 1 }))) return;
    }
  }

  /** Not waited for, except by whoever looks into the lane: done again after a crash, the event changes nothing. */
  function mark({ _id, lane }: InboxRow, { answer }: Handled): void {
    const change = { state: 'done', doneAt: deps.clock.now(), ...(answer === undefined ? {} : { answer }) };
    const marked = marks
      .add({ filter: { _id }, update: { $set: change, $unset: FREE } })
      .catch((error: unknown) => deps.log.warn({ err: error, key: _id }, 'not marked as done'))
      .then(() => {
        if (marking.get(lane) === marked) marking.delete(lane);
      });
    marking.set(lane, marked);
  }

  async function work(row: InboxRow): Promise<boolean> {
    held.delete(row._id);
    try {
      const handled = await deps.handle(row.event);
      if (outcomes.has(row._id)) outcomes.set(row._id, handled);
      mark(row, handled);
      return true;
    } catch (error) {
      const lastError = { code: errorCode(error), message: errorText(error).slice(0, 500) };
      const givenUp = row.attempts >= MAX_ATTEMPTS || (error instanceof AppError && !error.retryable);
      if (givenUp) {
        await rows.updateOne(
          { _id: row._id as never },
          { $set: { state: 'parked', lastError, doneAt: deps.clock.now() }, $unset: FREE },
        );
        deps.log.error({ err: error, key: row._id, attempts: row.attempts }, 'event parked');
        await deps.onParked(row.event);
        return true; // the neighbours go on
      }
      const waitMs = SECOND * 2 ** (row.attempts - 1);
      await rows.updateOne(
        { _id: row._id as never },
        { $set: { dueAt: new Date(deps.clock.now().getTime() + waitMs), lastError }, $unset: FREE },
      );
      deps.log.warn({ err: error, key: row._id, waitMs }, 'event will be tried again');
      const timer = setTimeout(() => {
        if (!stopped) void inLane(row.lane, () => workLane(row.lane));
      }, waitMs + 10);
      timer.unref();
      return false;
    }
  }

  return {
    intake,
    async sweep() {
      const now = deps.clock.now();
      const due = await rows
        .find(
          {
            state: 'new',
            dueAt: { $lte: now },
            $or: [{ leasedUntil: { $exists: false } }, { leasedUntil: { $lte: now } }],
          },
          { projection: { lane: 1 } },
        )
        .limit(500)
        .toArray();
      const waiting = [...new Set(due.map((row) => String(row['lane'])))].filter((lane) => !lanes.has(lane));
      const known = await behind;
      for (const lane of waiting) known?.add(lane);
      await Promise.all(waiting.map((lane) => inLane(lane, () => workLane(lane))));
    },
    async idle() {
      while (lanes.size > 0) await Promise.all(lanes.values());
      await marks.idle();
    },
    async counts() {
      const [waiting, dead] = await Promise.all([
        rows.countDocuments({ state: 'new' }),
        rows.countDocuments({ state: 'parked' }),
      ]);
      return { waiting, dead };
    },
    async replay(key) {
      const put = await rows.findOneAndUpdate(
        { _id: key as never, state: 'parked' },
        { $set: { state: 'new', attempts: 0, dueAt: deps.clock.now() }, $unset: { doneAt: '' } },
      );
      if (put === null) return false;
      const lane = String(put['lane']);
      (await behind)?.add(lane);
      await inLane(lane, () => workLane(lane));
      return true;
    },
    async stop() {
      stopped = true;
      await Promise.all(lanes.values());
      await marks.idle();
    },
  };
}

export const inboxIndexes = {
  inbox: [
    { key: { lane: 1 as const, state: 1 as const, seq: 1 as const }, name: 'lane' },
    { key: { state: 1 as const, dueAt: 1 as const }, name: 'due', partialFilterExpression: { state: 'new' } },
    { key: { doneAt: 1 as const }, name: 'kept', expireAfterSeconds: (KEEP_DAYS * DAY) / SECOND },
  ],
};

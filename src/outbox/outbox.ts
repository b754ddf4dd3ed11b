import type { Connection } from 'mongoose';
import { DAY, errorCode, errorText, HOUR, SECOND, AppError, type CardId, type Clock, type Log } from '../core/index.js';
import type { Address, Outgoing, PlatformAdapter, PlatformName, Purpose } from '../platforms/contract.js';
import { AS_GIVEN, isDuplicateKey } from '../store/index.js';
import { createCardBook } from './cards.js';
import { backoffMs, createRateKeeper, type RateKeeper } from './rate.js';
import type { CardRow, OutboxRow } from './types.js';

export interface Outbox {
  /** Stores messages; a key that is there already changes nothing. Wakes the dispatcher. */
  enqueue(messages: readonly Outgoing[]): Promise<void>;
  /** The message was written into the answer of the press: nothing is left to send. */
  answeredPassively(key: string): Promise<void>;
  /** A further handle for changing this card came with an event. */
  noteHandle(cardId: CardId, handle: string): Promise<void>;
  /** Sends what is due; resolves when nothing more is due now. Safe to call from anywhere, any number of times. */
  sweep(): Promise<void>;
  /** For pages and /metrics. */
  counts(): Promise<{ due: number; dead: number }>;
  dead(): Promise<OutboxRow[]>;
  /** Puts a dead letter back; false when there is none, or when its card has a newer look already. */
  resend(key: string): Promise<boolean>;
  start(): void;
  stop(): Promise<void>;
}

export interface OutboxDeps {
  connection: Connection;
  adapters: ReadonlyMap<PlatformName, PlatformAdapter>;
  /** Where a person is reached: platform user id there, or null when nowhere. */
  reach: (address: Extract<Address, { kind: 'person' }>) => Promise<{ platform: PlatformName; userId: string } | null>;
  clock: Clock;
  log: Log;
  random?: () => number;
  /** Told about messages that were given up. */
  onDead?: (row: OutboxRow) => void;
}

const PRIORITY: Record<Purpose, number> = { reply: 0, verdict: 1, todo: 2, nudge: 3, admin: 4, digest: 5 };
const LEASE_MS = 60 * SECOND;
/** With the backoff this is about an hour and a half of trying: an hour's outage is survived. */
const MAX_ATTEMPTS = 14;
const BATCH = 200;
const LANES_AT_ONCE = 8;
/** Messages that left are forgotten after a quarter, cards and events are not. */
const KEEP_DAYS = 90;

export function createOutbox(deps: OutboxDeps): Outbox {
  const rows = deps.connection.collection('outbox');
  const cards = createCardBook(deps.connection, deps.clock);
  const random = deps.random ?? Math.random;
  const rates = new Map<PlatformName, RateKeeper>();
  for (const [name, adapter] of deps.adapters) rates.set(name, createRateKeeper(adapter.budget));
  let restored: Promise<void> | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = true;
  let timer: NodeJS.Timeout | null = null;
  let timerAt = 0;
  let lastSeq = 0;

  const nextSeq = (now: Date): number => {
    lastSeq = Math.max(lastSeq + 1, now.getTime() * 1_000);
    return lastSeq;
  };

  async function restore(): Promise<void> {
    const since = new Date(deps.clock.now().getTime() - HOUR);
    const recent = await rows
      .find({ state: 'sent', sentAt: { $gte: since } }, { projection: { platform: 1, lane: 1, sentAt: 1, how: 1 } })
      .sort({ sentAt: 1 })
      .toArray();
    for (const [name, keeper] of rates) {
      keeper.restore(
        recent
          .filter((row) => row['platform'] === name && row['how'] !== 'passive')
          .map((row) => ({ recipient: String(row['lane']), at: (row['sentAt'] as Date).getTime() })),
      );
    }
  }

  async function toRow(outgoing: Outgoing): Promise<OutboxRow | null> {
    const now = deps.clock.now();
    let platform: PlatformName;
    let to: OutboxRow['to'];
    const address = outgoing.to;
    if (address.kind === 'person') {
      const reached = await deps.reach(address);
      if (reached === null) {
        deps.log.warn(
          { key: outgoing.key, person: address.personId },
          'nobody to send to: no identity on a platform in use',
        );
        return null;
      }
      platform = reached.platform;
      to = { kind: 'person', userId: reached.userId };
    } else if (address.kind === 'user') {
      platform = address.platform;
      to = { kind: 'person', userId: address.userId };
    } else {
      platform = address.platform;
      to = { kind: 'group', chatId: address.chatId };
    }
    return {
      _id: outgoing.key,
      platform,
      lane: `${platform}:${to.kind === 'person' ? to.userId : to.chatId}`,
      to,
      message: outgoing.message,
      ...(outgoing.message.kind === 'show' ? { cardId: outgoing.message.cardId } : {}),
      purpose: outgoing.purpose,
      state: 'due',
      priority: PRIORITY[outgoing.purpose],
      seq: nextSeq(now),
      dueAt: outgoing.notBefore ?? now,
      attempts: 0,
      createdAt: now,
    };
  }

  async function enqueue(messages: readonly Outgoing[]): Promise<void> {
    const fresh: OutboxRow[] = [];
    for (const message of messages) {
      const row = await toRow(message);
      if (row !== null) fresh.push(row);
    }
    if (fresh.length === 0) return;
    let waiting = fresh;
    try {
      await rows.insertMany(fresh as never[], { ordered: false, ...AS_GIVEN });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // The same message again: it is on its way or gone already, and keeps the place in the order that it has.
      const keys = fresh.map((row) => row._id);
      waiting = (await rows.find({ _id: { $in: keys as never[] }, state: 'due' }).toArray()) as unknown as OutboxRow[];
    }
    // A newer look of a card makes older ones that have not left yet unnecessary.
    for (const row of waiting) {
      if (row.cardId === undefined) continue;
      await rows.updateMany(
        { cardId: row.cardId, lane: row.lane, state: 'due', seq: { $lt: row.seq }, leasedUntil: { $exists: false } },
        { $set: { state: 'superseded' } },
      );
    }
    wake(0);
  }

  /** Only the soonest wake-up is kept: the sweep that it starts looks when the next one is due. */
  function wake(inMs: number): void {
    if (stopped) return;
    if (inMs <= 0) {
      sweep().catch((error: unknown) => deps.log.error({ err: error }, 'outbox sweep failed'));
      return;
    }
    const at = Date.now() + inMs;
    if (timer !== null) {
      if (timerAt <= at) return;
      clearTimeout(timer);
    }
    timerAt = at;
    timer = setTimeout(() => {
      timer = null;
      wake(0);
    }, inMs + 5);
    timer.unref();
  }

  function sweep(): Promise<void> {
    if (running !== null) {
      again = true;
      return running;
    }
    running = (async () => {
      restored ??= restore();
      await restored;
      do {
        again = false;
        await dispatchRound();
        await wakeForNext();
      } while (again && !stopped);
    })().finally(() => {
      running = null;
    });
    return running;
  }

  /**
   * One round over what is due: every lane once, the urgent ones first. A lane that cannot go on (its platform is down, its
   * recipient has had enough) is left out of the rest of the round, however much waits in it, so that it holds up nobody.
   */
  async function dispatchRound(): Promise<void> {
    const done: string[] = [];
    while (!stopped) {
      const now = deps.clock.now();
      const due = (await rows
        .find(
          {
            state: 'due',
            dueAt: { $lte: now },
            lane: { $nin: done },
            $or: [{ leasedUntil: { $exists: false } }, { leasedUntil: { $lte: now } }],
          },
          { projection: { lane: 1 } },
        )
        .sort({ priority: 1, seq: 1 })
        .limit(BATCH)
        .toArray()) as unknown as Pick<OutboxRow, 'lane'>[];
      if (due.length === 0) return;
      const lanes = [...new Set(due.map((row) => row.lane))];
      done.push(...lanes);
      const work = async (): Promise<void> => {
        for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift()) await dispatchLane(lane);
      };
      await Promise.all(Array.from({ length: LANES_AT_ONCE }, work));
    }
  }

  async function wakeForNext(): Promise<void> {
    const now = deps.clock.now();
    const [next] = await rows
      .find({ state: 'due', dueAt: { $gt: now } }, { projection: { dueAt: 1 } })
      .sort({ dueAt: 1 })
      .limit(1)
      .toArray();
    if (next !== undefined) wake(Math.min((next['dueAt'] as Date).getTime() - now.getTime(), 30 * SECOND));
  }

  /** The waiting messages of one recipient, oldest first; stops at the first that cannot leave now. */
  async function dispatchLane(lane: string): Promise<void> {
    while (!stopped) {
      const now = deps.clock.now();
      const [head] = (await rows
        .find({ lane, state: 'due' })
        .sort({ seq: 1 })
        .limit(1)
        .toArray()) as unknown as OutboxRow[];
      if (head === undefined || head.dueAt > now) return;
      if (head.leasedUntil !== undefined && head.leasedUntil > now) return;
      const adapter = deps.adapters.get(head.platform);
      const keeper = rates.get(head.platform);
      if (adapter === undefined || keeper === undefined) {
        await rows.updateOne(
          { _id: head._id as never },
          { $set: { dueAt: new Date(now.getTime() + 10 * 60 * SECOND) } },
        );
        return;
      }
      const waitMs = keeper.waitMs(lane, now.getTime());
      if (waitMs > 0) {
        await rows.updateOne({ _id: head._id as never }, { $set: { dueAt: new Date(now.getTime() + waitMs) } });
        return;
      }
      const claimed = await rows.updateOne(
        {
          _id: head._id as never,
          state: 'due',
          $or: [{ leasedUntil: { $exists: false } }, { leasedUntil: { $lte: now } }],
        },
        { $set: { leasedUntil: new Date(now.getTime() + LEASE_MS) }, $inc: { attempts: 1 } },
      );
      if (claimed.modifiedCount === 0) return; // another process has it
      if (!(await deliver(adapter, keeper, { ...head, attempts: head.attempts + 1 }))) return;
    }
  }

  async function deliver(adapter: PlatformAdapter, keeper: RateKeeper, row: OutboxRow): Promise<boolean> {
    try {
      const known = row.cardId === undefined ? null : await cards.find(row.cardId);
      const receipt = await adapter.deliver({ key: row._id, to: row.to, body: toBody(row, known) });
      const now = deps.clock.now();
      keeper.sent(row.lane, now.getTime());
      if (row.cardId !== undefined) await cards.delivered(row.cardId, row, receipt, known);
      await rows.updateOne(
        { _id: row._id as never },
        { $set: { state: 'sent', how: receipt.how, sentAt: now }, $unset: { leasedUntil: '' } },
      );
      return true;
    } catch (error) {
      await failed(row, error);
      return false;
    }
  }

  function toBody(row: OutboxRow, known: CardRow | null): Parameters<PlatformAdapter['deliver']>[0]['body'] {
    const { message } = row;
    switch (message.kind) {
      case 'text':
        return { kind: 'text', text: message.text };
      case 'markdown':
        return { kind: 'markdown', title: message.title, text: message.text };
      case 'show': {
        if (known === null) return { kind: 'card', cardId: message.cardId, card: message.card };
        return { kind: 'card-update', cardId: message.cardId, card: message.card, handles: cards.usable(known) };
      }
    }
  }

  async function failed(row: OutboxRow, error: unknown): Promise<void> {
    const now = deps.clock.now();
    const retryable = !(error instanceof AppError) || error.retryable;
    const lastError = { code: errorCode(error), message: errorText(error).slice(0, 500), at: now };
    if (!retryable || row.attempts >= MAX_ATTEMPTS) {
      await rows.updateOne(
        { _id: row._id as never },
        { $set: { state: 'dead', lastError }, $unset: { leasedUntil: '' } },
      );
      deps.log.error(
        { key: row._id, code: lastError.code, why: lastError.message, attempts: row.attempts },
        'message given up',
      );
      deps.onDead?.({ ...row, lastError });
      return;
    }
    const asked = error instanceof AppError ? Number(error.details['retryAfterMs'] ?? 0) : 0;
    const waitMs = Math.max(asked, backoffMs(row.attempts, random()));
    await rows.updateOne(
      { _id: row._id as never },
      { $set: { dueAt: new Date(now.getTime() + waitMs), lastError }, $unset: { leasedUntil: '' } },
    );
    deps.log.warn(
      { key: row._id, code: lastError.code, why: lastError.message, waitMs },
      'message will be tried again',
    );
  }

  return {
    enqueue,
    sweep,
    async answeredPassively(key) {
      const done = await rows.updateOne(
        { _id: key as never, state: 'due', leasedUntil: { $exists: false } },
        { $set: { state: 'sent', how: 'passive', sentAt: deps.clock.now() } },
      );
      if (done.modifiedCount > 0) wake(0); // what waited behind it may go now
    },
    noteHandle: (cardId, handle) => cards.addHandle(cardId, handle),
    async counts() {
      const [due, dead] = await Promise.all([
        rows.countDocuments({ state: 'due' }),
        rows.countDocuments({ state: 'dead' }),
      ]);
      return { due, dead };
    },
    async dead() {
      return (await rows.find({ state: 'dead' }).sort({ seq: -1 }).limit(200).toArray()) as unknown as OutboxRow[];
    },
    async resend(key) {
      const row = (await rows.findOne({ _id: key as never, state: 'dead' })) as unknown as OutboxRow | null;
      if (row === null) return false;
      // The card has moved on since: an old look must not come back over the new one.
      const newer =
        row.cardId === undefined
          ? 0
          : await rows.countDocuments(
              { cardId: row.cardId, lane: row.lane, state: { $in: ['due', 'sent'] }, seq: { $gt: row.seq } },
              { limit: 1 },
            );
      const change = newer > 0 ? { state: 'superseded' } : { state: 'due', dueAt: deps.clock.now(), attempts: 0 };
      const put = await rows.updateOne({ _id: key as never, state: 'dead' }, { $set: change });
      wake(0);
      return newer === 0 && put.modifiedCount > 0;
    },
    start() {
      stopped = false;
      wake(0);
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
}

export const outboxIndexes = {
  outbox: [
    { key: { state: 1 as const, dueAt: 1 as const }, name: 'due', partialFilterExpression: { state: 'due' } },
    { key: { lane: 1 as const, state: 1 as const, seq: 1 as const }, name: 'lane' },
    {
      key: { cardId: 1 as const, state: 1 as const },
      name: 'card',
      partialFilterExpression: { cardId: { $exists: true } },
    },
    { key: { state: 1 as const, sentAt: 1 as const }, name: 'sent' },
    // Longer than anything is sent again under the same key (inbox rows live 14 days).
    { key: { sentAt: 1 as const }, name: 'kept', expireAfterSeconds: (KEEP_DAYS * DAY) / SECOND },
  ],
};

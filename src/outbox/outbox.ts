import type { Connection } from 'mongoose';
import {
  AppError,
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  type CardId,
  type Clock,
  type Log,
  type PersonId,
} from '../core/index.js';
import type { Address, Outgoing, PlatformAdapter, PlatformName } from '../platforms/contract.js';
import { createInserts } from '../store/index.js';
import { createCardBook } from './cards.js';
import { createDispatcher } from './dispatch.js';
import { PRIORITY } from './lanes.js';
import { createRateKeeper, type RateKeeper } from './rate.js';
import { createSlots, slotIndexes } from './slots.js';
import type { OutboxRow } from './types.js';
import { quotaState, usageIndexes, type Usage } from './usage.js';

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
  /**
   * Takes a wrong message back from its recipient's chat; `by` is kept with it. False: it never left, or its platform
   * cannot. Throws the platform's refusal, for one when it is too old.
   */
  recall(key: string, by?: PersonId): Promise<boolean>;
  /** What can still be taken back, and what was, newest first; at most a thousand. */
  recallable(): Promise<OutboxRow[]>;
  start(): void;
  stop(): Promise<void>;
}

export interface OutboxDeps {
  connection: Connection;
  /** No other process sends from this store: then what was sent is counted in memory alone. */
  alone?: boolean;
  adapters: ReadonlyMap<PlatformName, PlatformAdapter>;
  /** Where a person is reached: platform user id there, or null when nowhere. */
  reach: (
    address: Extract<Address, { kind: 'person' }>,
  ) => Promise<{ platform: PlatformName; userId: string; app?: string } | null>;
  /** Which of our apps this user wrote to last, where a platform has several and nothing else says which is meant. */
  appOf?: (user: { platform: PlatformName; userId: string }) => Promise<string | undefined>;
  clock: Clock;
  log: Log;
  random?: () => number;
  /** What the platforms' calls are counted by, where one has a monthly budget. */
  usage: Usage;
  /** Draws what a message of kind `picture` shows, by its `of`. */
  draw?: (of: string) => Promise<Uint8Array>;
  /** Told about messages that were given up. */
  onDead?: (row: OutboxRow) => void;
  /** Told about messages that arrived in a lesser form; `lastError` says why. */
  onLesser?: (row: OutboxRow, as: 'links' | 'notice') => void;
  /** Told when a month's budget reaches another rule, or is foreseen not to last. */
  onQuota?: (platform: PlatformName, month: NonNullable<ReturnType<Usage['month']>>) => void;
}

/** Messages that left are forgotten after a quarter, cards and events are not. */
const KEEP_DAYS = 90;
const DAY_COUNT_MS = 10 * MINUTE;
const RECALLABLE_SHOWN = 1_000;

export function createOutbox(deps: OutboxDeps): Outbox {
  const rows = deps.connection.collection('outbox');
  const cards = createCardBook(deps.connection, deps.clock);
  const rates = new Map<PlatformName, RateKeeper>();
  for (const [name, adapter] of deps.adapters) rates.set(name, createRateKeeper(adapter.budget));
  const dispatcher = createDispatcher({
    rows,
    cards,
    adapters: deps.adapters,
    rates,
    usage: deps.usage,
    slots: deps.alone === true ? null : createSlots(deps.connection),
    clock: deps.clock,
    log: deps.log,
    random: deps.random ?? Math.random,
    isStopped: () => stopped,
    onDead: (row) => deps.onDead?.(row),
    onLesser: (row, as) => deps.onLesser?.(row, as),
    draw: (of) => deps.draw?.(of) ?? Promise.reject(new AppError('outbox.no_picture', `nobody draws ${of}`)),
  });
  const arrivals = createInserts<OutboxRow>(rows);
  let restored: Promise<void> | null = null;
  let dayCountedAt = Number.NEGATIVE_INFINITY;
  const toldOf = new Map<PlatformName, string>();
  const watched = new Map<PlatformName, { level: string; at: number }>();
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

  /** Counted afresh now and then: other processes send too, and a day ends. */
  async function countDay(): Promise<void> {
    const now = deps.clock.now();
    if (now.getTime() - dayCountedAt < DAY_COUNT_MS) return;
    dayCountedAt = now.getTime();
    for (const [platform, keeper] of rates) {
      const dayFrom = keeper.dayFrom(now.getTime());
      if (dayFrom === null) continue;
      const newToPeople = { 'to.kind': 'person', how: { $in: ['sent', 'replaced'] } };
      const used = await rows.countDocuments({ state: 'sent', sentAt: { $gte: dayFrom }, platform, ...newToPeople });
      keeper.countDay(used, now.getTime());
    }
  }

  async function watchQuota(): Promise<void> {
    await deps.usage.refresh();
    const now = deps.clock.now().getTime();
    for (const platform of rates.keys()) {
      const level = deps.usage.rule(platform)?.level;
      const last = watched.get(platform);
      // To foresee a month takes longer than a message; a new rule is told of at once.
      if (level === undefined || (last !== undefined && last.level === level && now - last.at < MINUTE)) continue;
      watched.set(platform, { level, at: now });
      const month = deps.usage.month(platform);
      if (month === null) continue;
      const state = quotaState(month);
      if (state === toldOf.get(platform)) continue;
      toldOf.set(platform, state);
      deps.onQuota?.(platform, month);
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
      to = toPerson(reached);
    } else if (address.kind === 'user') {
      platform = address.platform;
      const app = address.app ?? (await deps.appOf?.(address));
      to = toPerson({ userId: address.userId, ...(app === undefined ? {} : { app }) });
    } else {
      platform = address.platform;
      to = { kind: 'group', chatId: address.chatId };
    }
    const message = spared(outgoing, deps.adapters.get(platform)?.budget.perMonth !== undefined);
    if (message === null) return null;
    return {
      _id: outgoing.key,
      platform,
      lane: `${platform}:${to.kind === 'person' ? to.userId : to.chatId}`,
      to,
      message,
      ...(message.kind === 'show' ? { cardId: message.cardId } : {}),
      purpose: outgoing.purpose,
      ...(outgoing.insist === true ? { insist: true } : {}),
      ...(outgoing.onlyAsAnswer === true ? { onlyAsAnswer: true } : {}),
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
      if (row === null) continue;
      const later = dispatcher.restsUntil(row);
      fresh.push(later === null || later <= row.dueAt.getTime() ? row : { ...row, dueAt: new Date(later) });
    }
    if (fresh.length === 0) return;
    // The same message again is on its way or gone already, and keeps the place in the order that it has.
    await Promise.all(fresh.map((row) => arrivals.add(row)));
    for (const row of fresh) dispatcher.touch(row.lane);
    wake(Math.min(...fresh.map((row) => row.dueAt.getTime())) - deps.clock.now().getTime());
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
      await (restored ??= restore().catch((error: unknown) => {
        restored = null;
        throw error;
      }));
      await countDay();
      await watchQuota();
      do {
        again = false;
        await dispatcher.round();
        await wakeForNext();
      } while (again && !stopped);
    })().finally(() => {
      running = null;
    });
    return running;
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

  return {
    enqueue,
    sweep,
    async answeredPassively(key) {
      const shown = (await rows.findOneAndUpdate(
        { _id: key as never, state: 'due', leasedUntil: { $exists: false } },
        { $set: { state: 'sent', how: 'passive', sentAt: deps.clock.now() } },
        { projection: { cardId: 1, seq: 1 } },
      )) as Pick<OutboxRow, 'cardId' | 'seq'> | null;
      if (shown === null) return;
      // What the card was to look like before, and could not be sent until now, must not come over it.
      if (shown.cardId !== undefined) {
        await rows.updateMany(
          { cardId: shown.cardId, state: 'due', seq: { $lt: shown.seq }, leasedUntil: { $exists: false } },
          { $set: { state: 'superseded' } },
        );
      }
      wake(0); // what waited behind it may go now
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
    async recall(key, by) {
      const row = (await rows.findOne({ _id: key as never, state: 'sent' })) as unknown as OutboxRow | null;
      const take = row === null ? undefined : deps.adapters.get(row.platform)?.recall;
      if (row?.messageId === undefined || take === undefined) return false;
      await take(row.messageId);
      const recalled = { at: deps.clock.now(), ...(by === undefined ? {} : { by }) };
      const done = await rows.updateOne(
        { _id: key as never, state: 'sent' },
        { $set: { state: 'recalled', recalled } },
      );
      deps.log.info({ key, platform: row.platform, by: by ?? null }, 'message taken back');
      // Shown anew if it is wanted again: the message that held the card is gone.
      if (row.cardId !== undefined) await cards.forget(row.cardId, row.messageId);
      return done.modifiedCount > 0;
    },
    async recallable() {
      const now = deps.clock.now().getTime();
      const reach = [...deps.adapters].flatMap(([platform, { recall, recallWithinMs }]) =>
        recall === undefined || recallWithinMs === undefined
          ? []
          : [{ platform, sentAt: { $gt: new Date(now - recallWithinMs) } }],
      );
      const [first] = reach.map(({ sentAt }) => sentAt.$gt).sort((one, two) => one.getTime() - two.getTime());
      if (first === undefined) return [];
      // By the longest reach too: that is what an index narrows by.
      const sentAt = { $gt: first };
      return (await rows
        .find({ state: { $in: ['sent', 'recalled'] }, sentAt, messageId: { $exists: true }, $or: reach })
        .sort({ sentAt: -1 })
        .limit(RECALLABLE_SHOWN)
        .toArray()) as unknown as OutboxRow[];
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
  ...slotIndexes,
  ...usageIndexes,
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

const toPerson = ({ userId, app }: { userId: string; app?: string }): OutboxRow['to'] => ({
  kind: 'person',
  userId,
  ...(app === undefined ? {} : { app }),
});

/** Null: left out, where every call counts. */
function spared({ message, sparing }: Outgoing, isCounted: boolean): Outgoing['message'] | null {
  if (!isCounted || sparing === undefined) return message;
  return sparing === 'left-out' ? null : { kind: 'text', text: sparing.text };
}

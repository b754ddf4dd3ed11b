import { randomUUID } from 'node:crypto';
import type { Collection } from 'mongoose';
import {
  AppError,
  errorCode,
  errorText,
  HOUR,
  PlatformRefusedError,
  SECOND,
  type Clock,
  type Log,
} from '../core/index.js';
import type { Delivery, DeliveryReceipt, PlatformAdapter, PlatformName } from '../platforms/contract.js';
import { createBatch, createChanges } from '../store/index.js';
import type { CardBook } from './cards.js';
import { arrange, mergeHeld, overtakes } from './lanes.js';
import { judge, type Judgement } from './quota-rules.js';
import { backoffMs, type RateKeeper } from './rate.js';
import { PLACE_LIFE_MS, type Slots } from './slots.js';
import type { CardRow, OutboxRow } from './types.js';
import type { Usage } from './usage.js';

export interface DispatcherDeps {
  rows: Collection;
  cards: CardBook;
  adapters: ReadonlyMap<PlatformName, PlatformAdapter>;
  rates: ReadonlyMap<PlatformName, RateKeeper>;
  usage: Usage;
  /** Null: no other process sends. */
  slots: Slots | null;
  clock: Clock;
  log: Log;
  random: () => number;
  isStopped: () => boolean;
  onDead: (row: OutboxRow) => void;
  /** It arrived in a lesser form; `lastError` says why. */
  onLesser: (row: OutboxRow, as: 'links' | 'notice') => void;
  /** Draws what a message of kind `picture` shows. */
  draw: (of: string) => Promise<Uint8Array>;
}

export interface Dispatcher {
  /** Every lane in which something is due once, the urgent ones first. */
  round(): Promise<void>;
  /** Something was added to a lane: whoever is at it looks again before going on. */
  touch(lane: string): void;
  /** Until when nothing as urgent as this can leave for this chat, because what is before it cannot: ms since 1970. */
  restsUntil(row: OutboxRow): number | null;
}

const LEASE_MS = 60 * SECOND;
/** With the backoff this is about an hour and a half of trying: an hour's outage is survived. */
const MAX_ATTEMPTS = 14;
const BATCH = 200;
const LANES_AT_ONCE = 16;
/** Rows that are read at once, of all lanes of a batch or of one. */
const ROWS_READ = 1_000;
const NO_ADAPTER_WAIT_MS = 600 * SECOND;
const MAX_HOLD_MS = HOUR;
/** A process that dies with places it took costs its recipient no more than these. */
const PLACES_AT_ONCE = 5;
/** How long others wait while one message tries whether the platform takes something again. */
const PROBE_MS = 2 * SECOND;

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { rows, cards, clock, log } = deps;
  const changes = createChanges(rows);
  const touched = new Set<string>();
  /** Lanes whose first message has to wait, and how urgent that is: a flood for one chat costs no look at all that waits. */
  const resting = new Map<string, { until: number; purpose: OutboxRow['purpose'] }>();
  /** Platforms that refuse everything for a while: one message tries it again, the others wait. */
  const holds = new Map<PlatformName, { until: number; times: number; probing: boolean }>();
  const freeAt = (now: Date) => ({ $or: [{ leasedUntil: { $exists: false } }, { leasedUntil: { $lte: now } }] });

  /** Taken for sending, many in one command; false for what somebody else took, or what need not leave any more. */
  const claims = createBatch<string, boolean>(async (ids) => {
    const now = clock.now();
    const by = randomUUID();
    const { modifiedCount } = await rows.updateMany(
      { _id: { $in: ids as never[] }, state: 'due', ...freeAt(now) },
      { $set: { leasedUntil: new Date(now.getTime() + LEASE_MS), leasedBy: by }, $inc: { attempts: 1 } },
    );
    if (modifiedCount === ids.length) return ids.map(() => true);
    const mine = await rows.find({ _id: { $in: ids as never[] }, leasedBy: by }, { projection: { _id: 1 } }).toArray();
    const taken = new Set(mine.map((row) => String(row._id)));
    return ids.map((id) => taken.has(id));
  });

  async function waitingIn(lanes: readonly string[]): Promise<OutboxRow[]> {
    for (const lane of lanes) touched.delete(lane);
    return (await rows
      .find({ lane: { $in: lanes as never[] }, state: 'due' })
      .sort({ priority: 1, seq: 1 })
      .limit(ROWS_READ)
      .toArray()) as unknown as OutboxRow[];
  }

  /**
   * A lane that cannot go on (its platform is down, its recipient has had enough) is left out of the rest of the round,
   * however much waits in it, so that it holds up nobody.
   */
  async function round(): Promise<void> {
    const met = lanesAtRest();
    while (!deps.isStopped()) {
      const now = clock.now();
      const due = (await rows
        .find(
          { state: 'due', dueAt: { $lte: now }, lane: { $nin: met }, ...freeAt(now) },
          { projection: { _id: 0, lane: 1 } },
        )
        .sort({ priority: 1, seq: 1 })
        .limit(BATCH)
        .toArray()) as unknown as Pick<OutboxRow, 'lane'>[];
      if (due.length === 0) return;
      const lanes = [...new Set(due.map((row) => row.lane))];
      met.push(...lanes);
      const found = await waitingIn(lanes);
      // With so many, one lane may have left no room for the others: then each is read by itself.
      const byLane = found.length < ROWS_READ ? groupByLane(found) : null;
      const work = async (): Promise<void> => {
        for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift()) {
          await serve(lane, byLane === null ? await waitingIn([lane]) : (byLane.get(lane) ?? []));
        }
      };
      await Promise.all(Array.from({ length: Math.min(LANES_AT_ONCE, lanes.length) }, work));
      // Whoever adds something meanwhile asks for another round.
      if (due.length < BATCH) return;
    }
  }

  async function ordered(waiting: readonly OutboxRow[]): Promise<OutboxRow[]> {
    const { next, superseded } = arrange(waiting);
    if (superseded.length > 0) {
      await rows.updateMany(
        { _id: { $in: superseded as never[] }, state: 'due', leasedUntil: { $exists: false } },
        { $set: { state: 'superseded' } },
      );
    }
    return next;
  }

  /** Reminders that cannot leave now become one message, so that fewer wait. */
  async function merge(waiting: readonly OutboxRow[]): Promise<void> {
    for (const { into, text, ids } of mergeHeld(waiting)) {
      const untouched = { state: 'due', attempts: 0, leasedUntil: { $exists: false } };
      const { modifiedCount } = await rows.updateOne(
        { _id: into._id as never, ...untouched },
        { $set: { message: { kind: 'text', text }, merged: ids } },
      );
      if (modifiedCount === 0) continue;
      await rows.updateMany({ _id: { $in: ids as never[] }, ...untouched }, { $set: { state: 'superseded' } });
    }
  }

  /** The waiting messages of one recipient, in order; stops at the first that cannot leave now. */
  async function serve(lane: string, waiting: readonly OutboxRow[]): Promise<void> {
    let next = await ordered(waiting);
    let places = 0;
    let placesUntil = 0;
    while (!deps.isStopped()) {
      if (touched.has(lane)) next = await ordered(await waitingIn([lane]));
      const head = next.shift();
      const now = clock.now();
      if (head === undefined || head.dueAt > now) return;
      if (head.leasedUntil !== undefined && head.leasedUntil > now) return;
      // Before the hold is looked at: nothing may come between that and the try.
      const judged = await judgeRow(head, now);
      if (!judged.go && judged.how === 'drop') {
        await leaveOut(head);
        continue;
      }
      const adapter = deps.adapters.get(head.platform);
      const keeper = deps.rates.get(head.platform);
      const held = holds.get(head.platform);
      const heldMs = held === undefined ? 0 : held.probing ? PROBE_MS : held.until - now.getTime();
      let waitMs =
        adapter === undefined || keeper === undefined
          ? NO_ADAPTER_WAIT_MS
          : Math.max(heldMs, keeper.waitMs(head, now.getTime()));
      if (!judged.go && judged.how === 'wait') waitMs = Math.max(waitMs, judged.waitMs);
      if (waitMs <= 0 && keeper !== undefined && deps.slots !== null && (places === 0 || now.getTime() > placesUntil)) {
        const wanted = Math.min(PLACES_AT_ONCE, next.length + 1);
        const taken = await deps.slots.take(lane, keeper.limitsOf(head), wanted, now.getTime());
        places = taken.granted;
        placesUntil = now.getTime() + PLACE_LIFE_MS;
        waitMs = taken.waitMs;
      }
      if (adapter === undefined || keeper === undefined || waitMs > 0) {
        resting.set(lane, { until: now.getTime() + waitMs, purpose: head.purpose });
        await changes.add({
          filter: { _id: head._id },
          update: { $set: { dueAt: new Date(now.getTime() + waitMs) } },
        });
        await merge([head, ...next]);
        return;
      }
      places -= 1;
      if (held !== undefined) held.probing = true;
      const ended = keeper.begin();
      try {
        const [mine, known] = await Promise.all([
          claims.add(head._id),
          head.cardId === undefined ? null : cards.find(head.cardId),
        ]);
        if (!mine) return;
        const row = { ...head, attempts: head.attempts + 1 };
        if (!(await deliver(adapter, keeper, row, known, judged.go))) return;
      } finally {
        ended();
        if (held !== undefined) held.probing = false;
      }
    }
  }

  /** What the month's calls allow. */
  async function judgeRow(row: OutboxRow, now: Date): Promise<Judgement> {
    const rule = deps.usage.rule(row.platform);
    return rule === null ? { go: true } : judge(rule, row, now, () => repeatsLast(row));
  }

  /** The last of its kind that this chat got said the same. */
  async function repeatsLast({ lane, purpose, message }: OutboxRow): Promise<boolean> {
    const [last] = (await rows
      .find({ lane, state: 'sent', purpose })
      .sort({ seq: -1 })
      .limit(1)
      .toArray()) as unknown as OutboxRow[];
    return last !== undefined && wordsOf(last.message) === wordsOf(message);
  }

  async function leaveOut(row: OutboxRow): Promise<void> {
    const lastError = { code: 'outbox.left_out', message: 'the month is too far spent for it', at: clock.now() };
    const { modifiedCount } = await rows.updateOne(
      { _id: row._id as never, state: 'due', leasedUntil: { $exists: false } },
      { $set: { state: 'superseded', lastError } },
    );
    if (modifiedCount > 0) deps.usage.saved(row.platform, row.purpose);
  }

  async function deliver(
    adapter: PlatformAdapter,
    keeper: RateKeeper,
    row: OutboxRow,
    known: CardRow | null,
    allowed: boolean,
  ): Promise<boolean> {
    try {
      if (!allowed) throw new AppError('outbox.month_spent', 'the calls of this month are spent');
      const body = await bodyOf(row, known);
      const receipt = await deps.usage.during(row.purpose, () =>
        adapter.deliver({
          key: row._id,
          to: row.to,
          body,
          ...(row.insist === true ? { insist: true } : {}),
          ...(row.onlyAsAnswer === true ? { onlyAsAnswer: true } : {}),
        }),
      );
      const now = clock.now();
      if (receipt.how === 'left-out') {
        await changes.add({ filter: { _id: row._id }, update: { $set: { state: 'superseded' }, $unset: FREE } });
        return true;
      }
      if (receipt.how !== 'passive') keeper.sent(row, now.getTime(), receipt.how !== 'updated');
      holds.delete(row.platform);
      if (row.cardId !== undefined) await cards.delivered(row.cardId, row, receipt, known);
      if (receipt.instead !== undefined) lesser(row, receipt.instead, now);
      await changes.add({
        filter: { _id: row._id },
        update: {
          $set: {
            state: 'sent',
            how: receipt.how,
            sentAt: now,
            ...(receipt.messageId === undefined ? {} : { messageId: receipt.messageId }),
          },
          $unset: FREE,
        },
      });
      return true;
    } catch (error) {
      // Nobody knows whether it arrived: as long as it may have, it counts.
      if (!(error instanceof PlatformRefusedError)) keeper.sent(row, clock.now().getTime());
      await failed(row, error);
      return false;
    }
  }

  async function bodyOf({ message }: OutboxRow, known: CardRow | null): Promise<Delivery['body']> {
    switch (message.kind) {
      case 'text':
      case 'markdown':
        return message;
      case 'picture':
        return { kind: 'image', name: message.name, bytes: await deps.draw(message.of) };
      case 'show': {
        const { cardId, card } = message;
        if (known === null) return { kind: 'card', cardId, card };
        return { kind: 'card-update', cardId, card, handles: cards.usable(known) };
      }
    }
  }

  function lesser(row: OutboxRow, { as, ...why }: NonNullable<DeliveryReceipt['instead']>, at: Date): void {
    log.error({ key: row._id, as, code: why.code, why: why.message }, 'message arrived in a lesser form');
    deps.onLesser({ ...row, lastError: { ...why, at } }, as);
  }

  async function failed(row: OutboxRow, error: unknown): Promise<void> {
    const now = clock.now();
    const retryable = !(error instanceof AppError) || error.retryable;
    const todo = error instanceof AppError ? error.details['admin'] : undefined;
    const lastError = {
      code: errorCode(error),
      message: errorText(error).slice(0, 500),
      at: now,
      ...(typeof todo === 'string' ? { todo } : {}),
    };
    const asked = error instanceof AppError ? Number(error.details['retryAfterMs'] ?? 0) : 0;
    if (error instanceof AppError && error.details['holds'] === 'platform') {
      const waitMs = hold(row.platform, now.getTime(), asked, error.details['grown'] === true);
      log.warn({ platform: row.platform, code: lastError.code, waitMs }, 'platform refuses everything, all wait');
      // Not this message's fault: it is no try of its own.
      await rows.updateOne(
        { _id: row._id as never },
        { $set: { dueAt: new Date(now.getTime() + waitMs), lastError, attempts: row.attempts - 1 }, $unset: FREE },
      );
      return;
    }
    if (!retryable || row.attempts >= MAX_ATTEMPTS) {
      await rows.updateOne({ _id: row._id as never }, { $set: { state: 'dead', lastError }, $unset: FREE });
      log.error(
        { key: row._id, code: lastError.code, why: lastError.message, attempts: row.attempts },
        'message given up',
      );
      deps.onDead({ ...row, state: 'dead', lastError });
      return;
    }
    const waitMs = Math.max(asked, backoffMs(row.attempts, deps.random()));
    await rows.updateOne(
      { _id: row._id as never },
      { $set: { dueAt: new Date(now.getTime() + waitMs), lastError }, $unset: FREE },
    );
    log.warn({ key: row._id, code: lastError.code, why: lastError.message, waitMs }, 'message will be tried again');
  }

  /**
   * Twice as long each time in a row that it is refused again, at most an hour: the window may be longer than it says.
   * `grown`: what is asked for has done so already.
   */
  function hold(platform: PlatformName, now: number, askedMs: number, grown: boolean): number {
    const known = holds.get(platform);
    // Several that were on their way at the same time met the same refusal.
    if (known !== undefined && known.until > now) return known.until - now;
    const times = (known?.times ?? 0) + 1;
    const waitMs = Math.min(grown ? askedMs : askedMs * 2 ** (times - 1), MAX_HOLD_MS);
    holds.set(platform, { until: now + waitMs, times, probing: false });
    return waitMs;
  }

  function lanesAtRest(): string[] {
    const now = clock.now().getTime();
    for (const [lane, { until }] of resting) if (until <= now) resting.delete(lane);
    return [...resting.keys()];
  }

  function restsUntil({ lane, purpose }: OutboxRow): number | null {
    const rest = resting.get(lane);
    if (rest === undefined || rest.until <= clock.now().getTime()) return null;
    if (!overtakes(purpose, rest.purpose)) return rest.until;
    resting.delete(lane);
    return null;
  }

  return { round, restsUntil, touch: (lane) => void touched.add(lane) };
}

const FREE = { leasedUntil: '', leasedBy: '' };

/** What a person reads; the card's own id is new each day. */
const wordsOf = (message: OutboxRow['message']): string =>
  JSON.stringify(message.kind === 'show' ? message.card : message);

function groupByLane(rows: readonly OutboxRow[]): Map<string, OutboxRow[]> {
  const lanes = new Map<string, OutboxRow[]>();
  for (const row of rows) {
    const lane = lanes.get(row.lane);
    if (lane === undefined) lanes.set(row.lane, [row]);
    else lane.push(row);
  }
  return lanes;
}

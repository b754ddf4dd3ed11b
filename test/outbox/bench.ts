import type { FilledCard } from '../../src/cards/index.js';
import { asId, FixedClock, PlatformUnreachableError, silentLog, type CardId } from '../../src/core/index.js';
import { createOutbox, createUsage, type OutboxRow, type Usage } from '../../src/outbox/index.js';
import type { Outgoing, PlatformAdapter } from '../../src/platforms/contract.js';
import type { Store } from '../../src/store/index.js';
import { Phones } from '../helpers/phones.js';
import { testStore } from '../helpers/store.js';

export const C1 = asId<CardId>('card-1');
export const down = () => new PlatformUnreachableError('wecom.unreachable', 'no answer');

export const text = (key: string, to = 'jia', more: Partial<Outgoing> = {}): Outgoing => ({
  key,
  to: { kind: 'user', platform: 'wecom', userId: to },
  message: { kind: 'text', text: key },
  purpose: 'reply',
  ...more,
});
export const show = (key: string, title = key, more: Partial<Outgoing> = {}): Outgoing => {
  const card: FilledCard = {
    name: 'checklist',
    title,
    tone: 'plain',
    lines: [],
    fields: [],
    actions: [],
    summary: title,
  };
  return text(key, 'jia', { message: { kind: 'show', cardId: C1, card }, ...more });
};

/** Months and days by UTC; Monday to Friday. */
export const UTC_CALENDAR = {
  localDate: (at: Date) => at.toISOString().slice(0, 10),
  monthOf: (at: Date) => ({
    from: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1)),
    to: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)),
  }),
  isWorkday: (on: string) => ![0, 6].includes(new Date(on).getUTCDay()),
};

export interface Options {
  store?: Store;
  clock?: FixedClock;
  budget?: PlatformAdapter['budget'];
  phones?: Phones;
  /** Other processes send too. */
  shared?: boolean;
  onQuota?: (platform: string, month: NonNullable<ReturnType<Usage['month']>>) => void;
}

export async function setup({
  store,
  clock = new FixedClock('2026-03-02T01:00:00Z'),
  budget,
  phones,
  shared = false,
  onQuota,
}: Options = {}) {
  const { connection } = (store ??= await testStore());
  const wecom = phones ?? new Phones('wecom', () => Promise.reject(new Error('no way in')), clock, { budget });
  const usage = createUsage({
    connection,
    clock,
    log: silentLog,
    budgets: new Map([['wecom', wecom.adapter.budget]]),
    calendar: UTC_CALENDAR,
  });
  // Phones make no calls; one delivery is one.
  const { deliver } = wecom.adapter;
  wecom.adapter.deliver = (delivery) => {
    usage.called('wecom', { api: 'send' });
    return deliver(delivery);
  };
  const dead: OutboxRow[] = [];
  const open = () =>
    createOutbox({
      connection,
      alone: !shared,
      adapters: new Map([['wecom', wecom.adapter]]),
      reach: ({ personId }) =>
        Promise.resolve(personId === 'nobody' ? null : { platform: 'wecom', userId: `u-${personId}` }),
      clock,
      log: silentLog,
      random: () => 0.5,
      onDead: (row) => void dead.push(row),
      usage,
      ...(onQuota === undefined ? {} : { onQuota }),
    });
  const outbox = open();
  outbox.start();
  /** Sends what is due now; `later`: after so much time. */
  const send = async (later = 0) => {
    clock.advance(later);
    await outbox.sweep();
  };
  const row = async (key: string) =>
    (await connection.collection('outbox').findOne({ _id: key as never })) as unknown as OutboxRow | null;
  const says = (id = 'jia') => wecom.chat(id).map((one) => one.card?.title ?? one.text);
  return { usage, store, connection, clock, wecom, outbox, open, send, row, says, dead };
}

import type { Connection } from 'mongoose';
import { HOUR, type CardId, type Clock } from '../core/index.js';
import type { Chat, DeliveryReceipt } from '../platforms/contract.js';
import { createBatch, createChanges } from '../store/index.js';
import type { CardRow, OutboxRow } from './types.js';

/** WeCom's response codes live 72 h. */
const HANDLE_LIFE_MS = 71 * HOUR;

/** Which cards stand in which chat, and what a platform gave for changing them. */
export interface CardBook {
  /** Null: never sent. */
  find(cardId: string): Promise<CardRow | null>;
  /** In which chat it stands; null: never sent. */
  chatOf(cardId: string): Promise<Chat | null>;
  usable(card: CardRow): string[];
  /** A further handle came with an event; a second time it is the same one. */
  addHandle(cardId: CardId, handle: string): Promise<void>;
  /** The message that showed the card was taken back: the card counts as never sent. */
  forget(cardId: string, messageId: string): Promise<void>;
  delivered(
    cardId: string,
    row: Pick<OutboxRow, 'platform' | 'lane' | 'to'>,
    receipt: DeliveryReceipt,
    known: CardRow | null,
  ): Promise<void>;
}

export function createCardBook(connection: Connection, clock: Clock): CardBook {
  const cards = connection.collection('outbox_cards');
  // Each of these changes may be made twice: handles are a set.
  const changes = createChanges(cards);
  const reads = createBatch<string, CardRow | null>(async (ids) => {
    const found = (await cards.find({ _id: { $in: ids as never[] } }).toArray()) as unknown as CardRow[];
    const byId = new Map(found.map((card) => [card._id, card]));
    return ids.map((id) => byId.get(id) ?? null);
  });
  return {
    find: (cardId) => reads.add(cardId),
    chatOf: async (cardId) => (await reads.add(cardId))?.chat ?? null,
    usable: (card) => (clock.now().getTime() - card.sentAt.getTime() < HANDLE_LIFE_MS ? card.handles : []),
    addHandle: (cardId, handle) => changes.add({ filter: { _id: cardId }, update: { $addToSet: { handles: handle } } }),
    async forget(cardId, messageId) {
      await cards.deleteOne({ _id: cardId as never, messageId });
    },
    async delivered(cardId, { platform, lane, to }, receipt, known) {
      const filter = { _id: cardId };
      // A message that was sent anew has handles of its own; those of the old one change nothing any more.
      const used = receipt.how === 'replaced' ? (known?.handles ?? []) : (receipt.usedHandles ?? []);
      const struck =
        used.length === 0 ? null : changes.add({ filter, update: { $pull: { handles: { $in: [...used] } } } });
      const noted = changes.add({
        filter,
        update: {
          $set: {
            platform,
            lane,
            chat: to.kind === 'group' ? { kind: 'group', id: to.chatId } : { kind: 'single' },
            sentAt: clock.now(),
            ...(receipt.messageId === undefined ? {} : { messageId: receipt.messageId }),
          },
          ...(receipt.handle === undefined
            ? { $setOnInsert: { handles: [] } }
            : { $addToSet: { handles: receipt.handle } }),
        },
        upsert: true,
      });
      await Promise.all([struck, noted]);
    },
  };
}

import type { Connection } from 'mongoose';
import { HOUR, type CardId, type Clock } from '../core/index.js';
import type { DeliveryReceipt } from '../platforms/contract.js';
import type { CardRow, OutboxRow } from './types.js';

/** WeCom's response codes live 72 h. */
const HANDLE_LIFE_MS = 71 * HOUR;

/** Which cards stand in which chat, and what a platform gave for changing them. */
export interface CardBook {
  /** Null: never sent. */
  find(cardId: string): Promise<CardRow | null>;
  usable(card: CardRow): string[];
  /** A further handle came with an event; a second time it is the same one. */
  addHandle(cardId: CardId, handle: string): Promise<void>;
  delivered(
    cardId: string,
    row: Pick<OutboxRow, 'platform' | 'lane'>,
    receipt: DeliveryReceipt,
    known: CardRow | null,
  ): Promise<void>;
}

export function createCardBook(connection: Connection, clock: Clock): CardBook {
  const cards = connection.collection('outbox_cards');
  return {
    async find(cardId) {
      return (await cards.findOne({ _id: cardId as never })) as CardRow | null;
    },
    usable: (card) => (clock.now().getTime() - card.sentAt.getTime() < HANDLE_LIFE_MS ? card.handles : []),
    async addHandle(cardId, handle) {
      await cards.updateOne({ _id: cardId }, { $addToSet: { handles: handle } });
    },
    async delivered(cardId, { platform, lane }, receipt, known) {
      // A message that was sent anew has handles of its own; those of the old one change nothing any more.
      const used = receipt.how === 'replaced' ? (known?.handles ?? []) : (receipt.usedHandles ?? []);
      if (used.length > 0)
        await cards.updateOne({ _id: cardId as never }, { $pull: { handles: { $in: [...used] } } as never });
      await cards.updateOne(
        { _id: cardId as never },
        {
          $set: {
            platform,
            lane,
            sentAt: clock.now(),
            ...(receipt.messageId === undefined ? {} : { messageId: receipt.messageId }),
          },
          ...(receipt.handle === undefined
            ? { $setOnInsert: { handles: [] } }
            : { $push: { handles: receipt.handle } as never }),
        },
        { upsert: true },
      );
    },
  };
}

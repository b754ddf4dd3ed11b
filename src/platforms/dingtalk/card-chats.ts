import type { Chat, Recipient } from '../contract.js';

/** Where a card was sent, as whoever sends keeps it through restarts and for all processes; null: never. */
export type SentTo = (cardId: string) => Promise<Chat | null>;

/**
 * In which chat a card stands: a click's own fields for that are not reliable. What this process sent or asked
 * about is known at once, everything else from the book.
 */
export interface CardChats {
  note(cardId: string, to: Recipient): void;
  /** Null: never sent. Rejects when the book cannot be read. */
  find(cardId: string): Promise<Chat | null>;
}

/** A few days of cards; a forgotten one costs its press one look into the book. */
const MAX_REMEMBERED = 5_000;

export function createCardChats(sentTo: SentTo): CardChats {
  const chats = new Map<string, Chat>();

  function remember(cardId: string, chat: Chat): void {
    chats.delete(cardId);
    chats.set(cardId, chat);
    const [oldest] = chats.keys();
    if (chats.size > MAX_REMEMBERED && oldest !== undefined) chats.delete(oldest);
  }

  return {
    note: (cardId, to) => remember(cardId, to.kind === 'group' ? { kind: 'group', id: to.chatId } : { kind: 'single' }),
    async find(cardId) {
      const known = chats.get(cardId);
      if (known !== undefined) return known;
      const kept = await sentTo(cardId);
      if (kept !== null) remember(cardId, kept);
      return kept;
    },
  };
}

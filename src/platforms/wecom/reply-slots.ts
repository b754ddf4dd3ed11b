import { SECOND } from '../../core/index.js';

/**
 * Callbacks whose answer is still open: the first words for their sender are written into it and cost no call of the API.
 * Only in the process that received the callback; a message that leaves elsewhere, or later, goes by the API as ever.
 * https://developer.work.weixin.qq.com/document/path/90241
 */
export interface ReplySlots {
  /**
   * Keeps the answer to this person open until `closed` settles. Resolves with what is to be written; null: nothing came.
   * Whoever gets words calls `written` once they are on the wire.
   */
  open(userId: string, closed: Promise<unknown>): Promise<Words | null>;
  /** True once the words are on the wire; false when no answer is open, or they did not get out: send them otherwise. */
  offer(userId: string, text: string): Promise<boolean>;
}

export interface Words {
  text: string;
  written: () => Promise<void>;
}

/** An answer that is not on the wire by then never will be. */
const WRITTEN_WITHIN_MS = 2 * SECOND;

export function createReplySlots(): ReplySlots {
  /** By person, oldest first. */
  const waiting = new Map<string, ((words: Words) => void)[]>();

  function remove(key: string, take: (words: Words) => void): void {
    const left = (waiting.get(key) ?? []).filter((one) => one !== take);
    if (left.length === 0) waiting.delete(key);
    else waiting.set(key, left);
  }

  return {
    open(userId, closed) {
      const key = userId.toLowerCase();
      return new Promise((resolve) => {
        const take = (words: Words): void => {
          remove(key, take);
          resolve(words);
        };
        waiting.set(key, [...(waiting.get(key) ?? []), take]);
        const close = (): void => {
          remove(key, take);
          resolve(null);
        };
        closed.then(close, close);
      });
    },
    async offer(userId, text) {
      const take = waiting.get(userId.toLowerCase())?.[0];
      if (take === undefined) return false;
      let timer: NodeJS.Timeout | undefined;
      try {
        return await new Promise<boolean>((resolve) => {
          timer = setTimeout(() => resolve(false), WRITTEN_WITHIN_MS);
          take({
            text,
            written: () => {
              resolve(true);
              return Promise.resolve();
            },
          });
        });
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

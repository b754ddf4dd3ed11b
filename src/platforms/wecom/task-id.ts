import { sha256 } from '../../core/index.js';

/**
 * A task_id must be unique in the app, while one card of ours may be sent again (when it can't be changed in place) and
 * to several people. So the id carries a mark of the delivery behind the card's own id; `[0-9A-Za-z_-@]`, ≤ 128 bytes.
 */
export const taskIdOf = (cardId: string, deliveryKey: string): string =>
  `${cardId}@${sha256(deliveryKey).slice(0, 12)}`;

export const cardIdOf = (taskId: string): string => taskId.replace(/@[0-9a-f]{12}$/, '');

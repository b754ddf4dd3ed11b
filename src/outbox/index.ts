// Durable out: the only way a message leaves.
export { createOutbox, outboxIndexes } from './outbox.js';
export type { Outbox } from './outbox.js';
export { deadNotices, monthNotices, suspensionNotices, whatToDo } from './notices.js';
export { backoffMs } from './rate.js';
export type { CardRow, OutboxRow } from './types.js';

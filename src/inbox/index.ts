// Durable in: store, acknowledge, work.
export { createInbox, inboxIndexes } from './inbox.js';
export type { Handled, Inbox } from './inbox.js';

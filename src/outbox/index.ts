// Durable out: the only way a message leaves.
export { createCardBook } from './cards.js';
export { createOutbox, outboxIndexes } from './outbox.js';
export type { Outbox, OutboxDeps } from './outbox.js';
export {
  deadNotices,
  lesserNotices,
  lostGroupNotices,
  quotaDigest,
  quotaNotices,
  quotaWords,
  suspensionNotices,
  whatToDo,
} from './notices.js';
export type { NoticeDeps } from './notices.js';
export { QUOTA_RULES } from './quota-rules.js';
export type { QuotaLevel, QuotaRule, Use } from './quota-rules.js';
export { createUsage } from './usage.js';
export type { MeteredCall, MonthUse, Usage } from './usage.js';
export { backoffMs } from './rate.js';
export type { CardRow, OutboxRow } from './types.js';

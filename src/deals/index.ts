// Deals.
export type { DealEvent, DealEventType, DealFacts } from './events.js';

import type { DealId, PersonId, StageVisitId } from './ids.js';

/** Whom a capture page asks for what: one item of one stay of a deal, put to one person at one time. */
export interface CaptureAsk {
  personId: PersonId;
  dealId: DealId;
  visitId: StageVisitId;
  itemId: string;
  askedAt: Date;
}

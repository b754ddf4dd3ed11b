import type { ClientId, DealId, EvidenceId, PersonId } from '../core/index.js';
import type { FlowEventBodies } from '../flow/index.js';
import type { DomainEvent } from '../store/index.js';

/** Who and what an event is about; the same on every event of a deal, so that figures need no look-up. */
export interface DealFacts {
  dealId: DealId;
  clientId: ClientId;
  clientName: string;
  ownerId: PersonId;
  teamId: string;
  regionId: string;
  productLine: string;
  flowId: string;
  flowHash: string;
}

/** The gate's events, with what the figures need beside them, and what happens to a deal outside the gate. */
type Bodies = Omit<FlowEventBodies, 'stage.entered'> & {
  'stage.entered': FlowEventBodies['stage.entered'] & { required: { itemId: string; itemName: string }[] };
  /** Heard in a recording and confirmed. */
  'deal.noted': { evidenceId: EvidenceId; keywords: string[] };
  /** What the owner answered to somebody who asked why nothing moves. */
  'deal.answered': { askedBy: string; text: string };
  'owner.changed': { from: PersonId; to: PersonId };
};

export type DealEventType = keyof Bodies;
export type DealEvent = { [T in DealEventType]: DomainEvent<T, DealFacts & Bodies[T]> }[DealEventType];

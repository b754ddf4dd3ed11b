import type { ClientId, DealId, EvidenceId, PersonId, StageVisitId } from '../core/index.js';
import type { ItemKind, SubmissionStatus } from '../flow/index.js';
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

interface Bodies {
  'deal.opened': Record<never, never>;
  /** `limit`: as people read it, `5工作日`. `required`: the items owed on this visit, so that what is absent can be counted without the flow. */
  'stage.entered': {
    visitId: StageVisitId;
    stageId: string;
    stageName: string;
    dueAt: Date;
    limit: string;
    required: { itemId: string; itemName: string }[];
  };
  'evidence.submitted': {
    visitId: StageVisitId;
    stageId: string;
    itemId: string;
    itemName: string;
    itemKind: ItemKind;
    evidenceId: EvidenceId;
  };
  /** `first`: the first verdict on this submission (later ones are reviews and re-checks). `codes`: finding codes that did not pass. */
  'evidence.judged': {
    visitId: StageVisitId;
    stageId: string;
    itemId: string;
    evidenceId: EvidenceId;
    status: SubmissionStatus;
    codes: string[];
    first: boolean;
  };
  'item.passed': { visitId: StageVisitId; stageId: string; itemId: string };
  'item.exempted': { visitId: StageVisitId; stageId: string; itemId: string; by: PersonId; reason: string };
  /** The exemption ran out before the stage was done: the item is owed again. */
  'exemption.expired': { visitId: StageVisitId; stageId: string; itemId: string };
  'skip.attempted': { fromStageId: string; toStageId: string; by: PersonId };
  /** Every required item of the visit passed (or exempted: counted in `exempted`). */
  'stage.passed': { visitId: StageVisitId; stageId: string; exempted: number };
  'deal.won': Record<never, never>;
  'deal.lost': { reason: string };
  /** The rep wrote why nothing moved, or asked to be left alone until tomorrow. */
  'deal.postponed': { visitId: StageVisitId; stageId: string; reason: string };
  'owner.changed': { from: PersonId; to: PersonId };
}

export type DealEventType = keyof Bodies;
export type DealEvent = { [T in DealEventType]: DomainEvent<T, DealFacts & Bodies[T]> }[DealEventType];

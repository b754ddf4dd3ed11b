import type { EvidenceId, PersonId, StageVisitId } from '../core/index.js';
import type { Progress, Submission, SubmissionStatus } from './progress.js';
import type { GapItem } from './states.js';
import type { ItemKind, Limit } from './types.js';

/** Everything that can happen to a deal at the gate. Who may do it is asked before; what it does is decided here. */
export type Command =
  /** Begins the first stage. */
  | { kind: 'open' }
  /** Hands in something for an item of the present stage. `expectedScan`: the code that a scan must give. */
  | {
      kind: 'submit';
      itemId: string;
      submission: Omit<Submission, 'status' | 'say' | 'at'>;
      expectedScan?: string;
    }
  /**
   * A verdict. Without `by` it is the verifier's and counts only while nobody has decided (`checking`, `unchecked`); with
   * `by` it is a person's, `passed` or `failed`, and also answers a `review`, or refuses what a verifier passed.
   * `codes`: finding codes that did not pass.
   */
  | {
      kind: 'judge';
      submissionId: EvidenceId;
      status: 'passed' | 'failed' | 'review' | 'unchecked';
      say: string;
      codes: readonly string[];
      by?: PersonId;
    }
  /** The sender wants a person to look at what the machine refused or could not check. */
  | { kind: 'request-review'; submissionId: EvidenceId; by: PersonId }
  /** Asks the department once more after an objection. */
  | { kind: 'request-approval'; itemId: string; by: PersonId }
  | { kind: 'withdraw'; submissionId: EvidenceId; by: PersonId }
  /**
   * Wants to go on; without a target into the next stage. `cause` `rule`: an automatic rule proposes it, which obeys the
   * same gate but is nobody's attempt to skip.
   */
  | { kind: 'advance'; by: PersonId; toStageId?: string; cause?: 'person' | 'rule' }
  /** The monthly count and who may are checked before. */
  | { kind: 'exempt'; itemId: string; by: PersonId; reason: string; expiresAt: Date }
  /** Lets go of exemptions whose time is over. Every other command does so too, first. */
  | { kind: 'expire-exemptions' }
  | { kind: 'postpone'; by: PersonId; reason: string }
  | { kind: 'lose'; by: PersonId; reason: string };

export interface DecisionContext {
  now: Date;
  /** When a limit that begins at `from` is over, on the org's calendar. */
  due: (limit: Limit, from: Date) => Date;
  /** Ids for what this decision may make: at most one stage is entered. */
  newIds: { visit: StageVisitId };
}

/** Bodies of the deal's events, without the facts about the deal that its slice adds. */
export interface FlowEventBodies {
  'deal.opened': Record<never, never>;
  'stage.entered': { visitId: StageVisitId; stageId: string; stageName: string; dueAt: Date; limit: string };
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
  /** What made it pass was taken back, or refused by a person: it is owed again. */
  'item.reopened': { visitId: StageVisitId; stageId: string; itemId: string };
  'item.exempted': { visitId: StageVisitId; stageId: string; itemId: string; by: PersonId; reason: string };
  'exemption.expired': { visitId: StageVisitId; stageId: string; itemId: string };
  'skip.attempted': { fromStageId: string; toStageId: string; by: PersonId };
  /** Every required item of the visit passed or was let go (counted in `exempted`). */
  'stage.passed': { visitId: StageVisitId; stageId: string; exempted: number };
  'deal.won': Record<never, never>;
  'deal.lost': { reason: string };
  /** The rep wrote why nothing moved. */
  'deal.postponed': { visitId: StageVisitId; stageId: string; reason: string };
}

export type FlowEvent = {
  [T in keyof FlowEventBodies]: { type: T; body: FlowEventBodies[T] };
}[keyof FlowEventBodies];

interface AboutSubmission {
  visitId: StageVisitId;
  stageId: string;
  itemId: string;
  submissionId: EvidenceId;
}

/** What must be done outside; the key is the same whenever the same thing is wanted. */
export type FlowEffect =
  | ({ kind: 'verify'; key: string } & AboutSubmission)
  /** A person is asked for the verdict. */
  | ({ kind: 'review'; key: string } & AboutSubmission)
  /** With `itemId` it is an approval: the answer comes back as a submission for that item. */
  | {
      kind: 'todo';
      key: string;
      visitId: StageVisitId;
      stageId: string;
      itemId?: string;
      department: string;
      text: string;
      limit: Limit;
      notify: string[];
    };

export type RefusalCode =
  /** Not opened yet, or over. */
  | 'deal.not_open'
  | 'item.unknown'
  /** The item belongs to another stage than the present one. */
  | 'item.elsewhere'
  | 'submission.unknown'
  /** Somebody else's evidence; or one's own, for a person's verdict. */
  | 'submission.not_yours'
  | 'submission.own'
  /** Its stage is over. */
  | 'submission.stage_left'
  /** A person is only asked about what was refused or could not be checked. */
  | 'review.not_needed'
  /** A person has decided already; that is final. */
  | 'review.done'
  /** A person says passed or failed, nothing between. */
  | 'review.undecided'
  | 'approval.not_needed'
  | 'stage.unknown'
  | 'stage.not_forward'
  /** Something is missing: `gap` says what. */
  | 'gap'
  | 'exemption.none'
  | 'exemption.not_required'
  | 'exemption.reason'
  | 'exemption.expiry'
  | 'reason.missing';

/** The answer cannot be used as it is. `value.*`: not even taken as evidence, no trace; `verdict`: taken, judged, and did not pass. */
export type AskAgainCode =
  | 'value.kind'
  | 'value.empty'
  | 'value.too_short'
  | 'value.unknown_option'
  | 'value.too_few'
  | 'value.too_few_groups'
  | 'value.witness'
  | 'value.place'
  | 'verdict';

interface Outcome {
  progress: Progress;
  events: FlowEvent[];
  effects: FlowEffect[];
}

export type Decision = Outcome &
  (
    | { outcome: 'advanced'; fromStageId: string | null; toStageId: string }
    /** The deal is over. */
    | { outcome: 'completed'; status: 'won' | 'lost' }
    | { outcome: 'asked_again'; itemId: string; code: AskAgainCode; say: string }
    /** Taken, or nothing to do (`unchanged`); the stage is not done yet. */
    | { outcome: 'waiting'; why: 'checking' | 'review' | 'unchecked' | 'open' | 'unchanged' }
    | { outcome: 'refused'; code: RefusalCode; gap: GapItem[] }
  );

import type { AggregateDocument, IndexSpec } from '../store/index.js';
import type { DealId, EvidenceId, PersonId } from '../core/index.js';
import type { PlatformName } from '../platforms/contract.js';

/**
 * An ask to another person, answered in the chat. `approval`: passed or objected, becomes evidence of the deal ·
 * `task`: done · `review`: a person's verdict on evidence · `exemption`: an item is let go, or not.
 */
export type TodoKind = 'approval' | 'task' | 'review' | 'exemption';

export interface TodoSubject {
  kind: TodoKind;
  dealId: DealId;
  clientName: string;
  stageName: string;
  itemId?: string;
  itemName?: string;
  evidenceId?: EvidenceId;
  /** The rep it is asked for. */
  fromId: PersonId;
  fromName: string;
  /** `法务`; empty for reviews and exemptions, which go to superiors. */
  department: string;
  assignees: PersonId[];
  /** What is asked, in words. */
  text: string;
  /** Why (exemption), what the machine saw (review). */
  reason?: string;
  facts?: { label: string; value: string }[];
  pictureUrl?: string;
  /** Exemption: how many are left this month, and for how long one holds (`7 天`). */
  left?: number;
  validFor?: string;
  limitText: string;
  dueAt: Date;
  /** Where the rep talks to us: used for an assignee who has not talked to us yet. */
  prefer: PlatformName;
}

export interface TodoAnswer {
  approved: boolean;
  note: string;
  by: PersonId;
  byName: string;
  at: Date;
}

export interface TodoDocument extends AggregateDocument, TodoSubject {
  state: 'open' | 'answered';
  createdAt: Date;
  answer?: TodoAnswer;
}

export const todoIndexes: readonly IndexSpec[] = [
  { key: { assignees: 1, state: 1, dueAt: 1 }, name: 'assignee' },
  { key: { dealId: 1, kind: 1, itemId: 1, state: 1 }, name: 'deal' },
  { key: { evidenceId: 1 }, name: 'evidence', sparse: true },
  { key: { fromId: 1, kind: 1, 'answer.at': 1 }, name: 'from' },
  { key: { kind: 1, 'answer.at': -1 }, name: 'answered', partialFilterExpression: { state: 'answered' } },
];

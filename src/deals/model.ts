import type { CardId, ClientId, DealId, EvidenceId, FileId, PersonId, StageVisitId } from '../core/index.js';
import type { EvidenceRequest, Position, Verdict, VoiceWitness } from '../evidence/index.js';
import type { ItemKind, Progress } from '../flow/index.js';
import type { PlatformName } from '../platforms/contract.js';
import type { AggregateDocument, IndexSpec } from '../store/index.js';

/** A client's opportunity going through one pinned flow version. */
export interface DealDocument extends AggregateDocument, Progress {
  _id: DealId;
  clientId: ClientId;
  clientName: string;
  ownerId: PersonId;
  teamId: string;
  regionId: string;
  productLine: string;
  flowId: string;
  flowHash: string;
  openedAt: Date;
  updatedAt: Date;
  /** The checklist card in the owner's chat; a new generation when it was asked for afresh. */
  card?: {
    gen: number;
    platform: PlatformName;
    /** A card that was pressed and became the checklist of this visit. */
    at?: { visitId: StageVisitId; cardId: CardId };
  };
  /** 备注: what was heard in recordings and confirmed by the rep, and what they answered when asked; oldest first. */
  notes?: DealNote[];
  /** Evidence whose sender was told that looking at it takes longer, on a card that waits for the verdict. */
  waiting?: EvidenceId[];
  /** Evidence that the checklist shows as being looked at: when it does not pass, the list changes as well. */
  checkingShown?: EvidenceId[];
  demo?: boolean;
}

export const dealIndexes: readonly IndexSpec[] = [
  { key: { ownerId: 1, status: 1, updatedAt: -1 }, name: 'owner' },
  { key: { teamId: 1, status: 1 }, name: 'team' },
  { key: { regionId: 1, status: 1 }, name: 'region' },
  { key: { clientId: 1 }, name: 'client' },
  { key: { updatedAt: -1 }, name: 'latest' },
  { key: { demo: 1 }, name: 'demo', partialFilterExpression: { demo: true } },
];

/** One thing worth knowing about a deal, with the words it rests on and where they can be heard. */
export interface DealNote {
  /** Of the evidence and the keyword, or of the answer: the same thing is noted once. */
  id: string;
  at: Date;
  /** Who confirmed it. */
  by: PersonId;
  /** 付款方式变更 */
  keyword: string;
  quote: string;
  /** Where it was heard; absent: it was written, as the answer to somebody who asked. */
  evidenceId?: EvidenceId;
}

/** One file or link handed in for an item: what is to be verified, and what came out. Also the work queue of verification. */
export interface EvidenceDocument {
  _id: EvidenceId;
  dealId: DealId;
  visitId: StageVisitId;
  stageId: string;
  stageName: string;
  itemId: string;
  itemName: string;
  itemKind: ItemKind;
  clientId: ClientId;
  clientName: string;
  ownerId: PersonId;
  teamId: string;
  regionId: string;
  by: PersonId;
  at: Date;
  askedAt: Date | null;
  platform: PlatformName;
  /** What was handed in, in words. */
  text: string;
  url?: string;
  /** `goneAt`: removed, the rest of the evidence stays; without `goneFor` because it was kept long enough. */
  file?: {
    id: FileId;
    sha256: string;
    name: string;
    mime: string;
    bytes: number;
    goneAt?: Date;
    goneFor?: 'personal-papers' | 'no-consent';
  };
  request: EvidenceRequest;
  positions: Position[];
  /** Of a recording: the platform's text, who agreed to it, what was typed. */
  voice?: VoiceWitness;
  /** Counts verifications: 1 at first, one more when a fact came later (a position). */
  round: number;
  state: 'waiting' | 'verified' | 'judged';
  attempts: number;
  dueAt: Date;
  leasedUntil?: Date;
  verdict?: Verdict;
  history: { at: Date; who: string; status: string; text: string }[];
  /** What somebody wrote instead of what was read on a nameplate; the reading stays in the verdict. */
  corrected?: Partial<Record<'model' | 'serial', { value: string; by: PersonId; at: Date }>>;
  /** A person refused what the machine had passed. */
  refused?: { by: PersonId; at: Date };
  /** Short code printed on copies. */
  proof?: string;
  demo?: boolean;
}

export const evidenceIndexes: readonly IndexSpec[] = [
  { key: { state: 1, dueAt: 1 }, name: 'due' },
  {
    key: { 'file.sha256': 1, at: 1 },
    name: 'sha256',
    partialFilterExpression: { 'file.sha256': { $exists: true } },
  },
  { key: { dealId: 1, at: 1 }, name: 'deal' },
  { key: { by: 1, at: -1 }, name: 'by' },
  {
    key: { 'refused.at': -1 },
    name: 'refused',
    partialFilterExpression: { 'refused.at': { $exists: true } },
  },
  // Retention: what still has its file, oldest first; and who else needs the same file.
  { key: { itemKind: 1, 'file.goneAt': 1, at: 1 }, name: 'kept' },
  { key: { 'file.id': 1 }, name: 'file', sparse: true },
  { key: { proof: 1 }, name: 'proof', partialFilterExpression: { proof: { $exists: true } } },
];

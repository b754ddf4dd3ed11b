import type { EvidenceId, FileId, PersonId, StageVisitId } from '../core/index.js';

/** The part of a deal that the gate reads and writes. Plain data; instants are Dates in UTC. */
export interface Progress {
  status: 'open' | 'won' | 'lost';
  /** Stage the deal is in; null once it is won or lost. */
  stageId: string | null;
  /** In order of entry; the last one without `leftAt` is the present one. A return to a stage is a new visit. */
  visits: StageVisit[];
  /** Forward skips that were refused, ever. */
  skipAttempts: number;
}

export interface StageVisit {
  id: StageVisitId;
  stageId: string;
  enteredAt: Date;
  dueAt: Date;
  leftAt?: Date;
  /** By item id; an item that nobody touched has no entry. */
  items: Record<string, ItemProgress>;
}

export interface ItemProgress {
  submissions: Submission[];
  exemption?: Exemption;
}

/** `checking`: the verifier has not answered yet. `withdrawn`: taken back by its sender or replaced. */
export type SubmissionStatus = 'checking' | 'passed' | 'failed' | 'review' | 'unchecked' | 'withdrawn';

export interface Submission {
  id: EvidenceId;
  by: PersonId;
  at: Date;
  /** When the question was put to the person (freshness is counted from here). */
  askedAt?: Date;
  value: SubmissionValue;
  status: SubmissionStatus;
  /** What the person is told about the verdict, in Chinese. */
  say?: string;
  /** When the verdict asked for another one: the question is open again from then on. */
  askedAgainAt?: Date;
  /** The person who gave the verdict, when it was not the machine. It is final. */
  judgedBy?: PersonId;
}

export type SubmissionValue =
  | { kind: 'confirm' }
  | { kind: 'text'; text: string }
  | { kind: 'touch'; witness: 'call' | 'message' | 'check-in'; note: string; place?: CheckInPlace }
  | { kind: 'choice'; option: string }
  | { kind: 'tags'; tags: string[] }
  | { kind: 'purchase-history'; categories: string[] }
  | { kind: 'follow-up'; elements: Record<string, string> }
  | { kind: 'photo'; fileId: FileId; sha256: string }
  | { kind: 'sheet' | 'file' | 'voice'; fileId: FileId; sha256: string; name: string }
  | { kind: 'link'; url: string; title: string; publishedOn?: string }
  | { kind: 'approval'; approved: boolean; note: string; by: PersonId }
  | { kind: 'scan'; code: string };

/** Where a check-in was made: a position that was sent, or the visit code of the client, scanned. */
export type CheckInPlace =
  /** Absent `datum`: kept before it was. */
  { kind: 'position'; lat: number; lng: number; datum?: 'wgs84' | 'gcj02' | 'bd09' } | { kind: 'code'; code: string };

export interface Exemption {
  by: PersonId;
  reason: string;
  at: Date;
  expiresAt: Date;
}

/** How an item stands now: derived, never stored. */
export interface ItemState {
  itemId: string;
  state: 'open' | 'partly' | 'checking' | 'review' | 'failed' | 'unchecked' | 'passed' | 'exempt';
  /** Counted pieces that passed: photos, links, the tags of the answer that passed; 1 for the others. */
  have: number;
  need: number;
}

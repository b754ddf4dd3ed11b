import type { EvidenceId, PersonId } from '../core/index.js';
import type { FileDemands, PhotoDemands, SheetDemands, VoiceDemands } from '../flow/index.js';

/** `unchecked`: could not be checked, nothing alleged, nothing passed. `review`: a person decides. Failed outranks review outranks unchecked. */
export type VerdictStatus = 'passed' | 'failed' | 'unchecked' | 'review';

/** One check of one fact. Codes are dotted and stable: `photo.fresh`, `photo.reuse`, `pdf.client_name`. */
export interface Finding {
  code: string;
  status: VerdictStatus;
  measured: string | number | null;
  expected: string | number | null;
  unit?: string;
  /** Where the fact came from: `server clock`, `exif DateTimeOriginal`, `ocr tesseract 0.83`, `pdf text layer`. */
  source: string;
}

export interface Verdict {
  status: VerdictStatus;
  findings: Finding[];
  /** One or two short Chinese sentences for the person: what was measured, what is wanted, what to do next. Voice: short, concrete, blames nobody. */
  say: string;
  /** What was extracted, small and plain (JSON): takenAt, position, sha256, plate, model, serial, pages, textBytes … */
  facts: Record<string, unknown>;
  verifier: { id: string; version: string };
}

export interface Position {
  lat: number;
  lng: number;
  datum: 'wgs84' | 'gcj02' | 'bd09';
  accuracyMetres?: number;
  source: 'exif' | 'location-message' | 'capture-page' | 'check-in-record';
  at?: Date;
}

/** What is known around the evidence when it is judged; plain data so that it crosses to a worker. */
export interface EvidenceContext {
  evidenceId: EvidenceId;
  by: PersonId;
  /** When the question was asked; null when nobody asked (sent unasked). */
  askedAt: Date | null;
  receivedAt: Date;
  now: Date;
  /** IANA zone of the organisation, for local times in pictures and documents. */
  zone: string;
  client: {
    name: string;
    aliases: string[];
    sites: { name: string; lat: number; lng: number; datum: 'wgs84' | 'gcj02' }[];
  };
  /** Positions the same person reported lately (location message, capture page). */
  positions: Position[];
  /** An earlier evidence with the same bytes, if there is one (looked up by sha256 over the whole company); never the same evidence. */
  reuseOf: EarlierEvidence | null;
  /** Only for recordings: what came with it and what was said of it. */
  voice?: VoiceWitness;
}

/** What is known of a recording besides its bytes; it grows while the evidence is looked at. */
export interface VoiceWitness {
  /** The platform's own speech-to-text. */
  heard?: { text: string; by: 'wecom' | 'dingtalk' };
  statement?: VoiceStatement;
  /** The rep wrote down what is said in it. */
  typed?: { text: string; by: PersonId; at: Date };
}

/** `agreed`: the other side agreed to be recorded. `own`: nobody else speaks, it is the rep's own report. */
export interface VoiceStatement {
  kind: 'agreed' | 'own';
  by: PersonId;
  at: Date;
}

/** What somebody handed in before. */
export interface EarlierEvidence {
  evidenceId: EvidenceId;
  at: Date;
  clientName: string;
  byName: string;
  /** Whoever hands in now may see that deal, so it may be named to them. */
  mayName: boolean;
  /** Handed in by the same person in the same stay of the same deal. */
  sameVisit: boolean;
  /** Serial number that was read in it. */
  serial?: string;
}

export type EvidenceRequest =
  | { kind: 'photo'; demands: PhotoDemands }
  | { kind: 'file'; formats: readonly string[]; demands: FileDemands }
  | { kind: 'sheet'; formats: readonly string[]; demands: SheetDemands }
  | { kind: 'voice'; demands: VoiceDemands }
  | { kind: 'link'; url: string; title: string; publishedOn?: string; publishedWithinMonths?: number };

export interface EvidenceFile {
  /** Original bytes from the vault. */
  bytes: Uint8Array;
  /** Name the sender's client gave; a hint only. */
  name: string;
}

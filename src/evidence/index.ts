// Evidence: facts, findings, verdicts.
export type {
  EvidenceContext,
  EvidenceFile,
  EvidenceRequest,
  Finding,
  Position,
  Verdict,
  VerdictStatus,
} from './types.js';

// Evidence: facts, findings, verdicts.
export { createEvidence } from './service.js';
export type { Evidence, EvidenceOptions } from './service.js';
export type {
  EvidenceContext,
  EvidenceFile,
  EvidenceRequest,
  Finding,
  Position,
  Verdict,
  VerdictStatus,
} from './types.js';

// For whoever stores and shows files.
export { sniffFile } from './sniff.js';
export type { FileKind, SniffedFile } from './sniff.js';
export { printWatermark } from './photo/print.js';
export { BadFileError } from './errors.js';
export type { BadFileCode } from './errors.js';
export {
  MAX_FILE_BYTES,
  MAX_PDF_PAGES,
  MAX_PIXELS,
  MAX_SHEET_ROWS,
  POSITION_VALID_MINUTES,
  TIME_TOLERANCE_MINUTES,
} from './limits.js';

// For the command line and benchmarks.
export { readFacts, FACT_KINDS } from './read.js';
export type { FactKind, ReadOptions } from './read.js';

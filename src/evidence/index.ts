// Evidence: facts, findings, verdicts.
export { createEvidence } from './service.js';
export type { Evidence, EvidenceOptions } from './service.js';
export type {
  EarlierEvidence,
  EvidenceContext,
  EvidenceFile,
  EvidenceRequest,
  Finding,
  Position,
  Verdict,
  VerdictStatus,
  VoiceStatement,
  VoiceWitness,
} from './types.js';

export { createRadar, radarIndexes } from './radar/radar.js';
export type { Radar, Resemblance } from './radar/radar.js';
export { createFetchPage } from './links/fetch-page.js';
export type { FetchedPage, FetchPage } from './links/fetch-page.js';
export { createHttpAsr } from './voice/asr.js';
export type { AsrProvider, AsrResult } from './voice/asr.js';
export type { Mention } from './voice/keywords.js';
export type { LookUpEarlier } from './radar/alike.js';

// For the capture page.
export { captureTicket, openCaptureTicket } from './capture-ticket.js';

// For whoever keeps what was read.
export { foldCode } from './labels.js';

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
export { createHashTable } from './radar/hash-table.js';
export { hashPicture, THUMB_SIDE } from './radar/picture-hash.js';
export type { PictureHash } from './radar/picture-hash.js';
export { likeness } from './radar/likeness.js';
export { readFacts, FACT_KINDS } from './read.js';
export type { FactKind, ReadOptions } from './read.js';
export { checkLabel, checkMeasures, sourceWords } from './check-words.js';
export { measureWords } from './measure-words.js';

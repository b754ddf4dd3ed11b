import type { SheetFacts } from './documents/sheet.js';
import type { OcrPage, PdfFacts } from './documents/pdf.js';
import type { SealSighting } from './documents/pdf-seal.js';
import type { BadFileCode } from './errors.js';
import type { OcrChoice } from './ocr/readers.js';
import type { VoiceFacts } from './voice/extract.js';
import type { AudioFormat } from './voice/format.js';
import type { PhotoFacts, PhotoWant } from './photo/extract.js';

/** What a worker process is asked; plain data. */
export type Job =
  | { kind: 'photo'; bytes: Uint8Array; want: PhotoWant; ocr: OcrChoice }
  /** Loads the readers, so that the first photo of the day is no slower than the next. */
  | { kind: 'warm'; ocr: OcrChoice }
  | { kind: 'pdf'; bytes: Uint8Array }
  /** One page (from 1) drawn as a picture, for `page`. */
  | { kind: 'pdf-page'; bytes: Uint8Array; page: number }
  | { kind: 'pdf-seals'; bytes: Uint8Array; pages: number[] }
  /** A picture of a printed page; the second reader is asked when the first does not find every wanted word. */
  | { kind: 'page'; bytes: Uint8Array; wanted: string[]; ocr: OcrChoice }
  | { kind: 'sheet'; bytes: Uint8Array; format: 'xlsx' | 'csv' }
  /** Length and loudness of a recording. */
  | { kind: 'voice'; bytes: Uint8Array; format: AudioFormat }
  /** SILK as WAV, for whoever cannot read it. */
  | { kind: 'voice-wav'; bytes: Uint8Array }
  | { kind: 'print'; bytes: Uint8Array; lines: string[] };

export interface JobFacts {
  photo: PhotoFacts;
  warm: null;
  pdf: PdfFacts;
  'pdf-page': Uint8Array;
  'pdf-seals': SealSighting[];
  page: OcrPage['readings'];
  sheet: SheetFacts;
  voice: VoiceFacts;
  'voice-wav': Uint8Array;
  print: Uint8Array;
}

export type JobFailure =
  | { reason: 'bad-file'; code: BadFileCode; message: string; measured: string | number | null }
  /** The service is to blame, or the file made it fail: nothing is said against the file. */
  | { reason: 'timeout' | 'memory' | 'crashed' | 'error'; message: string };

export type JobResult<Kind extends Job['kind']> = { ok: true; facts: JobFacts[Kind] } | ({ ok: false } & JobFailure);

export interface JobMessage {
  id: number;
  job: Job;
}

export interface ResultMessage {
  id: number;
  result: JobResult<Job['kind']>;
  /** Resident bytes of the worker after the job. */
  residentBytes: number;
}

/** The first message of a worker. */
export interface ReadyMessage {
  ready: true;
}

import { AppError, errorText, sha256, unreachable, type Log } from '../core/index.js';
import { readDocument, wantOf, type DocumentPools } from './documents/document.js';
import { BadFileError, type BadFileCode } from './errors.js';
import type { Job, JobFacts, JobResult } from './jobs.js';
import { badFile } from './judge/bad-file.js';
import { FILE_VERIFIER, judgeFile } from './judge/file.js';
import { judgeLink } from './judge/link.js';
import type { LinkPage } from './judge/link-page.js';
import type { FetchPage } from './links/fetch-page.js';
import { judgePhoto, PHOTO_VERIFIER } from './judge/photo.js';
import { expectedTimes } from './judge/photo-time.js';
import { judgeSheet, SHEET_VERIFIER } from './judge/sheet.js';
import { combine, type Check } from './judge/verdict.js';
import { VOICE_VERIFIER } from './judge/voice.js';
import {
  DICTATION_BUDGET_MS,
  FIRST_GUESS_MS,
  JOB_TIMEOUT_MS,
  MAX_FILE_BYTES,
  MAX_READER_BYTES,
  MAX_WORKER_BYTES,
} from './limits.js';
import type { OcrChoice } from './ocr/readers.js';
import type { PhotoFacts, PhotoWant } from './photo/extract.js';
import { createPool } from './pool.js';
import { findAlike, type LookUpEarlier } from './radar/alike.js';
import type { Radar } from './radar/radar.js';
import { ENCRYPTED_OFFICE, sniffFile } from './sniff.js';
import type { EvidenceContext, EvidenceFile, EvidenceRequest, Verdict } from './types.js';
import type { AsrProvider } from './voice/asr.js';
import type { AudioFormat } from './voice/format.js';
import { hearAndJudge, listen, type Ears } from './voice/verify.js';

export interface EvidenceOptions {
  /** Photos (OCR) at once; each worker is a process of about 450 MB when warm, 900 MB with both readers. Documents have one more of their own. */
  workers: number;
  /** One extraction in a worker; when it is over, the verdict is `unchecked`. */
  timeoutMs?: number;
  /** `both`: what tesseract.js leaves in doubt is read again by PP-OCR. */
  ocr: OcrChoice;
  log: Log;
  /** Knows every picture handed in before; without it only equal bytes are recognised. */
  radar?: Radar;
  /** Without it links are judged by what is said of them. */
  fetchPage?: FetchPage;
  /** Without it only the platforms' own texts say what is said in a recording. */
  asr?: AsrProvider;
}

export interface Evidence {
  /**
   * Extracts facts in a worker and judges them against what is demanded; what is not demanded is not checked. A bad file, a worker over time
   * or a worker that dies is a verdict; the promise is rejected only while closing (`evidence.closed`, retryable).
   */
  verify(
    request: EvidenceRequest,
    file: EvidenceFile | null,
    context: EvidenceContext,
    earlier?: LookUpEarlier,
  ): Promise<Verdict>;
  /** The words of a voice message, by the configured service; null when there is none or it heard nothing. Bytes that are no recording: null. */
  transcribe(bytes: Uint8Array): Promise<string | null>;
  /** A copy for people with the server's own watermark, made in a worker. A file that is no readable picture throws BadFileError. */
  printCopy(bytes: Uint8Array, lines: string[]): Promise<Buffer>;
  /** Facts alone, for the command line and for explaining a verdict. A file that cannot be read throws BadFileError. */
  extract<Kind extends 'photo' | 'pdf' | 'sheet' | 'voice'>(
    kind: Kind,
    bytes: Uint8Array,
    want?: PhotoWant,
  ): Promise<JobFacts[Kind]>;
  /** Loads the readers into every worker, now and whenever one is replaced, and what the radar knows. Resolves when all are warm. */
  warm(): Promise<void>;
  /** Files waiting or being looked at. */
  queueLength(): number;
  /** How long a photo will take that comes behind `ahead` others (those of the queue, if not given): what a waiting card says. */
  estimateMs(ahead?: number): number;
  /** Ends every worker; the process can then end. */
  close(): Promise<void>;
}

type FileRequest = Exclude<EvidenceRequest, { kind: 'link' }>;

const VERIFIER: Record<FileRequest['kind'], Verdict['verifier']> = {
  photo: PHOTO_VERIFIER,
  file: FILE_VERIFIER,
  sheet: SHEET_VERIFIER,
  voice: VOICE_VERIFIER,
};

export function createEvidence({
  workers,
  timeoutMs = JOB_TIMEOUT_MS,
  ocr,
  log,
  radar,
  fetchPage,
  asr,
}: EvidenceOptions): Evidence {
  const photos = createPool({
    size: Math.max(1, workers),
    timeoutMs,
    log,
    maxBytes: ocr === 'both' ? MAX_READER_BYTES : MAX_WORKER_BYTES,
    warmUp: { kind: 'warm', ocr },
  });
  const documents = createPool({ size: 1, timeoutMs, log });
  const pools: DocumentPools = { photos, documents, ocr };
  const ears: Ears = { documents, ...(asr === undefined ? {} : { asr }) };

  async function pageOf(url: string): Promise<LinkPage | null> {
    if (fetchPage === undefined || !URL.canParse(url)) return null;
    const page = await fetchPage(url);
    if (!page.ok || page.kind === 'text') return page;
    const read = await documents.run({ kind: 'pdf', bytes: page.bytes });
    return read.ok
      ? { ok: true, text: read.facts.text }
      : { ok: false, reason: 'unreadable', detail: `pdf ${read.reason}` };
  }

  return {
    verify: async (request, file, context, earlier) => {
      if (request.kind === 'link') return judgeLink(request, context, await pageOf(request.url));
      if (file === null) return verdictOf(request, '', [badFile('file.wrong_kind', 'text', request.kind)]);
      return await verifyFile(request, file.bytes, context, { ...pools, ears }, async ({ hash }) =>
        radar === undefined || hash === null || earlier === undefined
          ? null
          : await findAlike(radar, context.evidenceId, hash, earlier),
      );
    },
    transcribe: async (bytes) => {
      const { kind, ext } = await sniffFile(bytes);
      if (kind !== 'audio') return null;
      const { transcript } = await listen({ bytes, format: ext as AudioFormat }, ears, DICTATION_BUDGET_MS);
      return transcript?.text ?? null;
    },
    printCopy: async (bytes, lines) => {
      const facts = factsOf(await documents.run({ kind: 'print', bytes, lines }));
      return Buffer.from(facts);
    },
    extract: async (kind, bytes, want) => await extract(kind, bytes, want, pools),
    warm: async () => {
      await Promise.all([photos.warm(), radar?.sync()]);
    },
    queueLength: () => photos.length() + documents.length(),
    estimateMs: (ahead = photos.length()) =>
      Math.ceil((ahead + 1) / Math.max(1, workers)) * (photos.meanMs() ?? FIRST_GUESS_MS),
    close: async () => {
      await Promise.all([photos.close(), documents.close()]);
    },
  };
}

async function verifyFile(
  request: FileRequest,
  bytes: Uint8Array,
  context: EvidenceContext,
  pools: DocumentPools & { ears: Ears },
  alikeOf: (facts: PhotoFacts) => ReturnType<typeof findAlike>,
): Promise<Verdict> {
  const hash = sha256(bytes);
  const bad = (code: BadFileCode, measured: string | number | null): Verdict =>
    verdictOf(request, hash, [badFile(code, measured, request.kind)]);
  if (bytes.length === 0) return bad('file.empty', 0);
  if (bytes.length > MAX_FILE_BYTES) return bad('file.too_large', bytes.length);
  const { kind, ext } = await sniffFile(bytes);

  const judged = async <Kind extends 'photo' | 'pdf' | 'sheet' | 'voice'>(
    running: Promise<JobResult<Kind>>,
    judge: (facts: JobFacts[Kind]) => Verdict | Promise<Verdict>,
  ): Promise<Verdict> => {
    const result = await running;
    if (result.ok) return await judge(result.facts);
    if (result.reason === 'bad-file') return bad(result.code, result.measured);
    return verdictOf(request, hash, [unfinished(result.reason)]);
  };

  switch (request.kind) {
    case 'photo': {
      if (kind !== 'image') return bad('file.wrong_kind', ext || kind);
      const { demands } = request;
      const want: PhotoWant = {
        watermark: demands.watermarkTime === true,
        expected: expectedTimes(context, demands.freshWithinMs),
        plates: demands.doorPlates ?? null,
        nameplate: (demands.nameplate?.length ?? 0) > 0,
        // A photo that must be new may be no photo of an old one either.
        screen: demands.environment === true || demands.reuse !== undefined,
        scene: demands.environment === true,
      };
      return await judged(pools.photos.run({ kind: 'photo', bytes, want, ocr: pools.ocr }), async (facts) =>
        judgePhoto(demands, facts, hash, context, await alikeOf(facts)),
      );
    }
    case 'file': {
      if (kind !== 'pdf') return bad('file.wrong_kind', ext || kind);
      return await judged(readDocument(bytes, wantOf(request.demands, context.client.name), pools), (facts) =>
        judgeFile(request.demands, facts, hash, context),
      );
    }
    case 'sheet': {
      const format = kind === 'xlsx' || kind === 'csv' ? kind : null;
      if (ext === ENCRYPTED_OFFICE) return bad('file.encrypted', null);
      if (format === null) return bad('file.wrong_kind', ext || kind);
      const allowed = request.formats.map((one) => one.toLowerCase());
      if (allowed.length > 0 && !allowed.includes(format)) {
        return verdictOf(request, hash, [wrongFormat(format, request.formats)]);
      }
      return await judged(pools.documents.run({ kind: 'sheet', bytes, format }), (facts) =>
        judgeSheet(request.demands, facts, hash),
      );
    }
    case 'voice': {
      if (kind !== 'audio') return bad('file.wrong_kind', ext || kind);
      const format = ext as AudioFormat;
      return await judged(pools.documents.run({ kind: 'voice', bytes, format }), (facts) =>
        hearAndJudge(request.demands, bytes, facts, hash, context, pools.ears),
      );
    }
    default:
      return unreachable(request);
  }
}

function verdictOf(request: FileRequest, hash: string, checks: Check[]): Verdict {
  return combine(checks, request.kind, hash === '' ? {} : { sha256: hash }, VERIFIER[request.kind]);
}

function wrongFormat(format: string, formats: readonly string[]): Check {
  return {
    finding: {
      code: 'file.format',
      status: 'failed',
      measured: format,
      expected: formats.join(', '),
      source: 'file bytes',
    },
    problem: `收到的是 ${format.toUpperCase()}，这里要 ${formats.join(' 或 ').toUpperCase()}`,
    todo: `另存为 .${formats[0]?.toLowerCase() ?? 'xlsx'} 再发`,
  };
}

const UNFINISHED = {
  timeout: '识别超时，这次没查成',
  memory: '文件太复杂，内存不够，没能看完',
  crashed: '识别出了故障，这次没查成',
  error: '识别出了故障，这次没查成',
};

/** Our fault or the file's, we cannot tell: nothing is said against it, a person can look. */
function unfinished(reason: 'timeout' | 'memory' | 'crashed' | 'error'): Check {
  return {
    finding: { code: `verifier.${reason}`, status: 'unchecked', measured: null, expected: null, source: 'verifier' },
    problem: UNFINISHED[reason],
    todo: reason === 'memory' ? '重新导出一份小一点的再发' : '过一会儿重发一次，或者请主管复核',
  };
}

async function extract<Kind extends 'photo' | 'pdf' | 'sheet' | 'voice'>(
  kind: Kind,
  bytes: Uint8Array,
  want: PhotoWant | undefined,
  { photos, documents, ocr }: DocumentPools,
): Promise<JobFacts[Kind]> {
  if (bytes.length === 0) throw new BadFileError('file.empty', 'the file is empty');
  if (bytes.length > MAX_FILE_BYTES) throw new BadFileError('file.too_large', 'the file is too large', bytes.length);
  const sniffed = await sniffFile(bytes);
  const wrong = (): BadFileError =>
    new BadFileError('file.wrong_kind', `the file is ${sniffed.ext || sniffed.kind}`, sniffed.ext || sniffed.kind);
  const run = async (): Promise<JobResult<'photo' | 'pdf' | 'sheet' | 'voice'>> => {
    switch (kind) {
      case 'photo':
        if (sniffed.kind !== 'image') throw wrong();
        return await photos.run({
          kind: 'photo',
          bytes,
          want: want ?? { watermark: false, plates: null, nameplate: false },
          ocr,
        });
      case 'pdf':
        if (sniffed.kind !== 'pdf') throw wrong();
        return await readDocument(bytes, { words: [], seals: false, all: true }, { photos, documents, ocr });
      case 'voice':
        if (sniffed.kind !== 'audio') throw wrong();
        return await documents.run({ kind: 'voice', bytes, format: sniffed.ext as AudioFormat });
      default:
        if (sniffed.kind !== 'xlsx' && sniffed.kind !== 'csv') throw wrong();
        return await documents.run({ kind: 'sheet', bytes, format: sniffed.kind });
    }
  };
  return factsOf((await run()) as JobResult<Kind>);
}

function factsOf<Kind extends Job['kind']>(result: JobResult<Kind>): JobFacts[Kind] {
  if (result.ok) return result.facts;
  if (result.reason === 'bad-file') throw new BadFileError(result.code, result.message, result.measured);
  throw new AppError(`evidence.${result.reason}`, errorText(result.message), { retryable: true });
}

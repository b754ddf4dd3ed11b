// Entry of a worker process: one job at a time, killed from outside when it takes too long or too much. It ends with its parent.
import sharp from 'sharp';
import { errorText, unreachable } from '../core/index.js';
import { BadFileError } from './errors.js';
import type { Job, JobMessage, JobResult, ReadyMessage, ResultMessage } from './jobs.js';
import type { OcrEngine } from './ocr/engine.js';
import type { OcrChoice, Readers } from './ocr/readers.js';

// Only the loaders that are meant to be reached, and no cache: every picture is seen once.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadHeifBuffer',
  ],
});
sharp.cache(false);

const readers = new Map<'first' | 'second', Promise<OcrEngine>>();
async function reader(which: 'first' | 'second'): Promise<OcrEngine> {
  let engine = readers.get(which);
  if (engine === undefined) {
    engine =
      which === 'first'
        ? import('./ocr/tesseract.js').then(({ createTesseract }) => createTesseract())
        : import('./ocr/pp-ocr.js').then(({ createPpOcr }) => createPpOcr());
    readers.set(which, engine);
  }
  return await engine;
}
/** Models are loaded at first use. */
async function readersOf(ocr: OcrChoice): Promise<Readers> {
  return {
    first: ocr === 'pp-ocr' ? null : await reader('first'),
    second: ocr === 'tesseract' ? null : await reader('second'),
  };
}

async function work(job: Job): Promise<JobResult<Job['kind']>> {
  switch (job.kind) {
    case 'photo': {
      const { extractPhoto } = await import('./photo/extract.js');
      return { ok: true, facts: await extractPhoto(job.bytes, job.want, await readersOf(job.ocr)) };
    }
    case 'warm': {
      const { first, second } = await readersOf(job.ocr);
      await first?.warm();
      await second?.warm();
      return { ok: true, facts: null };
    }
    case 'pdf': {
      const { readPdf } = await import('./documents/pdf.js');
      return { ok: true, facts: await readPdf(job.bytes) };
    }
    case 'pdf-page': {
      const { renderPage } = await import('./documents/pdf-pages.js');
      return { ok: true, facts: await renderPage(job.bytes, job.page) };
    }
    case 'pdf-seals': {
      const { findSealsIn } = await import('./documents/pdf-pages.js');
      return { ok: true, facts: await findSealsIn(job.bytes, job.pages) };
    }
    case 'page': {
      const { readScannedPage } = await import('./documents/scan.js');
      return { ok: true, facts: await readScannedPage(job.bytes, job.wanted, await readersOf(job.ocr)) };
    }
    case 'sheet': {
      const { readCsv, readWorkbook } = await import('./documents/sheet.js');
      return { ok: true, facts: job.format === 'csv' ? readCsv(job.bytes) : await readWorkbook(job.bytes) };
    }
    case 'voice': {
      const { extractVoice } = await import('./voice/extract.js');
      return { ok: true, facts: await extractVoice(job.bytes, job.format) };
    }
    case 'voice-wav': {
      const { silkToWav } = await import('./voice/extract.js');
      return { ok: true, facts: await silkToWav(job.bytes) };
    }
    case 'print': {
      const { printWatermark } = await import('./photo/print.js');
      return { ok: true, facts: await printWatermark(job.bytes, job.lines) };
    }
    default:
      return unreachable(job);
  }
}

async function answer({ id, job }: JobMessage): Promise<void> {
  let result: JobResult<Job['kind']>;
  try {
    result = await work(job);
  } catch (error) {
    result =
      error instanceof BadFileError
        ? { ok: false, reason: 'bad-file', code: error.code, message: error.message, measured: error.measured }
        : { ok: false, reason: 'error', message: errorText(error) };
  }
  const message: ResultMessage = { id, result, residentBytes: process.memoryUsage.rss() };
  process.send?.(message);
}

process.on('message', (message: JobMessage) => void answer(message));
process.on('disconnect', () => process.exit(0));

const ready: ReadyMessage = { ready: true };
process.send?.(ready);

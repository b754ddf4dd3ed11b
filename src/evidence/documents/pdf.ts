import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { PDFiumLibrary } from '@hyzyla/pdfium';
import { BadFileError } from '../errors.js';
import { guardPdf } from './pdf-guard.js';
import type { SealSighting } from './pdf-seal.js';
import { MAX_PDF_PAGES, MAX_PDF_TEXT, MIN_PAGE_CHARACTERS } from '../limits.js';

export interface PdfFacts {
  pages: number;
  /** Text layer in reading order, pages joined by a form feed; cut at the limit. */
  text: string;
  textBytes: number;
  /** Pages without a usable text layer, from 1. */
  picturePages: number[];
  /** No page has a usable text layer. */
  scanned: boolean;
  bytes: number;
  /** Picture pages read by OCR, when something was looked for in them. */
  ocr: OcrPage[];
  /** What looks like a red seal; null when nobody looked. */
  seals: SealSighting[] | null;
}

export interface OcrPage {
  page: number;
  /** Each reader's lines, joined; the second reads where the first did not find what was looked for. */
  readings: { reader: string; text: string }[];
}

let library: Promise<PDFiumLibrary> | undefined;

async function start(): Promise<PDFiumLibrary> {
  const { PDFiumLibrary: loader } = await import('@hyzyla/pdfium');
  const wasm = await readFile(createRequire(import.meta.url).resolve('@hyzyla/pdfium/pdfium.wasm'));
  return await loader.init({
    wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) as ArrayBuffer,
  });
}

type PdfDocument = Awaited<ReturnType<PDFiumLibrary['loadDocument']>>;

/** Runs in a worker process: pdfium cannot be interrupted, and a crafted file makes it take gigabytes. */
export async function withPdf<T>(bytes: Uint8Array, work: (document: PdfDocument) => T | Promise<T>): Promise<T> {
  library ??= start();
  const document = await open(await library, bytes);
  try {
    return await work(document);
  } catch (cause) {
    if (cause instanceof BadFileError) throw cause;
    // After an abort the instance is unusable.
    library = undefined;
    throw new BadFileError('file.broken', 'pdfium cannot read the pages', null, cause);
  } finally {
    if (library !== undefined) document.destroy();
  }
}

export async function readPdf(bytes: Uint8Array): Promise<PdfFacts> {
  guardPdf(bytes);
  return await withPdf(bytes, (document) => {
    const pages = document.getPageCount();
    if (pages > MAX_PDF_PAGES) throw new BadFileError('file.too_many_pages', 'too many pages', pages);
    if (pages === 0) throw new BadFileError('file.broken', 'no pages');
    const texts: string[] = [];
    const picturePages: number[] = [];
    let length = 0;
    for (let index = 0; index < pages; index += 1) {
      const text = length < MAX_PDF_TEXT ? document.getPage(index).getText() : '';
      length += text.length;
      texts.push(text);
      if (usableCharacters(text) < MIN_PAGE_CHARACTERS) picturePages.push(index + 1);
    }
    const text = texts.join('\f').slice(0, MAX_PDF_TEXT);
    return {
      pages,
      text,
      textBytes: Buffer.byteLength(text),
      picturePages,
      scanned: picturePages.length === pages,
      bytes: bytes.length,
      ocr: [],
      seals: null,
    };
  });
}

async function open(pdfium: PDFiumLibrary, bytes: Uint8Array): Promise<PdfDocument> {
  try {
    return await pdfium.loadDocument(bytes);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : '';
    if (/password|security/iu.test(message)) throw new BadFileError('file.encrypted', 'needs a password', null, cause);
    throw new BadFileError('file.broken', 'pdfium cannot open it', null, cause);
  }
}

/** Letters, digits and Chinese characters; unmapped ones (private use, replacement) don't count. */
function usableCharacters(text: string): number {
  let count = 0;
  for (const char of text) if (/[\p{L}\p{N}]/u.test(char)) count += 1;
  return count;
}

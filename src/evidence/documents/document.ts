import type { FileDemands } from '../../flow/index.js';
import type { JobResult } from '../jobs.js';
import { MAX_OCR_PAGES, MAX_SEAL_PAGES, OCR_BUDGET_MS } from '../limits.js';
import type { OcrChoice } from '../ocr/readers.js';
import type { Pool } from '../pool.js';
import type { OcrPage } from './pdf.js';

export interface DocumentPools {
  documents: Pool;
  photos: Pool;
  ocr: OcrChoice;
}

/** What is looked for on pages without a text layer. */
export interface DocumentWant {
  /** Words of which the second reader is asked when the first does not find them; none: pages are not read, unless `all` of it is wanted. */
  words: string[];
  all?: boolean;
  seals: boolean;
}

export function wantOf(demands: FileDemands, clientName: string): DocumentWant {
  return {
    words: [
      ...(demands.containsText === undefined ? [] : [demands.containsText]),
      ...(demands.clientNameTimes === undefined ? [] : [clientName]),
      ...(demands.notExpired === true ? ['有效'] : []),
    ],
    seals: demands.sealReviewed === true,
  };
}

/**
 * The text layer, then page by page what has none: drawn by the worker that can (pdfium), read by one that has readers. One page is one job, so
 * that photos go in between and a slow page costs only itself.
 */
export async function readDocument(
  bytes: Uint8Array,
  { words, seals, all = false }: DocumentWant,
  { documents, photos, ocr }: DocumentPools,
): Promise<JobResult<'pdf'>> {
  const result = await documents.run({ kind: 'pdf', bytes });
  if (!result.ok) return result;
  const { facts } = result;
  const pages: OcrPage[] = [];
  const startedAt = performance.now();
  for (const page of words.length === 0 && !all ? [] : facts.picturePages.slice(0, MAX_OCR_PAGES)) {
    if (performance.now() - startedAt > OCR_BUDGET_MS) break;
    const picture = await documents.run({ kind: 'pdf-page', bytes, page });
    // A page that cannot be drawn or read stays a page that nobody has read.
    if (!picture.ok) continue;
    const read = await photos.run({ kind: 'page', bytes: picture.facts, wanted: words, ocr });
    if (read.ok) pages.push({ page, readings: read.facts });
  }
  if (!seals) return { ok: true, facts: { ...facts, ocr: pages } };
  const found = await documents.run({ kind: 'pdf-seals', bytes, pages: bothEnds(facts.pages) });
  return { ok: true, facts: { ...facts, ocr: pages, seals: found.ok ? found.facts : null } };
}

function bothEnds(pages: number): number[] {
  const half = MAX_SEAL_PAGES / 2;
  return Array.from({ length: pages }, (_, index) => index + 1).filter((page) => page <= half || page > pages - half);
}

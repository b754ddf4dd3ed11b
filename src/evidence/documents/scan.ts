import { containsWords } from '../names.js';
import type { OcrEngine } from '../ocr/engine.js';
import type { Readers } from '../ocr/readers.js';
import { decodePicture } from '../photo/decode.js';
import { luminance } from '../photo/grey.js';
import type { OcrPage } from './pdf.js';

/** An A4 page at 200 dpi is 2339 px long. */
const MAX_PAGE_SIDE = 2400;

/** Reads the picture of a printed page; the second reader only where the first did not find every wanted word. */
export async function readScannedPage(
  bytes: Uint8Array,
  wanted: readonly string[],
  { first, second }: Readers,
): Promise<OcrPage['readings']> {
  const page = luminance(await decodePicture(bytes, MAX_PAGE_SIDE, 1));
  const readings: OcrPage['readings'] = [];
  const found = (words: string): boolean => readings.some(({ text }) => containsWords(text, words));
  const read = async (engine: OcrEngine | null): Promise<void> => {
    if (engine === null || (readings.length > 0 && wanted.every(found))) return;
    const lines = await engine.page(page, { document: true, fine: true });
    readings.push({ reader: engine.id, text: lines.map(({ text }) => text).join('\n') });
  };
  await read(first);
  await read(second);
  return readings;
}

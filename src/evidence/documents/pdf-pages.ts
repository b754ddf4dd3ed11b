import type { PDFiumLibrary } from '@hyzyla/pdfium';
import sharp from 'sharp';
import { BadFileError } from '../errors.js';
import { MAX_PAGE_PIXELS, PAGE_DPI } from '../limits.js';
import { fromSharpRgb, type Rgb } from '../photo/grey.js';
import { withPdf } from './pdf.js';
import { findSeals, SEAL_PAGE_WIDTH, type SealSighting } from './pdf-seal.js';

const POINTS_PER_INCH = 72;
const POINTS_PER_MM = POINTS_PER_INCH / 25.4;

type Page = ReturnType<Awaited<ReturnType<PDFiumLibrary['loadDocument']>>['getPage']>;

/** A page as a picture for OCR, grey JPEG: colours tell a reader of print nothing, and it travels between processes. */
export async function renderPage(bytes: Uint8Array, page: number): Promise<Uint8Array> {
  const picture = await withPdf(
    bytes,
    async (document) => await draw(document.getPage(page - 1), PAGE_DPI / POINTS_PER_INCH),
  );
  return await sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } })
    .greyscale()
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** Red seals on the given pages (from 1). */
export async function findSealsIn(bytes: Uint8Array, pages: readonly number[]): Promise<SealSighting[]> {
  return await withPdf(bytes, async (document) => {
    const seals: SealSighting[] = [];
    for (const number of pages) {
      const page = document.getPage(number - 1);
      const { originalWidth } = page.getOriginalSize();
      const picture = await draw(page, SEAL_PAGE_WIDTH / originalWidth);
      seals.push(...findSeals(picture, number, (picture.width / originalWidth) * POINTS_PER_MM));
    }
    return seals;
  });
}

async function draw(page: Page, wantedScale: number): Promise<Rgb> {
  const { originalWidth, originalHeight } = page.getOriginalSize();
  const pixels = originalWidth * originalHeight * wantedScale ** 2;
  const scale = wantedScale * Math.min(1, Math.sqrt(MAX_PAGE_PIXELS / pixels));
  if (!(originalWidth * scale >= 1 && originalHeight * scale >= 1)) {
    throw new BadFileError('file.broken', 'a page without a size', `${originalWidth}×${originalHeight}`);
  }
  const { width, height, data } = await page.render({ scale, render: 'bitmap' });
  // pdfium gives RGBA on white.
  return await fromSharpRgb(sharp(data, { raw: { width, height, channels: 4 } }));
}

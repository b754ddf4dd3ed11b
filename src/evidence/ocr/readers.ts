import type { OcrEngine } from './engine.js';

/** Who reads: the first, then the second where the first is unsure, finds nothing or contradicts what was expected. One of them may be missing. */
export interface Readers {
  /** Reads lines that our recipes find. */
  first: OcrEngine | null;
  /** Finds lines itself. */
  second: OcrEngine | null;
}

/**
 * `both`: tesseract.js, then PP-OCR; `tesseract`: less memory, less accuracy (docs/evidence-accuracy.md). `pp-ocr` alone is there to be
 * measured: nobody checks it.
 */
export type OcrChoice = 'both' | 'tesseract' | 'pp-ocr';

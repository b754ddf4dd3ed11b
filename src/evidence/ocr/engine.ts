import type { Box, Grey, Rgb } from '../photo/grey.js';

/** What one reader made of one line. */
export interface ReadText {
  text: string;
  /** 0-1 as the engine says; not comparable between engines. */
  confidence: number;
}

/** A line and where it stands, px of the picture given. */
export interface ReadLine extends ReadText {
  /** Upright hull of the line. */
  box: Box;
  /** Height of the text itself: smaller than the hull's where the line hangs crooked. */
  textHeight: number;
}

/** `chinese` reads Chinese with digits and letters; `latin` reads letters and digits; `digits` reads only `0-9 : . / -`. */
export type Script = 'chinese' | 'latin' | 'digits';

export interface PageOptions {
  script?: Script;
  /** Look for small text too; slower. Engines that know no such choice, or not the next one, do what they always do. */
  fine?: boolean;
  /** A printed page: columns and paragraphs, not words scattered over a scene. */
  document?: boolean;
}

/**
 * A reader of text in pictures. Every engine keeps to this (test/evidence/ocr-contract.test.ts): nothing found is an empty text or list, a
 * picture without pixels throws, calls may overlap and each gets its own answer, after `close` every call throws.
 */
export interface OcrEngine {
  readonly id: 'tesseract' | 'pp-ocr';
  /** One line of text: ink on paper, cut out. */
  line(image: Grey, script: Script): Promise<ReadText>;
  /** All text in a picture, grey or colour, from top to bottom. */
  page(image: Grey | Rgb, options?: PageOptions): Promise<ReadLine[]>;
  /** Loads the models and compiles what is compiled at the first reading. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

/** 1 or 3 channels, told by the bytes; anything else is no picture. */
export function channelsOf({ width, height, data }: Grey | Rgb): 1 | 3 {
  const pixels = width * height;
  if (pixels > 0 && data.length === pixels) return 1;
  if (pixels > 0 && data.length === pixels * 3) return 3;
  throw new RangeError(`no picture: ${width}×${height} with ${data.length} bytes`);
}

/** Runs one thing after the other, whatever the one before came to. */
export function createLane(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

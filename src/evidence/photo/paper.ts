import { evenPaper, luminance, scaleTo, turned, type Rgb } from './grey.js';
import { findLines } from './lines.js';
import { tilt } from './tilt.js';

export interface PaperFacts {
  /** Lines of small print. */
  lines: number;
  /** Share of the picture that is bright and without colour. */
  share: number;
}

const LINE = { minHeight: 8, maxHeight: 40, maxPart: 40, smears: [9, 16], most: 80, minAspect: 3 };
const MIN_SCORE = 4;
/** Paper under any light is brighter than this and no more coloured than that, 0-255. */
const MIN_BRIGHT = 130;
const MAX_COLOUR = 45;

/** How much of a picture is a printed page: small print in many lines on a bright ground. */
export async function measurePaper(picture: Rgb): Promise<PaperFacts> {
  const small = await scaleTo(luminance(picture), 900);
  // A page lies askew in a hand's picture, and lines are looked for level.
  const angle = await tilt(evenPaper(small, 45, 3, false));
  const level = evenPaper(await turned(small, -angle, 128), 45, 3, false);
  const lines = findLines(level, LINE).filter(({ score }) => score >= MIN_SCORE).length;
  const { data } = picture;
  let bright = 0;
  for (let at = 0; at + 2 < data.length; at += 3) {
    const [r, g, b] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    if (Math.min(r, g, b) >= MIN_BRIGHT && Math.max(r, g, b) - Math.min(r, g, b) <= MAX_COLOUR) bright += 1;
  }
  return { lines, share: bright / Math.max(1, data.length / 3) };
}

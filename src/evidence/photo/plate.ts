import type { OcrEngine } from '../ocr/engine.js';
import type { Readers } from '../ocr/readers.js';
import { matchPlate, type PlateMatch } from '../plates.js';
import { evenPaper, luminance, scaleTo, turned, type Grey, type Rgb } from './grey.js';
import { cutLine, findLines } from './lines.js';
import { tilt } from './tilt.js';

export interface PlateFacts {
  match: PlateMatch | null;
  /** `lines`: found as a line of text; `sparse`: by the last resort, which sees names in other signs too. */
  step: 'lines' | 'sparse' | null;
  /** Who read the match: `tesseract`, `pp-ocr`. */
  reader: string | null;
  /** Height of the matched line as a share of the picture's long side: a watermark's text is small, a plate is not. */
  heightShare: number | null;
  text: string[];
}

interface Attempt {
  longSide: number;
  radius: number;
  /** Lines that are read at most. */
  lines: number;
}
// Big letters must be made smaller: 1440 px finds less than 640.
const ATTEMPTS: readonly [Attempt, ...Attempt[]] = [
  { longSide: 900, radius: 60, lines: 10 },
  { longSide: 900, radius: 90, lines: 6 },
  { longSide: 700, radius: 60, lines: 6 },
  { longSide: 1200, radius: 80, lines: 6 },
];
const GAIN = 3;
const READ_HEIGHT = 64;
const LINE = {
  minHeight: 20,
  maxHeight: 260,
  maxPart: 260,
  smears: [9, 18, 32],
  minParts: 2,
  minAspect: 1.3,
};

/**
 * Looks for one of the listed names (or another department's) on a plate; stops at an exact hit, keeps the best partial one. What the first
 * reader does not find at once, or finds and was not expected, the second reads before the first tries harder.
 */
export async function readPlate(
  picture: Rgb,
  list: readonly string[],
  { first, second }: Readers,
): Promise<PlateFacts> {
  const facts: PlateFacts = { match: null, step: null, reader: null, heightShare: null, text: [] };
  const whole = luminance(picture);
  // How dark and how light text hang, measured once.
  const angles = new Map<boolean, number>();
  const [quick, ...harder] = ATTEMPTS;
  if (first !== null) await tryLines(facts, whole, quick, angles, list, first);
  if (isListed(facts)) return facts;
  if (second !== null) await readAgain(facts, picture, list, second);
  if (facts.match?.score === 1 || first === null) return facts;
  for (const attempt of harder) {
    await tryLines(facts, whole, attempt, angles, list, first);
    if (facts.match?.score === 1) return facts;
  }
  if (facts.match === null) await lastResort(facts, whole, list, first);
  return facts;
}

const isListed = ({ match }: PlateFacts): boolean => match?.score === 1 && match.listed;

async function tryLines(
  facts: PlateFacts,
  whole: Grey,
  { longSide, radius, lines }: Attempt,
  angles: Map<boolean, number>,
  list: readonly string[],
  engine: OcrEngine,
): Promise<void> {
  const scaled = await scaleTo(whole, longSide);
  for (const lightText of [false, true]) {
    const angle = angles.get(lightText) ?? (await tilt(evenPaper(scaled, radius, GAIN, lightText)));
    angles.set(lightText, angle);
    const level = await turned(scaled, -angle, 128);
    const paper = evenPaper(level, radius, GAIN, lightText);
    for (const { box } of findLines(paper, { ...LINE, most: lines })) {
      const { text } = await engine.line(await cutLine(paper, box, READ_HEIGHT), 'chinese');
      consider(facts, { text, list, step: 'lines', reader: engine.id, heightShare: box.height / longSide });
      if (isListed(facts)) return;
    }
  }
}

async function readAgain(facts: PlateFacts, picture: Rgb, list: readonly string[], engine: OcrEngine): Promise<void> {
  const longSide = Math.max(picture.width, picture.height);
  for (const { text, textHeight } of await engine.page(picture)) {
    consider(facts, { text, list, step: 'lines', reader: engine.id, heightShare: textHeight / longSide });
  }
}

interface Sighting {
  text: string;
  list: readonly string[];
  step: 'lines' | 'sparse';
  reader: string;
  heightShare: number | null;
}

function consider(facts: PlateFacts, { text, list, step, reader, heightShare }: Sighting): void {
  const trimmed = text.replace(/\s+/gu, ' ').trim();
  if (trimmed === '') return;
  if (facts.text.length < 60) facts.text.push(trimmed.slice(0, 60));
  const match = matchPlate([trimmed], list);
  if (match === null || (facts.match !== null && !isStronger(match, facts.match))) return;
  Object.assign(facts, { match, step, reader, heightShare });
}

function isStronger(a: PlateMatch, b: PlateMatch): boolean {
  return a.score > b.score || (a.score === b.score && (a.name.length > b.name.length || (a.listed && !b.listed)));
}

/** Scattered text on a hard black-and-white picture, both polarities, three angles. */
async function lastResort(facts: PlateFacts, whole: Grey, list: readonly string[], engine: OcrEngine): Promise<void> {
  const small = await scaleTo(whole, 640);
  for (const lightText of [false, true]) {
    for (const angle of [0, -7, 7]) {
      const paper = evenPaper(await turned(small, angle, 128), 40, GAIN, lightText);
      for (let i = 0; i < paper.data.length; i += 1) paper.data[i] = (paper.data[i] ?? 255) < 170 ? 0 : 255;
      for (const { text } of await engine.page(paper)) {
        consider(facts, { text, list, step: 'sparse', reader: engine.id, heightShare: null });
      }
      if (facts.match !== null) return;
    }
  }
}

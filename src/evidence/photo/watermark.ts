import type { OcrEngine, Script } from '../ocr/engine.js';
import { readTimes } from '../times.js';
import { darkestChannel, grey, orangeness, topHat, type Box, type Grey, type Rgb } from './grey.js';
import { cutLine, findLines, type TextLine } from './lines.js';

/** One reader's reading of the watermark: the lines it could read, and the dates and times in them. */
export interface TimeReading {
  /** `chi_sim white lines`: recogniser and where the lines came from. Two readings are independent when the recognisers differ. */
  source: string;
  dates: string[];
  times: string[];
}

export interface WatermarkFacts {
  readings: TimeReading[];
  /** What the lines said, for a person who wonders. */
  text: string[];
}

/** Local minutes in which the picture should have been taken, both ends included: `YYYY-MM-DDTHH:MM`. */
export interface ExpectedTime {
  from: string;
  to: string;
}

/** At 1440 px: strokes of watermark text are up to ~18 px wide (a clock of 84 px height), those of small outlined text up to ~10. */
const STROKE_RADIUS = 9;
const THIN_RADIUS = 5;
const LINE = { minHeight: 14, maxHeight: 120, maxPart: 120, smears: [11, 22], most: 14 };
/** px of text height that the recognisers read best. */
const READ_HEIGHT = 40;
const SECOND_HEIGHT = 52;

/**
 * Finds lines of light text, reads each alone, and stops as soon as a date and a time are read that lie where they are expected (or, without an
 * expectation, are read at all). A reading that contradicts is read again by the other recogniser: one reading accuses nobody.
 */
export async function readWatermark(
  picture: Rgb,
  engine: OcrEngine,
  expected?: readonly ExpectedTime[],
): Promise<WatermarkFacts> {
  const facts: WatermarkFacts = { readings: [], text: [] };
  const white = strokes(darkestChannel(picture), 40, 150, 245);
  const whiteLines = findLines(white, LINE);
  const settled = (): boolean => isSettled(facts.readings, expected);

  await readInto(facts, engine, white, whiteLines, 'chinese', 'white lines', READ_HEIGHT);
  if (settled()) return facts;
  await readInto(facts, engine, white, whiteLines, 'digits', 'white lines', READ_HEIGHT);
  if (settled()) return facts;

  if (!facts.readings.some(isComplete)) {
    // On a busy ground only what is thin and stands out clearly.
    const thin = strokes(darkestChannel(picture), 90, 150, 245, THIN_RADIUS);
    const thinLines = findLines(thin, LINE);
    await readInto(facts, engine, thin, thinLines, 'chinese', 'thin lines', READ_HEIGHT);
    if (settled()) return facts;
    await readInto(facts, engine, thin, thinLines, 'digits', 'thin lines', READ_HEIGHT);
    if (settled()) return facts;
  }
  if (facts.readings.some(isComplete)) {
    if (!isConfirmed(facts.readings)) {
      await readInto(facts, engine, white, whiteLines, 'chinese', 'white lines, larger', SECOND_HEIGHT);
    }
    return facts;
  }

  const orange = strokes(orangeness(picture), 40, 70, 170);
  const orangeLines = findLines(orange, LINE);
  await readInto(facts, engine, orange, orangeLines.slice(0, 8), 'digits', 'orange lines', READ_HEIGHT);
  if (settled()) return facts;
  await readInto(facts, engine, orange, orangeLines.slice(0, 8), 'chinese', 'orange lines', READ_HEIGHT);
  if (settled() || facts.readings.some(isComplete)) return facts;

  await readInto(facts, engine, white, strips(picture, 0, 0.62), 'chinese', 'white strips', SECOND_HEIGHT);
  if (settled()) return facts;
  await readInto(facts, engine, orange, strips(picture, 0.45, 1), 'digits', 'orange strips', SECOND_HEIGHT);
  return facts;
}

const isComplete = ({ dates, times }: TimeReading): boolean => dates.length > 0 && times.length > 0;

function isSettled(readings: readonly TimeReading[], expected: readonly ExpectedTime[] | undefined): boolean {
  if (expected === undefined) return readings.some(isComplete);
  return readings.some(({ dates, times }) =>
    dates.some((date) => times.some((time) => isExpected(`${date}T${time}`, expected))),
  );
}

/** ISO-like local minutes compare as text. */
export function isExpected(minute: string, windows: readonly ExpectedTime[]): boolean {
  return windows.some(({ from, to }) => from <= minute && minute <= to);
}

/** Do two readings agree on a day and, where both have one, on a time? */
function isConfirmed(readings: readonly TimeReading[]): boolean {
  return readings.some((one, index) =>
    readings
      .slice(index + 1)
      .some(
        (other) =>
          one.dates.some((date) => other.dates.includes(date)) && one.times.some((time) => other.times.includes(time)),
      ),
  );
}

/** Thin bright strokes as soft ink on paper; soft edges read better than any hard threshold. */
function strokes(bright: Grey, minContrast: number, black: number, white: number, radius = STROKE_RADIUS): Grey {
  const hat = topHat(bright, radius);
  const out = grey(bright.width, bright.height, 255);
  for (let i = 0; i < out.data.length; i += 1) {
    if ((hat.data[i] ?? 0) <= minContrast) continue;
    const ink = ((bright.data[i] ?? 0) - black) / (white - black);
    out.data[i] = 255 - Math.max(0, Math.min(1, ink)) * 255;
  }
  return out;
}

/** Strips over the bottom third, each overlapping the next by half. */
function strips({ width, height }: Rgb, from: number, to: number): TextLine[] {
  const tall = 56;
  const out: TextLine[] = [];
  for (let y = Math.round(height * 0.67); y + tall <= height; y += tall / 2) {
    const box: Box = { x: Math.round(width * from), y, width: Math.round(width * (to - from)), height: tall };
    out.push({ box, parts: 0, score: 0 });
  }
  return out;
}

async function readInto(
  facts: WatermarkFacts,
  engine: OcrEngine,
  paper: Grey,
  lines: readonly TextLine[],
  script: Script,
  where: string,
  textHeight: number,
): Promise<void> {
  const dates = new Set<string>();
  const times = new Set<string>();
  // From top to bottom, left to right, as a person reads.
  const ordered = [...lines].sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x);
  for (const { box } of ordered) {
    const { text } = await engine.line(await cutLine(paper, box, textHeight), script);
    const trimmed = text.replace(/\s+/gu, ' ').trim();
    if (trimmed === '') continue;
    facts.text.push(trimmed.slice(0, 80));
    const read = readTimes(trimmed);
    for (const date of read.dates) dates.add(date);
    for (const time of read.times) times.add(time);
  }
  if (dates.size > 0 || times.size > 0) {
    const reader = script === 'chinese' ? 'chi_sim' : 'eng';
    facts.readings.push({ source: `${engine.id} ${reader} ${where}`, dates: [...dates], times: [...times] });
  }
}

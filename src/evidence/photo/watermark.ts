import type { OcrEngine, Script } from '../ocr/engine.js';
import type { Readers } from '../ocr/readers.js';
import { readTimes } from '../times.js';
import { darkestChannel, grey, orangeness, topHat, type Box, type Grey, type Rgb } from './grey.js';
import { cutLine, findLines, type TextLine } from './lines.js';

/** One pass over the picture: the dates and times in the lines that could be read. */
export interface TimeReading {
  /** `tesseract chi_sim`, `pp-ocr`: two readings are independent when their readers differ. */
  reader: string;
  /** Reader and where the lines came from: `tesseract chi_sim, white lines`. */
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
/** Orange lines are fewer: a date stamp is one line, the rest are lamps and autumn leaves. */
const MOST_ORANGE = 8;

/**
 * Pass after pass until the question is settled: a date and a time are read that lie where they are expected; or two readers agree on others; or,
 * when nothing is expected, on any. One reading accuses nobody and, without an expectation, proves nothing while there is a second reader.
 */
export async function readWatermark(
  picture: Rgb,
  { first, second }: Readers,
  expected?: readonly ExpectedTime[],
): Promise<WatermarkFacts> {
  const facts: WatermarkFacts = { readings: [], text: [] };
  const complete = (): boolean => facts.readings.some(isComplete);
  const fits = (): boolean => expected !== undefined && facts.readings.some((one) => fitsInto(one, expected));
  const settled = (): boolean =>
    fits() || isConfirmed(facts.readings) || (expected === undefined && second === null && complete());

  const bright = darkestChannel(picture);
  const white = strokes(bright, 40, 150, 245);
  const whiteLines = findLines(white, LINE);
  const read = async (paper: Grey, lines: readonly TextLine[], script: Script, where: string, height = READ_HEIGHT) => {
    if (first !== null) await readInto(facts, first, paper, lines, script, where, height);
  };
  await read(white, whiteLines, 'chinese', 'white lines');
  if (settled()) return facts;
  if (second !== null) {
    // As it is; then what stands out white, with the ground taken away (lamps, sky and paper behind white text); then small text in colour.
    for (const look of AGAIN) {
      await readAgain(facts, second, look.white ? white : picture, look);
      if (settled()) return facts;
      if (facts.readings.some((one) => one.reader === second.id && isComplete(one))) break;
    }
  }
  if (first === null) return facts;
  await read(white, whiteLines, 'digits', 'white lines');
  if (settled()) return facts;

  if (!complete()) {
    // On a busy ground only what is thin and stands out clearly.
    const thin = strokes(bright, 90, 150, 245, THIN_RADIUS);
    const thinLines = findLines(thin, LINE);
    await read(thin, thinLines, 'chinese', 'thin lines');
    if (settled()) return facts;
    await read(thin, thinLines, 'digits', 'thin lines');
    if (settled()) return facts;
  }
  if (facts.readings.some((one) => one.reader.startsWith(first.id) && isComplete(one))) {
    await read(white, whiteLines, 'chinese', 'white lines, larger', SECOND_HEIGHT);
    return facts;
  }

  const orange = strokes(orangeness(picture), 40, 70, 170);
  const orangeLines = findLines(orange, LINE).slice(0, MOST_ORANGE);
  await read(orange, orangeLines, 'digits', 'orange lines');
  if (settled()) return facts;
  await read(orange, orangeLines, 'chinese', 'orange lines');
  if (settled() || complete()) return facts;

  await read(white, strips(picture, 0, 0.62), 'chinese', 'white strips', SECOND_HEIGHT);
  if (settled()) return facts;
  await read(orange, strips(picture, 0.45, 1), 'digits', 'orange strips', SECOND_HEIGHT);
  return facts;
}

const isComplete = ({ dates, times }: TimeReading): boolean => dates.length > 0 && times.length > 0;

const fitsInto = ({ dates, times }: TimeReading, expected: readonly ExpectedTime[]): boolean =>
  dates.some((date) => times.some((time) => isExpected(`${date}T${time}`, expected)));

/** ISO-like local minutes compare as text. */
export function isExpected(minute: string, windows: readonly ExpectedTime[]): boolean {
  return windows.some(({ from, to }) => from <= minute && minute <= to);
}

/** Do two readers agree on a day and a time? */
function isConfirmed(readings: readonly TimeReading[]): boolean {
  return readings.some((one, index) =>
    readings
      .slice(index + 1)
      .some(
        (other) =>
          one.reader !== other.reader &&
          one.dates.some((date) => other.dates.includes(date)) &&
          one.times.some((time) => other.times.includes(time)),
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
  const texts: string[] = [];
  // From top to bottom, left to right, as a person reads.
  const ordered = [...lines].sort((a, b) => a.box.y - b.box.y || a.box.x - b.box.x);
  for (const { box } of ordered) texts.push((await engine.line(await cutLine(paper, box, textHeight), script)).text);
  note(facts, texts, `${engine.id} ${script === 'chinese' ? 'chi_sim' : 'eng'}`, where);
}

interface Look {
  where: string;
  white: boolean;
  fine: boolean;
}
const AGAIN: readonly Look[] = [
  { where: 'page', white: false, fine: false },
  { where: 'white strokes', white: true, fine: true },
  { where: 'small text', white: false, fine: true },
];

/** The second reader finds its lines itself. */
async function readAgain(
  facts: WatermarkFacts,
  engine: OcrEngine,
  image: Grey | Rgb,
  { where, fine }: Look,
): Promise<void> {
  const lines = await engine.page(image, { fine });
  note(
    facts,
    lines.map(({ text }) => text),
    engine.id,
    where,
  );
}

function note(facts: WatermarkFacts, texts: readonly string[], reader: string, where: string): void {
  const dates = new Set<string>();
  const times = new Set<string>();
  for (const text of texts) {
    const trimmed = text.replace(/\s+/gu, ' ').trim();
    if (trimmed === '') continue;
    facts.text.push(trimmed.slice(0, 80));
    const read = readTimes(trimmed);
    for (const date of read.dates) dates.add(date);
    for (const time of read.times) times.add(time);
  }
  if (dates.size > 0 || times.size > 0) {
    facts.readings.push({ reader, source: `${reader}, ${where}`, dates: [...dates], times: [...times] });
  }
}

import { foldCode, readLabels, type LabelledValue } from '../labels.js';
import type { OcrEngine } from '../ocr/engine.js';
import type { Readers } from '../ocr/readers.js';
import { evenPaper, luminance, scaleTo, turned, type Box, type Grey, type Rgb } from './grey.js';
import { cutLine, findLines, type TextLine } from './lines.js';
import { tilt } from './tilt.js';

export interface CodeFacts {
  value: string;
  /** Readings of the same value (look-alikes made one) by different recognisers or passes; 2 and more is sure. */
  agreed: number;
  /** Who read it so: `tesseract chi_sim`, `tesseract eng`, `pp-ocr`. */
  readers: string[];
}

export interface NameplateFacts {
  model: CodeFacts | null;
  serial: CodeFacts | null;
  text: string[];
}

const RADIUS = 45;
const GAIN = 3;
const READ_HEIGHT = 44;
const LINE = { minHeight: 12, maxHeight: 120, maxPart: 120, smears: [9, 18], most: 16, minAspect: 2.2 };

/** Lines by one recogniser, and the labelled values it found in them. */
interface Pass {
  reader: string;
  lines: string[];
  labels: { model: LabelledValue | null; serial: LabelledValue | null };
}

/**
 * Reads the labelled lines; the Chinese recogniser finds the labels, the Latin one reads the values again. The second reader is asked where these
 * two did not agree, on the model or on the serial.
 */
export async function readNameplate(picture: Rgb, { first, second }: Readers): Promise<NameplateFacts> {
  const passes: Pass[] = [];
  const facts = (): NameplateFacts => ({
    model: elect('model', passes),
    serial: elect('serial', passes),
    text: passes.flatMap(({ reader, lines }) => (reader.endsWith('eng') ? [] : lines)).slice(0, 40),
  });
  const [better, worse] = first === null ? [] : await sidesOf(picture);

  if (first !== null && better !== undefined) passes.push(...(await readSide(better, first)));
  if (second !== null && !isSure(facts())) passes.push(await readAgain(picture, second));
  const { model, serial } = facts();
  if (first !== null && worse !== undefined && (model === null || serial === null)) {
    passes.push(...(await readSide(worse, first)));
  }
  return facts();
}

interface Side {
  paper: Grey;
  lines: TextLine[];
}

/** The picture as dark text on paper and as light text, level; the one with better lines first. */
async function sidesOf(picture: Rgb): Promise<Side[]> {
  const whole = await scaleTo(luminance(picture), 1440);
  const sides = await Promise.all(
    [false, true].map(async (lightText) => {
      const angle = await tilt(evenPaper(whole, RADIUS, GAIN, lightText));
      const paper = evenPaper(await turned(whole, -angle, 128), RADIUS, GAIN, lightText);
      const lines = findLines(paper, LINE);
      return { paper, lines, score: lines.reduce((sum, line) => sum + line.score, 0) };
    }),
  );
  return sides.sort((a, b) => b.score - a.score);
}

const isSure = ({ model, serial }: NameplateFacts): boolean => (model?.agreed ?? 0) >= 2 && (serial?.agreed ?? 0) >= 2;

/** The lines of one polarity by the Chinese recogniser, and those with letters or digits by the Latin one too. */
async function readSide({ paper, lines }: Side, engine: OcrEngine): Promise<Pass[]> {
  const chinese: string[] = [];
  const latin: string[] = [];
  const placed: PlacedText[] = [];
  for (const { box } of [...lines].sort((a, b) => a.box.y - b.box.y)) {
    const cut = await cutLine(paper, box, READ_HEIGHT);
    const line = tidy((await engine.line(cut, 'chinese')).text);
    if (line === '') continue;
    chinese.push(line);
    placed.push({ box, text: line });
    if (/[A-Za-z0-9]{2}/u.test(line)) latin.push(tidy((await engine.line(cut, 'latin')).text));
  }
  return [
    { reader: `${engine.id} chi_sim`, lines: chinese, labels: readLabels([...chinese, ...joined(placed)]) },
    { reader: `${engine.id} eng`, lines: latin, labels: { model: null, serial: null } },
  ];
}

async function readAgain(picture: Rgb, engine: OcrEngine): Promise<Pass> {
  const placed = (await engine.page(picture)).map(({ box, text }): PlacedText => ({ box, text: tidy(text) }));
  const lines = placed.map(({ text }) => text);
  return { reader: engine.id, lines, labels: readLabels([...lines, ...joined(placed)]) };
}

interface PlacedText {
  box: Box;
  text: string;
}

/** A label and its value that were found as two lines of one row (after a colon there is a wide gap), put together again. */
function joined(lines: readonly PlacedText[]): string[] {
  return lines.flatMap(({ box, text }) => {
    const right = lines
      .filter(
        (other) =>
          other.box.x >= box.x + box.width - 4 &&
          other.box.x - box.x - box.width < box.height * 4 &&
          Math.abs(other.box.y + other.box.height / 2 - box.y - box.height / 2) <
            Math.min(box.height, other.box.height) / 2,
      )
      .sort((a, b) => a.box.x - b.box.x || b.box.width - a.box.width)[0];
    return right === undefined ? [] : [`${text} ${right.text}`];
  });
}

const tidy = (text: string): string => text.replace(/\s+/gu, ' ').trim();

interface Vote {
  reader: string;
  value: string;
}

/**
 * Every labelled value is one vote. Every other reading of the same spot (the Latin recogniser's, another reader's, or that of the value found as
 * a line of its own) is another: words that fold to the same, or to nearly the same, code.
 */
function elect(fact: 'model' | 'serial', passes: readonly Pass[]): CodeFacts | null {
  const labelled = passes.flatMap(({ reader, labels }): Vote[] => {
    const value = labels[fact]?.value;
    return value === undefined ? [] : [{ reader, value }];
  });
  // Who looked again looked because the first was in doubt.
  const wanted = labelled.at(-1);
  if (wanted === undefined) return null;
  const key = foldCode(wanted.value);
  const groups = new Map<string, Vote[]>();
  const vote = (one: Vote): void => {
    const folded = foldCode(one.value);
    groups.set(folded, [...(groups.get(folded) ?? []), one]);
  };
  vote(wanted);
  let own = true;
  for (const { reader, lines } of passes) {
    for (const line of lines) {
      const near = nearest(line, key);
      if (near === null) continue;
      // The labelled line itself is among the lines: count it once.
      if (own && reader === wanted.reader && foldCode(near) === key) own = false;
      else vote({ reader, value: near });
    }
  }
  const [winner = [], ...others] = [...groups.values()].sort((a, b) => b.length - a.length);
  const facts = spelling(winner);
  const engines = new Set(winner.map(engineOf));
  // One engine against the other: nobody is sure, however often the one repeats itself.
  const contradicted = engines.size === 1 && others.flat().some((one) => !engines.has(engineOf(one)));
  return contradicted ? { ...facts, agreed: 1 } : facts;
}

const engineOf = ({ reader }: Vote): string => reader.split(' ')[0] ?? reader;

/**
 * Readings of one code may still differ in look-alikes (Z and 2, I and 1): the most frequent spelling wins, the first among equals (the
 * labelled line's). Two engines that spell it alike are sure; else every reading that spells it otherwise takes one agreement away. Dashes get
 * lost, never found: the longest form is shown.
 */
function spelling(votes: readonly Vote[]): CodeFacts {
  const groups = new Map<string, Vote[]>();
  for (const vote of votes) {
    const bare = vote.value.replace(/[^\p{L}\p{N}]/gu, '');
    groups.set(bare, [...(groups.get(bare) ?? []), vote]);
  }
  const best = [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  const value = best.map((one) => trimmed(one.value)).sort((a, b) => b.length - a.length)[0] ?? '';
  return {
    value,
    agreed: Math.max(new Set(best.map(engineOf)).size, 2 * best.length - votes.length, 1),
    readers: [...new Set(best.map(({ reader }) => reader))],
  };
}

/** The run of words in a line that comes within one edit in six of the wanted code. */
function nearest(line: string, wanted: string): string | null {
  const words = line
    .replace(/[:：]/gu, ' ')
    .split(/\s+/u)
    .filter((word) => word !== '');
  let best: { value: string; distance: number } | null = null;
  for (let from = 0; from < words.length; from += 1) {
    for (let to = from + 1; to <= Math.min(words.length, from + 4); to += 1) {
      const value = words.slice(from, to).join(' ').toUpperCase();
      const distance = editDistance(foldCode(value), wanted);
      if (distance <= Math.max(1, Math.floor(wanted.length / 4)) && (best === null || distance < best.distance)) {
        best = { value, distance };
      }
    }
  }
  return best?.value ?? null;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

const trimmed = (value: string): string => value.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');

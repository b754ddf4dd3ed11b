import { foldCode, readLabels, type LabelledValue } from '../labels.js';
import type { OcrEngine } from '../ocr/engine.js';
import { evenPaper, luminance, scaleTo, turned, type Box, type Rgb } from './grey.js';
import { cutLine, findLines } from './lines.js';
import { tilt } from './tilt.js';

export interface CodeFacts {
  value: string;
  /** Readings of the same value (look-alikes made one) by different recognisers or passes; 2 and more is sure. */
  agreed: number;
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

/** Reads the labelled lines; the Chinese recogniser finds the labels, the Latin one reads the values again. */
export async function readNameplate(picture: Rgb, engine: OcrEngine): Promise<NameplateFacts> {
  const whole = await scaleTo(luminance(picture), 1440);
  const sides = await Promise.all(
    [false, true].map(async (lightText) => {
      const angle = await tilt(evenPaper(whole, RADIUS, GAIN, lightText));
      const paper = evenPaper(await turned(whole, -angle, 128), RADIUS, GAIN, lightText);
      const lines = findLines(paper, LINE);
      return { paper, lines, score: lines.reduce((sum, line) => sum + line.score, 0) };
    }),
  );
  const text: string[] = [];
  let model: CodeFacts | null = null;
  let serial: CodeFacts | null = null;
  for (const { paper, lines } of sides.sort((a, b) => b.score - a.score)) {
    const ordered = [...lines].sort((a, b) => a.box.y - b.box.y);
    const chinese: string[] = [];
    const latin: string[] = [];
    const placed: PlacedText[] = [];
    for (const { box } of ordered) {
      const cut = await cutLine(paper, box, READ_HEIGHT);
      const line = tidy((await engine.line(cut, 'chinese')).text);
      if (line === '') continue;
      chinese.push(line);
      placed.push({ box, text: line });
      if (/[A-Za-z0-9]{2}/u.test(line)) latin.push(tidy((await engine.line(cut, 'latin')).text));
    }
    text.push(...chinese);
    const labels = readLabels([...chinese, ...joined(placed)]);
    model ??= elect(labels.model, [...chinese, ...latin]);
    serial ??= elect(labels.serial, [...chinese, ...latin]);
    if (model !== null && serial !== null) break;
  }
  return { model, serial, text: text.slice(0, 40) };
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

/**
 * The labels come from the Chinese recogniser; its value is one vote. Every other reading of the same spot (the Latin recogniser's, or that of
 * the value found as a line of its own) is another: words that fold to the same, or to nearly the same, code.
 */
function elect(labelled: LabelledValue | null, lines: readonly string[]): CodeFacts | null {
  if (labelled === null) return null;
  const wanted = foldCode(labelled.value);
  const votes = new Map<string, string[]>();
  const vote = (value: string): void => {
    const key = foldCode(value);
    votes.set(key, [...(votes.get(key) ?? []), value]);
  };
  vote(labelled.value);
  let own = true;
  for (const line of lines) {
    const near = nearest(line, wanted);
    if (near === null) continue;
    // The labelled line itself is among the lines: count it once.
    if (own && foldCode(near) === wanted) own = false;
    else vote(near);
  }
  const winner = [...votes.values()].sort((a, b) => b.length - a.length)[0];
  return winner === undefined ? null : spelling(winner);
}

/**
 * Readings of one code may still differ in look-alikes (Z and 2, I and 1): the most frequent spelling wins, the first among equals (the
 * labelled line's), and every reading that spells it otherwise takes one agreement away. Dashes get lost, never found: the longest form is shown.
 */
function spelling(readings: readonly string[]): CodeFacts {
  const groups = new Map<string, string[]>();
  for (const value of readings) {
    const bare = value.replace(/[^\p{L}\p{N}]/gu, '');
    groups.set(bare, [...(groups.get(bare) ?? []), value]);
  }
  const best = [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  const value = [...best].map(trimmed).sort((a, b) => b.length - a.length)[0] ?? '';
  return { value, agreed: Math.max(1, 2 * best.length - readings.length) };
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

import { foldLine } from '../times.js';
import type { Readers } from '../ocr/readers.js';
import { evenPaper, luminance, scaleTo, type Rgb } from './grey.js';
import { findLines } from './lines.js';

/** Words that stand on an identity card and together nowhere else. */
const HEADINGS = ['居民身份证', '公民身份号码', '公民身份证号'];
const LABELS = ['姓名', '性别', '民族', '出生', '住址', '签发机关', '有效期限'];
/** 17 digits and a check digit: region, birthday (19xx or 20xx), serial. */
const NUMBER = /(?<!\d)[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX](?!\d)/iu;

/** One heading; or the number with two labels; or four labels. A visitor's list with names and a form with 姓名 and 性别 is none. */
export function isIdDocument(lines: readonly string[]): boolean {
  const text = lines.map(foldLine).join('\n');
  if (HEADINGS.some((words) => text.includes(words))) return true;
  const labels = LABELS.filter((label) => text.includes(label)).length;
  return labels >= 4 || (labels >= 2 && NUMBER.test(text));
}

const LINE = { minHeight: 10, maxHeight: 90, maxPart: 90, smears: [9, 16], most: 20, minAspect: 1.8 };
/** Printed matter in the picture: this many lines of this score. Rooms, doors and streets have one or two. */
const MIN_LINES = 4;
const MIN_SCORE = 4;

/** Text of a picture that is full of print, which nobody has read yet; empty for a scene. */
export async function readPrint(picture: Rgb, { first, second }: Readers): Promise<string[]> {
  const engine = second ?? first;
  if (engine === null) return [];
  const small = await scaleTo(luminance(picture), 900);
  const lines = findLines(evenPaper(small, 45, 3, false), LINE).filter(({ score }) => score >= MIN_SCORE);
  if (lines.length < MIN_LINES) return [];
  return (await engine.page(picture)).map(({ text }) => text);
}

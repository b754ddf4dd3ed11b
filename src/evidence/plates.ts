import { COMMON_DEPARTMENTS } from './departments.js';
import { foldLine } from './times.js';

/** Comparing what was read on a plate with names that may stand there. Pure. */

export interface PlateMatch {
  name: string;
  /** The line as read. */
  read: string;
  /** 1: the whole name stands in the line; less: the share of its characters found in order. */
  score: number;
  /** Is the name on the list that was asked for? */
  listed: boolean;
}

/** A name shares at least this much of itself with the line … */
const MIN_NAME_SHARE = 0.6;
/** … and makes up at least this much of it. */
const MIN_LINE_SHARE = 0.45;

export function foldPlate(text: string): string {
  return foldLine(text)
    .replace(/[^\p{Script=Han}\p{L}\p{N}]/gu, '')
    .toUpperCase();
}

/** The best match over all lines; a listed name wins a tie. */
export function matchPlate(lines: readonly string[], list: readonly string[]): PlateMatch | null {
  let best: PlateMatch | null = null;
  for (const line of lines) {
    for (const match of candidates(line, list)) if (best === null || isBetter(match, best)) best = match;
  }
  return best;
}

/** Exact beats partial; among exact the longer name (重症医学科 over 内科); then the listed one. */
function isBetter(a: PlateMatch, b: PlateMatch): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.name.length !== b.name.length) return a.name.length > b.name.length;
  return a.listed && !b.listed;
}

export function candidates(line: string, list: readonly string[]): PlateMatch[] {
  const read = foldPlate(line);
  const out: PlateMatch[] = [];
  if (read.length < 2) return out;
  const others = COMMON_DEPARTMENTS.filter((name) => !list.includes(name));
  for (const [names, listed] of [
    [list, true],
    [others, false],
  ] as const) {
    for (const name of names) {
      const folded = foldPlate(name);
      if (folded === '') continue;
      if (read.includes(folded)) out.push({ name, read, score: 1, listed });
      else {
        const common = commonSubsequence(folded, read);
        if (common < 2) continue;
        const score = common / folded.length;
        if (score >= MIN_NAME_SHARE && common / read.length >= MIN_LINE_SHARE) out.push({ name, read, score, listed });
      }
    }
  }
  return out;
}

/** Length of the longest common subsequence. */
export function commonSubsequence(a: string, b: string): number {
  let previous = new Array<number>(b.length + 1).fill(0);
  for (const char of a) {
    const row = [0];
    for (let i = 1; i <= b.length; i += 1) {
      row.push(b[i - 1] === char ? (previous[i - 1] ?? 0) + 1 : Math.max(previous[i] ?? 0, row[i - 1] ?? 0));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

import { dilate, fromSharp, grey, toSharp, type Box, type Grey } from './grey.js';

interface Part extends Box {
  area: number;
}

export interface TextLine {
  box: Box;
  /** Glyph-like parts in it. */
  parts: number;
  /** Higher is more like a line of text. */
  score: number;
}

export interface LineOptions {
  /** Height of a line, px of the picture given. */
  minHeight: number;
  maxHeight: number;
  /** Parts larger than this in either direction are no glyphs. */
  maxPart: number;
  /** Sideways smears that join glyphs to lines. */
  smears: readonly number[];
  most: number;
  minParts?: number;
  minAspect?: number;
}

/** Connected dark parts (8 neighbours) of an ink-on-paper picture. */
export function parts(paper: Grey, darkerThan = 128): Part[] {
  const { width, height, data } = paper;
  const label = new Int32Array(width * height);
  const found: Part[] = [];
  const stack: number[] = [];
  for (let start = 0; start < data.length; start += 1) {
    if ((data[start] ?? 255) >= darkerThan || label[start] !== 0) continue;
    const mark = found.length + 1;
    let [left, right, top, bottom, area] = [width, 0, height, 0, 0];
    label[start] = mark;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      area += 1;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) {
          const next = ny * width + nx;
          if (label[next] === 0 && (data[next] ?? 255) < darkerThan) {
            label[next] = mark;
            stack.push(next);
          }
        }
      }
    }
    found.push({ x: left, y: top, width: right - left + 1, height: bottom - top + 1, area });
  }
  return found;
}

/** Boxes around what looks like lines of text, best first. */
export function findLines(paper: Grey, options: LineOptions): TextLine[] {
  const glyphs = parts(paper).filter(
    ({ width, height, area }) => width <= options.maxPart && height <= options.maxPart && area >= 4,
  );
  const mask = grey(paper.width, paper.height);
  for (const { x, y, width, height } of glyphs) {
    for (let row = y; row < y + height; row += 1) {
      const from = row * paper.width + x;
      for (let at = from; at < from + width; at += 1) if ((paper.data[at] ?? 255) < 128) mask.data[at] = 255;
    }
  }
  const lines: TextLine[] = [];
  for (const smear of options.smears) {
    const smeared = dilate(mask, smear, 1);
    const inverted = grey(paper.width, paper.height);
    for (let i = 0; i < inverted.data.length; i += 1) inverted.data[i] = 255 - (smeared.data[i] ?? 0);
    for (const box of parts(inverted)) {
      const tight = { x: box.x + smear, y: box.y + 1, width: box.width - 2 * smear, height: box.height - 2 };
      for (const line of split(tight, glyphs, options)) lines.push(line);
    }
  }
  return distinct(lines.sort((a, b) => b.score - a.score)).slice(0, options.most);
}

const inside = (part: Part, box: Box): boolean => {
  const x = part.x + part.width / 2;
  const y = part.y + part.height / 2;
  return x >= box.x - 2 && x <= box.x + box.width + 2 && y >= box.y - 2 && y <= box.y + box.height + 2;
};

const hull = (list: readonly Part[]): Box => {
  const x = Math.min(...list.map((part) => part.x));
  const y = Math.min(...list.map((part) => part.y));
  return {
    x,
    y,
    width: Math.max(...list.map((part) => part.x + part.width)) - x,
    height: Math.max(...list.map((part) => part.y + part.height)) - y,
  };
};

/** A line as it is, and, where a big clock stands beside small text, the two apart. */
function split(box: Box, glyphs: readonly Part[], options: LineOptions): TextLine[] {
  const within = glyphs.filter((part) => inside(part, box)).sort((a, b) => a.x - b.x);
  if (within.length === 0) return [];
  const whole = hull(within);
  const out = [rate(whole, within, options)];
  const big = within.filter((part) => part.height > whole.height * 0.75);
  const lastBig = big.at(-1);
  if (lastBig !== undefined) {
    const edge = lastBig.x + lastBig.width;
    const clock = within.filter((part) => part.x < edge);
    const rest = within.filter((part) => part.x >= edge);
    const firstBig = big[0];
    if (rest.length >= 3 && rest.every((part) => part.height < whole.height * 0.72) && firstBig !== undefined) {
      out.push(rate(hull(clock), clock, options));
      for (const row of rows(rest)) out.push(rate(hull(row), row, options));
    }
  }
  return out.filter((line): line is TextLine => line !== null);
}

/** Parts in rows that do not overlap vertically. */
function rows(list: readonly Part[]): Part[][] {
  const sorted = [...list].sort((a, b) => a.y + a.height / 2 - (b.y + b.height / 2));
  const out: { bottom: number; parts: Part[] }[] = [];
  for (const part of sorted) {
    const row = out.at(-1);
    if (row !== undefined && part.y + part.height / 2 < row.bottom) {
      row.parts.push(part);
      row.bottom = Math.max(row.bottom, part.y + part.height);
    } else out.push({ bottom: part.y + part.height, parts: [part] });
  }
  return out.map((row) => row.parts);
}

function rate(box: Box, within: readonly Part[], options: LineOptions): TextLine | null {
  const { width, height } = box;
  if (height < options.minHeight || height > options.maxHeight || width / height < (options.minAspect ?? 1.8))
    return null;
  const ink = within.reduce((sum, part) => sum + part.area, 0) / (width * height);
  if (ink < 0.06 || ink > 0.55) return null;
  const glyphs = within.filter((part) => part.height > height * 0.3);
  if (glyphs.length < (options.minParts ?? 3)) return null;
  // Tops and bottoms of print stand on two lines; those of leaves and bricks do not.
  const aligned = glyphs.filter(
    (part) =>
      Math.abs(part.y - box.y) < height * 0.25 || Math.abs(part.y + part.height - box.y - height) < height * 0.18,
  ).length;
  return { box, parts: glyphs.length, score: Math.min(glyphs.length, 24) * (aligned / glyphs.length) ** 2 };
}

function distinct(lines: readonly TextLine[]): TextLine[] {
  const kept: TextLine[] = [];
  for (const line of lines) {
    if (!kept.some((other) => overlap(line.box, other.box) > 0.85)) kept.push(line);
  }
  return kept;
}

/** Intersection over union. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (a.width * a.height + b.width * b.height - both);
}

/** A line cut out, brought to a text height in px, with white around it: what a line recogniser wants to see. */
export async function cutLine(paper: Grey, box: Box, textHeight: number): Promise<Grey> {
  const margin = Math.max(2, Math.round(box.height * 0.12));
  const left = Math.max(0, Math.floor(box.x - margin));
  const top = Math.max(0, Math.floor(box.y - margin));
  const right = Math.min(paper.width, Math.ceil(box.x + box.width + margin));
  const bottom = Math.min(paper.height, Math.ceil(box.y + box.height + margin));
  const scale = textHeight / box.height;
  const cut = toSharp(paper)
    .extract({ left, top, width: right - left, height: bottom - top })
    .resize(Math.max(8, Math.round((right - left) * scale)), Math.max(8, Math.round((bottom - top) * scale)), {
      fit: 'fill',
      kernel: 'cubic',
    });
  const small = await fromSharp(cut);
  return await fromSharp(
    toSharp(small).extend({ top: 12, bottom: 12, left: 16, right: 16, background: { r: 255, g: 255, b: 255 } }),
  );
}

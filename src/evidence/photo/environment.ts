import { grey, luminance, type Grey, type Rgb } from './grey.js';

/** What can be said about the scene itself, measured above the watermark: on the upper 70 % of the picture. */
export interface EnvironmentFacts {
  /** Median brightness, 0-255. */
  brightness: number;
  /** Share of tiles (of 16 × 12) in which anything is to be seen. */
  textured: number;
  /** 90th percentile over 8 × 8 tiles of the Laplacian's variance: sharp edges somewhere in the picture. */
  sharpness: number;
}

/** Share of tiles with content: a plain wall with one plate has 0.10, a covered lens 0. */
export const MIN_TEXTURED = 0.03;

/** A picture of nothing: no text is looked for in it. */
export function isBlank({ textured }: EnvironmentFacts): boolean {
  return textured < MIN_TEXTURED;
}

export function measureEnvironment(picture: Rgb): EnvironmentFacts {
  const scene = top(luminance(picture), 0.7);
  return { brightness: median(scene), textured: textured(scene), sharpness: sharpness(scene) };
}

function top({ width, height, data }: Grey, share: number): Grey {
  const rows = Math.max(1, Math.round(height * share));
  return { width, height: rows, data: data.subarray(0, rows * width) };
}

function median({ data }: Grey): number {
  const counts = new Uint32Array(256);
  for (const value of data) counts[value] = (counts[value] ?? 0) + 1;
  let seen = 0;
  for (let value = 0; value < 256; value += 1) {
    seen += counts[value] ?? 0;
    if (seen * 2 >= data.length) return value;
  }
  return 255;
}

/** Grain and a slow fall of light are not content: a tile counts when its 4-px blocks differ by more than a dark picture's noise. */
function textured(scene: Grey): number {
  const blocks = shrink(scene, 4);
  const deviations = tiles(blocks, 16, 12, (block) => Math.sqrt(variance(block)));
  return deviations.filter((deviation) => deviation > 6).length / Math.max(1, deviations.length);
}

function sharpness(scene: Grey): number {
  const { width, height, data } = scene;
  const edges = new Float32Array(width * height);
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x;
      edges[at] =
        (data[at - 1] ?? 0) +
        (data[at + 1] ?? 0) +
        (data[at - width] ?? 0) +
        (data[at + width] ?? 0) -
        4 * (data[at] ?? 0);
    }
  }
  const values = tiles({ width, height, data: edges }, 8, 8, variance).sort((a, b) => a - b);
  return values[Math.floor(values.length * 0.9)] ?? 0;
}

interface Field {
  width: number;
  height: number;
  data: Uint8Array | Float32Array;
}

function tiles(
  { width, height, data }: Field,
  columns: number,
  rows: number,
  measure: (values: number[]) => number,
): number[] {
  const out: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const values: number[] = [];
      for (let y = Math.floor((row * height) / rows); y < Math.floor(((row + 1) * height) / rows); y += 1) {
        const from = y * width + Math.floor((column * width) / columns);
        const to = y * width + Math.floor(((column + 1) * width) / columns);
        for (let at = from; at < to; at += 1) values.push(data[at] ?? 0);
      }
      if (values.length > 0) out.push(measure(values));
    }
  }
  return out;
}

function variance(values: readonly number[]): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return squares / values.length - (sum / values.length) ** 2;
}

/** Mean of square blocks. */
function shrink({ width, height, data }: Grey, by: number): Grey {
  const out = grey(Math.floor(width / by), Math.floor(height / by));
  for (let y = 0; y < out.height; y += 1) {
    for (let x = 0; x < out.width; x += 1) {
      let sum = 0;
      for (let dy = 0; dy < by; dy += 1)
        for (let dx = 0; dx < by; dx += 1) sum += data[(y * by + dy) * width + x * by + dx] ?? 0;
      out.data[y * out.width + x] = sum / (by * by);
    }
  }
  return out;
}

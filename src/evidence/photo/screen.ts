import type { Grey } from './grey.js';

/** Side of the square in the middle that is looked at, px; a power of two for the transform. */
const SIDE = 512;
/** Waves longer than this many to the side are the scene's; shorter than the last ones a camera's own grain. */
const MIN_RADIUS = 36;
const MAX_RADIUS = 250;
/** Level lines and upright ones of rooms and shelves stand on the axes. */
const AXIS = 6;
/** The blocks of JPEG repeat every 8 px. */
const JPEG_STEP = SIDE / 8;
/** Half side of the neighbourhood from which a peak must stand out. */
const AROUND = 7;

/**
 * How much one regular wave stands out of the middle of a picture: the grid of a screen, beaten against the camera's, is a sharp peak in the
 * spectrum away from the axes. In natural logarithms over its surroundings; null for a picture that is too small.
 */
export function screenPeak({ width, height, data }: Grey): number | null {
  if (width < SIDE || height < SIDE) return null;
  const [left, top] = [Math.floor((width - SIDE) / 2), Math.floor((height - SIDE) / 2)];
  const real = new Float32Array(SIDE * SIDE);
  const imaginary = new Float32Array(SIDE * SIDE);
  const window = Float32Array.from({ length: SIDE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (SIDE - 1)));
  for (let y = 0; y < SIDE; y += 1)
    for (let x = 0; x < SIDE; x += 1)
      real[y * SIDE + x] = (data[(top + y) * width + left + x] ?? 0) * (window[x] ?? 0) * (window[y] ?? 0);
  transform(real, imaginary);
  const power = new Float32Array(SIDE * SIDE);
  for (let at = 0; at < power.length; at += 1) power[at] = Math.log1p(Math.hypot(real[at] ?? 0, imaginary[at] ?? 0));
  return highestPeak(power);
}

/** Half of the plane is enough: a real picture's spectrum is the same on both sides. */
function highestPeak(power: Float32Array): number {
  const at = (x: number, y: number): number => power[((y + SIDE) % SIDE) * SIDE + ((x + SIDE) % SIDE)] ?? 0;
  let best = 0;
  for (let y = -MAX_RADIUS; y <= MAX_RADIUS; y += 1) {
    for (let x = 0; x <= MAX_RADIUS; x += 1) {
      const radius = Math.hypot(x, y);
      if (radius < MIN_RADIUS || radius > MAX_RADIUS || x < AXIS || Math.abs(y) < AXIS || isJpegGrid(x, y)) continue;
      const here = at(x, y);
      if (here < at(x - 1, y) || here < at(x + 1, y) || here < at(x, y - 1) || here < at(x, y + 1)) continue;
      // Cheap first: few points stand out at all.
      if (here - (at(x + 3, y) + at(x - 3, y) + at(x, y + 3) + at(x, y - 3)) / 4 <= best) continue;
      const around: number[] = [];
      for (let dy = -AROUND; dy <= AROUND; dy += 1)
        for (let dx = -AROUND; dx <= AROUND; dx += 1)
          if (Math.max(Math.abs(dx), Math.abs(dy)) > 2) around.push(at(x + dx, y + dy));
      around.sort((a, b) => a - b);
      // Over the upper part of what is around, not its middle: a streak of edges is no isolated peak.
      best = Math.max(best, here - (around[Math.floor(around.length * 0.95)] ?? 0));
    }
  }
  return best;
}

function isJpegGrid(x: number, y: number): boolean {
  const off = (value: number): number => Math.abs(value - Math.round(value / JPEG_STEP) * JPEG_STEP);
  return off(x) <= 1 && off(y) <= 1;
}

/** In place, rows then columns. */
function transform(real: Float32Array, imaginary: Float32Array): void {
  const re = new Float64Array(SIDE);
  const im = new Float64Array(SIDE);
  for (const [step, stride] of [
    [1, SIDE],
    [SIDE, 1],
  ] as const) {
    for (let line = 0; line < SIDE; line += 1) {
      for (let n = 0; n < SIDE; n += 1) {
        re[n] = real[line * stride + n * step] ?? 0;
        im[n] = imaginary[line * stride + n * step] ?? 0;
      }
      fft(re, im);
      for (let n = 0; n < SIDE; n += 1) {
        real[line * stride + n * step] = re[n] ?? 0;
        imaginary[line * stride + n * step] = im[n] ?? 0;
      }
    }
  }
}

/** Radix 2 (Cooley and Tukey), in place. */
function fft(re: Float64Array, im: Float64Array): void {
  for (let i = 1, j = 0; i < SIDE; i += 1) {
    let bit = SIDE >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j] ?? 0, re[i] ?? 0];
    [im[i], im[j]] = [im[j] ?? 0, im[i] ?? 0];
  }
  for (let size = 2; size <= SIDE; size <<= 1) {
    const half = size >> 1;
    for (let k = 0; k < half; k += 1) {
      const angle = (-2 * Math.PI * k) / size;
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      for (let from = k; from < SIDE; from += size) {
        const to = from + half;
        const tr = (re[to] ?? 0) * cos - (im[to] ?? 0) * sin;
        const ti = (re[to] ?? 0) * sin + (im[to] ?? 0) * cos;
        re[to] = (re[from] ?? 0) - tr;
        im[to] = (im[from] ?? 0) - ti;
        re[from] = (re[from] ?? 0) + tr;
        im[from] = (im[from] ?? 0) + ti;
      }
    }
  }
}

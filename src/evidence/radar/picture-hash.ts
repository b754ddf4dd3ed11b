import type { Grey } from '../photo/grey.js';
import { means, ORIENTATIONS, oriented, sumUp, type Part } from './areas.js';

/**
 * The 8-crop hash: of one small grey picture the whole and seven crops of it, each 64 bits of its low frequencies. Recompressing, scaling,
 * light and a printed watermark change few bits; a cropped copy is met by the crop that cuts the same away. Pure.
 */

/** Side of the thumbnail that is hashed: a tenth of it is still many pixels. */
export const THUMB_SIDE = 160;
/** Side of the grey print that is kept beside the hash, for comparing what the hash found; nobody is recognised in it. */
export const PRINT_SIDE = 64;
/** Side of the block that is transformed. */
const BLOCK = 32;
/** Low frequencies kept of a block, each way. */
const TERMS = 8;

export const CROPS: readonly Part[] = [
  [0, 0, 1, 1],
  [0.03, 0.03, 0.97, 0.97],
  [0.05, 0.05, 0.95, 0.95],
  [0, 0.1, 1, 1],
  [0, 0, 1, 0.9],
  [0.1, 0, 1, 1],
  [0, 0, 0.9, 1],
  // Free of the watermarks that camera apps print.
  [0, 0, 1, 0.7],
];
export const WHOLE = 0;
export const TOP = 7;
/** 32-bit words of one orientation. */
export const WORDS = CROPS.length * 2;

export interface PictureHash {
  /** Two words a crop, for every orientation: the picture as it is first. */
  words: Uint32Array;
  /** The picture at `PRINT_SIDE`, grey. */
  print: Uint8Array;
}

/** `thumb` is `THUMB_SIDE` square, whatever the picture's shape. */
export function hashPicture(thumb: Grey): PictureHash {
  const words = new Uint32Array(ORIENTATIONS * WORDS);
  for (let orientation = 0; orientation < ORIENTATIONS; orientation += 1) {
    const sums = sumUp(oriented(thumb, orientation));
    CROPS.forEach((crop, n) => {
      words.set(hashBlock(means(sums, crop, BLOCK)), orientation * WORDS + 2 * n);
    });
  }
  return { words, print: Uint8Array.from(means(sumUp(thumb), [0, 0, 1, 1], PRINT_SIDE), Math.round) };
}

const COSINES = Float64Array.from({ length: TERMS * BLOCK }, (_, n) =>
  Math.cos((Math.PI * Math.floor(n / BLOCK) * (2 * (n % BLOCK) + 1)) / (2 * BLOCK)),
);

/** The 8 × 8 lowest terms of the cosine transform, each a bit: above their median or not. */
function hashBlock(pixels: Float64Array): [number, number] {
  const rows = new Float64Array(BLOCK * TERMS);
  for (let y = 0; y < BLOCK; y += 1) {
    for (let u = 0; u < TERMS; u += 1) {
      let sum = 0;
      for (let x = 0; x < BLOCK; x += 1) sum += (pixels[y * BLOCK + x] ?? 0) * (COSINES[u * BLOCK + x] ?? 0);
      rows[y * TERMS + u] = sum;
    }
  }
  const terms = new Float64Array(TERMS * TERMS);
  for (let v = 0; v < TERMS; v += 1) {
    for (let u = 0; u < TERMS; u += 1) {
      let sum = 0;
      for (let y = 0; y < BLOCK; y += 1) sum += (rows[y * TERMS + u] ?? 0) * (COSINES[v * BLOCK + y] ?? 0);
      terms[v * TERMS + u] = sum;
    }
  }
  const ordered = Float64Array.from(terms).sort();
  const median = ((ordered[31] ?? 0) + (ordered[32] ?? 0)) / 2;
  let [low, high] = [0, 0];
  for (let n = 0; n < 32; n += 1) {
    if ((terms[n] ?? 0) > median) low |= 1 << n;
    if ((terms[n + 32] ?? 0) > median) high |= 1 << n;
  }
  return [low >>> 0, high >>> 0];
}

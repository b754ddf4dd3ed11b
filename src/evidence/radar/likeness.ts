import { means, oriented, sumTo, sumUp, type Part, type Sums } from './areas.js';
import { CROPS, PRINT_SIDE } from './picture-hash.js';

/**
 * How alike two pictures are once one is laid over the other: hashes only say that their light is spread alike, which two door plates on
 * white walls share. Prints are compared without their slow changes of light, and the frame of each is moved until they fit best. Pure.
 */

const BLOCK = 32;
/** What changes over more than this many cells is light, not content. */
const DETAIL = 4;
/**
 * Grey levels of 255 beyond which an edge is an edge, however strong: else one outline on an empty ground outweighs everything inside it, and two
 * fruits on white, or two door frames, are one picture.
 */
const EDGE = 10;
/** Frames are moved in steps of these shares, coarse to fine. */
const STEPS = [0.04, 0.02, 0.01];
const ROUNDS = 6;
/** At the first look, copies measured 0.5 and more: below this no moving makes two pictures one. */
const HOPELESS = 0.2;
/** A frame never becomes smaller than this: small parts of different pictures resemble each other. */
const LEAST_SIDE = 0.6;

/** 0 to 1. The frames start at the crops that the hash found alike. */
export function likeness(
  asked: { print: Uint8Array; orientation: number; crop: number },
  kept: { print: Uint8Array; crop: number },
): number {
  const pictures = [sumUp(oriented(asPrint(asked.print), asked.orientation)), sumUp(asPrint(kept.print))] as const;
  const frames: [Part, Part] = [CROPS[asked.crop] ?? [0, 0, 1, 1], CROPS[kept.crop] ?? [0, 0, 1, 1]];
  const cells: [Float64Array, Float64Array] = [detail(pictures[0], frames[0]), detail(pictures[1], frames[1])];
  let best = correlation(cells[0], cells[1]);
  if (best < HOPELESS) return Math.max(0, best);
  for (const step of STEPS) {
    for (let round = 0, moved = true; moved && round < ROUNDS; round += 1) {
      moved = false;
      for (const which of [0, 1] as const) {
        for (let side = 0; side < 4; side += 1) {
          for (const by of [-step, step]) {
            const frame = frames[which].map((at, n) => (n === side ? at + by : at)) as unknown as Part;
            if (!fits(frame)) continue;
            const tried = detail(pictures[which], frame);
            const value = correlation(tried, cells[1 - which] as Float64Array);
            if (value <= best + 1e-4) continue;
            best = value;
            frames[which] = frame;
            cells[which] = tried;
            moved = true;
          }
        }
      }
    }
  }
  return Math.max(0, best);
}

const asPrint = (data: Uint8Array) => ({ width: PRINT_SIDE, height: PRINT_SIDE, data });

const fits = ([left, top, right, bottom]: Part): boolean =>
  left >= 0 && top >= 0 && right <= 1 && bottom <= 1 && right - left >= LEAST_SIDE && bottom - top >= LEAST_SIDE;

/** A part of a picture in cells, each less the mean around it, strong edges cut off. */
function detail(picture: Sums, frame: Part): Float64Array {
  const cells = means(picture, frame, BLOCK);
  const sums = sumUp({ width: BLOCK, data: cells });
  return cells.map((value, at) => {
    const [x, y] = [at % BLOCK, Math.floor(at / BLOCK)];
    const [left, right] = [Math.max(0, x - DETAIL), Math.min(BLOCK, x + DETAIL + 1)];
    const [top, bottom] = [Math.max(0, y - DETAIL), Math.min(BLOCK, y + DETAIL + 1)];
    const around =
      sumTo(sums, right, bottom) - sumTo(sums, left, bottom) - sumTo(sums, right, top) + sumTo(sums, left, top);
    return Math.max(-EDGE, Math.min(EDGE, value - around / ((right - left) * (bottom - top))));
  });
}

/** Pearson's; of a picture without any detail 0. */
function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const [da, db] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    both += da * db;
    squaresA += da * da;
    squaresB += db * db;
  }
  return squaresA === 0 || squaresB === 0 ? 0 : both / Math.sqrt(squaresA * squaresB);
}

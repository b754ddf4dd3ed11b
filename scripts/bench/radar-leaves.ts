// Pictures that no two share, made by the dead-leaves model: discs and boxes of all sizes cover each other, as things before a camera do.
// Edges, sizes and contrasts are then spread as in photographs (A. Lee, D. Mumford, J. Huang: Occlusion models for natural images, 2001).
import { THUMB_SIDE } from '../../src/evidence/index.js';

/** Sides in shares of the picture; the model wants sizes by the third power of one over them between two ends. */
const [SMALLEST, LARGEST] = [0.01, 0.7];
/** Lamps are above: a picture is up to this much darker at its lower edge, which makes strangers resemble each other more. */
const FALL_OF_LIGHT = 0.6;

/** Small and repeatable (mulberry32). */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A grey thumbnail, `THUMB_SIDE` square. Drawn from the front, so that each cell is written once. */
export function deadLeaves(seed: number): Uint8Array {
  const chance = chanceOf(seed);
  const cells = new Float64Array(THUMB_SIDE ** 2).fill(-1);
  const [small, large] = [SMALLEST ** -2, LARGEST ** -2];
  for (let left = cells.length; left > 0;) {
    const reach = (small - chance() * (small - large)) ** -0.5 * THUMB_SIDE;
    const [x, y] = [chance() * THUMB_SIDE, chance() * THUMB_SIDE];
    const grey = 20 + chance() * 215;
    const isBox = chance() < 0.5;
    const tall = isBox ? reach * (0.5 + chance()) : reach;
    for (let row = Math.max(0, Math.ceil(y - tall)); row <= Math.min(THUMB_SIDE - 1, y + tall); row += 1) {
      const half = isBox ? reach : Math.sqrt(reach ** 2 - (row - y) ** 2);
      for (let column = Math.max(0, Math.ceil(x - half)); column <= Math.min(THUMB_SIDE - 1, x + half); column += 1) {
        const at = row * THUMB_SIDE + column;
        if ((cells[at] ?? 0) >= 0) continue;
        cells[at] = grey;
        left -= 1;
      }
    }
  }
  const fall = chance() * FALL_OF_LIGHT;
  return Uint8Array.from(cells, (grey, at) => grey * (1 - (fall * Math.floor(at / THUMB_SIDE)) / THUMB_SIDE));
}

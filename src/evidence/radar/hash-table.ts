import { ORIENTATIONS } from './areas.js';
import { CROPS, TOP, WHOLE, WORDS } from './picture-hash.js';

/** One earlier picture that looks like the one asked about, and which crops of the two are alike. */
export interface Near {
  row: number;
  /** Bits of 64 that differ. */
  distance: number;
  orientation: number;
  /** Crop of the picture asked about, and of the earlier one. */
  asked: number;
  kept: number;
}

export interface HashTable {
  readonly size: number;
  /** Words of the picture as it is; gives its row. */
  add(words: Uint32Array): number;
  /** Earlier pictures within `within` bits, nearest first. */
  near(words: Uint32Array, within: number): Near[];
}

/**
 * Only pictures whose wholes differ in fewer bits are looked at crop by crop: of two different ones 3 in 100 do. Copies that lost a tenth
 * at one side measured up to 24, ordinary ones up to 16.
 */
const COARSE = 24;
/** Mirrored and turned copies are seldom cropped as well (5 % a side measured 16): stricter, as there are four ways to turn. */
const COARSE_TURNED = 18;
const FIRST_ROOM = 4096;

/** Set bits of every 16-bit number: four look-ups count 64 bits, faster than shifting. */
const ONES = new Uint8Array(65_536);
for (let n = 1; n < ONES.length; n += 1) ONES[n] = (ONES[n >> 1] as number) + (n & 1);

const ones = (a: number, b: number): number =>
  (ONES[a & 65_535] as number) + (ONES[a >>> 16] as number) + (ONES[b & 65_535] as number) + (ONES[b >>> 16] as number);

/** Pairs of crops that are compared: whole to crops, crops to whole, top to top. */
const PAIRS: readonly (readonly [asked: number, kept: number])[] = [
  ...CROPS.flatMap((_, crop): [number, number][] => (crop === TOP ? [] : [[crop, WHOLE]])),
  ...CROPS.flatMap((_, crop): [number, number][] => (crop === TOP || crop === WHOLE ? [] : [[WHOLE, crop]])),
  [TOP, TOP],
];

/** Hashes of all pictures in memory. A question is one pass over the wholes; the crops of what is left lie side by side. */
export function createHashTable(): HashTable {
  let size = 0;
  // Signed, as the engine's own integers are: the same bits, read faster.
  let low = new Int32Array(FIRST_ROOM);
  let high = new Int32Array(FIRST_ROOM);
  let crops = new Int32Array(FIRST_ROOM * WORDS);

  const larger = (array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
    const out = new Int32Array(array.length * 2);
    out.set(array);
    return out;
  };

  /** The best pair of crops of one row. */
  function best(words: Uint32Array, row: number, orientation: number): Near {
    const found: Near = { row, distance: 65, orientation, asked: WHOLE, kept: WHOLE };
    for (const [asked, kept] of PAIRS) {
      const from = orientation * WORDS + 2 * asked;
      const to = row * WORDS + 2 * kept;
      const distance = ones(
        (words[from] as number) ^ (crops[to] as number),
        (words[from + 1] as number) ^ (crops[to + 1] as number),
      );
      if (distance >= found.distance) continue;
      found.distance = distance;
      found.asked = asked;
      found.kept = kept;
    }
    return found;
  }

  return {
    get size() {
      return size;
    },
    add(words) {
      if (size === low.length) [low, high, crops] = [larger(low), larger(high), larger(crops)];
      low[size] = words[2 * WHOLE] ?? 0;
      high[size] = words[2 * WHOLE + 1] ?? 0;
      crops.set(words.subarray(0, WORDS), size * WORDS);
      size += 1;
      return size - 1;
    },
    near(words, within) {
      const nearest = new Map<number, Near>();
      for (const candidate of coarse(low, high, size, words)) {
        const [row, orientation] = [Math.floor(candidate / ORIENTATIONS), candidate % ORIENTATIONS];
        const found = best(words, row, orientation);
        if (found.distance <= within && found.distance < (nearest.get(row)?.distance ?? 65)) nearest.set(row, found);
      }
      return [...nearest.values()].sort((one, other) => one.distance - other.distance);
    },
  };
}

/** `row * ORIENTATIONS + orientation` of whatever comes near as a whole. One pass for all orientations: memory is what takes the time. */
function coarse(low: Int32Array, high: Int32Array, size: number, words: Uint32Array): number[] {
  const whole = (orientation: number, word: number): number => (words[orientation * WORDS + 2 * WHOLE + word] ?? 0) | 0;
  const [a0, b0] = [whole(0, 0), whole(0, 1)];
  const [a1, b1] = [whole(1, 0), whole(1, 1)];
  const [a2, b2] = [whole(2, 0), whole(2, 1)];
  const [a3, b3] = [whole(3, 0), whole(3, 1)];
  const [a4, b4] = [whole(4, 0), whole(4, 1)];
  const out: number[] = [];
  for (let row = 0; row < size; row += 1) {
    const a = low[row] as number;
    const b = high[row] as number;
    if (ones(a ^ a0, b ^ b0) <= COARSE) out.push(row * ORIENTATIONS);
    if (ones(a ^ a1, b ^ b1) <= COARSE_TURNED) out.push(row * ORIENTATIONS + 1);
    if (ones(a ^ a2, b ^ b2) <= COARSE_TURNED) out.push(row * ORIENTATIONS + 2);
    if (ones(a ^ a3, b ^ b3) <= COARSE_TURNED) out.push(row * ORIENTATIONS + 3);
    if (ones(a ^ a4, b ^ b4) <= COARSE_TURNED) out.push(row * ORIENTATIONS + 4);
  }
  return out;
}

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
/**
 * Rows whose crops are fetched together before any is compared: 30,000 rows of a million lie far apart, and waiting for the memory of one
 * after the other took longer than comparing them.
 */
const FETCHED = 64;

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
/** Where the two words of each pair begin. */
const ASKED_AT = Uint8Array.from(PAIRS, ([asked]) => 2 * asked);
const KEPT_AT = Uint8Array.from(PAIRS, ([, kept]) => 2 * kept);

/** Hashes of all pictures in memory. A question is one pass over the wholes; the crops of a picture lie side by side. */
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
      const signed = Int32Array.from(words);
      const fetched = new Int32Array(FETCHED * WORDS);
      const candidates = coarse(low, high, size, signed);
      for (let first = 0; first < candidates.length; first += FETCHED) {
        const some = candidates.slice(first, first + FETCHED);
        const starts = some.map((candidate) => Math.floor(candidate / ORIENTATIONS) * WORDS);
        // Word by word, not row by row: so the memory of all rows is on its way at once.
        for (let word = 0; word < WORDS; word += 1) {
          for (let n = 0; n < starts.length; n += 1) {
            fetched[n * WORDS + word] = crops[(starts[n] as number) + word] as number;
          }
        }
        some.forEach((candidate, n) => {
          const [row, orientation] = [Math.floor(candidate / ORIENTATIONS), candidate % ORIENTATIONS];
          const pair = best(signed, orientation * WORDS, fetched, n * WORDS, within);
          if (pair === null || pair.distance >= (nearest.get(row)?.distance ?? 65)) return;
          nearest.set(row, { row, orientation, ...pair });
        });
      }
      return [...nearest.values()].sort((one, other) => one.distance - other.distance);
    },
  };
}

/** The pair of crops that differ in the fewest bits, when they are within so many; each picture's words begin where it is said. */
function best(
  asked: Int32Array,
  askedFrom: number,
  kept: Int32Array,
  keptFrom: number,
  within: number,
): Pick<Near, 'distance' | 'asked' | 'kept'> | null {
  let [distance, at] = [within + 1, -1];
  for (let pair = 0; pair < PAIRS.length; pair += 1) {
    const one = askedFrom + (ASKED_AT[pair] as number);
    const other = keptFrom + (KEPT_AT[pair] as number);
    const differ = ones(
      (asked[one] as number) ^ (kept[other] as number),
      (asked[one + 1] as number) ^ (kept[other + 1] as number),
    );
    if (differ >= distance) continue;
    distance = differ;
    at = pair;
  }
  const found = PAIRS[at];
  return found === undefined ? null : { distance, asked: found[0], kept: found[1] };
}

/** `row * ORIENTATIONS + orientation` of whatever comes near as a whole. One pass for all orientations: memory is what takes the time. */
function coarse(low: Int32Array, high: Int32Array, size: number, words: Int32Array): number[] {
  const whole = (orientation: number, word: number): number => words[orientation * WORDS + 2 * WHOLE + word] ?? 0;
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

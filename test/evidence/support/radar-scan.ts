// What the table of hashes must answer, written as plainly as can be: every picture, every orientation, every pair, bit by bit.
import type { Near } from '../../../src/evidence/radar/hash-table.js';

const ORIENTATIONS = 5;
const WORDS = 16;
const CROPS = [0, 1, 2, 3, 4, 5, 6];
const TOP = 7;
const PAIRS = [...CROPS.map((crop) => [crop, 0]), ...CROPS.slice(1).map((crop) => [0, crop]), [TOP, TOP]] as [
  number,
  number,
][];

function differing(one: Uint32Array, at: number, other: Uint32Array, otherAt: number): number {
  let bits = 0;
  for (let word = 0; word < 2; word += 1) {
    let left = ((one[at + word] ?? 0) ^ (other[otherAt + word] ?? 0)) >>> 0;
    for (; left > 0; left = Math.floor(left / 2)) bits += left % 2;
  }
  return bits;
}

export function nearByScan(rows: readonly Uint32Array[], words: Uint32Array, within: number): Near[] {
  const out: Near[] = [];
  rows.forEach((kept, row) => {
    let best: Near | null = null;
    for (let orientation = 0; orientation < ORIENTATIONS; orientation += 1) {
      const from = orientation * WORDS;
      if (differing(words, from, kept, 0) > (orientation === 0 ? 24 : 18)) continue;
      for (const [asked, crop] of PAIRS) {
        const distance = differing(words, from + 2 * asked, kept, 2 * crop);
        if (distance > within || distance >= (best?.distance ?? 65)) continue;
        best = { row, distance, orientation, asked, kept: crop };
      }
    }
    if (best !== null) out.push(best);
  });
  return out.sort((one, other) => one.distance - other.distance);
}

import { foldCode } from '../labels.js';
import { spokenDate, toLocalMinute } from '../local-time.js';
import type { EarlierEvidence, EvidenceContext, Finding } from '../types.js';
import type { Check } from './verdict.js';

/** An earlier evidence whose picture resembles this one. */
export interface AlikePicture {
  earlier: EarlierEvidence;
  /** Bits of 64 that differ. */
  distance: number;
  /** 0 to 1. */
  likeness: number;
}

/** Duplicates differ in no more bits: of 26,796 pairs of different photos none did. */
const SAME_BITS = 6;
/**
 * Recompressed, scaled, watermarked and mirrored copies measured 0.97 and more, copies turned by two degrees 0.90 in the middle. The same door
 * photographed once more from the same spot is such a turned copy: it must not be called a copy.
 */
const SAME_LIKENESS = 0.97;
/** Of the copies that a person must see 97 of 100 measured more, of different pictures of one make (plates, corridors) none. */
const ALIKE_LIKENESS = 0.92;

/**
 * Was this picture handed in before? Names deal and day only where the sender may see them. `labelled`: a door plate or a nameplate was
 * asked for; `serial`: the number that was read on it.
 */
export function judgeReuse(
  context: EvidenceContext,
  alike: AlikePicture | null,
  { labelled = false, serial }: { labelled?: boolean; serial?: string } = {},
): Check {
  const { reuseOf } = context;
  if (reuseOf !== null) {
    return {
      finding: finding('failed', 0, 'sha256'),
      problem: reuseOf.sameVisit ? '和这次已经交过的是同一张' : used(reuseOf, context),
      todo: reuseOf.sameVisit ? '换一张当次拍的' : '每次拜访要用当次拍的',
    };
  }
  if (alike === null) return { finding: finding('passed', null, 'picture hash') };
  const { earlier, distance, likeness } = alike;
  const source = `picture hash, likeness ${likeness.toFixed(2)}`;
  if (serial !== undefined && earlier.serial !== undefined && foldCode(serial) !== foldCode(earlier.serial)) {
    return { finding: finding('passed', distance, `${source}, another serial number`) };
  }
  const same = distance <= SAME_BITS && likeness >= SAME_LIKENESS;
  if (earlier.sameVisit) {
    // Two frames of one visit are no cheat; only twice the same picture is looked at by a person.
    if (!same) return { finding: finding('passed', distance, source) };
    return {
      finding: finding('review', distance, source),
      problem: '和这次交的另一张几乎一样',
      todo: '换个角度再拍一张更快',
    };
  }
  // Plates of one make look alike wherever they hang: their likeness alone fails nobody, and a distant one says nothing.
  if (same && !labelled) {
    return {
      finding: finding('failed', distance, source),
      problem: `${used(earlier, context)}，改过大小或加过水印也是同一张`,
      todo: '每次拜访要用当次拍的',
    };
  }
  if (likeness < ALIKE_LIKENESS || (labelled && distance > SAME_BITS))
    return { finding: finding('passed', distance, source) };
  return {
    finding: finding('review', distance, source),
    problem: earlier.mayName
      ? `和 ${day(earlier, context)}在「${earlier.clientName}」交的一张很像`
      : '和别的商机里的一张很像',
    todo: '不是同一张就不用管，也可以现场再拍一张',
  };
}

function finding(status: Finding['status'], measured: number | null, source: string): Finding {
  return { code: 'photo.reuse', status, measured, expected: SAME_BITS + 1, unit: 'bits of 64', source };
}

const used = (earlier: EarlierEvidence, context: EvidenceContext): string =>
  earlier.mayName ? `${day(earlier, context)}在「${earlier.clientName}」用过` : '已在别的商机用过';

function day({ at }: EarlierEvidence, { zone, receivedAt }: EvidenceContext): string {
  return spokenDate(toLocalMinute(at, zone), toLocalMinute(receivedAt, zone));
}

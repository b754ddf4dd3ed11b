import type { EvidenceId } from '../../core/index.js';
import type { AlikePicture } from '../judge/photo-reuse.js';
import type { EarlierEvidence } from '../types.js';
import type { PictureHash } from './picture-hash.js';
import type { Radar } from './radar.js';

/** What is known of an evidence whose picture resembles this one; null when it came later, or does not count. */
export type LookUpEarlier = (id: EvidenceId) => Promise<EarlierEvidence | null>;

/**
 * The earlier evidence to judge by: the most alike of other visits, else of this one. Every picture is remembered, whether reuse is asked
 * about or not: the next one may be.
 */
export async function findAlike(
  radar: Radar,
  evidenceId: EvidenceId,
  hash: PictureHash,
  lookUp: LookUpEarlier,
): Promise<AlikePicture | null> {
  let frame: AlikePicture | null = null;
  for (const { evidenceId: id, distance, likeness } of await radar.look(evidenceId, hash)) {
    const earlier = await lookUp(id);
    if (earlier === null) continue;
    const found = { earlier, distance, likeness };
    if (!earlier.sameVisit) return found;
    frame ??= found;
  }
  return frame;
}

import { scaleTo, type Grey } from './grey.js';
import { parts } from './lines.js';

/** Text is hung at most this crooked, degrees. */
const MAX_TILT = 14;

/**
 * The angle (degrees, clockwise positive) by which the lines of an ink-on-paper picture are turned: the one at which the centres of glyph-sized
 * parts fall on the fewest rows. Turning by its negative sets them level.
 */
export async function tilt(paper: Grey): Promise<number> {
  const small = await scaleTo(paper, 900);
  const glyphs = parts(small).filter(
    ({ width, height, area }) =>
      height >= 8 && height <= 160 && width <= 180 && area >= 12 && width / height < 4 && height / width < 5,
  );
  if (glyphs.length < 4) return 0;
  let best = { angle: 0, score: -1 };
  for (let angle = -MAX_TILT; angle <= MAX_TILT; angle += 0.5) {
    const score = rowScore(glyphs, angle);
    if (score > best.score * 1.0001) best = { angle, score };
  }
  // A flat maximum says nothing: keep the picture as it hangs.
  return best.score > rowScore(glyphs, 0) * 1.05 ? best.angle : 0;
}

function rowScore(
  glyphs: readonly { x: number; y: number; width: number; height: number; area: number }[],
  angle: number,
): number {
  const radians = (angle * Math.PI) / 180;
  const rows = new Map<number, number>();
  for (const { x, y, width, height, area } of glyphs) {
    const across = (y + height / 2) * Math.cos(radians) - (x + width / 2) * Math.sin(radians);
    // Rows of 5 px; a glyph counts by its size, so that specks don't vote.
    const row = Math.round(across / 5);
    rows.set(row, (rows.get(row) ?? 0) + Math.sqrt(area));
  }
  let score = 0;
  for (const weight of rows.values()) score += weight * weight;
  return score;
}

import type { Rgb } from '../photo/grey.js';

/** What looks like a round red company seal; it says that one is there, not whose. A person decides. */
export interface SealSighting {
  /** From 1. */
  page: number;
  diameterMm: number;
  /** Share of the ring on which red was found. */
  ring: number;
}

/** Width at which a page is looked at, px: an A4 page then has 3.3 px a millimetre. */
export const SEAL_PAGE_WIDTH = 700;
/** Company seals are 38-42 mm, state ones up to 50; scans and prints shrink or stretch them a little. */
const DIAMETER_MM = { from: 34, to: 52 };
/** Red over the stronger of green and blue: paper, brown wood and skin stay below. */
const MIN_RED = 26;
const MIN_SATURATION = 0.09;
const MIN_RING = 0.55;
/** Characters and a star inside; a filled red disc is none, an empty ring neither. */
const INSIDE = { from: 0.02, to: 0.6 };
const ANGLES = 72;

/** Circles by Hough's vote: every red pixel votes for the centres it could lie around. */
export function findSeals({ width, height, data }: Rgb, page: number, pixelsPerMm: number): SealSighting[] {
  const red = new Uint8Array(width * height);
  const points: number[] = [];
  for (let at = 0; at < red.length; at += 1) {
    const [r, g, b] = [data[at * 3] ?? 0, data[at * 3 + 1] ?? 0, data[at * 3 + 2] ?? 0];
    const over = r - Math.max(g, b);
    if (over < MIN_RED || over < r * MIN_SATURATION) continue;
    red[at] = 1;
    points.push(at);
  }
  // A page without red, or red all over, has no seal to be found.
  if (points.length < 200 || points.length > red.length * 0.3) return [];
  let best: SealSighting | null = null;
  for (let diameter = DIAMETER_MM.from; diameter <= DIAMETER_MM.to; diameter += 1) {
    const radius = (diameter / 2) * pixelsPerMm;
    const centre = strongestCentre(points, width, height, radius);
    const ring = ringCoverage(red, width, height, centre, radius);
    const inside = inkInside(red, width, height, centre, radius);
    if (ring < MIN_RING || inside < INSIDE.from || inside > INSIDE.to) continue;
    if (best === null || ring > best.ring) best = { page, diameterMm: diameter, ring: Math.round(ring * 100) / 100 };
  }
  return best === null ? [] : [best];
}

interface Centre {
  x: number;
  y: number;
}

const around = (step: number): readonly [number, number] => [
  Math.cos((2 * Math.PI * step) / ANGLES),
  Math.sin((2 * Math.PI * step) / ANGLES),
];

/** Votes on a grid of 2 px. */
function strongestCentre(points: readonly number[], width: number, height: number, radius: number): Centre {
  const columns = Math.ceil(width / 2);
  const votes = new Uint16Array(columns * Math.ceil(height / 2));
  const offsets = Array.from({ length: ANGLES }, (_, step) => around(step).map((part) => part * radius));
  let best = 0;
  for (const at of points) {
    const x = at % width;
    const y = (at - x) / width;
    for (const [dx = 0, dy = 0] of offsets) {
      const [cx, cy] = [x + dx, y + dy];
      // A seal may hang over the edge a little, no more.
      if (cx < 0 || cy < 0 || cx >= width || cy >= height) continue;
      const cell = (cy >> 1) * columns + (cx >> 1);
      const count = (votes[cell] ?? 0) + 1;
      votes[cell] = count;
      if (count > (votes[best] ?? 0)) best = cell;
    }
  }
  return { x: (best % columns) * 2 + 1, y: Math.floor(best / columns) * 2 + 1 };
}

/** Share of directions in which there is red within 2 px of the circle. */
function ringCoverage(red: Uint8Array, width: number, height: number, { x, y }: Centre, radius: number): number {
  let hit = 0;
  for (let step = 0; step < ANGLES; step += 1) {
    const [dx, dy] = around(step);
    for (let r = radius - 2; r <= radius + 2; r += 1) {
      const [px, py] = [Math.round(x + dx * r), Math.round(y + dy * r)];
      if (px >= 0 && py >= 0 && px < width && py < height && red[py * width + px] === 1) {
        hit += 1;
        break;
      }
    }
  }
  return hit / ANGLES;
}

function inkInside(red: Uint8Array, width: number, height: number, { x, y }: Centre, radius: number): number {
  const inner = radius * 0.88;
  let ink = 0;
  let all = 0;
  for (let py = Math.max(0, Math.ceil(y - inner)); py < Math.min(height, y + inner); py += 1) {
    for (let px = Math.max(0, Math.ceil(x - inner)); px < Math.min(width, x + inner); px += 1) {
      if ((px - x) ** 2 + (py - y) ** 2 > inner ** 2) continue;
      all += 1;
      ink += red[py * width + px] ?? 0;
    }
  }
  return all === 0 ? 0 : ink / all;
}

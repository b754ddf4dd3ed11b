import type { Grey } from '../photo/grey.js';

/** Sums over a square grey picture, so that the mean of any part of it costs the same. Pure. */
export interface Sums {
  side: number;
  data: Float64Array;
}

/** A part of a picture in shares of its sides: left, top, right, bottom. */
export type Part = readonly [number, number, number, number];

export function sumUp({ width: side, data }: { width: number; data: ArrayLike<number> }): Sums {
  const stride = side + 1;
  const sums = new Float64Array(stride * stride);
  for (let y = 0; y < side; y += 1) {
    let row = 0;
    for (let x = 0; x < side; x += 1) {
      row += data[y * side + x] ?? 0;
      sums[(y + 1) * stride + x + 1] = (sums[y * stride + x + 1] ?? 0) + row;
    }
  }
  return { side, data: sums };
}

/** Means over `side` × `side` cells of a part; cells may begin and end between pixels. */
export function means(sums: Sums, [left, top, right, bottom]: Part, side: number): Float64Array {
  const out = new Float64Array(side * side);
  const stepX = ((right - left) * sums.side) / side;
  const stepY = ((bottom - top) * sums.side) / side;
  for (let y = 0; y < side; y += 1) {
    const y1 = top * sums.side + y * stepY;
    const y2 = y1 + stepY;
    for (let x = 0; x < side; x += 1) {
      const x1 = left * sums.side + x * stepX;
      const x2 = x1 + stepX;
      const total = sumTo(sums, x2, y2) - sumTo(sums, x1, y2) - sumTo(sums, x2, y1) + sumTo(sums, x1, y1);
      out[y * side + x] = total / (stepX * stepY);
    }
  }
  return out;
}

/** Sum of everything above and left of a point between pixels. */
export function sumTo({ side, data }: Sums, x: number, y: number): number {
  const stride = side + 1;
  const left = Math.min(side - 1, Math.floor(x));
  const top = Math.min(side - 1, Math.floor(y));
  const dx = x - left;
  const dy = y - top;
  const at = top * stride + left;
  const upper = (data[at] ?? 0) * (1 - dx) + (data[at + 1] ?? 0) * dx;
  const lower = (data[at + stride] ?? 0) * (1 - dx) + (data[at + stride + 1] ?? 0) * dx;
  return upper * (1 - dy) + lower * dy;
}

/** How a copy may stand to its original: as it is, mirrored, turned by a quarter, a half, three quarters. */
export const ORIENTATIONS = 5;

/** A square picture in one of the orientations. */
export function oriented({ width: side, data }: Grey, orientation: number): Grey {
  if (orientation === 0) return { width: side, height: side, data };
  const out = new Uint8Array(side * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const [fromX, fromY] = source(orientation, x, y, side - 1);
      out[y * side + x] = data[fromY * side + fromX] ?? 0;
    }
  }
  return { width: side, height: side, data: out };
}

function source(orientation: number, x: number, y: number, last: number): [number, number] {
  switch (orientation) {
    case 1:
      return [last - x, y];
    case 2:
      return [y, last - x];
    case 3:
      return [last - x, last - y];
    default:
      return [last - y, x];
  }
}

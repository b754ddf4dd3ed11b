import sharp, { type Sharp } from 'sharp';

/** An 8-bit picture of one channel. */
export interface Grey {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A decoded picture, upright, RGB. */
export interface Rgb {
  width: number;
  height: number;
  data: Uint8Array;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function grey(width: number, height: number, fill = 0): Grey {
  const data = new Uint8Array(width * height);
  if (fill !== 0) data.fill(fill);
  return { width, height, data };
}

/** Ordinary luminance. */
export function luminance({ width, height, data }: Rgb): Grey {
  const out = grey(width, height);
  for (let i = 0, from = 0; i < out.data.length; i += 1, from += 3) {
    out.data[i] = ((data[from] ?? 0) * 77 + (data[from + 1] ?? 0) * 150 + (data[from + 2] ?? 0) * 29) >> 8;
  }
  return out;
}

/** The darkest channel of each pixel: white text stays bright, coloured ground does not. */
export function darkestChannel({ width, height, data }: Rgb): Grey {
  const out = grey(width, height);
  for (let i = 0, from = 0; i < out.data.length; i += 1, from += 3) {
    out.data[i] = Math.min(data[from] ?? 0, data[from + 1] ?? 0, data[from + 2] ?? 0);
  }
  return out;
}

/** How orange a pixel is: red over blue, the colour of a camera's date stamp. */
export function orangeness({ width, height, data }: Rgb): Grey {
  const out = grey(width, height);
  for (let i = 0, from = 0; i < out.data.length; i += 1, from += 3) {
    out.data[i] = Math.max(0, (data[from] ?? 0) - (data[from + 2] ?? 0));
  }
  return out;
}

/**
 * Minimum (erode) or maximum (dilate) over `2 * radius + 1` rows: van Herk, so that the time does not depend on the radius; whole rows at a
 * time, so that memory is read in order. Beyond the edges nothing counts.
 */
function extremeOfRows({ width, height, data }: Grey, radius: number, maximum: boolean): Grey {
  const size = 2 * radius + 1;
  const forward = new Uint8Array(data);
  const backward = new Uint8Array(data);
  for (let y = 1; y < height; y += 1) if (y % size !== 0) mergeRow(forward, y * width, (y - 1) * width, width, maximum);
  for (let y = height - 2; y >= 0; y -= 1) {
    if ((y + 1) % size !== 0) mergeRow(backward, y * width, (y + 1) * width, width, maximum);
  }
  const out = grey(width, height);
  for (let y = 0; y < height; y += 1) {
    const top = Math.max(0, y - radius);
    const bottom = Math.min(height - 1, y + radius);
    const to = y * width;
    if (bottom - top === 2 * radius) {
      // A whole window is the end of one block and the beginning of the next.
      out.data.set(backward.subarray(top * width, (top + 1) * width), to);
      mergeRow(out.data, to, bottom * width, width, maximum, forward);
    } else {
      out.data.set(data.subarray(top * width, (top + 1) * width), to);
      for (let row = top + 1; row <= bottom; row += 1) mergeRow(out.data, to, row * width, width, maximum, data);
    }
  }
  return out;
}

/** `into[to…]` becomes the extreme of itself and `from[at…]`. */
function mergeRow(into: Uint8Array, to: number, at: number, width: number, maximum: boolean, from = into): void {
  for (let x = 0; x < width; x += 1) {
    const value = from[at + x] ?? 0;
    const so = into[to + x] ?? 0;
    if (maximum ? value > so : value < so) into[to + x] = value;
  }
}

function transposed({ width, height, data }: Grey): Grey {
  const out = grey(height, width);
  // In blocks that fit the cache.
  for (let top = 0; top < height; top += 32) {
    for (let left = 0; left < width; left += 32) {
      const bottom = Math.min(height, top + 32);
      const right = Math.min(width, left + 32);
      for (let y = top; y < bottom; y += 1)
        for (let x = left; x < right; x += 1) out.data[x * height + y] = data[y * width + x] ?? 0;
    }
  }
  return out;
}

export function dilate(image: Grey, radiusX: number, radiusY: number): Grey {
  const tall = radiusY > 0 ? extremeOfRows(image, radiusY, true) : image;
  return radiusX > 0 ? transposed(extremeOfRows(transposed(tall), radiusX, true)) : tall;
}

/** White top-hat: the picture minus its opening, which keeps bright strokes thinner than `2 * radius`. */
export function topHat(image: Grey, radius: number): Grey {
  const eroded = extremeOfRows(transposed(extremeOfRows(image, radius, false)), radius, false);
  const opened = extremeOfRows(transposed(extremeOfRows(eroded, radius, true)), radius, true);
  const out = grey(image.width, image.height);
  for (let i = 0; i < out.data.length; i += 1) out.data[i] = (image.data[i] ?? 0) - (opened.data[i] ?? 0);
  return out;
}

/** Mean over a square window by an integral image. */
export function localMean({ width, height, data }: Grey, radius: number): Float32Array {
  const stride = width + 1;
  const sums = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y += 1) {
    let row = 0;
    for (let x = 0; x < width; x += 1) {
      row += data[y * width + x] ?? 0;
      sums[(y + 1) * stride + x + 1] = (sums[y * stride + x + 1] ?? 0) + row;
    }
  }
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const top = Math.max(0, y - radius);
    const bottom = Math.min(height, y + radius + 1);
    for (let x = 0; x < width; x += 1) {
      const left = Math.max(0, x - radius);
      const right = Math.min(width, x + radius + 1);
      const sum =
        (sums[bottom * stride + right] ?? 0) -
        (sums[top * stride + right] ?? 0) -
        (sums[bottom * stride + left] ?? 0) +
        (sums[top * stride + left] ?? 0);
      out[y * width + x] = sum / ((bottom - top) * (right - left));
    }
  }
  return out;
}

/** Dark ink on white paper, whatever the light: the local mean is taken out and the rest amplified. */
export function evenPaper(image: Grey, radius: number, gain: number, lightText: boolean): Grey {
  const mean = localMean(image, radius);
  const out = grey(image.width, image.height);
  for (let i = 0; i < out.data.length; i += 1) {
    const over = (image.data[i] ?? 0) - (mean[i] ?? 0);
    const ink = lightText ? over : -over;
    out.data[i] = 255 - Math.max(0, Math.min(255, ink * gain));
  }
  return out;
}

export function toSharp(image: Grey | Rgb): Sharp {
  const { width, height, data } = image;
  return sharp(data, { raw: { width, height, channels: data.length === width * height ? 1 : 3 } });
}

export async function fromSharpRgb(image: Sharp): Promise<Rgb> {
  const { data, info } = await image.toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

export async function fromSharp(image: Sharp): Promise<Grey> {
  const { data, info } = await image.extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** Smaller or larger by the long side, never larger than it is unless asked. */
export async function scaleTo(image: Grey, longSide: number, enlarge = false): Promise<Grey> {
  const factor = longSide / Math.max(image.width, image.height);
  if (factor === 1 || (factor > 1 && !enlarge)) return image;
  return await fromSharp(
    toSharp(image).resize(
      Math.max(1, Math.round(image.width * factor)),
      Math.max(1, Math.round(image.height * factor)),
      {
        fit: 'fill',
      },
    ),
  );
}

/** Turned by degrees, clockwise positive; the corners become paper of the given grey. */
export async function turned(image: Grey, degrees: number, paper: number): Promise<Grey> {
  if (Math.abs(degrees) < 0.3) return image;
  return await fromSharp(toSharp(image).rotate(degrees, { background: { r: paper, g: paper, b: paper } }));
}

/** Binary PGM or PPM: formats that both sides read without a codec. */
export function toPnm({ width, height, data }: Grey | Rgb): Buffer {
  const magic = data.length === width * height ? 'P5' : 'P6';
  return Buffer.concat([Buffer.from(`${magic}\n${width} ${height}\n255\n`, 'latin1'), data]);
}

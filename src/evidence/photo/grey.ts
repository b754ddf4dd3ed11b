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

/** Minimum (erode) or maximum (dilate) over a window of `2 * radius + 1` in one direction; van Herk: time independent of the radius. */
function runningExtreme(image: Grey, radius: number, horizontal: boolean, maximum: boolean): Grey {
  const { width, height, data } = image;
  const out = grey(width, height);
  const size = 2 * radius + 1;
  const length = horizontal ? width : height;
  const lines = horizontal ? height : width;
  const step = horizontal ? 1 : width;
  const padded = length + 2 * radius;
  const forward = new Uint8Array(padded);
  const backward = new Uint8Array(padded);
  const neutral = maximum ? 0 : 255;
  const better = maximum ? Math.max : Math.min;
  for (let line = 0; line < lines; line += 1) {
    const start = horizontal ? line * width : line;
    const value = (i: number): number => {
      const at = i - radius;
      return at < 0 || at >= length ? neutral : (data[start + at * step] ?? 0);
    };
    for (let i = 0; i < padded; i += 1) {
      forward[i] = i % size === 0 ? value(i) : better(forward[i - 1] ?? 0, value(i));
    }
    for (let i = padded - 1; i >= 0; i -= 1) {
      backward[i] = i === padded - 1 || (i + 1) % size === 0 ? value(i) : better(backward[i + 1] ?? 0, value(i));
    }
    for (let i = 0; i < length; i += 1) {
      out.data[start + i * step] = better(backward[i] ?? 0, forward[i + size - 1] ?? 0);
    }
  }
  return out;
}

export function dilate(image: Grey, radiusX: number, radiusY: number): Grey {
  const wide = radiusX > 0 ? runningExtreme(image, radiusX, true, true) : image;
  return radiusY > 0 ? runningExtreme(wide, radiusY, false, true) : wide;
}

/** White top-hat: the picture minus its opening, which keeps bright strokes thinner than `2 * radius`. */
export function topHat(image: Grey, radius: number): Grey {
  let opened = runningExtreme(image, radius, true, false);
  opened = runningExtreme(opened, radius, false, false);
  opened = runningExtreme(opened, radius, true, true);
  opened = runningExtreme(opened, radius, false, true);
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

export function toSharp({ width, height, data }: Grey): Sharp {
  return sharp(data, { raw: { width, height, channels: 1 } });
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

/** Binary PGM: the one format that both sides read without a codec. */
export function toPgm({ width, height, data }: Grey): Buffer {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`, 'latin1'), data]);
}

import sharp, { type Metadata, type Sharp } from 'sharp';
import { BadFileError } from '../errors.js';
import { MAX_PIXELS, MIN_SIDE_PIXELS } from '../limits.js';
import { sniffFile } from '../sniff.js';
import type { Rgb } from './grey.js';

/** Decoding a picture of this size takes under a second; a crafted one may try to take for ever. */
const DECODE_SECONDS = 10;

/** Opens a picture with every limit on; upright. The pixels are read only when asked for. */
export async function openPicture(
  bytes: Uint8Array,
  minSide = MIN_SIDE_PIXELS,
): Promise<{ image: Sharp; width: number; height: number }> {
  const { ext, kind } = await sniffFile(bytes);
  if (kind !== 'image') throw new BadFileError('file.wrong_kind', 'not a picture', ext);
  const picture = ext === 'heic' ? await openHeic(bytes) : await open(bytes);
  const { width, height } = picture;
  if (Math.min(width, height) < minSide) throw new BadFileError('file.too_small', 'too small', `${width}×${height}`);
  return picture;
}

async function open(bytes: Uint8Array): Promise<{ image: Sharp; width: number; height: number }> {
  const options = { limitInputPixels: MAX_PIXELS, pages: 1, failOn: 'error' } as const;
  const { width, height } = await sizeOf(bytes, options);
  const image = sharp(bytes, options).autoOrient().timeout({ seconds: DECODE_SECONDS });
  return { image, width, height };
}

async function sizeOf(bytes: Uint8Array, options: { failOn: 'error' }): Promise<{ width: number; height: number }> {
  let metadata: Metadata;
  try {
    // Reads the header only; the pixel limit is ours to check, so that the message can say the size.
    metadata = await sharp(bytes, { ...options, limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new BadFileError('file.broken', 'the picture cannot be opened', null, cause);
  }
  const { width, height } = metadata.autoOrient;
  checkSize(width, height);
  return { width, height };
}

/** iPhones: sharp reads the container but not HEVC. */
async function openHeic(bytes: Uint8Array): Promise<{ image: Sharp; width: number; height: number }> {
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  if (metadata !== undefined) checkSize(metadata.width, metadata.height);
  const { default: decode } = await import('heic-decode');
  try {
    const { width, height, data } = await decode({ buffer: bytes });
    checkSize(width, height);
    const image = sharp(Buffer.from(data.buffer, data.byteOffset, data.byteLength), {
      raw: { width, height, channels: 4 },
    });
    return { image, width, height };
  } catch (cause) {
    if (cause instanceof BadFileError) throw cause;
    throw new BadFileError('file.broken', 'the HEIC picture cannot be decoded', null, cause);
  }
}

function checkSize(width: number, height: number): void {
  if (width * height > MAX_PIXELS) {
    throw new BadFileError('file.too_many_pixels', 'too many pixels', `${width}×${height}`);
  }
}

/** Pixels with the long side at most `longSide`, never enlarged. */
export async function decodePicture(
  bytes: Uint8Array,
  longSide: number,
  minSide = MIN_SIDE_PIXELS,
): Promise<Rgb & { originalWidth: number; originalHeight: number }> {
  const { image, width, height } = await openPicture(bytes, minSide);
  try {
    const { data, info } = await image
      .resize(longSide, longSide, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: rgb(data, info.channels),
      originalWidth: width,
      originalHeight: height,
    };
  } catch (cause) {
    throw new BadFileError('file.broken', 'the picture ends early or is damaged', null, cause);
  }
}

/** A grey picture comes with one channel. */
function rgb(data: Buffer, channels: number): Uint8Array {
  if (channels === 3) return data;
  const out = new Uint8Array((data.length / channels) * 3);
  for (let i = 0; i < out.length; i += 1) out[i] = data[Math.floor(i / 3) * channels] ?? 0;
  return out;
}

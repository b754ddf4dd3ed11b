import sharp from 'sharp';
import { BadFileError } from '../errors.js';
import { OCR_LONG_SIDE } from '../limits.js';
import type { Readers } from '../ocr/readers.js';
import { readCodes } from './codes.js';
import { decodePicture } from './decode.js';
import { isBlank, measureEnvironment, type EnvironmentFacts } from './environment.js';
import { readExif, type ExifFacts } from './exif.js';
import { luminance, type Rgb } from './grey.js';
import { isIdDocument, readPrint } from './id-document.js';
import { readNameplate, type NameplateFacts } from './nameplate.js';
import { measurePaper, type PaperFacts } from './paper.js';
import { readPlate, type PlateFacts } from './plate.js';
import { screenPeak } from './screen.js';
import { hashPicture, THUMB_SIDE, type PictureHash } from '../radar/picture-hash.js';
import { readWatermark, type ExpectedTime, type WatermarkFacts } from './watermark.js';

/** What to look for; what is not wanted is not looked for. */
export interface PhotoWant {
  watermark: boolean;
  /** Wall-clock minutes in which the picture may have been taken; reading stops when one is found there. */
  expected?: ExpectedTime[];
  /** Names that may stand on the plate; null: no plate is wanted. */
  plates: string[] | null;
  nameplate: boolean;
  /** A picture that was taken there is wanted: is it a photo of a screen? */
  screen?: boolean;
  /** A scene is wanted: is it one of a page? */
  scene?: boolean;
  /** Thumbnails too: for reading their EXIF; they are no evidence. */
  anySize?: boolean;
}

export interface PhotoFacts {
  width: number;
  height: number;
  exif: ExifFacts;
  environment: EnvironmentFacts;
  watermark: WatermarkFacts | null;
  plate: PlateFacts | null;
  nameplate: NameplateFacts | null;
  /** How much like a screen; null: nobody asked, or too small to tell. */
  screen: number | null;
  /** How much like a page; null: nobody asked. */
  paper: PaperFacts | null;
  /** What QR codes in it say. */
  qr: string[];
  /** For the reuse radar; null for a picture of nothing, which resembles every other one. */
  hash: PictureHash | null;
}

/** Measures of the environment are defined at this long side. */
const ENVIRONMENT_LONG_SIDE = 1024;

export async function extractPhoto(bytes: Uint8Array, want: PhotoWant, readers: Readers): Promise<PhotoFacts> {
  const picture = await decodePicture(bytes, OCR_LONG_SIDE, want.anySize === true ? 1 : undefined);
  const [exif, environment] = await Promise.all([readExif(bytes), environmentOf(picture)]);
  const read = !isBlank(environment);
  const watermark = want.watermark && read ? await readWatermark(picture, readers, want.expected) : null;
  const plate = want.plates !== null && read ? await readPlate(picture, want.plates, readers) : null;
  const nameplate = want.nameplate && read ? await readNameplate(picture, readers) : null;
  if (read && want.anySize !== true) {
    const seen = [watermark, plate, nameplate].flatMap((facts) => facts?.text ?? []);
    // Where a plate was found or a nameplate read, the print in the picture is read already.
    const unread = nameplate === null && (plate === null || plate.match === null);
    if (isIdDocument(unread ? [...seen, ...(await readPrint(picture, readers))] : seen)) {
      throw new BadFileError('file.id_document', 'an identity document');
    }
  }
  return {
    width: picture.originalWidth,
    height: picture.originalHeight,
    exif,
    environment,
    watermark,
    plate,
    nameplate,
    screen: want.screen === true && read ? screenPeak(luminance(picture)) : null,
    paper: want.scene === true && read ? await measurePaper(picture) : null,
    qr: read ? await readCodes(picture) : [],
    hash: read ? await hashOf(picture) : null,
  };
}

async function hashOf({ width, height, data }: Rgb): Promise<PictureHash> {
  const thumb = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(THUMB_SIDE, THUMB_SIDE, { fit: 'fill' })
    .greyscale()
    .raw()
    .toBuffer();
  return hashPicture({ width: THUMB_SIDE, height: THUMB_SIDE, data: thumb });
}

async function environmentOf({ width, height, data }: Rgb): Promise<EnvironmentFacts> {
  const small = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(ENVIRONMENT_LONG_SIDE, ENVIRONMENT_LONG_SIDE, { fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return measureEnvironment({ width: small.info.width, height: small.info.height, data: small.data });
}

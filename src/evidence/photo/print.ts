import { join } from 'node:path';
import { renderAsync } from '@resvg/resvg-js';
import sharp from 'sharp';
import { projectRoot } from '../../core/index.js';
import { COPY_LONG_SIDE } from '../limits.js';
import { openPicture } from './decode.js';

/** resvg reads TrueType only; without a font it would drop the text without a word. */
const FONT = join(projectRoot, 'node_modules/@expo-google-fonts/noto-sans-sc/500Medium/NotoSansSC_500Medium.ttf');
/** More lines than this would cover the picture. */
const MAX_LINES = 5;

/**
 * A copy for people to look at: re-encoded JPEG without EXIF or anything appended, long side at most 1600 px, with a bar under the picture
 * that says what the server knows (client, person, time, place, short code). The bar is added below: nothing of the picture is covered.
 * Throws BadFileError for what is no picture.
 */
export async function printWatermark(bytes: Uint8Array, lines: readonly string[]): Promise<Buffer> {
  const { image } = await openPicture(bytes);
  const { data, info } = await image
    .resize(COPY_LONG_SIDE, COPY_LONG_SIDE, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const shown = lines.filter((line) => line.trim() !== '').slice(0, MAX_LINES);
  const picture = sharp(data, { raw: { width, height, channels: info.channels } });
  if (shown.length === 0) return await picture.jpeg({ quality: 85 }).toBuffer();
  const bar = await drawBar(width, shown);
  return await picture
    .extend({ bottom: bar.height, background: '#14202b' })
    .composite([{ input: bar.png, left: 0, top: height }])
    .jpeg({ quality: 85 })
    .toBuffer();
}

async function drawBar(width: number, lines: readonly string[]): Promise<{ png: Buffer; height: number }> {
  const size = Math.max(14, Math.round(width * 0.024));
  const pitch = Math.round(size * 1.5);
  const height = pitch * lines.length + size;
  const margin = Math.round(size * 0.9);
  // A full-width character is as wide as it is tall: cut what would leave the bar.
  const room = Math.floor((width - 2 * margin) / size);
  const texts = lines.map(
    (line, index) =>
      `<text x="${margin}" y="${Math.round(size * 1.25) + index * pitch}" font-family="Noto Sans SC" font-size="${size}" ` +
      `fill="${index === 0 ? '#ffffff' : '#c9d6e2'}">${escapeXml(fit(line, room))}</text>`,
  );
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="${width}" height="${height}" fill="#14202b"/>` +
    `<rect width="${Math.round(size * 0.3)}" height="${height}" fill="#3aa76d"/>${texts.join('')}</svg>`;
  const image = await renderAsync(svg, {
    font: { loadSystemFonts: false, fontFiles: [FONT], defaultFontFamily: 'Noto Sans SC' },
  });
  return { png: image.asPng(), height };
}

function fit(line: string, room: number): string {
  let used = 0;
  let out = '';
  for (const char of line) {
    used += /[\u2e80-\uffef]/u.test(char) ? 1 : 0.6;
    if (used > room - 1) return `${out}…`;
    out += char;
  }
  return out;
}

function escapeXml(text: string): string {
  return text
    .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}]/gu, ' ')
    .replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);
}

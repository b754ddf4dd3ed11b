// Copies of a photo as cheats and chat apps make them.
import sharp, { type Sharp } from 'sharp';

export interface Copy {
  name: string;
  /** Must be found: what the radar promises. The others are told for honesty. */
  asked: boolean;
  make: (original: Buffer) => Promise<Buffer>;
}

const jpeg = async (image: Sharp, quality = 80): Promise<Buffer> => await image.jpeg({ quality }).toBuffer();

/** Shares cut from the left, top, right, bottom. */
const cropped =
  (left: number, top: number, right: number, bottom: number) =>
  async (original: Buffer): Promise<Buffer> => {
    const { width, height } = await sharp(original).metadata();
    return await jpeg(
      sharp(original).extract({
        left: Math.round(left * width),
        top: Math.round(top * height),
        width: Math.floor((1 - left - right) * width),
        height: Math.floor((1 - top - bottom) * height),
      }),
    );
  };

async function watermarked(original: Buffer, quality = 80): Promise<Buffer> {
  const { width, height } = await sharp(original).metadata();
  const size = Math.round(height * 0.05);
  const line = (up: number, scale: number, text: string): string =>
    `<text x="${size}" y="${height - size * up}" font-size="${size * scale}" fill="white" stroke="black">${text}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${line(4, 2, '14:32')}${line(2.4, 1, '2026-11-24')}${line(1, 1, 'Shanghai, Huangpu district')}</svg>`;
  return await jpeg(sharp(original).composite([{ input: Buffer.from(svg) }]), quality);
}

export const COPIES: readonly Copy[] = [
  { name: 'recompressed-50', asked: true, make: (original) => jpeg(sharp(original), 50) },
  { name: 'half-size', asked: true, make: async (original) => jpeg(sharp(original).resize({ width: 720 })) },
  { name: 'small-640', asked: true, make: async (original) => jpeg(sharp(original).resize({ width: 640 }), 70) },
  { name: 'darker-20', asked: true, make: async (original) => jpeg(sharp(original).linear(0.8, 0)) },
  { name: 'brighter-20', asked: true, make: async (original) => jpeg(sharp(original).linear(1.2, 0)) },
  { name: 'cropped-2-a-side', asked: true, make: cropped(0.02, 0.02, 0.02, 0.02) },
  { name: 'cropped-5-a-side', asked: true, make: cropped(0.05, 0.05, 0.05, 0.05) },
  { name: 'cropped-10-top', asked: true, make: cropped(0, 0.1, 0, 0) },
  { name: 'cropped-10-bottom', asked: true, make: cropped(0, 0, 0, 0.1) },
  { name: 'cropped-10-left', asked: true, make: cropped(0.1, 0, 0, 0) },
  { name: 'cropped-5-corner', asked: true, make: cropped(0.05, 0.05, 0, 0) },
  { name: 'watermarked', asked: true, make: (original) => watermarked(original) },
  { name: 'mirrored', asked: true, make: async (original) => jpeg(sharp(original).flop()) },
  { name: 'turned-90', asked: true, make: async (original) => jpeg(sharp(original).rotate(90)) },
  {
    name: 'cropped-watermarked-50',
    asked: true,
    make: async (original) => watermarked(await cropped(0.05, 0.05, 0.05, 0.05)(original), 50),
  },
  {
    name: 'turned-2-degrees',
    asked: false,
    make: async (original) => jpeg(sharp(original).rotate(2, { background: '#888' })),
  },
  { name: 'cropped-7-a-side', asked: false, make: cropped(0.07, 0.07, 0.07, 0.07) },
  { name: 'cropped-10-corner', asked: false, make: cropped(0.1, 0.1, 0, 0) },
  { name: 'cropped-10-a-side', asked: false, make: cropped(0.1, 0.1, 0.1, 0.1) },
];

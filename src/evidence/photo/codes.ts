import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import sharp from 'sharp';
import type { Rgb } from './grey.js';

const MOST_CODES = 3;
/** A signed visit address has about 90 characters; what is longer is nobody's business of ours. */
const MOST_CHARACTERS = 300;

let ready: Promise<unknown> | undefined;

/** Given the bytes: left alone, the library would fetch them from the network. */
async function prepare(): Promise<void> {
  const wasm = await readFile(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'));
  const wasmBinary = wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) as ArrayBuffer;
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
}

/** What QR codes in the picture say. A fact, no scan: a code that was photographed can be passed on, a scan comes from the phone in front of it. */
export async function readCodes({ width, height, data }: Rgb): Promise<string[]> {
  await (ready ??= prepare());
  const rgba = await sharp(data, { raw: { width, height, channels: 3 } })
    .ensureAlpha()
    .raw()
    .toBuffer();
  const pixels = new Uint8ClampedArray(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  const codes = await readBarcodes(
    { width, height, data: pixels, colorSpace: 'srgb' },
    { formats: ['QRCode'], maxNumberOfSymbols: MOST_CODES },
  );
  return codes.filter(({ isValid }) => isValid).map(({ text }) => text.slice(0, MOST_CHARACTERS));
}

import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { projectRoot } from '../../core/index.js';

const fonts = join(projectRoot, 'node_modules/@expo-google-fonts/noto-sans-sc');
/** TrueType: resvg ignores woff, pdfkit embeds a subset of it. */
export const fontFile = join(fonts, '400Regular/NotoSansSC_400Regular.ttf');
export const boldFontFile = join(fonts, '700Bold/NotoSansSC_700Bold.ttf');

export interface Pixels {
  width: number;
  height: number;
  /** RGB, 8 bit. */
  data: Buffer;
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function seeded(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: () => number, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0) ?? 0};`);
}

/** One line of text; `size` in px, `y` is the base line. */
export function text(
  content: string,
  at: { x: number; y: number; size: number; fill?: string; bold?: boolean; anchor?: 'start' | 'middle' | 'end' },
): string {
  return (
    `<text x="${at.x}" y="${at.y}" font-family="Noto Sans SC" font-size="${at.size}" font-weight="${at.bold ? 700 : 400}" ` +
    `text-anchor="${at.anchor ?? 'start'}" fill="${at.fill ?? '#fff'}">${escapeXml(content)}</text>`
  );
}

export function rect(x: number, y: number, width: number, height: number, fill: string, more = ''): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`;
}

/** Draws an SVG body to plain RGB pixels. */
export function render(width: number, height: number, body: string): Pixels {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`;
  const image = new Resvg(svg, {
    font: { loadSystemFonts: false, fontFiles: [fontFile, boldFontFile], defaultFontFamily: 'Noto Sans SC' },
    background: '#fff',
  }).render();
  const rgba = image.pixels;
  const data = Buffer.alloc(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = rgba[from] ?? 0;
    data[to + 1] = rgba[from + 1] ?? 0;
    data[to + 2] = rgba[from + 2] ?? 0;
  }
  return { width, height, data };
}

/** What a sensor adds: uneven light, grain, and a little colour of its own. Different seeds never give the same pixels. */
export function grain(pixels: Pixels, random: () => number, options: { sigma: number; exposure: number }): Pixels {
  const { width, height, data } = pixels;
  const centreX = width * (0.3 + 0.4 * random());
  const centreY = height * (0.2 + 0.3 * random());
  const fall = 0.18 + 0.1 * random();
  const reach = Math.hypot(width, height);
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const light = options.exposure * (1 + fall * (0.35 - Math.hypot(x - centreX, y - centreY) / reach));
      // Sum of three uniform numbers: close enough to a bell, and quick.
      const noise = (random() + random() + random() - 1.5) * 2 * options.sigma;
      for (let channel = 0; channel < 3; channel += 1, at += 1) {
        data[at] = Math.max(0, Math.min(255, (data[at] ?? 0) * light + noise));
      }
    }
  }
  return pixels;
}

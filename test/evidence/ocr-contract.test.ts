import test from 'ava';
import { createPpOcr } from '../../src/evidence/ocr/pp-ocr.js';
import { createTesseract } from '../../src/evidence/ocr/tesseract.js';
import type { OcrEngine } from '../../src/evidence/ocr/engine.js';
import { grey, luminance, type Rgb } from '../../src/evidence/photo/grey.js';
import { render, text as draw } from '../../src/sandbox/samples/draw.js';

// What every reader must keep to, whichever it is.
const LINES = [
  { text: '2026-11-24 14:32', x: 60, y: 60, size: 44 },
  { text: '上海市浦东新区', x: 60, y: 200, size: 48 },
  { text: 'SN: AB-64409339', x: 60, y: 340, size: 44 },
];
interface Line {
  text: string;
  x: number;
  y: number;
  size: number;
}
/** Dark on light; `y` is the top of the letters' box. */
const page = (width: number, height: number, lines: readonly Line[]): Rgb =>
  render(
    width,
    height,
    lines.map(({ text, x, y, size }) => draw(text, { x, y: y + size * 0.86, size, fill: '#222' })).join(''),
  );
const bare = (text: string): string => text.normalize('NFKC').replace(/\s/gu, '');

const engines: [name: string, create: () => OcrEngine][] = [
  ['tesseract', createTesseract],
  ['pp-ocr', createPpOcr],
];
for (const [name, create] of engines) {
  const engine = create();
  test.after.always(async () => await engine.close());

  test.serial(`${name}: finds the lines of a page, from top to bottom, with their places`, async (t) => {
    t.timeout(120_000);
    t.is(engine.id, name as OcrEngine['id']);
    await engine.warm();
    const picture = page(900, 460, LINES);
    for (const image of [picture, luminance(picture)]) {
      const lines = await engine.page(image);
      const read = lines.map(({ text }) => bare(text));
      t.deepEqual(
        read,
        LINES.map(({ text }) => bare(text)),
      );
      for (const [index, { box, textHeight, confidence }] of lines.entries()) {
        const { x, y, size } = LINES[index] ?? { x: 0, y: 0, size: 0 };
        // Ink of a line of this size: digits are about 0.75 of it high.
        t.true(
          Math.abs(box.x - x) < 20 && Math.abs(box.y + box.height / 2 - y - size / 2) < size / 2,
          `${index} ${JSON.stringify(box)}`,
        );
        t.true(textHeight > size * 0.5 && textHeight < size * 1.3, `${index}: ${textHeight} of ${size}`);
        t.true(confidence > 0.5 && confidence <= 1);
      }
    }
  });

  test.serial(`${name}: reads a line, nothing on paper, and calls that overlap`, async (t) => {
    t.timeout(120_000);
    const line = luminance(page(420, 70, [{ text: '2026-11-24', x: 16, y: 12, size: 44 }]));
    const blank = grey(300, 80, 255);
    const [one, none, digits, found] = await Promise.all([
      engine.line(line, 'chinese'),
      engine.line(blank, 'chinese'),
      engine.line(line, 'digits'),
      engine.page(grey(400, 300, 255)),
    ]);
    t.is(bare(one.text), '2026-11-24');
    t.is(none.text, '');
    t.is(bare(digits.text), '2026-11-24');
    t.deepEqual(found, []);
  });

  test.serial(`${name}: a picture without its pixels throws, the next is read; closed is closed`, async (t) => {
    t.timeout(120_000);
    const short: Rgb = { width: 100, height: 100, data: new Uint8Array(7) };
    await t.throwsAsync(engine.page(short), { instanceOf: RangeError });
    await t.throwsAsync(engine.line(short, 'latin'), { instanceOf: RangeError });
    t.deepEqual(await engine.page(grey(200, 100, 255)), []);
    await engine.close();
    await t.throwsAsync(engine.page(grey(200, 100, 255)), { message: /closed/u });
    await engine.close();
  });
}

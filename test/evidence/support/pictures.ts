// Pictures that no camera makes on purpose.
import { crc32, deflateSync } from 'node:zlib';
import { toBuffer } from 'qrcode';
import sharp, { type Sharp } from 'sharp';
import { render, text as draw, type Pixels } from '../../../src/sandbox/samples/draw.js';

const toSharp = ({ width, height, data }: Pixels): Sharp => sharp(data, { raw: { width, height, channels: 3 } });

/** A PNG of one grey whose pixels are packed a thousand to one; never held in memory unpacked here. */
export function hugePng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(named) >>> 0);
    return Buffer.concat([length, named, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const row = Math.ceil(width / 8) + 1;
  const data = deflateSync(Buffer.alloc(row * height), { level: 9 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The front of an identity card on a table; the name and number are made up and say so. */
export async function idCard(): Promise<Buffer> {
  const lines: [string, number, number][] = [
    ['姓名　样张', 330, 300],
    ['性别　女　民族　汉', 330, 380],
    ['出生　1990年1月1日', 330, 460],
    ['住址　某省某市某区某路1号', 330, 540],
    ['公民身份号码', 330, 700],
    ['110101199001010000', 620, 700],
  ];
  const card = `<rect width="1440" height="1080" fill="#7a6a55"/><rect x="270" y="200" width="900" height="570" rx="30" fill="#dfe9f2"/>`;
  const words = lines.map(([words, x, y]) => draw(words, { x, y, size: 40, fill: '#223' })).join('');
  return await toSharp(render(1440, 1080, card + words))
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** A code stuck on a wall of the picture. */
export async function withQr(photo: Buffer, content: string): Promise<Buffer> {
  const code = await toBuffer(content, { width: 260, margin: 3 });
  return await sharp(photo)
    .composite([{ input: code, left: 60, top: 60 }])
    .jpeg({ quality: 80 })
    .toBuffer();
}

/** A phone's picture of a screen that shows this photo: stripes of red, green and blue, a dark line between rows, a camera held a little askew. */
export async function onScreen(
  photo: Buffer,
  { pitch, angle, blur, depth = 1 }: { pitch: number; angle: number; blur: number; depth?: number },
): Promise<Buffer> {
  const [width, height, over] = [1440, 1080, 2];
  const { data } = await sharp(photo)
    .resize(width * over, height * over, { fit: 'cover' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let y = 0; y < height * over; y += 1) {
    for (let x = 0; x < width * over; x += 1) {
      const u = (x * cos + y * sin) / (pitch * over);
      const v = (y * cos - x * sin) / (pitch * over);
      const row = v - Math.floor(v) < 0.12 ? 1 - 0.75 * depth : 1;
      const stripe = Math.floor((u - Math.floor(u)) * 3);
      for (let channel = 0; channel < 3; channel += 1) {
        const at = (y * width * over + x) * 3 + channel;
        const light = channel === stripe ? 1 + 0.35 * depth : 1 - 0.55 * depth;
        data[at] = Math.min(255, (data[at] ?? 0) * light * row);
      }
    }
  }
  return await sharp(data, { raw: { width: width * over, height: height * over, channels: 3 } })
    .blur(0.3 + blur * over)
    .resize(width, height)
    .jpeg({ quality: 82 })
    .toBuffer();
}

/** A printed page on a table, photographed a little askew; `lines` of print. */
export async function printedPage(lines: number, angle = 2): Promise<Buffer> {
  const words = '甲方同意按照本合同约定的数量、价格和时间向乙方采购设备及其附件，';
  const step = Math.min(34, 900 / Math.max(1, lines));
  const print = Array.from({ length: lines }, (_, n) =>
    draw(words.slice(0, 20 + ((n * 7) % 12)), {
      x: 420,
      y: 120 + n * step,
      size: Math.min(19, step * 0.6),
      fill: '#333',
    }),
  );
  const page = `<rect width="1440" height="1080" fill="#6f5d49"/><g transform="rotate(${angle} 720 540)"><rect x="360" y="40" width="740" height="1000" fill="#f2f1ec"/>${print.join('')}</g>`;
  return await toSharp(render(1440, 1080, page))
    .blur(0.6)
    .jpeg({ quality: 82 })
    .toBuffer();
}

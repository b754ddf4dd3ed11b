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

import test from 'ava';
import sharp, { type Exif } from 'sharp';
import { readExif } from '../../src/evidence/photo/exif.js';

async function picture(exif: Exif): Promise<Buffer> {
  return await sharp({ create: { width: 64, height: 48, channels: 3, background: '#888' } })
    .withExif(exif)
    .jpeg()
    .toBuffer();
}
const gps = (lat: string, lng: string): Exif => ({
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: lat, GPSLongitudeRef: 'E', GPSLongitude: lng },
});

test('time, offset and place are read as they are written', async (t) => {
  const facts = await readExif(
    await picture({
      IFD0: { Make: 'Maker', Model: 'M1' },
      IFD2: { DateTimeOriginal: '2026:11:24 14:32:10', OffsetTimeOriginal: '+08:00' },
      ...gps('31/1 13/1 4944/100', '121/1 28/1 2532/100'),
    }),
  );
  t.is(facts.capturedAt, '2026-11-24T14:32:10');
  t.is(facts.offsetMinutes, 480);
  t.is(facts.camera, 'Maker M1');
  t.is(facts.position?.datum, 'wgs84');
  t.true(Math.abs((facts.position?.lat ?? 0) - 31.2304) < 1e-6);
  t.true(Math.abs((facts.position?.lng ?? 0) - 121.4737) < 1e-6);
});

const nothing: [title: string, exif: Exif][] = [
  ['a year 0000', { IFD2: { DateTimeOriginal: '0000:00:00 00:00:00' } }],
  ['a month 13', { IFD2: { DateTimeOriginal: '2026:13:01 10:00:00' } }],
  ['the time of a file alone', { IFD0: { DateTime: '2026:11:24 14:32:10' } }],
  ['GPS 0,0', gps('0/1 0/1 0/1', '0/1 0/1 0/1')],
  ['half a position', { IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '31/1 13/1 4944/100' } }],
];
for (const [title, exif] of nothing) {
  test(`${title} is nothing`, async (t) => {
    const { capturedAt, position } = await readExif(await picture(exif));
    t.is(capturedAt, null);
    t.is(position, null);
  });
}

test('no EXIF, and no picture, are nothing and no exception', async (t) => {
  for (const bytes of [await picture({}), Buffer.from('not a picture'), Buffer.alloc(0)]) {
    t.is((await readExif(bytes)).capturedAt, null);
  }
});

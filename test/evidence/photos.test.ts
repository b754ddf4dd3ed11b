import test from 'ava';
import sharp from 'sharp';
import { silentLog } from '../../src/core/index.js';
import { createEvidence, type EvidenceContext, type EvidenceRequest, type Verdict } from '../../src/evidence/index.js';
import { makeSample, nameplateFacts, type SampleParams } from '../../src/sandbox/samples/index.js';
import { buildContext, buildSampleParams, CLIENT, minutes, SITE } from './support/context.js';

// Pictures one after the other through the whole way: worker, recogniser, judge. The judges' own tables are in photo-judge.test.ts.
const evidence = createEvidence({ workers: 1, timeoutMs: 30_000, ocr: 'both', log: silentLog });
test.after.always(async () => await evidence.close());

type PhotoDemands = (EvidenceRequest & { kind: 'photo' })['demands'];
const SITE_PHOTO: PhotoDemands = {
  freshWithinMs: 600_000,
  withinMetres: 300,
  watermarkTime: true,
  environment: true,
  reuse: 'company',
};
const DOOR_PLATE: PhotoDemands = {
  freshWithinMs: 600_000,
  watermarkTime: true,
  doorPlates: ['检验科', '手术室', '急诊科', '病理科'],
};
const PLACE = { lat: SITE.lat, lng: SITE.lng };

async function judge(
  demands: PhotoDemands,
  bytes: Uint8Array,
  context: Partial<EvidenceContext> = {},
): Promise<Verdict> {
  return await evidence.verify({ kind: 'photo', demands }, { bytes, name: 'photo.jpg' }, buildContext(context));
}
const sample = async (name: string, more: Partial<SampleParams> = {}): Promise<Buffer> =>
  (await makeSample(name, buildSampleParams(more))).bytes;

test.serial('a photo taken now, here, passes, and says when and where', async (t) => {
  t.timeout(180_000);
  const verdict = await judge(SITE_PHOTO, await sample('site-photo', PLACE));
  t.is(verdict.status, 'passed', verdict.say);
  t.regex(verdict.say, /11 月 24 日 14:32，离城东医院 0 米/u);
  t.is(verdict.facts.watermarkAt, '2026-11-24T14:32');
  t.is(verdict.facts.distanceMetres, 0);
});

test.serial('a photo of another day fails with the day it read', async (t) => {
  t.timeout(180_000);
  const verdict = await judge(SITE_PHOTO, await sample('old-photo'), {
    positions: [{ ...PLACE, datum: 'wgs84', source: 'location-message' }],
  });
  t.is(verdict.status, 'failed', verdict.say);
  t.regex(verdict.say, /照片里的时间是 11 月 21 日 14:32，和现在差 3 天/u);
});

test.serial('a photo without a watermark is not checked, not failed', async (t) => {
  t.timeout(180_000);
  const verdict = await judge({ watermarkTime: true }, await sample('site-photo-plain'));
  t.is(verdict.status, 'unchecked', verdict.say);
});

test.serial('the plate of a listed department passes, of another goes to a person', async (t) => {
  t.timeout(240_000);
  const listed = await judge(DOOR_PLATE, await sample('door-plate', { plate: '病理科' }));
  t.is(listed.status, 'passed', listed.say);
  t.is(listed.facts.plate, '病理科');
  const other = await judge(DOOR_PLATE, await sample('door-plate', { plate: '神经内科' }));
  t.is(other.status, 'review', other.say);
  t.regex(other.say, /识别到「神经内科」/u);
});

test.serial('the watermark of a photo is no door plate, though it names a department', async (t) => {
  t.timeout(180_000);
  // The camera app prints the client's name: here one that names a listed department.
  const bytes = await sample('site-photo', { clientName: `${CLIENT}检验科`, seed: 2 });
  const verdict = await judge({ doorPlates: ['检验科'] }, bytes);
  t.not(verdict.status, 'passed', verdict.say);
});

test.serial('a nameplate gives model and serial', async (t) => {
  t.timeout(180_000);
  const verdict = await judge({ nameplate: ['model', 'serial'] }, await sample('nameplate', { seed: 3 }));
  const { model, serial } = nameplateFacts(3);
  t.is(verdict.status, 'passed', verdict.say);
  t.is(verdict.facts.model, model);
  t.is(verdict.facts.serial, serial);
});

const quick: [title: string, make: () => Promise<Uint8Array>, status: string, say: RegExp][] = [
  ['a covered lens', async () => await sample('blank-photo'), 'failed', /空白/u],
  ['a dark photo', async () => await sample('dark-photo'), 'unchecked', /太暗/u],
  ['a blurred photo', async () => await sample('blurred-photo'), 'unchecked', /拍糊/u],
  ['nothing', async () => await Promise.resolve(new Uint8Array(0)), 'unchecked', /空文件/u],
  ['30 MB', async () => await Promise.resolve(new Uint8Array(30 * 1024 * 1024)), 'failed', /30 MB，最大收 25 MB/u],
  ['a PDF', async () => await sample('proposal'), 'failed', /要的是照片，收到的是 PDF/u],
  [
    'a JPEG that ends early',
    async () => (await sample('site-photo-plain')).subarray(0, 60_000),
    'unchecked',
    /没传完整/u,
  ],
  [
    'a thumbnail',
    async () =>
      await sharp(await sample('site-photo-plain'))
        .resize(160)
        .jpeg()
        .toBuffer(),
    'failed',
    /只有 160×120 像素/u,
  ],
  [
    'too many pixels',
    async () =>
      await sharp({ create: { width: 9_000, height: 9_000, channels: 3, background: '#888' } })
        .png()
        .toBuffer(),
    'failed',
    /9000×9000/u,
  ],
  [
    'SVG',
    async () =>
      await Promise.resolve(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"/>')),
    'failed',
    /收到的/u,
  ],
  [
    'a GIF',
    async () =>
      await sharp({ create: { width: 400, height: 400, channels: 3, background: '#888' } })
        .gif()
        .toBuffer(),
    'failed',
    /动图/u,
  ],
  [
    'a JPEG called what it is not',
    async () => Buffer.concat([Buffer.from('\xff\xd8\xff', 'latin1'), Buffer.alloc(5_000, 7)]),
    'unchecked',
    /打不开/u,
  ],
];
for (const [title, make, status, say] of quick) {
  test.serial(`bad picture: ${title} → ${status}`, async (t) => {
    t.timeout(180_000);
    const verdict = await judge({ environment: true }, await make());
    t.is(verdict.status, status as never, verdict.say);
    t.regex(verdict.say, say);
  });
}

test.serial('PNG and WebP are read like JPEG', async (t) => {
  t.timeout(180_000);
  const image = sharp(await sample('site-photo-plain')).resize(900);
  for (const bytes of [await image.clone().png().toBuffer(), await image.clone().webp().toBuffer()]) {
    t.is((await judge({ environment: true }, bytes)).status, 'passed');
  }
});

test.serial('text where a photo is asked says what is wanted', async (t) => {
  const verdict = await evidence.verify({ kind: 'photo', demands: {} }, null, buildContext({ receivedAt: minutes(1) }));
  t.is(verdict.status, 'failed');
  t.regex(verdict.say, /要的是照片，收到的是文字/u);
});

test.serial('the copy for people has the bar, no EXIF, and is no larger than it needs', async (t) => {
  t.timeout(180_000);
  const original = await sample('site-photo', PLACE);
  const copy = await evidence.printCopy(original, [
    '城东医院 · 代表甲',
    '2026-11-24 14:32 · 客户现场照片',
    '留痕码 K7Q2-9XMD',
  ]);
  const metadata = await sharp(copy).metadata();
  t.is(metadata.format, 'jpeg');
  t.is(metadata.exif, undefined);
  const before = await sharp(original).metadata();
  t.is(metadata.width, before.width);
  t.true(metadata.height > before.height + 60);
  // The bar holds light ink on dark ground: the font was found.
  const bar = { left: 0, top: before.height, width: metadata.width, height: metadata.height - before.height };
  const [red] = (await sharp(await sharp(copy).extract(bar).png().toBuffer()).stats()).channels;
  t.true((red?.max ?? 0) > 200 && (red?.mean ?? 255) < 90);
  await t.throwsAsync(evidence.printCopy(Buffer.from('%PDF-1.4'), ['x']), { name: 'BadFileError' });
});

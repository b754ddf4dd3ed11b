import test from 'ava';
import sharp from 'sharp';
import { silentLog } from '../../src/core/index.js';
import { createEvidence, type EvidenceContext, type EvidenceRequest, type Verdict } from '../../src/evidence/index.js';
import { nameplateFacts } from '../../src/sandbox/samples/index.js';
import { buildContext, CLIENT, minutes, SITE } from './support/context.js';
import { sample } from './support/samples.js';

// Pictures one after the other through the whole way: worker, recogniser, judge. The judges' own tables are in photo-judge.test.ts, bad pictures in
// bad-input.test.ts.
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

import test from 'ava';
import sharp from 'sharp';
import { BadInputError } from '../../src/core/index.js';
import { makeSample, sampleNames } from '../../src/sandbox/samples/index.js';
import { buildSampleParams, SITE } from './support/context.js';

test('every sample has a name of its own and a Chinese title', (t) => {
  const samples = sampleNames();
  t.is(new Set(samples.map(({ name }) => name)).size, samples.length);
  for (const { title } of samples) t.regex(title, /\p{Script=Han}/u);
});

test('a photo is the same for the same seed and differs in pixels for another', async (t) => {
  const make = async (seed: number): Promise<Buffer> =>
    (await makeSample('blank-photo', buildSampleParams({ seed }))).bytes;
  const [one, again, other] = [await make(1), await make(1), await make(2)];
  t.true(one.equals(again));
  const pixels = async (file: Buffer): Promise<Buffer> => await sharp(file).raw().toBuffer();
  t.false((await pixels(one)).equals(await pixels(other)));
});

test('EXIF is there with a position and gone without', async (t) => {
  const withPlace = await makeSample('site-photo-plain', buildSampleParams({ lat: SITE.lat, lng: SITE.lng }));
  const without = await makeSample('site-photo-plain', buildSampleParams());
  t.truthy((await sharp(withPlace.bytes).metadata()).exif);
  t.is((await sharp(without.bytes).metadata()).exif, undefined);
});

test('an unknown sample is refused', async (t) => {
  await t.throwsAsync(makeSample('selfie', buildSampleParams()), {
    instanceOf: BadInputError,
    code: 'sample.unknown',
  } as never);
});

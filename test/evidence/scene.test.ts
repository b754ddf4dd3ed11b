import test from 'ava';
import { judgePhoto } from '../../src/evidence/judge/photo.js';
import { extractPhoto, type PhotoFacts } from '../../src/evidence/photo/extract.js';
import { screenPeak } from '../../src/evidence/photo/screen.js';
import { makeSample } from '../../src/sandbox/samples/index.js';
import { buildContext, buildSampleParams } from './support/context.js';
import { onScreen, printedPage } from './support/pictures.js';

const sitePhoto = async (seed: number): Promise<Buffer> =>
  (await makeSample('site-photo-plain', buildSampleParams({ seed }))).bytes;

const factsOf = async (bytes: Buffer, screen = true, scene = true): Promise<PhotoFacts> =>
  await extractPhoto(
    bytes,
    { watermark: false, plates: null, nameplate: false, screen, scene },
    { first: null, second: null },
  );

async function verdictOf(bytes: Buffer, environment = true) {
  return judgePhoto({ environment }, await factsOf(bytes, environment, environment), 'hash', buildContext());
}

test('an ordinary scene is neither a screen nor a page', async (t) => {
  for (const seed of [1, 2, 3]) {
    const { status, findings } = await verdictOf(await sitePhoto(seed));
    t.is(status, 'passed');
    t.true(findings.some(({ code }) => code === 'photo.screen'));
    t.true(findings.some(({ code }) => code === 'photo.paper'));
  }
});

test('the same scene on a screen goes to a person, and never fails by that', async (t) => {
  const shown = await onScreen(await sitePhoto(1), { pitch: 3.2, angle: 0.08, blur: 0.4 });
  const { status, say } = await verdictOf(shown);
  t.is(status, 'review');
  t.regex(say, /像是对着屏幕拍的/u);
});

test('a printed page goes to a person as a page, however it lies', async (t) => {
  for (const angle of [0, 4, -7]) {
    const { status, say, findings } = await verdictOf(await printedPage(24, angle));
    t.is(status, 'review', String(angle));
    t.regex(say, /一页印着字的纸/u);
    t.is(findings.find(({ code }) => code === 'photo.screen')?.status, 'passed', 'lines of print are no screen');
  }
  t.is((await verdictOf(await printedPage(6))).findings.find(({ code }) => code === 'photo.paper')?.status, 'passed');
});

test('where no scene is asked for, neither is looked for', async (t) => {
  const { findings } = await verdictOf(await printedPage(24), false);
  t.false(findings.some(({ code }) => code === 'photo.paper' || code === 'photo.screen'));
});

test('a photo that must be new is looked at for a screen, and may be of a page', async (t) => {
  const shown = await onScreen(await sitePhoto(2), { pitch: 3.2, angle: 0.08, blur: 0.4 });
  const judged = judgePhoto({ reuse: 'company' }, await factsOf(shown, true, false), 'hash', buildContext());
  t.is(judged.status, 'review');
  t.false(judged.findings.some(({ code }) => code === 'photo.paper'));
});

test('a picture too small for the measure is said to be unmeasured', async (t) => {
  t.is(screenPeak({ width: 400, height: 900, data: new Uint8Array(360_000) }), null);
  t.not((await factsOf(await printedPage(3))).screen, null);
});

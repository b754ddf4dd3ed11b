import test from 'ava';
import fc from 'fast-check';
import sharp from 'sharp';
import { asId, FixedClock, silentLog, type EvidenceId } from '../../src/core/index.js';
import { createEvidence, createRadar, hashPicture, THUMB_SIDE, type PictureHash } from '../../src/evidence/index.js';
import { createHashTable } from '../../src/evidence/radar/hash-table.js';
import { nearByScan } from './support/radar-scan.js';
import { photo } from '../../src/sandbox/samples/photos.js';
import { COPIES } from '../../scripts/bench/radar-copies.js';
import { testStore } from '../helpers/store.js';
import { TAKEN_AT, ZONE } from './support/context.js';

const id = (text: string): EvidenceId => asId<EvidenceId>(text);

async function scene(seed: number): Promise<Buffer> {
  const kind = seed % 2 === 0 ? 'corridor' : 'shelves';
  return await photo({ scene: kind, at: TAKEN_AT, zone: ZONE, place: '', watermark: null, exif: false, seed });
}

async function hashOf(picture: Buffer): Promise<PictureHash> {
  const data = await sharp(picture).resize(THUMB_SIDE, THUMB_SIDE, { fit: 'fill' }).greyscale().raw().toBuffer();
  return hashPicture({ width: THUMB_SIDE, height: THUMB_SIDE, data });
}

async function openRadar() {
  const { connection } = await testStore();
  const clock = new FixedClock('2026-11-24T06:32:00Z');
  return { connection, clock, radar: createRadar({ connection, clock }) };
}

test('copies are found, different pictures are not', async (t) => {
  const { radar } = await openRadar();
  const [first, second] = [await scene(2), await scene(3)];
  await radar.look(id('first'), await hashOf(first));
  t.deepEqual(await radar.look(id('second'), await hashOf(second)), []);
  for (const { name, asked, make } of COPIES) {
    if (!asked) continue;
    const [found] = await radar.look(id(name), await hashOf(await make(first)));
    t.truthy(found, name);
    t.true((found?.likeness ?? 0) >= 0.85, name);
  }
});

test('a redelivered picture is the same evidence, not a reuse', async (t) => {
  const { radar } = await openRadar();
  const hash = await hashOf(await scene(4));
  await radar.look(id('one'), hash);
  t.deepEqual(await radar.look(id('one'), hash), []);
  t.is(radar.size, 1);
});

test('what another process remembered, and what was remembered before a restart, is known', async (t) => {
  const { connection, clock, radar } = await openRadar();
  const other = createRadar({ connection, clock });
  const hash = await hashOf(await scene(6));
  await other.sync();
  await radar.look(id('one'), hash);
  t.deepEqual(
    (await other.look(id('two'), hash)).map(({ evidenceId }) => evidenceId),
    ['one'],
  );
  const later = createRadar({ connection, clock });
  await later.sync();
  t.is(later.size, 2);
  await later.sync();
  t.is(later.size, 2, 'read twice, added once');
});

test('many questions at once see each other', async (t) => {
  const { radar } = await openRadar();
  const hash = await hashOf(await scene(8));
  const answers = await Promise.all(['a', 'b', 'c'].map((one) => radar.look(id(one), hash)));
  t.is(radar.size, 3);
  // Whoever reads last sees all; nobody misses what was written before.
  t.is(Math.max(...answers.map((list) => list.length)), 2);
});

test('the table grows past its first room and keeps what it had', (t) => {
  const table = createHashTable();
  const words = (n: number): Uint32Array =>
    Uint32Array.from({ length: 80 }, (_, at) => Math.imul(n * 977 + at, 0x9e3779b1) >>> 0);
  for (let n = 0; n < 10_000; n += 1) table.add(words(n));
  t.is(table.size, 10_000);
  for (const n of [0, 4095, 4096, 9999]) t.is(table.near(words(n), 0)[0]?.row, n);
});

const someWords = fc.array(fc.nat(0xffff_ffff), { minLength: 80, maxLength: 80 });
/** Another picture: how many bits in 100 differ, and which (a seed). Up to 45, so that every limit is met from both sides. */
const changes = fc.array(fc.tuple(fc.nat(45), fc.nat(0xffff_ffff)), { minLength: 1, maxLength: 150, size: 'max' });

test('the table answers exactly as comparing with every picture does', (t) => {
  let found = 0;
  fc.assert(
    fc.property(someWords, changes, fc.nat(64), (asked, kept, within) => {
      const table = createHashTable();
      const rows = kept.map(([share, seed], n) => {
        const words = Uint32Array.from(asked);
        // In turn near the picture as it is, mirrored and turned.
        words.copyWithin(0, (n % 5) * 16, (n % 5) * 16 + 16);
        let random = seed;
        for (let bit = 0; bit < 16 * 32; bit += 1) {
          random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
          if ((random >>> 8) % 100 < share) words[bit >> 5] = ((words[bit >> 5] ?? 0) ^ (1 << (bit & 31))) >>> 0;
        }
        table.add(words);
        return words;
      });
      const expected = nearByScan(rows, Uint32Array.from(asked), within);
      found += expected.length;
      t.deepEqual(table.near(Uint32Array.from(asked), within), expected);
    }),
    { seed: 7, numRuns: 200 },
  );
  t.true(found > 1000, 'it was asked about pictures that are there');
});

test('what is kept is read when the readers are warmed, not at the first photo', async (t) => {
  let read = 0;
  const radar = { look: () => Promise.resolve([]), sync: () => Promise.resolve(void (read += 1)), size: 0 };
  const evidence = createEvidence({ workers: 1, ocr: 'tesseract', log: silentLog, radar });
  const warming = evidence.warm().catch(() => undefined);
  t.is(read, 1);
  await evidence.close();
  await warming;
});

// npm run bench:radar [-- lookup | copies | pieces | leaves [PICTURES]]: the reuse radar. JSON lines {name, value, unit, n}.
// npm run bench:radar -- --pictures DIR: all pictures of an archive against each other; pairs that resemble, by name, on stderr.
// PICTURES: a folder with photos, all different (default ../shared/data when it exists, else pictures made here).
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { projectRoot } from '../../src/core/index.js';
import { createHashTable, hashPicture, likeness, THUMB_SIDE, type PictureHash } from '../../src/evidence/index.js';
import { makeSample } from '../../src/sandbox/index.js';
import { COPIES } from './radar-copies.js';
import { deadLeaves } from './radar-leaves.js';

const WITHIN = 12;
/** As the judge has them (src/evidence/judge/photo-reuse.ts). */
const SAME = { bits: 6, likeness: 0.97 };
const ALIKE = 0.92;
const PHOTOS_MADE = 24;
const TILES = 10_000;
const LONG_SIDE = 1440;

const say = (name: string, value: number, unit: string, n: number): void =>
  console.log(JSON.stringify({ name, value: Number(value.toFixed(3)), unit, n }));

async function photos(folder: string | undefined): Promise<Buffer[]> {
  const root = folder ?? join(projectRoot, '../shared/data');
  if (!existsSync(root)) {
    const at = new Date('2026-11-24T06:32:00Z');
    const make = async (seed: number): Promise<Buffer> =>
      (
        await makeSample(['site-photo', 'shelf-photo'][seed % 2] ?? '', {
          at,
          zone: 'Asia/Shanghai',
          clientName: '城东医院',
          seed,
        })
      ).bytes;
    return await Promise.all(Array.from({ length: PHOTOS_MADE }, (_, seed) => make(seed + 1)));
  }
  const out: Buffer[] = [];
  for (const file of (await readdir(root, { recursive: true })).sort()) {
    // Identical pixels twice in the set, once with and once without EXIF: no different picture.
    if (!/\.jpe?g$/iu.test(file) || file.includes('no_exif')) continue;
    const image = sharp(await readFile(join(root, file)), { limitInputPixels: 60e6 }).autoOrient();
    const { width, height } = await image.metadata();
    if (Math.min(width, height) < 240) continue;
    out.push(
      await image
        .resize(LONG_SIDE, LONG_SIDE, { fit: 'inside', withoutEnlargement: true })
        .jpeg({ quality: 92 })
        .toBuffer(),
    );
  }
  return out;
}

async function hashOf(picture: Buffer | Sharp): Promise<PictureHash> {
  const image = Buffer.isBuffer(picture) ? sharp(picture) : picture;
  const data = await image
    .flatten({ background: '#fff' })
    .resize(THUMB_SIDE, THUMB_SIDE, { fit: 'fill' })
    .greyscale()
    .raw()
    .toBuffer();
  return hashPicture({ width: THUMB_SIDE, height: THUMB_SIDE, data });
}

function verdictOn(
  asked: PictureHash,
  kept: readonly PictureHash[],
  table: ReturnType<typeof createHashTable>,
  except = -1,
) {
  let verdict: { row: number; same: boolean } | null = null;
  let best = 0;
  const near = table.near(asked.words, WITHIN).filter(({ row }) => row !== except);
  // As the radar does: of very many only the nearest.
  for (const { row, distance, orientation, asked: crop, kept: keptCrop } of near.slice(0, 24)) {
    const found = kept[row];
    if (found === undefined) continue;
    const value = likeness({ print: asked.print, orientation, crop }, { print: found.print, crop: keptCrop });
    if (value < ALIKE || value <= best) continue;
    best = value;
    verdict = { row, same: distance <= SAME.bits && value >= SAME.likeness };
  }
  return verdict;
}

async function copies(originals: Buffer[]): Promise<void> {
  const hashes = await Promise.all(originals.map(hashOf));
  const table = createHashTable();
  for (const { words } of hashes) table.add(words);
  let [all, foundAll] = [0, 0];
  for (const { name, asked, make } of COPIES) {
    let [found, failed] = [0, 0];
    for (const [n, original] of originals.entries()) {
      const verdict = verdictOn(await hashOf(await make(original)), hashes, table);
      if (verdict?.row === n) found += 1;
      if (verdict?.row === n && verdict.same) failed += 1;
    }
    if (asked) [all, foundAll] = [all + originals.length, foundAll + found];
    say(`radar.found.${name}`, found, 'photos', originals.length);
    say(`radar.called-same.${name}`, failed, 'photos', originals.length);
  }
  say('radar.found.all-asked-for', (100 * foundAll) / all, '%', all);
  const alarms = hashes.map((hash, n) => verdictOn(hash, hashes, table, n));
  say('radar.false.photos-to-review', alarms.filter((one) => one !== null).length, 'photos', hashes.length);
  say('radar.false.photos-failed', alarms.filter((one) => one?.same === true).length, 'photos', hashes.length);
}

/** Not 10,000 photos but 10,000 pieces of photos that do not overlap: every one shows something else. Plain walls are left out, as blank photos are. */
async function pieces(originals: Buffer[]): Promise<void> {
  const across = Math.ceil(Math.sqrt((TILES * 1.6) / originals.length));
  const side = across * THUMB_SIDE;
  const hashes: PictureHash[] = [];
  for (const original of originals) {
    // The whole photo at once: every piece is one thumbnail of it.
    const grey = await sharp(original).resize(side, side, { fit: 'fill' }).greyscale().raw().toBuffer();
    for (let n = 0; n < across * across && hashes.length < TILES; n += 1) {
      const at = (n % across) * THUMB_SIDE + Math.floor(n / across) * THUMB_SIDE * side;
      const data = new Uint8Array(THUMB_SIDE * THUMB_SIDE);
      for (let y = 0; y < THUMB_SIDE; y += 1) {
        data.set(grey.subarray(at + y * side, at + y * side + THUMB_SIDE), y * THUMB_SIDE);
      }
      // Grain of a wall: less than this is a picture of nothing.
      if (deviation(data) < 12) continue;
      hashes.push(hashPicture({ width: THUMB_SIDE, height: THUMB_SIDE, data }));
    }
  }
  const table = createHashTable();
  for (const { words } of hashes) table.add(words);
  const alarms = hashes.map((hash, n) => verdictOn(hash, hashes, table, n));
  say('radar.false.pieces-to-review', alarms.filter((one) => one !== null).length, 'pieces', hashes.length);
  say('radar.false.pieces-failed', alarms.filter((one) => one?.same === true).length, 'pieces', hashes.length);
}

/** As many made pictures that no two share. */
function leaves(): void {
  const table = createHashTable();
  const hashes: PictureHash[] = [];
  for (let seed = 0; hashes.length < TILES; seed += 1) {
    const data = deadLeaves(seed);
    // Covered by one leaf: a picture of nothing.
    if (deviation(data) < 12) continue;
    const hash = hashPicture({ width: THUMB_SIDE, height: THUMB_SIDE, data });
    table.add(hash.words);
    hashes.push(hash);
  }
  const near = hashes.filter(({ words }, n) => table.near(words, WITHIN).some(({ row }) => row !== n)).length;
  const alarms = hashes.map((hash, n) => verdictOn(hash, hashes, table, n));
  say('radar.false.leaves-near-by-hash', near, 'pictures', hashes.length);
  say('radar.false.leaves-to-review', alarms.filter((one) => one?.same === false).length, 'pictures', hashes.length);
  say('radar.false.leaves-failed', alarms.filter((one) => one?.same === true).length, 'pictures', hashes.length);
}

function deviation(values: Uint8Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** An archive of whole pictures, however large: how many resemble another, and which, so that a person can look whether they do. */
async function different(folder: string): Promise<void> {
  const hashes: PictureHash[] = [];
  const names: string[] = [];
  const table = createHashTable();
  let [unreadable, left] = [0, 0];
  for (const file of (await readdir(folder, { recursive: true })).sort()) {
    if (!/\.(?:jpe?g|png|webp)$/iu.test(file)) continue;
    try {
      const image = sharp(await readFile(join(folder, file)), { limitInputPixels: 60e6 }).autoOrient();
      const { width, height } = await image.metadata();
      const { channels } = await image.clone().flatten({ background: '#fff' }).greyscale().stats();
      // No evidence: thumbnails, and pictures of nothing.
      if (Math.min(width, height) < 240 || (channels[0]?.stdev ?? 0) < 12) {
        left += 1;
        continue;
      }
      const hash = await hashOf(image);
      table.add(hash.words);
      hashes.push(hash);
      names.push(file);
    } catch {
      // Said with the figures; the others are still worth counting.
      unreadable += 1;
    }
  }
  let [review, failed] = [0, 0];
  hashes.forEach((hash, n) => {
    const verdict = verdictOn(hash, hashes, table, n);
    if (verdict === null) return;
    if (verdict.same) failed += 1;
    else review += 1;
    console.error(`${verdict.same ? 'same' : 'alike'}\t${names[n] ?? ''}\t${names[verdict.row] ?? ''}`);
  });
  say('radar.false.different-to-review', review, 'pictures', hashes.length);
  say('radar.false.different-failed', failed, 'pictures', hashes.length);
  say('radar.different.left-out-small-or-blank', left, 'pictures', left + hashes.length);
  say('radar.different.unreadable', unreadable, 'files', unreadable + left + hashes.length);
}

function million(): void {
  const n = 1_000_000;
  const table = createHashTable();
  const random = (length: number): Uint32Array => Uint32Array.from({ length }, () => Math.random() * 2 ** 32);
  for (let i = 0; i < n; i += 1) table.add(random(16));
  const walls: number[] = [];
  const cpus: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    const asked = random(80);
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    table.near(asked, WITHIN);
    const spent = process.cpuUsage(cpu);
    walls.push(performance.now() - wall);
    cpus.push((spent.user + spent.system) / 1000);
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
  say('radar.lookup.wall', median(walls), 'ms', n);
  say('radar.lookup.cpu', median(cpus), 'ms', n);
  say('radar.memory', process.memoryUsage().arrayBuffers / 2 ** 20, 'MiB', n);
  say('radar.process-resident', process.memoryUsage().rss / 2 ** 20, 'MiB', n);
}

const [part, folder] = process.argv.slice(2);
const PARTS = { lookup: million, copies, pieces, leaves };
if (part === '--pictures' && folder !== undefined) {
  await different(folder);
} else if (part !== undefined && !(part in PARTS)) {
  console.error(`usage: npm run bench:radar -- [${Object.keys(PARTS).join(' | ')}] [PICTURES] | --pictures DIR`);
  process.exitCode = 2;
} else {
  const originals = part === 'lookup' || part === 'leaves' ? [] : await photos(folder);
  for (const [name, run] of Object.entries(PARTS)) if (part === undefined || part === name) await run(originals);
}

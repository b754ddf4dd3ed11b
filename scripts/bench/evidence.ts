// npm run bench:evidence [-- --write] [--quick]
// How well and how fast evidence is read: accuracy by class over the pictures with truth beside the project (each reader alone, and both), what a
// photo's ticket makes of it, seconds a photo at one and two workers, ratio to the native tesseract program. JSON lines {name, value|ratio, unit, n}.
// --write puts the tables into docs/evidence-accuracy.md; --quick takes every sixth picture. Without the pictures, samples made here are timed.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { silentLog } from '../../src/core/index.js';
import { createEvidence, readFacts, type Evidence, type EvidenceOptions } from '../../src/evidence/index.js';
import { nativeTesseract, timed, type Spent } from './evidence/clock.js';
import { contextAt, timeSamples } from './evidence/samples.js';
import { loadPictures, outcomeOf, type Picture } from './evidence/pictures.js';
import { writeTables, type Cell } from './evidence/tables.js';

type Engine = EvidenceOptions['ocr'];
const ENGINES: readonly Engine[] = ['tesseract', 'pp-ocr', 'both'];
/** On a busy machine the slowest picture takes a minute; a picture given up would count as not read. */
const TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;

const say = (line: Record<string, unknown>): void => console.log(JSON.stringify(line));
const round = (value: number, digits = 3): number => Number(value.toFixed(digits));
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function open(ocr: Engine, workers: number): Evidence {
  return createEvidence({ workers, timeoutMs: TIMEOUT_MS, ocr, log: silentLog });
}

/** Every picture read freely: nothing is known but the list of plates. */
async function accuracy(pictures: readonly Picture[], ocr: Engine, list: string[]): Promise<Map<string, Cell>> {
  const cells = new Map<string, Cell>();
  const evidence = open(ocr, 1);
  try {
    await evidence.warm();
    for (const picture of pictures) {
      const { result, ...spent } = await timed(() => readFacts(evidence, picture.group, picture.bytes, { list }));
      const outcome = outcomeOf(picture, result);
      for (const name of [picture.className, picture.group]) {
        const cell = cells.get(name) ?? {
          n: 0,
          right: 0,
          wrong: 0,
          doubtful: 0,
          none: 0,
          cpuMs: [],
          wallMs: [],
          missed: [],
        };
        cells.set(name, cell);
        cell.n += 1;
        cell[outcome] += 1;
        cell.wallMs.push(spent.wallMs);
        if (spent.cpuMs !== null) cell.cpuMs.push(spent.cpuMs);
        if (outcome !== 'right') cell.missed.push(picture.id);
      }
    }
  } finally {
    await evidence.close();
  }
  for (const [name, { n, right, wrong, doubtful, none, cpuMs, missed }] of cells) {
    say({
      name: `evidence.${ocr}.${name}`,
      value: right,
      unit: 'right',
      n,
      wrong,
      doubtful,
      none,
      missed: missed.join(' '),
    });
    say({ name: `evidence.${ocr}.${name}.cpu`, value: round(median(cpuMs) / 1000), unit: 's/photo (median)', n });
  }
  return cells;
}

/** What a rep gets: the same watermark under its own ticket and under one of another day. */
async function tickets(
  pictures: readonly Picture[],
  ocr: Engine,
): Promise<Record<'own' | 'other', Record<string, number>>> {
  const evidence = open(ocr, 1);
  const counts: Record<'own' | 'other', Record<string, number>> = { own: {}, other: {} };
  try {
    for (const { truth, bytes } of pictures) {
      if (!('takenAt' in truth)) continue;
      const takenAt = new Date(`${truth.takenAt}:20+08:00`);
      for (const [which, shiftMs] of [
        ['own', 0],
        ['other', 27 * HOUR_MS],
      ] as const) {
        const context = contextAt(new Date(takenAt.getTime() + shiftMs));
        const verdict = await evidence.verify(
          { kind: 'photo', demands: { watermarkTime: true } },
          { bytes, name: 'photo.jpg' },
          context,
        );
        counts[which][verdict.status] = (counts[which][verdict.status] ?? 0) + 1;
      }
    }
  } finally {
    await evidence.close();
  }
  for (const [which, statuses] of Object.entries(counts)) {
    for (const [status, value] of Object.entries(statuses))
      say({ name: `evidence.${ocr}.ticket.${which}.${status}`, value, unit: 'photos' });
  }
  return counts;
}

/** Seconds a photo when all are handed in at once. */
async function throughput(pictures: readonly Picture[], ocr: Engine, workers: number, list: string[]): Promise<number> {
  const evidence = open(ocr, workers);
  try {
    await evidence.warm();
    const started = performance.now();
    await Promise.all(pictures.map(({ group, bytes }) => readFacts(evidence, group, bytes, { list })));
    const seconds = (performance.now() - started) / 1000 / pictures.length;
    say({ name: `evidence.${ocr}.${workers}-workers`, value: round(seconds), unit: 's/photo', n: pictures.length });
    return seconds;
  } finally {
    await evidence.close();
  }
}

async function native(pictures: readonly Picture[]): Promise<Spent[]> {
  const spent: Spent[] = [];
  for (const { file } of pictures) {
    const one = await nativeTesseract(file);
    if (one === null) return [];
    spent.push(one);
  }
  return spent;
}

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const all = await loadPictures();
if (all === null) await timeSamples(say);
else {
  const pictures = all.filter((_, index) => !values.quick || index % 6 === 0);
  const list = [...new Set(all.flatMap(({ truth }) => ('plate' in truth ? [truth.plate] : [])))];
  const loadBefore = loadavg()[0] ?? 0;
  const rows = new Map<Engine, Map<string, Cell>>();
  for (const ocr of ENGINES) rows.set(ocr, await accuracy(pictures, ocr, list));
  const byTicket = await tickets(pictures, 'both');
  // A third of the pictures, of every class: enough for a mean, and the machine is shared.
  const some = pictures.filter((_, index) => index % 3 === 0);
  const seconds = { one: await throughput(some, 'both', 1, list), two: await throughput(some, 'both', 2, list) };
  const natively = await native(pictures);
  const cpuOf = (ocr: Engine): number => {
    const groups = ['watermark', 'door-plate', 'nameplate'].flatMap((name) => rows.get(ocr)?.get(name)?.cpuMs ?? []);
    return groups.reduce((sum, ms) => sum + ms, 0) / groups.length;
  };
  const nativeCpu = natively.reduce((sum, { cpuMs }) => sum + (cpuMs ?? 0), 0) / natively.length;
  const ratios = natively.length === 0 ? null : ENGINES.map((ocr) => ({ ocr, ratio: cpuOf(ocr) / nativeCpu }));
  for (const { ocr, ratio } of ratios ?? []) {
    say({
      name: `evidence.${ocr}.to-native-tesseract`,
      ratio: round(ratio, 2),
      unit: 'CPU a photo',
      n: pictures.length,
    });
  }
  const load = [loadBefore, loadavg()[0] ?? 0] as const;
  say({ name: 'evidence.load', value: round(load[1], 1), unit: 'load average', before: round(load[0], 1) });
  if (values.write) await writeTables({ rows, byTicket, seconds, ratios, nativeCpu, load });
}

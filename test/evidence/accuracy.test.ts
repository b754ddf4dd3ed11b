import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot, silentLog } from '../../src/core/index.js';
import { createEvidence, readFacts } from '../../src/evidence/index.js';
import { makeSample, nameplateFacts } from '../../src/sandbox/samples/index.js';
import { TAKEN_AT, ZONE } from './support/context.js';

// How well the recognisers read. Always on some pictures made here; with EVIDENCE_ACCURACY=all (some minutes) on more of them, and on the
// shared set of 60 where it lies beside the project. A wrong value is worse than none, so the two are counted apart.
const evidence = createEvidence({ workers: 1, timeoutMs: 60_000, ocr: 'both', log: silentLog });
test.after.always(async () => await evidence.close());

const DEPARTMENTS = ['检验科', '手术室', '急诊科', '消毒供应中心', '设备科', '病理科'];

interface Row {
  n: number;
  right: number;
  wrong: number;
  ms: number[];
}
type Outcome = 'right' | 'wrong' | 'none';

function count(table: Map<string, Row>, name: string, outcome: Outcome, ms: number): void {
  const row = table.get(name) ?? { n: 0, right: 0, wrong: 0, ms: [] };
  table.set(name, row);
  row.n += 1;
  if (outcome !== 'none') row[outcome] += 1;
  row.ms.push(Math.round(ms));
}
function print(table: Map<string, Row>): string {
  const line = ([name, { n, right, wrong, ms }]: [string, Row]): string => {
    const median = [...ms].sort((a, b) => a - b)[Math.floor(ms.length / 2)] ?? 0;
    return `${name.padEnd(24)} n ${n}  right ${right}  wrong ${wrong}  not read ${n - right - wrong}  median ${median} ms`;
  };
  return [...table].map(line).join('\n');
}
const outcome = (value: unknown, truth: string): Outcome => {
  const bare = (text: string): string => text.replace(/\s/gu, '').toUpperCase();
  if (typeof value !== 'string') return 'none';
  return bare(value) === bare(truth) ? 'right' : 'wrong';
};
/** A nameplate counts as wrong only when a wrong value was read surely. */
function codes(facts: Record<string, unknown>, model: string, serial: string): Outcome {
  const agreed = facts.agreed as { model: number; serial: number };
  const [one, other] = [outcome(facts.model, model), outcome(facts.serial, serial)];
  if (one === 'right' && other === 'right') return 'right';
  return (one === 'wrong' && agreed.model > 1) || (other === 'wrong' && agreed.serial > 1) ? 'wrong' : 'none';
}

const everything = process.env.EVIDENCE_ACCURACY === 'all';

test.serial('generated samples are read, and nothing is read wrong', async (t) => {
  t.timeout(600_000);
  const table = new Map<string, Row>();
  const timed = async (kind: Parameters<typeof readFacts>[1], bytes: Uint8Array, list?: string[]) => {
    const started = performance.now();
    const facts = await readFacts(evidence, kind, bytes, list === undefined ? {} : { list });
    return { facts, ms: performance.now() - started };
  };
  for (const seed of everything ? [21, 22, 23, 24] : [21]) {
    const params = { at: TAKEN_AT, zone: ZONE, clientName: '城东医院', seed };
    for (const name of ['shelf-photo', 'site-photo-stamp', ...(everything ? ['site-photo'] : [])]) {
      const { facts, ms } = await timed('watermark', (await makeSample(name, params)).bytes);
      count(table, `watermark ${name}`, outcome(facts.takenAt, '2026-11-24T14:32'), ms);
    }
    const plate = DEPARTMENTS[seed % DEPARTMENTS.length] ?? '';
    const door = await timed('door-plate', (await makeSample('door-plate', { ...params, plate })).bytes, DEPARTMENTS);
    count(table, 'door plate', outcome(door.facts.match, plate), door.ms);
    const truth = nameplateFacts(seed);
    const device = await timed('nameplate', (await makeSample('nameplate', params)).bytes);
    count(table, 'nameplate', codes(device.facts, truth.model, truth.serial), device.ms);
  }
  t.log(`generated samples\n${print(table)}`);
  for (const [name, { n, right, wrong }] of table) {
    t.is(wrong, 0, name);
    t.true(right >= Math.ceil(0.75 * n), `${name}: ${right} of ${n}`);
  }
});

interface Truth {
  id: string;
  kind: 'wm' | 'dp' | 'np';
  style: string;
  date: string;
  time: string;
  text: string;
  model: string;
  sn: string;
  dark: boolean;
}
const FOLDER = join(projectRoot, '../shared/data/ocr');
const asked = existsSync(FOLDER) && everything;
const shared = asked ? test.serial : test.serial.skip;
const why = asked ? '' : ' (takes minutes: only with EVIDENCE_ACCURACY=all and the pictures beside the project)';

shared(`the shared set: accuracy by class${why}`, async (t) => {
  t.timeout(1_800_000);
  const truths = JSON.parse(await readFile(join(FOLDER, 'truth.json'), 'utf8')) as Truth[];
  const list = [...new Set(truths.flatMap(({ kind, text }) => (kind === 'dp' ? [text] : [])))];
  const table = new Map<string, Row>();
  for (const truth of truths) {
    const bytes = await readFile(join(FOLDER, `${truth.id}.jpg`));
    const started = performance.now();
    const read = async (kind: Parameters<typeof readFacts>[1]) => await readFacts(evidence, kind, bytes, { list });
    switch (truth.kind) {
      case 'wm': {
        const { takenAt } = await read('watermark');
        count(
          table,
          `watermark ${truth.style}`,
          outcome(takenAt, `${truth.date}T${truth.time}`),
          performance.now() - started,
        );
        break;
      }
      case 'dp': {
        const { match } = await read('door-plate');
        count(table, 'door plate', outcome(match, truth.text), performance.now() - started);
        break;
      }
      case 'np': {
        const facts = await read('nameplate');
        const name = truth.dark ? 'nameplate light on dark' : 'nameplate dark on light';
        count(table, name, codes(facts, truth.model, truth.sn), performance.now() - started);
        break;
      }
    }
  }
  t.log(`shared set of ${truths.length}\n${print(table)}`);
  const sum = (prefix: string, what: 'right' | 'wrong'): number =>
    [...table].reduce((total, [name, row]) => total + (name.startsWith(prefix) ? row[what] : 0), 0);
  t.is(sum('', 'wrong'), 0);
  t.true(sum('watermark', 'right') >= 20);
  t.true(sum('door', 'right') >= 17);
  t.true(sum('nameplate', 'right') >= 14);
});

// The measured part of docs/evidence-accuracy.md, between its two marks.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../../src/core/index.js';
import type { Outcome } from './pictures.js';

export type Cell = Record<Outcome, number> & { n: number; cpuMs: number[]; wallMs: number[]; missed: string[] };

export interface Measured {
  /** Engine → class → counts. */
  rows: Map<string, Map<string, Cell>>;
  byTicket: Record<'own' | 'other', Record<string, number>>;
  seconds: { one: number; two: number };
  ratios: { ocr: string; ratio: number }[] | null;
  nativeCpu: number;
  load: readonly [before: number, after: number];
}

const FILE = join(projectRoot, 'docs/evidence-accuracy.md');
const MARKS = ['<!-- measured: npm run bench:evidence -- --write -->', '<!-- end of measured -->'] as const;
const GROUPS: Record<string, string> = {
  watermark: '**watermark, all**',
  'door-plate': '**door plate**',
  nameplate: '**nameplate, all** (model and serial)',
};

const share = (right: number, n: number): string => `${right} of ${n}`;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export async function writeTables({ rows, byTicket, seconds, ratios, nativeCpu, load }: Measured): Promise<void> {
  const both = rows.get('both') ?? new Map<string, Cell>();
  const names = [...both.keys()].sort((a, b) => Number(a in GROUPS) - Number(b in GROUPS));
  const right = (engine: string, name: string): string => {
    const cell = rows.get(engine)?.get(name);
    return cell === undefined ? '-' : share(cell.right, cell.n);
  };
  const table = names
    .filter((name) => name !== 'door-plate')
    .map((name) => {
      const { wrong = 0, doubtful = 0, none = 0, cpuMs = [] } = both.get(name) ?? {};
      const alone = right('tesseract', name);
      const second = right('pp-ocr', name);
      return `| ${GROUPS[name] ?? name} | ${alone} | ${second} | ${right('both', name)} | ${wrong} | ${doubtful} | ${none} | ${(mean(cpuMs) / 1000).toFixed(1)} |`;
    });
  const wrongOf = (engine: string): number =>
    Object.keys(GROUPS).reduce((sum, name) => sum + (rows.get(engine)?.get(name)?.wrong ?? 0), 0);
  const verdicts = (which: 'own' | 'other'): string =>
    ['passed', 'review', 'unchecked', 'failed'].map((status) => `${byTicket[which][status] ?? 0}`).join(' | ');
  const text = [
    `${cpus().length} cores, shared: load average ${load[0].toFixed(1)} before and ${load[1].toFixed(1)} after, so wall seconds are an upper bound; CPU seconds are those of the worker processes.`,
    '',
    '| class | tesseract.js | PP-OCR | both | wrong taken as sure | in doubt | not read | CPU s a photo |',
    '|---|---|---|---|---|---|---|---|',
    ...table,
    '',
    `The last four columns are of both together. Wrong values taken as sure: tesseract.js alone ${wrongOf('tesseract')}, PP-OCR alone ${wrongOf('pp-ocr')} (alone it proves nothing: one reading is never sure for watermarks and nameplates), both ${wrongOf('both')}.`,
    '',
    'The same watermarks as a rep hands them in, both readers:',
    '',
    '| ticket | passed | review | unchecked | failed |',
    '|---|---|---|---|---|',
    `| its own (±10 min) | ${verdicts('own')} |`,
    `| 27 hours later | ${verdicts('other')} |`,
    '',
    `Seconds a photo, a third of all classes handed in at once: ${seconds.one.toFixed(1)} at one worker, ${seconds.two.toFixed(1)} at two.`,
    ratios === null
      ? 'The native `tesseract` program is not installed: no ratio.'
      : `CPU a photo against the native \`tesseract\` program on the whole picture (chi_sim, scattered text, one thread, ${(nativeCpu / 1000).toFixed(1)} s): ${ratios.map(({ ocr, ratio }) => `${ocr} ${ratio.toFixed(2)}`).join(', ')}.`,
  ].join('\n');
  const page = await readFile(FILE, 'utf8');
  const [from, to] = [page.indexOf(MARKS[0]), page.indexOf(MARKS[1])];
  if (from < 0 || to < from) throw new Error(`${FILE} has lost its marks`);
  await writeFile(FILE, `${page.slice(0, from + MARKS[0].length)}\n\n${text}\n\n${page.slice(to)}`);
}

// The pictures with truth that lie beside the project, and what counts as right and as wrong.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../src/core/index.js';

const FOLDER = join(projectRoot, '../shared/data/ocr');

export interface Picture {
  id: string;
  file: string;
  /** Row of the table. */
  className: string;
  group: 'watermark' | 'door-plate' | 'nameplate';
  bytes: Buffer;
  truth: { takenAt: string } | { plate: string } | { model: string; serial: string };
}

interface Entry {
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

/** Null where the pictures are not beside the project. */
export async function loadPictures(): Promise<Picture[] | null> {
  if (!existsSync(FOLDER)) return null;
  const entries = JSON.parse(await readFile(join(FOLDER, 'truth.json'), 'utf8')) as Entry[];
  return await Promise.all(
    entries.map(async (entry): Promise<Picture> => {
      const file = join(FOLDER, `${entry.id}.jpg`);
      const common = { id: entry.id, file, bytes: await readFile(file) };
      switch (entry.kind) {
        case 'wm':
          return {
            ...common,
            group: 'watermark',
            className: `watermark \`${entry.style}\``,
            truth: { takenAt: `${entry.date}T${entry.time}` },
          };
        case 'dp':
          return {
            ...common,
            group: 'door-plate',
            className: 'door plate against the list',
            truth: { plate: entry.text },
          };
        case 'np':
          return {
            ...common,
            group: 'nameplate',
            className: `nameplate, ${entry.dark ? 'light on dark' : 'dark on light'}`,
            truth: { model: entry.model, serial: entry.sn },
          };
      }
    }),
  );
}

/** `wrong`: a wrong value taken as sure; `doubtful`: a wrong or contested value that goes to a person. */
export type Outcome = 'right' | 'wrong' | 'doubtful' | 'none';

const bare = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();

export function outcomeOf({ truth }: Picture, facts: Record<string, unknown>): Outcome {
  if ('takenAt' in truth) {
    if (facts.takenAt === truth.takenAt) return 'right';
    return typeof facts.takenAt !== 'string' ? 'none' : facts.sure === true ? 'wrong' : 'doubtful';
  }
  if ('plate' in truth) {
    if (facts.match === truth.plate) return 'right';
    return typeof facts.match !== 'string'
      ? 'none'
      : facts.score === 1 && facts.step === 'lines'
        ? 'wrong'
        : 'doubtful';
  }
  const agreed = facts.agreed as { model: number; serial: number };
  const judged = (['model', 'serial'] as const).map((fact): Outcome => {
    const value = facts[fact];
    if (typeof value !== 'string') return 'none';
    if (bare(value) === bare(truth[fact])) return 'right';
    return agreed[fact] >= 2 ? 'wrong' : 'doubtful';
  });
  return (['wrong', 'none', 'doubtful'] as const).find((one) => judged.includes(one)) ?? 'right';
}

import type { Connection } from 'mongoose';
import { MINUTE, type Clock, type EvidenceId } from '../../core/index.js';
import { createHashTable } from './hash-table.js';
import { likeness } from './likeness.js';
import { WORDS, type PictureHash } from './picture-hash.js';

/** An earlier picture that resembles the one asked about. */
export interface Resemblance {
  evidenceId: EvidenceId;
  /** Bits of 64 that differ, of the two crops that are most alike. */
  distance: number;
  /** 0 to 1, once the frames were laid over each other. */
  likeness: number;
}

/** Knows the picture of every evidence ever looked at: over all people, all deals and all time. */
export interface Radar {
  /**
   * Remembers the picture of an evidence and tells which others resemble it, the most alike first. The same evidence is the same picture:
   * asking again changes nothing. Which of the others came earlier, and whether they count, is for the asker to say.
   */
  look(evidenceId: EvidenceId, hash: PictureHash): Promise<Resemblance[]>;
  /** Reads what is kept, and what other processes have added since: once at start, and before every look. */
  sync(): Promise<void>;
  readonly size: number;
}

/** Beyond this hashes say nothing. */
const WITHIN_BITS = 12;
/** Two different photos measured up to 0.75 (docs/evidence-accuracy.md). */
const LEAST_LIKENESS = 0.8;
/** Laying frames over each other takes milliseconds: of very many only the nearest. */
const MOST_COMPARED = 24;
/** Clocks of two processes differ, and a write takes its time: what was added this long before the last reading is read again. */
const OVERLAP_MS = 2 * MINUTE;
const BATCH = 5_000;

export const radarIndexes = {
  picture_hashes: [{ key: { addedAt: 1 as const }, name: 'added' }],
};

interface Row {
  _id: EvidenceId;
  addedAt: Date;
  words: { buffer: Uint8Array };
  print: { buffer: Uint8Array };
}

export function createRadar(deps: { connection: Connection; clock: Clock }): Radar {
  const rows = deps.connection.collection('picture_hashes');
  const table = createHashTable();
  const ids: EvidenceId[] = [];
  /** Rows read lately, so that what is read twice is added once. */
  let recent = new Map<EvidenceId, Date>();
  let readTo = new Date(0);
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    const since = new Date(readTo.getTime() - OVERLAP_MS);
    const cursor = rows
      .find({ addedAt: { $gte: since } }, { projection: { words: 1, addedAt: 1 } })
      .sort({ addedAt: 1 })
      .batchSize(BATCH);
    for await (const found of cursor) {
      const { _id, addedAt, words } = found as unknown as Row;
      if (recent.has(_id)) continue;
      table.add(wordsOf(words.buffer));
      ids.push(_id);
      recent.set(_id, addedAt);
      if (addedAt > readTo) readTo = addedAt;
    }
    const oldest = readTo.getTime() - OVERLAP_MS;
    recent = new Map([...recent].filter(([, at]) => at.getTime() >= oldest));
  }

  /** One reading at a time; whoever asks during one waits for a reading that begins after the asking. */
  async function sync(): Promise<void> {
    while (reading !== null) await reading;
    reading = read().finally(() => {
      reading = null;
    });
    await reading;
  }

  return {
    get size() {
      return table.size;
    },
    sync,
    async look(evidenceId, hash) {
      await rows.updateOne(
        { _id: evidenceId },
        {
          $setOnInsert: {
            addedAt: deps.clock.now(),
            words: Buffer.from(hash.words.slice(0, WORDS).buffer),
            print: Buffer.from(hash.print),
          },
        },
        { upsert: true },
      );
      await sync();
      const near = table
        .near(hash.words, WITHIN_BITS)
        .filter(({ row }) => ids[row] !== evidenceId)
        .slice(0, MOST_COMPARED);
      if (near.length === 0) return [];
      const prints = new Map<EvidenceId, Uint8Array>();
      const wanted = near.map(({ row }) => ids[row]);
      for (const found of await rows
        .find({ _id: { $in: wanted as never[] } }, { projection: { print: 1 } })
        .toArray()) {
        const { _id, print } = found as unknown as Row;
        prints.set(_id, Uint8Array.from(print.buffer));
      }
      return near
        .flatMap(({ row, distance, orientation, asked, kept }) => {
          const id = ids[row];
          const print = id === undefined ? undefined : prints.get(id);
          if (id === undefined || print === undefined) return [];
          const value = likeness({ print: hash.print, orientation, crop: asked }, { print, crop: kept });
          return value < LEAST_LIKENESS ? [] : [{ evidenceId: id, distance, likeness: value }];
        })
        .sort((one, other) => other.likeness - one.likeness);
    },
  };
}

/** As kept: little-endian on every machine this runs on. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(Uint8Array.from(bytes).buffer);
}

import type { Connection } from 'mongoose';
import type { PersonId } from '../core/index.js';
import type { IndexSpec } from '../store/index.js';

/** Who looked at which evidence: written at each look, told to whoever handed it in and to those above. */
export interface Looks {
  record(look: Look): Promise<void>;
  /** One row a person and way of looking, the latest first. */
  of(evidenceId: string): Promise<Looked[]>;
}

export interface Look {
  who: PersonId;
  /** The evidence. */
  what: string;
  /** `page`: how it was verified · `copy`: the marked copy · `original`. */
  which: 'page' | 'copy' | 'original';
  at: Date;
}

export interface Looked {
  who: PersonId;
  which: Look['which'];
  /** The last time. */
  at: Date;
  times: number;
}

/** Of the last looks; more than this at one photo is a demonstration, not a review. */
const MOST = 500;

export function createLooks(connection: Connection): Looks {
  const rows = connection.collection('looks');
  return {
    async record(look) {
      await rows.insertOne({ ...look });
    },
    async of(evidenceId) {
      const found = (await rows.find({ what: evidenceId }).sort({ at: -1 }).limit(MOST).toArray()) as unknown as Look[];
      const looked = new Map<string, Looked>();
      for (const { who, which, at } of found) {
        const known = looked.get(`${who} ${which}`);
        if (known === undefined) looked.set(`${who} ${which}`, { who, which, at, times: 1 });
        else known.times += 1;
      }
      return [...looked.values()];
    },
  };
}

export const lookIndexes: Record<string, readonly IndexSpec[]> = {
  looks: [{ key: { what: 1, at: -1 }, name: 'what' }],
};

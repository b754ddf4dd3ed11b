import type { Connection } from 'mongoose';
import { HOUR, SECOND } from '../core/index.js';
import { isDuplicateKey } from '../store/index.js';
import { room, type Limit } from './rate.js';

/**
 * Places to send in one chat, shared by all processes: taken before sending, so that two of them never send more together
 * than one may. A place that is taken and not used counts as used.
 */
export interface Slots {
  /** Up to `wanted` places from now on; none: when the next one is free. */
  take(
    lane: string,
    limits: readonly Limit[],
    wanted: number,
    now: number,
  ): Promise<{ granted: number; waitMs: number }>;
}

interface Taken {
  _id: string;
  ver: number;
  at: number[];
}

const MAX_TRIES = 20;
/** When others are always quicker: look again then. */
const BUSY_MS = SECOND;
/** A place is used within this time, or not at all. */
export const PLACE_LIFE_MS = 5 * SECOND;
/** A call that begins then has arrived, or is given up, by this time: so late the message may count for the platform. */
const SETTLED_MS = 15 * SECOND;
/** No limit looks back further. */
const KEEP_MS = HOUR;

export function createSlots(connection: Connection): Slots {
  const lanes = connection.collection('outbox_lanes');
  return {
    async take(lane, limits, wanted, now) {
      if (limits.length === 0) return { granted: wanted, waitMs: 0 };
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const known = (await lanes.findOne({ _id: lane as never })) as unknown as Taken | null;
        // Another process's clock may be ahead; what it took counts from its own time.
        const at = (known?.at ?? []).filter((time) => time > now - KEEP_MS);
        const { free, waitMs } = room(at, now, limits);
        if (free === 0) return { granted: 0, waitMs: Math.max(1, waitMs) };
        const granted = Math.min(free, wanted);
        const next = {
          at: [...at, ...Array.from({ length: granted }, () => now + SETTLED_MS)].sort((a, b) => a - b),
          usedAt: new Date(now),
        };
        if (known === null) {
          try {
            await lanes.insertOne({ _id: lane as never, ver: 1, ...next });
            return { granted, waitMs: 0 };
          } catch (error) {
            if (!isDuplicateKey(error)) throw error;
          }
        } else {
          const { modifiedCount } = await lanes.updateOne(
            { _id: lane as never, ver: known.ver },
            { $set: { ...next, ver: known.ver + 1 } },
          );
          if (modifiedCount > 0) return { granted, waitMs: 0 };
        }
      }
      return { granted: 0, waitMs: BUSY_MS };
    },
  };
}

export const slotIndexes = {
  outbox_lanes: [{ key: { usedAt: 1 as const }, name: 'used', expireAfterSeconds: (2 * KEEP_MS) / SECOND }],
};

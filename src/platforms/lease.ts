import { randomUUID } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { Clock } from '../core/index.js';
import { isDuplicateKey } from '../store/index.js';

/** Something that only one process at a time may do. */
export interface Lease {
  /** Takes it, or holds on to it, for so long from now; false: another process has it. */
  hold(name: string, ms: number): Promise<boolean>;
  /** Lets go of it, if it is ours. */
  release(name: string): Promise<void>;
}

export function createMongoLease(connection: Connection, clock: Clock): Lease {
  const leases = connection.collection('platform_leases');
  const me = randomUUID();
  return {
    async hold(name, ms) {
      const now = clock.now();
      const mine = { by: me, until: new Date(now.getTime() + ms) };
      const free = { _id: name as never, $or: [{ by: me }, { until: { $lte: now } }] };
      const { matchedCount } = await leases.updateOne(free, { $set: mine });
      if (matchedCount > 0) return true;
      try {
        await leases.insertOne({ _id: name as never, ...mine });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },
    async release(name) {
      await leases.deleteOne({ _id: name as never, by: me });
    },
  };
}

/** One process, nobody to share with. */
export const aloneLease: Lease = { hold: () => Promise.resolve(true), release: () => Promise.resolve() };

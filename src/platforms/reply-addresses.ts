import type { Connection } from 'mongoose';
import type { Clock } from '../core/index.js';

/** Addresses that a platform hands out for one answer to one message; good for a while, once. A secret each. */
export interface ReplyAddresses {
  keep(id: string, address: string, until: Date): Promise<void>;
  /** Null: unknown, used, or too late. */
  find(id: string): Promise<string | null>;
  used(id: string): Promise<void>;
}

/** Shared by all processes: whoever sends the answer need not be who heard the question. */
export function createMongoReplyAddresses(connection: Connection, clock: Clock): ReplyAddresses {
  const addresses = connection.collection('platform_reply_addresses');
  return {
    async keep(id, address, until) {
      await addresses.updateOne({ _id: id as never }, { $setOnInsert: { address, until } }, { upsert: true });
    },
    async find(id) {
      const found = await addresses.findOne({ _id: id as never, until: { $gt: clock.now() } });
      return typeof found?.['address'] === 'string' && found['address'] !== '' ? found['address'] : null;
    },
    async used(id) {
      // Kept until its time is over, so that a message that comes again does not bring it back.
      await addresses.updateOne({ _id: id as never }, { $set: { address: '' } });
    },
  };
}

export const replyAddressIndexes = {
  platform_reply_addresses: [{ key: { until: 1 as const }, name: 'until', expireAfterSeconds: 86_400 }],
};

export function memoryReplyAddresses(clock: Clock): ReplyAddresses {
  const kept = new Map<string, { address: string; until: Date }>();
  return {
    keep: (id, address, until) => {
      if (!kept.has(id)) kept.set(id, { address, until });
      return Promise.resolve();
    },
    find: (id) => {
      const found = kept.get(id);
      return Promise.resolve(
        found !== undefined && found.until > clock.now() && found.address !== '' ? found.address : null,
      );
    },
    used: (id) => {
      const found = kept.get(id);
      if (found !== undefined) found.address = '';
      return Promise.resolve();
    },
  };
}

import type { Connection } from 'mongoose';
import type { Clock } from '../core/index.js';
import { createChanges } from '../store/index.js';

/** Addresses that a platform hands out for answers, each good for a while. A secret each: whoever has one can post. */
export interface ReplyAddresses {
  /** For the one answer to one message: a message that comes again changes nothing. */
  keep(id: string, address: string, until: Date): Promise<void>;
  /** For as many answers to a chat as it lives: takes the place of the one before. */
  renew(id: string, address: string, until: Date): Promise<void>;
  /** Null: unknown, used, or too late. */
  find(id: string): Promise<string | null>;
  used(id: string): Promise<void>;
  /** The platform does not know it any more. A newer one that came meanwhile stays. */
  gone(id: string, address: string): Promise<void>;
}

const NAME = 'platform_reply_addresses';

/** Shared by all processes: whoever sends the answer need not be who heard the question. */
export function createMongoReplyAddresses(connection: Connection, clock: Clock): ReplyAddresses {
  const addresses = connection.collection(NAME);
  const renewals = createChanges(addresses);
  return {
    async keep(id, address, until) {
      await addresses.updateOne({ _id: id as never }, { $setOnInsert: { address, until } }, { upsert: true });
    },
    async renew(id, address, until) {
      const change = { $set: { address, until, removeAt: until } };
      await renewals.add({ filter: { _id: id }, update: change, upsert: true });
    },
    async find(id) {
      const found = await addresses.findOne({ _id: id as never, until: { $gt: clock.now() } });
      return typeof found?.['address'] === 'string' && found['address'] !== '' ? found['address'] : null;
    },
    async used(id) {
      // Kept until its time is over, so that a message that comes again does not bring it back.
      await addresses.updateOne({ _id: id as never }, { $set: { address: '' } });
    },
    async gone(id, address) {
      await addresses.deleteOne({ _id: id as never, address });
    },
  };
}

export const replyAddressIndexes = {
  [NAME]: [
    { key: { until: 1 as const }, name: 'until', expireAfterSeconds: 86_400 },
    // Nothing brings an old one of these back, so they go at once.
    { key: { removeAt: 1 as const }, name: 'remove', expireAfterSeconds: 0 },
  ],
};

export function memoryReplyAddresses(clock: Clock): ReplyAddresses {
  const kept = new Map<string, { address: string; until: Date }>();
  return {
    keep: (id, address, until) => {
      if (!kept.has(id)) kept.set(id, { address, until });
      return Promise.resolve();
    },
    renew: (id, address, until) => {
      kept.set(id, { address, until });
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
    gone: (id, address) => {
      if (kept.get(id)?.address === address) kept.delete(id);
      return Promise.resolve();
    },
  };
}

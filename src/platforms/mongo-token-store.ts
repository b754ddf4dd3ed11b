import type { Connection } from 'mongoose';
import type { Clock } from '../core/index.js';
import { isDuplicateKey } from '../store/index.js';
import type { TokenStore } from './token-holder.js';

/** Tokens shared by all processes through the store, so that one renewal serves everybody. */
export function createMongoTokenStore(connection: Connection, clock: Clock): TokenStore {
  const tokens = connection.collection('platform_tokens');
  const claims = connection.collection('platform_token_claims');
  return {
    async load(key) {
      const found = await tokens.findOne({ _id: key as never });
      if (found === null) return null;
      return {
        value: String(found['value']),
        renewAt: found['renewAt'] as Date,
        expiresAt: found['expiresAt'] as Date,
      };
    },
    async save(key, token) {
      await tokens.updateOne({ _id: key as never }, { $set: { ...token } }, { upsert: true });
      await claims.deleteOne({ _id: key as never });
    },
    async drop(key, value) {
      await tokens.deleteOne({ _id: key as never, value });
    },
    async claim(key, ms) {
      const now = clock.now();
      const until = new Date(now.getTime() + ms);
      try {
        await claims.insertOne({ _id: key as never, until });
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const taken = await claims.updateOne({ _id: key as never, until: { $lte: now } }, { $set: { until } });
      return taken.modifiedCount > 0;
    },
    async release(key) {
      await claims.deleteOne({ _id: key as never });
    },
  };
}

import type { Connection } from 'mongoose';
import type { SessionRecord, SessionStore } from './sessions.js';

export function createMongoSessionStore(connection: Connection): SessionStore {
  const rows = connection.collection('sessions');
  return {
    async create(record) {
      await rows.insertOne(record as never);
    },
    async get(id) {
      return (await rows.findOne({ _id: id as never })) as unknown as SessionRecord | null;
    },
    async delete(id) {
      return (await rows.deleteOne({ _id: id as never })).deletedCount > 0;
    },
    async touch(id, seenAt) {
      await rows.updateOne({ _id: id as never, kind: 'session' }, { $set: { seenAt } });
    },
  };
}

export const sessionIndexes = {
  sessions: [{ key: { expiresAt: 1 as const }, name: 'expires', expireAfterSeconds: 0 }],
};

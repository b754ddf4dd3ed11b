import type { Store } from './connection.js';

export interface StoreStatus {
  /** On disk, with indexes. */
  bytes: number;
  /** Open on the server, those of other programs too. */
  connections: number;
  /** Commands that wait for a commit (embedded store) or a lock (MongoDB). */
  waiting: number;
}

/** For /metrics. NaN where the account on a MongoDB server may not see the figure. */
export async function storeStatus({ connection, engine }: Pick<Store, 'connection' | 'engine'>): Promise<StoreStatus> {
  const db = connection.db!;
  const server = (await db.command({ serverStatus: 1 }).catch(() => ({}))) as {
    connections?: { current?: number };
    globalLock?: { currentQueue?: { total?: number } };
    metrics?: { fileBytes?: number };
  };
  return {
    // The embedded store counts documents one by one for dbStats, too much for every look.
    bytes: engine === 'embedded' ? Number(server.metrics?.fileBytes) : await bytesOf(db),
    connections: Number(server.connections?.current),
    waiting: Number(server.globalLock?.currentQueue?.total),
  };
}

async function bytesOf(db: NonNullable<Store['connection']['db']>): Promise<number> {
  const { storageSize = 0, indexSize = 0 } = (await db.command({ dbStats: 1 })) as Record<string, number>;
  return storageSize + indexSize;
}

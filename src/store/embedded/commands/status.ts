import { MAX_DOCUMENT_BYTES, type Collection } from '../engine/collection.js';
import type { Engine } from '../engine/engine.js';
import { collectionName } from './arguments.js';
import type { Command, Reply, Request } from './types.js';

function sizes(engine: Engine, collection: Collection): { count: number; size: number; indexEntries: number } {
  let count = 0;
  let size = 0;
  for (const { value } of engine.storage.range(collection.prefix, collection.end, {})) {
    count++;
    size += value.length;
  }
  const indexEntries = collection.indexes.reduce(
    (sum, index) => sum + engine.storage.count(index.prefix, index.end),
    0,
  );
  return { count, size, indexEntries };
}

function collStats(request: Request): Reply {
  const { engine, db } = request;
  const name = collectionName(request);
  const collection = engine.catalog.find(db, name);
  const { count, size, indexEntries } = collection ? sizes(engine, collection) : { count: 0, size: 0, indexEntries: 0 };
  return {
    ns: `${db}.${name}`,
    count,
    size,
    avgObjSize: count === 0 ? 0 : Math.round(size / count),
    storageSize: size,
    nindexes: collection ? collection.indexes.length + 1 : 0,
    indexEntries,
    capped: false,
  };
}

function dbStats({ engine, db }: Request): Reply {
  const collections = engine.catalog.all(db);
  const all = collections.map((collection) => sizes(engine, collection));
  const sum = (pick: (one: { count: number; size: number }) => number): number =>
    all.reduce((total, one) => total + pick(one), 0);
  const objects = sum((one) => one.count);
  const dataSize = sum((one) => one.size);
  return {
    db,
    collections: collections.length,
    views: 0,
    objects,
    avgObjSize: objects === 0 ? 0 : dataSize / objects,
    dataSize,
    storageSize: engine.storage.stats()['fileBytes'],
    indexes: collections.reduce((total, collection) => total + collection.indexes.length + 1, 0),
    ok: 1,
  };
}

export function storeStats(engine: Engine): Record<string, number> {
  const memory = process.memoryUsage();
  return {
    uptimeSeconds: Math.round((Date.now() - engine.startedAt) / 1000),
    collections: engine.catalog.all().length,
    openCursors: engine.cursors.size,
    residentBytes: memory.rss,
    heapBytes: memory.heapUsed,
    ...engine.storage.stats(),
    ...engine.counters,
  };
}

function serverStatus({ engine }: Request): Reply {
  const stats = storeStats(engine);
  return {
    host: 'localhost',
    version: '7.0.0',
    process: 'embedded-store',
    pid: process.pid,
    uptime: stats['uptimeSeconds'],
    localTime: new Date(),
    connections: { current: engine.counters['connections'] ?? 0 },
    mem: { bits: 64, resident: Math.round((stats['residentBytes'] ?? 0) / 1048576), supported: true },
    metrics: stats,
    storageEngine: { name: 'lmdb', persistent: true, maxDocumentBytes: MAX_DOCUMENT_BYTES },
  };
}

export const statusCommands: Readonly<Record<string, Command>> = {
  collStats: { fields: ['scale'], run: collStats },
  dbStats: { fields: ['scale'], run: dbStats },
  dbstats: { fields: ['scale'], run: dbStats },
  serverStatus: { fields: [], run: serverStatus },
};

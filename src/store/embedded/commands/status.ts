import { MAX_DOCUMENT_BYTES, type Collection } from '../engine/collection.js';
import type { Engine } from '../engine/engine.js';
import { Slice } from '../engine/time.js';
import { collectionName, wholeField } from './arguments.js';
import type { Command, Reply, Request } from './types.js';

interface Sizes {
  count: number;
  size: number;
  indexEntries: number;
}

/** Documents read at once; then others may have their turn. */
const BATCH = 2_000;

async function sizes(engine: Engine, collection: Collection): Promise<Sizes> {
  const slice = new Slice(undefined);
  let count = 0;
  let size = 0;
  let after: Buffer | null = null;
  for (let seen = BATCH; seen === BATCH;) {
    seen = 0;
    for (const { key, value } of engine.storage.range(collection.prefix, collection.end, { limit: BATCH, after })) {
      seen++;
      size += value.length;
      after = key;
    }
    count += seen;
    if (slice.over()) await slice.next();
  }
  const indexEntries = collection.indexes.reduce(
    (sum, index) => sum + engine.storage.count(index.prefix, index.end),
    0,
  );
  return { count, size, indexEntries };
}

async function collStats(request: Request): Promise<Reply> {
  const { engine, db, body } = request;
  const name = collectionName(request);
  const collection = engine.catalog.find(db, name);
  const found = collection ? await sizes(engine, collection) : { count: 0, size: 0, indexEntries: 0 };
  const { count, size, indexEntries } = found;
  const scale = wholeField(body, 'scale', 1, 1);
  return {
    ns: `${db}.${name}`,
    count,
    size: Math.trunc(size / scale),
    avgObjSize: count === 0 ? 0 : Math.round(size / count),
    storageSize: Math.trunc(size / scale),
    nindexes: collection ? collection.indexes.length + 1 : 0,
    indexEntries,
    capped: false,
    scaleFactor: scale,
  };
}

async function dbStats({ engine, db, body }: Request): Promise<Reply> {
  const collections = engine.catalog.all(db);
  let objects = 0;
  let dataSize = 0;
  for (const collection of collections) {
    const { count, size } = await sizes(engine, collection);
    objects += count;
    dataSize += size;
  }
  const scale = wholeField(body, 'scale', 1, 1);
  return {
    db,
    collections: collections.length,
    views: 0,
    objects,
    avgObjSize: objects === 0 ? 0 : dataSize / objects,
    dataSize: Math.trunc(dataSize / scale),
    storageSize: Math.trunc(engine.storage.stats()['fileBytes']! / scale),
    indexes: collections.reduce((total, collection) => total + collection.indexes.length + 1, 0),
    scaleFactor: scale,
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
    globalLock: { currentQueue: { total: stats['commitsWaiting'] ?? 0 } },
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

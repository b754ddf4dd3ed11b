import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { MongoClient, type Collection, type Db, type Document } from 'mongodb';
import {
  startEmbeddedStore,
  type EmbeddedStore,
  type EmbeddedStoreOptions,
} from '../../../src/store/embedded/index.js';

export async function tempFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-store-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Running {
  store: EmbeddedStore;
  client: MongoClient;
  db: Db;
  /** A collection of a name of its own. */
  collection: <T extends Document = Document>(name?: string) => Collection<T>;
  dataDir: string;
  internalErrors: string[];
}

let names = 0;

/** A store on a fresh folder with a connected driver; both are gone when the test is over. */
export async function startStore(t: ExecutionContext, options: Partial<EmbeddedStoreOptions> = {}): Promise<Running> {
  const dataDir = options.dataDir ?? (await tempFolder(t));
  const internalErrors: string[] = [];
  const store = await startEmbeddedStore({
    dataDir,
    onInternalError: ({ command, message }) => internalErrors.push(`${command}: ${message}`),
    ...options,
  });
  const client = await MongoClient.connect(store.uri, { serverSelectionTimeoutMS: 5_000 });
  t.teardown(async () => {
    await client.close();
    await store.stop();
  });
  const db = client.db('test');
  return {
    store,
    client,
    db,
    collection: <T extends Document = Document>(name?: string) => db.collection<T>(name ?? `c${++names}`),
    dataDir,
    internalErrors,
  };
}

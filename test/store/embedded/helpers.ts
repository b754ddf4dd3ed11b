import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext, TestFn } from 'ava';
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

async function run(dataDir: string, options: Partial<EmbeddedStoreOptions>): Promise<Running> {
  const internalErrors: string[] = [];
  const store = await startEmbeddedStore({
    dataDir,
    onInternalError: ({ command, message }) => internalErrors.push(`${command}: ${message}`),
    ...options,
  });
  const client = await MongoClient.connect(store.uri, { serverSelectionTimeoutMS: 20_000 });
  const db = client.db('test');
  const collection = <T extends Document = Document>(name?: string): Collection<T> =>
    db.collection<T>(name ?? `c${++names}`);
  return { store, client, db, collection, dataDir, internalErrors };
}

async function end({ client, store }: Running): Promise<void> {
  await client.close();
  await store.stop();
}

/** A store on a fresh folder with a connected driver; both are gone when the test is over. */
export async function startStore(t: ExecutionContext, options: Partial<EmbeddedStoreOptions> = {}): Promise<Running> {
  const running = await run(options.dataDir ?? (await tempFolder(t)), options);
  t.teardown(() => end(running));
  return running;
}

/** One store for all tests of a file, which take collections of their own from it. */
export function sharedStore(test: TestFn): () => Running {
  let running: Running | null = null;
  test.serial.before(async () => {
    running = await run(await mkdtemp(join(tmpdir(), 'embedded-store-test-')), {});
  });
  test.after.always(async () => {
    if (!running) return;
    await end(running);
    await rm(running.dataDir, { recursive: true, force: true });
  });
  return () => running!;
}

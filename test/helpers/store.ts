import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Connection } from 'mongoose';
import { silentLog } from '../../src/core/index.js';
import { ensureIndexes } from '../../src/indexes.js';
import { openStore, type Store } from '../../src/store/index.js';

const mongodbUri = process.env['MONGODB_URI'] ?? '';
const prefix = `trailmark_test_${randomBytes(4).toString('hex')}`;
const used: Connection[] = [];
let opened: Promise<{ store: Store; dataDir: string }> | undefined;

async function open(): Promise<{ store: Store; dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-test-'));
  return { dataDir, store: await openStore({ mongodbUri, dataDir, log: silentLog }) };
}

test.after.always('the store of this file is closed and removed', async () => {
  if (opened === undefined) return;
  const { store, dataDir } = await opened;
  // The embedded store goes with its folder; a MongoDB of somebody's is left as it was found.
  if (mongodbUri !== '') for (const connection of used) await connection.dropDatabase();
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

/**
 * A database of its own (with the house's indexes, which take their time), on the one store that the tests of a file share: the embedded one in a
 * temporary folder, or the one at `MONGODB_URI`.
 */
export async function testStore({ indexes = true } = {}): Promise<Store> {
  opened ??= open();
  const { store } = await opened;
  const connection = store.connection.useDb(`${prefix}_${used.length}`);
  used.push(connection);
  if (indexes) {
    await ensureIndexes(connection);
    await keepAll(connection);
  }
  return { ...store, connection, close: () => Promise.resolve() };
}

/** A store's sweep goes by the clock on the wall, tests by clocks of their own: what they wrote last spring would expire in the middle of them. */
export async function keepAll(connection: Connection): Promise<void> {
  const db = connection.db!;
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    for (const index of await db.collection(name).listIndexes().toArray()) {
      if (index['expireAfterSeconds'] !== undefined) await db.collection(name).dropIndex(String(index['name']));
    }
  }
}

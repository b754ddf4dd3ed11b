import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { IndexDescription } from 'mongodb';
import type { Connection } from 'mongoose';
import { silentLog } from '../../src/core/index.js';
import { openStore, type Store } from '../../src/store/index.js';

type Indexes = Record<string, readonly { key: Record<string, 1 | -1 | undefined>; name: string }[]>;

let opened: Promise<{ store: Store; dataDir: string }> | undefined;
let databases = 0;

async function open(): Promise<{ store: Store; dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-test-'));
  return { dataDir, store: await openStore({ mongodbUri: '', dataDir, log: silentLog }) };
}

test.after.always('the store of this file is closed and removed', async () => {
  if (opened === undefined) return;
  const { store, dataDir } = await opened;
  await store.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** A database of its own with these indexes, on the one store that the tests of a file share. */
export async function openTestStore(...indexes: Indexes[]): Promise<Connection> {
  opened ??= open();
  const { store } = await opened;
  const connection = store.connection.useDb(`test${++databases}`);
  for (const [name, specs] of indexes.flatMap((one) => Object.entries(one)))
    await connection.collection(name).createIndexes(specs as IndexDescription[]);
  return connection;
}

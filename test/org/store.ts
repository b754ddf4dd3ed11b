import type { IndexDescription } from 'mongodb';
import type { Connection } from 'mongoose';
import { testStore } from '../helpers/store.js';

type Indexes = Record<string, readonly { key: Record<string, 1 | -1 | undefined>; name: string }[]>;

/** A database of its own with these indexes and no others. */
export async function openTestStore(...indexes: Indexes[]): Promise<Connection> {
  const { connection } = await testStore({ indexes: false });
  for (const [name, specs] of indexes.flatMap((one) => Object.entries(one)))
    await connection.collection(name).createIndexes(specs as IndexDescription[]);
  return connection;
}

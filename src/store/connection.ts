import mongoose, { type Connection } from 'mongoose';
import type { Log } from '../core/index.js';
import { startEmbeddedStore, type EmbeddedStore } from './embedded/index.js';
import { refuseHalfRestored } from './restore.js';

export interface Store {
  connection: Connection;
  engine: 'embedded' | 'mongodb';
  /** For tools that need their own connection to the same data (agenda). */
  uri: string;
  close(): Promise<void>;
}

/**
 * One connection for the whole process. With `mongodbUri` any MongoDB ≥ 5; without, the embedded store in `dataDir`,
 * which nothing past this file can tell apart. Deciding reads and all writes are at majority and journaled (DESIGN §3).
 */
export async function openStore(options: {
  mongodbUri: string;
  dataDir: string;
  log: Log;
  appName?: string;
  /** True lets in where a restore was cut short: for the restore that goes on with it. */
  restoring?: boolean;
}): Promise<Store> {
  mongoose.set('strictQuery', 'throw');
  mongoose.set('sanitizeFilter', true);
  let embedded: EmbeddedStore | null = null;
  let uri = options.mongodbUri;
  if (uri === '') {
    embedded = await startEmbeddedStore({ dataDir: options.dataDir });
    uri = embedded.uri;
  }
  let connection: Connection | null = null;
  try {
    const opened = (connection = await mongoose
      .createConnection(uri, {
        dbName: databaseName(uri),
        appName: options.appName ?? 'trailmark',
        writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
        readConcern: { level: 'majority' },
        readPreference: 'primary',
        serverSelectionTimeoutMS: 5_000,
        maxPoolSize: 30,
        autoIndex: false,
        autoCreate: false,
      })
      .asPromise());
    if (options.restoring !== true) await refuseHalfRestored(opened);
    options.log.info({ engine: embedded === null ? 'mongodb' : 'embedded' }, 'store open');
    return {
      connection: opened,
      engine: embedded === null ? 'mongodb' : 'embedded',
      uri,
      async close() {
        await opened.close();
        await embedded?.stop();
      },
    };
  } catch (error) {
    await connection?.close();
    await embedded?.stop();
    throw error;
  }
}

/** The database named in the address, else `trailmark`. */
function databaseName(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(uri)?.[1] ?? '';
  return path === '' ? 'trailmark' : decodeURIComponent(path);
}

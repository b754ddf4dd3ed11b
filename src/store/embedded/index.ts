import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { EmbeddedStoreError } from './errors.js';
import { claimFolder } from './folder.js';
import { USER, type FromWorker, type ToWorker, type WorkerOptions } from './protocol.js';

export { EmbeddedStoreError } from './errors.js';

export interface EmbeddedStore {
  /** For the driver, mongoose and agenda; carries the credential of this start unless the store was started open. */
  uri: string;
  port: number;
  /** Lets running commands finish, flushes and gives the folder free. */
  stop(): Promise<void>;
  /** Numbers for metrics: commands, documents, bytes, connections, memory. */
  stats(): Promise<Record<string, number>>;
}

export interface EmbeddedStoreOptions {
  /** Created if need be. The store wants it for itself. */
  dataDir: string;
  /** A loopback address; 127.0.0.1 when absent. */
  host?: string;
  /** Any free port when absent or 0. */
  port?: number;
  /** True lets every local program in without a credential. */
  open?: boolean;
  /** What TTL indexes say has expired is removed so often; MongoDB's minute when absent. */
  ttlSweepMs?: number;
  /** Told of errors inside the store; the request that met one has been answered with an error. */
  onInternalError?: (error: { command: string; message: string }) => void;
}

/**
 * MiB for the short-lived objects of the store's thread. Requests leave many and keep few, so a small space is enough; V8's
 * own choice costs 15 to 30 MiB more and is no faster.
 */
const YOUNG_GENERATION_MB = 8;

/** MongoDB's interval. */
const TTL_SWEEP_MS = 60_000;

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Starts the store on a data folder, in a thread of its own so that a long report never holds up the caller's loop.
 * Throws EmbeddedStoreError when the folder cannot be used.
 */
export async function startEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { dataDir, host = '127.0.0.1', port = 0, open = false, ttlSweepMs = TTL_SWEEP_MS } = options;
  if (!LOOPBACK.has(host))
    throw new RangeError(`the embedded store listens on loopback addresses only, not on ${host}`);
  const folder = await claimFolder(dataDir);
  const secret = open ? null : randomBytes(24).toString('base64url');
  const workerData: WorkerOptions = { dataDir: folder.path, host, port, secret, ttlSweepMs };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  try {
    const boundPort = await started(worker, folder.path);
    folder.markReady();
    return face(worker, folder.release, options, { host, port: boundPort, secret });
  } catch (error) {
    await worker.terminate();
    await folder.release();
    throw error;
  }
}

function started(worker: Worker, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromWorker): void => {
      if (message.kind === 'ready') done(() => resolve(message.port));
      else if (message.kind === 'refused') {
        done(() => reject(new EmbeddedStoreError(message.code, message.say, { cause: message.cause })));
      } else if (message.kind === 'failed') {
        done(() => reject(Object.assign(new Error(message.message), message.errno ? { code: message.errno } : {})));
      }
    };
    const onError = (error: Error): void => done(() => reject(error));
    const onExit = (): void =>
      done(() =>
        reject(
          new EmbeddedStoreError(
            'damaged',
            `数据目录 ${path} 里的数据打不开。请从备份恢复整个目录，或用 DATA_DIR 换一个空目录。`,
          ),
        ),
      );
    const done = (settle: () => void): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      settle();
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
  });
}

function face(
  worker: Worker,
  release: () => Promise<void>,
  options: EmbeddedStoreOptions,
  { host, port, secret }: { host: string; port: number; secret: string | null },
): EmbeddedStore {
  const waiting = new Map<number, (stats: Record<string, number>) => void>();
  let lastId = 0;
  let stopping: Promise<void> | null = null;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'stats') {
      waiting.get(message.id)?.(message.stats);
      waiting.delete(message.id);
    } else if (message.kind === 'internal-error') {
      options.onInternalError?.({ command: message.command, message: message.message });
    }
  });
  // A store thread that ends by itself must not be outlived: the error goes up as an uncaught one and ends the process,
  // which starts again on data that is whole.
  worker.on('error', (error) => {
    if (stopping) return;
    setImmediate(() => {
      throw error;
    });
  });
  const address = host === '::1' ? '[::1]' : host;
  const uri =
    secret === null
      ? `mongodb://${address}:${port}/?directConnection=true`
      : `mongodb://${USER}:${secret}@${address}:${port}/?directConnection=true&authMechanism=PLAIN&authSource=%24external`;
  const send = (message: ToWorker): void => worker.postMessage(message);
  return {
    uri,
    port,
    stats: () =>
      new Promise((resolve, reject) => {
        if (stopping) {
          reject(new Error('the embedded store is stopped'));
          return;
        }
        const id = ++lastId;
        waiting.set(id, resolve);
        send({ kind: 'stats', id });
      }),
    stop: () =>
      (stopping ??= (async () => {
        send({ kind: 'stop' });
        await exited;
        await release();
      })()),
  };
}

/** The table of what is supported, made from the code. Loads the whole engine, so only on demand. */
export async function supportTable(): Promise<string> {
  const support = await import('./support.js');
  return support.supportTable();
}

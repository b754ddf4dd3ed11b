import { parentPort, workerData } from 'node:worker_threads';
import { storeStats } from './commands/status.js';
import { Engine } from './engine/engine.js';
import { sweepExpired } from './engine/ttl.js';
import { EmbeddedStoreError } from './errors.js';
import type { FromWorker, ToWorker, WorkerOptions } from './protocol.js';
import { WireServer } from './wire/server.js';

const options = workerData as WorkerOptions;
const say = (message: FromWorker): void => parentPort?.postMessage(message);
const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

function open(): Engine {
  try {
    return Engine.open(options.dataDir);
  } catch (error) {
    if (error instanceof EmbeddedStoreError) throw error;
    throw new EmbeddedStoreError(
      'damaged',
      `数据目录 ${options.dataDir} 里的数据打不开，文件可能不完整。请从备份恢复整个目录，或用 DATA_DIR 换一个空目录重新开始。`,
      { cause: error },
    );
  }
}

async function main(): Promise<void> {
  const engine = open();
  const onInternalError = (error: unknown, command: string): void => {
    engine.count('internalErrors');
    say({ kind: 'internal-error', command, message: textOf(error) });
  };
  const server = new WireServer({ engine, secret: options.secret, onInternalError });
  const port = await server.listen(options.host, options.port);
  let sweeping: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    sweeping ??= Promise.all([sweepExpired(engine, engine.now()), engine.cursors.expire(Date.now())])
      .catch((error: unknown) => onInternalError(error, 'ttl'))
      .finally(() => (sweeping = null));
  }, options.ttlSweepMs);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await server.stop();
    await sweeping;
    await engine.close();
    say({ kind: 'stopped' });
    parentPort?.close();
  };
  parentPort?.on('message', (message: ToWorker) => {
    if (message.kind === 'stats') say({ kind: 'stats', id: message.id, stats: storeStats(engine) });
    else stop().catch((error: unknown) => say({ kind: 'failed', message: textOf(error) }));
  });
  say({ kind: 'ready', port });
}

main().catch((error: unknown) => {
  if (error instanceof EmbeddedStoreError && (error.code === 'damaged' || error.code === 'unwritable')) {
    say({ kind: 'refused', code: error.code, say: error.say, cause: textOf(error.cause) });
  } else {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    say({ kind: 'failed', message: textOf(error), errno });
  }
  parentPort?.close();
});

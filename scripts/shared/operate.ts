import { join } from 'node:path';
import { loadConfig, type Config } from '../../src/config/index.js';
import { AppError, BadInputError, ConfigError, createLogger } from '../../src/core/index.js';
import { EmbeddedStoreError, openStore, type Store } from '../../src/store/index.js';

/** Runs one operator command on the configured store and ends the process with its exit code (2 wrong use or settings, 3 store in use). */
export function operate(
  command: (store: Store, config: Config) => Promise<number>,
  options: { restoring?: boolean } = {},
): void {
  const run = async (): Promise<number> => {
    const config = loadConfig(process.env);
    const store = await openStore({
      mongodbUri: config.mongodbUri,
      dataDir: join(config.dataDir, 'store'),
      log: createLogger('warn'),
      ...options,
    });
    try {
      return await command(store, config);
    } finally {
      await store.close();
    }
  };
  run().then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      if (error instanceof ConfigError) {
        console.error(`Settings are wrong:\n${error.problems.map((problem) => `  ${problem}`).join('\n')}`);
        process.exitCode = 2;
      } else if (error instanceof EmbeddedStoreError) {
        console.error(error.say);
        process.exitCode = 3;
      } else if (error instanceof AppError && error.say !== undefined) {
        console.error(error.say);
        process.exitCode = error instanceof BadInputError ? 2 : 1;
      } else {
        console.error(error);
        process.exitCode = 1;
      }
    },
  );
}

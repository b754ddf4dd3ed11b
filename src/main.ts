import { loadConfig } from './config/index.js';
import { AppError, BadInputError, ConfigError, createLogger, errorText, FlowDefinitionError } from './core/index.js';
import { startTrailmark } from './start.js';
import { EmbeddedStoreError } from './store/index.js';

/** Exit codes: 2 wrong usage or configuration, 3 the data folder belongs to another engine, version or process. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const log = createLogger(config.logLevel);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'));

  const running = await startTrailmark(config, log);
  process.stdout.write(`ready ${running.url}${running.sandbox === null ? '' : `  sandbox ${running.url}/sandbox`}\n`);

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    process.stderr.write(`Settings are wrong:\n${error.problems.map((problem) => `  ${problem}`).join('\n')}\n`);
    process.exit(2);
  }
  if (error instanceof FlowDefinitionError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  if (error instanceof EmbeddedStoreError) {
    process.stderr.write(`${error.say}\n`);
    process.exit(3);
  }
  if (error instanceof AppError && error.code === 'port.in_use') {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  if (error instanceof BadInputError && error.say !== undefined) {
    process.stderr.write(`${error.say}\n`);
    process.exit(2);
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : errorText(error)}\n`);
  process.exit(1);
});

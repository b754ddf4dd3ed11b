import { parseArgs } from 'node:util';
import { EmbeddedStoreError, startEmbeddedStore, supportTable } from '../src/store/embedded/index.js';

/** `npm run store -- --data DIR --port N`: the embedded store alone, open to local programs. */
const usage = 'usage: npm run store -- --data DIR [--port N]';

async function main(): Promise<number> {
  let values: { data?: string; port?: string; support?: boolean };
  try {
    ({ values } = parseArgs({
      options: { data: { type: 'string' }, port: { type: 'string' }, support: { type: 'boolean' } },
    }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(usage);
    return 2;
  }
  if (values.support) {
    console.log(await supportTable());
    return 0;
  }
  const port = Number(values.port ?? 0);
  if (!values.data || !Number.isInteger(port) || port < 0 || port > 65_535) {
    console.error(usage);
    return 2;
  }
  const store = await startEmbeddedStore({
    dataDir: values.data,
    port,
    open: true,
    onInternalError: ({ command, message }) => console.error(`${command}: ${message}`),
  });
  const stop = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  console.log(`store ${store.uri}`);
  await stop;
  await store.stop();
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof EmbeddedStoreError) {
      console.error(error.say);
      process.exitCode = 3;
      return;
    }
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      console.error('端口已被占用，请用 --port 换一个。');
      process.exitCode = 2;
      return;
    }
    console.error(error);
    process.exitCode = 1;
  },
);

import test from 'ava';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../src/core/index.js';
import { claimFolder } from '../../src/store/embedded/folder.js';

const SCRIPT = join(projectRoot, 'scripts/in-use.mjs');

test('a store that is in use is refused before anything is built; a free one is not', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'in-use-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const env = { ...process.env, DATA_DIR: dataDir, MONGODB_URI: '' };
  t.is(spawnSync(process.execPath, [SCRIPT], { env }).status, 0);

  const folder = await claimFolder(join(dataDir, 'store'));
  const child = spawn(process.execPath, [SCRIPT], { env });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  const [status] = (await once(child, 'close')) as [number];
  await folder.release();
  t.is(status, 3);
  t.regex(said, new RegExp(`进程号 ${process.pid}`));
});

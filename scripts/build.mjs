// Builds what the commands run: TypeScript to build/ (types are checked by `npm run types`, not here) and the Vue pages.
// Incremental: an unchanged tree costs about a second.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const bin = (name) => join(root, 'node_modules', '.bin', name);

async function run(command, args) {
  const [status] = await once(spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2] }), 'exit');
  if (status !== 0) process.exitCode = status ?? 1;
}

function newest(dir) {
  let latest = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}

// The record lies beside what it tells of, and goes with it.
const record = ['--incremental', '--tsBuildInfoFile', join(root, 'build/.tsbuildinfo')];
const parts = [run(bin('tsc'), ['-p', 'tsconfig.json', '--noCheck', ...record])];

const pages = join(root, 'src/web/ui');
const manifest = join(root, 'build/ui/.vite/manifest.json');
if (
  existsSync(join(pages, 'vite.config.mjs')) &&
  (!existsSync(manifest) || statSync(manifest).mtimeMs < newest(pages))
) {
  parts.push(run(bin('vite'), ['build', '--config', join(pages, 'vite.config.mjs'), '--logLevel', 'warn']));
}
await Promise.all(parts);

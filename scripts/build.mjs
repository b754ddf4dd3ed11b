// Builds what the commands run: TypeScript to build/ (types are checked by `npm run types`, not here) and the Vue pages.
// Incremental: an unchanged tree costs about a second.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const bin = (name) => join(root, 'node_modules', '.bin', name);

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

function newest(dir) {
  let latest = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}

run(bin('tsc'), ['-p', 'tsconfig.json', '--noCheck']);

const pages = join(root, 'src/web/ui');
const manifest = join(root, 'build/ui/.vite/manifest.json');
if (
  existsSync(join(pages, 'vite.config.mjs')) &&
  (!existsSync(manifest) || statSync(manifest).mtimeMs < newest(pages))
) {
  run(bin('vite'), ['build', '--config', join(pages, 'vite.config.mjs'), '--logLevel', 'warn']);
}

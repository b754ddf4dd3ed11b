// Ends with 3 at once when a running server holds the embedded store, before the build that a refusal need not wait for.
// The lock itself is taken by src/store/embedded/folder.ts; the test keeps the two paths the same.
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const given = (name, fallback) => process.env[name]?.trim() || fallback;
if (given('MONGODB_URI', '') === '' && process.platform !== 'win32') {
  const path = join(resolve(given('DATA_DIR', './data')), 'store');
  const id = createHash('sha256').update(path).digest('hex').slice(0, 24);
  const owner = connect(join(tmpdir(), `embedded-store-${id}.sock`));
  let pid = '';
  owner.on('data', (piece) => (pid += piece.toString()));
  owner.on('error', () => undefined);
  owner.on('end', () => {
    console.error(`留痕正在运行（进程号 ${pid}）。先停掉它，再跑一次。`);
    process.exitCode = 3;
  });
  // Silent, but there: the store itself says so.
  owner.setTimeout(1_000, () => owner.destroy());
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { projectRoot } from '../src/core/index.js';
import { gather, merge, missing, page, type NeedsList } from './record-commands/list.js';

/**
 * `npm run store:needs -- [--check] [TEST FILE…]`: runs the tests (all but the store's own) and writes what the house asked
 * of its database to docs/store-needs.{json,md}; of single test files what they need is added. With `--check` it only fails
 * when something is not listed there.
 */
const JSON_FILE = join(projectRoot, 'docs/store-needs.json');
const PAGE_FILE = join(projectRoot, 'docs/store-needs.md');

function listed(): NeedsList {
  return JSON.parse(readFileSync(JSON_FILE, 'utf8')) as NeedsList;
}

async function record(files: readonly string[]): Promise<NeedsList | null> {
  const folder = mkdtempSync(join(tmpdir(), 'trailmark-needs-'));
  try {
    const preload = new URL('./record-commands/preload.js', import.meta.url).href;
    const tests = files.length > 0 ? files : ['build/test/**/*.test.js', '!build/test/store/**'];
    const ava = spawn(join(projectRoot, 'node_modules/.bin/ava'), tests, {
      cwd: projectRoot,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, RECORD_COMMANDS: folder, NODE_OPTIONS: `--import=${preload}` },
    });
    const [code] = (await once(ava, 'close')) as [number | null];
    return code === 0 ? gather(folder) : null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
const check = args.includes('--check');
const files = args.filter((arg) => arg !== '--check');
const now = await record(files);
if (now === null) {
  console.error('The tests fail; nothing was recorded.');
  process.exitCode = 1;
} else if (check) {
  const news = missing(listed(), now);
  for (const line of news) console.log(`not in docs/store-needs.md: ${line}`);
  console.log(`${news.length} new needs`);
  process.exitCode = news.length === 0 ? 0 : 1;
} else {
  const list = files.length > 0 ? merge(listed(), now) : now;
  writeFileSync(JSON_FILE, await format(JSON.stringify(list), { parser: 'json', printWidth: 120 }));
  writeFileSync(PAGE_FILE, page(list));
  console.log(`${list.searches.length} searches, docs/store-needs.md written`);
}

// Runs ava over build/test and closes with the plain line `N passed, N failed` that CI reads.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const child = spawn(join(root, 'node_modules/.bin/ava'), process.argv.slice(2), {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, FORCE_COLOR: process.env.FORCE_COLOR ?? '0' },
});

let tail = '';
let line = '';
let ticks = 0;
child.stdout.setEncoding('utf8');
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  tail = (tail + chunk).slice(-4_000);
  const lines = (line + chunk).split('\n');
  line = lines.pop() ?? '';
  ticks += lines.filter((one) => /^\s*✔/u.test(one)).length;
});
child.on('close', (code) => {
  const count = (pattern) => Number(tail.match(pattern)?.[1] ?? 0);
  // ava names the number of passed tests only when none failed.
  const passed = count(/(\d+) tests? passed/) || ticks;
  // A file that crashes, hangs or finds no test fails the run without a failed test: count it as one.
  const failed =
    count(/(\d+) tests? failed/) +
    count(/(\d+) uncaught exceptions?/) +
    count(/(\d+) unhandled rejections?/) +
    count(/(\d+) tests? (?:remained )?pending/);
  const unexplained = code !== 0 && failed === 0 ? 1 : 0;
  console.log(`${passed} passed, ${failed + unexplained} failed`);
  process.exitCode = code === 0 && passed > 0 ? 0 : 1;
});

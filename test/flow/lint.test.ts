import test from 'ava';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../src/core/index.js';

const SCRIPT = join(projectRoot, 'build/scripts/flow.js');

function lint(...args: string[]): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });
  return { status, lines: stdout.split('\n').filter((line) => line !== '') };
}

const shipped = (folder: string): string[] =>
  readdirSync(join(projectRoot, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(projectRoot, folder, name));

test('the files we ship have no problems', (t) => {
  t.deepEqual(lint('lint', ...shipped('bot-flows'), ...shipped('cards')), { status: 0, lines: [] });
});

test('a problem is one line with its place, and the exit code tells', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flow-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'x.flow.yaml');
  writeFileSync(file, '流程: 甲\n编号: A\n阶段: []\n');
  const { status, lines } = lint('lint', file);
  t.is(status, 1);
  t.true(
    lines.some((line) => line.startsWith(`${file}:2:5 error flow.id `)),
    lines.join('\n'),
  );
  t.true(
    lines.some((line) => line.startsWith(`${file}:3:5 error flow.empty_list `)),
    lines.join('\n'),
  );
});

test('a file that is not there or of no kind we know is a problem, not a crash', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'flow-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'x.yaml');
  writeFileSync(file, 'a: b\n');
  const { status, lines } = lint('lint', join(folder, 'none.flow.yaml'), file);
  t.is(status, 1);
  t.regex(lines[0] ?? '', /none\.flow\.yaml:1:1 error file\.unreadable/);
  t.regex(lines[1] ?? '', /x\.yaml:1:1 error file\.unknown_kind/);
});

test('without a file or with an unknown command it says how it is used', (t) => {
  t.is(lint().status, 2);
  t.is(lint('lint').status, 2);
  t.is(lint('rehearse', 'x').status, 2);
});

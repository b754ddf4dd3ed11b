import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../../../src/core/index.js';
import { sampleNames } from './samples.js';

const read = (path: string) => readFileSync(join(projectRoot, path), 'utf8');
const TESTS = [
  'test/platforms/dingtalk/samples-inbound.test.ts',
  'test/platforms/dingtalk/samples-outbound.test.ts',
  'test/sandbox/dingtalk-samples.test.ts',
];

test('every payload of the vendor is replayed by name', (t) => {
  const tests = TESTS.map(read).join('\n');
  t.deepEqual(
    sampleNames().filter((name) => !tests.includes(`'${name}'`)),
    [],
  );
});

test('the copy in the fixtures has the same files as the set beside the project', (t) => {
  const files = (path: string) =>
    readdirSync(path)
      .filter((file) => file.endsWith('.json'))
      .sort();
  const outside = join(projectRoot, '../shared/protocols/dingtalk');
  if (!existsSync(outside)) {
    t.pass('no set beside the project');
    return;
  }
  t.deepEqual(files(join(projectRoot, 'test/fixtures/dingtalk')), files(outside));
});

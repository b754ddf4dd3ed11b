import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { silentLog } from '../../src/core/index.js';
import { startSandbox } from '../../src/sandbox/index.js';
import { Bench, GROUP_ID, PEOPLE, temporaryFolder, textMessage } from './support.js';

async function answers(base: string): Promise<boolean> {
  try {
    await fetch(`${base}/control/state`);
    return true;
  } catch {
    return false;
  }
}

test('a restart shows the same phones, with the same credentials and tokens', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await startSandbox({ dataDir, log: silentLog });
  const bench = new Bench(first);
  await bench.control('PUT', 'directory', {
    people: PEOPLE,
    groups: [{ id: 'g1', name: '华东一组', memberIds: ['p1'], dingtalkConversationId: GROUP_ID }],
  });
  await bench.control('POST', 'clock', { offsetMs: 60_000 });
  const token = await bench.wecomToken();
  t.is((await bench.wecom('POST', 'message/send', textMessage(bench))).errcode, 0);
  await bench.control('POST', 'phones/dingtalk/staff01/image?name=a.jpg', Buffer.from([0xff, 0xd8, 0xff, 1]));
  await first.stop();
  t.false(await answers(first.controlBase));

  const second = await startSandbox({ dataDir, log: silentLog });
  t.teardown(() => second.stop());
  const again = new Bench(second);
  t.is(second.wecom.secret, first.wecom.secret);
  t.is(second.dingtalk.cardTemplateId, first.dingtalk.cardTemplateId);
  t.is(await again.wecomToken(), token);
  t.is((await again.lastMessage('wecom', 'RepA')).text, '你好');
  const picture = await again.lastMessage('dingtalk', 'staff01');
  const bytes = await fetch(`${second.controlBase}${picture.mediaUrl ?? ''}`);
  t.is((await bytes.arrayBuffer()).byteLength, 4);
  t.like((await again.control('GET', 'state')).json, { clock: { offsetMs: 60_000 } });
});

test('a file that cannot be read is put aside and the phones begin anew', async (t) => {
  const dataDir = await temporaryFolder(t);
  await writeFile(join(dataDir, 'sandbox.json'), '{"version":1,"counter"');
  const sandbox = await startSandbox({ dataDir, log: silentLog });
  t.teardown(() => sandbox.stop());
  t.true(await answers(sandbox.controlBase));
});

test('a folder that cannot be used is told, and nothing is left running', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'taken'), '');
  await t.throwsAsync(startSandbox({ dataDir: join(folder, 'taken'), log: silentLog }));
});

test('the stand-ins end with their parent, even when that is killed', async (t) => {
  const dataDir = await temporaryFolder(t);
  const script = join(dataDir, 'parent.mjs');
  const face = new URL('../../src/sandbox/index.js', import.meta.url).href;
  const core = new URL('../../src/core/index.js', import.meta.url).href;
  await writeFile(
    script,
    `import { startSandbox } from '${face}'; import { silentLog } from '${core}';
     const sandbox = await startSandbox({ dataDir: ${JSON.stringify(dataDir)}, log: silentLog });
     process.send(sandbox.controlBase);`,
  );
  const parent = fork(script, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const [base] = (await once(parent, 'message')) as [string];
  t.true(await answers(base));
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const deadline = Date.now() + 10_000;
  while ((await answers(base)) && Date.now() < deadline) await sleep(50);
  t.false(await answers(base));
});

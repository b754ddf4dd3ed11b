import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../src/config/index.js';
import { asId, MINUTE, SECOND, silentLog, type DealId } from '../../src/core/index.js';
import { startTrailmark } from '../../src/start.js';
import { openStore } from '../../src/store/index.js';
import { JIA, openHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');

test('what a process that was killed had taken is free at once for the next one, in order', async (t) => {
  const first = await openHouse(t);
  await first.deal({ stage: 'screening' });
  await first.chat(JIA).says('城东').presses('拍客户现场照片');
  await first.inbox.stop();
  await first.outbox.stop();
  await first.verification.stop();
  // Taken and not finished: an event, a message; and one more event that was only stored.
  const says = (text: string) => first.wecom.event('demo-rep-jia', { kind: 'text' as const, text });
  for (const text of ['我的商机', '帮助']) await first.inbox.intake(says(text));
  await first.outbox.enqueue([
    {
      key: 'm1',
      to: { kind: 'user', platform: 'wecom', userId: 'demo-rep-jia' },
      message: { kind: 'text', text: '留下的消息' },
      purpose: 'reply',
    },
  ]);
  const lease = { $set: { leasedUntil: new Date(first.clock.now().getTime() + 2 * MINUTE), attempts: 1 } };
  const { connection } = first.store;
  const [oldest] = await connection.collection('inbox').find({ state: 'new' }).sort({ seq: 1 }).toArray();
  await connection.collection('inbox').updateOne({ _id: oldest!._id }, lease);
  await connection.collection('outbox').updateOne({ _id: 'm1' as never }, lease);

  const second = await openHouse(t, { store: first.store, clock: first.clock });
  await second.takeOver();
  await second.inbox.sweep();
  await second.settle();
  const chat = second.chat(JIA).reads();
  t.regex(chat, /留下的消息[^]*【我的商机】[^]*【可以这样用】/);
  t.deepEqual(await second.inbox.counts(), { waiting: 0, dead: 0 });
  // The question that was open is still open.
  await second.chat(JIA).sendsPhoto().expects('客户现场照片');
  t.is((await second.deals.get(D1))?.visits.at(-1)?.items['site-photo']?.submissions[0]?.status, 'passed');
});

test('effects that were left pending leave when the next process takes over', async (t) => {
  const first = await openHouse(t);
  await first.deal({ stage: 'first-touch' });
  await first.relay.idle();
  const deals = first.store.connection.collection('deals');
  const effect = {
    _id: 'show:k9',
    kind: 'send',
    data: {
      key: 'show:k9',
      to: { kind: 'person', personId: JIA },
      message: { kind: 'text', text: '没发完的' },
      purpose: 'reply',
    },
  };
  await deals.updateOne(
    { _id: 'd1' as never },
    { $set: { pendingAt: first.clock.now() }, $push: { pendingEffects: effect } as never },
  );
  const second = await openHouse(t, { store: first.store, clock: first.clock });
  await second.takeOver();
  first.clock.advance(SECOND);
  await second.outbox.sweep();
  t.is(second.chat(JIA).reads(), '没发完的');
  await second.takeOver();
  await second.outbox.sweep();
  t.is(second.chat(JIA).shown().length, 1);
});

test('a person is reached where they talked last, else where the other side is, else anywhere', async (t) => {
  const house = await openHouse(t);
  const to = (personId: string, key: string) => ({
    key,
    to: { kind: 'person' as const, personId: asId<never>(personId), prefer: 'dingtalk' as const },
    message: { kind: 'text' as const, text: key },
    purpose: 'todo' as const,
  });
  await house.chat(JIA).says('帮助');
  const onlyWecom = house.org.person('demo-rep-yi')!;
  await house.org.save({
    people: [{ ...onlyWecom, identities: onlyWecom.identities.filter((one) => one.platform === 'wecom') }],
  });
  await house.outbox.enqueue([to(JIA, 'm1'), to('demo-legal', 'm2'), to('demo-rep-yi', 'm3'), to('demo-nobody', 'm4')]);
  await house.settle();
  t.regex(house.chat(JIA).reads(), /m1$/);
  t.is(house.chat('demo-legal', 'dingtalk').reads(), 'm2');
  t.is(house.chat('demo-rep-yi').reads(), 'm3');
  t.deepEqual(await house.outbox.counts(), { due: 0, dead: 0 });
});

test('every event of a deal reaches the figures', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house
    .chat(JIA)
    .says('城东')
    .presses('选客户痛点')
    .presses('选好了', '预算审批流程长', '数据迁移难度大', '样本周转慢');
  const obligations = await house.store.connection.collection('obligations').find({ dealId: 'd1' }).toArray();
  t.true(obligations.length > 0);
});

test('a port in use stops the start with its number, before anything is opened', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => taken.close(() => resolve())));
  const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-test-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const { port } = taken.address() as AddressInfo;
  const config = loadConfig({ PORT: String(port), DATA_DIR: dataDir });
  await t.throwsAsync(startTrailmark(config, silentLog), { code: 'port.in_use', message: new RegExp(String(port)) });
});

test('a start that fails late stops what it had begun', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-test-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const folder = { mongodbUri: '', dataDir: join(dataDir, 'store'), log: silentLog };
  await mkdir(folder.dataDir, { recursive: true });
  // An edition without a flow: found out after the port, the store and the stand-ins are there.
  const before = await openStore(folder);
  await before.connection.collection('flow_versions').insertOne({ _id: 'broken' as never });
  await before.close();
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise<void>((resolve) => free.close(() => resolve()));

  const config = loadConfig({ PORT: String(port), DATA_DIR: dataDir });
  await t.throwsAsync(startTrailmark(config, silentLog), { instanceOf: TypeError });
  await t.throwsAsync(fetch(`http://127.0.0.1:${port}/healthz`), { instanceOf: TypeError }, 'nobody listens');
  // One process a folder: it opens again only when the store of the failed start is gone.
  const after = await openStore(folder);
  t.is(await after.connection.collection('flow_versions').countDocuments({ _id: 'broken' as never }), 1);
  await after.close();
  t.false(process.getActiveResourcesInfo().includes('ProcessWrap'), 'no child is left');
});

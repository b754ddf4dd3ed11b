import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { asId, silentLog, type DealId, type FileId } from '../../src/core/index.js';
import { ensureIndexes } from '../../src/indexes.js';
import { dumpStore, openStore, restoreStore } from '../../src/store/index.js';
import { JIA, openHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');

test('a house moves with a dump from one folder into another, and the deal goes on there in the chat', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'trailmark-move-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const options = { mongodbUri: '', log: silentLog };

  const old = await openStore({ ...options, dataDir: join(root, 'old') });
  await ensureIndexes(old.connection);
  const first = await openHouse(t, { store: old });
  await first.deal({ stage: 'screening' });
  const jia = first.chat(JIA);
  await jia
    .says('城东')
    .presses('拍客户现场照片')
    .sendsPhoto()
    .expects('客户现场照片')
    .presses('写有效跟进')
    .says('样本周转太慢');
  const before = await first.deals.get(D1);
  const [photo] = before!.visits.at(-1)!.items['site-photo']!.submissions;
  const { fileId } = photo!.value as { fileId: FileId };
  const bytes = await first.vault.read(fileId);
  const events = await first.events('d1');
  await first.inbox.stop();
  await first.verification.stop();
  await first.outbox.stop();
  await dumpStore(old, join(root, 'dump'), { now: first.clock.now() });
  await old.close();

  const fresh = await openStore({ ...options, dataDir: join(root, 'fresh') });
  t.teardown(() => fresh.close());
  await restoreStore(fresh, join(root, 'dump'));
  await ensureIndexes(fresh.connection);
  const second = await openHouse(t, { store: fresh, clock: first.clock });
  await second.takeOver();
  t.deepEqual(await second.deals.get(D1), before);
  t.deepEqual(await second.events('d1'), events);
  t.deepEqual(await second.vault.read(fileId), bytes);
  // What was asked in the old house is answered in the new one.
  await second
    .chat(JIA)
    .says('我们的流水线能快一倍')
    .says('周四带工程师来看场地')
    .presses('选客户痛点')
    .presses('选好了', '预算审批流程长', '数据迁移难度大', '样本周转慢')
    .expects('需求初筛 已完成')
    .presses('看下一步')
    .expects('方案定制');
  t.not((await second.deals.get(D1))!.ver, before!.ver);
});

import test, { type ExecutionContext } from 'ava';
import { asId, silentLog } from '../../src/core/index.js';
import { createDingtalkAdapter } from '../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../src/platforms/index.js';
import { openHouse, type TestHouse } from '../helpers/house.js';
import { HOSTILE, random } from '../platforms/dingtalk/hostile-frames.js';
import { CARD, frame, startVendor, takesAll, type Vendor } from '../platforms/dingtalk/vendor.js';

/** The real adapter and the real house behind it. `npm run test:frames` runs the long form. */
const HOSTILE_FRAMES = Number(process.env['HOSTILE_FRAMES'] ?? 2_000);

async function onVendor(t: ExecutionContext, vendor: Vendor): Promise<TestHouse> {
  const house = await openHouse(t, {
    openPlatforms: (intake, clock) => {
      const adapter = createDingtalkAdapter({
        settings: vendor.settings,
        clock,
        log: silentLog,
        intake,
        tokens: memoryTokenStore(),
      });
      return { adapters: new Map([['dingtalk', adapter]]), callbacks: {}, makeMenu: () => Promise.resolve() };
    },
  });
  await house.adapters.get('dingtalk')?.start();
  t.teardown(() => house.adapters.get('dingtalk')?.stop());
  return house;
}

async function vendorFor(t: ExecutionContext): Promise<Vendor> {
  const vendor = await startVendor(takesAll);
  t.teardown(() => vendor.close());
  return vendor;
}

/** Everything that a rep can bring about. */
async function effects(house: TestHouse): Promise<Record<string, unknown>> {
  const names = ['deals', 'todos', 'evidence', 'events', 'people', 'visits'];
  const all = await Promise.all(
    names.map(async (name) => [
      name,
      await house.store.connection.collection(name).find({}).sort({ _id: 1 }).toArray(),
    ]),
  );
  return Object.fromEntries(all) as Record<string, unknown>;
}

/** What the inbox could not get done, with the reason. */
const unfinished = (house: TestHouse): Promise<object[]> =>
  house.store.connection
    .collection('inbox')
    .find({ state: { $ne: 'done' } }, { projection: { state: 1, event: 1, lastError: 1 } })
    .limit(3)
    .toArray();

test(`${HOSTILE_FRAMES} hostile frames: no exit, no effect, and whoever means it is served after them`, async (t) => {
  t.timeout(60_000 + HOSTILE_FRAMES * 20);
  const vendor = await vendorFor(t);
  const house = await onVendor(t, vendor);
  const target = {
    userId: 'demo-rep-ding-dt',
    dealId: 'd1',
    robotCode: vendor.settings.robotCode,
    corpId: vendor.settings.corpId,
  };
  await house.deal({ id: 'd1', owner: 'demo-rep-ding', client: 'demo-hubin' });
  await house.settle();
  const before = await effects(house);
  const chance = random(20_261_128);
  const families = Object.entries(HOSTILE);
  const pushed: Record<string, number> = {};
  for (let round = 0; round < HOSTILE_FRAMES; round += 1) {
    const [name, make] = families[round % families.length]!;
    pushed[name] = (pushed[name] ?? 0) + 1;
    const bytes = make(chance, target, round);
    // A real order to leave is no attack.
    if (!bytes.includes('"disconnect"')) vendor.push(vendor.sockets.length - 1, bytes);
    if (round % 200 === 199) {
      const id = `so-far-${round}`;
      vendor.push(vendor.sockets.length - 1, frame('SYSTEM', 'ping', '{}', { messageId: id }));
      await vendor.until(() => vendor.acks.some(({ messageId }) => messageId === id), 'a ping', 60_000);
      vendor.acks.splice(0);
    }
  }
  await house.inbox.idle();
  t.deepEqual(await unfinished(house), [], 'none of them waits to be tried again or was given up');
  t.is(await house.relay.putAside(), 0);
  t.deepEqual(await effects(house), before);
  t.is(vendor.sockets.length, 1, 'one link all the time');
  t.true(house.adapters.get('dingtalk')?.health().receiving);
  t.is(({} as { polluted?: unknown }).polluted, undefined);
  const accept = { cardPrivateData: { actionIds: ['ask:d1:accept'], params: {} } };
  vendor.push(
    0,
    frame(
      'CALLBACK',
      CARD,
      { outTrackId: 'card_2', corpId: target.corpId, userId: target.userId, content: JSON.stringify(accept) },
      { messageId: 'meant' },
    ),
  );
  await vendor.until(() => vendor.acks.some(({ messageId }) => messageId === 'meant'), 'the last answer', 60_000);
  await house.inbox.idle();
  const deal = await house.deals.get(asId('d1'));
  t.is(deal?.visits[0]?.items['accept']?.submissions.length, 1);
  t.log(`${HOSTILE_FRAMES} frames of ${families.length} kinds, ${Object.values(pushed).at(-1)} of each`);
});

test('a press costs no call: the pressed card becomes the checklist, and shows what was done there', async (t) => {
  const vendor = await vendorFor(t);
  const house = await onVendor(t, vendor);
  await house.deal({ id: 'd1', owner: 'demo-rep-ding', client: 'demo-hubin' });
  await house.settle();
  const sends = () => vendor.asked.filter(({ path }) => /card|robot/.test(path)).length;
  const before = sends();
  const presses = async (action: string, messageId: string): Promise<string> => {
    const content = JSON.stringify({ cardPrivateData: { actionIds: [action], params: {} } });
    const { corpId } = vendor.settings;
    const data = { outTrackId: 'card_list', corpId, userId: 'demo-rep-ding-dt', content };
    vendor.push(0, frame('CALLBACK', CARD, data, { messageId }));
    await vendor.until(() => vendor.acks.some((ack) => ack.messageId === messageId), 'an answer', 60_000);
    await house.inbox.idle();
    await house.settle();
    return JSON.stringify(vendor.acks.find((ack) => ack.messageId === messageId)?.data);
  };
  t.regex(await presses('deal:d1', 'p1'), /湖滨医院 · 线索分配/);
  t.is(house.org.person('demo-rep-ding')?.role, 'rep');
  t.regex(await presses('ask:d1:accept', 'p2'), /已完成/);
  t.is(sends(), before, 'the answers said it all');
});

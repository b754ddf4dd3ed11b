import test, { type ExecutionContext } from 'ava';
import { asId, silentLog, type FixedClock, type PersonId } from '../../src/core/index.js';
import { createDingtalkAdapter } from '../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../src/platforms/index.js';
import type { Store } from '../../src/store/index.js';
import { openHouse, type TestHouse } from '../helpers/house.js';
import { HOSTILE, random } from '../platforms/dingtalk/hostile-frames.js';
import { CARD, frame, startVendor, type Answers, type Vendor } from '../platforms/dingtalk/vendor.js';

/** The real adapter and the real house behind it. `npm run test:frames` runs the long forms. */
const HOSTILE_FRAMES = Number(process.env['HOSTILE_FRAMES'] ?? 2_000);
const REDELIVERED_CLICKS = Number(process.env['REDELIVERED_CLICKS'] ?? 60);

const delivered: Answers = ({ path, body }) => {
  if (path.endsWith('/createAndDeliver')) {
    return {
      json: {
        success: true,
        result: { outTrackId: body['outTrackId'], deliverResults: [{ success: true, carrierId: 'c' }] },
      },
    };
  }
  if (path === '/v1.0/card/instances') return { json: { success: true, result: true } };
  if (path.endsWith('/batchSend')) return { json: { processQueryKey: 'q' } };
  return undefined;
};

async function onVendor(
  t: ExecutionContext,
  vendor: Vendor,
  shared: { store?: Store; clock?: FixedClock } = {},
): Promise<TestHouse> {
  const house = await openHouse(t, {
    ...shared,
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
  const vendor = await startVendor(delivered);
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

test(`${HOSTILE_FRAMES} hostile frames: no exit, no effect, and whoever means it is served after them`, async (t) => {
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
  const accept = { cardPrivateData: { actionIds: ['x'], params: {} } };
  await house.inbox.idle();
  t.deepEqual(await effects(house), before);
  t.is(vendor.sockets.length, 1, 'one link all the time');
  t.true(house.adapters.get('dingtalk')?.health().receiving);
  t.is(({} as { polluted?: unknown }).polluted, undefined);
  accept.cardPrivateData.actionIds = ['ask:d1:accept'];
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

test(`${REDELIVERED_CLICKS} clicks, each delivered up to five times to either of two processes' houses: each once`, async (t) => {
  const vendor = await vendorFor(t);
  const one = await onVendor(t, vendor);
  const reps = Array.from({ length: 20 }, (_, n) => asId<PersonId>(`rep-${n}`));
  await one.org.save({
    people: reps.map((id) => ({
      id,
      name: `代表${id}`,
      title: '销售代表',
      role: 'rep',
      teamId: 'demo-east-2',
      identities: [{ platform: 'dingtalk', userId: `${id}-dt` }],
      absences: [],
    })),
  });
  const two = await onVendor(t, vendor, { store: one.store, clock: one.clock });
  t.is(vendor.sockets.length, 2);
  const chance = random(7);
  const pushes: [number, object][] = [];
  for (let n = 0; n < REDELIVERED_CLICKS; n += 1) {
    const owner = reps[n % reps.length]!;
    const id = `d${n}`;
    await one.deal({ id, owner, client: 'demo-hubin' });
    const content = JSON.stringify({ cardPrivateData: { actionIds: [`ask:${id}:accept`], params: {} } });
    const data = { outTrackId: `card_${n}`, corpId: vendor.settings.corpId, userId: `${owner}-dt`, content };
    const copies = 1 + Math.floor(chance() * 5);
    for (let copy = 0; copy < copies; copy += 1) {
      // The vendor gives a new id to what it sends again, most of the time.
      const messageId = copy === 0 || chance() < 0.5 ? `click-${n}` : `click-${n}-again-${copy}`;
      pushes.push([chance() < 0.5 ? 0 : 1, frame('CALLBACK', CARD, data, { messageId })]);
    }
  }
  for (let at = pushes.length - 1; at > 0; at -= 1) {
    const other = Math.floor(chance() * (at + 1));
    [pushes[at], pushes[other]] = [pushes[other]!, pushes[at]!];
  }
  for (const [socket, push] of pushes) {
    vendor.push(socket, push);
    if (chance() < 0.2) await new Promise((resolve) => setImmediate(resolve));
  }
  await vendor.until(() => vendor.acks.length === pushes.length, 'all answers', 120_000);
  for (const house of [one, two]) await house.settle();
  const deals = await one.store.connection.collection('deals').find({}).toArray();
  const handedIn = deals.map(
    (deal) =>
      (deal as unknown as { visits: { items: Record<string, { submissions: unknown[] }> }[] }).visits[0]?.items[
        'accept'
      ]?.submissions.length,
  );
  t.deepEqual(
    handedIn,
    Array.from({ length: REDELIVERED_CLICKS }, () => 1),
  );
  const events = await one.store.connection.collection('events').find({ type: 'evidence.submitted' }).toArray();
  t.is(events.length, REDELIVERED_CLICKS);
  t.log(`${pushes.length} deliveries of ${REDELIVERED_CLICKS} clicks`);
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

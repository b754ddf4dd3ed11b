import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadCards } from '../../src/cards/index.js';
import { asId, FixedClock, HOUR, MINUTE, projectRoot, silentLog, type CardId } from '../../src/core/index.js';
import { openPlatforms } from '../../src/open-platforms.js';
import type { Store } from '../../src/store/index.js';
import { JIA, MORNING, openHouse, type TestHouse } from '../helpers/house.js';
import { testStore } from '../helpers/store.js';
import { CARD, frame, robotMessage, ROBOT, startVendor, takesAll, type Vendor } from '../platforms/dingtalk/vendor.js';

/** What the server must still know of DingTalk after it was started anew. */

const SUPERVISOR = 'demo-supervisor-1';

interface World {
  vendor: Vendor;
  store: Store;
  clock: FixedClock;
}

async function world(t: ExecutionContext): Promise<World> {
  const vendor = await startVendor(takesAll);
  t.teardown(() => vendor.close());
  return { vendor, store: await testStore(), clock: new FixedClock(MORNING) };
}

/** A server process of ours: the real house, the real adapter; what is in its memory only ends with `stop`. */
async function start(t: ExecutionContext, { vendor, store, clock }: World) {
  const house = await openHouse(t, {
    store,
    clock,
    openPlatforms: (intake) =>
      openPlatforms(
        { store, clock, log: silentLog, wecom: null, dingtalk: vendor.settings, meter: () => undefined },
        intake,
        {
          appWarning: () => undefined,
          directoryChanged: () => undefined,
          called: () => undefined,
          pushed: () => undefined,
        },
      ),
  });
  const adapter = house.adapters.get('dingtalk')!;
  await adapter.start();
  const stop = async (): Promise<void> => {
    await adapter.stop();
    await house.inbox.stop();
    await house.outbox.stop();
  };
  t.teardown(stop);
  return { house, stop };
}

const userIdOf = (house: TestHouse, person: string): string =>
  house.org.person(person)!.identities.find(({ platform }) => platform === 'dingtalk')!.userId;

const updates = (vendor: Vendor) =>
  vendor.asked.filter(({ method, path }) => method === 'PUT' && path === '/v1.0/card/instances');

test('a card in a group is one after a restart too: the press is taken as the group’s, and everybody sees it change', async (t) => {
  const all = await world(t);
  const { vendor } = all;
  const before = await start(t, all);
  await before.house.deal({ id: 'd1' });
  await before.house.settle();
  const card = loadCards(join(projectRoot, 'cards')).fill('group-deals', {
    state: 'one',
    at: '2026-03-02 09:30',
    deals: [
      {
        dealId: 'd1',
        client: '城东医院',
        rep: '代表甲',
        stage: '线索分配',
        overdue: false,
        missing: [],
        url: 'https://trail.example.com/m/deals/d1',
      },
    ],
  });
  const [cardId, cid] = [asId<CardId>('c_group_1'), 'cidGroup001=='];
  await before.house.outbox.enqueue([
    {
      key: 'group-card',
      to: { kind: 'group', platform: 'dingtalk', chatId: cid },
      message: { kind: 'show', cardId, card },
      purpose: 'reply',
    },
  ]);
  await before.house.settle();
  t.true(vendor.asked.some(({ body }) => body['openSpaceId'] === `dtv1.card//IM_GROUP.${cid}`));
  await before.stop();

  const { house } = await start(t, all);
  const data = {
    outTrackId: cardId,
    corpId: vendor.settings.corpId,
    userId: userIdOf(house, SUPERVISOR),
    content: JSON.stringify({ cardPrivateData: { actionIds: ['group-deals:d1'], params: {} } }),
  };
  vendor.push(vendor.sockets.length - 1, frame('CALLBACK', CARD, data, { messageId: 'pressed' }));
  await vendor.until(() => vendor.acks.some(({ messageId }) => messageId === 'pressed'), 'the answer', 60_000);
  t.regex(JSON.stringify(vendor.acks.at(-1)?.data), /城东医院/);
  await house.settle();
  const [row] = await all.store.connection.collection('inbox').find({}).sort({ _id: -1 }).toArray();
  t.deepEqual((row?.['event'] as { chat: unknown }).chat, { kind: 'group', id: cid });
  // The answer changed the presser's view only.
  t.deepEqual(
    updates(vendor).map(({ body }) => body['outTrackId']),
    [cardId],
  );
});

const SESSION = '/robot/sendBySession';
const API = '/v1.0/robot/oToMessages/batchSend';

/** What is said to the rep, by way of what. */
async function tells(house: TestHouse, { vendor }: World, key: string): Promise<string[]> {
  const from = vendor.asked.length;
  const to = { kind: 'user', platform: 'dingtalk', userId: userIdOf(house, JIA) } as const;
  await house.outbox.enqueue([{ key, to, message: { kind: 'text', text: key }, purpose: 'nudge' }]);
  await house.settle();
  return vendor.asked.slice(from).flatMap(({ path }) => (path === SESSION || path === API ? [path] : []));
}

/** The rep writes; their message brings an address that lives an hour and a half. */
async function writes({ vendor, clock }: World, house: TestHouse, msgId: string, session = msgId): Promise<void> {
  const message = robotMessage({
    msgId,
    senderStaffId: userIdOf(house, JIA),
    sessionWebhook: `${vendor.base}${SESSION}?session=${session}`,
    sessionWebhookExpiredTime: clock.now().getTime() + 90 * MINUTE,
    createAt: clock.now().getTime(),
  });
  const from = vendor.acks.length;
  vendor.push(vendor.sockets.length - 1, frame('CALLBACK', ROBOT, message));
  await vendor.until(() => vendor.acks.length > from, 'the acknowledgement', 60_000);
  await house.settle();
}

const kept = ({ store }: World) => store.connection.collection('platform_reply_addresses').find({}).toArray();

test('the address that came with a message answers after a restart too, and costs no call of the month', async (t) => {
  const all = await world(t);
  all.vendor.answers = (asked) => (asked.path === SESSION ? { json: { errcode: 0, errmsg: 'ok' } } : takesAll(asked));
  const first = await start(t, all);
  await writes(all, first.house, 'm1');
  await first.stop();
  const second = await start(t, all);
  t.deepEqual(await tells(second.house, all, 't1'), [SESSION]);
  t.is(all.vendor.asked.at(-1)?.query.get('session'), 'm1');
  // A newer one takes its place, for other processes as well.
  await writes(all, second.house, 'm2');
  t.deepEqual(await tells((await start(t, all)).house, all, 't2'), [SESSION]);
  t.is(all.vendor.asked.at(-1)?.query.get('session'), 'm2');
  t.is((await kept(all)).length, 1);
  all.clock.advance(2 * HOUR);
  t.deepEqual(await tells((await start(t, all)).house, all, 't3'), [API], 'its time is over');
});

test('an address that the vendor does not know any more is forgotten for good, one that came since is not', async (t) => {
  const all = await world(t);
  const gone = new Set(['m1']);
  all.vendor.answers = (asked) => {
    if (asked.path !== SESSION) return takesAll(asked);
    const isGone = gone.has(asked.query.get('session') ?? '');
    return { json: isGone ? { errcode: 300_001, errmsg: 'session 不存在' } : { errcode: 0, errmsg: 'ok' } };
  };
  const first = await start(t, all);
  await writes(all, first.house, 'm1');
  t.deepEqual(await tells(first.house, all, 't1'), [SESSION, API], 'found out by trying');
  t.deepEqual(await kept(all), []);
  await first.stop();
  const second = await start(t, all);
  t.deepEqual(await tells(second.house, all, 't2'), [API], 'not asked again');
  await writes(all, second.house, 'm2');
  t.deepEqual(await tells(second.house, all, 't3'), [SESSION]);
});

import test, { type ExecutionContext } from 'ava';
import { asId, silentLog, type DealId } from '../../src/core/index.js';
import { createDingtalkAdapter } from '../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../src/platforms/index.js';
import { demoCompany } from '../../src/org/index.js';
import { pdf } from '../helpers/chat.js';
import { JIA, openHouse, type TestHouse } from '../helpers/house.js';
import { startBench, type Bench, type Json } from '../sandbox/support.js';

/** The real house behind the real adapter, on the stand-in's phones. */

const GROUP = 'cidEastOneDemo0001==';

async function company(t: ExecutionContext): Promise<{ bench: Bench; house: TestHouse; does: Does }> {
  const bench = await startBench(t);
  const people = demoCompany.people.flatMap(({ id, name, identities }) => {
    const dingtalkUserId = identities.find(({ platform }) => platform === 'dingtalk')?.userId;
    return dingtalkUserId === undefined ? [] : [{ id, name, title: '', dingtalkUserId }];
  });
  const group = { id: 'g1', name: '华东一组', memberIds: people.map(({ id }) => id), dingtalkConversationId: GROUP };
  await bench.control('PUT', 'directory', { people, groups: [group] });
  const house = await openHouse(t, {
    openPlatforms: (intake, clock) => {
      const settings = { ...bench.access.dingtalk, mode: 'stream' as const };
      const deps = { settings, clock, log: silentLog, intake, tokens: memoryTokenStore() };
      const adapters = new Map([['dingtalk' as const, createDingtalkAdapter(deps)]]);
      return { adapters, callbacks: {}, makeMenu: () => Promise.resolve() };
    },
  });
  await house.adapters.get('dingtalk')?.start();
  t.teardown(() => house.adapters.get('dingtalk')?.stop());
  return {
    bench,
    house,
    async does(person, action, body) {
      const userId = house.org.person(person)?.identities.find(({ platform }) => platform === 'dingtalk')?.userId;
      const { json } = await bench.control('POST', `phones/dingtalk/${userId}/${action}`, body);
      if (json['accepted'] !== true) throw new Error(String(json['reason']));
      await house.settle();
      return json;
    },
  };
}

type Does = (person: string, action: string, body: unknown) => Promise<Json>;

const dingId = (house: TestHouse, person: string): string =>
  house.org.person(person)?.identities.find(({ platform }) => platform === 'dingtalk')?.userId ?? '';

test('a colleague’s file in a group is handed in by whoever quotes it and names the robot', async (t) => {
  const { bench, house, does } = await company(t);
  await house.deal({ stage: 'quotation' });
  await does(JIA, 'text', { text: '城东' });
  const file = await does('demo-rep-yi', `file?name=a.pdf&chatId=${encodeURIComponent(GROUP)}`, pdf());
  await does(JIA, 'text', { text: '@留痕 归档这份', chatId: GROUP, quotes: file['messageId'] });
  const deal = await house.deals.get(asId<DealId>('d1'));
  const handedIn = Object.values(deal?.visits.at(-1)?.items ?? {}).flatMap(({ submissions }) => submissions);
  const kept = await house.sessions.peek(asId(JIA));
  t.is(handedIn.length + (kept?.kept?.length ?? 0), 1, 'for its item, or kept until one of them is pressed');
  const group = await bench.messages('dingtalk', dingId(house, JIA), GROUP);
  t.is(group.at(-1)?.text, '代表甲，收到，结果在和我的单聊里说。');
});

test('the robot is taken out of the group of the digest: none goes there, administrators know, and it is taken up again', async (t) => {
  const { bench, house, does } = await company(t);
  await does('demo-supervisor-1', 'text', { text: '@留痕 日报发到这里', chatId: GROUP });
  const place = (robot: string) => bench.control('PUT', 'dingtalk/group', { chatId: GROUP, robot });
  const chat = () => house.org.groups().flatMap(({ chats }) => chats.filter(({ chatId }) => chatId === GROUP))[0];
  t.truthy(chat());
  await place('out');
  const to = { kind: 'group' as const, platform: 'dingtalk' as const, chatId: GROUP };
  await house.outbox.enqueue([{ key: 'digest', to, message: { kind: 'text', text: '日报' }, purpose: 'digest' }]);
  await house.settle();
  t.truthy(chat()?.lostAt);
  const [admin] = house.org.withRole('admin', 'operations');
  const told = await bench.messages('dingtalk', dingId(house, admin!.id), `single:${dingId(house, admin!.id)}`);
  t.true(told.some(({ text }) => text?.includes('日报发不进华东一组的钉钉群') === true));
  await place('in');
  await does('demo-supervisor-1', 'text', { text: '@留痕 在吗', chatId: GROUP });
  t.deepEqual(chat(), { platform: 'dingtalk', chatId: GROUP });
});

import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createDirectorySync } from '../../src/directory.js';
import { loadCards } from '../../src/cards/index.js';
import { join } from 'node:path';
import { projectRoot, silentLog } from '../../src/core/index.js';
import type { Directory } from '../../src/platforms/contract.js';
import { JIA, openHouse } from '../helpers/house.js';

const LEAD = 'demo-supervisor-1';

async function setUp(t: ExecutionContext) {
  const house = await openHouse(t);
  const person = house.org.person(JIA)!;
  // Real people, so that the directory speaks for them.
  const { demo: _demo, ...real } = person;
  await house.org.save({ people: [{ ...real, identities: [{ platform: 'wecom', userId: 'Jia' }] }] });
  const read: (readonly string[] | undefined)[] = [];
  const state = { gone: false, fails: false };
  house.wecom.adapter.readDirectory = (userIds): Promise<Directory> => {
    if (state.fails) return Promise.reject(new Error('away'));
    read.push(userIds);
    const member = { userId: 'jia', name: person.name, title: person.title, departmentIds: [], leaderUserIds: [] };
    return Promise.resolve({
      platform: 'wecom',
      departments: [],
      members: [{ ...member, state: state.gone ? 'gone' : 'active' }],
      complete: false,
      ignoresCase: true,
    });
  };
  const sync = createDirectorySync({
    ...house,
    cards: loadCards(join(projectRoot, 'cards')),
    keepGroups: () => house.keepGroups(),
    enqueue: (messages) => house.outbox.enqueue(messages),
    today: () => '2026-03-02',
    phoneKey: (mobile) => `key-${mobile}`,
    log: silentLog,
    waitMs: 20,
  });
  t.teardown(() => sync.stop());
  return { house, sync, read, state };
}

test('whoever leaves hands every open deal to their supervisor, with one card; once, whatever happens in between', async (t) => {
  const { house, sync, state } = await setUp(t);
  await house.deal({ id: 'd1' });
  await house.deal({ id: 'd2', client: 'demo-hubin' });
  await sync.all();
  t.is((await house.deals.get('d1' as never))?.ownerId as string, JIA);
  state.gone = true;
  await sync.all();
  await house.settle();
  for (const id of ['d1', 'd2']) {
    const deal = await house.deals.get(id as never);
    t.is(deal?.ownerId as string, LEAD);
    t.is(deal?.teamId, house.org.person(LEAD)?.teamId);
    const events = await house.events(id);
    t.deepEqual(
      events.filter(({ type }) => type === 'owner.changed').map(({ data }) => data),
      events
        .filter(({ type }) => type === 'owner.changed')
        .map(({ data }) => ({ ...data, from: JIA, to: LEAD }) as never),
    );
    t.is(events.filter(({ type }) => type === 'owner.changed').length, 1);
  }
  const shown = () => [...house.wecom.chats.values(), ...house.dingtalk.chats.values()].flat();
  const cards = shown().filter(({ card }) => card?.name === 'handed-over');
  t.is(cards.length, 1);
  t.is(cards[0]?.card?.title, `${house.org.person(JIA)?.name}离职，2 个商机转给你`);
  await sync.all();
  await sync.handOver();
  await house.settle();
  t.is(shown().filter(({ card }) => card?.name === 'handed-over').length, 1);
  // The figures follow: what is owed now is owed by the new owner.
  t.true((await house.insights.openOf(LEAD as never)).length > 0);
  t.deepEqual(await house.insights.openOf(JIA as never), []);
});

test('a handover that stopped half way is finished by the next reading', async (t) => {
  const { house, sync, state } = await setUp(t);
  await house.deal({ id: 'd1' });
  await house.deal({ id: 'd2', client: 'demo-hubin' });
  state.gone = true;
  const { handOver } = house.deals;
  let calls = 0;
  house.deals.handOver = (command) => (++calls > 1 ? Promise.reject(new Error('killed')) : handOver(command));
  await t.throwsAsync(sync.all(), { message: 'killed' });
  house.deals.handOver = handOver;
  await sync.all();
  for (const id of ['d1', 'd2']) t.is((await house.deals.get(id as never))?.ownerId as string, LEAD);
});

test('changes of one moment are read together, only the people they are about; a platform that is away is asked again at night', async (t) => {
  const { sync, read, state } = await setUp(t);
  const until = async (count: number) => {
    for (let tries = 0; tries < 500 && read.length < count; tries += 1) await sleep(5);
    await sync.stop();
  };
  sync.changed('wecom', ['jia']);
  sync.changed('wecom', ['yi', 'jia']);
  await until(1);
  t.deepEqual(read, [['jia', 'yi']]);
  sync.changed('wecom', ['jia']);
  sync.changed('wecom', null);
  await until(2);
  t.deepEqual(read[1], undefined, 'a change of departments is a reading of all');
  state.fails = true;
  await t.notThrowsAsync(sync.all());
  state.fails = false;
  await sync.all();
  t.is(read.length, 3);
  sync.changed('dingtalk', null);
  await sync.stop();
});

test('an administrator says that two accounts are one person: deals and to-dos follow, and nothing is asked again', async (t) => {
  const { house, sync } = await setUp(t);
  const { name } = house.org.person(JIA)!;
  house.dingtalk.adapter.readDirectory = (): Promise<Directory> =>
    Promise.resolve({
      platform: 'dingtalk',
      departments: [],
      members: [{ userId: 'staff77', name, title: '', departmentIds: [], leaderUserIds: [], state: 'active' }],
      complete: false,
      ignoresCase: false,
    });
  await sync.all();
  const other = house.org.personByIdentity('dingtalk', 'staff77')!;
  t.not(other.id, JIA, 'a name is no proof');
  await house.deal({ id: 'd7', owner: other.id });
  await house.todos.ask('todo_7' as never, {
    kind: 'task',
    dealId: 'd7' as never,
    clientName: '城东医院',
    stageName: '方案定制',
    fromId: JIA as never,
    fromName: name,
    department: '',
    assignees: [other.id],
    text: '看一眼参数',
    limitText: '1 工作日',
    dueAt: house.clock.now(),
    prefer: 'dingtalk',
  });
  await house.settle();
  const operations = house.chat('demo-operations', 'dingtalk');
  await operations.presses('是同一个人').expects('已合并');
  t.is(house.org.personByIdentity('dingtalk', 'staff77')?.id as string, JIA);
  await sync.handOver();
  await house.settle();
  t.is((await house.deals.get('d7' as never))?.ownerId as string, JIA);
  t.deepEqual(
    (await house.todos.openFor(JIA as never)).map(({ _id }) => _id),
    ['todo_7'],
  );
  const shown = [...house.wecom.chats.values(), ...house.dingtalk.chats.values()].flat();
  t.is(shown.filter(({ card }) => card?.name === 'handed-over').length, 1);
  t.true(shown.some(({ card }) => card?.title === '你的两个账号合成一个，1 个商机合到一处'));
  await sync.all();
  await house.settle();
  const asked = [...house.wecom.chats.values(), ...house.dingtalk.chats.values()]
    .flat()
    .filter(({ card }) => card?.name === 'same-person' && card.closed === undefined);
  t.true(asked.length <= 1, 'only the other administrator’s card is still open');
});

test('a number confirmed on both platforms joins without asking; who left hands to-dos to a colleague of the department', async (t) => {
  const { house, sync, state } = await setUp(t);
  const { name, title } = house.org.person(JIA)!;
  const member = { userId: 'jia', name, title, departmentIds: [], leaderUserIds: [], state: 'active' as const };
  const read = (platform: 'wecom' | 'dingtalk', members: Directory['members']) => (): Promise<Directory> =>
    Promise.resolve({ platform, departments: [], members, complete: false, ignoresCase: platform === 'wecom' });
  house.wecom.adapter.readDirectory = read('wecom', [{ ...member, mobile: '13800000000' }]);
  house.dingtalk.adapter.readDirectory = read('dingtalk', [{ ...member, userId: 'staff77', mobile: '13800000000' }]);
  await sync.all();
  t.is(house.org.personByIdentity('dingtalk', 'staff77')?.id as string, JIA);
  t.is(house.org.person(JIA)?.phoneKey, 'key-13800000000');
  t.false(JSON.stringify(house.org.data().people).includes('"13800000000"'), 'the number itself is kept nowhere');

  // A lawyer of the company leaves: the other one is asked.
  const { demo: _demo, ...legal } = house.org.person('demo-legal')!;
  const lawyer = { ...legal, id: 'p_lawyer' as never, identities: [{ platform: 'wecom' as const, userId: 'lawyer' }] };
  await house.org.save({ people: [lawyer] });
  await house.deal({ id: 'd8' });
  await house.todos.ask('todo_8' as never, {
    kind: 'approval',
    dealId: 'd8' as never,
    clientName: '城东医院',
    stageName: '合同签署',
    fromId: JIA as never,
    fromName: name,
    department: '法务',
    assignees: [lawyer.id],
    text: '审合同',
    limitText: '1 工作日',
    dueAt: house.clock.now(),
    prefer: 'wecom',
  });
  house.wecom.adapter.readDirectory = read('wecom', [
    { ...member, mobile: '13800000000' },
    { ...member, userId: 'lawyer', state: 'gone' },
  ]);
  t.false(state.gone);
  await sync.all();
  await house.settle();
  t.deepEqual((await house.todos.get('todo_8' as never))?.assignees as string[] | undefined, ['demo-legal']);
  t.true(
    [...house.wecom.chats.values(), ...house.dingtalk.chats.values()]
      .flat()
      .some(({ card }) => card?.title === '审合同'),
  );
});

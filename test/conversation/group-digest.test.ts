import test from 'ava';
import { PlatformRefusedError } from '../../src/core/index.js';
import { openHouse, type TestHouse } from '../helpers/house.js';

const LEAD = 'demo-supervisor-1';
const CHAT = 'cidMadeByPeople==';

test('whoever leads says where the digest of the team comes to; it survives a restart, and ends by a word', async (t) => {
  const house = await openHouse(t);
  const lead = house.chat(LEAD, 'dingtalk');
  const group = house.chat(CHAT, 'dingtalk');
  await lead.inGroup(CHAT, '日报发到这里吧');
  t.regex(group.reads(), /好，华东一组的过程日报每个工作日 9 点发到这个群。/u);
  const chatsOf = (from: typeof house) =>
    from.org
      .groupsFor('demo-east-1')
      .flatMap(({ chats }) => chats.filter(({ platform }) => platform === 'dingtalk').map(({ chatId }) => chatId));
  t.deepEqual(chatsOf(house), [CHAT], 'in the place of the one before');
  t.is(house.org.groupsFor('demo-east-1')[0]?.chats.length, 2, 'the other platform keeps its own');
  const later = await openHouse(t, { store: house.store, clock: house.clock });
  t.deepEqual(chatsOf(later), [CHAT]);
  await lead.inGroup(CHAT, '日报别发了');
  t.regex(group.shown().at(-1)?.text ?? '', /不再发到这个群/u);
  t.deepEqual(chatsOf(house), []);
});

test('a company without groups gets one: of the team, with its people; of the region for its director', async (t) => {
  const house = await openHouse(t);
  await house.store.connection.collection('groups').deleteMany({});
  await house.org.reload();
  await house.chat(LEAD, 'dingtalk').inGroup(CHAT, '绑定这个群');
  const [made] = house.org.groups();
  t.like(made, { name: '华东一组', teamId: 'demo-east-1', chats: [{ platform: 'dingtalk', chatId: CHAT }] });
  t.true(made?.memberIds.includes('demo-rep-jia' as never) && made.memberIds.includes(LEAD as never));
  await house.chat('demo-director-east', 'dingtalk').inGroup('cidOther==', '日报发到这里');
  const region = house.org.groups().find(({ teamId }) => teamId === undefined);
  t.like(region, { regionId: 'demo-east', chats: [{ chatId: 'cidOther==' }] });
  await house.chat('demo-director-east', 'dingtalk').inGroup('cidTwo==', '华东二组的日报发到这里');
  t.deepEqual(
    house.org.groupsFor('demo-east-2').flatMap(({ chats }) => chats.map(({ chatId }) => chatId)),
    ['cidTwo=='],
  );
});

test('who leads nothing decides nothing, who leads everything has to name it, and other words are asked about as before', async (t) => {
  const house = await openHouse(t);
  const before = JSON.stringify(house.org.groups());
  const group = house.chat(CHAT, 'dingtalk');
  await house.chat('demo-rep-jia', 'dingtalk').inGroup(CHAT, '日报发到这里');
  t.regex(group.shown().at(-1)?.text ?? '', /由主管、总监或管理员来说/u);
  await house.chat('demo-rep-jia', 'dingtalk').inGroup(CHAT, '日报别发了');
  t.regex(group.shown().at(-1)?.text ?? '', /由主管、总监或管理员来说/u);
  const admin = house.org.withRole('operations', 'admin')[0]!;
  await house.chat(admin.id, 'dingtalk').inGroup(CHAT, '日报发到这里');
  t.regex(group.shown().at(-1)?.text ?? '', /说全一点.*华东二组/u);
  await house.chat(LEAD, 'dingtalk').inGroup(CHAT, '日报怎么看');
  t.regex(group.shown().at(-1)?.text ?? '', /发客户名就能看进度/u);
  t.is(JSON.stringify(house.org.groups()), before);
});

test('where the app makes its groups itself, that is said and nothing changes', async (t) => {
  const house = await openHouse(t);
  const before = JSON.stringify(house.org.groups());
  await house.chat(LEAD).inGroup('wrSomewhere', '日报发到这里');
  t.regex(house.chat('wrSomewhere').reads(), /由留痕自己建/u);
  t.is(JSON.stringify(house.org.groups()), before);
});

const ofTeam = (house: TestHouse): string[] =>
  house.org
    .groupsFor('demo-east-1')
    .flatMap(({ chats }) => chats.filter(({ platform }) => platform === 'dingtalk').map(({ chatId }) => chatId));

test('told in another group, the digest leaves the one before, whichever group of the team that stood in', async (t) => {
  const house = await openHouse(t);
  const [first] = house.org.groupsFor('demo-east-1');
  await house.org.save({
    groups: [{ ...first!, id: 'second-group', chats: [{ platform: 'dingtalk', chatId: 'cidOld==' }] }],
  });
  t.true(ofTeam(house).includes('cidOld=='));
  await house.chat(LEAD, 'dingtalk').inGroup('cidNew==', '日报发到这里');
  t.deepEqual(ofTeam(house), ['cidNew==']);
  t.regex(house.chat('cidNew==', 'dingtalk').reads(), /原来那个群不再发。/u);
  await house.chat(LEAD, 'dingtalk').inGroup('cidNew==', '日报发到这里');
  t.notRegex(house.chat('cidNew==', 'dingtalk').shown().at(-1)?.text ?? '', /原来那个群/u);
});

/** A digest is sent into the group, and refused. */
async function refused(house: TestHouse, code: string, key: string): Promise<void> {
  house.dingtalk.fault = (delivery) =>
    delivery.to.kind === 'group' ? new PlatformRefusedError(code, 'no robot there') : null;
  const to = { kind: 'group' as const, platform: 'dingtalk' as const, chatId: CHAT };
  await house.outbox.enqueue([{ key, to, message: { kind: 'text', text: '日报' }, purpose: 'digest' }]);
  await house.settle();
  house.dingtalk.fault = null;
}

test('a group that the robot was taken out of gets no digest until it is heard there again; administrators hear of it once', async (t) => {
  const house = await openHouse(t);
  const lead = house.chat(LEAD, 'dingtalk');
  await lead.inGroup(CHAT, '日报发到这里');
  const lost = () => house.org.groupsFor('demo-east-1')[0]?.chats.find(({ chatId }) => chatId === CHAT)?.lostAt;
  await refused(house, 'dingtalk.robot_unknown', 'digest-1');
  t.true(lost() instanceof Date);
  await refused(house, 'dingtalk.robot_unknown', 'digest-1:picture');
  const [admin] = house.org.withRole('admin', 'operations');
  const told = [...house.chat(admin!.id).shown(), ...house.chat(admin!.id, 'dingtalk').shown()].map(({ text }) => text);
  t.is(told.filter((text) => text.includes('日报发不进华东一组的钉钉群')).length, 1, told.join('\n'));
  t.false(
    told.some((text) => text.includes('重发')),
    'and nothing of a message that was not delivered',
  );
  const later = await openHouse(t, { store: house.store, clock: house.clock });
  t.truthy(later.org.groupsFor('demo-east-1')[0]?.chats.find(({ chatId }) => chatId === CHAT)?.lostAt);
  await house.chat('demo-rep-jia', 'dingtalk').inGroup(CHAT, '在吗');
  t.is(lost(), undefined);
  t.deepEqual(ofTeam(house), [CHAT]);
});

test('a group that is no more is dropped; other refusals, and other messages, change nothing', async (t) => {
  const house = await openHouse(t);
  await house.chat(LEAD, 'dingtalk').inGroup(CHAT, '日报发到这里');
  await refused(house, 'dingtalk.permission_missing', 'digest-1');
  t.deepEqual(ofTeam(house), [CHAT]);
  t.is(house.org.groupsFor('demo-east-1')[0]?.chats.find(({ chatId }) => chatId === CHAT)?.lostAt, undefined);
  await refused(house, 'dingtalk.group_unknown', 'digest-2');
  t.deepEqual(ofTeam(house), []);
  const [admin] = house.org.withRole('admin', 'operations');
  const told = house.chat(admin!.id).reads() + house.chat(admin!.id, 'dingtalk').reads();
  t.regex(told, /华东一组的钉钉群找不到了[^]*说「日报发到这里」/u);
});

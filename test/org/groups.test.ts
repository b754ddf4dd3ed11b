import test from 'ava';
import { FixedClock, silentLog } from '../../src/core/index.js';
import {
  createCalendar,
  createOrg,
  demoCompany,
  keepGroups,
  orgIndexes,
  type EnsureGroup,
} from '../../src/org/index.js';
import { openTestStore } from './store.js';

const GROUP = 'demo-group-east-1';

async function setup() {
  const clock = new FixedClock('2026-11-24T02:00:00Z');
  const connection = await openTestStore(orgIndexes);
  const org = createOrg({ connection, clock, calendar: createCalendar() });
  await org.save(demoCompany);
  await org.save({ groups: org.groups().map((group) => ({ ...group, chats: [] })) });
  await org.setGroupChats(GROUP, [
    { platform: 'wecom', chatId: 'east1' },
    { platform: 'wecom', chatId: 'robot:east1' },
    { platform: 'dingtalk', chatId: 'cid' },
  ]);
  const asked: Parameters<EnsureGroup>[0][] = [];
  const made: string[] = [];
  const state = { fails: false };
  const keep = () =>
    keepGroups({
      org,
      makers: new Map([
        [
          'wecom',
          (group) => {
            if (state.fails) return Promise.reject(new Error('48002'));
            asked.push(group);
            return Promise.resolve(group.chatId);
          },
        ],
      ]),
      isForeign: (chatId) => chatId.startsWith('robot:'),
      onMade: (group, { chatId }) => Promise.resolve(void made.push(`${group.id} ${chatId}`)),
      log: silentLog,
    });
  const group = () => org.group(GROUP)!;
  return { org, clock, asked, made, keep, group, state };
}

test('a group is made once with its leader and members, and then only asked for when somebody joins, moves or leaves', async (t) => {
  const { org, clock, asked, made, keep, group } = await setup();
  await keep();
  const [first] = asked;
  const lead = org.team('demo-east-1')?.supervisorId ?? '';
  const idOf = (person: string) => org.person(person)?.identities.find(({ platform }) => platform === 'wecom')?.userId;
  t.is(first?.ownerUserId, idOf(lead));
  t.true(group().memberIds.every((id) => first?.memberUserIds.includes(idOf(id) ?? '')));
  t.deepEqual(made, [`${GROUP} east1`]);
  await keep();
  t.is(asked.length, 1, 'in step: not a call');
  t.deepEqual(
    group().chats.map(({ chatId }) => chatId),
    ['east1', 'robot:east1', 'cid'],
  );

  const leaver = group().memberIds.find((id) => id !== lead)!;
  await org.save({ people: [{ ...org.person(leaver)!, leftAt: clock.now() }] });
  await keep();
  t.deepEqual(asked[1]?.formerUserIds, [idOf(leaver)]);
  t.false(asked[1]?.memberUserIds.includes(idOf(leaver)!));
  const other = org.people().find(({ id }) => !group().memberIds.includes(id))!;
  await org.save({ groups: [{ ...group(), memberIds: [...group().memberIds, other.id] }] });
  await keep();
  t.true(asked[2]?.memberUserIds.includes(idOf(other.id)!));
  t.is(asked[2]?.formerUserIds, undefined);
  t.is(made.length, 1, 'greeted once');
});

test('a platform that refuses is asked again next time; nothing is forgotten', async (t) => {
  const { asked, keep, group, state } = await setup();
  state.fails = true;
  await keep();
  t.is(group().chats.length, 3);
  state.fails = false;
  await keep();
  t.is(asked.length, 1);
});

import test from 'ava';
import { openHouse } from '../helpers/house.js';

const DING = 'demo-rep-ding';

test('an official check-in is a witness for a photo that lacks its place, and is no word to anybody else', async (t) => {
  const house = await openHouse(t);
  await house.deal({ owner: DING, client: 'demo-hubin', stage: 'screening' });
  const at = house.clock.now();
  const asked: string[] = [];
  house.dingtalk.adapter.readCheckIn = (userId) => {
    asked.push(userId);
    return Promise.resolve({ lat: 30.2571, lng: 120.1576, datum: 'gcj02', at, label: '湖滨医院' });
  };
  const checksIn = async (userId: string): Promise<void> => {
    await house.inbox.intake(house.dingtalk.event(userId, { kind: 'checked-in' }));
    await house.settle();
  };
  const chat = house.chat(DING, 'dingtalk');
  await chat.says('湖滨').presses('拍客户现场照片').sendsPhoto('nowhere');
  await house.settle();
  const before = chat.shown().length;
  await checksIn('demo-rep-ding-dt');
  t.deepEqual(asked, ['demo-rep-ding-dt']);
  t.regex(chat.reads(), /签到收到（湖滨医院），补给刚才那张照片/);
  t.is(house.asked.at(-1)?.context.positions.at(-1)?.source, 'check-in-record');
  t.true(chat.shown().length > before);
  // Nothing waits for a place: nothing is said.
  const settled = chat.reads();
  await checksIn('demo-rep-ding-dt');
  t.is(chat.reads(), settled);
  // Nobody of ours, and nobody is told.
  await checksIn('somebody-else');
  t.is(asked.length, 2);
  const all = [...house.dingtalk.chats.values(), ...house.wecom.chats.values()].flat();
  t.false(all.some(({ card }) => card?.name.startsWith('unknown-person') === true));
});

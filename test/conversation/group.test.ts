import test from 'ava';
import { openHouse, type TestHouse } from '../helpers/house.js';
import { pressOn } from '../helpers/phones.js';

const LEAD = 'demo-supervisor-1';
const GROUP = 'demogroupeast1';

test('in a group one question gets one message, whatever number of deals it is about', async (t) => {
  const house = await openHouse(t);
  await house.deal({ id: 'd1' });
  await house.deal({ id: 'd2', owner: 'demo-rep-yi' });
  const group = house.chat(GROUP);
  await house.chat(LEAD).inGroup(GROUP, '城东医院 卡在哪');
  t.is(group.shown().length, 1);
  t.regex(group.reads(), /城东医院（代表甲）：[\s\S]*城东医院（代表乙）：/u);
});

test('本周穿透率 is answered with the asker’s own scope', async (t) => {
  const house = await openHouse(t);
  await house.deal({ id: 'd1', stage: 'screening' });
  const group = house.chat(GROUP);
  await house.chat(LEAD).inGroup(GROUP, '本周穿透率');
  await house.chat('demo-rep-geng').inGroup(GROUP, '穿透率多少？');
  const [lead, rep] = group.shown();
  t.is(group.shown().length, 2);
  t.regex(lead?.text ?? '', /^华东一组：/u);
  t.regex(rep?.text ?? '', /^代表庚：/u);
  const scope = house.org.scopeOf(LEAD);
  const { penetration } = await house.insights.figures(scope, house.clock.now());
  if (penetration.percent === null) t.regex(lead?.text ?? '', /算不出来/u);
  else t.true(lead?.text.includes(`过程穿透率 ${penetration.value}`));
});

/** Somebody presses what reads like this on the newest card of the group. */
async function presses(house: TestHouse, who: string, label: string): Promise<void> {
  const userId = house.chat(who).userId;
  const body = pressOn(house.chat(GROUP).shown().at(-1)!, label);
  if (body === null) throw new Error(`nothing to press like ${label} in:\n${house.chat(GROUP).reads()}`);
  await house.wecom.hand(house.wecom.event(userId, body, { kind: 'group', id: GROUP }));
  await house.settle();
}

test('the card in a group is brought up to date in its place, for whoever may see the deal', async (t) => {
  const house = await openHouse(t);
  await house.deal({ id: 'd1' });
  const group = house.chat(GROUP);
  await house.chat(LEAD).inGroup(GROUP, '城东医院 卡在哪');
  t.regex(group.reads(), /在「线索分配」[^]*还差：确认接手/u);
  await house.chat('demo-rep-jia').says('城东医院').presses('确认接手');
  await presses(house, LEAD, '看最新');
  t.is(group.shown().length, 1);
  t.regex(group.reads(), /在「首次触达」/u);
  const stranger = house.chat('demo-rep-geng');
  const before = group.reads();
  await presses(house, 'demo-rep-geng', '看最新');
  t.is(group.reads(), before);
  t.regex(stranger.reads(), /不在你能看的范围里/u);
});

test('问一句 in a group asks the rep alone, once, and the answer goes to whoever pressed', async (t) => {
  const house = await openHouse(t);
  await house.deal({ id: 'd1' });
  const group = house.chat(GROUP);
  const rep = house.chat('demo-rep-jia');
  const lead = house.chat(LEAD);
  await lead.inGroup(GROUP, '城东医院 卡在哪');
  await presses(house, 'demo-rep-jia', '问一句');
  t.regex(rep.reads(), /是你自己的商机/u);
  await presses(house, LEAD, '问一句');
  t.is(group.shown().length, 1, 'in its place');
  t.regex(group.reads(), /一组主管 09:3\d 问了代表甲，回了就转给一组主管/u);
  t.regex(rep.reads(), /一组主管问：「线索分配」（城东医院）卡在哪了？/u);
  t.false(rep.reads().includes('这几天没动'), 'nobody said that it stood still');
  await rep.says('客户出差，周四回来');
  t.regex(lead.reads(), /代表甲回你：客户出差，周四回来/u);
  t.false(group.reads().includes('客户出差'), 'what the rep says stays between the two');
});

test('the card in a group hides from the rep what only others can ask; a part of it changes nothing for all', async (t) => {
  const house = await openHouse(t);
  await house.deal({ id: 'd1' });
  const hidden = () => house.chat(GROUP).shown().at(-1)?.card?.hides;
  const lead = house.chat(LEAD);
  await lead.inGroup(GROUP, '城东医院 卡在哪');
  t.deepEqual(hidden(), [{ userId: house.chat('demo-rep-jia').userId, actions: ['group-ask:d1'] }]);
  await presses(house, LEAD, '问一句');
  t.deepEqual(hidden(), [{ userId: house.chat('demo-rep-jia').userId, actions: [] }], 'nothing is left to hide');
  await house.deal({ id: 'd2', owner: 'demo-rep-yi' });
  await lead.inGroup(GROUP, '城东医院 卡在哪');
  t.is(hidden(), undefined);
  const before = house.chat(GROUP).reads();
  await presses(house, 'demo-rep-jia', '看最新');
  t.is(house.chat(GROUP).reads(), before, 'who sees one of two does not take the other away from the group');
  t.regex(house.chat('demo-rep-jia').reads(), /卡上有的商机不在你能看的范围里/u);
});

test('nothing of the work is done by a press in a group', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ id: 'd1' });
  const lead = house.chat(LEAD);
  const body = { kind: 'press', cardId: 'c_x', action: `ask:${deal._id}:accept`, choices: {} } as never;
  await house.wecom.hand(house.wecom.event(house.chat('demo-rep-jia').userId, body, { kind: 'group', id: GROUP }));
  await house.settle();
  t.is((await house.deals.get(deal._id))?.stageId, 'assigned');
  t.regex(house.chat('demo-rep-jia').reads(), /群里的这个按钮按不了/u);
  t.deepEqual(lead.shown(), []);
});

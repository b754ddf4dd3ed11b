import test from 'ava';
import { asId, DAY, type DealId, type PersonId } from '../../src/core/index.js';
import { pdf } from '../helpers/chat.js';
import { JIA, openHouse } from '../helpers/house.js';
import { pressOn } from '../helpers/phones.js';

const D1 = asId<DealId>('d1');
const YI = 'demo-rep-yi';
const BOSS = 'demo-supervisor-1';
const DIRECTOR = 'demo-director-east';

test('a press on an old card changes nothing and says how things are', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  const jia = house.chat(JIA);
  await jia.says('城东').says('推进到合同签署');
  const old = jia.card('gap')!;
  const press = {
    kind: 'press' as const,
    cardId: old.cardId!,
    action: old.card!.actions.find((one) => one.label.includes('首次触达'))!.key,
    choices: {},
  };
  await jia.presses('首次触达').presses('通话').says('和科主任通了电话');
  const ver = (await house.deals.get(D1))?.ver;
  await jia.does(press).expects('这张卡已经过去了', '首次触达');
  t.is((await house.deals.get(D1))?.ver, ver);
  await jia.does({ ...press, action: 'nonsense:1' }).expects('这张卡已经过去了');
  await jia.does({ ...press, action: 'deal:gone' }).expectsNothing();
  t.is((await house.deals.get(D1))?.ver, ver);
});

test('a press by somebody else changes nothing and says whose it is', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  const jia = house.chat(JIA);
  await jia.says('城东');
  const card = jia.card('checklist')!;
  const ver = (await house.deals.get(D1))?.ver;
  for (const { key } of card.card!.actions) {
    const press = { kind: 'press' as const, cardId: card.cardId!, action: key, choices: {} };
    await house.chat(YI).does(press).expects('代表甲');
  }
  t.is((await house.deals.get(D1))?.ver, ver);
});

test('a stranger gets a clear answer each time, an administrator hears of it once a day', async (t) => {
  const house = await openHouse(t);
  const stranger = house.chat('zhang-unknown');
  await stranger.says('我的商机').expects('zhang-unknown');
  await stranger.says('在吗').expects('zhang-unknown');
  const told = () =>
    house
      .chat('demo-admin')
      .shown()
      .filter((one) => one.card?.name === 'unknown-person-admin').length;
  t.is(told(), 1);
  house.clock.advance(DAY);
  await stranger.says('还是我');
  t.is(told(), 2);
  await house.chat('li-silent').does({ kind: 'entered' }).expectsNothing();
  t.is(await house.store.connection.collection('sessions_chat').countDocuments({}), 0);
});

test('somebody who left is told so and can do nothing any more', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  const jia = house.chat(JIA);
  await jia.says('城东');
  const card = jia.card('checklist')!;
  await house.org.save({ people: [{ ...house.org.person(JIA)!, leftAt: house.clock.now() }] });
  house.clock.advance(1_000);
  const ver = (await house.deals.get(D1))?.ver;
  await jia
    .says('我的商机')
    .lacks('首次触达 · ')
    .expects(/离职|不在|停用/);
  const { key } = card.card!.actions[0]!;
  await jia.does({ kind: 'press', cardId: card.cardId!, action: key, choices: {} });
  t.is((await house.deals.get(D1))?.ver, ver);
  t.is(house.chat('demo-admin').shown().length, 0);
});

test('not today: one sentence why, kept on the deal', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('今天先不做')
    .expects('写一句原因')
    .presses('算了，不推')
    .expects('首次触达')
    .says('随便说说')
    .lacks('记下了')
    .presses('今天先不做')
    .says('客户出差，周四回来')
    .expects('记下了');
  const postponed = (await house.events('d1')).filter((event) => event.type === 'deal.postponed');
  t.deepEqual(
    postponed.map((event) => event.data.reason),
    ['客户出差，周四回来'],
  );
});

test('an exemption: reason, asked of the director, granted, counted; the stage goes on', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'clinical-value' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('贴同类设备采购公告')
    .presses('没有，申请豁免')
    .expects('为什么做不了')
    .says('近三个月没有同类公告')
    .expects('已发给华东总监');
  // Asking again while it is being asked makes no second ask.
  await jia.says('推进到合规报价').presses('豁免同类设备采购公告').expects('已经在等华东总监答复');
  const director = house.chat(DIRECTOR);
  await director.says('待办').expects('近三个月没有同类公告', '本月还剩 3 次').presses('同意');
  t.true(jia.reads().includes('华东总监'));
  const visit = (await house.deals.get(D1))?.visits.at(-1);
  t.is(visit?.items['tender-notice']?.exemption?.reason, '近三个月没有同类公告');
  t.is((await house.events('d1')).filter((event) => event.type === 'item.exempted').length, 1);
  const shown = director.shown().findLast((one) => one.card?.name === 'exempted');
  t.truthy(shown, director.reads());
  t.is(director.card('exempt-ask'), undefined, 'neither the card nor its copy can be pressed any more');
});

test('a press on an old ask for an exemption answers that one and not the one that was asked later', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'clinical-value' });
  const jia = house.chat(JIA);
  const director = house.chat(DIRECTOR);
  const asks = () =>
    jia.says('城东').presses('贴同类设备采购公告').presses('没有，申请豁免').says('近三个月没有同类公告');
  await asks();
  const first = { ...director.card('exempt-ask')! };
  const old = pressOn(first, '同意');
  t.truthy(old);
  await director.presses('不同意');
  await asks();
  await director.does(old!);
  t.is((await house.deals.get(D1))?.visits.at(-1)?.items['tender-notice']?.exemption, undefined);
  t.is((await house.todos.openFor(asId<PersonId>(DIRECTOR))).length, 1, 'the later one still waits');
});

test('an exemption that is refused leaves the item owed; none left is said before a reason is asked', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'clinical-value' });
  const jia = house.chat(JIA);
  const director = house.chat(DIRECTOR);
  await jia.says('城东').presses('拍科室门牌照片').presses('申请豁免').says('科室不让拍');
  await director.says('待办').presses('不同意');
  t.true(jia.reads().includes('没同意') || jia.reads().includes('不同意'), jia.reads());
  t.is((await house.deals.get(D1))?.visits.at(-1)?.items['door-plate']?.exemption, undefined);

  // Three others are granted this month: the fourth is not even asked for.
  for (const n of [2, 3, 4]) {
    await house.deal({
      id: `d${n}`,
      client: ['', '', 'demo-binjiang', 'demo-chengxi', 'demo-hubin'][n]!,
      stage: 'clinical-value',
    });
    await jia
      .says(['', '', '滨江', '城西', '湖滨'][n]!)
      .presses('贴同类设备采购公告')
      .presses('没有，申请豁免')
      .says('没有公告');
    await director.says('待办').presses('同意');
  }
  await jia
    .says('城东')
    .presses('贴同类设备采购公告')
    .presses('没有，申请豁免')
    .expects(/用完|没有了|0 次/);
  t.is(await house.todos.countGranted(asId<PersonId>(JIA), new Date('2026-03-01T00:00:00Z')), 3);
});

test('the machine refuses, the rep asks for a person, the supervisor decides for good', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  const boss = house.chat(BOSS);
  await jia
    .says('城东')
    .presses('拍客户现场照片')
    .sendsPhoto('old')
    .expects('没通过', '水印时间是昨天')
    .presses('请主管复核')
    .expects('已请一组主管复核')
    .presses('请主管复核')
    .expects('已请一组主管复核');
  t.is(boss.shown().filter((one) => one.card?.name === 'review').length, 1);
  await boss.says('待办').expects('请看一眼', '代表甲').presses('通过').expects('代表甲');
  t.true(jia.reads().includes('✅ 客户现场照片'));
  const [evidence] = await house.verification.ofDeal('d1');
  t.true(evidence?.history.some((entry) => entry.who === '一组主管'));
  // What a person has decided stays, whatever is pressed later.
  const ver = (await house.deals.get(D1))?.ver;
  const action = `review-fail:d1:${evidence!._id}`;
  await boss.does({ kind: 'press', cardId: boss.shown()[0]!.cardId!, action, choices: {} });
  t.is((await house.deals.get(D1))?.ver, ver);
});

test('what only a person can judge goes to the supervisor by itself', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('传阶梯报价单').sendsFile(pdf('doubt'), '报价.pdf').expects('复核');
  const boss = house.chat(BOSS);
  t.true(boss.reads().includes('请看一眼：阶梯报价单'));
  const shown = boss.shown().length;
  await boss.presses('不通过').expects('为什么不通过？', '看不清，重拍一张');
  t.is(boss.shown().length, shown, 'asked on the same card');
  t.false(jia.reads().includes('一组主管看过了'), 'nothing is decided yet');
  await boss.presses('不是这个客户的').expects('没通过：不是这个客户的');
  t.true(jia.reads().includes('一组主管看过了，没通过：不是这个客户的。'), jia.reads());
});

test('why it does not pass may be written, by number too, or thought over', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  const boss = house.chat(BOSS);
  const hand = () =>
    jia
      .says('城东')
      .presses(/[传交]阶梯报价单/)
      .sendsFile(pdf('doubt'), '报价.pdf');
  await hand();
  await boss.presses('不通过').says('章盖在别处了').expects('已转给代表甲');
  t.regex(jia.reads(), /没通过：章盖在别处了/u);
  t.regex(boss.reads(), /没通过：章盖在别处了/u, 'the card of the ask says it too');
  t.false(jia.reads().includes('请主管复核'), 'a person has said it');
  await hand();
  await boss.presses('不通过').says('1');
  t.regex(jia.reads(), /没通过：看不清，重拍一张/u);
  await hand();
  await boss.presses('不通过').presses('看错了，通过');
  t.regex(jia.reads(), /✅ 阶梯报价单/u);
  await boss.says('再说一句');
  t.is(boss.reads().split('已转给').length, 2, 'words after the decision are no reason any more');
});

test('legal objects in a sentence; the rep hears it and asks again; then it is passed', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  const legal = house.chat('demo-legal');
  await jia.says('城东').presses('传阶梯报价单').sendsFile(pdf(), '报价.pdf');
  await jia.presses('传成本核算表').sendsFile(Buffer.from('项目,金额\n人工,1\n'), '成本.csv').presses('看下一步');
  t.true(legal.reads().includes('合同初审'));
  await legal.presses('有意见').expects('写一句意见').says('付款条款要改').expects('已转给代表甲');
  t.true(jia.reads().includes('法务有意见：付款条款要改'), jia.reads());
  await jia.presses('再请法务初审意见').expects('已经再请法务看');
  await jia.presses('再请法务初审意见').expects('在等法务处理');
  t.is(
    legal.shown().filter((one) => one.card?.name === 'todo').length,
    1,
    'one new card, the old one says what was answered',
  );
  await legal.presses('通过');
  t.true(jia.reads().includes('✅ 法务初审意见'));
});

test('in the group whoever asks sees what they may see', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const group = house.chat('demogroupeast1');
  await house.chat(BOSS).inGroup('demogroupeast1', '城东医院卡在哪了？');
  t.regex(group.reads(), /城东医院（代表甲）：在「需求初筛」/);
  t.regex(group.reads(), /还差：客户痛点、客户现场照片、有效跟进/);
  const before = group.shown().length;
  await house.chat('demo-rep-geng').inGroup('demogroupeast1', '城东医院卡在哪了？');
  t.deepEqual(
    group
      .shown()
      .slice(before)
      .map((one) => one.text),
    [
      '发客户名就能看进度，比如「城东医院」；问「本周穿透率」看你负责的；说「日报发到这里」，每天的日报就来这个群。要交材料，到和我的单聊里。',
    ],
  );
  t.is(house.chat(BOSS).shown().length, 0, 'nothing of it comes into the single chat');
});

import test from 'ava';
import { asId, MINUTE, type DealId } from '../../src/core/index.js';
import { pdf, sheet } from '../helpers/chat.js';
import { JIA, openHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');
const BOSS = 'demo-supervisor-1';

for (const platform of ['wecom', 'dingtalk'] as const) {
  test(`after a verdict that asks again on ${platform} the next photo counts as asked from the verdict on`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'screening' });
    const jia = house.chat(JIA, platform);
    await jia.says('城东').presses('拍客户现场照片').sendsPhoto('old').expects('没通过');
    const verdictAt = house.asked[0]!.context.receivedAt;
    house.clock.advance(5 * MINUTE);
    await jia.sendsPhoto('fresh');
    const { askedAt, receivedAt } = house.asked[1]!.context;
    t.true(askedAt !== null && askedAt >= verdictAt && askedAt < receivedAt, String(askedAt));
    t.is((await house.deals.get(D1))?.visits.at(-1)?.items['site-photo']?.submissions.at(-1)?.status, 'passed');
  });
}

test('the window after a verdict ends like that of a question; each verdict begins it anew', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片').sendsPhoto('old');
  house.clock.advance(11 * MINUTE);
  await jia.sendsPhoto('old 2');
  t.is(house.asked[1]!.context.askedAt, null, 'nobody asked for it');
  house.clock.advance(5 * MINUTE);
  await jia.sendsPhoto('old 3');
  t.true(house.asked[2]!.context.askedAt! >= house.asked[1]!.context.receivedAt);
});

test('a photo asked for again counts while another question is open, which stays open', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片').sendsPhoto('old').presses('写有效跟进').says('样本周转太慢');
  await jia.sendsPhoto('fresh');
  t.not(house.asked[1]!.context.askedAt, null);
  await jia.says('我们的流水线能快一倍').says('周四带工程师来看场地');
  const items = (await house.deals.get(D1))?.visits.at(-1)?.items;
  t.is(items?.['follow-up']?.submissions.length, 1);
  t.is(items?.['site-photo']?.submissions.at(-1)?.status, 'passed');
});

for (const word of ['你好', '您好！', '在吗？', 'hi', 'Hello']) {
  test(`${word} is a greeting`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'screening' });
    await house.chat(JIA).says(word).expects('代表甲，你好，我是留痕', '我当场核验').lacks('没看懂');
  });
}

test('the greeting speaks to who reads it, with buttons of theirs', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const boss = house.chat(BOSS);
  await boss.says('你好').expects('「问一句」', '我的待办', '看日报').lacks('你发过来', '我的商机');
  await boss.presses('看日报').expects('https://trail.example.com/m');
  await boss.presses('我的待办').expects('现在没有待办');
  await boss
    .says('我的商机')
    .expects('你名下没有商机')
    .lacks('主管分给你后')
    .presses('我的待办')
    .expects('现在没有待办');
  await house.chat('demo-legal').says('帮助').expects('发「待办」').lacks('看日报', '我的商机');
  await house.chat('demo-admin').says('hi').expects('看日报').lacks('我的待办', '我的商机');
});

test('a file sent unasked is kept, and the press on an item hands it in; what no item takes is not promised', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'contract' });
  const jia = house.chat(JIA);
  await jia.says('城东').sendsFile(sheet(), '合同清单.csv').expects('先替你留着', '点清单上那一项就交上，不用再发');
  await jia.presses('传已签合同').expects('用上了你之前发的「合同清单.csv」');
  const items = async () => (await house.deals.get(D1))?.visits.at(-1)?.items;
  t.is((await items())?.['signed-contract']?.submissions.length, 1);
  await jia.presses(/已签合同/u);
  t.is((await items())?.['signed-contract']?.submissions.length, 1, 'it is used once');
  const other = await openHouse(t);
  await other.deal({ stage: 'screening' });
  await other.chat(JIA).says('城东').sendsFile(sheet(), '清单.csv').expects('这一步没有要它的地方').lacks('先替你留着');
});

test('files kept for two deals do not push each other out', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'solution' });
  await house.deal({ id: 'd2', client: 'demo-binjiang', stage: 'contract' });
  const jia = house.chat(JIA);
  await jia.says('城东').sendsFile(pdf('已签合同', 200_000), '合同.pdf').expects('补齐了在那一步点一下就交上');
  await jia.says('滨江').sendsFile(sheet(), '清单.csv').expects('先替你留着');
  const kept = (await house.sessions.peek(asId(JIA)))?.kept ?? [];
  t.deepEqual(
    kept.map(({ dealId, stageId, file }) => [dealId, stageId, file.name]),
    [
      ['d1', 'contract', '合同.pdf'],
      ['d2', 'contract', '清单.csv'],
    ],
  );
});

test('a touch says something; what is refused says how', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('首次触达').presses('有效通话').says('嗯').expects('写一句和谁、谈了什么，比如：');
  t.is((await house.deals.get(D1))?.visits.at(-1)?.items['touch'], undefined);
  await jia.says('和科主任约了周四上门').lacks('没看懂');
  t.is((await house.deals.get(D1))?.visits.at(-1)?.items['touch']?.submissions[0]?.status, 'passed');
});

for (const first of ['words', 'place'] as const) {
  test(`a check-in wants a position as well as a sentence, the ${first} first`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'first-touch' });
    const jia = house.chat(JIA);
    await jia.says('城东').presses('首次触达').presses('现场签到').expects('发一个定位给我');
    if (first === 'words') await jia.says('见了设备科主任，看了机房').expects('还差到场的凭据').locates();
    else await jia.locates().expects('到场记下了').says('见了设备科主任，看了机房');
    const touch = (await house.deals.get(D1))?.visits.at(-1)?.items['touch']?.submissions[0];
    t.is(touch?.status, 'passed');
    t.like(touch?.value, { note: '见了设备科主任，看了机房', place: { kind: 'position' } });
  });
}

test('on DingTalk, whose bot gets no positions, the code of the visit checks in; another code does not', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  const jia = house.chat(JIA, 'dingtalk');
  await jia.says('城东').presses('首次触达').presses('现场签到').expects('扫这个客户的拜访二维码').lacks('定位');
  const scan = (text: string) => ({ kind: 'scan' as const, menuKey: 'scan', text });
  await jia.does(scan('https://trail.example.com/s/d2.code')).expects('这不是城东医院的拜访二维码');
  await jia.does(scan('https://trail.example.com/s/d1.code')).expects('到场记下了').says('见了设备科主任，看了机房');
  const touch = (await house.deals.get(D1))?.visits.at(-1)?.items['touch']?.submissions[0];
  t.like(touch, { status: 'passed', value: { place: { kind: 'code' } } });
});

test('the button of an item says what to do', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  const jia = house.chat(JIA);
  await jia.says('城东').expects('记首次触达').says('推进到需求初筛');
  t.true(jia.card('gap')?.card?.actions.some(({ label }) => label === '记首次触达'));
});

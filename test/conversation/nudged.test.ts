import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadCards } from '../../src/cards/index.js';
import { asId, DAY, HOUR, projectRoot, type DealId, type PersonId } from '../../src/core/index.js';
import { JIA, openHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');
const BOSS = 'demo-supervisor-1';
const DIRECTOR = 'demo-director-east';
const press = (verb: 'nudge-ask' | 'nudge-take') => ({
  kind: 'press' as const,
  cardId: asId<never>('nudge-1'),
  action: `${verb}:${JIA}:screening`,
  choices: {},
});

const ASKED = '一组主管问：「需求初筛」（城东医院）这几天没动，卡在哪了？直接回我这里';
const ANSWER = '客户主任出差，周四回来';

for (const platform of ['wecom', 'dingtalk'] as const) {
  test(`问一句 on ${platform}: the answer comes back there and stays with the deal; asked once a day`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'screening' });
    const jia = house.chat(JIA, platform);
    const boss = house.chat(BOSS, platform);
    await jia.says('城东');
    await boss.does(press('nudge-ask')).expects('已经替你问了代表甲');
    t.true(jia.reads().includes(ASKED), jia.reads());
    await boss.does(press('nudge-ask')).expects(/今天 09:3\d 已经问过代表甲了，还没回/u);
    t.is(jia.reads().split(ASKED).length, 2, 'asked once');
    await jia.says(ANSWER).expects('转给一组主管了').lacks('没看懂');
    t.regex(boss.reads(), new RegExp(`代表甲回你：${ANSWER}\n说的是「需求初筛」（城东医院）`, 'u'));
    const deal = await house.deals.get(D1);
    t.like(deal?.notes?.[0], { by: JIA, keyword: '答一组主管', quote: ANSWER });
    const [last] = await house.insights.followUps(asId<PersonId>(JIA), 3);
    t.regex(last?.what ?? '', new RegExp(`说“${ANSWER}”`, 'u'), 'the next nudge attaches it');
    await boss.does(press('nudge-ask')).expects(new RegExp(`回的是：${ANSWER}`, 'u'));
    // The answer was the one; what comes after it is as ever.
    await jia.says('随便说说').expects('没看懂');
    house.clock.advance(DAY);
    await boss.does(press('nudge-ask')).expects('已经替你问了代表甲');
    t.is(jia.reads().split(ASKED).length, 3, 'another day, another question');
  });
}

async function asked(t: ExecutionContext) {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  const boss = house.chat(BOSS);
  await boss.does(press('nudge-ask'));
  return { house, jia, boss };
}

test('the question outlives a restart', async (t) => {
  const { house } = await asked(t);
  const again = await openHouse(t, { store: house.store, clock: house.clock });
  await again.chat(JIA).says(ANSWER).expects('转给一组主管了');
  t.regex(again.chat(BOSS).reads(), new RegExp(ANSWER, 'u'));
});

test('the question can be put off and taken up; a client by name is no answer; an item asked later goes first', async (t) => {
  const { house, jia, boss } = await asked(t);
  await jia.says('稍后').expects('想回一组主管，发「继续」').says('随便说说').expects('没看懂');
  await jia.says('继续').expects(ASKED);
  house.clock.advance(HOUR);
  await jia
    .says('城东医院')
    .expects('城东医院 · 需求初筛')
    .presses('写有效跟进')
    .says('样本周转太慢')
    .lacks('转给一组主管了');
  await jia.says('我们的流水线能快一倍').says('周四带工程师来看场地').expects('有效跟进');
  await jia.says(ANSWER).expects('转给一组主管了');
  t.is(boss.reads().split('代表甲回你').length, 2);
});

test('an item that was asked before waits while a colleague is answered, and goes on', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('写有效跟进').says('样本周转太慢');
  await house.chat(BOSS).does(press('nudge-ask'));
  await jia.says(ANSWER).expects('转给一组主管了');
  await jia.says('我们的流水线能快一倍').says('周四带工程师来看场地');
  t.is((await house.deals.get(D1))?.visits.at(-1)?.items['follow-up']?.submissions.length, 1);
});

test('two who ask the same get the same answer; nobody may ask who may not see', async (t) => {
  const { house, jia, boss } = await asked(t);
  const director = house.chat(DIRECTOR);
  await director.does(press('nudge-ask')).expects('已经替你问了代表甲');
  await house.chat('demo-supervisor-3').does(press('nudge-ask')).lacks('已经替你问了');
  t.is(jia.shown().length, 2);
  await jia.says(ANSWER).expects('转给一组主管、华东总监了');
  for (const one of [boss, director]) t.regex(one.reads(), new RegExp(`代表甲回你：${ANSWER}`, 'u'));
  t.is((await house.deals.get(D1))?.notes?.length, 1);
});

test('我来跟 settles the card in place, tells the rep and is remembered', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const boss = house.chat(BOSS);
  const card = loadCards(join(projectRoot, 'cards')).fill('nudge-supervisor', {
    state: 'silent',
    rep: '代表甲',
    repId: JIA,
    stage: '需求初筛',
    stageId: 'screening',
    days: 2,
    clients: ['城东医院'],
    last: [],
  });
  const to = { kind: 'person' as const, personId: asId<PersonId>(BOSS) };
  const message = { kind: 'show' as const, cardId: asId<never>('nudge-1'), card };
  await house.outbox.enqueue([{ key: 'nudge:1', to, purpose: 'nudge', message }]);
  await house.settle();
  await boss.presses('我来跟').expects('代表甲 的「需求初筛」，你来跟');
  t.is(boss.shown().length, 1, 'in place');
  t.regex(boss.shown()[0]?.card?.closed ?? '', /^你来跟了 09:3\d$/u);
  t.true(house.chat(JIA).reads().includes('一组主管会和你一起跟「需求初筛」（城东医院）'));
  t.like((await house.sessions.peek(asId<PersonId>(JIA)))?.taken?.[0], { by: BOSS, stageId: 'screening' });
});

test('a stage without deals any more is not nudged', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'solution' });
  await house.chat(BOSS).does(press('nudge-ask')).expects('在这一步已经没有商机了');
  t.is(house.chat(JIA).shown().length, 0);
});

import test from 'ava';
import { SECOND } from '../../src/core/index.js';
import type { PlatformName } from '../../src/platforms/contract.js';
import { photo } from '../helpers/chat.js';
import { JIA, openHouse } from '../helpers/house.js';

const asked = async (t: Parameters<typeof openHouse>[0], platform: PlatformName, estimateMs: number) => {
  const house = await openHouse(t, { estimateMs: () => estimateMs });
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA, platform);
  await jia.says('城东').presses('拍客户现场照片');
  return { house, jia };
};

for (const platform of ['wecom', 'dingtalk'] as const) {
  test(`what will take more than 5 s is told at once, and the same card tells the verdict: ${platform}`, async (t) => {
    const { house, jia } = await asked(t, platform, 9 * SECOND);
    await house.verification.stop();
    await jia.sendsPhoto().expects('收到，要多等一会儿', '城东医院 · 客户现场照片');
    const shown = jia.shown().length;
    const { cardId } = jia.card('received')!;
    house.verification.start();
    await house.settle();
    t.is(jia.shown().length, shown, 'no further message');
    t.is(jia.card('received')?.cardId, cardId);
    t.regex(jia.reads(), /客户现场照片：通过/u);
    t.false(jia.reads().includes('多等一会儿'));
    t.deepEqual((await house.deals.find({}))[0]?.waiting, []);
  });

  test(`a verdict that has something to say takes the waiting card: ${platform}`, async (t) => {
    const { house, jia } = await asked(t, platform, 9 * SECOND);
    await house.verification.stop();
    await jia.sendsPhoto('old');
    const { cardId } = jia.card('received')!;
    const shown = jia.shown().length;
    house.verification.start();
    await house.settle();
    t.is(jia.shown().length, shown);
    t.is(jia.shown().find((one) => one.cardId === cardId)?.card?.name, 'verdict-failed');
    t.regex(jia.reads(), /水印时间是昨天/u);
    await jia.presses('现在拍').expects('10 分钟');
  });
}

test('what is looked at soon is not told', async (t) => {
  const { house, jia } = await asked(t, 'wecom', 5 * SECOND);
  await house.verification.stop();
  await jia.sendsPhoto();
  t.is(jia.card('received'), undefined);
  house.verification.start();
  await house.settle();
  t.regex(jia.reads(), /✅ 客户现场照片/u);
});

test('a file that is replaced while it waits, and one that goes to a person, end their wait', async (t) => {
  const house = await openHouse(t, { estimateMs: () => 9 * SECOND });
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await house.verification.stop();
  const send = (words: string) => jia.sendsFile(Buffer.from(`%PDF-1.7 ${words}`), '报价.pdf');
  await jia.says('城东').presses(/阶梯报价单/);
  await send('first');
  await send('doubt');
  t.regex(jia.reads(), /阶梯报价单：换成后交的了/u);
  house.verification.start();
  await house.settle();
  t.regex(jia.reads(), /阶梯报价单：请主管看一眼/u);
  t.false(jia.reads().includes('多等一会儿'));
});

test('the estimate counts what is before it, also what has not reached a worker yet', async (t) => {
  const ahead: number[] = [];
  const house = await openHouse(t, { estimateMs: (n = 0) => (ahead.push(n), 0) });
  await house.deal({ stage: 'clinical-value' });
  await house.verification.stop();
  await house.chat(JIA).says('城东').presses('拍科室门牌照片').sendsPhoto('door 1').sendsPhoto('door 2');
  t.deepEqual(ahead, [0, 1]);
  house.verification.start();
  await house.settle();
  t.is(house.verification.ahead(), 0);
});

test('a photo that is refused is told once: the list said nothing of it, and still holds', async (t) => {
  const house = await openHouse(t);
  house.wecom.takesWords = true;
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片');
  const before = house.wecom.deliveries.length;
  await jia.sendsPhoto('old');
  house.clock.advance(30 * SECOND);
  await house.settle();
  const told = house.wecom.deliveries
    .slice(before)
    .map(({ body, onlyAsAnswer }) => [
      'card' in body ? body.card.name : 'text' in body ? body.text : body.kind,
      onlyAsAnswer === true,
    ]);
  t.deepEqual(told, [
    ['收到，在看「客户现场照片」，马上有结果。', true],
    ['verdict-failed', false],
  ]);
  await jia.presses('现在拍').sendsPhoto();
  t.regex(jia.reads(), /✅ 客户现场照片/u);
});

test('words that come too late to stand in the answer stay away; the verdict follows', async (t) => {
  const house = await openHouse(t);
  house.wecom.takesWords = true;
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片');
  await house.verification.stop();
  // The answer is out before the words are there.
  const late = house.wecom.event(jia.userId, {
    kind: 'image',
    media: house.wecom.keep(photo()),
  });
  house.wecom.takesWords = false;
  await house.wecom.hand(late);
  await house.settle();
  t.false(jia.reads().includes('马上有结果'));
  t.is(await house.store.connection.collection('outbox').countDocuments({ state: 'due' }), 0);
  house.verification.start();
  await house.settle();
  t.regex(jia.reads(), /✅ 客户现场照片/u);
});

test('a list that says 核验中 changes when the photo is refused; a skip that is refused changes no list', async (t) => {
  const { house, jia } = await asked(t, 'wecom', 0);
  await house.verification.stop();
  await jia.sendsPhoto('old');
  const list = jia.card('checklist');
  t.regex(jia.reads(), /核验中/u);
  house.verification.start();
  await house.settle();
  house.clock.advance(30 * SECOND);
  await house.settle();
  t.false(jia.reads().includes('核验中'));
  t.is(jia.card('checklist')?.cardId, list?.cardId);
  const before = house.wecom.deliveries.length;
  await jia.says('推进到合同签署');
  const names = house.wecom.deliveries.slice(before).map(({ body }) => ('card' in body ? body.card.name : body.kind));
  t.deepEqual(names, ['gap']);
});

test('of several photos in a row each is taken in words, and the list changes once, with the last; or when nobody goes on', async (t) => {
  const house = await openHouse(t);
  house.wecom.takesWords = true;
  await house.deal({ stage: 'clinical-value' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('科室门牌照片');
  let before = house.wecom.deliveries.length;
  const since = () => house.wecom.deliveries.slice(before).map(({ body }) => ('text' in body ? body.text : body.kind));
  await house.wecom.hand(house.wecom.event(jia.userId, { kind: 'image', media: house.wecom.keep(photo('good 1')) }));
  await house.inbox.idle();
  await house.verification.sweep();
  await house.relay.sweep({ all: true });
  await house.outbox.sweep();
  t.deepEqual(since(), ['收到，在看「科室门牌照片」第 1 张，接着拍下一张就行，有问题马上告诉你。']);
  before += 1;
  await jia.sendsPhoto('good 2').expects('✅ 科室门牌照片　2 张');
  t.deepEqual(since(), ['收到，在看「科室门牌照片」，马上有结果。', 'card-update']);

  await house.deal({ id: 'd2', client: 'demo-binjiang', stage: 'clinical-value' });
  await jia.says('滨江').presses('科室门牌照片').sendsPhoto('good 3').expects('科室门牌照片　1/2');
});

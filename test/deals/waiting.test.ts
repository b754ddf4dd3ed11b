import test from 'ava';
import { SECOND } from '../../src/core/index.js';
import type { PlatformName } from '../../src/platforms/contract.js';
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

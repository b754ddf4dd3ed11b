import test from 'ava';
import { asId, MINUTE, type DealId } from '../../src/core/index.js';
import type { InboundBody } from '../../src/platforms/contract.js';
import { amr, pdf, photo } from '../helpers/chat.js';
import { JIA, openHouse, type TestHouse } from '../helpers/house.js';

const GROUP = 'demogroupeast1';
const D1 = asId<DealId>('d1');

/** Somebody points at something in a group and names the robot. */
async function pointsAt(house: TestHouse, body: InboundBody): Promise<void> {
  const { userId } = house.chat(JIA, 'dingtalk');
  await house.dingtalk.hand(house.dingtalk.event(userId, body, { kind: 'group', id: GROUP }));
  await house.settle();
}

const submissions = async (house: TestHouse, item: string) =>
  (await house.deals.get(D1))?.visits.at(-1)?.items[item]?.submissions ?? [];

test('a file quoted in a group is handed in as if sent; the verdict stays between the two, the group hears one line', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA, 'dingtalk');
  const group = house.chat(GROUP, 'dingtalk');
  const item = house.flow.stages.find(({ id }) => id === 'quotation')!.items.find(({ kind }) => kind === 'file')!;
  await jia.says('城东').presses(item.name);
  const media = house.dingtalk.keep(pdf(), '合同.pdf');
  await pointsAt(house, { kind: 'file', media, quoted: { said: '归档这份' } });
  t.is((await submissions(house, item.id)).length, 1);
  t.deepEqual(
    group.shown().map(({ text }) => text),
    ['代表甲，收到，结果在和我的单聊里说。'],
  );
  t.regex(jia.reads(), new RegExp(`✅ ${item.name}`, 'u'));
});

test('a quoted photo that is older than its question was not taken for it; a newer one counts', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA, 'dingtalk');
  const before = new Date(house.clock.now().getTime() - 30 * MINUTE);
  await jia.says('城东').presses('拍客户现场照片');
  const at = (sentAt: Date): InboundBody => ({
    kind: 'image',
    media: house.dingtalk.keep(photo()),
    quoted: { said: '', at: sentAt },
  });
  await pointsAt(house, at(before));
  t.is((await submissions(house, 'site-photo')).length, 0);
  t.regex(jia.reads(), /引用的这张是今天 09:0\d 发的，比这次要照片早。现在当场拍一张，直接发给我。/u);
  // One-to-one it is no other.
  await jia.does(at(before));
  t.is((await submissions(house, 'site-photo')).length, 0);
  await pointsAt(house, at(house.clock.now()));
  t.is((await submissions(house, 'site-photo')).length, 1);
});

test('what is quoted and does not come along has to be sent itself; a video is none here either', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA, 'dingtalk');
  await pointsAt(house, { kind: 'unknown', what: 'quoted:audio', is: 'quoted', quoted: { said: '听听' } });
  t.regex(jia.reads(), /引用的那条，平台没把内容给我。把它直接发到这里。/u);
  await pointsAt(house, { kind: 'unknown', what: 'quoted:video', is: 'video', quoted: { said: '看看' } });
  t.regex(jia.reads(), /视频不能当证据/u);
  t.is(house.chat(GROUP, 'dingtalk').shown().length, 2, 'one line each');
  await jia.does({ kind: 'unknown', what: 'quoted:file', is: 'quoted', quoted: { said: '这份' } });
  await jia.expects('把它直接发到这里');
});

test('one-to-one, words beside a quote are the answer where words are asked for, else what they point at is', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA, 'dingtalk');
  const quoting = (said: string): InboundBody => ({
    kind: 'image',
    media: house.dingtalk.keep(photo(`of ${said}`)),
    quoted: { said, at: house.clock.now() },
  });
  await jia.says('城东').presses('写有效跟进').does(quoting('和科主任谈了预算')).lacks('收到的是图片');
  await jia.says('退出').says('城东').presses('拍客户现场照片');
  await jia.does(quoting('就这张'));
  t.is((await submissions(house, 'site-photo')).length, 1);
  await jia.does(quoting('帮助')).expects('可以这样用');
});

test('a quoted voice message is the words of whoever quotes it, or the recording that is asked for', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA, 'dingtalk');
  await jia.says('城东').presses('写有效跟进');
  const media = house.dingtalk.keep(amr());
  await pointsAt(house, { kind: 'voice', media, transcript: '和科主任谈了预算', quoted: { said: '' } });
  t.regex(jia.reads(), /和科主任谈了预算/u);
});

import test from 'ava';
import type { NoMaterial } from '../../src/platforms/contract.js';
import { pdf } from '../helpers/chat.js';
import { JIA, openHouse } from '../helpers/house.js';

const sent = (is: NoMaterial) => ({ kind: 'unknown', what: is, is }) as const;

for (const platform of ['wecom', 'dingtalk'] as const) {
  test(`${platform}: a video is no evidence; the answer says so, and what to send for what is asked`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'screening' });
    const jia = house.chat(JIA, platform);
    await jia
      .says('城东')
      .does(sent('video'))
      // Nothing is asked: where the deal stands, and its next item.
      .expects('用不上视频', '视频不能当证据。拍一张照片，或者把文件发给我。', '你现在停在：城东医院 · 客户痛点')
      .presses('继续')
      .presses('拍客户现场照片')
      .does(sent('video'))
      .expects('这里要的是照片', '城东医院 · 客户现场照片', '视频不能当证据。拍一张照片发给我就行。')
      .lacks('没看懂')
      // The question stayed open.
      .sendsPhoto()
      .expects('✅ 客户现场照片');
    await jia.presses('写有效跟进').does(sent('video')).expects('收到的是视频。请打字写一句。');
    t.is((await house.inbox.counts()).dead, 0);
  });

  test(`${platform}: every known kind gets a sentence that says what works`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'screening' });
    const jia = house.chat(JIA, platform);
    const says: Record<Exclude<NoMaterial, 'no-content' | 'quoted'>, string> = {
      video: '拍一张照片',
      location: '拍摄页',
      'mini-program': '复制网址',
      contact: '打字发客户名',
      sticker: '打字说',
      'chat-record': '单独发给我',
      card: '复制里面的网址',
    };
    for (const [is, words] of Object.entries(says)) await jia.does(sent(is as NoMaterial)).expects(words, '用不上');
    await jia
      .does({ kind: 'unknown', what: 'unknownMsgType' })
      .expects('用不上读不了的消息', '打字、拍照片、发文件都行');
    await jia.does({ kind: 'link', url: 'https://example.com/1' }).expects('用不上链接', '先点清单上要链接的那一项');
    await jia.says('城东').presses('拍客户现场照片');
    await jia.does({ kind: 'link', url: 'https://example.com/1' }).expects('这里要的是照片', '收到的是链接');
    await jia.does(sent('contact')).expects('收到的是名片。拍一张照片发给我就行。').lacks('没看懂');
  });

  test(`${platform}: a message whose content the platform keeps back is not taken for the wrong thing`, async (t) => {
    const house = await openHouse(t);
    await house.deal({ stage: 'screening' });
    await house
      .chat(JIA, platform)
      .says('城东')
      .presses('拍客户现场照片')
      .does(sent('no-content'))
      .expects('这条消息没带内容', '请管理员加购')
      .lacks('这里要的是');
  });
}

test('where a sentence is waited for, that is what is asked for again', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片').presses('申请豁免').does(sent('video'));
  await jia.expects('用不上视频', '在等你回一句话').says('客户不让拍').expects('已发给华东总监');
});

test('a photo or a file of nobody knows which deal is asked about, not called unclear', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.sendsPhoto().expects('先说是哪个客户的', '图片收到了');
  await jia.sendsFile(pdf(), '合同.pdf').expects('先说是哪个客户的', '文件收到了').lacks('没看懂');
  await jia.says('随便说说').expects('没看懂这句');
});

import test from 'ava';
import { asId, type DealId } from '../../src/core/index.js';
import { pdf, photo, sheet } from '../helpers/chat.js';
import { JIA, openHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');
const YI = 'demo-rep-yi';

test('going on without what is missing is refused, counted, and answered with what is missing', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .expects('需求初筛')
    .says('推进到合同签署')
    .expects('还差 3 项', '客户痛点', '客户现场照片', '有效跟进');
  const deal = await house.deals.get(D1);
  t.is(deal?.stageId, 'screening');
  t.is(deal?.skipAttempts, 1);
  await jia.says('推进到首次触达').expects('「首次触达」不在前面', '需求初筛');
  t.is((await house.deals.get(D1))?.skipAttempts, 1);
  await jia.says('推进到火星').expects('没');
  t.is((await house.deals.get(D1))?.skipAttempts, 1);
});

test('the wrong kind of thing is sent back with what is wanted; the question stays open', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('拍客户现场照片')
    .says('我到了')
    .expects('这里要的是照片', '收到的是文字')
    .sendsFile(pdf(), '报告.pdf')
    .expects('收到的是文件')
    .speaks('我在门口')
    .expects('收到的是语音')
    .sendsPhoto()
    .expects('✅ 客户现场照片');
  await jia.presses('写有效跟进').sendsPhoto().expects('收到的是图片');
  t.is((await house.inbox.counts()).dead, 0);
});

test('numbers press what the last card offers, several of them choose tags', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('我的商机').presses('打开').expects('先选中一个商机');
  await jia.says('我的商机').says('1').expects('需求初筛');
  await jia.says('1').expects('选客户痛点').says('1 3').expects('至少').says('1 3、4').expects('✅ 客户痛点　3 个');
  const deal = await house.deals.get(D1);
  const pains = deal?.visits.at(-1)?.items['pains']?.submissions.at(-1)?.value;
  t.deepEqual(pains?.kind === 'tags' ? pains.tags : null, ['预算审批流程长', '数据迁移难度大', '样本周转慢']);
  // A number beyond what is offered presses nothing.
  const before = deal?.ver;
  await jia.says('99');
  t.is((await house.deals.get(D1))?.ver, before);
});

test('a number presses the way on as well, and the gap card comes as a message', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片').says('1').expects('先放着').lacks('这张卡已经过去了');
  await jia.says('继续').expects('拍客户现场照片');
});

test('what was handed in is kept when the question is left, put off and taken up again', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'clinical-value' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('贴同类设备采购公告')
    .says('https://example.com/notice/7')
    .expects('标题')
    .presses('稍后')
    .says('在吗')
    .lacks('在吗')
    .says('继续')
    .expects('标题')
    .says('生化分析仪公告')
    .expects('没写日期')
    .says('稍后')
    .expects('先放着')
    .says('继续')
    .says('2 月 20 日')
    .expects('✅ 同类设备采购公告');
  const link = (await house.deals.get(D1))?.visits.at(-1)?.items['tender-notice']?.submissions.at(-1)?.value;
  t.deepEqual(link, {
    kind: 'link',
    url: 'https://example.com/notice/7',
    title: '生化分析仪公告',
    publishedOn: '2026-02-20',
  });
  await jia.presses('拍科室门牌照片').says('退出').says('今天很忙').expects('没');
  t.is((await house.deals.get(D1))?.visits.at(-1)?.items['door-plate'], undefined);
});

test('a question that was put off still takes the photo that fits it, and no words', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house
    .chat(JIA)
    .says('城东')
    .presses('拍客户现场照片')
    .presses('稍后')
    .expects('需求初筛')
    .says('好的')
    .lacks('这里要的是照片')
    .sendsPhoto()
    .expects('✅ 客户现场照片');
});

test('putting off a question that stands on another card closes that card and makes no second checklist', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').says('推进到合同签署');
  const gap = jia.card('gap');
  t.truthy(gap);
  await jia.presses('拍客户现场照片').expects('10 分钟').presses('稍后').expects('先放着，发「继续」接着做');
  t.is(jia.shown().filter((one) => one.card?.name === 'checklist').length, 1);
  t.is(gap?.card?.name, 'ask-photo');
  await jia.says('继续').expects('拍客户现场照片').sendsPhoto().expects('✅ 客户现场照片');
});

test('an answer to a question that stands on the card of what is missing closes it and makes no second checklist', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').says('推进到合同签署');
  const gap = jia.card('gap');
  t.truthy(gap);
  await jia
    .presses('选客户痛点')
    .presses('选好了', '预算审批流程长', '数据迁移难度大', '样本周转慢')
    .expects('已交，看清单', '✅ 客户痛点');
  t.is(gap?.card?.name, 'ask-tags');
  t.is(jia.shown().filter((one) => one.card?.name === 'checklist').length, 1);
});

test('a link comes in three steps; a page without a date is taken without one', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'clinical-value' });
  await house
    .chat(JIA)
    .says('城东')
    .presses('贴同类设备采购公告')
    .says('公告在官网上')
    .expects('不像一个网址')
    .says('看这个 https://example.com/n/1，谢谢')
    .says('生化分析仪公告')
    .says('上个月')
    .expects('没看懂日期')
    .presses('没写日期')
    .expects('✅ 同类设备采购公告');
  const link = (await house.deals.get(D1))?.visits.at(-1)?.items['tender-notice']?.submissions.at(-1)?.value;
  t.deepEqual(link, { kind: 'link', url: 'https://example.com/n/1', title: '生化分析仪公告' });
});

test('a follow-up may be spoken; a recording without words is not taken', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house
    .chat(JIA)
    .says('城东')
    .presses('写有效跟进')
    .speaks('客户说样本周转太慢')
    .expects('方案匹配点')
    .speaks('')
    .expects('没转出文字')
    .speaks('我们的流水线快一倍')
    .speaks('周四看场地')
    .expects('✅ 有效跟进');
  const value = (await house.deals.get(D1))?.visits.at(-1)?.items['follow-up']?.submissions.at(-1)?.value;
  t.deepEqual(value?.kind === 'follow-up' ? value.elements : null, {
    客户痛点确认: '客户说样本周转太慢',
    方案匹配点: '我们的流水线快一倍',
    下一步约定: '周四看场地',
  });
});

test('files that are too large, empty or gone are told apart and nothing is kept of them', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house
    .chat(JIA)
    .says('城东')
    .presses('拍客户现场照片')
    .sends('image', Buffer.alloc(21_000_000, 1))
    .expects('文件太大')
    .sends('image', Buffer.alloc(0))
    .expects('文件是空的')
    .sendsGone()
    .expects('文件打不开')
    .sendsPhoto()
    .expects('✅ 客户现场照片');
  t.is(await house.store.connection.collection('vault.files').countDocuments({}), 1);
});

test('a photo that was not asked for goes where just one is wanted; of a file that fits nowhere that is said', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .sendsPhoto()
    .expects('✅ 客户现场照片')
    .sendsFile(sheet(), '台账.csv')
    .expects('收到「台账.csv」，这一步没有要它的地方');
  t.is(house.asked.length, 1);
  t.is(house.asked[0]?.context.askedAt, null);
});

test('a position after a photo that lacked one has it looked at again', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house
    .chat(JIA)
    .says('城东')
    .presses('拍客户现场照片')
    .sendsPhoto('nowhere')
    .expects('未核验', '发一个定位')
    .locates()
    .expects('正在重新核验', '✅ 客户现场照片');
  t.is(house.asked.length, 2);
});

test('a signed contract that nobody asked for proposes its stage, and the gate answers with what is missing', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'quotation' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .sendsFile(pdf('已签合同', 200_000), '合同.pdf')
    .expects('收到「合同.pdf」，是「合同签署」的材料', '还差 2 项', '阶梯报价单');
  const deal = await house.deals.get(D1);
  t.is(deal?.stageId, 'quotation');
  t.is(deal?.skipAttempts, 0, 'a rule is nobody’s attempt to skip');
  t.deepEqual(deal?.visits.at(-1)?.items, {});
  // What it waits for comes, and the contract need not be sent again.
  const later = await openHouse(t);
  await later.deal({ stage: 'quotation' });
  const yi = later.chat(JIA);
  await yi.says('城东').sendsFile(pdf('已签合同', 200_000), '合同.pdf').expects('不用再发');
  await yi
    .presses('传阶梯报价单')
    .sendsFile(pdf('quote'), '报价.pdf')
    .presses('传成本核算表')
    .sendsFile(sheet('cost'), '成本.csv')
    .expects('合规报价 已完成')
    .presses('看下一步')
    .presses('传已签合同')
    .expects('用上了你之前发的「合同.pdf」', '✅ 已签合同');
  t.is((await later.deals.get(D1))?.visits.at(-1)?.items['signed-contract']?.submissions.length, 1);
  // Too small, or without the words, it is a file like any other: here the quote.
  await jia.sendsFile(pdf('已签合同'), '合同小.pdf').expects('✅ 阶梯报价单');
  // Asked for, it is what was asked for.
  t.is((await house.deals.get(D1))?.visits.at(-1)?.items['quote']?.submissions.length, 1);
});

test('two photos in a row count one by one under the same question', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'clinical-value' });
  await house
    .chat(JIA)
    .says('城东')
    .presses('拍科室门牌照片')
    .sendsPhoto('plate 1')
    .expects('1/2')
    .sendsPhoto('plate 2')
    .expects('科室门牌照片　2 张');
});

test('the same photo again for somebody else’s deal is shown to the verifier as a reuse', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house.deal({ id: 'd2', owner: YI, client: 'demo-xingang', stage: 'screening' });
  await house.chat(JIA).says('城东').presses('拍客户现场照片').sends('image', photo('same'));
  await house.chat(YI).says('新港').presses('拍客户现场照片').sends('image', photo('same'));
  t.is(house.asked[0]?.context.reuseOf, null);
  t.is(house.asked[1]?.context.reuseOf?.byName, '代表甲');
});

test('a verdict that comes while something is chosen on the card leaves it there; the answer shows both', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片').sendsPhoto('nowhere').expects('发一个定位');
  await jia.says('城东').presses('选客户痛点').locates().expects('正在重新核验');
  await jia
    .presses('选好了', '预算审批流程长', '现有设备维保成本高', '数据迁移难度大')
    .expects('✅ 客户痛点', '✅ 客户现场照片');
});

test('a verdict that comes after the question was put off shows on the card', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia.says('城东').presses('拍客户现场照片').sendsPhoto('nowhere').expects('发一个定位');
  await jia.says('城东').presses('选客户痛点').says('稍后').locates();
  t.regex(jia.reads(), /⬜ 客户痛点\n\s*✅ 客户现场照片/);
});

test('the stage that a verdict completes is told, whatever is asked on its card', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const jia = house.chat(JIA);
  await jia
    .says('城东')
    .presses('选客户痛点')
    .presses('选好了', '预算审批流程长', '现有设备维保成本高', '数据迁移难度大');
  await jia
    .presses('写有效跟进')
    .says('检验科反映样本周转慢')
    .says('流水线能压到四十分钟')
    .says('月底前带工程师上门测');
  await jia.says('城东').presses('拍客户现场照片').sendsPhoto('nowhere').expects('发一个定位');
  await jia.says('城东').presses('写历史采购品类').locates().expects('需求初筛 已完成');
});

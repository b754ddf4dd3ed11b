import test from 'ava';
import { asId, type DealId } from '../../src/core/index.js';
import { pdf, sheet } from '../helpers/chat.js';
import { JIA, openHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');

test('a deal walks through all eight stages by chat alone', async (t) => {
  const house = await openHouse(t);
  await house.deal();
  const jia = house.chat(JIA);
  const legal = house.chat('demo-legal');
  const tech = house.chat('demo-technical');

  await jia
    .says('我的商机')
    .expects('我的商机')
    .presses('打开', '城东医院')
    .expects('城东医院 · 线索分配', '确认接手')
    .presses('确认接手')
    .expects('城东医院 · 线索分配 已完成')
    .presses('看下一步')
    .expects('城东医院 · 首次触达');
  await jia
    .presses('首次触达')
    .presses('通话')
    .expects('写一句谈了什么')
    .says('和设备科主任通了 10 分钟电话')
    .presses('选关键决策人职务')
    .presses('选好了', '设备科主任')
    .expects('首次触达 已完成')
    .presses('看下一步')
    .expects('需求初筛');
  await jia
    .presses('选客户痛点')
    .presses('选好了', '预算审批流程长', '数据迁移难度大', '样本周转慢')
    .presses('拍客户现场照片')
    .expects('10 分钟')
    .sendsPhoto()
    .presses('写有效跟进')
    .says('样本周转太慢')
    .says('我们的流水线能快一倍')
    .says('周四带工程师来看场地')
    .expects('需求初筛 已完成')
    .presses('看下一步');
  await tech.says('我的待办').expects('提供技术参数支持').presses('办完了').expects('技术支持');
  t.true(jia.reads().includes('技术支持办完了'));
  await jia
    .presses('传客户现有设备清单')
    .sendsFile(sheet(), '设备清单.csv')
    .presses('传定制方案')
    .sendsFile(pdf(), '方案.pdf')
    .expects('方案定制 已完成')
    .presses('看下一步')
    .expects('临床价值论证');
  await jia
    .presses('拍科室门牌照片')
    .sendsPhoto('door 1')
    .sendsPhoto('door 2')
    .presses('选临床使用场景')
    .presses('选好了', '手术室器械消毒时效性', '术中耗材追溯', '门诊采血排队')
    .presses('贴同类设备采购公告')
    .says('https://example.com/notice/1')
    .says('生化分析仪采购公告')
    .says('2026-02-20')
    .expects('临床价值论证 已完成')
    .presses('看下一步')
    .expects('合规报价');
  await jia
    .presses('传阶梯报价单')
    .sendsFile(pdf('quote'), '报价.pdf')
    .presses('传成本核算表')
    .sendsFile(sheet('cost'), '成本.csv')
    .expects('合规报价 已完成')
    .presses('看下一步')
    .expects('合同签署');
  await legal.says('待办').expects('合同初审').presses('通过').expects('法务专员');
  await jia
    .presses('传已签合同')
    .sendsFile(pdf('已签合同', 200_000), '合同.pdf')
    .expects('合同签署 已完成')
    .presses('看下一步')
    .expects('交付启动');
  await jia
    .presses('拍设备铭牌照片')
    .sendsPhoto('nameplate')
    .presses('客户签收')
    .does({ kind: 'scan', menuKey: 'scan', text: 'https://trail.example.com/s/d1.code' })
    .expects('全部完成');

  const deal = await house.deals.get(D1);
  t.is(deal?.status, 'won');
  t.is(deal?.visits.length, 8);
  t.is(deal?.skipAttempts, 0);
  t.is((await house.inbox.counts()).waiting, 0);
  t.is((await house.inbox.counts()).dead, 0);
  t.deepEqual(await house.outbox.counts(), { due: 0, dead: 0 });
});

import test from 'ava';
import { openHouse } from '../helpers/house.js';

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

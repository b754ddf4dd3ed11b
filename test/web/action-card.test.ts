import test from 'ava';
import { toPlainCard } from '../../src/platforms/dingtalk/encode.js';
import { actionCardOf } from '../../src/web/ui/sandbox/dingtalk/action-card.js';

const card = (actions: number) => ({
  name: 'help' as const,
  title: '湖滨医院 · 线索分配',
  tone: 'plain' as const,
  summary: '湖滨医院',
  lines: [],
  fields: [],
  actions: Array.from({ length: actions }, (_, n) => ({
    key: `ask:d1:item-${n}`,
    label: `第 ${n} 件`,
    style: 'plain' as const,
  })),
});
const sent = (actions: number) => {
  const { msgKey, msgParam } = toPlainCard(card(actions), 'card_1', { kind: 'person', userId: 'staff01' });
  return actionCardOf({ msgKey, ...msgParam });
};

test('the phone draws every button that the robot put on an action card, in its order', (t) => {
  for (const count of [1, 2, 5]) {
    const drawn = sent(count);
    t.deepEqual(
      drawn?.buttons.map(({ title }) => title),
      card(count).actions.map(({ label }) => label),
    );
    t.true(drawn?.buttons.every(({ url }) => url.startsWith('dtmd://')));
    t.regex(drawn?.text ?? '', /湖滨医院/);
    t.false(drawn?.sideBySide);
  }
});

test('what does not fit on it is a link in its text', (t) => {
  const drawn = sent(7);
  t.is(drawn?.buttons.length, 5);
  t.regex(drawn?.text ?? '', /\[第 6 件\]\(dtmd:/);
});

test('a webhook’s action card is drawn too, side by side where it says so; another card is none', (t) => {
  const buttons = [
    { title: '看', actionURL: 'https://example.test/1' },
    { title: '不看', actionURL: 'https://example.test/2' },
  ];
  t.deepEqual(actionCardOf({ msgKey: 'actionCard', title: 'x', text: '日报', btns: buttons, btnOrientation: '1' }), {
    text: '日报',
    buttons: buttons.map(({ title, actionURL }) => ({ title, url: actionURL })),
    sideBySide: true,
  });
  t.is(
    actionCardOf({ msgKey: 'sampleActionCard6', buttonTitle1: '甲', buttonTitle2: '乙', text: '' })?.buttons.length,
    2,
  );
  t.is(actionCardOf({ cardParamMap: { title: 'x' } }), null);
  t.is(actionCardOf(undefined), null);
});

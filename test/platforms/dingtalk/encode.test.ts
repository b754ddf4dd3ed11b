import test from 'ava';
import { decodeRobotMessage } from '../../../src/platforms/dingtalk/decode.js';
import {
  toCardRequest,
  toCardVariables,
  toMarkdown,
  toPlainCard,
  toText,
} from '../../../src/platforms/dingtalk/encode.js';
import { cutLines, escapeMarkdown, link, toVendorMarkdown } from '../../../src/platforms/dingtalk/markdown.js';
import { checklistCard, tagsCard } from '../../contracts/samples.js';
import { robotMessage } from './vendor.js';

const VARIABLES = [
  'title',
  'subtitle',
  'tone',
  'markdown',
  'fields',
  'form',
  'submit',
  'buttons',
  'closed',
  'url',
  'summary',
];
const rep = { kind: 'person', userId: 'staff0101' } as const;
const group = { kind: 'group', chatId: 'cidQ1w==' } as const;

test('every variable of the template is there as a string, whatever the card', (t) => {
  for (const card of [checklistCard(), tagsCard('single'), tagsCard('multi'), checklistCard({ closed: '已提交' })]) {
    const variables = toCardVariables(card);
    t.deepEqual(Object.keys(variables), VARIABLES);
    for (const value of Object.values(variables)) t.is(typeof value, 'string');
  }
});

test('buttons carry their key, colour and address', (t) => {
  const actions = [
    { key: 'a', label: '拍门牌', style: 'primary' as const },
    { key: 'b', label: '不做了', style: 'danger' as const },
    { key: 'c', label: '看留痕', style: 'plain' as const, url: 'https://sales.example.com/m/1' },
  ];
  t.deepEqual(JSON.parse(toCardVariables(checklistCard({ actions }))['buttons'] ?? ''), [
    { id: 'a', text: '拍门牌', color: 'blue' },
    { id: 'b', text: '不做了', color: 'red' },
    { id: 'c', text: '看留痕', color: 'gray', url: 'https://sales.example.com/m/1' },
  ]);
});

test('a question becomes a form field under its own key', (t) => {
  const card = tagsCard('multi');
  const options = card.choice?.options ?? [];
  if (options[1]) options[1].checked = true;
  const variables = toCardVariables(card);
  const { fields } = JSON.parse(variables['form'] ?? '') as { fields: Record<string, unknown>[] };
  t.is(fields.length, 1);
  t.like(fields[0], { name: 'tags', label: '选用得上的场景', type: 'MULTI_SELECT', required: true });
  t.deepEqual(fields[0]?.['defaultValue'], { index: [1], value: ['tag_02'] });
  t.deepEqual((fields[0]?.['options'] as object[])[6], { value: 'tag_07', text: '住院 · 场景7' });
  t.deepEqual(JSON.parse(variables['submit'] ?? ''), { id: 'tags.submit', text: '提交' });
  t.true((toCardVariables(tagsCard('single'))['form'] ?? '').includes('"SELECT"'));
});

test('a closed card has nothing to press', (t) => {
  const { form, submit, buttons, closed } = toCardVariables({ ...tagsCard('single'), closed: '已提交' });
  t.deepEqual([form, submit, buttons, closed], ['', '', '[]', '已提交']);
});

test('lines stay within what clients draw, cut between lines', (t) => {
  const lines = Array.from({ length: 200 }, (_, index) => ({ text: `第 ${index} 行，说了一些话` }));
  const { markdown = '' } = toCardVariables(checklistCard({ lines }));
  t.true(Buffer.byteLength(markdown) <= 3_000);
  t.true(markdown.endsWith('……'));
  t.true(markdown.includes('第 0 行'));
  t.deepEqual(cutLines(['a', 'b'], 100, '…'), ['a', 'b']);
});

test('what people wrote is shown as written, never as markup', (t) => {
  for (const [written, shown] of [
    ['**粗** `码` [链](http://x) <b>', '＊＊粗＊＊ ｀码｀ ［链］(http://x) ＜b＞'],
    ['# 标题', '＃ 标题'],
    ['- 一\n1. 二\n> 三', '－ 一\n1． 二\n＞ 三'],
    ['报价_v2_终.pdf', '报价_v2_终.pdf'],
    ['_斜_', '＿斜＿'],
    ['1/2，再拍 1 张', '1/2，再拍 1 张'],
    ['~~划掉~~', '～～划掉～～'],
  ] as const) {
    t.is(escapeMarkdown(written), shown);
  }
});

test('only addresses a client may open become links, and they cannot break out', (t) => {
  t.is(link('看', 'https://a.example.com/m?x=1'), '[看](https://a.example.com/m?x=1)');
  t.is(link('看', 'https://a/(b) <c>'), '[看](https://a/%28b%29%20%3cc%3e)');
  t.is(link('看', 'javascript:alert(1)'), '看');
  t.is(link('看', undefined), '看');
});

test('line breaks of our markdown survive the vendor, lists stay lists', (t) => {
  t.is(toVendorMarkdown('**一**\n二\n\n三\n- 四\n- 五'), '**一**  \n  二\n\n三\n- 四\n- 五');
});

test('long messages are cut between characters, below what vanishes', (t) => {
  for (const { msgParam } of [toText('😀字'.repeat(9_000)), toMarkdown('题', '😀字'.repeat(9_000))]) {
    const text = msgParam['content'] ?? msgParam['text'] ?? '';
    t.true(Buffer.byteLength(text) <= 8_100);
    t.true(text.startsWith('😀字😀') && text.endsWith('……') && !text.includes('\uFFFD'));
  }
  const { text = '' } = toMarkdown('题', '一行\n'.repeat(4_000)).msgParam;
  t.true(Buffer.byteLength(JSON.stringify({ title: '题', text })) <= 15_000);
});

test('a card is asked for with its callback, its chat and the words of the notification', (t) => {
  const how = { cardTemplateId: 'T.schema', robotCode: 'R', callbackRouteKey: 'trailmark' };
  const toRep = toCardRequest(checklistCard(), 'card_1', rep, { ...how, mode: 'stream' });
  t.like(toRep, {
    cardTemplateId: 'T.schema',
    outTrackId: 'card_1',
    callbackType: 'STREAM',
    openSpaceId: 'dtv1.card//IM_ROBOT.staff0101',
    imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode: 'R' },
  });
  const toGroup = toCardRequest(checklistCard(), 'card_1', group, { ...how, mode: 'http' });
  t.like(toGroup, {
    callbackType: 'HTTP',
    callbackRouteKey: 'trailmark',
    openSpaceId: 'dtv1.card//IM_GROUP.cidQ1w==',
    imGroupOpenDeliverModel: { robotCode: 'R' },
  });
});

const said = (url = '') => decodeURIComponent(url.replace('dtmd://dingtalkclient/sendMessage?content=', ''));
const pressed = (text: string) =>
  decodeRobotMessage(robotMessage({ text: { content: text } }), new Date(0))?.events[0]?.body;

test('without a template each button is a link whose words come back as the same press', (t) => {
  const card = checklistCard();
  const { msgKey, msgParam } = toPlainCard(card, 'card_1', rep);
  t.is(msgKey, 'sampleActionCard3');
  t.is(msgParam['title'], card.summary);
  for (const [index, action] of card.actions.entries()) {
    t.is(msgParam[`actionTitle${index + 1}`], action.label);
    t.deepEqual(pressed(said(msgParam[`actionURL${index + 1}`])), {
      kind: 'press',
      cardId: 'card_1' as never,
      action: action.key,
      choices: {},
    });
  }
  for (const words of ['城东医院 · 临床价值论证', '第 2 天', '1 拍门牌', '3 今天先不做', '回复编号']) {
    t.true(msgParam['text']?.includes(words), words);
  }
});

test('without a template one option is one tap, several are typed', (t) => {
  const one = toPlainCard(tagsCard('single'), 'card_1', rep).msgParam;
  t.deepEqual(pressed(said(one['actionURL2'])), {
    kind: 'press',
    cardId: 'card_1' as never,
    action: 'tags.submit',
    choices: { tags: ['tag_02'] },
  });
  t.true(one['text']?.includes('12 住院 · 场景12'));
  t.true(one['text']?.includes('dtmd://'), 'what has no button any more is a link');
  const many = toPlainCard(tagsCard('multi'), 'card_1', rep);
  t.is(many.msgKey, 'sampleMarkdown');
  t.true(many.msgParam['text']?.includes('可以选多个'));
});

test('without a template a group gets only real addresses as buttons', (t) => {
  const url = 'https://sales.example.com/m/red';
  const linked = checklistCard({ actions: [{ key: 'red', label: '看红灯', style: 'primary', url }] });
  const { msgKey, msgParam } = toPlainCard(linked, 'card_1', group);
  t.is(msgKey, 'sampleActionCard');
  t.deepEqual([msgParam['singleTitle'], msgParam['singleURL']], ['看红灯', url]);
  const pressable = toPlainCard(checklistCard(), 'card_1', group);
  t.is(pressable.msgKey, 'sampleMarkdown');
  t.false(JSON.stringify(pressable).includes('dtmd'));
  t.true(pressable.msgParam['text']?.includes('单聊'));
});

test('without a template a closed card says so and offers nothing', (t) => {
  const { msgKey, msgParam } = toPlainCard(checklistCard({ closed: '已提交' }), 'card_1', rep);
  t.is(msgKey, 'sampleMarkdown');
  t.true(msgParam['text']?.includes('已提交'));
  t.false(msgParam['text']?.includes('拍门牌'));
});

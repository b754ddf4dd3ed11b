import test from 'ava';
import { join } from 'node:path';
import { projectRoot } from '../../src/core/index.js';
import {
  actionKey,
  charLength,
  CHOICE_KEY,
  loadCards,
  markedText,
  numbered,
  parseActionKey,
  renderPlain,
} from '../../src/cards/index.js';
import type { CardName, FilledCard } from '../../src/cards/index.js';
import { SAMPLES } from './samples.js';

const cards = loadCards(join(projectRoot, 'cards'));
const filled = Object.entries(SAMPLES).flatMap(([name, samples]) =>
  samples.map((data) => cards.fill(name as CardName, data)),
);

function texts(card: FilledCard): string[] {
  return [
    card.title,
    card.subtitle ?? '',
    card.summary,
    ...card.lines.map((line) => line.text),
    ...card.actions.map((action) => action.label),
  ];
}

test('every state of every card fills without a blank left over', (t) => {
  t.true(filled.length > 60);
  for (const card of filled) {
    for (const text of texts(card)) {
      t.notRegex(text, /[{}[\]]|undefined|null|NaN/, `${card.name}: ${text}`);
      t.notRegex(text, /「」|（）|： |，。|：。/, `${card.name}: ${text}`);
    }
    t.not(card.title, '', card.name);
    t.not(card.summary, '', card.name);
  }
});

test('every card stays within what the tightest platform draws', (t) => {
  for (const card of filled) {
    t.true(charLength(card.title) <= 36, card.title);
    t.true(charLength(card.subtitle ?? '') <= 44, card.subtitle);
    t.true(charLength(card.summary) <= 40, card.summary);
    t.true(card.actions.length <= 6, card.name);
    t.true(card.lines.reduce((sum, line) => sum + charLength(markedText(line)) + 1, 0) <= 160, card.name);
    for (const action of card.actions) t.true(charLength(action.label) <= 10, action.label);
    for (const option of card.choice?.options ?? []) t.true(Buffer.byteLength(option.id) <= 128);
    if (card.closed !== undefined) t.true(charLength(card.closed) <= 10);
  }
});

test('every press can be read back, and no two buttons of a card send the same', (t) => {
  for (const card of filled) {
    const keys = card.actions.filter((action) => action.url === undefined).map((action) => action.key);
    for (const key of keys) {
      t.regex(key, /^[0-9A-Za-z_:.@-]{1,200}$/);
      t.truthy(parseActionKey(key), key);
    }
    t.is(new Set(keys).size, keys.length, card.name);
  }
});

test('the checklist says in one line each what is there and what is missing', (t) => {
  const card = cards.fill('checklist', SAMPLES.checklist[0]!);
  t.is(card.title, '城东医院 · 临床价值论证');
  t.is(card.subtitle, '第 2 天 / 标准 5 工作日');
  t.deepEqual(card.lines.map(markedText), [
    '✅ 临床使用场景　3 个',
    '🟡 科室门牌照片　1/2，再拍 1 张',
    '⬜ 同类设备采购公告',
  ]);
  t.deepEqual(
    card.actions.map(({ key, label }) => [key, label]),
    [
      ['ask:deal_1:door-plate', '拍科室门牌照片'],
      ['ask:deal_1:tender-notice', '贴同类设备采购公告'],
      ['postpone:deal_1', '今天先不做'],
    ],
  );
});

test('the checklist offers what the rep can do, required items first, never an approval', (t) => {
  const card = cards.fill('checklist', SAMPLES.checklist[1]!);
  t.deepEqual(
    card.actions.map(({ key }) => key),
    ['ask:deal_1:tender-notice', 'ask:deal_1:history', 'postpone:deal_1'],
  );
  const lines = card.lines.map(markedText);
  t.true(lines.includes('⏳ 科室门牌照片 · 核验中'));
  t.true(lines.includes('❌ 同类设备采购公告　没通过：公告是 5 月的，要近 3 个月的'), 'the verdict is not said twice');
});

test('a light that is not lit does not look lit', (t) => {
  const lines = cards.fill('digest', SAMPLES.digest[0]!).lines.map(({ text }) => text);
  t.deepEqual(lines.slice(0, 3), [
    '🔴 需求初筛超期未更新 3 人',
    '🟡 临床价值论证材料不足 2 人',
    '⚪ 绿灯没亮：合同签署全达标 0 人',
  ]);
});

test('no data is shown as a dash, never as zero', (t) => {
  const card = cards.fill('digest', { ...SAMPLES.digest[0]!, rate: null });
  t.true(card.lines.some((line) => line.text === '过程穿透率 —（上周同日 —）'));
});

test('a button without an address is not shown', (t) => {
  const { redUrl: _red, allUrl: _all, ...bare } = SAMPLES.digest[0]!;
  const card = cards.fill('digest', bare);
  t.deepEqual(card.actions, []);
  t.is(card.url, undefined);
});

test('a long client name is shortened, the words around it stay', (t) => {
  const client = '某某市第一人民医院附属妇女儿童保健院东部院区住院医学中心二期';
  const card = cards.fill('checklist', { ...SAMPLES.checklist[0]!, client });
  t.true(charLength(card.title) <= 36);
  t.true(card.title.endsWith('… · 临床价值论证'));
});

test('line breaks and template signs in what people wrote stay text', (t) => {
  const card = cards.fill('exempt-ask', { ...SAMPLES['exempt-ask'][0]!, reason: '没有\n公告 {客户} [x]' });
  t.true(card.lines.some((line) => line.text === '理由：没有 公告 {客户} [x]'));
});

test('a choice carries its options, what is chosen already, and its submit', (t) => {
  const { choice } = cards.fill('ask-tags', SAMPLES['ask-tags'][0]!);
  t.is(choice?.key, CHOICE_KEY);
  t.is(choice?.mode, 'multi');
  t.is(choice?.title, '至少选 3 个，来自 2 个不同的组');
  t.deepEqual(choice?.options[1], { id: '术中耗材追溯', text: '术中耗材追溯', group: '手术室', checked: true });
  t.is(choice?.submit.key, 'answer:deal_1:door-plate');
});

test('more options than a card holds are counted in words', (t) => {
  const tags = Array.from({ length: 25 }, (_, index) => `标签${index}`);
  const data = { ...SAMPLES['ask-tags'][0]!, groups: [{ name: '', tags }] };
  const card = cards.fill('ask-tags', data);
  t.is(card.choice?.options.length, 20);
  t.true(card.lines.some((line) => line.text.startsWith('还有 5 个标签没列出来')));
});

test('one of many may be chosen from more than several of many', (t) => {
  const options = Array.from({ length: 30 }, (_, index) => `职务${index}`);
  const card = cards.fill('ask-choice', { ...SAMPLES['ask-choice'][0]!, options });
  t.is(card.choice?.options.length, 27);
  t.true(card.lines.some((line) => line.text.startsWith('还有 3 个没列出来')));
  const [one] = SAMPLES['my-deals'][0]!.deals;
  const deals = Array.from({ length: 25 }, (_, index) => ({ ...one!, dealId: `deal_${index}` }));
  const mine = cards.fill('my-deals', { isRep: true, deals });
  t.is(mine.choice?.options.length, 25);
  t.false(mine.lines.some((line) => line.text.includes('没列出来')));
});

test('plain text numbers the buttons, and the numbers mean the same buttons', (t) => {
  const card = cards.fill('checklist', SAMPLES.checklist[0]!);
  t.is(
    renderPlain(card),
    [
      '【城东医院 · 临床价值论证】第 2 天 / 标准 5 工作日',
      '✅ 临床使用场景　3 个',
      '🟡 科室门牌照片　1/2，再拍 1 张',
      '⬜ 同类设备采购公告',
      '回复数字：',
      '1 拍科室门牌照片',
      '2 贴同类设备采购公告',
      '3 今天先不做',
    ].join('\n'),
  );
  t.like(numbered(card)[1], { number: 2, kind: 'action', key: 'ask:deal_1:tender-notice' });
});

test('plain text numbers options before buttons and writes links out', (t) => {
  t.deepEqual(
    numbered(cards.fill('ask-choice', SAMPLES['ask-choice'][0]!)).map((entry) => entry.text),
    ['院长', '设备科主任'],
  );
  t.regex(renderPlain(cards.fill('ask-photo', SAMPLES['ask-photo'][0]!)), /打开相机 https:\/\/example\.test\/c\/abc/);
});

test('a closed card offers nothing in plain text either', (t) => {
  const card = cards.fill('review-done', SAMPLES['review-done'][0]!);
  t.deepEqual(numbered(card), []);
  t.regex(renderPlain(card), /（一组主管已通过）$/, 'by whom');
});

test('ids that would break a key are refused', (t) => {
  t.throws(() => actionKey('deal', 'a:b'), { instanceOf: TypeError });
  t.throws(() => actionKey('deal', ''), { instanceOf: TypeError });
  t.throws(() => actionKey('deal', 'x'.repeat(200)), { instanceOf: TypeError });
  t.is(parseActionKey('nonsense:1'), null);
  t.is(parseActionKey('deal:'), null);
  t.deepEqual(parseActionKey('ask:deal_1:door-plate'), { verb: 'ask', ids: ['deal_1', 'door-plate'] });
});

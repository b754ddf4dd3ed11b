import test from 'ava';
import fc from 'fast-check';
import type { CardChoice, FilledCard } from '../../../src/cards/index.js';
import { cardContent, groupCard, personMessage, textContent, uploadName } from '../../../src/platforms/wecom/encode.js';
import { passiveUpdate } from '../../../src/platforms/wecom/passive.js';
import { drawAnswer, drawBotCard, drawCard, NO_OPTION } from '../../../src/platforms/wecom/template-card.js';
import type { ButtonInteraction, NewsNotice, TemplateCard } from '../../../src/platforms/wecom/types.js';
import { childrenNamed, parseXml, textAt } from '../../../src/platforms/wecom/xml.js';
import { checklistCard, tagsCard } from '../../contracts/samples.js';

const choiceOf = (count: number, mode: CardChoice['mode'], groups = 1): CardChoice => ({
  ...(tagsCard(mode).choice as CardChoice),
  options: Array.from({ length: count }, (_, index) => ({
    id: `o${index}`,
    text: `选项${index}`,
    ...(groups > 1 ? { group: `组${index % groups}` } : {}),
  })),
});

test('a checklist reads as it is spoken', (t) => {
  t.deepEqual(drawCard(checklistCard(), 'send'), {
    card_type: 'button_interaction',
    main_title: { title: '城东医院 · 临床价值论证', desc: '第 2 天 / 标准 5 工作日' },
    sub_title_text: '✅ 临床使用场景　3 个\n🟡 科室门牌照片　1/2，再拍 1 张\n⬜ 同类设备采购公告',
    button_list: [
      { text: '拍门牌', style: 1, key: 'deal_1.photo' },
      { text: '贴公告链接', style: 2, key: 'deal_1.link' },
      { text: '今天先不做', style: 2, key: 'deal_1.later' },
    ],
  });
});

test('lines with an address and fields stand in the list, others in the text', (t) => {
  const card = checklistCard({
    lines: [
      { text: '🔴 需求初筛超期未更新 3 人', url: 'https://s.example.com/red' },
      { text: '过程穿透率 81%（上周同日 76%）' },
      { mark: 'failed', text: '合同', url: 'https://s.example.com/c' },
    ],
    fields: [{ label: '截至', value: '18:00' }],
    url: 'https://s.example.com/all',
    actions: [],
  });
  t.deepEqual(drawCard(card, 'send'), {
    card_type: 'text_notice',
    main_title: { title: '城东医院 · 临床价值论证', desc: '第 2 天 / 标准 5 工作日' },
    sub_title_text: '过程穿透率 81%（上周同日 76%）',
    horizontal_content_list: [
      { type: 1, keyname: '🔴', value: '需求初筛超期未更新 3 人', url: 'https://s.example.com/red' },
      { type: 1, keyname: '❌', value: '合同 · 没通过', url: 'https://s.example.com/c' },
      { keyname: '截至', value: '18:00' },
    ],
    card_action: { type: 1, url: 'https://s.example.com/all' },
  });
});

test('which card is drawn for which question', (t) => {
  const drawn = (count: number, mode: CardChoice['mode'], change: Partial<FilledCard> = {}, groups = 1) => {
    const card = drawCard({ ...tagsCard(mode), choice: choiceOf(count, mode, groups), ...change }, 'send');
    return card?.card_type ?? null;
  };
  const line = { lines: [{ text: '说明' }] };
  t.is(drawn(3, 'single'), 'vote_interaction');
  t.is(drawn(3, 'single', line), 'button_interaction', 'a selector keeps the lines');
  t.is(drawn(11, 'single', line), 'vote_interaction');
  t.is(drawn(20, 'multi'), 'vote_interaction');
  t.is(drawn(21, 'multi'), null);
  t.is(drawn(21, 'single'), 'multiple_interaction');
  t.is(drawn(27, 'single'), 'multiple_interaction');
  t.is(drawn(28, 'single'), null);
});

test('a picture at the head of what only tells is a news notice; where something is pressed it is left out', (t) => {
  const open = (label: string) => ({ key: '', label, style: 'plain' as const, url: `https://s.example.com/${label}` });
  const card = checklistCard({
    url: 'https://s.example.com/all',
    picture: { url: 'https://s.example.com/p/ticket', ratio: 1.8 },
    actions: [open('看红灯'), open('看全部')],
    lines: [
      { text: '近 30 天' },
      ...Array.from({ length: 7 }, (_, n) => ({ text: `🔴 第 ${n} 行`, url: `https://s.example.com/${n}` })),
    ],
  });
  const drawn = drawCard(card, 'send') as NewsNotice;
  t.is(drawn.card_type, 'news_notice');
  t.deepEqual(drawn.card_image, { url: 'https://s.example.com/p/ticket', aspect_ratio: 1.8 });
  t.is(drawn.horizontal_content_list?.length, 6);
  t.deepEqual(
    drawn.vertical_content_list?.map(({ title }) => title),
    ['近 30 天', '🔴 第 6 行'],
    'what the list has no room for',
  );
  t.deepEqual(
    drawn.jump_list?.map(({ title }) => title),
    ['看红灯', '看全部'],
  );
  t.deepEqual(drawn.card_action, { type: 1, url: 'https://s.example.com/all' });
  const { url: _url, ...unopened } = card;
  t.is(drawCard(unopened, 'send')?.card_type, 'button_interaction');
  const pressed = { ...card, actions: [{ key: 'k', label: '按', style: 'plain' as const }] };
  t.is(drawCard(pressed, 'send')?.card_type, 'button_interaction');
  t.not(drawCard(card, 'update')?.card_type, 'news_notice', 'no such card can be changed in place');
});

test('a card of the AI bot keeps to its tighter limits, and its buttons only call back', (t) => {
  const long = '很长的话'.repeat(60);
  const open = { key: 'open', label: '打开', style: 'plain' as const, url: 'https://s.example.com/a' };
  const { actions } = checklistCard({});
  const lines = [{ text: long }, { text: long, url: 'https://s.example.com/b' }];
  const card = checklistCard({ title: long, subtitle: long, lines, actions: [open, ...actions] });
  const drawn = drawBotCard(card, 'send') as ButtonInteraction;
  const length = (text: string | undefined) => [...(text ?? '')].length;
  t.true(length(drawn.main_title.title) <= 26 && length(drawn.main_title.desc) <= 30);
  t.true(length(drawn.sub_title_text) <= 112);
  t.true(drawn.horizontal_content_list?.every(({ value }) => length(value) <= 26));
  t.true(drawn.button_list.every((button) => button.key !== undefined && !('type' in button) && !('url' in button)));
  t.true(drawn.horizontal_content_list?.some(({ value, url }) => value === '打开' && url === open.url));
});

test('a long single choice is split by group, and each part can be left untouched', (t) => {
  const card = drawCard({ ...tagsCard('single'), choice: choiceOf(24, 'single', 3) }, 'send');
  if (card?.card_type !== 'multiple_interaction') {
    t.fail(card?.card_type);
    return;
  }
  t.deepEqual(
    card.select_list.map(({ question_key: key, title, selected_id: id }) => [key, title, id]),
    [
      ['tags', '组0', NO_OPTION],
      ['tags@2', '组1', NO_OPTION],
      ['tags@3', '组2', NO_OPTION],
    ],
  );
  t.is(card.select_list[1]?.option_list.length, 9);
});

test('more options than any selector holds are written out with their digits', (t) => {
  const content = cardContent({ ...tagsCard('multi'), choice: choiceOf(21, 'multi') }, 'card_1', 'k');
  t.is(content.msgtype, 'text');
  t.true(JSON.stringify(content).includes('21 选项20'));
});

test('more buttons than six are named with their digits', (t) => {
  const actions = Array.from({ length: 8 }, (_, index) => ({
    key: `k${index}`,
    label: `做${index}`,
    style: 'plain' as const,
  }));
  const card = drawCard(checklistCard({ actions }), 'send') as ButtonInteraction;
  t.is(card.button_list.length, 6);
  t.true(card.sub_title_text?.endsWith('还可回复：7 做6　8 做7'), card.sub_title_text);
});

test('too many lines: passed ones are counted, what is left to do is seen longest', (t) => {
  const lines = [
    ...Array.from({ length: 12 }, (_, index) => ({ mark: 'passed' as const, text: `已经交齐的第 ${index} 项材料` })),
    ...Array.from({ length: 12 }, (_, index) => ({ mark: 'open' as const, text: `还没有交的第 ${index} 项` })),
  ];
  const { sub_title_text: text = '' } = drawCard(checklistCard({ lines }), 'send') as ButtonInteraction;
  const shown = text.split('\n');
  t.true([...text].length <= 160);
  t.is(shown[0], '✅ 通过 12 项');
  t.is(shown[1], '⬜ 还没有交的第 0 项');
  const left = Number(/还有 (\d+) 项/.exec(shown.at(-1) ?? '')?.[1]);
  t.is(left + shown.length - 2, 12, 'the count is right');
});

test('closed in place: a text stands for the buttons, inputs are locked; sent anew: a notice', (t) => {
  t.is((drawCard(checklistCard({ closed: '已提交' }), 'update') as ButtonInteraction).replace_text, '已提交');
  const vote = drawCard({ ...tagsCard('multi'), closed: '已提交' }, 'update');
  t.like(vote, { card_type: 'vote_interaction', replace_text: '已提交', checkbox: { disable: true } });
  t.is(drawCard(checklistCard({ closed: '已提交' }), 'send'), null, 'nothing to press and nothing to open');
  const sent = drawCard(checklistCard({ closed: '已提交', url: 'https://s.example.com' }), 'send');
  t.is(sent?.card_type, 'text_notice');
  t.true((sent as { sub_title_text: string }).sub_title_text.endsWith('已提交'));
  t.is(cardContent(checklistCard({ closed: '已提交' }), 'c', 'k').msgtype, 'markdown');
});

const anyText = fc.string({ unit: 'binary', maxLength: 300 });
const anyCard: fc.Arbitrary<FilledCard> = fc.record(
  {
    name: fc.constant('any'),
    title: anyText.map((text) => `题${text}`),
    subtitle: anyText,
    tone: fc.constant('plain' as const),
    lines: fc.array(
      fc.record({ text: anyText, mark: fc.constantFrom('passed', 'open', 'failed') }, { requiredKeys: ['text'] }),
      {
        maxLength: 30,
      },
    ),
    fields: fc.array(fc.record({ label: anyText.map((text) => `项${text}`), value: anyText }), { maxLength: 9 }),
    actions: fc.uniqueArray(
      fc.record({
        key: fc.stringMatching(/^[a-z]{1,8}$/),
        label: anyText.map((text) => `做${text}`),
        style: fc.constantFrom('primary' as const, 'plain' as const, 'danger' as const),
      }),
      { maxLength: 9, selector: ({ key }) => key },
    ),
    summary: fc.constant(''),
    closed: anyText.map((text) => `已${text}`.slice(0, 10)),
    url: fc.constant('https://s.example.com/'),
    picture: fc.constant({ url: 'https://s.example.com/p/x', ratio: 1.8 }),
  },
  { requiredKeys: ['name', 'title', 'tone', 'lines', 'fields', 'actions', 'summary'] },
);

/** The sheet's limits, written down a second time. */
function withinLimits(card: TemplateCard): boolean {
  const chars = (text: string | undefined, max: number) => [...(text ?? '')].length <= max;
  const whole = JSON.stringify(card);
  const base = chars(card.main_title.title, 36) && chars(card.main_title.desc, 44) && !/\\u[0-9a-f]{4}/.test(whole);
  if (card.card_type === 'vote_interaction' || card.card_type === 'multiple_interaction') return base;
  const rows = card.horizontal_content_list ?? [];
  const listed =
    rows.length <= 6 && rows.every(({ keyname, value }) => keyname !== '' && chars(keyname, 5) && chars(value, 30));
  if (card.card_type === 'news_notice') {
    const { vertical_content_list: told = [], jump_list: jumps = [] } = card;
    const few = told.length <= 4 && jumps.length <= 3;
    return base && listed && few && [...told, ...jumps].every(({ title }) => title !== '' && chars(title, 38));
  }
  return (
    base &&
    chars(card.sub_title_text, 160) &&
    listed &&
    (card.card_type === 'text_notice' ||
      (card.button_list.length >= 1 &&
        card.button_list.length <= 6 &&
        card.button_list.every(({ text }) => text !== '' && chars(text, 10))))
  );
}

test('any card stays within the limits, whatever it says', (t) => {
  fc.assert(
    fc.property(anyCard, fc.constantFrom('send' as const, 'update' as const), (card, use) => {
      const drawn = drawCard(card, use);
      return drawn === null || withinLimits(drawn);
    }),
    { seed: 3, numRuns: 400 },
  );
  t.pass();
});

test('any card as a passive answer is XML that reads the same', (t) => {
  fc.assert(
    fc.property(anyCard, (card) => {
      const drawn = drawCard(card, 'update');
      const xml = drawn && passiveUpdate(drawn, { userId: '00123', corpId: 'corp', atSeconds: 1 });
      if (xml === null) return;
      const read = parseXml(xml);
      t.is(textAt(read, 'TemplateCard', 'MainTitle', 'Title'), drawn?.main_title.title ?? 'no title');
      t.is(textAt(read, 'ToUserName'), '00123');
    }),
    { seed: 5, numRuns: 200 },
  );
});

test('the passive form has its own names, repeated lists and no task', (t) => {
  const card = drawCard({ ...tagsCard('multi'), closed: '已提交' }, 'update') as TemplateCard;
  const xml = parseXml(passiveUpdate({ ...card, task_id: 'x' }, { userId: 'a', corpId: 'c', atSeconds: 9 }) ?? '');
  const inner = xml.children.find(({ name }) => name === 'TemplateCard');
  t.deepEqual(
    inner?.children.map(({ name }) => name),
    ['CardType', 'MainTitle', 'CheckBox', 'SubmitButton', 'ReplaceText'],
  );
  const box = inner?.children.find(({ name }) => name === 'CheckBox');
  t.is(childrenNamed(box, 'OptionList').length, 12);
  t.is(textAt(box ?? xml, 'Disable'), 'true');
  t.is(textAt(box ?? xml, 'Mode'), '1');
});

test('a link button cannot be said passively, unless the buttons are replaced anyway', (t) => {
  const actions = [{ key: 'a', label: '看', style: 'plain' as const, url: 'https://s.example.com' }];
  const to = { userId: 'a', corpId: 'c', atSeconds: 1 };
  t.is(passiveUpdate(drawCard(checklistCard({ actions }), 'update') as TemplateCard, to), null);
  t.not(passiveUpdate(drawCard(checklistCard({ actions, closed: '已看' }), 'update') as TemplateCard, to), null);
});

test('in the answer to a press what opens a page stands in the list, where that has room', (t) => {
  const to = { userId: 'a', corpId: 'c', atSeconds: 1 };
  const opens = { key: 'o', label: '打开相机', style: 'primary' as const, url: 'https://s.example.com/c/1' };
  const later = { key: 'later', label: '稍后', style: 'plain' as const };
  const card = drawAnswer(checklistCard({ actions: [opens, later], fields: [] }));
  const xml = parseXml(passiveUpdate(card!, to) ?? '');
  const box = xml.children.find(({ name }) => name === 'TemplateCard')!;
  const row = box.children.find(({ name }) => name === 'HorizontalContentList')!;
  t.deepEqual(
    ['KeyName', 'Value', 'Type', 'Url'].map((name) => textAt(row, name)),
    ['查看', '打开相机', '1', 'https://s.example.com/c/1'],
  );
  const buttons = box.children.filter(({ name }) => name === 'ButtonList').map((button) => textAt(button, 'Text'));
  t.deepEqual(buttons, ['稍后']);
  const fields = Array.from({ length: 6 }, (_, n) => ({ label: `${n}`, value: 'x' }));
  t.is(drawAnswer(checklistCard({ actions: [opens, later], fields })), null, 'no room');
  t.is(drawAnswer(checklistCard({ actions: [opens], fields: [] })), null, 'nothing to press would be left');
  const closed = drawAnswer(checklistCard({ actions: [opens], closed: '已交' }));
  t.truthy(closed && passiveUpdate(closed, to));
});

test('the same delivery is the same bytes, another one never is', (t) => {
  const bytes = (key: string) =>
    JSON.stringify(personMessage('1000002', '00123', key, cardContent(checklistCard(), 'card_1', key)));
  t.is(bytes('k1'), bytes('k1'));
  t.not(bytes('k1'), bytes('k2'));
  const texts = ['k1', 'k2', 'k3'].map((key) => JSON.stringify(personMessage('1', 'a', key, textContent('没看懂'))));
  t.is(new Set(texts).size, 3, 'two messages that happen to say the same are two');
});

test('a message never reaches more than the one person it is for', (t) => {
  for (const userId of ['', '@all', '@ALL', 'a|b']) {
    t.throws(() => personMessage('1', userId, 'k', textContent('x')), { code: 'wecom.recipient_unknown' }, userId);
  }
});

test('text is cut at whole characters, in bytes', (t) => {
  for (const text of ['长'.repeat(3_000), '👨‍👩‍👧‍👦'.repeat(300), `a${'𠮷'.repeat(900)}`]) {
    const { content } = textContent(text)['text'] as { content: string };
    t.true(Buffer.byteLength(content) <= 2_048);
    t.true(content.endsWith('…'));
    t.true(text.startsWith(content.slice(0, -1)));
    t.is(
      (content.length - 1) % [...new Intl.Segmenter().segment(text)][1]!.segment.length,
      text.startsWith('a') ? 1 : 0,
    );
  }
});

test('what people wrote makes no markup', (t) => {
  const shown = JSON.stringify(
    groupCard(checklistCard({ title: '<font color="info">*[x](http://y)*</font>', lines: [{ text: '# `<@all>`' }] })),
  );
  t.false(/[^\\]<font color=\\"info/.test(shown), shown);
  t.false(shown.includes('](http://y)'));
  t.false(shown.includes('<@all>'));
  t.is(
    (textContent('<a href="http://y">x</a> <3')['text'] as { content: string }).content,
    '＜a href="http://y">x＜/a> <3',
  );
});

test('an upload has a name that is only a name', (t) => {
  t.is(uploadName('../../etc/passwd'), '.._.._etc_passwd');
  t.is(uploadName('周报.pdf'), '周报.pdf');
  t.is(uploadName('\n'), 'file');
  t.true(uploadName(`${'长'.repeat(200)}.pdf`).endsWith('….pdf'));
});

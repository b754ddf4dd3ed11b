import test from 'ava';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlowDefinitionError, projectRoot } from '../../src/core/index.js';
import { loadCards, parseCard } from '../../src/cards/index.js';

const FOLDER = join(projectRoot, 'cards');
const source = (name: string): string => readFileSync(join(FOLDER, `${name}.yaml`), 'utf8');

const wrong = test.macro({
  exec(t, card: string, from: string, to: string, code: string, says: RegExp) {
    const text = source(card);
    t.true(text.includes(from), `not in ${card}.yaml: ${from}`);
    const { rules, problems } = parseCard(text.replace(from, to), `${card}.yaml`);
    t.is(rules, null);
    const found = problems.find((problem) => problem.code === code);
    t.truthy(found, JSON.stringify(problems));
    t.regex(found?.message ?? '', says);
    t.is(found?.file, `${card}.yaml`);
    if (to !== '') {
      const changed = text.slice(0, text.indexOf(from)).split('\n').length;
      t.is(found?.line, changed);
    }
  },
  title: (_given, card, from, to) => `${card}: ${from} → ${to}`.replaceAll('\n', ' '),
});

test(wrong, 'digest', '{团队} · {日期}', '{团对} · {日期}', 'card.unknown_blank', /\{团对\}.*是不是想写「团队」.*红灯人数/);
test(wrong, 'digest', '{团队} · {日期}', '{团队 · {日期}', 'card.unknown_blank', /可以填/);
test(wrong, 'digest', '宽高比: 1.8', '宽高比: "2.25"', 'card.bad_ratio', /小于 2\.25/);
test(wrong, 'digest', '宽高比: 1.8', '宽高比: 宽', 'card.bad_ratio', /大于 1\.3/);
test(wrong, 'digest', '{图}', '{照片}', 'card.unknown_blank', /照片/);
test(wrong, 'digest', '截至 {截至}', '截至 {截至', 'card.template', /少了「}」/);
test(wrong, 'digest', '截至 {截至}', '"[截至 {截至}"', 'card.template', /少了「\]」/);
test(wrong, 'digest', '截至 {截至}', '"[截至]"', 'card.template', /要有空可填/);
test(wrong, 'checklist', '今天先不做, 动作: 今天先不做', '今天先不做, 动作: 今天不做', 'card.unknown_action', /今天不做.*今天先不做/);
test(wrong, 'checklist', '今天先不做, 动作: 今天先不做', '今天先不做', 'yaml.missing_key', /少了「动作」/);
test(wrong, 'checklist', '每个: 能做的', '每个: 能做', 'card.unknown_list', /是不是想写「能做的」/);
test(wrong, 'checklist', '标记: 通过, 类型: 标签', '标记: 通过了, 类型: 标签', 'card.unknown_value', /不会是「通过了」.*通过/);
test(wrong, 'checklist', '类型: 标签', '种类: 标签', 'card.unknown_blank', /种类/);
test(wrong, 'checklist', '看下一步, 动作', '看一看这个商机的下一步是什么, 动作', 'card.too_long', /最多 10 个/);
test(wrong, 'checklist', '样式: 主要', '样式: 红色', 'yaml.unknown_word', /主要、普通、危险/);
test(wrong, 'busy', '颜色: 提醒', '颜色: 黄', 'yaml.unknown_word', /普通、好、提醒、坏/);
test(wrong, 'busy', '标题: 系统', '标体: 系统', 'yaml.unknown_key', /是不是想写「标题」/);
test(wrong, 'busy', '卡片: busy', '卡片: busi', 'card.unknown_name', /是不是想写「busy」/);
test(wrong, 'busy', '摘要: 系统这会儿忙', `摘要: ${'忙'.repeat(41)}`, 'card.too_long', /最多 40 个/);
test(wrong, 'received', '  超过5秒:', '  超过6秒:', 'yaml.unknown_key', /是不是想写「超过5秒」/);
test(wrong, 'review', '名称: "{名称}"', '名称: 读到的内容是', 'card.too_long', /最多 5 个/);
test(wrong, 'exempted', '    摘要: "{客户} {验证项} 已豁免"\n', '', 'yaml.missing_key', /状态「同意」少了「摘要」/);

test('a state that is left out is named', (t) => {
  const text = source('received').replace(/ {2}超过5秒:[\s\S]*?(?= {2}通过:)/, '');
  const { problems } = parseCard(text, 'received.yaml');
  t.deepEqual(
    problems.map(({ code }) => code),
    ['card.missing_state'],
  );
  t.regex(problems[0]?.message ?? '', /超过5秒/);
});

test('a card without states takes none', (t) => {
  const { problems } = parseCard(`${source('busy')}状态:\n  忙: { 标题: x }\n`, 'busy.yaml');
  t.true(problems.some(({ code }) => code === 'card.no_states'));
});

test('more buttons and more fixed words than a card draws are refused', (t) => {
  const buttons = '  - { 文字: 继续, 动作: 继续 }\n'.repeat(7);
  const many = parseCard(`卡片: busy\n标题: 忙\n摘要: 忙\n按钮:\n${buttons}`, 'busy.yaml');
  t.deepEqual(
    many.problems.map(({ code }) => code),
    ['card.too_many'],
  );
  const long = parseCard(`卡片: busy\n标题: 忙\n摘要: 忙\n行:\n${`  - ${'字'.repeat(90)}\n`.repeat(2)}`, 'busy.yaml');
  t.deepEqual(
    long.problems.map(({ code }) => code),
    ['card.too_long'],
  );
});

test('a card with a picture opens an address and holds links only, few of them', (t) => {
  const picture = '图片: { 地址: "{图}", 宽高比: 1.8 }';
  const without = source('digest').replace(/整卡链接:.*\n/u, '');
  t.true(parseCard(without, 'f').problems.some(({ code }) => code === 'card.picture_without_link'));
  const links = source('digest').replace('按钮:\n', `按钮:\n${'  - { 文字: 看, 链接: "{看红灯页}" }\n'.repeat(2)}`);
  t.true(parseCard(links, 'f').problems.some(({ message }) => message.includes('最多 3 个链接')));
  const pressed = source('todo').replace('状态:', `${picture.replace('{图}', '{打开}')}\n整卡链接: "{打开}"\n状态:`);
  const { rules, problems } = parseCard(pressed, 'f');
  t.is(rules, null);
  t.deepEqual([...new Set(problems.map(({ code }) => code))], ['card.picture_with_buttons']);
});

test('a marked line must name a mark', (t) => {
  const { problems } = parseCard('卡片: busy\n标题: 忙\n摘要: 忙\n行: [{ 标记: "{已收下}", 文字: 忙 }]\n', 'busy.yaml');
  t.deepEqual(
    problems.map(({ code }) => code),
    ['card.not_a_mark'],
  );
});

test('loading says everything that is wrong in a folder at once', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cards-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cpSync(FOLDER, folder, { recursive: true });
  rmSync(join(folder, 'gap.yaml'));
  writeFileSync(join(folder, 'busy.yaml'), source('busy').replace('颜色: 提醒', '颜色: 黄'));
  writeFileSync(join(folder, 'other.yaml'), source('stale'));
  const error = t.throws(() => loadCards(folder), { instanceOf: FlowDefinitionError, code: 'cards.invalid' });
  t.regex(error?.message ?? '', /busy\.yaml:\d+:\d+ error yaml\.unknown_word/);
  t.regex(error?.message ?? '', /error card\.missing .*gap/);
  t.regex(error?.message ?? '', /other\.yaml:1:1 error card\.file_name/);
});

import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FlowDefinitionError, didYouMean, formatProblem, hasErrors, inFileOrder, readYaml } from '../core/index.js';
import type { FileProblem } from '../core/index.js';
import type { CardData, CardName } from './data.js';
import { fillCard } from './fill.js';
import { CONTENT_KEYS, pictureProblem, readContent } from './read-card.js';
import type { CardRules, ContentRules } from './rules.js';
import type { FilledCard } from './types.js';
import { VOCABULARIES } from './vocabulary.js';
import type { Vocabulary } from './words.js';

export interface Cards {
  fill<N extends CardName>(name: N, data: CardData[N]): FilledCard;
}

const HEAD_KEYS = ['卡片', '说明', '状态'];
const NAMES = Object.keys(VOCABULARIES) as CardName[];

/** Reads and checks one card file; `rules` is null when something in it is wrong. */
export function parseCard(text: string, file: string): { rules: CardRules | null; problems: FileProblem[] } {
  const { root, problems } = readYaml(text, file);
  const fields = root?.fields('卡片文件', [...HEAD_KEYS, ...CONTENT_KEYS]) ?? null;
  const nameAt = fields?.need('卡片') ?? null;
  const name = nameAt?.text('卡片') ?? null;
  if (fields === null || nameAt === null || name === null) return { rules: null, problems };
  if (!Object.hasOwn(VOCABULARIES, name)) {
    nameAt.error('card.unknown_name', `没有「${name}」这张卡${didYouMean(name, NAMES)}，可以写：${NAMES.join('、')}。`);
    return { rules: null, problems };
  }
  const vocabulary = VOCABULARIES[name as CardName] as unknown as Vocabulary<never>;
  const shared = readContent(fields, vocabulary);
  const states: Record<string, ContentRules> = {};
  const finish = (state: string, content: Partial<ContentRules>, where: string): void => {
    const { title, summary } = content;
    if (title === undefined) fields.at.error('yaml.missing_key', `${where}少了「标题」。`);
    if (summary === undefined) fields.at.error('yaml.missing_key', `${where}少了「摘要」（推送和聊天列表里显示的一句话）。`);
    const wrong = pictureProblem(content);
    if (wrong !== null) fields.at.error(wrong.code, `${where}：${wrong.message}`);
    if (title === undefined || summary === undefined) return;
    states[state] = { tone: 'plain', lines: [], fields: [], actions: [], ...content, title, summary };
  };
  const words = Object.entries(vocabulary.states);
  const statesAt = fields.get('状态');
  if (words.every(([state]) => state === '')) {
    statesAt?.error('card.no_states', `「${name}」不分状态，请把内容直接写在最外面。`);
    finish('', shared, '这张卡');
  } else {
    const known = words.map(([, word]) => word);
    const byState = (statesAt ?? fields.need('状态'))?.fields('状态', known) ?? null;
    for (const [state, word] of words) {
      const at = byState?.get(word) ?? null;
      if (byState !== null && at === null) {
        byState.at.error('card.missing_state', `少了状态「${word}」，这张卡要写全：${known.join('、')}。`);
      }
      const own = at?.fields(`状态 ${word}`, CONTENT_KEYS);
      if (own) finish(state, { ...shared, ...readContent(own, vocabulary) }, `状态「${word}」`);
    }
  }
  return { rules: hasErrors(problems) ? null : { name, states }, problems: inFileOrder(problems) };
}

/** Reads every `*.yaml` of a folder; throws with all problems when one is wrong or a card has no file. */
export function loadCards(folder: string): Cards {
  const problems: FileProblem[] = [];
  const byName = new Map<string, CardRules>();
  for (const entry of readdirSync(folder).toSorted()) {
    if (!entry.endsWith('.yaml')) continue;
    const file = join(folder, entry);
    const parsed = parseCard(readFileSync(file, 'utf8'), file);
    problems.push(...parsed.problems);
    if (parsed.rules === null) continue;
    const { name } = parsed.rules;
    if (`${name}.yaml` !== basename(file)) {
      const message = `文件名和卡片名不一样：里面写的是「${name}」，文件要叫 ${name}.yaml。`;
      problems.push({ file, line: 1, col: 1, level: 'error', code: 'card.file_name', message });
    }
    byName.set(name, parsed.rules);
  }
  for (const name of NAMES) {
    if (byName.has(name) || problems.some((problem) => basename(problem.file) === `${name}.yaml`)) continue;
    const message = `少了卡片「${name}」，要有文件 ${name}.yaml。`;
    problems.push({ file: folder, line: 1, col: 1, level: 'error', code: 'card.missing', message });
  }
  if (hasErrors(problems)) {
    const text = problems.map(formatProblem).join('\n');
    throw new FlowDefinitionError('cards.invalid', text, { details: { problems } });
  }
  return {
    fill: (name, data) => {
      const rules = byName.get(name);
      if (rules === undefined) throw new TypeError(`no card ${name}`);
      return fillCard(rules, VOCABULARIES[name], data);
    },
  };
}

import { didYouMean } from '../core/index.js';
import type { YamlFields, YamlValue } from '../core/index.js';
import { LIMITS } from './limits.js';
import type { ActionRule, ChoiceRule, ContentRules, FieldRule, LineRule, Repeated } from './rules.js';
import { blanksOf, FILLED, fixedLength, parseTemplate, TemplateError, UNFILLED } from './template.js';
import type { Condition, Template } from './template.js';
import type { Mark } from './types.js';
import { MARKS } from './vocabulary-parts.js';
import type { List, Vocabulary } from './words.js';

const TONES = { 普通: 'plain', 好: 'good', 提醒: 'warn', 坏: 'bad' } as const;
const STYLES = { 主要: 'primary', 普通: 'plain', 危险: 'danger' } as const;
const MODES = { 单选: 'single', 多选: 'multi' } as const;
export const MARK_OF_WORD: ReadonlyMap<string, Mark> = new Map(
  Object.entries(MARKS).map(([mark, { word }]) => [word, mark as Mark]),
);

export const CONTENT_KEYS = ['标题', '副标题', '颜色', '行', '字段', '按钮', '选择', '图片', '整卡链接', '关闭', '摘要'];

/** The names that may be used at a place: those of the card, and inside `每个` those of the list's items too. */
interface Names {
  words: Readonly<Record<string, { values?: readonly string[] }>>;
  actions: readonly string[];
}

/** Reads the content keys that stand here; what is missing is left out, so that a state can build on what all states share. */
export function readContent(fields: YamlFields, vocabulary: Vocabulary<never>): Partial<ContentRules> {
  const outer: Names = { words: vocabulary.words, actions: Object.keys(vocabulary.actions) };
  const content: Partial<ContentRules> = {};
  const template = (key: string, max: number): Template | undefined => {
    const value = fields.get(key);
    return value === null ? undefined : (readTemplate(value, key, outer, max) ?? undefined);
  };
  const put = <K extends keyof ContentRules>(key: K, value: ContentRules[K] | undefined | null): void => {
    if (value !== undefined && value !== null) content[key] = value;
  };
  put('title', template('标题', LIMITS.title));
  put('subtitle', template('副标题', LIMITS.subtitle));
  put('tone', fields.get('颜色')?.word('颜色', TONES));
  put('url', template('整卡链接', Infinity));
  put('closed', template('关闭', LIMITS.closed));
  put('summary', template('摘要', LIMITS.summary));
  put('lines', readLines(fields.get('行'), vocabulary, outer));
  put('fields', readFields(fields.get('字段'), vocabulary, outer));
  put('actions', readActions(fields.get('按钮'), vocabulary, outer));
  put('picture', readPicture(fields.get('图片'), outer));
  put('choice', readChoice(fields.get('选择'), vocabulary, outer));
  return content;
}

function readLines(value: YamlValue | null, vocabulary: Vocabulary<never>, outer: Names): Repeated<LineRule>[] | null {
  const rules = readRepeated(value, '行', vocabulary, outer, ['标记', '文字', '链接'], (fields, names): LineRule | null => {
    const text = readNeeded(fields, '文字', names, LIMITS.line);
    return text && { text, mark: readMark(fields.get('标记'), names), url: readOptional(fields, '链接', names, Infinity) };
  });
  // Lines that stand on the card whatever the data; those under a condition usually exclude each other.
  const always = rules?.flatMap(({ each, ways }) => (each === undefined ? ways : [])) ?? [];
  const length = always.reduce((sum, way) => sum + (way.when.length === 0 ? fixedLength(way.text) : 0), 0);
  if (length > LIMITS.fixedLines) {
    value?.error('card.too_long', `「行」里固定的文字共 ${length} 字，企业微信一张卡最多显示 ${LIMITS.fixedLines} 字。`);
  }
  return rules;
}

function readFields(value: YamlValue | null, vocabulary: Vocabulary<never>, outer: Names): Repeated<FieldRule>[] | null {
  const rules = readRepeated(value, '字段', vocabulary, outer, ['名称', '内容', '链接'], (fields, names): FieldRule | null => {
    const label = readNeeded(fields, '名称', names, LIMITS.fieldLabel);
    const text = readNeeded(fields, '内容', names, LIMITS.fieldValue);
    return label && text && { label, value: text, url: readOptional(fields, '链接', names, Infinity) };
  });
  if ((rules?.length ?? 0) > LIMITS.fields) {
    value?.error('card.too_many', `「字段」写了 ${rules?.length} 个，最多 ${LIMITS.fields} 个。`);
  }
  return rules;
}

function readActions(value: YamlValue | null, vocabulary: Vocabulary<never>, outer: Names): Repeated<ActionRule>[] | null {
  const rules = readRepeated(value, '按钮', vocabulary, outer, ['文字', '动作', '链接', '样式'], (fields, names) =>
    readAction(fields, names, LIMITS.actionLabel),
  );
  if ((rules?.length ?? 0) > LIMITS.actions) {
    value?.error('card.too_many', `「按钮」写了 ${rules?.length} 个，最多 ${LIMITS.actions} 个。`);
  }
  return rules;
}

function readAction(fields: YamlFields, names: Names, max: number): ActionRule | null {
  const label = readNeeded(fields, '文字', names, max);
  const url = readOptional(fields, '链接', names, Infinity);
  const at = url === undefined ? fields.need('动作') : fields.get('动作');
  const action = at?.text('动作') ?? undefined;
  if (action !== undefined && !names.actions.includes(action)) {
    const list = names.actions.join('、') || '（没有）';
    at?.error('card.unknown_action', `这里没有「${action}」这个动作${didYouMean(action, names.actions)}，可以写：${list}。`);
  }
  const style = fields.get('样式')?.word('样式', STYLES) ?? 'plain';
  return label && { label, style, action, url };
}

function readPicture(value: YamlValue | null, names: Names): ContentRules['picture'] | null {
  const fields = value?.fields('图片', ['地址', '宽高比']) ?? null;
  if (fields === null) return null;
  const url = readNeeded(fields, '地址', names, Infinity);
  const ratioAt = fields.need('宽高比');
  const ratio = Number(ratioAt?.text('宽高比') ?? Number.NaN);
  const { over, under } = LIMITS.pictureRatio;
  if (ratioAt !== null && !(ratio > over && ratio < under)) {
    ratioAt.error('card.bad_ratio', `「宽高比」是宽除以高，要大于 ${over}、小于 ${under}，比如 1.8。`);
    return null;
  }
  return url && { url, ratio };
}

/** WeCom's card with a picture opens an address and has links only; said where the card is read, not when it is sent. */
export function pictureProblem(content: Partial<ContentRules>): { code: string; message: string } | null {
  const { picture, url, choice, actions = [] } = content;
  if (picture === undefined) return null;
  const pressed = choice !== undefined || actions.some(({ ways }) => ways.some((way) => way.url === undefined));
  if (pressed) return { code: 'card.picture_with_buttons', message: '带「图片」的卡只能放链接，不能有要点的按钮和选择。' };
  if (url === undefined) return { code: 'card.picture_without_link', message: '带「图片」的卡要写「整卡链接」。' };
  if (actions.length > LIMITS.pictureLinks)
    return { code: 'card.too_many', message: `带「图片」的卡最多 ${LIMITS.pictureLinks} 个链接，现在 ${actions.length} 个。` };
  return null;
}

function readChoice(value: YamlValue | null, vocabulary: Vocabulary<never>, outer: Names): ChoiceRule | null {
  const fields = value?.fields('选择', ['题目', '方式', '选项', '提交']) ?? null;
  if (fields === null) return null;
  const title = readNeeded(fields, '题目', outer, LIMITS.choiceTitle);
  const mode = fields.need('方式')?.word('方式', MODES) ?? null;
  const options = fields.need('选项')?.fields('选项', ['每个', '编号', '文字', '分组', '勾上']) ?? null;
  const submitFields = fields.need('提交')?.fields('提交', ['文字', '动作']) ?? null;
  const submit = submitFields && readAction(submitFields, outer, LIMITS.submitLabel);
  if (!title || !mode || !options || !submit) return null;
  const each = options.need('每个');
  const names = each && readEach(each, vocabulary, outer);
  if (!names) return null;
  const id = readNeeded(options, '编号', names, Infinity);
  const text = readNeeded(options, '文字', names, LIMITS.optionText);
  const checkedAt = options.get('勾上');
  return (
    id &&
    text && {
      title,
      mode,
      each: names.list,
      id,
      text,
      group: readOptional(options, '分组', names, LIMITS.optionText),
      checked: checkedAt === null ? undefined : readConditions(checkedAt, '勾上', names),
      submit,
    }
  );
}

/** A list of lines, fields or buttons: each written once, or with `每个` and, where there are several ways to say it, `写法`. */
function readRepeated<R extends object>(
  value: YamlValue | null,
  what: string,
  vocabulary: Vocabulary<never>,
  outer: Names,
  keys: readonly string[],
  read: (fields: YamlFields, names: Names) => R | null,
): Repeated<R>[] | null {
  const items = value?.list(what) ?? null;
  return items?.flatMap((item): Repeated<R>[] => {
    // A line that is just words needs no `文字:` before it.
    if (item.shape === 'text' && what === '行') {
      const text = readTemplate(item, '行', outer, LIMITS.line);
      return text ? [{ ways: [{ text, when: [] } as unknown as R & { when: Condition[] }] }] : [];
    }
    const several = item.shape === 'map' && item.entries(what)?.some((entry) => entry.key === '写法') === true;
    const fields = item.fields(what, several ? ['每个', '写法'] : ['每个', '当', ...keys]);
    if (fields === null) return [];
    const each = fields.get('每个');
    const inner = each === null ? { ...outer, list: undefined } : readEach(each, vocabulary, outer);
    if (inner === null) return [];
    const waysAt = several ? (fields.get('写法')?.list('写法') ?? []) : [];
    const sources = several ? waysAt.flatMap((way) => way.fields('写法', ['当', ...keys]) ?? []) : [fields];
    const ways = sources.flatMap((source) => {
      const at = source.get('当');
      const when = at === null ? [] : readConditions(at, '当', inner);
      const rule = read(source, inner);
      return rule === null ? [] : [{ ...rule, when }];
    });
    return [{ each: inner.list, ways }];
  }) ?? null;
}

function readEach(value: YamlValue, vocabulary: Vocabulary<never>, outer: Names): (Names & { list: string }) | null {
  const name = value.text('每个');
  if (name === null) return null;
  const list: List<never> | undefined = vocabulary.lists[name];
  if (list === undefined) {
    const known = Object.keys(vocabulary.lists);
    value.error('card.unknown_list', `这张卡没有「${name}」这个列表${didYouMean(name, known)}，可以写：${known.join('、') || '（没有）'}。`);
    return null;
  }
  return { list: name, words: { ...outer.words, ...list.words }, actions: [...list.actions, ...outer.actions] };
}

function readNeeded(fields: YamlFields, key: string, names: Names, max: number): Template | null {
  const value = fields.need(key);
  return value && readTemplate(value, key, names, max);
}

function readOptional(fields: YamlFields, key: string, names: Names, max: number): Template | undefined {
  const value = fields.get(key);
  return (value && readTemplate(value, key, names, max)) ?? undefined;
}

function readTemplate(value: YamlValue, what: string, names: Names, max: number): Template | null {
  const source = value.text(what);
  if (source === null) return null;
  let template: Template;
  try {
    template = parseTemplate(source);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    value.error('card.template', `「${source}」${error.message}。`);
    return null;
  }
  const known = Object.keys(names.words);
  for (const blank of blanksOf(template)) {
    if (known.includes(blank)) continue;
    value.error('card.unknown_blank', `这里没有「{${blank}}」这个空${didYouMean(blank, known)}，可以填：${known.join('、') || '（没有）'}。`);
  }
  const length = fixedLength(template);
  if (length > max) value.error('card.too_long', `「${what}」光固定的字就有 ${length} 个，最多 ${max} 个：「${source}」。`);
  return template;
}

function readMark(value: YamlValue | null, names: Names): LineRule['mark'] {
  const text = value?.text('标记') ?? null;
  if (value === null || text === null) return undefined;
  const blank = /^\{(.+)\}$/.exec(text)?.[1]?.trim();
  if (blank === undefined) {
    const mark = value.word('标记', Object.fromEntries(MARK_OF_WORD));
    return mark === null ? undefined : { fixed: mark };
  }
  const values = names.words[blank]?.values;
  if (values?.every((word) => MARK_OF_WORD.has(word)) !== true) {
    value.error('card.not_a_mark', `「{${blank}}」不是标记。写「{标记}」，或者直接写：${[...MARK_OF_WORD.keys()].join('、')}。`);
    return undefined;
  }
  return { word: blank };
}

function readConditions(value: YamlValue, what: string, names: Names): Condition[] {
  const known = Object.keys(names.words);
  return (value.entries(what) ?? []).flatMap(({ key, at, value: wanted }): Condition[] => {
    const word = names.words[key];
    if (word === undefined) {
      at.error('card.unknown_blank', `「${what}」里的「${key}」没有这个空${didYouMean(key, known)}，可以写：${known.join('、')}。`);
      return [];
    }
    const anyOf = wanted.shape === 'list' ? (wanted.texts(key) ?? []) : [wanted.text(key) ?? ''];
    const allowed = [FILLED, UNFILLED, ...(word.values ?? [])];
    for (const text of anyOf) {
      // A word without a closed set of values (a name, a number) may be compared with anything.
      if (word.values === undefined || allowed.includes(text)) continue;
      wanted.error('card.unknown_value', `「${key}」不会是「${text}」${didYouMean(text, allowed)}，可以写：${allowed.join('、')}。`);
    }
    return [{ word: key, anyOf }];
  });
}

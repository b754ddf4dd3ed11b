import type { YamlFields, YamlValue } from '../core/index.js';
import { readDistinct, readId, readReference, readWords, YES_NO } from './read-parts.js';
import type { References } from './read-parts.js';
import { readFileDemands, readPhotoDemands, readSheetDemands, readVoiceDemands } from './read-demands.js';
import type { Item, ItemKind } from './types.js';
import { CHARACTERS, COUNT, MONTHS_BACK, readLimit, readQuantity } from './units.js';

export const KINDS: Readonly<Record<string, ItemKind>> = {
  确认: 'confirm',
  文字: 'text',
  触达: 'touch',
  选择: 'choice',
  标签: 'tags',
  照片: 'photo',
  采购历史: 'purchase-history',
  跟进: 'follow-up',
  表格: 'sheet',
  文件: 'file',
  链接: 'link',
  录音: 'voice',
  审批: 'approval',
  扫码: 'scan',
};

const COMMON = ['名称', '编号', '类型', '必填', '提示', '时限'];
const OWN: Readonly<Record<ItemKind, readonly string[]>> = {
  confirm: [],
  text: ['字数'],
  touch: ['认可'],
  choice: ['选项'],
  tags: ['标签库', '至少', '不同组'],
  photo: ['张数', '要求'],
  'purchase-history': [],
  'follow-up': ['三要素'],
  sheet: ['格式', '列', '每行填满', '要求'],
  file: ['格式', '要求'],
  link: ['至少', '要求'],
  voice: ['认可', '关键词', '要求'],
  approval: ['部门', '通知'],
  scan: ['内容'],
};

const WITNESSES = { 有效通话: 'call', 双向消息: 'message', 现场签到: 'check-in' } as const;
/** Roles of the org that take to-dos. */
export const DEPARTMENTS = Object.fromEntries(
  ['法务', '采购', '技术', '市场', '财务', '运营'].map((name) => [name, name]),
);
const CHANNELS = { 卡片: 'card', 邮件: 'mail' } as const;
/** What one WeCom card holds (20 options of 17 characters); more is possible, but not by tapping. */
const CARD_OPTIONS = 20;
const CARD_OPTION_LENGTH = 17;
/** An option's text is its id in a press, ≤ 128 bytes; a Chinese character has three. */
const MAX_OPTION_LENGTH = 40;

export interface ReadItem {
  item: Item;
  /** For problems that only show when all items are known. */
  idAt: YamlValue;
  nameAt: YamlValue;
}

export function readItem(value: YamlValue, references: References): ReadItem | null {
  // The kind decides which fields may stand here, so it is looked at first.
  const entries = value.entries('验证项');
  const kindAt = entries?.find((entry) => entry.key === '类型')?.value;
  const kind = kindAt?.word('类型', KINDS) ?? null;
  if (entries === null) return null;
  if (kind === null) {
    if (kindAt === undefined)
      value.error('yaml.missing_key', `「验证项」少了「类型」，可以写：${Object.keys(KINDS).join('、')}。`);
    return null;
  }
  const name = entries.find((entry) => entry.key === '名称')?.value;
  const fields = value.fields(`验证项${name?.shape === 'text' ? ` ${name.text('名称')}` : ''}`, [
    ...COMMON,
    ...OWN[kind],
  ]);
  if (fields === null) return null;
  const idAt = fields.need('编号');
  const id = readId(idAt, '编号');
  const nameAt = fields.need('名称');
  const label = nameAt?.text('名称') ?? null;
  const required = fields.get('必填')?.word('必填', YES_NO) ?? true;
  const hint = fields.get('提示')?.text('提示') ?? undefined;
  const limit = readLimit(fields.get('时限'), '时限') ?? undefined;
  const own = readOwn(kind, fields, references);
  if (idAt === null || id === null || nameAt === null || label === null || own === null) return null;
  return { item: { id, name: label, required, hint, limit, ...own }, idAt, nameAt };
}

type Own<I extends Item = Item> = I extends Item ? Omit<I, 'id' | 'name' | 'required' | 'hint' | 'limit'> : never;

function readOwn(kind: ItemKind, fields: YamlFields, references: References): Own | null {
  switch (kind) {
    case 'confirm':
    case 'purchase-history':
      return { kind };
    case 'text':
      return { kind, minLength: readQuantity(fields.get('字数'), '字数', CHARACTERS) ?? 1 };
    case 'touch':
      return { kind, accepts: readWords(fields.get('认可'), '认可', WITNESSES) ?? Object.values(WITNESSES) };
    case 'choice': {
      const options = readDistinct(fields.need('选项'), '选项');
      checkOptions(fields.get('选项'), options ?? []);
      return options && { kind, options };
    }
    case 'tags':
      return readTags(fields, references);
    case 'photo': {
      const count = readQuantity(fields.get('张数'), '张数', COUNT) ?? 1;
      return { kind, count, demands: readPhotoDemands(fields.get('要求'), references) };
    }
    case 'follow-up': {
      const elements = readDistinct(fields.need('三要素'), '三要素');
      return elements && { kind, elements };
    }
    case 'sheet': {
      const formats = readWords(fields.get('格式'), '格式', { XLSX: 'XLSX', CSV: 'CSV' } as const) ?? ['XLSX', 'CSV'];
      return { kind, formats, demands: readSheetDemands(fields) };
    }
    case 'file': {
      const formats = readWords(fields.get('格式'), '格式', { PDF: 'PDF' } as const) ?? ['PDF'];
      return { kind, formats, demands: readFileDemands(fields.get('要求')) };
    }
    case 'link': {
      const demands = fields.get('要求')?.fields('要求', ['发布日期']) ?? null;
      const months = readQuantity(demands?.get('发布日期') ?? null, '发布日期', MONTHS_BACK);
      const count = readQuantity(fields.get('至少'), '至少', COUNT) ?? 1;
      return { kind, count, publishedWithinMonths: months ?? undefined };
    }
    case 'voice':
      return { kind, demands: readVoiceDemands(fields, references) };
    case 'approval': {
      const department = fields.need('部门')?.word('部门', DEPARTMENTS) ?? null;
      const notify = readWords(fields.get('通知'), '通知', CHANNELS) ?? ['card'];
      return department === null ? null : { kind, department, notify };
    }
    case 'scan':
      return fields.need('内容')?.word('内容', { 拜访二维码: { kind, content: 'visit' } as const }) ?? null;
  }
}

function readTags(fields: YamlFields, references: References): Own | null {
  const at = fields.need('标签库');
  const library = at && readReference(at, '标签库', references.tagLibraries);
  const min = readQuantity(fields.get('至少'), '至少', COUNT) ?? 1;
  const minGroups = readQuantity(fields.get('不同组'), '不同组', COUNT) ?? 1;
  if (!library) return null;
  const tags = library.groups.flatMap((group) => group.tags);
  checkOptions(at, tags);
  if (min > tags.length) {
    fields
      .get('至少')
      ?.error('flow.unreachable', `至少要 ${min} 个，可是「${library.name}」里只有 ${tags.length} 个标签。`);
  }
  if (minGroups > library.groups.length) {
    const groups = library.groups.length;
    fields
      .get('不同组')
      ?.error('flow.unreachable', `要来自 ${minGroups} 个组，可是「${library.name}」只有 ${groups} 个组。`);
  }
  return { kind: 'tags', library: library.name, min: Math.max(min, minGroups), minGroups };
}

function checkOptions(at: YamlValue | null, options: readonly string[]): void {
  if (options.length > CARD_OPTIONS) {
    at?.warn('flow.many_options', `有 ${options.length} 个可选，一张卡只放得下 ${CARD_OPTIONS} 个，其余要打字选。`);
  }
  for (const option of options) {
    const length = [...option].length;
    if (length > MAX_OPTION_LENGTH)
      at?.error('flow.long_option', `「${option}」有 ${length} 个字，最多 ${MAX_OPTION_LENGTH} 个。`);
    else if (length > CARD_OPTION_LENGTH) {
      at?.warn('flow.long_option', `「${option}」有 ${length} 个字，卡片上只显示前 ${CARD_OPTION_LENGTH} 个。`);
    }
  }
}

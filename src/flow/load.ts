import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasErrors, inFileOrder, readYaml, sha256 } from '../core/index.js';
import type { FileProblem, YamlValue } from '../core/index.js';
import { DEPARTMENTS, readItem } from './read-item.js';
import { createUniqueness, readDistinct, readId, YES_NO } from './read-parts.js';
import type { References } from './read-parts.js';
import { readAlerts, readAutoAdvance, readExemptions, readNudges } from './read-rules.js';
import { readKeywords } from './read-keywords.js';
import type { Flow, Stage, TagLibrary, TodoSpec } from './types.js';
import { readLimit } from './units.js';

const FLOW_KEYS = [
  ...['流程', '编号', '说明', '适用产品线', '标签库', '名单', '关键词', '阶段'],
  ...['自动推进', '催办', '预警', '豁免'],
];
const STAGE_KEYS = ['名称', '编号', '别名', '标准停留', '每次拜访计一次', '进入时', '验证项'];

/** Reads and checks one flow file. `flow` is null when something in it is wrong; warnings let it pass. */
export function parseFlow(text: string, file: string): { flow: Flow | null; problems: FileProblem[] } {
  const { root, problems } = readYaml(text, file);
  const fields = root?.fields('流程文件', FLOW_KEYS) ?? null;
  if (fields === null) return { flow: null, problems };
  const name = fields.need('流程')?.text('流程') ?? null;
  const id = readId(fields.need('编号'), '编号');
  const description = fields.get('说明')?.text('说明') ?? '';
  const productLines = (fields.has('适用产品线') && readDistinct(fields.get('适用产品线'), '适用产品线')) || [];
  const references: References = {
    tagLibraries: readTagLibraries(fields.get('标签库')),
    lists: readLists(fields.get('名单')),
    keywords: readKeywords(fields.get('关键词')),
  };
  const { keywords, ...libraries } = references;
  const stages = readStages(fields.need('阶段'), references);
  const content = {
    description,
    productLines,
    ...libraries,
    // Left out where there are none: what flows say did not change by it, nor did their version.
    ...(keywords.length === 0 ? {} : { keywords: [...keywords] }),
    stages,
    autoAdvance: readAutoAdvance(fields.get('自动推进'), stages),
    nudges: readNudges(fields.get('催办'), stages),
    alerts: readAlerts(fields.get('预警'), stages),
    exemptions: readExemptions(fields.get('豁免')),
  };
  const inOrder = inFileOrder(problems);
  if (hasErrors(problems) || id === null || name === null) return { flow: null, problems: inOrder };
  return { flow: { id, name, hash: hashContent({ id, name, ...content }), ...content }, problems: inOrder };
}

/** Every `*.yaml` of a folder. Flows that are right are given even when a neighbour is wrong; the caller decides what to do about the problems. */
export function loadFlows(folder: string): { flows: Flow[]; problems: FileProblem[] } {
  const flows: Flow[] = [];
  const problems: FileProblem[] = [];
  for (const entry of readdirSync(folder).toSorted()) {
    if (!entry.endsWith('.flow.yaml')) continue;
    const file = join(folder, entry);
    const parsed = parseFlow(readFileSync(file, 'utf8'), file);
    problems.push(...parsed.problems);
    if (parsed.flow === null) continue;
    const { id } = parsed.flow;
    if (flows.some((flow) => flow.id === id)) {
      const message = `编号「${id}」已经被另一个流程文件用了，请换一个。`;
      problems.push({ file, line: 1, col: 1, level: 'error', code: 'flow.double_id', message });
    } else flows.push(parsed.flow);
  }
  return { flows, problems };
}

function readTagLibraries(value: YamlValue | null): Record<string, TagLibrary> {
  const libraries: Record<string, TagLibrary> = {};
  for (const { key: name, value: at } of value?.entries('标签库') ?? []) {
    const unique = createUniqueness('flow.double', (tag) => `标签「${tag}」在「${name}」里写了两次。`);
    const readTags = (list: YamlValue, what: string): string[] => {
      for (const tag of list.list(what) ?? []) if (tag.shape === 'text') unique(tag.text(what) ?? '', tag);
      return readDistinctOnce(list, what);
    };
    const groups =
      at.shape === 'map'
        ? (at.entries(name) ?? []).map((group) => ({ name: group.key, tags: readTags(group.value, group.key) }))
        : [{ name: '', tags: readTags(at, name) }];
    libraries[name] = { name, groups };
  }
  return libraries;
}

/** Doubles are reported by the library, over all its groups. */
function readDistinctOnce(value: YamlValue, what: string): string[] {
  const texts = value.texts(what) ?? [];
  if (value.shape === 'list' && texts.length === 0) value.error('flow.empty_list', `「${what}」是空的，至少写一个。`);
  return [...new Set(texts)];
}

function readLists(value: YamlValue | null): Record<string, string[]> {
  const entries = value?.entries('名单') ?? [];
  return Object.fromEntries(entries.map(({ key, value: list }) => [key, readDistinct(list, key) ?? []]));
}

function readStages(value: YamlValue | null, references: References): Stage[] {
  const uniqueId = createUniqueness('flow.double_id', (id) => `阶段编号「${id}」用了两次，请换一个。`);
  const uniqueName = createUniqueness('flow.double', (name) => `阶段名称「${name}」用了两次，请换一个。`);
  // Item ids are unique over the whole flow: a button names an item without its stage.
  const uniqueItem = createUniqueness('flow.double_id', (id) => `验证项编号「${id}」用了两次，整个流程里不能重复。`);
  const items = value?.list('阶段') ?? [];
  if (value?.shape === 'list' && items.length === 0) value.error('flow.empty_list', '「阶段」是空的，至少写一个。');
  return items.flatMap((stage) => readStage(stage, references, uniqueId, uniqueName, uniqueItem) ?? []);
}

type Unique = ReturnType<typeof createUniqueness>;

function readStage(
  value: YamlValue,
  references: References,
  uniqueId: Unique,
  uniqueName: Unique,
  uniqueItem: Unique,
): Stage | null {
  const fields = value.fields('阶段', STAGE_KEYS);
  if (fields === null) return null;
  const id = readId(fields.need('编号'), '编号');
  const name = fields.need('名称')?.text('名称') ?? null;
  const limit = readLimit(fields.need('标准停留'), '标准停留');
  const aliases = (fields.has('别名') && readDistinct(fields.get('别名'), '别名')) || [];
  const perVisit = fields.get('每次拜访计一次')?.word('每次拜访计一次', YES_NO) ?? false;
  const onEnter = (fields.get('进入时')?.list('进入时') ?? []).flatMap((todo) => readTodo(todo) ?? []);
  const read = (fields.need('验证项')?.list('验证项') ?? []).flatMap((item) => readItem(item, references) ?? []);
  const uniqueItemName = createUniqueness('flow.double', (item) => `「${name}」里有两个验证项都叫「${item}」。`);
  for (const { item, idAt, nameAt } of read) {
    uniqueItem(item.id, idAt);
    uniqueItemName(item.name, nameAt);
  }
  if (id !== null) uniqueId(id, fields.get('编号') ?? value);
  if (name !== null) uniqueName(name, fields.get('名称') ?? value);
  for (const alias of aliases) uniqueName(alias, fields.get('别名') ?? value);
  const items = read.map(({ item }) => item);
  // Nothing required would mean that the stage is passed the moment it is entered.
  const itemsAt = fields.get('验证项');
  if (itemsAt?.shape === 'list' && !items.some((item) => item.required)) {
    itemsAt.error('flow.nothing_required', `「${name ?? ''}」没有必填的验证项，一进来就算过了。至少要有一项必填。`);
  }
  if (id === null || name === null || limit === null) return null;
  return { id, name, aliases, limit, items, onEnter, perVisit };
}

function readTodo(value: YamlValue): TodoSpec | null {
  const fields = value.fields('进入时', ['待办'])?.need('待办')?.fields('待办', ['部门', '内容', '时限']) ?? null;
  const department = fields?.need('部门')?.word('部门', DEPARTMENTS) ?? null;
  const text = fields?.need('内容')?.text('内容') ?? null;
  const limit = readLimit(fields?.need('时限') ?? null, '时限');
  return department !== null && text !== null && limit !== null ? { department, text, limit } : null;
}

/** Comments, spacing and the order of keys in the file do not make a new version. */
function hashContent(content: unknown): string {
  return sha256(canonical(content)).slice(0, 16);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

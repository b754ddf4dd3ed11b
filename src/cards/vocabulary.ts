import type { CardData, CardItemKind, CardName, ChecklistItem, GotKind, MissingItem } from './data.js';
import { actionKey as key } from './keys.js';
import type { Mark } from './types.js';
import { list, oneOf, vocabulary, vocabularyByState } from './words.js';
import type { Value, Vocabulary } from './words.js';

/** Sign and word of every verdict; the one source for all renderings. */
export const MARKS: Readonly<Record<Mark, { sign: string; word: string }>> = {
  passed: { sign: '✅', word: '通过' },
  failed: { sign: '❌', word: '没通过' },
  checking: { sign: '⏳', word: '核验中' },
  review: { sign: '🟡', word: '待复核' },
  unchecked: { sign: '⚪', word: '未核验' },
  partly: { sign: '🟡', word: '还差' },
  open: { sign: '⬜', word: '未交' },
  exempt: { sign: '➖', word: '已豁免' },
};

const MARK_WORDS = Object.fromEntries(Object.entries(MARKS).map(([mark, { word }]) => [mark, word])) as Record<
  Mark,
  string
>;

export const KIND_WORDS: Readonly<Record<CardItemKind, string>> = {
  confirm: '确认',
  text: '文字',
  touch: '触达',
  choice: '选择',
  tags: '标签',
  photo: '照片',
  'purchase-history': '采购历史',
  'follow-up': '跟进',
  sheet: '表格',
  file: '文件',
  link: '链接',
  approval: '审批',
  scan: '扫码',
};

const GOT_WORDS: Readonly<Record<GotKind, string>> = {
  text: '文字',
  image: '图片',
  file: '文件',
  voice: '语音',
  link: '链接',
  location: '位置',
  scan: '扫码',
  unknown: '其他',
};

const WITNESS_WORDS = { call: '有效通话', message: '双向消息', 'check-in': '现场签到' } as const;

/** How many open items get a button of their own. */
const NEXT_ITEMS = 3;
/** WeCom cards take 20 options (§4.4 checkbox); what is left over is told in words. */
const MAX_OPTIONS = 20;
/** Deals named one by one in a nudge; the others are counted. */
const MAX_NUDGED = 5;

/** All lines of a card share 160 characters: one sentence of a verdict is enough there. */
const firstSentence = (say: string | undefined): string => /^[^。]*/.exec(say ?? '')?.[0] ?? '';
const joined = (texts: readonly string[]): string => texts.join('、');
const yes = (value: boolean): Value => (value ? '是' : '');
const countLeft = (all: number, shown: number): Value => (all > shown ? all - shown : '');
const percent = (value: number | null): string => (value === null ? '—' : `${Math.round(value)}%`);

const deal = { 客户: (d: { client: string }) => d.client, 阶段: (d: { stage: string }) => d.stage };
const item = { 客户: (d: { client: string }) => d.client, 验证项: (d: { item: string }) => d.item };
const question = {
  ...item,
  提示: (d: { hint?: string }) => d.hint,
  要求: (d: { demands?: string }) => d.demands,
  可豁免: (d: { canExempt?: boolean }) => yes(d.canExempt === true),
};

type OfDeal = { dealId: string };
type OfItem = { dealId: string; itemId: string };
const toDeal = { 看清单: (d: OfDeal) => key('deal', d.dealId) };
const ask = (d: OfItem): string => key('ask', d.dealId, d.itemId);
const exempt = (d: OfItem): string => key('exempt', d.dealId, d.itemId);
const later = (): string => key('later');
const answerable = {
  提交: (d: OfItem) => key('answer', d.dealId, d.itemId),
  稍后: later,
};

/** Items that the rep can do something about now. */
const isDoable = (line: { mark: Mark; kind: CardItemKind }): boolean =>
  // An approval is somebody else's turn, until they object.
  line.kind === 'approval'
    ? line.mark === 'failed'
    : ['open', 'partly', 'failed', 'unchecked'].includes(line.mark);

const lineWords = {
  名称: (line: ChecklistItem) => line.name,
  标记: oneOf((line: ChecklistItem) => line.mark, MARK_WORDS),
  类型: oneOf((line: ChecklistItem) => line.kind, KIND_WORDS),
  已有: (line: ChecklistItem) => line.have,
  共需: (line: ChecklistItem) => line.need,
  还差: (line: ChecklistItem) => Math.max(0, line.need - line.have),
  要多份: (line: ChecklistItem) => yes(line.need > 1),
  选做: (line: ChecklistItem) => yes(!line.required),
  简要: (line: ChecklistItem) => firstSentence(line.say),
};

const missingWords = {
  名称: (line: MissingItem) => line.name,
  类型: oneOf((line: MissingItem) => line.kind, KIND_WORDS),
  要求: (line: MissingItem) => line.detail,
};

const verdict = {
  words: {
    ...item,
    说明: (d: { say: string }) => d.say,
    类型: oneOf((d: { kind: CardItemKind }) => d.kind, KIND_WORDS),
    可复核: (d: { submissionId?: string }) => yes(d.submissionId !== undefined),
  },
  actions: {
    重交: ask,
    请主管复核: (d: OfItem & { submissionId?: string }) => key('ask-review', d.dealId, d.submissionId ?? '-'),
    申请豁免: exempt,
    看清单: toDeal.看清单,
  },
};

/** Every card that the bot sends. `satisfies` keeps this table and `CardData` in step. */
export const VOCABULARIES: { readonly [N in CardName]: Vocabulary<CardData[N]> } = {
  checklist: vocabularyByState<CardData['checklist']>(
    { open: '进行中', waiting: '等回答', passed: '全部通过', won: '已成交', lost: '已丢单' },
    {
      words: {
        ...deal,
        第几天: (d) => d.day,
        标准: (d) => d.standard,
        在等: (d) => d.waitingFor,
        下一阶段: (d) => d.nextStage,
        下一标准: (d) => d.nextStandard,
        还差几项: (d) => d.items.filter((line) => line.required && !['passed', 'exempt'].includes(line.mark)).length,
      },
      lists: {
        验证项: list((d) => d.items, lineWords),
        能做的: list(
          (d) =>
            d.items
              .filter(isDoable)
              .toSorted((a, b) => Number(b.required) - Number(a.required))
              .slice(0, NEXT_ITEMS),
          lineWords,
          { 做这项: (line, d) => key('ask', d.dealId, line.id) },
        ),
      },
      actions: {
        ...toDeal,
        今天先不做: (d) => key('postpone', d.dealId),
        进下一阶段: (d) => key('advance', d.dealId),
        我的商机: () => key('my-deals'),
      },
    },
  ),
  'stage-done': vocabularyByState<CardData['stage-done']>(
    { next: '进入下一阶段', won: '已成交' },
    {
      words: { ...deal, 下一阶段: (d) => d.nextStage, 下一标准: (d) => d.nextStandard },
      actions: { ...toDeal, 我的商机: () => key('my-deals') },
    },
  ),
  gap: vocabulary<CardData['gap']>({
    words: {
      ...deal,
      目标阶段: (d) => d.target,
      几项: (d) => d.missing.length,
      可豁免: (d) => yes(d.canExempt),
    },
    lists: {
      缺的: list((d) => d.missing, missingWords),
      能做的: list((d) => d.missing.filter((line) => line.kind !== 'approval').slice(0, NEXT_ITEMS), missingWords, {
        做这项: (line, d) => key('ask', d.dealId, line.id),
      }),
      能豁免的: list((d) => (d.canExempt ? d.missing.slice(0, NEXT_ITEMS) : []), missingWords, {
        申请豁免: (line, d) => key('exempt', d.dealId, line.id),
      }),
    },
    actions: toDeal,
  }),
  'my-deals': vocabulary<CardData['my-deals']>({
    words: {
      几个: (d) => d.deals.length,
      超期几个: (d) => d.deals.filter((one) => one.overdue).length || '',
      还有几个: (d) => countLeft(d.deals.length, MAX_OPTIONS),
    },
    lists: {
      商机: list((d) => d.deals.slice(0, MAX_OPTIONS), {
        编号: (one) => one.dealId,
        客户: (one) => one.client,
        阶段: (one) => one.stage,
        期限: (one) => one.due,
        超期: (one) => yes(one.overdue),
      }),
    },
    actions: { 打开: () => key('pick-deal'), 帮助: () => key('help') },
  }),
  postponed: vocabularyByState<CardData['postponed']>(
    { reason: '问原因', done: '记下了' },
    {
      words: { 客户: (d) => joined(d.clients), 几个: (d) => d.clients.length, 到什么时候: (d) => d.until },
      actions: { 稍后: later, 我的商机: () => key('my-deals') },
    },
  ),

  'ask-photo': vocabulary<CardData['ask-photo']>({
    words: {
      ...question,
      已有: (d) => d.have,
      共需: (d) => d.need,
      第几张: (d) => Math.min(d.have + 1, d.need),
      要多份: (d) => yes(d.need > 1),
      多久内: (d) => d.freshFor,
      拍照页: (d) => d.captureUrl,
    },
    actions: { 稍后: later, 申请豁免: exempt, ...toDeal },
  }),
  'ask-file': vocabulary<CardData['ask-file']>({
    words: { ...question, 格式: (d) => joined(d.formats) },
    actions: { 稍后: later, 申请豁免: exempt, ...toDeal },
  }),
  'ask-sheet': vocabulary<CardData['ask-sheet']>({
    words: { ...question, 格式: (d) => joined(d.formats), 列: (d) => joined(d.columns) },
    actions: { 稍后: later, 申请豁免: exempt, ...toDeal },
  }),
  'ask-text': vocabulary<CardData['ask-text']>({
    words: { ...question, 最少字数: (d) => (d.minLength > 1 ? d.minLength : '') },
    actions: { 稍后: later, ...toDeal },
  }),
  'ask-link': vocabularyByState<CardData['ask-link']>(
    { link: '问链接', title: '问标题', date: '问日期' },
    {
      words: {
        ...question,
        已有: (d) => d.have,
        共需: (d) => d.need,
        要多份: (d) => yes(d.need > 1),
        链接: (d) => d.url,
        标题: (d) => d.title,
        时间范围: (d) => d.within,
      },
      actions: {
        稍后: later,
        申请豁免: exempt,
        没写日期: (d) => key('skip-date', d.dealId, d.itemId),
        重交: ask,
        ...toDeal,
      },
    },
  ),
  'ask-follow-up': vocabulary<CardData['ask-follow-up']>({
    words: { ...question, 要素: (d) => d.element, 第几: (d) => d.index, 共几: (d) => d.total },
    lists: { 已写: list((d) => d.done, { 要素: (one) => one.name, 内容: (one) => one.text }) },
    actions: { 稍后: later, 重交: ask, ...toDeal },
  }),
  'ask-choice': vocabulary<CardData['ask-choice']>({
    words: question,
    lists: { 选项: list((d) => d.options.slice(0, MAX_OPTIONS), { 编号: (text) => text, 文字: (text) => text }) },
    actions: { ...answerable, ...toDeal },
  }),
  'ask-tags': vocabulary<CardData['ask-tags']>({
    words: {
      ...question,
      至少: (d) => d.min,
      几组: (d) => (d.minGroups > 1 ? d.minGroups : ''),
      装不下: (d) => countLeft(d.groups.flatMap((group) => group.tags).length, MAX_OPTIONS),
    },
    lists: {
      标签: list(
        (d) =>
          d.groups
            .flatMap((group) =>
              group.tags.map((tag) => ({ tag, group: group.name, checked: d.chosen.includes(tag) })),
            )
            .slice(0, MAX_OPTIONS),
        { 编号: (one) => one.tag, 文字: (one) => one.tag, 分组: (one) => one.group, 已选: (one) => yes(one.checked) },
      ),
    },
    actions: { ...answerable, ...toDeal },
  }),
  'ask-touch': vocabulary<CardData['ask-touch']>({
    words: question,
    lists: {
      方式: list(
        (d) => d.accepts,
        { 名称: (witness) => WITNESS_WORDS[witness] },
        { 记这种: (witness, d) => key('touch', d.dealId, d.itemId, witness) },
      ),
    },
    actions: { 稍后: later, ...toDeal },
  }),
  'ask-confirm': vocabulary<CardData['ask-confirm']>({ words: question, actions: { ...answerable, ...toDeal } }),
  'ask-scan': vocabulary<CardData['ask-scan']>({
    words: question,
    actions: { 稍后: later, 申请豁免: exempt, ...toDeal },
  }),
  'ask-purchase-history': vocabulary<CardData['ask-purchase-history']>({
    words: { ...question, 已知品类: (d) => joined(d.known) },
    actions: { 稍后: later, ...toDeal },
  }),

  received: vocabularyByState<CardData['received']>(
    { fast: '正在看', slow: '超过5秒' },
    { words: item, actions: toDeal },
  ),
  'verdict-failed': vocabulary<CardData['verdict-failed']>(verdict),
  'verdict-unchecked': vocabulary<CardData['verdict-unchecked']>(verdict),
  'wrong-kind': vocabulary<CardData['wrong-kind']>({
    words: {
      ...item,
      要的: oneOf((d) => d.wanted, KIND_WORDS),
      发来的: oneOf((d) => d.got, GOT_WORDS),
    },
    actions: { 重问: ask, 稍后: later, ...toDeal, 帮助: () => key('help') },
  }),
  'too-large': vocabularyByState<CardData['too-large']>(
    { large: '太大', empty: '是空的', unreadable: '打不开' },
    { words: { 上限: (d) => d.limit, 验证项: (d) => d.item }, actions: { 继续: () => key('resume'), 稍后: later } },
  ),

  review: vocabulary<CardData['review']>({
    words: { ...item, ...deal, 谁交的: (d) => d.by, 时间: (d) => d.at, 原因: (d) => d.why, 图片: (d) => d.pictureUrl },
    lists: { 读到的: list((d) => d.facts, { 名称: (fact) => fact.label, 内容: (fact) => fact.value }) },
    actions: {
      通过: (d) => key('review-pass', d.dealId, d.submissionId),
      不通过: (d) => key('review-fail', d.dealId, d.submissionId),
    },
  }),
  'review-done': vocabularyByState<CardData['review-done']>(
    { passed: '通过', failed: '不通过' },
    {
      words: {
        ...item,
        代表: (d) => d.rep,
        谁看的: (d) => d.by,
        时间: (d) => d.at,
        说明: (d) => d.say,
      },
    },
  ),
  todo: vocabularyByState<CardData['todo']>(
    { approval: '审批', task: '事项' },
    {
      words: {
        部门: (d) => d.department,
        谁请的: (d) => d.from,
        客户: (d) => d.client,
        内容: (d) => d.text,
        时限: (d) => d.limit,
        期限: (d) => d.due,
        打开: (d) => d.url,
      },
      actions: {
        通过: (d) => key('todo-pass', d.todoId),
        有意见: (d) => key('todo-object', d.todoId),
        完成: (d) => key('todo-finish', d.todoId),
      },
    },
  ),
  'todo-done': vocabularyByState<CardData['todo-done']>(
    { passed: '通过', objected: '有意见', finished: '完成' },
    {
      words: {
        客户: (d) => d.client,
        内容: (d) => d.text,
        谁办的: (d) => d.by,
        时间: (d) => d.at,
        意见: (d) => d.note,
      },
    },
  ),
  'exempt-reason': vocabulary<CardData['exempt-reason']>({
    words: { ...item, 剩几次: (d) => d.left },
    actions: { 稍后: later, ...toDeal },
  }),
  'exempt-ask': vocabulary<CardData['exempt-ask']>({
    words: { ...item, ...deal, 代表: (d) => d.rep, 理由: (d) => d.reason, 剩几次: (d) => d.left, 有效: (d) => d.validFor },
    actions: {
      同意: (d) => key('exempt-grant', d.dealId, d.itemId, d.repId),
      不同意: (d) => key('exempt-refuse', d.dealId, d.itemId, d.repId),
    },
  }),
  exempted: vocabularyByState<CardData['exempted']>(
    { granted: '同意', refused: '不同意', 'none-left': '没有次数了' },
    {
      words: { ...item, 谁定的: (d) => d.by, 理由: (d) => d.reason, 到什么时候: (d) => d.until },
      actions: { ...toDeal, 做这项: ask },
    },
  ),

  'nudge-rep': vocabulary<CardData['nudge-rep']>({
    words: {
      几个: (d) => d.deals.length,
      超期几个: (d) => d.deals.filter((one) => one.overdue).length || '',
      还有几个: (d) => countLeft(d.deals.length, MAX_NUDGED),
    },
    lists: {
      商机: list((d) => d.deals.slice(0, MAX_NUDGED), {
        客户: (one) => one.client,
        还差: (one) => one.missing,
        超期: (one) => yes(one.overdue),
      }),
      先做: list(
        (d) => d.deals.slice(0, 1),
        { 客户: (one) => one.client },
        { 打开: (one) => key('deal', one.dealId) },
      ),
    },
    actions: { 都推到明天: () => key('postpone-all'), 我的商机: () => key('my-deals') },
  }),
  'nudge-supervisor': vocabularyByState<CardData['nudge-supervisor']>(
    { silent: '没更新', dwell: '停太久' },
    {
      words: {
        代表: (d) => d.rep,
        阶段: (d) => d.stage,
        几天: (d) => d.days,
        几倍: (d) => d.times,
        客户: (d) => joined(d.clients),
        几个: (d) => d.clients.length,
        跟进几次: (d) => d.last.length || '',
        留痕页: (d) => d.trailUrl,
      },
      lists: {
        最近跟进: list((d) => d.last, {
          日期: (one) => one.on,
          客户: (one) => one.client,
          内容: (one) => one.what,
          链接: (one) => one.url,
        }),
      },
      actions: {
        问一句: (d) => key('nudge-ask', d.repId, d.stageId),
        我来跟: (d) => key('nudge-take', d.repId, d.stageId),
      },
    },
  ),
  digest: vocabulary<CardData['digest']>({
    words: {
      团队: (d) => d.team,
      日期: (d) => d.on,
      截至: (d) => d.asOf,
      红灯阶段: (d) => d.red.stage,
      红灯人数: (d) => d.red.people,
      红灯页: (d) => d.red.url,
      黄灯阶段: (d) => d.yellow.stage,
      黄灯人数: (d) => d.yellow.people,
      黄灯页: (d) => d.yellow.url,
      绿灯阶段: (d) => d.green.stage,
      绿灯人数: (d) => d.green.people,
      绿灯页: (d) => d.green.url,
      穿透率: (d) => percent(d.rate),
      上周穿透率: (d) => percent(d.rateLastWeek),
      穿透率页: (d) => d.rateUrl,
      最低阶段: (d) => d.lowest?.stage,
      最低穿透率: (d) => (d.lowest ? percent(d.lowest.rate) : ''),
      最低页: (d) => d.lowest?.url,
      看红灯页: (d) => d.redUrl,
      看全部页: (d) => d.allUrl,
    },
  }),

  help: vocabularyByState<CardData['help']>(
    { hello: '第一次见', help: '帮助' },
    { words: { 姓名: (d) => d.name }, actions: { 我的商机: () => key('my-deals'), 继续: () => key('resume') } },
  ),
  'not-understood': vocabularyByState<CardData['not-understood']>(
    { somewhere: '有事在做', nowhere: '没事在做' },
    {
      words: { 客户: (d) => d.client, 在做: (d) => d.doing },
      actions: { 继续: () => key('resume'), 我的商机: () => key('my-deals'), 帮助: () => key('help') },
    },
  ),
  stale: vocabulary<CardData['stale']>({
    words: { 客户: (d) => d.client, 现在: (d) => d.now, 有商机: (d) => yes(d.dealId !== undefined) },
    actions: {
      看清单: (d) => key('deal', d.dealId ?? '-'),
      我的商机: () => key('my-deals'),
    },
  }),
  'not-yours': vocabulary<CardData['not-yours']>({
    words: { 谁的: (d) => d.owner },
    actions: { 我的商机: () => key('my-deals') },
  }),
  'unknown-person': vocabulary<CardData['unknown-person']>({
    words: { 平台: (d) => d.platform, 账号: (d) => d.userId },
  }),
  'unknown-person-admin': vocabulary<CardData['unknown-person-admin']>({
    words: { 平台: (d) => d.platform, 账号: (d) => d.userId, 时间: (d) => d.at, 说了: (d) => d.said },
  }),
  'left-person': vocabulary<CardData['left-person']>({ words: { 管理员: (d) => d.admin } }),
  busy: vocabulary<CardData['busy']>({ words: { 已收下: (d) => yes(d.kept) }, actions: { 继续: () => key('resume') } }),
};

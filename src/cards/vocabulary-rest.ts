import type { CardData } from './data.js';
import { actionKey as key } from './keys.js';
import { GOT_WORDS, KIND_WORDS, MAX_NUDGED, ask, countLeft, deal, item, joined, later, percent, toDeal, verdict, yes } from './vocabulary-parts.js';
import { list, oneOf, vocabulary, vocabularyByState } from './words.js';
import type { Vocabulary } from './words.js';

/** Deals named on the card of a handover; a supervisor knows them by the first few. */
const HANDED_OVER_LINES = 6;

/** Answers to what was sent, other people's verdicts, nudges and figures, the bot itself. */
export const OTHER_CARDS: { readonly [N in 'received' | 'verdict-failed' | 'verdict-unchecked' | 'wrong-kind' | 'too-large' | 'review' | 'review-why' | 'review-done' | 'todo' | 'todo-done' | 'exempt-reason' | 'exempt-ask' | 'exempted' | 'nudge-rep' | 'nudge-supervisor' | 'nudge-taken' | 'group-deals' | 'digest' | 'help' | 'not-understood' | 'not-taken' | 'stale' | 'not-yours' | 'unknown-person' | 'unknown-person-admin' | 'left-person' | 'handed-over' | 'same-person' | 'busy']: Vocabulary<CardData[N]> } = {
  received: vocabularyByState<CardData['received']>(
    { fast: '正在看', slow: '超过5秒', passed: '通过', review: '请主管看', replaced: '换掉了' },
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
  'review-why': vocabulary<CardData['review-why']>({
    words: { ...item, 代表: (d) => d.rep },
    lists: {
      原因: list(
        (d) => d.reasons,
        { 文字: (reason) => reason.text },
        { 退回: (reason, d) => key('review-why', d.todoId, reason.id) },
      ),
    },
    actions: { 通过: (d) => key('review-pass', d.dealId, d.submissionId) },
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
      同意: (d) => key('exempt-grant', d.dealId, d.itemId, d.repId, ...(d.todoId === undefined ? [] : [d.todoId])),
      不同意: (d) => key('exempt-refuse', d.dealId, d.itemId, d.repId, ...(d.todoId === undefined ? [] : [d.todoId])),
    },
  }),
  exempted: vocabularyByState<CardData['exempted']>(
    { granted: '同意', refused: '不同意', 'none-left': '没有次数了' },
    {
      words: { ...item, 谁定的: (d) => d.by, 理由: (d) => d.reason, 到什么时候: (d) => d.until },
      actions: { ...toDeal, 做这项: ask },
    },
  ),

  'nudge-rep': vocabularyByState<CardData['nudge-rep']>({ today: '今天到期', some: '有的超期', overdue: '都超期了' }, {
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
        { 打开: (one) => key('deal', one.dealId, 'apart') },
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
  'nudge-taken': vocabulary<CardData['nudge-taken']>({
    words: {
      代表: (d) => d.rep,
      阶段: (d) => d.stage,
      几个: (d) => d.clients.length,
      客户: (d) => joined(d.clients),
      几点: (d) => d.at,
    },
  }),
  'group-deals': vocabularyByState<CardData['group-deals']>(
    { one: '一个', several: '几个' },
    {
      words: {
        几个: (d) => d.deals.length,
        几点: (d) => d.at,
        客户: (d) => d.deals[0]?.client,
        代表: (d) => d.deals[0]?.rep,
        阶段: (d) => d.deals[0]?.stage,
        超期: (d) => (d.deals[0]?.overdue === true ? '已超期' : ''),
        还差: (d) => joined(d.deals[0]?.missing ?? []),
        留痕页: (d) => d.deals[0]?.url,
        谁问的: (d) => d.asked?.by,
        几点问的: (d) => d.asked?.at,
      },
      lists: {
        商机: list((d) => d.deals, {
          客户: (one) => one.client,
          代表: (one) => one.rep,
          阶段: (one) => one.stage,
          还差几项: (one) => one.missing.length,
          留痕页: (one) => one.url,
        }),
      },
      actions: {
        问一句: (d) => key('group-ask', d.deals[0]?.dealId ?? '-'),
        看最新: (d) => key('group-deals', ...d.deals.map((one) => one.dealId)),
      },
    },
  ),
  digest: vocabulary<CardData['digest']>({
    words: {
      团队: (d) => d.team,
      日期: (d) => d.on,
      截至: (d) => d.asOf,
      红灯: (d) => yes(d.red.on),
      黄灯: (d) => yes(d.yellow.on),
      绿灯: (d) => yes(d.green.on),
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
      图: (d) => d.pictureUrl,
    },
  }),

  help: vocabularyByState<CardData['help']>(
    { hello: '第一次见', help: '帮助' },
    {
      words: {
        姓名: (d) => d.name,
        身份: oneOf((d) => d.part, { rep: '代表', leads: '带队', answers: '协办', looks: '看数' }),
        先发: (d) => ({ rep: '我的商机', leads: '待办', answers: '待办', looks: '日报' })[d.part],
      },
      actions: {
        我的商机: () => key('my-deals'),
        我的待办: () => key('my-todos'),
        看日报: () => key('digest'),
        继续: () => key('resume'),
      },
    },
  ),
  'not-understood': vocabularyByState<CardData['not-understood']>(
    { somewhere: '有事在做', nowhere: '没事在做' },
    {
      words: { 客户: (d) => d.client, 在做: (d) => d.doing },
      actions: { 继续: () => key('resume'), 我的商机: () => key('my-deals'), 帮助: () => key('help') },
    },
  ),
  'not-taken': vocabularyByState<CardData['not-taken']>(
    { somewhere: '有事在做', words: '等一句话', 'no-deal': '没选商机', 'no-content': '没有内容', nowhere: '没事在做' },
    {
      words: { 发来的: oneOf((d) => d.got, GOT_WORDS), 客户: (d) => d.client, 在做: (d) => d.doing },
      actions: { 继续: () => key('resume'), 稍后: later, 我的商机: () => key('my-deals'), 帮助: () => key('help') },
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
  'same-person': vocabularyByState<CardData['same-person']>(
    { asked: '问', joined: '合并了', apart: '分开的' },
    {
      words: {
        平台: (d) => d.platform,
        账号: (d) => d.userId,
        名字: (d) => d.name,
        新来的职务: (d) => d.title || undefined,
        已有的职务: (d) => d.known.title || '职务未填',
        已有的平台: (d) => d.known.platform,
      },
      actions: {
        合并: (d) => key('same-person', d.keepId, d.otherId),
        分开: (d) => key('not-same', d.keepId, d.otherId),
      },
    },
  ),
  'handed-over': vocabularyByState<CardData['handed-over']>({ left: '离职', joined: '合并' }, {
    words: {
      同一个人: (d) => yes(d.state === 'joined'),
      离开的: (d) => d.from,
      几个: (d) => d.deals.length,
      还有几个: (d) => countLeft(d.deals.length, HANDED_OVER_LINES),
    },
    lists: {
      商机: list((d) => d.deals.slice(0, HANDED_OVER_LINES), { 客户: (one) => one.client, 阶段: (one) => one.stage }),
    },
    actions: { 我的商机: () => key('my-deals') },
  }),
  busy: vocabulary<CardData['busy']>({ words: { 已收下: (d) => yes(d.kept) }, actions: { 继续: () => key('resume') } }),
};

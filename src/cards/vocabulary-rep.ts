import type { CardData } from './data.js';
import { actionKey as key } from './keys.js';
import { answerable, MAX_DEVICES, MAX_OPTIONS, NEXT_ITEMS, WITNESS_WORDS, ask, countLeft, deal, exempt, isDoable, joined, later, lineWords, missingWords, question, toDeal, yes } from './vocabulary-parts.js';
import { list, vocabulary, vocabularyByState } from './words.js';
import type { Vocabulary } from './words.js';

/** The rep's deal and the questions about it. */
export const REP_CARDS: { readonly [N in 'checklist' | 'stage-done' | 'gap' | 'my-deals' | 'postponed' | 'ask-photo' | 'ask-file' | 'ask-sheet' | 'ask-text' | 'ask-link' | 'ask-follow-up' | 'ask-choice' | 'ask-tags' | 'ask-touch' | 'ask-confirm' | 'ask-scan' | 'ask-purchase-history']: Vocabulary<CardData[N]> } = {
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
      想去的阶段: (d) => d.beyond?.stage,
      隔几个阶段: (d) => d.beyond?.between,
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
      还有几个: (d) => countLeft(d.deals.length, MAX_OPTIONS.single),
      是代表: (d) => yes(d.isRep),
    },
    lists: {
      商机: list((d) => d.deals.slice(0, MAX_OPTIONS.single), {
        编号: (one) => one.dealId,
        客户: (one) => one.client,
        阶段: (one) => one.stage,
        期限: (one) => one.due,
        超期: (one) => yes(one.overdue),
      }),
    },
    actions: { 打开: () => key('pick-deal'), 我的待办: () => key('my-todos'), 帮助: () => key('help') },
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
    words: {
      ...question,
      格式: (d) => joined(d.formats),
      列: (d) => joined(d.columns),
      设备: (d) => joined((d.devices ?? []).slice(0, MAX_DEVICES)),
      还有几种: (d) => countLeft(d.devices?.length ?? 0, MAX_DEVICES),
    },
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
    words: { ...question, 装不下: (d) => countLeft(d.options.length, MAX_OPTIONS.single) },
    lists: { 选项: list((d) => d.options.slice(0, MAX_OPTIONS.single), { 编号: (text) => text, 文字: (text) => text }) },
    actions: { ...answerable, ...toDeal },
  }),
  'ask-tags': vocabulary<CardData['ask-tags']>({
    words: {
      ...question,
      至少: (d) => d.min,
      几组: (d) => (d.minGroups > 1 ? d.minGroups : ''),
      装不下: (d) => countLeft(d.groups.flatMap((group) => group.tags).length, MAX_OPTIONS.multi),
    },
    lists: {
      标签: list(
        (d) =>
          d.groups
            .flatMap((group) =>
              group.tags.map((tag) => ({ tag, group: group.name, checked: d.chosen.includes(tag) })),
            )
            .slice(0, MAX_OPTIONS.multi),
        { 编号: (one) => one.tag, 文字: (one) => one.tag, 分组: (one) => one.group, 已选: (one) => yes(one.checked) },
      ),
    },
    actions: { ...answerable, ...toDeal },
  }),
  'ask-touch': vocabulary<CardData['ask-touch']>({
    words: {
      ...question,
      能签到: (d) => yes(d.accepts.includes('check-in')),
      选过: (d) => yes(d.how !== undefined),
      怎么写: (d) => d.how,
      签到页: (d) => d.captureUrl,
      有拜访码: (d) => yes(d.codeUrl !== undefined),
      拜访码页: (d) => d.codeUrl,
    },
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
    words: {
      ...question,
      扫码页: (d) => d.captureUrl,
      有签收码: (d) => yes(d.codeUrl !== undefined),
      签收码页: (d) => d.codeUrl,
    },
    actions: { 稍后: later, 申请豁免: exempt, ...toDeal },
  }),
  'ask-purchase-history': vocabulary<CardData['ask-purchase-history']>({
    words: { ...question, 已知品类: (d) => joined(d.known) },
    actions: { 稍后: later, ...toDeal },
  }),
};

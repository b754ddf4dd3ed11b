import type { CardData, CardName } from '../../src/cards/index.js';

const deal = { dealId: 'deal_1', client: '城东医院', stage: '临床价值论证' };
const item = { dealId: 'deal_1', itemId: 'door-plate', client: '城东医院', item: '科室门牌照片' };

/** At least one of every state of every card, as the conversation would fill it. */
export const SAMPLES: { readonly [N in CardName]: readonly CardData[N][] } = {
  checklist: [
    {
      ...deal,
      state: 'open',
      day: 2,
      standard: '5 工作日',
      items: [
        { id: 'scenarios', name: '临床使用场景', kind: 'tags', mark: 'passed', have: 3, need: 3, required: true },
        { id: 'door-plate', name: '科室门牌照片', kind: 'photo', mark: 'partly', have: 1, need: 2, required: true },
        { id: 'tender-notice', name: '同类设备采购公告', kind: 'link', mark: 'open', have: 0, need: 1, required: true },
      ],
    },
    {
      ...deal,
      state: 'waiting',
      waitingFor: '科室门牌照片',
      day: 3,
      standard: '5 工作日',
      items: [
        { id: 'door-plate', name: '科室门牌照片', kind: 'photo', mark: 'checking', have: 1, need: 2, required: true },
        {
          id: 'tender-notice',
          name: '同类设备采购公告',
          kind: 'link',
          mark: 'failed',
          have: 0,
          need: 1,
          required: true,
          say: '这份没通过：公告是 5 月的，要近 3 个月的。再找一份。',
        },
        { id: 'legal', name: '法务初审意见', kind: 'approval', mark: 'open', have: 0, need: 1, required: true },
        { id: 'history', name: '历史采购品类', kind: 'purchase-history', mark: 'open', have: 0, need: 1, required: false },
        { id: 'site', name: '客户现场照片', kind: 'photo', mark: 'exempt', have: 0, need: 1, required: true },
      ],
    },
    { ...deal, state: 'passed', day: 4, standard: '5 工作日', items: [], nextStage: '合规报价', nextStandard: '3 工作日' },
    { ...deal, stage: '交付启动', state: 'won', day: 1, standard: '5 工作日', items: [] },
    { ...deal, state: 'lost', day: 9, standard: '5 工作日', items: [] },
  ],
  'stage-done': [
    { ...deal, state: 'next', nextStage: '合规报价', nextStandard: '3 工作日' },
    { ...deal, stage: '交付启动', state: 'won' },
  ],
  gap: [
    {
      ...deal,
      target: '合规报价',
      canExempt: true,
      missing: [
        { id: 'tender-notice', name: '同类设备采购公告', kind: 'link', detail: '近 3 个月内发布，1 份' },
      ],
    },
    {
      ...deal,
      target: '合同签署',
      canExempt: false,
      missing: [
        { id: 'door-plate', name: '科室门牌照片', kind: 'photo', detail: '2 张' },
        { id: 'scenarios', name: '临床使用场景', kind: 'tags' },
        { id: 'legal', name: '法务初审意见', kind: 'approval' },
      ],
    },
  ],
  'my-deals': [
    {
      isRep: true,
      deals: [
        { dealId: 'deal_1', client: '城东医院', stage: '临床价值论证', due: '今天到期', overdue: false },
        { dealId: 'deal_2', client: '滨江医院', stage: '需求初筛', due: '超 1 工作日', overdue: true },
      ],
    },
    { isRep: true, deals: [] },
    { isRep: false, deals: [] },
  ],
  postponed: [
    { state: 'reason', clients: ['城东医院', '滨江医院'], until: '明天（11 月 23 日）' },
    { state: 'done', clients: ['城东医院'], until: '明天（11 月 23 日）' },
  ],
  'ask-photo': [
    {
      ...item,
      have: 1,
      need: 2,
      freshFor: '10 分钟',
      hint: '站在科室门口，门牌占画面三分之一以上。',
      demands: '2 张，现场拍摄，拍到门牌',
      captureUrl: 'https://example.test/c/abc',
      canExempt: true,
    },
    { ...item, have: 0, need: 1 },
  ],
  'ask-file': [{ ...item, item: '定制方案', formats: ['PDF'], demands: '客户名称出现至少 3 处' }],
  'ask-sheet': [
    { ...item, item: '客户现有设备清单', formats: ['XLSX', 'CSV'], columns: ['型号', '数量', '使用年限'], demands: '每行填满' },
    {
      ...item,
      item: '客户现有设备清单',
      formats: ['XLSX'],
      columns: ['型号', '数量', '使用年限'],
      devices: ['BC-5390 2 台', 'AU680 1 台', 'CX-21 1 台', 'HX-200 1 台'],
    },
  ],
  'ask-text': [{ ...item, item: '会议纪要', minLength: 20 }],
  'ask-link': [
    { ...item, item: '同类设备采购公告', state: 'link', have: 0, need: 1, within: '近 3 个月', canExempt: true },
    { ...item, item: '同类设备采购公告', state: 'title', have: 0, need: 1, url: 'https://example.test/notice' },
    { ...item, item: '同类设备采购公告', state: 'date', have: 0, need: 1, title: '检验设备采购公告' },
  ],
  'ask-voice': [
    { ...item, item: '客户沟通录音', othersVoice: true, demands: '至少 1 分钟，对方同意录音，听得出内容', canExempt: true },
    { ...item, item: '拜访小结', othersVoice: false },
  ],
  'ask-follow-up': [
    {
      ...item,
      item: '有效跟进',
      element: '方案匹配点',
      index: 2,
      total: 3,
      done: [{ name: '客户痛点确认', text: '样本周转要两小时' }],
    },
  ],
  'ask-choice': [{ ...item, item: '关键决策人职务', options: ['院长', '设备科主任'] }],
  'ask-tags': [
    {
      ...item,
      item: '临床使用场景',
      groups: [
        { name: '手术室', tags: ['手术室器械消毒时效性', '术中耗材追溯'] },
        { name: '检验科', tags: ['检验科样本流转效率'] },
      ],
      chosen: ['术中耗材追溯'],
      min: 3,
      minGroups: 2,
    },
  ],
  'ask-touch': [
    { ...item, item: '首次触达', accepts: ['call', 'message', 'check-in'] },
    { ...item, item: '首次触达', accepts: ['call', 'message'], how: '写一句谈了什么，约了哪天。' },
  ],
  'ask-confirm': [{ ...item, item: '确认接手' }],
  'ask-scan': [{ ...item, item: '客户签收', codeUrl: 'https://x.test/s/demo-deal-01.abc' }],
  'ask-purchase-history': [{ ...item, item: '历史采购品类', known: ['生化试剂'] }],
  received: [
    { ...item, state: 'fast' },
    { ...item, state: 'slow' },
    { ...item, state: 'passed' },
    { ...item, state: 'review' },
    { ...item, state: 'replaced' },
  ],
  'verdict-failed': [
    {
      ...item,
      kind: 'photo',
      submissionId: 'ev_1',
      say: '照片里的时间是 9 月 3 日 14:02，和现在差 80 天。现场重拍一张就行。',
    },
    { ...item, item: '定制方案', kind: 'file', say: '客户名称出现 1 处，要至少 3 处。' },
  ],
  'verdict-unchecked': [
    { ...item, kind: 'photo', submissionId: 'ev_1', say: '定位没拿到（手机没授权）。照片已收下。' },
    { ...item, item: '客户沟通录音', kind: 'voice', submissionId: 'ev_1', say: '录音已收下，先记「未核验」：没转出文字。' },
  ],
  'voice-consent': [
    {
      ...item,
      item: '客户沟通录音',
      state: 'ask',
      submissionId: 'ev_1',
      say: '录音已收下（8 分 20 秒），先记「未核验」：还没确认对方同意录音。',
      ownAllowed: true,
    },
    { ...item, item: '客户沟通录音', state: 'agreed', submissionId: 'ev_1', at: '今天 10:20' },
    { ...item, item: '客户沟通录音', state: 'own', submissionId: 'ev_1', at: '今天 10:20' },
    { ...item, item: '客户沟通录音', state: 'dropped', submissionId: 'ev_1' },
  ],
  'voice-words': (['offer', 'noted'] as const).map((state) => ({
    ...item,
    item: '客户沟通录音',
    state,
    submissionId: 'ev_1',
    mentions: [
      { id: 'm0', name: '已确认交期', quote: '…那就交期定在下月十号，我们这边先把房间腾出来…' },
      { id: 'm1', name: '付款方式变更', quote: '…付款我们想改成三七分两次付，合同里写清楚…' },
    ],
  })),
  'wrong-kind': [
    { ...item, wanted: 'photo', got: 'text' },
    { ...item, wanted: 'photo', got: 'file' },
    { ...item, wanted: 'photo', got: 'video' },
    { ...item, item: '客户沟通录音', wanted: 'voice', got: 'video' },
    { ...item, item: '定制方案', wanted: 'file', got: 'image' },
    { ...item, item: '客户沟通录音', wanted: 'voice', got: 'text' },
  ],
  'too-large': [
    { state: 'large', limit: '20 MB', item: '定制方案' },
    { state: 'empty', limit: '20 MB' },
    { state: 'unreadable', limit: '20 MB', item: '定制方案' },
  ],
  review: [
    {
      ...item,
      submissionId: 'ev_1',
      stage: '临床价值论证',
      by: '代表甲',
      at: '11 月 22 日 14:02',
      why: '门牌没看清，六成把握。',
      facts: [
        { label: '门牌', value: '…验科' },
        { label: '水印时间', value: '14:02' },
      ],
      pictureUrl: 'https://example.test/m/e/ev_1',
    },
  ],
  'review-why': [
    {
      ...item,
      submissionId: 'ev_1',
      todoId: 'todo_1',
      rep: '代表甲',
      reasons: [
        { id: 'unclear', text: '看不清，重拍一张' },
        { id: 'mismatch', text: '内容对不上要求' },
      ],
    },
  ],
  'review-done': [
    { state: 'passed', client: '城东医院', item: '科室门牌照片', rep: '代表甲', by: '一组主管', at: '15:10' },
    { state: 'failed', client: '城东医院', item: '科室门牌照片', rep: '代表甲', by: '一组主管', at: '15:10', say: '看不清' },
  ],
  todo: [
    {
      state: 'approval',
      todoId: 'todo_1',
      department: '法务',
      from: '代表甲',
      client: '城东医院',
      text: '合同初审',
      limit: '8 工作小时',
      due: '明天 10:00',
      url: 'https://example.test/f/1',
    },
    {
      state: 'task',
      todoId: 'todo_2',
      department: '技术',
      from: '代表甲',
      client: '城东医院',
      text: '提供技术参数支持',
      limit: '8 工作小时',
      due: '明天 10:00',
    },
  ],
  'todo-done': [
    { state: 'passed', client: '城东医院', text: '合同初审', by: '法务甲', at: '10:20' },
    { state: 'objected', client: '城东医院', text: '合同初审', by: '法务甲', at: '10:20', note: '付款条款要改' },
    { state: 'finished', client: '城东医院', text: '提供技术参数支持', by: '技术甲', at: '10:20' },
  ],
  'exempt-reason': [{ ...item, left: 2 }],
  'exempt-ask': [
    { ...item, stage: '临床价值论证', rep: '代表甲', repId: 'p_1', reason: '医院今年没有公告', left: 2, validFor: '7 天' },
  ],
  exempted: [
    { ...item, state: 'granted', by: '华东总监', reason: '医院今年没有公告', until: '11 月 29 日' },
    { ...item, state: 'refused', by: '华东总监', reason: '公告能查到。' },
    { ...item, state: 'none-left', by: '华东总监' },
  ],
  'nudge-rep': [
    {
      state: 'today',
      deals: [
        { dealId: 'deal_1', client: '城东医院', missing: '公告', overdue: false },
        { dealId: 'deal_2', client: '滨江医院', missing: '门牌 1 张', overdue: false },
      ],
    },
    {
      state: 'some',
      deals: [
        { dealId: 'deal_1', client: '城东医院', missing: '公告', overdue: false },
        { dealId: 'deal_2', client: '滨江医院', missing: '门牌 1 张', overdue: true },
      ],
    },
    { state: 'overdue', deals: [{ dealId: 'deal_2', client: '滨江医院', missing: '门牌 1 张', overdue: true }] },
  ],
  'nudge-supervisor': [
    {
      state: 'silent',
      rep: '代表甲',
      repId: 'p_1',
      stage: '需求初筛',
      stageId: 'screening',
      days: 2,
      clients: ['城东医院', '滨江医院'],
      last: [
        { on: '11-18', client: '城东医院', what: '照片 1 标签 3', url: 'https://example.test/m/d/1' },
        { on: '11-16', client: '滨江医院', what: '录音摘要' },
      ],
      trailUrl: 'https://example.test/m/p/1',
    },
    {
      state: 'dwell',
      rep: '代表甲',
      repId: 'p_1',
      stage: '方案定制',
      stageId: 'solution',
      days: 11,
      times: 2,
      clients: ['城东医院'],
      last: [],
    },
  ],
  'group-deals': [
    {
      state: 'one',
      at: '10:05',
      deals: [
        {
          dealId: 'deal_1',
          client: '城东医院',
          rep: '代表甲',
          stage: '方案定制',
          overdue: true,
          missing: ['客户现有设备清单', '定制方案'],
          url: 'https://example.test/m/deals/deal_1',
        },
      ],
      asked: { by: '一组主管', at: '10:04' },
    },
    {
      state: 'several',
      at: '10:05',
      deals: ['deal_1', 'deal_2'].map((dealId) => ({
        dealId,
        client: '城东医院',
        rep: '代表甲',
        stage: '方案定制',
        overdue: false,
        missing: ['定制方案'],
        url: `https://example.test/m/deals/${dealId}`,
      })),
    },
  ],
  'nudge-taken': [{ rep: '代表甲', stage: '需求初筛', clients: ['城东医院', '滨江医院'], at: '10:20' }],
  digest: [
    {
      team: '华东一组',
      on: '11 月 22 日',
      asOf: '18:00',
      red: { on: true, stage: '需求初筛', people: 3, url: 'https://example.test/m/red' },
      yellow: { on: true, stage: '临床价值论证', people: 2 },
      green: { on: false, stage: '合同签署', people: 0 },
      rate: 81.2,
      rateLastWeek: null,
      lowest: { stage: '合规报价', rate: 52 },
      redUrl: 'https://example.test/m/red',
      allUrl: 'https://example.test/m/all',
    },
  ],
  help: (['rep', 'leads', 'answers', 'looks'] as const).flatMap((part) =>
    (['hello', 'help'] as const).map((state) => ({ state, name: '代表甲', part })),
  ),
  'not-understood': [
    { state: 'somewhere', client: '城东医院', doing: '贴公告链接' },
    { state: 'nowhere' },
  ],
  'not-taken': [
    ...(['video', 'location', 'link', 'mini-program', 'contact', 'sticker', 'chat-record', 'card', 'unknown'] as const).map(
      (got) => ({ state: 'somewhere' as const, got, client: '城东医院', doing: '同类设备采购公告' }),
    ),
    { state: 'words', got: 'video' },
    { state: 'no-deal', got: 'image' },
    { state: 'no-content', got: 'no-content' },
    { state: 'no-content', got: 'quoted' },
    { state: 'nowhere', got: 'sticker' },
  ],
  stale: [{ dealId: 'deal_1', client: '城东医院', now: '合规报价，还差 2 项' }, {}],
  'not-yours': [{ owner: '代表乙' }, {}],
  'unknown-person': [{ platform: '企业微信', userId: 'zhangsan' }],
  'unknown-person-admin': [{ platform: '企业微信', userId: 'zhangsan', at: '11 月 22 日 9:00', said: '在吗' }],
  'left-person': [{ admin: '管理员' }, {}],
  'handed-over': [
    { state: 'left', from: '代表甲', deals: [{ client: '城东医院', stage: '招标参数锁定' }] },
    { state: 'joined', from: '代表甲', deals: [{ client: '城东医院', stage: '招标参数锁定' }] },
    { state: 'left', from: '代表甲', deals: Array.from({ length: 9 }, (_, n) => ({ client: `客户${n + 1}`, stage: '需求初筛' })) },
  ],
  'same-person': (['asked', 'joined', 'apart'] as const).map((state) => ({
    state,
    keepId: 'p_1',
    otherId: 'p_2',
    platform: '钉钉',
    userId: 'staff0101',
    name: '代表甲',
    title: state === 'asked' ? '' : '客户经理',
    known: { title: '销售代表', ...(state === 'asked' ? { platform: '企业微信' } : {}) },
  })),
  busy: [{ kept: true }, { kept: false }],
};

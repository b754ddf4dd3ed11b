import type { CardItemKind, ChecklistItem, GotKind, MissingItem } from './data.js';
import { actionKey as key } from './keys.js';
import { LIMITS } from './limits.js';
import type { Mark } from './types.js';
import { oneOf } from './words.js';
import type { Value } from './words.js';

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
  voice: '录音',
  approval: '审批',
  scan: '扫码',
};

export const GOT_WORDS: Readonly<Record<GotKind, string>> = {
  text: '文字',
  image: '图片',
  file: '文件',
  voice: '语音',
  link: '链接',
  location: '位置',
  scan: '扫码',
  video: '视频',
  'mini-program': '小程序',
  contact: '名片',
  sticker: '表情',
  'chat-record': '聊天记录',
  card: '卡片',
  'no-content': '空消息',
  quoted: '引用',
  unknown: '读不了的消息',
};

export const WITNESS_WORDS = { call: '有效通话', message: '双向消息', 'check-in': '现场签到' } as const;

/** How many open items get a button of their own. */
export const NEXT_ITEMS = 3;
/** What is left over is told in words. */
export const MAX_OPTIONS = LIMITS.options;
/** Models named on the card that asks for a client's devices; the deal's page has all of them. */
export const MAX_DEVICES = 3;
/** Deals named one by one in a nudge; the others are counted. */
export const MAX_NUDGED = 5;

/** All lines of a card share 160 characters: one sentence of a verdict is enough there. */
/** The first sentence, without the verdict that the line's mark says already: `照片里的时间是…`. */
const reason = (say: string | undefined): string =>
  (/^[^。]*/u.exec(say ?? '')?.[0] ?? '').replace(/^[^：]{0,6}(?:没通过|已收下(?:（[^）]*）)?，先记「未核验」)：/u, '');
export const joined = (texts: readonly string[]): string => texts.join('、');
export const yes = (value: boolean): Value => (value ? '是' : '');
export const countLeft = (all: number, shown: number): Value => (all > shown ? all - shown : '');
export const percent = (value: number | null): string => (value === null ? '—' : `${Math.round(value)}%`);

export const deal = { 客户: (d: { client: string }) => d.client, 阶段: (d: { stage: string }) => d.stage };
export const item = { 客户: (d: { client: string }) => d.client, 验证项: (d: { item: string }) => d.item };
export const question = {
  ...item,
  提示: (d: { hint?: string }) => d.hint,
  要求: (d: { demands?: string }) => d.demands,
  可豁免: (d: { canExempt?: boolean }) => yes(d.canExempt === true),
};

export type OfDeal = { dealId: string };
export type OfItem = { dealId: string; itemId: string };
export const toDeal = { 看清单: (d: OfDeal) => key('deal', d.dealId) };
export const ask = (d: OfItem): string => key('ask', d.dealId, d.itemId);
export const exempt = (d: OfItem): string => key('exempt', d.dealId, d.itemId);
export const later = (): string => key('later');
export const answerable = {
  提交: (d: OfItem) => key('answer', d.dealId, d.itemId),
  稍后: later,
};

/** Items that the rep can do something about now. */
export const isDoable = (line: { mark: Mark; kind: CardItemKind }): boolean =>
  // An approval is somebody else's turn, until they object.
  line.kind === 'approval'
    ? line.mark === 'failed'
    : ['open', 'partly', 'failed', 'unchecked'].includes(line.mark);

export const lineWords = {
  名称: (line: ChecklistItem) => line.name,
  标记: oneOf((line: ChecklistItem) => line.mark, MARK_WORDS),
  类型: oneOf((line: ChecklistItem) => line.kind, KIND_WORDS),
  已有: (line: ChecklistItem) => line.have,
  共需: (line: ChecklistItem) => line.need,
  还差: (line: ChecklistItem) => Math.max(0, line.need - line.have),
  要多份: (line: ChecklistItem) => yes(line.need > 1),
  选做: (line: ChecklistItem) => yes(!line.required),
  简要: (line: ChecklistItem) => reason(line.say),
};

export const missingWords = {
  名称: (line: MissingItem) => line.name,
  类型: oneOf((line: MissingItem) => line.kind, KIND_WORDS),
  要求: (line: MissingItem) => line.detail,
};

export const verdict = {
  words: {
    ...item,
    说明: (d: { say: string }) => d.say,
    类型: oneOf((d: { kind: CardItemKind }) => d.kind, KIND_WORDS),
    可复核: (d: { submissionId?: string }) => yes(d.submissionId !== undefined),
  },
  actions: {
    重交: ask,
    打字: (d: OfItem & { submissionId?: string }) => key('voice-type', d.dealId, d.submissionId ?? '-'),
    请主管复核: (d: OfItem & { submissionId?: string }) => key('ask-review', d.dealId, d.submissionId ?? '-'),
    申请豁免: exempt,
    看清单: toDeal.看清单,
  },
};


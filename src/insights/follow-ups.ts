import type { DealId } from '../core/index.js';
import type { ItemKind } from '../flow/index.js';
import type { WorkCalendar } from '../org/index.js';
import { groupBy } from './group-by.js';
import type { Obligation } from './obligation.js';

/** What a rep did for one client on one day, and what they answered when asked about it. */
export interface FollowUp {
  on: string;
  dealId: DealId;
  clientName: string;
  /** `照片 2、标签` */
  what: string;
}

const WORDS: Record<ItemKind, string> = {
  confirm: '确认',
  text: '文字',
  touch: '触达',
  choice: '选择',
  tags: '标签',
  photo: '照片',
  'purchase-history': '采购历史',
  'follow-up': '跟进记录',
  sheet: '表格',
  file: '文件',
  link: '链接',
  voice: '录音',
  approval: '审批',
  scan: '扫码',
};

/** Of an answer in words: a line of a card holds more than that. */
const ANSWER_CHARS = 40;
const said = (text: string): string =>
  `说“${[...text].length > ANSWER_CHARS ? `${[...text].slice(0, ANSWER_CHARS).join('')}…` : text}”`;

/** The latest `count` follow-ups among these rows, newest first; what was withdrawn does not count. */
export function lastFollowUps(rows: readonly Obligation[], count: number, calendar: WorkCalendar): FollowUp[] {
  const done = rows
    .flatMap((row) => [
      ...row.submissions
        .filter(({ status }) => status !== 'withdrawn')
        .map(({ at, kind }) => ({ row, at, word: WORDS[kind] })),
      ...(row.answers ?? []).map(({ at, text }) => ({ row, at, word: said(text) })),
    ])
    .sort((a, b) => b.at.getTime() - a.at.getTime());
  const days = groupBy(done, ({ row, at }) => `${calendar.localDate(at)} ${row.dealId}`);
  return [...days].slice(0, count).map(([key, entries]) => ({
    on: key.slice(0, 10),
    dealId: entries[0]!.row.dealId,
    clientName: entries[0]!.row.clientName,
    what: [...groupBy(entries, ({ word }) => word)]
      .map(([word, some]) => (some.length === 1 ? word : `${word} ${some.length}`))
      .join('、'),
  }));
}

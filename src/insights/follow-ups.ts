import type { DealId } from '../core/index.js';
import type { ItemKind } from '../flow/index.js';
import type { WorkCalendar } from '../org/index.js';
import { groupBy } from './group-by.js';
import type { Obligation } from './obligation.js';

/** What a rep did for one client on one day. */
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

/** The latest `count` follow-ups among these rows, newest first; what was withdrawn does not count. */
export function lastFollowUps(rows: readonly Obligation[], count: number, calendar: WorkCalendar): FollowUp[] {
  const done = rows
    .flatMap((row) => row.submissions.map((one) => ({ row, one })))
    .filter(({ one }) => one.status !== 'withdrawn')
    .sort((a, b) => b.one.at.getTime() - a.one.at.getTime());
  const days = groupBy(done, ({ row, one }) => `${calendar.localDate(one.at)} ${row.dealId}`);
  return [...days].slice(0, count).map(([key, entries]) => ({
    on: key.slice(0, 10),
    dealId: entries[0]!.row.dealId,
    clientName: entries[0]!.row.clientName,
    what: [...groupBy(entries, ({ one }) => WORDS[one.kind])]
      .map(([word, some]) => (some.length === 1 ? word : `${word} ${some.length}`))
      .join('、'),
  }));
}

import type { DealId } from '../core/index.js';
import type { WorkCalendar } from '../org/index.js';
import { groupBy } from './group-by.js';
import type { Obligation } from './obligation.js';

/** What a rep did for one client on one day, and what they answered when asked about it. */
export interface FollowUp {
  on: string;
  dealId: DealId;
  clientName: string;
  /** `科室门牌照片 2、临床场景` */
  what: string;
}

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
        .map(({ at, itemName }) => ({ row, at, word: itemName })),
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

import type { Check } from './cast.js';
import type { RecordedCall } from './recorder.js';

/** Fetching a file that somebody sent: one for each, whoever asks for it; no message costs it. */
const FETCHES = new Set(['media/get']);
/** Once in two hours for everything. */
const TOKENS = new Set(['gettoken']);

/**
 * Calls one item may cost in the mean. The aim is 1; the story was measured at 1.6 to 2.1, by how soon the verdicts come, and is guarded
 * there. What is left above it: a verdict comes after the answer to the photo
 * is out, so it changes the card by a call; a refused try has a card of its own; a finished stage is told and its list
 * closed; others are asked by cards.
 */
const MOST_AN_ITEM = 2.5;

export interface CallsReport {
  lines: string[];
  check: Check;
}

/**
 * What one completed checklist item costs in calls of WeCom's API, as the recorder saw them: `work` are the chapters in
 * which the deal is worked on, from the first word about it to the last item.
 */
export function reportCalls(calls: readonly RecordedCall[], work: ReadonlySet<string>, items: number): CallsReport {
  const worked = calls.filter(({ chapter }) => work.has(chapter));
  const counted = worked.filter(({ kind }) => !FETCHES.has(kind) && !TOKENS.has(kind));
  const fetched = worked.filter(({ kind }) => FETCHES.has(kind));
  const kinds = [...new Set(calls.map(({ kind }) => kind))].sort();
  const of = (kind: string, among: readonly RecordedCall[]): number =>
    among.filter((call) => call.kind === kind).length;
  const width = Math.max(...kinds.map((kind) => kind.length), 10);
  const refused = worked.filter(({ errcode, status }) => status !== 200 || (errcode ?? 0) !== 0).length;
  const per = (count: number): string => (items === 0 ? '–' : (count / items).toFixed(2));
  const byChapter = [...work].map((chapter) => {
    const mine = counted.filter((call) => call.chapter === chapter);
    return `  ${String(mine.length).padStart(4)}  ${chapter}`;
  });
  return {
    lines: [
      `${'call'.padEnd(width)}  the deal  all chapters`,
      ...kinds.map(
        (kind) =>
          `${kind.padEnd(width)}  ${String(of(kind, worked)).padStart(8)}  ${String(of(kind, calls)).padStart(12)}`,
      ),
      `${items} checklist items completed: ${counted.length} calls, ${per(counted.length)} an item; fetching what was sent ${fetched.length}, with it ${per(counted.length + fetched.length)}; ${refused} refused or unanswered`,
      'calls without fetching, by chapter:',
      ...byChapter,
    ],
    check: {
      id: 'wecom.calls-per-item',
      ok: items > 0 && counted.length <= MOST_AN_ITEM * items,
      measured: `${counted.length} calls for ${items} items: ${per(counted.length)} in the mean, at most ${MOST_AN_ITEM} (files fetched: ${fetched.length})`,
    },
  };
}

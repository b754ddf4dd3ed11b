import type { Check } from './cast.js';
import type { RecordedCall } from './recorder.js';

/** Fetching a file that somebody sent: one for each, whoever asks for it; no message costs it. */
const FETCHES = new Set(['media/get']);
/** Once in two hours for everything. */
const TOKENS = new Set(['gettoken']);

/** Calls one completed item may cost in the mean. */
const MOST_AN_ITEM = 1;

export interface CallsReport {
  lines: string[];
  check: Check;
}

/**
 * What one completed checklist item costs in calls of WeCom's API, as the recorder saw them: whoever is told or asked,
 * from the press that asks for it until it is done. `work`: the chapters in which the deal is worked on; `asides`: parts
 * of them that complete nothing (looking for the deal, trying to skip, evidence that is refused), shown beside it.
 */
export function reportCalls(
  calls: readonly RecordedCall[],
  work: ReadonlySet<string>,
  asides: ReadonlySet<string>,
  /** Colleagues whom only the flow's own to-dos ask: no item waits for them. */
  colleagues: ReadonlySet<string>,
  items: number,
): CallsReport {
  const isMessage = ({ kind }: RecordedCall): boolean => !FETCHES.has(kind) && !TOKENS.has(kind);
  const worked = calls.filter(({ chapter }) => work.has(chapter));
  const forColleagues = worked.filter(({ to }) => colleagues.has(to)).filter(isMessage);
  const counted = worked.filter(({ to }) => !colleagues.has(to)).filter(isMessage);
  const aside = calls.filter(({ chapter }) => asides.has(chapter)).filter(isMessage);
  const fetched = worked.filter(({ kind }) => FETCHES.has(kind));
  const kinds = [...new Set(calls.map(({ kind }) => kind))].sort();
  const of = (kind: string, among: readonly RecordedCall[]): number =>
    among.filter((call) => call.kind === kind).length;
  const width = Math.max(...kinds.map((kind) => kind.length), 10);
  const refused = worked.filter(({ errcode, status }) => status !== 200 || (errcode ?? 0) !== 0).length;
  const per = (count: number): string => (items === 0 ? '–' : (count / items).toFixed(2));
  const rowOf = (chapter: string, among: readonly RecordedCall[]): string => {
    const mine = among.filter((call) => call.chapter === chapter);
    const each = mine.map(({ kind, to }) => `${kind.split('/').pop() ?? kind} → ${to}`).join(', ');
    return `  ${String(mine.length).padStart(4)}  ${chapter}  ${each}`;
  };
  return {
    lines: [
      `${'call'.padEnd(width)}  the deal  all chapters`,
      ...kinds.map(
        (kind) =>
          `${kind.padEnd(width)}  ${String(of(kind, worked)).padStart(8)}  ${String(of(kind, calls)).padStart(12)}`,
      ),
      `${items} checklist items completed: ${counted.length} calls, ${per(counted.length)} an item; fetching what was sent ${fetched.length}, with it ${per(counted.length + fetched.length)}; ${refused} refused or unanswered`,
      'calls without fetching, by chapter:',
      ...[...work].map((chapter) => rowOf(chapter, counted)),
      `to-dos of the flow that no item waits for: ${forColleagues.length} calls`,
      `asides, which complete nothing: ${aside.length} calls; with all of them ${per(counted.length + forColleagues.length + aside.length)} an item`,
      ...[...asides].map((chapter) => rowOf(chapter, aside)),
    ],
    check: {
      id: 'wecom.calls-per-item',
      ok: items > 0 && counted.length <= MOST_AN_ITEM * items,
      measured: `${counted.length} calls for ${items} items: ${per(counted.length)} in the mean, at most ${MOST_AN_ITEM} (besides: asides ${aside.length}, to-dos ${forColleagues.length}, files fetched ${fetched.length})`,
    },
  };
}

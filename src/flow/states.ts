import type { EvidenceId } from '../core/index.js';
import type { ItemProgress, ItemState, Progress, StageVisit, Submission } from './progress.js';
import type { Flow, Item, Stage } from './types.js';

/** A required item that keeps the deal from a stage. */
export interface GapItem {
  stageId: string;
  stageName: string;
  item: Item;
  state: ItemState;
}

/** Null before the deal is opened and once it is over. */
export function currentStage(flow: Flow, progress: Progress): Stage | null {
  return flow.stages.find((stage) => stage.id === progress.stageId) ?? null;
}

export function currentVisit(progress: Progress): StageVisit | null {
  const last = progress.visits.at(-1);
  return last === undefined || last.leftAt !== undefined ? null : last;
}

/** The stage after the present one; null at the last. */
export function nextStage(flow: Flow, progress: Progress): Stage | null {
  const index = flow.stages.findIndex((stage) => stage.id === progress.stageId);
  return index < 0 ? null : (flow.stages[index + 1] ?? null);
}

/** Items of the present stage, or of the stage asked for in its latest visit, in the flow's order. */
export function itemStates(flow: Flow, progress: Progress, stageId: string | null = progress.stageId): ItemState[] {
  const stage = flow.stages.find((one) => one.id === stageId);
  const visit = progress.visits.findLast((one) => one.stageId === stageId);
  return stage?.items.map((item) => itemState(item, progressOf(visit, item.id))) ?? [];
}

/**
 * What is missing between here and a stage (the next one by default): the present stage's required items that are not
 * done, then all required items of the stages between, which nobody has worked on yet.
 */
export function gap(flow: Flow, progress: Progress, targetStageId?: string): GapItem[] {
  const from = flow.stages.findIndex((stage) => stage.id === progress.stageId);
  if (from < 0) return [];
  const target = targetStageId === undefined ? from + 1 : flow.stages.findIndex((stage) => stage.id === targetStageId);
  return flow.stages.slice(from, Math.max(target, from)).flatMap((stage, index) =>
    stage.items.flatMap((item): GapItem[] => {
      const state = itemState(item, index === 0 ? progressOf(currentVisit(progress), item.id) : undefined);
      const owed = item.required && !isSettled(state);
      return owed ? [{ stageId: stage.id, stageName: stage.name, item, state }] : [];
    }),
  );
}

/** The next item of the present stage that its owner can work on now: required ones first, never one that waits for somebody else. */
export function nextOpenItem(flow: Flow, progress: Progress): Item | null {
  const stage = currentStage(flow, progress);
  const states = itemStates(flow, progress);
  const workable = (stage?.items ?? []).filter((item, index) => {
    const state = states[index]?.state;
    return item.kind !== 'approval' && ['open', 'partly', 'failed', 'unchecked'].includes(state ?? '');
  });
  return workable.find((item) => item.required) ?? workable[0] ?? null;
}

export function isSettled(state: ItemState): boolean {
  return state.state === 'passed' || state.state === 'exempt';
}

/** How an item stands, from what was handed in. What was withdrawn counts as never sent. */
export function itemState(item: Item, progress: ItemProgress | undefined): ItemState {
  const submissions = (progress?.submissions ?? []).filter((one) => one.status !== 'withdrawn');
  const { have, need } = countPieces(item, submissions);
  const of = (state: ItemState['state']): ItemState => ({ itemId: item.id, state, have, need });
  if (have >= need) return of('passed');
  if (progress?.exemption !== undefined) return of('exempt');
  const last = submissions.at(-1)?.status;
  if (last === 'checking' || last === 'review') return of(last);
  if (have > 0) return of('partly');
  if (last === 'failed' || last === 'unchecked') return of(last);
  return of('open');
}

/** Photos and links are counted one by one; tags count within their one submission; the others are done or not. */
function countPieces(item: Item, submissions: readonly Submission[]): { have: number; need: number } {
  const passed = submissions.filter((one) => one.status === 'passed');
  if (item.kind === 'photo' || item.kind === 'link') return { have: passed.length, need: item.count };
  const value = passed.at(-1)?.value;
  if (item.kind === 'tags') return { have: value?.kind === 'tags' ? new Set(value.tags).size : 0, need: item.min };
  return { have: value === undefined ? 0 : 1, need: 1 };
}

/** Own keys only: an item may be called like something that every object has. */
export function progressOf(visit: StageVisit | null | undefined, itemId: string): ItemProgress | undefined {
  return visit && Object.hasOwn(visit.items, itemId) ? visit.items[itemId] : undefined;
}

export function findSubmission(
  progress: Progress,
  id: EvidenceId,
): { visit: StageVisit; itemId: string; submission: Submission } | null {
  for (const visit of progress.visits) {
    for (const [itemId, { submissions }] of Object.entries(visit.items)) {
      const submission = submissions.find((one) => one.id === id);
      if (submission !== undefined) return { visit, itemId, submission };
    }
  }
  return null;
}

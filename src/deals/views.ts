import type { CardData, Cards, ChecklistItem, FilledCard, Mark, MissingItem } from '../cards/index.js';
import { stableId, type CardId } from '../core/index.js';
import {
  currentVisit,
  describeItem,
  formatLimit,
  gap,
  itemStates,
  type Flow,
  type Item,
  type ItemState,
  type Stage,
  type StageVisit,
  type Submission,
  type CheckInPlace,
} from '../flow/index.js';
import type { WorkCalendar } from '../org/index.js';
import type { DealDocument } from './model.js';

export interface DealViewDeps {
  cards: Cards;
  calendar: WorkCalendar;
  now: () => Date;
}

/** The card of one stage visit in the owner's chat; a new generation when the list was asked for afresh. */
export function checklistCardId(deal: DealDocument, visitId: string): CardId {
  const at = deal.card?.at;
  if (at?.visitId === visitId) return at.cardId;
  return stableId<CardId>('ck', deal._id, visitId, deal.card?.gen ?? 0);
}

export function markOf(state: ItemState['state']): Mark {
  return state;
}

/** What the last verdict on an item said, when it did not pass and nothing newer is being checked. */
export function lastSay(submissions: readonly Submission[]): string | undefined {
  const last = submissions.filter((submission) => submission.status !== 'withdrawn').at(-1);
  return last === undefined || last.status === 'passed' || last.status === 'checking' ? undefined : last.say;
}

export function checklistItems(flow: Flow, deal: DealDocument, visitId: string): ChecklistItem[] {
  const visit = deal.visits.find((one) => one.id === visitId);
  const stage = visit === undefined ? undefined : stageOf(flow, visit.stageId);
  if (visit === undefined || stage === undefined) return [];
  const states = itemStates(flow, deal, stage.id);
  return stage.items.map((item, n) => {
    const state = states[n] ?? { itemId: item.id, state: 'open' as const, have: 0, need: 1 };
    const say = lastSay(visit.items[item.id]?.submissions ?? []);
    return {
      id: item.id,
      name: item.name,
      kind: item.kind,
      mark: markOf(state.state),
      have: state.have,
      need: state.need,
      required: item.required,
      ...(say === undefined ? {} : { say }),
    };
  });
}

/**
 * How the checklist card of a visit looks now. A visit that was left shows what came after it; the present one shows
 * its items, and what is being waited for.
 */
export function presentChecklist(
  deps: DealViewDeps,
  flow: Flow,
  deal: DealDocument,
  options: { visitId?: string; waitingFor?: string } = {},
): FilledCard {
  return deps.cards.fill('checklist', checklistData(deps, flow, deal, options));
}

export function checklistData(
  deps: DealViewDeps,
  flow: Flow,
  deal: DealDocument,
  options: { visitId?: string; waitingFor?: string } = {},
): CardData['checklist'] {
  const visit = deal.visits.find((one) => one.id === options.visitId) ?? currentVisit(deal) ?? deal.visits.at(-1);
  if (visit === undefined) throw new TypeError(`deal ${deal._id} has no stage`);
  const stage = stageOf(flow, visit.stageId);
  if (stage === undefined) throw new TypeError(`stage ${visit.stageId} is not in flow ${flow.hash}`);
  const until = visit.leftAt ?? deps.now();
  const day = Math.floor(deps.calendar.workdaysBetween(visit.enteredAt, until)) + 1;
  const base = {
    dealId: deal._id,
    client: deal.clientName,
    stage: stage.name,
    day,
    standard: formatLimit(stage.limit),
    items: checklistItems(flow, deal, visit.id),
  };
  if (visit.leftAt === undefined && deal.status === 'open') {
    return options.waitingFor === undefined
      ? { ...base, state: 'open' }
      : { ...base, state: 'waiting', waitingFor: options.waitingFor };
  }
  if (deal.status === 'lost') return { ...base, items: [], state: 'lost' };
  const next = deal.visits[deal.visits.indexOf(visit) + 1];
  const nextStage = next === undefined ? undefined : stageOf(flow, next.stageId);
  if (nextStage === undefined) return { ...base, items: [], state: 'won' };
  return { ...base, state: 'passed', nextStage: nextStage.name, nextStandard: formatLimit(nextStage.limit) };
}

/** The gap card: what keeps the deal in its stage, and how far the stage is that was asked for. */
export function presentGap(
  deps: Pick<DealViewDeps, 'cards'>,
  flow: Flow,
  deal: DealDocument,
  target?: string,
): FilledCard {
  const at = flow.stages.findIndex((stage) => stage.id === deal.stageId);
  const next = flow.stages[at + 1] ?? flow.stages[at];
  const wanted = flow.stages.findIndex((stage) => stage.id === target);
  const beyond = wanted > at + 1 ? { stage: flow.stages[wanted]?.name ?? '', between: wanted - at - 1 } : undefined;
  return deps.cards.fill('gap', {
    dealId: deal._id,
    client: deal.clientName,
    stage: flow.stages[at]?.name ?? '',
    target: next?.name ?? '',
    ...(beyond === undefined ? {} : { beyond }),
    missing: missingItems(gap(flow, deal).map((entry) => entry.item)),
    canExempt: flow.exemptions !== undefined,
  });
}

export function stageOf(flow: Flow, stageId: string): Stage | undefined {
  return flow.stages.find((stage) => stage.id === stageId);
}

export function currentVisitOf(deal: DealDocument): StageVisit | undefined {
  return currentVisit(deal) ?? undefined;
}

/** What is over for longest, or due first, comes first; what is closed last. */
export function mostUrgentFirst(a: DealDocument, b: DealDocument): number {
  const due = (deal: DealDocument): number =>
    deal.status === 'open' ? (currentVisitOf(deal)?.dueAt.getTime() ?? Infinity) : Infinity;
  const [one, other] = [due(a), due(b)];
  return one === other ? 0 : one - other;
}

/** An item by its id: of the present stage, else of a stage that was visited. */
export function dealItem(flow: Flow, deal: DealDocument, itemId: string): { item: Item; stageId: string } | null {
  for (const visit of [...deal.visits].reverse()) {
    const item = stageOf(flow, visit.stageId)?.items.find((one) => one.id === itemId);
    if (item !== undefined) return { item, stageId: visit.stageId };
  }
  return null;
}

export function missingItems(items: readonly Item[]): MissingItem[] {
  return items.map((item) => ({ id: item.id, name: item.name, kind: item.kind, detail: describeItem(item) }));
}

function placeWords(place: CheckInPlace | undefined): string {
  if (place === undefined) return '';
  return place.kind === 'code' ? '（扫了拜访二维码）' : `（定位 ${place.lat.toFixed(4)}, ${place.lng.toFixed(4)}）`;
}

/** What was handed in, in few words: for the trace and for supervisors. */
export function submissionText(submission: Pick<Submission, 'value'>): string {
  const { value } = submission;
  switch (value.kind) {
    case 'confirm':
      return '已确认';
    case 'text':
      return value.text;
    case 'touch':
      return `${{ call: '有效通话', message: '双向消息', 'check-in': '现场签到' }[value.witness]}${value.note === '' ? '' : `：${value.note}`}${placeWords(value.place)}`;
    case 'choice':
      return value.option;
    case 'tags':
      return value.tags.join('、');
    case 'purchase-history':
      return value.categories.join('、');
    case 'follow-up':
      return Object.entries(value.elements)
        .map(([name, text]) => `${name}：${text}`)
        .join('；');
    case 'photo':
      return '照片';
    case 'sheet':
    case 'file':
    case 'voice':
      return value.name;
    case 'link':
      return value.title === '' ? value.url : value.title;
    case 'approval':
      return `${value.approved ? '通过' : '有意见'}${value.note === '' ? '' : `：${value.note}`}`;
    case 'scan':
      return '已扫码';
  }
}

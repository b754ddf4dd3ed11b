import { SECOND, stableId, type CardId, type EvidenceId } from '../core/index.js';
import type { Cards } from '../cards/index.js';
import { findSubmission, itemStates, type Decision, type Flow, type FlowEvent, type ItemKind } from '../flow/index.js';
import type { Outgoing } from '../platforms/contract.js';
import type { DealDocument } from './model.js';
import { stageOf } from './views.js';

export interface WaitingDeps {
  cards: Cards;
  /** How long evidence of this kind will take that is handed in now. */
  estimateMs: (kind: ItemKind) => number;
}

/** Nobody looks at a phone for longer without being told. */
const LONG_MS = 5 * SECOND;

/** Its sender was told that it takes longer; the same card tells the verdict. */
export function waitingCardId(id: EvidenceId): CardId {
  return stableId<CardId>('wt', id);
}

/** Evidence that the checklist shows as being looked at, after this decision: its sender was not told in words. */
export function checkingShownAfter(before: DealDocument, decision: Decision, inWords: boolean): EvidenceId[] {
  const left = stillOpen(before.checkingShown, decision);
  if (inWords || decision.outcome !== 'waiting' || decision.why !== 'checking') return left;
  const handedIn = decision.events.flatMap((event) =>
    event.type === 'evidence.submitted' ? event.body.evidenceId : [],
  );
  return [...left, ...handedIn];
}

function stillOpen(ids: readonly EvidenceId[] = [], { events }: Decision): EvidenceId[] {
  const over = new Set(events.flatMap((event) => (event.type === 'evidence.judged' ? event.body.evidenceId : [])));
  return ids.filter((id) => !over.has(id));
}

/** Evidence of which its sender waits with such a card, after this decision. */
export function waitingAfter(
  deps: WaitingDeps,
  before: DealDocument,
  decision: Decision,
  quiet: boolean,
): EvidenceId[] {
  const left = stillOpen(before.waiting, decision);
  if (quiet || decision.outcome !== 'waiting' || decision.why !== 'checking') return left;
  const long = decision.events.flatMap((event) =>
    event.type === 'evidence.submitted' && deps.estimateMs(event.body.itemKind) > LONG_MS ? event.body.evidenceId : [],
  );
  return [...left, ...long];
}

/**
 * What the sender of evidence is told at once, in words: the list then changes with the verdict only. `onlyAsAnswer`: not
 * worth a call of its own, since the verdict follows in a moment. Null: nothing is being looked at.
 */
export function receivedWords(
  { estimateMs }: Pick<WaitingDeps, 'estimateMs'>,
  flow: Flow,
  before: DealDocument,
  after: DealDocument,
  decision: Decision,
): { text: string; onlyAsAnswer?: true } | null {
  const handedIn = decision.events.find((event) => event.type === 'evidence.submitted');
  if (decision.outcome !== 'waiting' || decision.why !== 'checking') return null;
  if (handedIn?.type !== 'evidence.submitted') return null;
  const { stageId, itemId, itemKind } = handedIn.body;
  const name = stageOf(flow, stageId)?.items.find((item) => item.id === itemId)?.name ?? '';
  if (estimateMs(itemKind) > LONG_MS) {
    return { text: `收到，在看「${name}」，前面还有别的，要多等一会儿。不用等，可以先做下一项。` };
  }
  const { have, need } = itemStates(flow, after, stageId).find((state) => state.itemId === itemId) ?? ONE;
  const handed = after.visits.at(-1)?.items[itemId]?.submissions ?? [];
  const underWay = handed.filter(({ status }) => status === 'checking').length + have;
  const text =
    underWay < need
      ? `收到，在看「${name}」第 ${underWay} ${itemKind === 'photo' ? '张，接着拍下一张' : '份，接着交下一份'}就行，有问题马上告诉你。`
      : `收到，在看「${name}」，马上有结果。`;
  return { text, onlyAsAnswer: true };
}

const ONE = { have: 0, need: 1 };

type Shown = { id: EvidenceId; message: Outgoing['message']; sparing: NonNullable<Outgoing['sparing']> };

/** The cards that begin to wait, and those whose wait is over without a word of its own to say. */
export function waitingCards(
  { cards }: Pick<WaitingDeps, 'cards'>,
  flow: Flow,
  before: DealDocument,
  after: DealDocument,
  events: readonly FlowEvent[],
): Shown[] {
  const show = (id: EvidenceId, state: 'slow' | 'passed' | 'review' | 'replaced'): Shown[] => {
    const found = findSubmission(after, id);
    const item = stageOf(flow, found?.visit.stageId ?? '')?.items.find((one) => one.id === found?.itemId);
    if (item === undefined) return [];
    const card = cards.fill('received', {
      dealId: after._id,
      itemId: item.id,
      client: after.clientName,
      item: item.name,
      state,
    });
    // Its end is on the checklist as well.
    const sparing = state === 'slow' ? { text: `收到「${item.name}」，正在看，结果写在清单上。` } : 'left-out';
    return [{ id, message: { kind: 'show', cardId: waitingCardId(id), card }, sparing }];
  };
  const begun = (after.waiting ?? []).filter((id) => !(before.waiting ?? []).includes(id));
  const over = events.flatMap((event): Shown[] => {
    if (event.type !== 'evidence.judged' || !(before.waiting ?? []).includes(event.body.evidenceId)) return [];
    const { evidenceId, status } = event.body;
    if (status === 'passed' || status === 'review') return show(evidenceId, status);
    // `failed` and `unchecked` take the card for what they have to say.
    return status === 'withdrawn' ? show(evidenceId, 'replaced') : [];
  });
  return [...begun.flatMap((id) => show(id, 'slow')), ...over];
}

import type { GotKind } from '../cards/index.js';
import { currentVisitOf, dealItem, stageOf, type DealDocument } from '../deals/index.js';
import { nextOpenItem, type Item } from '../flow/index.js';
import type { NoMaterial } from '../platforms/contract.js';
import type { ConversationDeps } from './context.js';
import { isAlwaysUnderstood, readText } from './intents.js';
import { waitingAsk } from './nudged.js';
import { openQuestion } from './session.js';
import type { Turn } from './turn.js';

/** What is said to whatever cannot be used: of the wrong kind for what is asked, of no use at all, or not understood. */

/** What is asked for is something else; its question stays open. */
export function wrongKind(turn: Turn, deal: DealDocument, item: Item, got: GotKind): void {
  turn.reply('wrong-kind', {
    dealId: deal._id,
    itemId: item.id,
    client: deal.clientName,
    item: item.name,
    wanted: item.kind,
    got,
  });
}

/** Known for what it is, and no material here: the answer says what works instead, for what is asked now. */
export async function notTaken(
  deps: ConversationDeps,
  turn: Turn,
  got: NoMaterial | 'link' | 'unknown',
): Promise<void> {
  if (got === 'no-content' || got === 'quoted') {
    turn.reply('not-taken', { state: 'no-content', got });
    return;
  }
  const question = openQuestion(turn.session);
  if (waitingAsk(turn.session) !== null || (question !== null && question.kind !== 'item')) {
    turn.reply('not-taken', { state: 'words', got });
    return;
  }
  const deal = await dealInHand(deps, turn);
  const asked = deal === null ? null : itemOf(deps, turn, deal);
  if (deal !== null && asked !== null && question !== null) wrongKind(turn, deal, asked, got);
  else if (deal === null) turn.reply('not-taken', { state: 'nowhere', got });
  else {
    const next = asked ?? nextOpenItem(deps.deals.flowOf(deal), deal);
    const doing = next?.name ?? stageName(deps, deal);
    turn.reply('not-taken', { state: 'somewhere', got, client: deal.clientName, doing });
  }
}

/** Could be material, but nobody knows of which deal. */
export function whoseIsIt(turn: Turn, got: GotKind): void {
  turn.reply('not-taken', { state: 'no-deal', got });
}

export async function notUnderstood(deps: ConversationDeps, turn: Turn): Promise<void> {
  const deal = await dealInHand(deps, turn);
  if (deal === null) {
    turn.reply('not-understood', { state: 'nowhere' });
    return;
  }
  const asked = openQuestion(turn.session) === null ? null : itemOf(deps, turn, deal);
  const doing = asked?.name ?? stageName(deps, deal);
  turn.reply('not-understood', { state: 'somewhere', client: deal.clientName, doing });
}

/** Typed words are the answer to what is open now, or mean the same at any time. */
export async function wantsWords(deps: ConversationDeps, turn: Turn, said: string): Promise<boolean> {
  if (isAlwaysUnderstood(readText(said)) || waitingAsk(turn.session) !== null) return true;
  const question = openQuestion(turn.session);
  if (question?.kind !== 'item') return question !== null;
  const deal = await dealInHand(deps, turn);
  const asked = deal === null ? null : itemOf(deps, turn, deal);
  return asked !== null && !['photo', 'file', 'sheet', 'scan', 'voice'].includes(asked.kind);
}

/** The deal that something is asked of, else the one that is worked on, when it is the sender's. */
async function dealInHand(deps: ConversationDeps, turn: Turn): Promise<DealDocument | null> {
  const { question, dealId } = turn.session;
  const id = question?.kind === 'item' || question?.kind === 'exempt-reason' ? question.dealId : dealId;
  const deal = id === undefined || id === null ? null : await deps.deals.get(id);
  return deal?.ownerId === turn.person.id ? deal : null;
}

/** What is asked of this deal, put off or not. */
function itemOf(deps: ConversationDeps, { session: { question } }: Turn, deal: DealDocument): Item | null {
  if (question?.kind !== 'item') return null;
  return dealItem(deps.deals.flowOf(deal), deal, question.itemId)?.item ?? null;
}

function stageName(deps: ConversationDeps, deal: DealDocument): string {
  const visit = currentVisitOf(deal);
  return visit === undefined ? '' : (stageOf(deps.deals.flowOf(deal), visit.stageId)?.name ?? '');
}

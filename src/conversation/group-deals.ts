import { parseActionKey, type CardData, type FilledCard } from '../cards/index.js';
import { asId, type DealId } from '../core/index.js';
import { currentVisitOf, stageOf, type DealDocument } from '../deals/index.js';
import type { ConversationDeps } from './context.js';
import { askRep } from './nudged.js';
import type { Turn } from './turn.js';

/** Deals of one answer in a group: a card is read at a glance. */
const MAX_DEALS = 3;

type Stand = CardData['group-deals']['deals'][number];
type Asked = NonNullable<CardData['group-deals']['asked']>;

/** Where these deals stand, for somebody who may see them. */
export function standsOf(deps: ConversationDeps, turn: Turn, deals: readonly DealDocument[]): Stand[] {
  return deals.slice(0, MAX_DEALS).map((deal) => {
    const visit = currentVisitOf(deal);
    const stage = visit === undefined ? undefined : stageOf(deps.deals.flowOf(deal), visit.stageId);
    return {
      dealId: deal._id,
      client: deal.clientName,
      rep: deps.org.person(deal.ownerId)?.name ?? '',
      stage: stage?.name ?? '—',
      overdue: visit !== undefined && visit.dueAt <= turn.now,
      missing: deps.deals.missing(deal).map(({ name }) => name),
      url: deps.pages.deal(deal._id, turn.event.platform),
    };
  });
}

export const standWords = ({ client, rep, stage, overdue, missing, url }: Stand): string =>
  [
    `${client}（${rep}）：在「${stage}」${overdue ? '，已超期' : ''}`,
    missing.length === 0 ? '' : `还差：${missing.join('、')}`,
    url,
  ]
    .filter((line) => line !== '')
    .join('\n');

/**
 * The same as a card for a group: whoever reads it is sent on to the deal's page, whoever presses is looked at anew. The rep whose deal it
 * is cannot ask themselves.
 */
export function groupDeals(
  deps: ConversationDeps,
  turn: Turn,
  deals: readonly DealDocument[],
  asked?: Asked,
): FilledCard {
  const stands = standsOf(deps, turn, deals);
  const card = deps.cards.fill('group-deals', {
    state: stands.length === 1 ? 'one' : 'several',
    at: deps.calendar.localTime(turn.now),
    deals: stands,
    ...(asked === undefined ? {} : { asked }),
  });
  const asks = card.actions.map(({ key }) => key).filter((key) => parseActionKey(key)?.verb === 'group-ask');
  const [only, ...others] = deals;
  const { platform } = turn.event;
  const rep = only === undefined || others.length > 0 ? undefined : deps.org.person(only.ownerId);
  const userId = rep?.identities.find((one) => one.platform === platform)?.userId;
  // Also when nothing is to ask at the moment: what was hidden before must come back.
  return userId === undefined ? card : { ...card, hides: [{ userId, actions: asks }] };
}

/** 看最新: the card as it is now, for everybody in the group. */
async function showGroupDeals(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<void> {
  const deals = await seen(deps, turn, ids);
  if (deals.length > 0) turn.replaceWith(groupDeals(deps, turn, deals));
}

/** 问一句: the rep is asked in their own chat, and the answer goes to whoever pressed. */
async function askFromGroup(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<void> {
  const [deal] = await seen(deps, turn, ids.slice(0, 1));
  if (deal === undefined) return;
  if (deal.ownerId === turn.person.id) {
    turn.text(`「${deal.clientName}」是你自己的商机，发「我的商机」接着做。`);
    return;
  }
  await askRep(deps, turn, [deal.ownerId, deal.stageId ?? '', deal._id]);
  const asked = { by: turn.person.name, at: deps.calendar.localTime(turn.now) };
  turn.replaceWith(groupDeals(deps, turn, [deal], asked));
}

/** Those that go on, for a presser who may see all of them; else it is said why not, to them alone: the card is everybody's. */
async function seen(deps: ConversationDeps, turn: Turn, ids: readonly string[]): Promise<DealDocument[]> {
  const found = await Promise.all(ids.slice(0, MAX_DEALS).map((id) => deps.deals.get(asId<DealId>(id))));
  const open = found.filter((deal): deal is DealDocument => deal !== null && deal.status === 'open');
  const isWhole = open.every((deal) => deps.org.canSee(turn.person.id, deal));
  if (open.length === 0) turn.text('这个商机已经结束了，发客户名可以再查。');
  else if (!isWhole) turn.text(`${open.length === 1 ? '这个' : '卡上有的'}商机不在你能看的范围里，群里的卡没有变。`);
  return isWhole ? open : [];
}

/** What the card of an answer in a group offers; the same where its number is typed. */
export const GROUP_PRESSES = { 'group-deals': showGroupDeals, 'group-ask': askFromGroup } as const;

import type { CardData } from '../cards/index.js';
import { stableId, type CardId } from '../core/index.js';
import { currentVisitOf, dealItem, type DealDocument, stageOf } from '../deals/index.js';

import type { Person } from '../org/index.js';
import type { ConversationDeps } from './context.js';
import { resumeAsk } from './nudged.js';
import { knownFor, putQuestion } from './questions.js';
import type { Turn } from './turn.js';

/** What somebody comes here for: reps hand in, who leads looks and asks, departments answer, operations look. */
export function partOf({ role }: Pick<Person, 'role'>): CardData['help']['part'] {
  switch (role) {
    case 'rep':
      return 'rep';
    case 'supervisor':
    case 'director':
      return 'leads';
    case 'operations':
    case 'admin':
      return 'looks';
    default:
      return 'answers';
  }
}

export function offerHelp(turn: Turn, state: 'hello' | 'help'): void {
  turn.reply('help', { state, name: turn.person.name, part: partOf(turn.person) });
}

export function offerDigest(deps: ConversationDeps, turn: Turn): void {
  turn.text(`最新的日报和红黄绿灯在这里：${deps.pages.home(turn.event.platform)}`);
}

export async function offerTodos(deps: ConversationDeps, turn: Turn): Promise<void> {
  const open = await deps.todos.openFor(turn.person.id);
  if (open.length === 0) {
    turn.text('现在没有待办。');
    return;
  }
  for (const todo of open.slice(0, 5)) {
    const card = deps.todos.cardOf(todo);
    turn.to(turn.me, 'reply', `todo-again:${todo._id}`, {
      kind: 'show',
      cardId: stableId<CardId>('ta', turn.event.key, todo._id),
      card,
    });
    turn.remember(card);
  }
  if (open.length > 5) turn.text(`还有 ${open.length - 5} 件，办完这几件再发「我的待办」。`);
}

/** `还有 2 工作日`, `今天到期`, `超 1 工作日`. */
export function dueWords(deps: ConversationDeps, deal: DealDocument): { due: string; overdue: boolean } {
  const visit = currentVisitOf(deal);
  if (visit === undefined) return { due: '', overdue: false };
  const now = deps.clock.now();
  const overdue = visit.dueAt <= now;
  const days = Math.ceil(Math.abs(deps.calendar.workdaysBetween(now, visit.dueAt)));
  if (overdue) return { due: `超 ${Math.max(1, days)} 工作日`, overdue };
  return {
    due: deps.calendar.localDate(visit.dueAt) === deps.calendar.localDate(now) ? '今天到期' : `还有 ${days} 工作日`,
    overdue,
  };
}

export async function offerMyDeals(deps: ConversationDeps, turn: Turn): Promise<void> {
  const deals = await deps.deals.openOf(turn.person.id);
  turn.reply('my-deals', {
    isRep: turn.person.role === 'rep',
    deals: deals.map((deal) => {
      const flow = deps.deals.flowOf(deal);
      const visit = currentVisitOf(deal);
      return {
        dealId: deal._id,
        client: deal.clientName,
        stage: (visit && stageOf(flow, visit.stageId)?.name) ?? '',
        ...dueWords(deps, deal),
      };
    }),
  });
}

/** The deal becomes the one that is worked on. The pressed card becomes its checklist, else that comes to the bottom of the chat. */
export async function openDeal(
  deps: ConversationDeps,
  turn: Turn,
  deal: DealDocument,
  { keepCard = false } = {},
): Promise<void> {
  turn.change.dealId = deal._id;
  turn.change.question = null;
  const { body } = turn.event;
  const onCard = body.kind === 'press' && !keepCard ? { onCard: body.cardId, fromPress: true } : {};
  const done = await deps.deals.show({
    key: turn.event.key,
    dealId: deal._id,
    by: turn.person.id,
    platform: turn.event.platform,
    ...onCard,
  });
  if (onCard.fromPress === true) turn.answer = done.card;
  turn.remember(done.card.card);
}

export function postponeDeals(deps: ConversationDeps, turn: Turn, deals: readonly DealDocument[]): void {
  if (deals.length === 0) {
    turn.text('现在没有到期的商机。');
    return;
  }
  turn.change.question = { kind: 'postpone-reason', dealIds: deals.map((deal) => deal._id), askedAt: turn.now };
  turn.replace('postponed', {
    state: 'reason',
    clients: deals.map((deal) => deal.clientName),
    until: deps.words.day(deps.calendar.nextWorkdayAt(turn.now, '09:00')),
  });
}

/** What was asked is put off; what was handed in, and what was written on the way, is kept. */
export function leaveQuestion(turn: Turn, { quiet = false, forGood = false } = {}): void {
  const { question } = turn.session;
  turn.change.question = question?.kind === 'item' && !forGood ? { ...question, paused: true } : null;
  if (quiet) return;
  turn.text(
    question === undefined || question === null
      ? '好。要接着做，发「我的商机」。'
      : '好，先放着，交过的都留着。想接着做，发「继续」。',
  );
}

/** Takes up the question that was left; without one, the deal that was worked on. */
export async function resumeQuestion(deps: ConversationDeps, turn: Turn): Promise<void> {
  if (resumeAsk(turn)) return;
  const { question, dealId } = turn.session;
  if (question?.kind === 'item') {
    const deal = await deps.deals.get(question.dealId);
    const found = deal === null ? null : dealItem(deps.deals.flowOf(deal), deal, question.itemId);
    if (deal !== null && found !== null) {
      const again = { ...question, askedAt: turn.now, paused: false };
      turn.change.question = again;
      const known = await knownFor(deps, deal, found.item);
      putQuestion(deps, turn, deal, deps.deals.flowOf(deal), found.item, again, 'reply', known);
      return;
    }
  }
  const deal = dealId === undefined || dealId === null ? null : await deps.deals.get(dealId);
  if (deal !== null && deal.ownerId === turn.person.id) await openDeal(deps, turn, deal);
  else await offerMyDeals(deps, turn);
}

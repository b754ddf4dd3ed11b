import { stableId, type CardId } from '../core/index.js';
import { dealItem, presentGap, type DealDocument, type Done } from '../deals/index.js';

import { settleTodo, sendExemption } from './asks.js';
import type { ConversationDeps } from './context.js';
import { isAlwaysUnderstood, readText, type TextIntent } from './intents.js';
import { leaveQuestion, offerDigest, offerHelp, offerMyDeals, offerTodos, openDeal, resumeQuestion } from './offers.js';
import { answerAsk, leaveAsk, waitingAsk } from './nudged.js';
import { onPress } from './presses.js';
import { standsOf, standWords } from './group-deals.js';
import { answerWithText } from './questions.js';
import { takeWords } from './recordings.js';
import { openQuestion, type Question } from './session.js';
import { staleOf } from './standing.js';
import type { Turn } from './turn.js';
import { notUnderstood, wrongKind } from './unclear.js';

/** A text: one of the words that always mean the same, else the answer to the open question, else a name or a wish. */
export async function onText(deps: ConversationDeps, turn: Turn, raw: string): Promise<void> {
  const intent = readText(raw);
  if (isAlwaysUnderstood(intent)) {
    await onWord(deps, turn, intent);
    return;
  }
  if (intent.kind === 'number' && (await pressByNumber(deps, turn, [intent.value]))) return;
  if (/^\d{1,2}(?:[\s,，、]+\d{1,2})+$/u.test(raw.trim())) {
    const numbers = raw
      .trim()
      .split(/[\s,，、]+/u)
      .map(Number);
    if (await pressByNumber(deps, turn, numbers)) return;
  }
  const ask = waitingAsk(turn.session);
  if (ask !== null && intent.kind !== 'advance' && !isClientName(deps, raw.trim())) {
    await answerAsk(deps, turn, ask, raw.trim());
    return;
  }
  const question = openQuestion(turn.session);
  if (question !== null && intent.kind !== 'advance' && (await answerOpen(deps, turn, question, raw.trim()))) return;
  await onWish(deps, turn, intent, raw.trim());
}

async function onWord(deps: ConversationDeps, turn: Turn, intent: TextIntent): Promise<void> {
  switch (intent.kind) {
    case 'help':
      offerHelp(turn, 'help');
      return;
    case 'greet':
      offerHelp(turn, 'hello');
      return;
    case 'my-deals':
      await offerMyDeals(deps, turn);
      return;
    case 'my-todos':
      await offerTodos(deps, turn);
      return;
    case 'leave':
    case 'later': {
      const ask = waitingAsk(turn.session);
      if (ask !== null) leaveAsk(turn, ask);
      else leaveQuestion(turn, { forGood: intent.kind === 'leave' });
      return;
    }
    case 'continue':
      await resumeQuestion(deps, turn);
      return;
    case 'digest':
      offerDigest(deps, turn);
      return;
    case 'number':
    case 'advance':
    case 'other':
      return;
  }
}

/** `2` presses the second button of the last card; `1 3 4` chooses options. */
async function pressByNumber(deps: ConversationDeps, turn: Turn, numbers: readonly number[]): Promise<boolean> {
  const picked = numbers.map((number) => turn.session.options[number - 1]);
  const [first] = picked;
  if (first === undefined || picked.some((one) => one === undefined || one.key !== first.key)) return false;
  const choices: Record<string, string[]> = {};
  for (const one of picked) if (one?.choice !== undefined) (choices[one.choice.key] ??= []).push(one.choice.id);
  if (first.choice === undefined && picked.length > 1) return false;
  await onPress(deps, turn, { cardId: '', action: first.key, choices });
  return true;
}

/** True when the text was taken as the answer to what was asked. */
async function answerOpen(deps: ConversationDeps, turn: Turn, question: Question, text: string): Promise<boolean> {
  switch (question.kind) {
    case 'item': {
      const answered = await answerWithText(deps, turn, question, text);
      if (answered.kind === 'submitted') turn.remember(answered.done.card.card);
      if (answered.kind !== 'not-an-answer') return true;
      if (await namesSomething(deps, turn, text)) return false;
      const deal = await deps.deals.get(question.dealId);
      const found = deal === null ? null : dealItem(deps.deals.flowOf(deal), deal, question.itemId);
      if (deal === null || found === null) return false;
      wrongKind(turn, deal, found.item, 'text');
      return true;
    }
    case 'exempt-reason':
      turn.change.question = null;
      await sendExemption(deps, turn, question, text);
      return true;
    case 'postpone-reason': {
      turn.change.question = null;
      const clients: string[] = [];
      for (const [n, dealId] of question.dealIds.entries()) {
        const done = await deps.deals.postpone({
          key: `${turn.event.key}:${n}`,
          dealId,
          by: turn.person.id,
          platform: turn.event.platform,
          reason: text,
        });
        clients.push(done.deal.clientName);
      }
      const until = deps.words.day(deps.calendar.nextWorkdayAt(turn.now, '09:00'));
      turn.reply('postponed', { state: 'done', clients, until });
      return true;
    }
    case 'voice-words':
      await takeWords(deps, turn, question, text);
      return true;
    case 'todo-note': {
      turn.change.question = null;
      const todo = await deps.todos.get(question.todoId);
      if (todo === null) return false;
      if (todo.answer !== undefined && todo.answer.by !== turn.person.id) {
        turn.text(`${todo.answer.byName}已经答复过了，这一条没有转。`);
        return true;
      }
      await settleTodo(
        deps,
        { key: turn.event.key, platform: turn.event.platform, fromPress: false },
        todo,
        turn.person,
        false,
        text,
      );
      turn.text(`已转给${todo.fromName}。`);
      return true;
    }
  }
}

/** A client and nothing else: the wish to see it, no answer to a colleague. */
function isClientName(deps: ConversationDeps, text: string): boolean {
  return deps.org.findClients(text).some((client) => [client.name, ...client.aliases].includes(text));
}

/** A client of theirs or a stage: then the text was no failed answer but a wish. */
async function namesSomething(deps: ConversationDeps, turn: Turn, text: string): Promise<boolean> {
  return (await dealsNamed(deps, turn, text)).length > 0;
}

async function dealsNamed(deps: ConversationDeps, turn: Turn, text: string): Promise<DealDocument[]> {
  if ([...text].length > 20) return [];
  const clients = deps.org.findClients(text).map((client) => client.id);
  if (clients.length === 0) return [];
  const deals = await deps.deals.find({ clientId: { $in: clients }, status: 'open' }, 50);
  return deals.filter((deal) => deps.org.canSee(turn.person.id, deal));
}

async function onWish(deps: ConversationDeps, turn: Turn, intent: TextIntent, text: string): Promise<void> {
  if (intent.kind === 'advance') {
    if (await wantsToAdvance(deps, turn, intent.stage)) return;
  } else {
    const named = await dealsNamed(deps, turn, text);
    const own = named.filter((deal) => deal.ownerId === turn.person.id);
    if (own.length === 1 && own[0] !== undefined) {
      await openDeal(deps, turn, own[0]);
      return;
    }
    if (own.length > 1) {
      await offerMyDeals(deps, turn);
      return;
    }
    if (named.length > 0) {
      tellState(deps, turn, named);
      return;
    }
    if (await wantsToAdvance(deps, turn, text, true)) return;
  }
  await notUnderstood(deps, turn);
}

/** For those who may see the deal: where it stands, with the page behind it. */
function tellState(deps: ConversationDeps, turn: Turn, deals: readonly DealDocument[]): void {
  for (const stand of standsOf(deps, turn, deals)) turn.text(standWords(stand));
}

/** `推进到合同签署`: the gate decides; what is missing comes back as the gap card. */
async function wantsToAdvance(
  deps: ConversationDeps,
  turn: Turn,
  wanted: string | null,
  exact = false,
): Promise<boolean> {
  const { dealId } = turn.session;
  const mine = await deps.deals.openOf(turn.person.id);
  const deal = mine.find((one) => one._id === dealId) ?? (mine.length === 1 ? mine[0] : undefined);
  if (deal === undefined) {
    if (exact || mine.length === 0) return false;
    await offerMyDeals(deps, turn);
    return true;
  }
  const flow = deps.deals.flowOf(deal);
  const target =
    wanted === null
      ? undefined
      : flow.stages.find((stage) => [stage.name, stage.id, ...stage.aliases].includes(wanted));
  if (wanted !== null && target === undefined) return false;
  const done = await deps.deals.advance({
    key: turn.event.key,
    dealId: deal._id,
    by: turn.person.id,
    platform: turn.event.platform,
    ...(target === undefined ? {} : { target: target.id }),
  });
  const { decision } = done;
  if (decision?.outcome === 'advanced' || decision?.outcome === 'completed') return true;
  if (target !== undefined && decision?.outcome === 'refused' && decision.code === 'stage.not_forward') {
    const { now } = staleOf(done.deal, done.flow);
    turn.text(`「${target.name}」不在前面。${done.deal.clientName}现在是${now}。`);
    return true;
  }
  showGap(deps, turn, done, target?.id);
  return true;
}

/** What is missing, as a card of its own. */
export function showGap(
  deps: ConversationDeps,
  turn: Turn,
  { deal, flow }: Pick<Done, 'deal' | 'flow'>,
  target: string | undefined,
): void {
  const card = presentGap(deps, flow, deal, target);
  turn.to(turn.me, 'reply', 'gap', { kind: 'show', cardId: stableId<CardId>('gap', turn.event.key, deal._id), card });
  turn.remember(card);
}

import { parseActionKey, type Verb } from '../cards/index.js';
import { asId, type DealId, type EvidenceId, type TodoId } from '../core/index.js';
import { checklistCardId, currentVisitOf, dealItem, presentGap, type DealDocument, type Done } from '../deals/index.js';
import { itemStates, type Flow, type Item } from '../flow/index.js';
import { REVIEW_REASONS, todoCardId, type TodoDocument } from '../todos/index.js';
import type { ConversationDeps } from './context.js';
import { ask, chosenValue, knownFor, linkValue, putQuestion, submitValue, type ItemQuestion } from './questions.js';
import { keptFor, useUp } from './kept.js';
import { GROUP_PRESSES } from './group-deals.js';
import { askRep, takeOn } from './nudged.js';
import { askWords, dropRecording, noteWords, stateConsent } from './recordings.js';
import { staleOf } from './standing.js';
import { askApprovalAgain, askExemption, askReview, exemptionsLeft, settleTodo } from './asks.js';
import {
  leaveQuestion,
  offerDigest,
  offerHelp,
  offerMyDeals,
  offerTodos,
  openDeal,
  postponeDeals,
  resumeQuestion,
} from './offers.js';
import { settleSamePerson } from './same-person.js';
import type { Turn } from './turn.js';

type Press = { cardId: string; action: string; choices: Record<string, string[]> };

/** A press says by its ids what is meant; whether it still may be done is looked up afresh. */
export async function onPress(deps: ConversationDeps, turn: Turn, press: Press): Promise<void> {
  const parsed = parseActionKey(press.action);
  if (parsed === null) {
    turn.replace('stale', {});
    return;
  }
  const { verb, ids } = parsed;
  await HANDLERS[verb](deps, turn, ids, press);
}

type Handler = (deps: ConversationDeps, turn: Turn, ids: readonly string[], press: Press) => Promise<void> | void;

/** The deal of a press, when the presser owns it; otherwise they are told so and nothing changes. */
async function ownDeal(
  deps: ConversationDeps,
  turn: Turn,
  id: string | undefined,
): Promise<{ deal: DealDocument; flow: Flow } | null> {
  const deal = id === undefined ? null : await deps.deals.get(asId<DealId>(id));
  if (deal === null) {
    turn.replace('stale', {});
    return null;
  }
  if (deal.ownerId !== turn.person.id) {
    const owner = deps.org.person(deal.ownerId)?.name;
    turn.reply('not-yours', owner === undefined ? {} : { owner });
    return null;
  }
  return { deal, flow: deps.deals.flowOf(deal) };
}

/** Nothing is changed. A checklist that lags behind simply shows how things are; any other card says that it is over. */
function outdated(deps: ConversationDeps, turn: Turn, deal: DealDocument, flow: Flow): void {
  const { body } = turn.event;
  const visit = deal.visits.find((one) => body.kind === 'press' && checklistCardId(deal, one.id) === body.cardId);
  if (visit === undefined) turn.replace('stale', staleOf(deal, flow));
  else turn.replaceWith(deps.deals.card(deal, { visitId: visit.id }));
}

/** The item of a press, when it belongs to the present stage and still wants something. */
async function liveItem(deps: ConversationDeps, turn: Turn, ids: readonly string[]) {
  const own = await ownDeal(deps, turn, ids[0]);
  if (own === null) return null;
  const found = dealItem(own.flow, own.deal, ids[1] ?? '');
  const state = itemStates(own.flow, own.deal).find((one) => one.itemId === found?.item.id);
  // The second try of the same press: what it did the first time is no reason to call it stale.
  const repeated = own.deal.applied.some((entry) => entry.key === turn.event.key);
  if (found !== null && repeated) return { ...own, item: found.item };
  if (found === null || state === undefined || state.state === 'passed' || state.state === 'exempt') {
    outdated(deps, turn, own.deal, own.flow);
    return null;
  }
  return { ...own, item: found.item };
}

const dealCommand = (turn: Turn, deal: DealDocument) => ({
  key: turn.event.key,
  dealId: deal._id,
  known: deal,
  by: turn.person.id,
  platform: turn.event.platform,
  fromPress: turn.event.body.kind === 'press',
});

/**
 * After an answer the checklist shows it: by the answer of the press when it was pressed there. Any other card (a question
 * that took the place of what was missing) says that it is answered; it does not become a second checklist.
 */
function settleAnswer(
  deps: ConversationDeps,
  turn: Turn,
  { deal, flow, card }: Done,
  item: Item,
  pressed: string,
  question: { step: number; draft: Record<string, string> } = { step: 0, draft: {} },
): void {
  if (turn.event.body.kind === 'press') {
    if (deal.visits.some((one) => checklistCardId(deal, one.id) === pressed)) turn.answer = card;
    else putQuestion(deps, turn, deal, flow, item, question, { close: '已交，看清单' });
  }
  turn.remember(card.card);
}

/** After going on, the pressed card is the checklist, or becomes it. */
function settleCard(turn: Turn, { deal, card }: Done, pressed: string): void {
  const isPress = turn.event.body.kind === 'press';
  const isChecklist = deal.visits.some((one) => checklistCardId(deal, one.id) === pressed);
  if (isPress && !isChecklist) {
    turn.replaceWith(card.card);
    return;
  }
  if (isPress) turn.answer = card;
  turn.remember(card.card);
}

/** A file that came before its time, and was kept, is handed in when its item is pressed. */
async function usesKept(
  deps: ConversationDeps,
  turn: Turn,
  live: { deal: DealDocument; item: Item },
  pressed: string,
): Promise<boolean> {
  const kept = keptFor(turn, live.deal, live.item);
  if (kept === null) return false;
  const about = { dealId: live.deal._id, itemId: live.item.id, askedAt: null };
  const { kind, done } = await submitValue(deps, turn, about, kept.value, { file: kept.file, known: live.deal });
  if (kind !== 'submitted') return true;
  useUp(turn, kept.file);
  turn.text(`用上了你之前发的「${kept.file.name}」，不用再发。`);
  settleAnswer(deps, turn, done, live.item, pressed);
  return true;
}

const answerTodo =
  (approved: boolean): Handler =>
  async (deps, turn, ids) => {
    const todo = await deps.todos.get(asId<TodoId>(ids[0] ?? '-'));
    await settle(deps, turn, todo, approved, '');
  };

async function settle(
  deps: ConversationDeps,
  turn: Turn,
  todo: TodoDocument | null,
  approved: boolean,
  note: string,
): Promise<void> {
  if (todo === null) {
    turn.replace('stale', {});
    return;
  }
  if (!todo.assignees.includes(turn.person.id)) {
    turn.reply('not-yours', {});
    return;
  }
  const { card } = await settleTodo(
    deps,
    { key: turn.event.key, platform: turn.event.platform, fromPress: true },
    todo,
    turn.person,
    approved,
    note,
  );
  const { body } = turn.event;
  // A copy of the card (from 我的待办) was pressed: it changes too, and the card itself by its own message.
  if (body.kind === 'press' && body.cardId === todoCardId(todo._id, turn.person.id)) turn.answer = card;
  else turn.replaceWith(card.card);
}

const reviewTodo = (deps: ConversationDeps, [dealId, evidenceId]: readonly string[]): Promise<TodoDocument | null> =>
  deps.todos.find({
    kind: 'review',
    dealId: asId<DealId>(dealId ?? '-'),
    evidenceId: asId<EvidenceId>(evidenceId ?? '-'),
  });

const reviewed: Handler = async (deps, turn, ids) => {
  const todo = await reviewTodo(deps, ids);
  const { question } = turn.session;
  if (question?.kind === 'todo-note' && question.todoId === todo?._id) turn.change.question = null;
  await settle(deps, turn, todo, true, '');
};

/** What goes back needs a reason: pressed on the same card, or written. */
const askWhy: Handler = async (deps, turn, ids) => {
  const todo = await reviewTodo(deps, ids);
  if (todo === null || todo.state === 'answered' || !todo.assignees.includes(turn.person.id)) {
    await settle(deps, turn, todo, false, '');
    return;
  }
  turn.change.question = { kind: 'todo-note', todoId: asId<TodoId>(todo._id), askedAt: turn.now };
  turn.replace('review-why', {
    dealId: todo.dealId,
    itemId: todo.itemId ?? '',
    client: todo.clientName,
    item: todo.itemName ?? '',
    submissionId: todo.evidenceId ?? '',
    todoId: todo._id,
    rep: todo.fromName,
    reasons: REVIEW_REASONS,
  });
};

const exempted =
  (approved: boolean): Handler =>
  async (deps, turn, ids) => {
    const [dealId, itemId, , todoId] = ids;
    // The card says which ask it is about; an earlier one of the same item has its own. Old cards did not say it.
    const todo =
      todoId === undefined
        ? await deps.todos.find({
            kind: 'exemption',
            dealId: asId<DealId>(dealId ?? '-'),
            itemId: itemId ?? '-',
          })
        : await deps.todos.get(asId<TodoId>(todoId));
    if (approved && todo?.state === 'open' && todo.assignees.includes(turn.person.id)) {
      const deal = await deps.deals.get(todo.dealId);
      const left = deal === null ? 0 : await exemptionsLeft(deps, todo.fromId, deps.deals.flowOf(deal));
      if (left === 0) {
        turn.text(`${todo.fromName}这个月的豁免用完了，这一次批不了，可以点「不同意」。`);
        return;
      }
    }
    await settle(deps, turn, todo, approved, '');
  };

const HANDLERS: Record<Verb, Handler> = {
  async deal(deps, turn, ids) {
    const own = await ownDeal(deps, turn, ids[0]);
    if (own !== null) await openDeal(deps, turn, own.deal, { keepCard: ids[1] !== undefined });
  },
  async ask(deps, turn, ids, press) {
    const live = await liveItem(deps, turn, ids);
    if (live === null) return;
    if (live.item.kind === 'confirm') {
      // One press says it all: no question is put for a yes.
      const about = { dealId: live.deal._id, itemId: live.item.id, askedAt: turn.now };
      const { kind, done } = await submitValue(deps, turn, about, { kind: 'confirm' }, { known: live.deal });
      if (kind === 'submitted') settleAnswer(deps, turn, done, live.item, press.cardId);
      return;
    }
    if (await usesKept(deps, turn, live, press.cardId)) return;
    if (live.item.kind === 'approval') await askApprovalAgain(deps, turn, live.deal, live.item);
    else ask(deps, turn, live.deal, live.flow, live.item, await knownFor(deps, live.deal, live.item));
  },
  async answer(deps, turn, ids, press) {
    const live = await liveItem(deps, turn, ids);
    if (live === null) return;
    const value = chosenValue(live.item, press.choices);
    if (value === null) {
      turn.text('还没选。点选项再提交就行。');
      return;
    }
    const answered = await submitValue(
      deps,
      turn,
      { dealId: live.deal._id, itemId: live.item.id, askedAt: turn.now },
      value,
      { known: live.deal },
    );
    if (answered.kind === 'again') ask(deps, turn, live.deal, live.flow, live.item);
    else if (answered.kind === 'submitted') settleAnswer(deps, turn, answered.done, live.item, press.cardId);
  },
  async touch(deps, turn, ids) {
    const live = await liveItem(deps, turn, ids);
    const visit = live === null ? undefined : currentVisitOf(live.deal);
    if (live === null || visit === undefined) return;
    // A tick is no touch: one sentence about it is asked for, and kept as its evidence.
    turn.change.dealId = live.deal._id;
    const question: ItemQuestion = {
      kind: 'item',
      dealId: live.deal._id,
      visitId: visit.id,
      itemId: live.item.id,
      askedAt: turn.now,
      step: 1,
      draft: { witness: ids[2] ?? '' },
    };
    turn.change.question = question;
    putQuestion(deps, turn, live.deal, live.flow, live.item, question, 'replace');
  },
  async 'skip-date'(deps, turn, ids, press) {
    const live = await liveItem(deps, turn, ids);
    const { question } = turn.session;
    if (live === null || question?.kind !== 'item' || question.itemId !== live.item.id) {
      if (live !== null) ask(deps, turn, live.deal, live.flow, live.item);
      return;
    }
    const { kind, done } = await submitValue(deps, turn, question, linkValue(question), { known: live.deal });
    if (kind === 'submitted') settleAnswer(deps, turn, done, live.item, press.cardId, question);
  },
  'voice-agree': async (deps, turn, ids) => stateConsent(deps, turn, ids, 'agreed'),
  'voice-own': async (deps, turn, ids) => stateConsent(deps, turn, ids, 'own'),
  'voice-drop': dropRecording,
  'voice-type': askWords,
  'voice-note': async (deps, turn, ids, press) => noteWords(deps, turn, ids, press.choices),
  async advance(deps, turn, ids, press) {
    const own = await ownDeal(deps, turn, ids[0]);
    if (own === null) return;
    const [, target] = ids;
    const done = await deps.deals.advance({
      ...dealCommand(turn, own.deal),
      ...(target === undefined ? {} : { target }),
    });
    if (done.decision?.outcome === 'refused') turn.replaceWith(presentGap(deps, done.flow, done.deal, target));
    else settleCard(turn, done, press.cardId);
  },
  async postpone(deps, turn, ids) {
    const own = await ownDeal(deps, turn, ids[0]);
    if (own === null) return;
    // A card of a deal that is over.
    if (own.deal.status === 'open') postponeDeals(deps, turn, [own.deal]);
    else turn.replace('stale', staleOf(own.deal, own.flow));
  },
  async 'postpone-all'(deps, turn) {
    const deals = await deps.deals.openOf(turn.person.id);
    const due = deals.filter((deal) => (currentVisitOf(deal)?.dueAt ?? turn.now) <= turn.now);
    postponeDeals(deps, turn, due.length > 0 ? due : deals);
  },
  async exempt(deps, turn, ids) {
    const live = await liveItem(deps, turn, ids);
    if (live !== null) await askExemption(deps, turn, live.deal, live.flow, live.item);
  },
  'exempt-grant': exempted(true),
  'exempt-refuse': exempted(false),
  async 'ask-review'(deps, turn, ids) {
    const own = await ownDeal(deps, turn, ids[0]);
    if (own !== null) await askReview(deps, turn, own.deal, asId<EvidenceId>(ids[1] ?? '-'));
  },
  'review-pass': reviewed,
  'review-fail': askWhy,
  async 'review-why'(deps, turn, ids) {
    const todo = await deps.todos.get(asId<TodoId>(ids[0] ?? '-'));
    const reason = REVIEW_REASONS.find(({ id }) => id === ids[1])?.text ?? '';
    turn.change.question = null;
    await settle(deps, turn, todo, false, reason);
  },
  'todo-pass': answerTodo(true),
  'todo-finish': answerTodo(true),
  async 'todo-object'(deps, turn, ids) {
    const todo = await deps.todos.get(asId<TodoId>(ids[0] ?? '-'));
    if (todo === null || todo.state === 'answered' || !todo.assignees.includes(turn.person.id)) {
      await settle(deps, turn, todo, false, '');
      return;
    }
    turn.change.question = { kind: 'todo-note', todoId: asId<TodoId>(todo._id), askedAt: turn.now };
    turn.text(`写一句意见，会转给${todo.fromName}。`);
  },
  'same-person': (deps, turn, ids) => settleSamePerson(deps, turn, ids, true),
  'not-same': (deps, turn, ids) => settleSamePerson(deps, turn, ids, false),
  'nudge-ask': askRep,
  'nudge-take': takeOn,
  ...GROUP_PRESSES,
  async 'pick-deal'(deps, turn, _ids, press) {
    const chosen = Object.values(press.choices).flat()[0];
    const own = chosen === undefined ? null : await ownDeal(deps, turn, chosen);
    if (chosen === undefined) turn.text('先选中一个商机，再点「打开」。');
    else if (own !== null) await openDeal(deps, turn, own.deal);
  },
  'my-deals': async (deps, turn) => offerMyDeals(deps, turn),
  'my-todos': async (deps, turn) => offerTodos(deps, turn),
  digest: (deps, turn) => offerDigest(deps, turn),
  resume: async (deps, turn) => resumeQuestion(deps, turn),
  async later(deps, turn, _ids, press) {
    const { question, dealId } = turn.session;
    const about =
      question?.kind === 'postpone-reason'
        ? question.dealIds
        : [question && 'dealId' in question ? question.dealId : dealId];
    for (const id of about) {
      const deal = id === undefined || id === null ? null : await deps.deals.get(id);
      const visit = deal?.visits.find((one) => checklistCardId(deal, one.id) === press.cardId);
      if (deal === null || visit === undefined) continue;
      leaveQuestion(turn, { quiet: true });
      turn.replaceWith(deps.deals.card(deal, { visitId: visit.id }));
      return;
    }
    // The question stands on another card than the checklist: that one stays as it is and is closed.
    const deal = question?.kind === 'item' ? await deps.deals.get(question.dealId) : null;
    const found =
      question?.kind === 'item' && deal !== null ? dealItem(deps.deals.flowOf(deal), deal, question.itemId) : null;
    const onCard = turn.event.body.kind === 'press' && question?.kind === 'item' && deal !== null && found !== null;
    leaveQuestion(turn, { quiet: onCard });
    if (onCard)
      putQuestion(deps, turn, deal, deps.deals.flowOf(deal), found.item, question, {
        close: '先放着，发「继续」接着做',
      });
  },
  help: (_deps, turn) => offerHelp(turn, 'help'),
};

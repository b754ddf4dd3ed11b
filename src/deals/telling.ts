import { stableId, type CardId } from '../core/index.js';
import {
  findSubmission,
  formatLimit,
  itemStates,
  type Decision,
  type Flow,
  type FlowEvent,
  type Item,
} from '../flow/index.js';
import type { Outgoing } from '../platforms/contract.js';
import type { Effect } from '../store/index.js';
import { PASSIVE_HOLD_MS } from '../todos/index.js';
import type { DealDocument } from './model.js';
import { ownerAddress, sendEffect, showKey, type Cause, type EffectDeps } from './sending.js';
import { checklistCardId, presentChecklist, stageOf } from './views.js';
import { receivedWords, waitingCardId } from './waiting.js';
import { asksConsent, consentCard, wordsCard } from './voice.js';

/** A photo that is judged at once changes its card once, not twice: 核验中 is shown only when it takes longer. */
const CHECKING_SHOWN_AFTER_MS = 1_500;

/** What was told in a message of its own shows on the card a little later, together with what came meanwhile. */
const REFRESHED_AFTER_MS = 20_000;

/** How the owner's chat shows what was decided: by the checklist, in a few words until there is a verdict, or not at all where another message tells it and the list still holds. */
export function chatEffects(
  deps: EffectDeps,
  flow: Flow,
  visitId: string,
  before: DealDocument,
  after: DealDocument,
  decision: Decision,
  cause: Cause,
  isTold: boolean,
): Effect[] {
  const to = ownerAddress(deps, after);
  const said = cause.inWords === true && !cause.fromPress ? receivedWords(deps, flow, before, after, decision) : null;
  if (said !== null) {
    const { text, onlyAsAnswer } = said;
    const message = { kind: 'text', text } as const;
    const key = `received:${cause.key}`;
    return [sendEffect({ key, to, message, purpose: 'reply', ...(onlyAsAnswer && { onlyAsAnswer }) })];
  }
  if (!cause.fromPress && listStillHolds(before, decision)) return [];
  const card = presentChecklist(deps, flow, after, { visitId });
  const wentOn = decision.outcome === 'advanced' || decision.outcome === 'completed';
  const show = {
    key: showKey(cause.key),
    to,
    message: { kind: 'show', cardId: checklistCardId(after, visitId), card },
    ...(cause.answersOwner || wentOn ? {} : { unlessChoosing: after.ownerId }),
    ...sparingOf(flow, after, decision, cause, isTold),
  } as const;
  const later = (ms: number): { notBefore: Date } => ({ notBefore: new Date(deps.now().getTime() + ms) });
  const purpose = cause.byOwner ? 'reply' : 'verdict';
  if (cause.fromPress) return [sendEffect({ ...show, purpose, ...later(PASSIVE_HOLD_MS) })];
  if (tellsApart(decision, cause) || nextWasAskedFor(flow, before, after, decision.events)) {
    return [sendEffect({ ...show, purpose: 'refresh', ...later(REFRESHED_AFTER_MS) })];
  }
  const onlyChecking = decision.outcome === 'waiting' && decision.why === 'checking';
  return [sendEffect({ ...show, purpose, ...(onlyChecking ? later(CHECKING_SHOWN_AFTER_MS) : {}) })];
}

/** A verdict after which the list asks for the same as before: more of it, or patience. Null: there is more to show. */
function progressWords(flow: Flow, deal: DealDocument, events: readonly FlowEvent[]): string | null {
  const judged = events.filter((event) => event.type === 'evidence.judged');
  const [one] = judged;
  if (one === undefined || judged.length > 1) return null;
  const { stageId, itemId, status } = one.body;
  const item = stageOf(flow, stageId)?.items.find(({ id }) => id === itemId);
  const state = itemStates(flow, deal, stageId).find((found) => found.itemId === itemId);
  if (item === undefined || state === undefined) return null;
  if (status === 'review') return `「${item.name}」机器拿不准，已经请主管看，有结果就告诉你。`;
  if (status !== 'passed' || state.have >= state.need) return null;
  const more = state.need - state.have;
  return `✅ ${item.name} ${state.have}/${state.need}，再${item.kind === 'photo' ? `拍 ${more} 张` : `交 ${more} 份`}。`;
}

/** One of several passed, and its sender was told in words to go on with the next: nobody waits for the list. */
function nextWasAskedFor(flow: Flow, before: DealDocument, after: DealDocument, events: readonly FlowEvent[]): boolean {
  const [event] = events;
  if (event?.type !== 'evidence.judged' || events.length > 1) return false;
  const { stageId, itemId, evidenceId, status } = event.body;
  const state = itemStates(flow, after, stageId).find((found) => found.itemId === itemId);
  const isFresh = findSubmission(before, evidenceId)?.submission.status === 'checking';
  const isMore = state !== undefined && state.have < state.need;
  return status === 'passed' && isFresh && isMore && !(before.checkingShown ?? []).includes(evidenceId);
}

/**
 * A skip that was refused changed nothing on the list; nor did fresh evidence that did not pass, which a message of its
 * own tells with the next step, unless the list says that it is being looked at.
 */
function listStillHolds(before: DealDocument, decision: Decision): boolean {
  if (decision.outcome === 'refused') return true;
  const judged = decision.events.filter((event) => event.type === 'evidence.judged');
  const [one] = judged;
  if (one === undefined || judged.length < decision.events.length) return false;
  return judged.every(({ body: { status, evidenceId } }) => {
    const isFresh = findSubmission(before, evidenceId)?.submission.status === 'checking';
    return status === 'failed' && isFresh && !(before.checkingShown ?? []).includes(evidenceId);
  });
}

/** Where every call counts: the next press on the checklist brings it up to date for nothing. */
function sparingOf(
  flow: Flow,
  after: DealDocument,
  decision: Decision,
  cause: Cause,
  isTold: boolean,
): Pick<Outgoing, 'sparing'> {
  if (cause.fromPress) return {};
  const onlyChecking = decision.outcome === 'waiting' && decision.why === 'checking';
  if (onlyChecking || isTold) return { sparing: 'left-out' };
  const words = progressWords(flow, after, decision.events);
  return words === null ? {} : { sparing: { text: words } };
}

/** A message of its own tells it, with the next step: what did not pass, and a stage that is over by somebody else's word. */
function tellsApart(decision: Decision, cause: Cause): boolean {
  const isOver = decision.outcome === 'advanced' || decision.outcome === 'completed';
  if (isOver) return !cause.byOwner;
  return decision.events.some(
    ({ type, body }) => type === 'evidence.judged' && (body.status === 'failed' || body.status === 'unchecked'),
  );
}

/** What did not pass is said in a message of its own, with the next step; what passed only changes the card. */
export function verdictEffect(
  deps: EffectDeps,
  flow: Flow,
  before: DealDocument,
  deal: DealDocument,
  event: FlowEvent,
  cause: Cause,
): Effect | null {
  if (event.type !== 'evidence.judged') return null;
  const { status, evidenceId, stageId, itemId, codes } = event.body;
  if (status !== 'failed' && status !== 'unchecked') return null;
  const item = stageOf(flow, stageId)?.items.find((one) => one.id === itemId);
  const found = findSubmission(deal, evidenceId);
  if (item === undefined || found === null) return null;
  const say = found.submission.say ?? '';
  const card =
    status === 'unchecked' && asksConsent(item, codes)
      ? deps.cards.fill('voice-consent', consentCard(deal, item, evidenceId, { state: 'ask', say }))
      : deps.cards.fill(status === 'failed' ? 'verdict-failed' : 'verdict-unchecked', {
          dealId: deal._id,
          itemId,
          client: deal.clientName,
          item: item.name,
          kind: item.kind,
          say,
          // A person's word is final: there is nobody left to ask.
          ...(isVerifiedByMachine(item) && found.submission.judgedBy === undefined ? { submissionId: evidenceId } : {}),
        });
  return sendEffect({
    key: `verdict:${cause.key}:${evidenceId}`,
    to: ownerAddress(deps, deal),
    message: {
      kind: 'show',
      cardId: (before.waiting ?? []).includes(evidenceId)
        ? waitingCardId(evidenceId)
        : stableId<CardId>('vd', cause.key, evidenceId),
      card,
    },
    purpose: 'verdict',
  });
}

const isVerifiedByMachine = ({ kind }: Item): boolean =>
  kind === 'photo' || kind === 'file' || kind === 'sheet' || kind === 'link' || kind === 'voice';

/** What was heard is offered once, whatever the further verdicts on the recording. */
export function mentionsEffect(
  deps: EffectDeps,
  flow: Flow,
  deal: DealDocument,
  event: FlowEvent,
  { mentions = [] }: Cause,
): Effect | null {
  if (event.type !== 'evidence.judged' || mentions.length === 0) return null;
  const { status, evidenceId, stageId, itemId } = event.body;
  const item = stageOf(flow, stageId)?.items.find((one) => one.id === itemId);
  if (item === undefined || status === 'failed' || status === 'withdrawn') return null;
  return sendEffect({
    key: `mentions:${evidenceId}`,
    to: ownerAddress(deps, deal),
    message: {
      kind: 'show',
      cardId: stableId<CardId>('vw', evidenceId),
      card: deps.cards.fill('voice-words', wordsCard(deal, item, evidenceId, mentions)),
    },
    purpose: 'verdict',
  });
}

export function stageDoneEffect(
  deps: EffectDeps,
  flow: Flow,
  before: DealDocument,
  after: DealDocument,
  decision: Decision,
  cause: Cause,
): Effect {
  const stage = before.stageId === null ? undefined : stageOf(flow, before.stageId);
  const next = after.stageId === null ? undefined : stageOf(flow, after.stageId);
  const base = { dealId: after._id, client: after.clientName, stage: stage?.name ?? '' };
  return sendEffect({
    key: `stage-done:${cause.key}`,
    to: ownerAddress(deps, after),
    message: {
      kind: 'show',
      cardId: stableId<CardId>('sd', cause.key),
      card: deps.cards.fill(
        'stage-done',
        decision.outcome === 'completed' || next === undefined
          ? { ...base, state: 'won' }
          : { ...base, state: 'next', nextStage: next.name, nextStandard: formatLimit(next.limit) },
      ),
    },
    purpose: 'verdict',
  });
}

import { stableId, type TodoId } from '../core/index.js';
import {
  findSubmission,
  formatLimit,
  type Decision,
  type Flow,
  type FlowEffect,
  type FlowEvent,
} from '../flow/index.js';
import type { Effect } from '../store/index.js';
import type { TodoSubject } from '../todos/index.js';
import { showsDevice } from './equipment.js';
import { evidenceOf } from './evidence-row.js';
import type { DealFacts } from './events.js';
import type { DealDocument } from './model.js';
import { ownerAddress, sendEffect, type Cause, type EffectDeps } from './sending.js';
import { chatEffects, mentionsEffect, stageDoneEffect, verdictEffect } from './telling.js';
import { stageOf } from './views.js';
import { waitingCards } from './waiting.js';

/** Kinds of effects that leave a deal; `dealSinks` says where each goes. */
export const VERIFY = 'verify';
export const REVIEW = 'review';
export const ASK = 'ask';
/** What a nameplate shows goes into the client's equipment list, or out again. */
export const EQUIPMENT = 'equipment';

export function factsOf(deal: DealDocument): DealFacts {
  return {
    dealId: deal._id,
    clientId: deal.clientId,
    clientName: deal.clientName,
    ownerId: deal.ownerId,
    teamId: deal.teamId,
    regionId: deal.regionId,
    productLine: deal.productLine,
    flowId: deal.flowId,
    flowHash: deal.flowHash,
  };
}

/** The gate's events with what the figures need to know about the deal. */
export function eventsOf(
  deal: DealDocument,
  flow: Flow,
  events: readonly FlowEvent[],
): { type: string; data: Record<string, unknown> }[] {
  const facts = factsOf(deal);
  return events.map((event) => {
    const data: Record<string, unknown> = { ...facts, ...event.body };
    if (event.type === 'stage.entered') {
      data['required'] = (stageOf(flow, event.body.stageId)?.items ?? [])
        .filter((item) => item.required)
        .map((item) => ({ itemId: item.id, itemName: item.name }));
    }
    return { type: event.type, data };
  });
}

/** Everything that follows from one decision: verifications, asks to others, and how the rep's chat changes. */
export function effectsOf(
  deps: EffectDeps,
  flow: Flow,
  before: DealDocument,
  after: DealDocument,
  decision: Decision,
  cause: Cause,
): Effect[] {
  const effects = [
    ...decision.effects.map((effect) => outsideEffect(deps, flow, after, effect, cause)),
    ...deviceEffects(flow, before, decision, cause),
  ];
  if (cause.quiet === true) return effects.filter(({ kind }) => kind === VERIFY || kind === EQUIPMENT);
  if (decision.events.length === 0 && !cause.fromPress) return effects;
  // Not even taken: whoever asked puts the question again.
  if (decision.outcome === 'asked_again' && decision.code !== 'verdict') return effects;

  const visit = before.visits.at(-1) ?? after.visits[0];
  if (visit === undefined) return effects;
  const wentOn = decision.outcome === 'advanced' || decision.outcome === 'completed';
  const told = decision.events.flatMap((event) => verdictEffect(deps, flow, before, after, event, cause) ?? []);
  const heard = decision.events.flatMap((event) => mentionsEffect(deps, flow, after, event, cause) ?? []);
  if (!cause.byOwner && wentOn) told.push(stageDoneEffect(deps, flow, before, after, decision, cause));
  effects.push(...chatEffects(deps, flow, visit.id, before, after, decision, cause, told.length > 0));
  for (const { id, message, sparing } of waitingCards(deps, flow, before, after, decision.events)) {
    const key = `waiting:${cause.key}:${id}`;
    effects.push(sendEffect({ key, to: ownerAddress(deps, after), message, purpose: 'reply', sparing }));
  }
  return [...effects, ...told, ...heard];
}

/** Of a deal that was brought in, what others owe it in the stage where it stands; all else of its past is over. */
export function openAsks(
  deps: EffectDeps,
  flow: Flow,
  deal: DealDocument,
  decided: readonly FlowEffect[],
  key: string,
): Effect[] {
  const visit = deal.visits.at(-1);
  if (visit === undefined || deal.status !== 'open') return [];
  const owed = decided.filter((effect) => {
    if (effect.kind !== 'todo' || effect.stageId !== visit.stageId) return false;
    const given = effect.itemId === undefined ? [] : (visit.items[effect.itemId]?.submissions ?? []);
    return given.length === 0;
  });
  const cause = { key, fromPress: false, quiet: true, byOwner: false, answersOwner: false };
  return owed.map((effect) => outsideEffect(deps, flow, deal, effect, cause));
}

/** A nameplate passed, or counts no more. The list looks up how it stands then, so the order of these does not matter. */
function deviceEffects(flow: Flow, before: DealDocument, decision: Decision, cause: Cause): Effect[] {
  return decision.events.flatMap((event): Effect[] => {
    if (event.type !== 'evidence.judged') return [];
    const { stageId, itemId, evidenceId, status } = event.body;
    if (!showsDevice(stageOf(flow, stageId)?.items.find((one) => one.id === itemId))) return [];
    const counted = findSubmission(before, evidenceId)?.submission.status === 'passed';
    if (status !== 'passed' && !counted) return [];
    return [{ _id: `equipment:${cause.key}:${evidenceId}`, kind: EQUIPMENT, data: { evidenceId } }];
  });
}

function outsideEffect(deps: EffectDeps, flow: Flow, deal: DealDocument, effect: FlowEffect, cause: Cause): Effect {
  switch (effect.kind) {
    case 'verify':
      return {
        _id: effect.key,
        kind: VERIFY,
        data: evidenceOf(flow, deal, effect.submissionId, cause) as unknown as Record<string, unknown>,
      };
    case 'review':
      return {
        _id: effect.key,
        kind: REVIEW,
        data: { dealId: deal._id, evidenceId: effect.submissionId, key: effect.key },
      };
    case 'todo': {
      const stage = stageOf(flow, effect.stageId);
      const item = stage?.items.find((one) => one.id === effect.itemId);
      const owner = deps.org.person(deal.ownerId);
      const now = deps.now();
      const subject: TodoSubject = {
        kind: effect.itemId === undefined ? 'task' : 'approval',
        dealId: deal._id,
        clientName: deal.clientName,
        stageName: stage?.name ?? '',
        ...(item === undefined ? {} : { itemId: item.id, itemName: item.name }),
        fromId: deal.ownerId,
        fromName: owner?.name ?? '',
        department: effect.department,
        assignees: deps.org.byDepartment(effect.department).map((person) => person.id),
        text: effect.text,
        limitText: formatLimit(effect.limit),
        dueAt: deps.calendar.addWork(now, effect.limit),
        prefer: deal.card?.platform ?? 'wecom',
      };
      return {
        _id: effect.key,
        kind: ASK,
        data: { id: stableId<TodoId>('todo', effect.key), subject: subject },
      };
    }
  }
}

export function reviewTodoId(effectKey: string): TodoId {
  return stableId<TodoId>('todo', effectKey);
}

import { unreachable } from '../core/index.js';
import type { Command, Decision, DecisionContext, RefusalCode } from './commands.js';
import { Draft } from './draft.js';
import type { Place } from './draft.js';
import { lookAt } from './judge-now.js';
import type { Progress, SubmissionStatus } from './progress.js';
import { findSubmission, gap, itemState, progressOf } from './states.js';
import type { GapItem } from './states.js';
import type { Flow, Item } from './types.js';

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;
type Tail<D = Decision> = D extends Decision ? Omit<D, 'progress' | 'events' | 'effects'> : never;

const UNCHANGED: Tail = { outcome: 'waiting', why: 'unchanged' };
const refused = (code: RefusalCode, missing: GapItem[] = []): Tail => ({ outcome: 'refused', code, gap: missing });

/** A deal that was not opened yet. */
export function newProgress(): Progress {
  return { status: 'open', stageId: null, visits: [], skipAttempts: 0 };
}

/**
 * The gate: the only way a deal moves. Pure; the progress given is never written to. A refusal may carry events too (an
 * attempt to skip, an exemption that ran out): whatever the outcome, what has events or effects is stored.
 */
export function decide(flow: Flow, before: Progress, command: Command, context: DecisionContext): Decision {
  const draft = new Draft(flow, before, context);
  draft.expireExemptions();
  const tail = act(draft, command);
  const { events, effects } = draft;
  return { ...tail, progress: events.length === 0 ? before : draft.progress, events, effects };
}

function act(draft: Draft, command: Command): Tail {
  if (command.kind === 'open') return open(draft);
  // Verdicts come late; they are recorded even when the deal is over.
  if (command.kind === 'judge') return judge(draft, command);
  const place = draft.place();
  if (command.kind === 'expire-exemptions') return draft.events.length === 0 ? UNCHANGED : waiting('open');
  if (place === null) return refused('deal.not_open');
  switch (command.kind) {
    case 'submit':
      return submit(draft, place, command);
    case 'request-review':
      return requestReview(draft, place, command);
    case 'request-approval':
      return requestApproval(draft, place, command);
    case 'withdraw':
      return withdraw(draft, place, command);
    case 'advance':
      return advance(draft, place, command);
    case 'exempt':
      return exempt(draft, place, command);
    case 'postpone':
      return postpone(draft, place, command);
    case 'lose':
      return lose(draft, place, command);
    default:
      return unreachable(command);
  }
}

const waiting = (why: Extract<Decision, { outcome: 'waiting' }>['why']): Tail => ({ outcome: 'waiting', why });

function open(draft: Draft): Tail {
  const first = draft.flow.stages[0];
  if (first === undefined || draft.progress.visits.length > 0) return UNCHANGED;
  draft.emit('deal.opened', {});
  draft.enter(first);
  return { outcome: 'advanced', fromStageId: null, toStageId: first.id };
}

function submit(draft: Draft, { stage, visit }: Place, { itemId, submission, expectedScan }: Of<'submit'>): Tail {
  if (findSubmission(draft.progress, submission.id) !== null) return UNCHANGED;
  const item = stage.items.find((one) => one.id === itemId);
  if (item === undefined) return refused(isItemOf(draft.flow, itemId) ? 'item.elsewhere' : 'item.unknown');
  // Two people of a department may both press; the first answer stands.
  if (item.kind === 'approval' && isPassed(item, { stage, visit })) return UNCHANGED;
  const look = lookAt(draft.flow, item, submission.value, expectedScan);
  if (look.kind === 'again') return { outcome: 'asked_again', itemId, code: look.code, say: look.say };

  const wasPassed = isPassed(item, { stage, visit });
  draft.replaceOlder(visit, item, submission.id, ['checking', 'review', 'unchecked']);
  const stored = { ...structuredClone(submission), at: draft.context.now, status: 'checking' as SubmissionStatus };
  draft.itemProgress(visit, itemId).submissions.push(stored);
  const about = { visitId: visit.id, stageId: stage.id, itemId };
  draft.emit('evidence.submitted', { ...about, itemName: item.name, itemKind: item.kind, evidenceId: stored.id });
  if (look.kind === 'verify') {
    draft.effects.push({ kind: 'verify', key: `verify:${stored.id}`, ...about, submissionId: stored.id });
    return waiting('checking');
  }
  draft.setStatus(visit, itemId, stored, look.status, look);
  if (look.status === 'failed') return { outcome: 'asked_again', itemId, code: 'verdict', say: look.say };
  return settle(draft, { stage, visit }, item, stored.id, wasPassed);
}

function judge(draft: Draft, { submissionId, status, say, codes, by }: Of<'judge'>): Tail {
  const found = findSubmission(draft.progress, submissionId);
  if (found === null) return refused('submission.unknown');
  const { visit, itemId, submission } = found;
  if (by !== undefined && by === submission.by) return refused('submission.own');
  if (by !== undefined && status !== 'passed' && status !== 'failed') return refused('review.undecided');
  const undecided: SubmissionStatus[] = ['checking', 'unchecked'];
  if (by !== undefined) undecided.push('review');
  // What the machine passed may still be refused by a person who looks; what a person passed stays.
  const judged = draft.flow.stages.find(({ id }) => id === visit.stageId)?.items.find(({ id }) => id === itemId);
  if (by !== undefined && submission.judgedBy === undefined && isVerified(judged)) undecided.push('passed');
  // Still not checked, but for another reason: the person has to hear which.
  const isNews = submission.status !== status || (status === 'unchecked' && say !== '' && submission.say !== say);
  if (!undecided.includes(submission.status) || !isNews) return UNCHANGED;
  const place = draft.place();
  const item = place?.stage.items.find((one) => one.id === itemId);
  const isHere = place !== null && place.visit === visit && item !== undefined;
  const wasPassed = isHere && isPassed(item, place);
  draft.setStatus(visit, itemId, submission, status, { say, codes });
  if (by !== undefined) submission.judgedBy = by;
  // The stage is behind: recorded, nothing moves and nobody is asked to do it over.
  if (!isHere) return waiting('open');
  switch (status) {
    case 'passed':
      return settle(draft, place, item, submissionId, wasPassed);
    case 'failed':
      reopen(draft, place, item, wasPassed);
      return { outcome: 'asked_again', itemId, code: 'verdict', say };
    case 'review':
      askReview(draft, place, itemId, submission.id);
      return waiting('review');
    case 'unchecked':
      return waiting('unchecked');
  }
}

/** After something passed: older answers give way, the item may be done, and with it the stage. */
function settle(
  draft: Draft,
  place: Place,
  item: Item,
  submissionId: Of<'judge'>['submissionId'],
  wasPassed: boolean,
): Tail {
  draft.replaceOlder(place.visit, item, submissionId, ['passed']);
  if (!wasPassed && isPassed(item, place)) {
    draft.emit('item.passed', { visitId: place.visit.id, stageId: place.stage.id, itemId: item.id });
  }
  return leaveWhenDone(draft, place);
}

function leaveWhenDone(draft: Draft, place: Place): Tail {
  const left = draft.leaveWhenDone(place);
  if (left === 'completed') return { outcome: 'completed', status: 'won' };
  const { stageId } = draft.progress;
  if (left === null || stageId === null) return waiting('open');
  return { outcome: 'advanced', fromStageId: place.stage.id, toStageId: stageId };
}

function requestReview(draft: Draft, place: Place, { submissionId, by }: Of<'request-review'>): Tail {
  const found = findSubmission(draft.progress, submissionId);
  if (found === null) return refused('submission.unknown');
  const { visit, itemId, submission } = found;
  if (visit !== place.visit) return refused('submission.stage_left');
  if (submission.by !== by) return refused('submission.not_yours');
  if (submission.status === 'review') return UNCHANGED;
  const item = place.stage.items.find((one) => one.id === itemId);
  const isOpen = submission.status === 'failed' || submission.status === 'unchecked';
  if (submission.judgedBy !== undefined) return refused('review.done');
  if (!isVerified(item) || !isOpen || isPassed(item, place)) return refused('review.not_needed');
  draft.setStatus(visit, itemId, submission, 'review');
  askReview(draft, place, itemId, submission.id);
  return waiting('review');
}

function askReview(
  draft: Draft,
  { stage, visit }: Place,
  itemId: string,
  submissionId: Of<'judge'>['submissionId'],
): void {
  const about = { visitId: visit.id, stageId: stage.id, itemId, submissionId };
  draft.effects.push({ kind: 'review', key: `review:${submissionId}`, ...about });
}

function requestApproval(draft: Draft, place: Place, { itemId }: Of<'request-approval'>): Tail {
  const item = place.stage.items.find((one) => one.id === itemId);
  if (item === undefined) return refused(isItemOf(draft.flow, itemId) ? 'item.elsewhere' : 'item.unknown');
  const isObjected = itemState(item, progressOf(place.visit, itemId)).state === 'failed';
  if (item.kind !== 'approval' || !isObjected) return refused('approval.not_needed');
  draft.askApproval(place, item);
  return waiting('open');
}

function withdraw(draft: Draft, place: Place, { submissionId, by }: Of<'withdraw'>): Tail {
  const found = findSubmission(draft.progress, submissionId);
  if (found === null) return refused('submission.unknown');
  const { visit, itemId, submission } = found;
  if (submission.by !== by) return refused('submission.not_yours');
  if (submission.status === 'withdrawn') return UNCHANGED;
  if (visit !== place.visit) return refused('submission.stage_left');
  const item = place.stage.items.find((one) => one.id === itemId);
  const wasPassed = item !== undefined && isPassed(item, place);
  draft.setStatus(visit, itemId, submission, 'withdrawn');
  if (item !== undefined) reopen(draft, place, item, wasPassed);
  return waiting('open');
}

/** What made the item pass is gone: it is owed again. */
function reopen(draft: Draft, place: Place, item: Item, wasPassed: boolean): void {
  if (!wasPassed || isPassed(item, place)) return;
  draft.emit('item.reopened', { visitId: place.visit.id, stageId: place.stage.id, itemId: item.id });
}

function advance(draft: Draft, place: Place, { by, toStageId, cause }: Of<'advance'>): Tail {
  const { stages } = draft.flow;
  const from = stages.indexOf(place.stage);
  const to = toStageId === undefined ? from + 1 : stages.findIndex((stage) => stage.id === toStageId);
  if (to < 0) return refused('stage.unknown');
  if (to <= from) return refused('stage.not_forward');
  const missing = gap(draft.flow, draft.progress, toStageId);
  if (missing.length === 0) return leaveWhenDone(draft, place);
  const target = stages[to];
  if (cause !== 'rule' && target !== undefined) {
    draft.progress.skipAttempts += 1;
    draft.emit('skip.attempted', { fromStageId: place.stage.id, toStageId: target.id, by });
  }
  return refused('gap', missing);
}

function exempt(draft: Draft, place: Place, { itemId, by, reason, expiresAt }: Of<'exempt'>): Tail {
  const policy = draft.flow.exemptions;
  if (policy === undefined) return refused('exemption.none');
  const item = place.stage.items.find((one) => one.id === itemId);
  if (item === undefined) return refused(isItemOf(draft.flow, itemId) ? 'item.elsewhere' : 'item.unknown');
  if (!item.required) return refused('exemption.not_required');
  if (policy.reasonRequired && reason.trim() === '') return refused('exemption.reason');
  const { now } = draft.context;
  const validMs = expiresAt.getTime() - now.getTime();
  if (!(validMs > 0 && validMs <= policy.validMs)) return refused('exemption.expiry');
  const entry = draft.itemProgress(place.visit, itemId);
  if (entry.exemption !== undefined || isPassed(item, place)) return UNCHANGED;
  entry.exemption = { by, reason, at: now, expiresAt: new Date(expiresAt) };
  draft.emit('item.exempted', { visitId: place.visit.id, stageId: place.stage.id, itemId, by, reason });
  return leaveWhenDone(draft, place);
}

function postpone(draft: Draft, { stage, visit }: Place, { reason }: Of<'postpone'>): Tail {
  if (reason.trim() === '') return refused('reason.missing');
  draft.emit('deal.postponed', { visitId: visit.id, stageId: stage.id, reason });
  return waiting('open');
}

function lose(draft: Draft, { visit }: Place, { reason }: Of<'lose'>): Tail {
  if (reason.trim() === '') return refused('reason.missing');
  visit.leftAt = draft.context.now;
  draft.progress.status = 'lost';
  draft.progress.stageId = null;
  draft.emit('deal.lost', { reason });
  return { outcome: 'completed', status: 'lost' };
}

function isPassed(item: Item, { visit }: Place): boolean {
  return itemState(item, progressOf(visit, item.id)).state === 'passed';
}

/** What is handed in for it goes to a verifier; the rest is decided by the gate or by a person. */
function isVerified(item: Item | undefined): item is Item {
  return item !== undefined && ['photo', 'file', 'sheet', 'link', 'voice'].includes(item.kind);
}

function isItemOf(flow: Flow, itemId: string): boolean {
  return flow.stages.some((stage) => stage.items.some((item) => item.id === itemId));
}

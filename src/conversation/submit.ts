import type { GotKind } from '../cards/index.js';
import { stableId, type EvidenceId } from '../core/index.js';
import type { Done, SubmitCommand } from '../deals/index.js';
import type { SubmissionValue } from '../flow/index.js';
import type { ConversationDeps } from './context.js';
import type { Question } from './session.js';
import { staleOf } from './standing.js';
import type { Turn } from './turn.js';

export type ItemQuestion = Extract<Question, { kind: 'item' }>;

/** What an answer in words came to: handed in, the next step asked, or not an answer at all. */
export type Answered =
  | { kind: 'submitted'; done: Done }
  | { kind: 'again'; done: Done }
  /** The gate would not have it any more: the stage or the deal is over. The person has been told. */
  | { kind: 'refused'; done: Done }
  | { kind: 'asked' }
  | { kind: 'not-an-answer'; got: GotKind };

/** Hands a value in for the open question and closes it. */
export async function submitValue(
  deps: ConversationDeps,
  turn: Turn,
  question: Pick<ItemQuestion, 'dealId' | 'itemId'> & { askedAt: Date | null },
  value: SubmissionValue,
  extra: Pick<SubmitCommand, 'file' | 'positions' | 'voice' | 'expectedCode' | 'known'> = {},
): Promise<Extract<Answered, { done: Done }>> {
  const done = await deps.deals.submit({
    key: turn.event.key,
    dealId: question.dealId,
    by: turn.person.id,
    platform: turn.event.platform,
    fromPress: turn.event.body.kind === 'press',
    itemId: question.itemId,
    evidenceId: stableId<EvidenceId>('ev', turn.event.key),
    value,
    askedAt: question.askedAt,
    ...(turn.event.takesWords === true ? { inWords: true } : {}),
    ...extra,
  });
  turn.change.dealId = question.dealId;
  if (done.decision?.outcome === 'asked_again' && done.decision.code !== 'verdict') {
    // Not even taken: the question stays open, and the person hears what is missing.
    turn.text(done.decision.say);
    return { kind: 'again', done };
  }
  turn.change.question = null;
  if (done.decision?.outcome === 'refused') {
    turn.reply('stale', staleOf(done.deal, done.flow));
    return { kind: 'refused', done };
  }
  return { kind: 'submitted', done };
}

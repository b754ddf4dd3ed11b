import {
  asId,
  BadInputError,
  ConflictError,
  DAY,
  NotAllowedError,
  NotFoundError,
  type Clock,
  type EvidenceId,
  type TodoId,
} from '../core/index.js';
import { checkLabel } from '../evidence/index.js';
import { findSubmission } from '../flow/index.js';
import type { Conversation } from '../conversation/index.js';
import type { Deals, EvidenceDocument, Verification } from '../deals/index.js';
import type { Org, TimeWords } from '../org/index.js';
import { REVIEW_REASONS, type TodoDocument, type Todos } from '../todos/index.js';
import type { EvidenceView, ReviewQueueView, ReviewRow, Viewer } from './backend.js';
import { countReviews } from './review-counts.js';
import { verifierLabel } from './views-evidence.js';

/** Said with one press when something goes back; free words are as good. */
export interface Decision {
  approved: boolean;
  note: string;
}

export interface ReviewDesk {
  queue(viewer: Viewer): Promise<ReviewQueueView>;
  /** The first decision holds; what came of it in words. */
  decide(viewer: Viewer, todoId: string, body: unknown): Promise<{ mine: boolean; text: string }>;
  /** Refuses, with a reason, what the machine had passed. */
  refuse(viewer: Viewer, evidenceId: string, body: unknown): Promise<{ text: string }>;
}

export interface ReviewDeskDeps {
  org: Org;
  deals: Deals;
  todos: Todos;
  verification: Verification;
  conversation: Pick<Conversation, 'settle'>;
  words: TimeWords;
  /** The page of an evidence for a viewer, without counting as a look: the queue is opened many times a day. */
  evidenceOf: (viewer: Viewer, evidence: EvidenceDocument) => Promise<EvidenceView | null>;
  clock: Clock;
}

const SHOWN = 20;
const COUNTED_DAYS = 90;
const COUNTED_MOST = 2_000;
const MAX_NOTE = 200;

export function createReviewDesk(deps: ReviewDeskDeps): ReviewDesk {
  const { org, todos, verification } = deps;

  async function rowOf(viewer: Viewer, todo: TodoDocument): Promise<ReviewRow | null> {
    const evidence = todo.evidenceId === undefined ? null : await verification.get(todo.evidenceId);
    const view = evidence === null ? null : await deps.evidenceOf(viewer, evidence);
    if (evidence === null || view === null) return null;
    return {
      todoId: todo._id,
      byName: todo.fromName,
      handedIn: deps.words.dayTime(evidence.at),
      due: deps.words.dayTime(todo.dueAt),
      overdue: todo.dueAt <= deps.clock.now(),
      evidence: view,
    };
  }

  return {
    async queue(viewer) {
      const open = await todos.openFor(viewer.personId, 'review');
      const rows = await Promise.all(open.slice(0, SHOWN).map((todo) => rowOf(viewer, todo)));
      const since = new Date(deps.clock.now().getTime() - COUNTED_DAYS * DAY);
      const answered = await todos.answeredSince('review', since, COUNTED_MOST);
      const evidence = await verification.many(answered.flatMap((todo) => todo.evidenceId ?? []));
      const refused = (await verification.refusedSince(since, COUNTED_MOST)).filter((one) =>
        org.canSee(viewer.personId, one),
      );
      const seen = new Map(
        evidence.filter((one) => org.canSee(viewer.personId, one)).map((one) => [one._id as string, one]),
      );
      return {
        rows: rows.filter((row) => row !== null),
        more: Math.max(0, open.length - SHOWN),
        counts: countReviews(answered, seen, refused).map((count) => ({
          ...count,
          label: verifierLabel(count.verifier),
          checks: count.checks.map((check) => ({ ...check, label: checkLabel(check.code) })),
        })),
        days: COUNTED_DAYS,
        reasons: REVIEW_REASONS.map(({ text }) => text),
      };
    },

    async refuse(viewer, evidenceId, body) {
      const { note } = decisionOf({ ...(body as object), approved: false });
      const evidence = await verification.get(asId<EvidenceId>(evidenceId));
      const person = org.person(viewer.personId);
      if (evidence === null || person === undefined)
        throw new NotFoundError('evidence.unknown', `no evidence ${evidenceId}`, { say: '没有这份材料。' });
      if (!mayRefuse(org, viewer, evidence)) {
        throw new NotAllowedError('review.not_yours', `${viewer.personId} does not lead ${evidence.by}`, {
          say: '只有提交人的上级能退回。',
        });
      }
      const at = deps.clock.now();
      const before = await deps.deals.get(evidence.dealId);
      const open = before?.visits.at(-1)?.id === evidence.visitId && before.status === 'open';
      const say = `${person.name}看过了，没通过：${note}。${open ? '重新交一次就行。' : '这个阶段已经过了，记录在案。'}`;
      const { deal } = await deps.deals.judge({
        key: `refuse:${evidenceId}`,
        dealId: evidence.dealId,
        platform: evidence.platform,
        by: person.id,
        evidenceId: evidence._id,
        status: 'failed',
        say,
        codes: ['review.refused'],
      });
      const submission = findSubmission(deal, evidence._id)?.submission;
      if (submission?.status !== 'failed' || submission.judgedBy !== person.id) {
        throw new ConflictError('review.decided', `${evidenceId} is decided`, {
          retryable: false,
          say: '已经有人定过了，刷新看最新的。',
        });
      }
      await verification.refuse(evidence._id, person.id, {
        at,
        who: person.name,
        status: 'failed',
        text: submission.say ?? say,
      });
      return { text: `已退回，${org.person(evidence.by)?.name ?? ''}的清单已更新。` };
    },

    async decide(viewer, todoId, body) {
      const { approved, note } = decisionOf(body);
      const person = org.person(viewer.personId);
      const todo = await todos.get(asId<TodoId>(todoId));
      if (todo === null || todo.kind !== 'review' || person === undefined)
        throw new NotFoundError('review.unknown', `no review ${todoId}`, { say: '没有这件复核，可能已经撤回。' });
      if (!todo.assignees.includes(viewer.personId)) {
        throw new NotAllowedError('review.not_yours', `${viewer.personId} is not asked`, {
          say: '这件复核没有请你看。',
        });
      }
      const key = `review-page:${todoId}:${viewer.personId}`;
      const { answer } = await deps.conversation.settle(
        { key, platform: viewer.platform },
        todo,
        person,
        approved,
        note,
      );
      const mine = answer.by === viewer.personId;
      const word = answer.approved ? '通过' : '退回';
      return { mine, text: mine ? `已${word}，${todo.fromName}的清单已更新。` : `${answer.byName}已经先${word}了。` };
    },
  };
}

/** Those who lead the one who handed it in: not whoever only sees everything, and nobody their own. */
export function mayRefuse(org: Org, viewer: Viewer, evidence: EvidenceDocument): boolean {
  const { regionIds, teamIds } = org.scopeOf(viewer.personId);
  return (
    evidence.by !== viewer.personId && (regionIds.includes(evidence.regionId) || teamIds.includes(evidence.teamId))
  );
}

function decisionOf(body: unknown): Decision {
  const { approved, note = '' } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  if (typeof approved !== 'boolean' || typeof note !== 'string' || note.length > MAX_NOTE)
    throw new BadInputError('review.bad_decision', 'approved and note are expected');
  if (!approved && note.trim() === '')
    throw new BadInputError('review.no_reason', 'a reason is needed', {
      say: '退回要写一句原因，好让对方知道怎么改。',
    });
  return { approved, note: note.trim() };
}

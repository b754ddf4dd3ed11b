import type { Collection, Connection } from 'mongoose';
import { DAY, joinKey, type Clock, type PersonId } from '../core/index.js';
import type { Flow } from '../flow/index.js';
import { scopeFilter, type Org, type Scope, type WorkCalendar } from '../org/index.js';
import { isDuplicateKey } from '../store/index.js';
import { computeFigures, WINDOW_DAYS, type ComputeContext } from './compute.js';
import type { DigestSnapshot, Figures } from './figures.js';
import { createObligations, type Obligations } from './fold.js';
import { lastFollowUps, type FollowUp } from './follow-ups.js';
import { LIGHT_RULES, type LightRules } from './lights.js';
import type { Obligation } from './obligation.js';

/** Whose figures: a chat, or a person's 1:1. */
export interface DigestSubject {
  /** Id of the group or person. */
  id: string;
  /** As readers know it: `华东一组`. */
  scopeName: string;
  scope: Scope;
}

export interface Insights extends Pick<Obligations, 'fold' | 'rebuild'> {
  /** Figures of a scope as of now or of an earlier instant, nothing stored. */
  figures(scope: Scope, asOf: Date): Promise<Figures>;
  /** Figures of this day for one reader: the first call keeps them, later calls give what was kept. */
  snapshotDigest(subject: DigestSubject, at: Date): Promise<DigestSnapshot>;
  digest(id: string): Promise<DigestSnapshot | null>;
  /** Latest first. */
  digestsOf(subjectId: string, limit: number): Promise<DigestSnapshot[]>;
  /** Newest first. */
  followUps(ownerId: PersonId, count: number): Promise<FollowUp[]>;
  /** Open visits due by then, soonest first. */
  openDueBy(until: Date): Promise<Obligation[]>;
  openInStage(flowId: string, stageId: string): Promise<Obligation[]>;
  openOf(ownerId: PersonId): Promise<Obligation[]>;
  /** Open visits within a scope, soonest due first. */
  openIn(scope: Scope): Promise<Obligation[]>;
}

export function digestId(subjectId: string, on: string): string {
  return joinKey('digest', subjectId, on);
}

/** Rows older than this can't be among a rep's last follow-ups worth telling; bounds the read. */
const FOLLOW_UP_ROWS = 30;

export function createInsights(deps: {
  connection: Connection;
  clock: Clock;
  org: Pick<Org, 'calendarOf'>;
  calendar: WorkCalendar;
  /** Flows in force; their stages name the figures, in order. */
  flows: () => readonly Flow[];
  rules?: LightRules;
}): Insights {
  const { calendar, org } = deps;
  const obligations = createObligations(deps);
  const rows = obligations.collection;
  const digests = deps.connection.collection('digests') as unknown as Collection<DigestSnapshot>;

  const stages = () => {
    const byId = new Map(deps.flows().flatMap((flow) => flow.stages.map(({ id, name }) => [id, { id, name }])));
    return [...byId.values()];
  };
  const find = async (filter: Record<string, unknown>, sort: Record<string, 1 | -1>, limit = 0) =>
    (await rows.find(filter as never, { sort, limit }).toArray()) as Obligation[];

  const read = (_id: string): Promise<DigestSnapshot | null> => digests.findOne<DigestSnapshot>({ _id });

  const figures = async (scope: Scope, asOf: Date): Promise<Figures> => {
    const week = calendar.weekOf(asOf);
    // Enough for the rates of today and of a week ago, and for the week's green list.
    const from = new Date(asOf.getTime() - (WINDOW_DAYS + 7) * DAY);
    const inScope = await find(
      { $and: [scopeFilter(scope), { $or: [{ state: 'open' }, { dueAt: { $gte: from } }] }] },
      { dueAt: 1 },
    );
    const skipped = await find(
      { dealId: { $in: [...new Set(inScope.map((row) => row.dealId))] }, skipAttempts: { $gt: 0 } },
      { _id: 1 },
    );
    const skips = new Map<string, number>();
    for (const row of skipped) skips.set(row.dealId, (skips.get(row.dealId) ?? 0) + row.skipAttempts);
    const context: ComputeContext = {
      asOf,
      week,
      rules: deps.rules ?? LIGHT_RULES,
      stages: stages(),
      calendarOf: (ownerId) => org.calendarOf(ownerId),
      skips: (dealId) => skips.get(dealId) ?? 0,
    };
    return computeFigures(inScope, context);
  };

  return {
    fold: (events) => obligations.fold(events),
    rebuild: (options) => obligations.rebuild(options),
    figures,

    async snapshotDigest(subject, at) {
      const on = calendar.localDate(at);
      const _id = digestId(subject.id, on);
      const kept = await read(_id);
      if (kept !== null) return kept;
      const made: DigestSnapshot = {
        _id,
        subjectId: subject.id,
        scopeName: subject.scopeName,
        on,
        ...(await figures(subject.scope, at)),
      };
      try {
        await digests.insertOne(made);
        return made;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return (await read(_id))!; // another process was faster: its figures were sent
      }
    },
    digest: read,
    digestsOf: async (subjectId, limit) => await digests.find({ subjectId }, { sort: { asOf: -1 }, limit }).toArray(),

    async followUps(ownerId, count) {
      return lastFollowUps(await find({ ownerId }, { lastEventAt: -1 }, FOLLOW_UP_ROWS), count, calendar);
    },
    openDueBy: (until) => find({ state: 'open', dueAt: { $lte: until } }, { dueAt: 1 }),
    openInStage: (flowId, stageId) => find({ state: 'open', flowId, stageId }, { lastEventAt: 1 }),
    openOf: (ownerId) => find({ ownerId, state: 'open' }, { dueAt: 1 }),
    openIn: (scope) => find({ $and: [scopeFilter(scope), { state: 'open' }] }, { dueAt: 1 }),
  };
}

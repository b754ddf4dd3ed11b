import {
  checklistItems,
  currentVisitOf,
  stageOf,
  submissionText,
  type DealDocument,
  type Deals,
  type EvidenceDocument,
} from '../deals/index.js';
import {
  describeItem,
  formatLimit,
  itemStates,
  nextOpenItem,
  type StageVisit,
  type Submission,
} from '../flow/index.js';
import type { Org, WorkCalendar } from '../org/index.js';
import type { Mark } from '../cards/index.js';
import type { DealRow, DealView, DeviceRow, ItemTrace, PersonBrief, VisitTrace } from './backend.js';

export interface ViewDeps {
  org: Org;
  calendar: WorkCalendar;
  deals: Deals;
  now: () => Date;
}

export function personBrief(org: Org, id: string): PersonBrief {
  const person = org.person(id);
  if (person === undefined) return { id, name: '—', title: '' };
  const team = person.teamId === undefined ? undefined : org.team(person.teamId);
  return { id, name: person.name, title: team === undefined ? person.title : `${person.title} · ${team.name}` };
}

/**
 * `第 2 天 / 标准 5 工作日`, and `用了 3.0 工作日 / 标准 5 工作日` once it is left. What was late by less than its numbers show (after
 * closing time, by minutes) says when it was due.
 */
function pace(deps: ViewDeps, visit: StageVisit, limit: string): string {
  const tenths = (until: Date): number => Math.round(deps.calendar.workdaysBetween(visit.enteredAt, until) * 10) / 10;
  const { leftAt, dueAt } = visit;
  if (leftAt === undefined) {
    return `第 ${Math.floor(deps.calendar.workdaysBetween(visit.enteredAt, deps.now())) + 1} 天 / 标准 ${limit}`;
  }
  const stay = `用了 ${Math.max(0.1, tenths(leftAt)).toFixed(1)} 工作日 / 标准 ${limit}`;
  const looksInTime = leftAt > dueAt && tenths(leftAt) <= tenths(dueAt);
  return looksInTime
    ? `${stay}，${deps.calendar.localDate(dueAt).slice(5)} ${deps.calendar.localTime(dueAt)} 到期`
    : stay;
}

export function dealRow(deps: ViewDeps, deal: DealDocument): DealRow {
  const flow = deps.deals.flowOf(deal);
  const visit = currentVisitOf(deal) ?? deal.visits.at(-1);
  const stage = visit === undefined ? undefined : stageOf(flow, visit.stageId);
  const states = itemStates(flow, deal);
  const required = (stage?.items ?? []).filter((item) => item.required);
  const done = required.filter((item) => {
    const state = states.find((one) => one.itemId === item.id)?.state;
    return state === 'passed' || state === 'exempt';
  }).length;
  const next = deal.status === 'open' ? nextOpenItem(flow, deal) : null;
  return {
    id: deal._id,
    clientName: deal.clientName,
    productLine: deal.productLine,
    stageName: stage?.name ?? '',
    stageNo: flow.stages.findIndex((one) => one.id === visit?.stageId) + 1,
    stageCount: flow.stages.length,
    pace: visit === undefined || stage === undefined ? '' : pace(deps, visit, formatLimit(stage.limit)),
    overdue: deal.status === 'open' && visit !== undefined && visit.dueAt <= deps.now(),
    status: deal.status,
    done: deal.status === 'won' ? required.length : done,
    required: required.length,
    next:
      next === null ? null : { mark: states.find((one) => one.itemId === next.id)?.state ?? 'open', text: next.name },
  };
}

export function dealView(
  deps: ViewDeps,
  deal: DealDocument,
  evidence: readonly EvidenceDocument[],
  devices: DeviceRow[],
): DealView {
  const flow = deps.deals.flowOf(deal);
  const byId = new Map(evidence.map((one) => [String(one._id), one]));
  const at = flow.stages.findIndex((stage) => stage.id === deal.stageId);
  return {
    id: deal._id,
    clientName: deal.clientName,
    productLine: deal.productLine,
    flowName: flow.name,
    status: deal.status,
    owner: personBrief(deps.org, deal.ownerId),
    openedAt: deal.openedAt.toISOString(),
    skipAttempts: deal.skipAttempts,
    devices,
    notes: (deal.notes ?? []).map(({ at, by, keyword, quote, evidenceId }) => ({
      at: at.toISOString(),
      byName: deps.org.person(by)?.name ?? '',
      keyword,
      quote,
      evidenceId: evidenceId ?? null,
    })),
    stages: flow.stages.map((stage, n) => {
      const visits = deal.visits.filter((visit) => visit.stageId === stage.id);
      const limit = formatLimit(stage.limit);
      return {
        id: stage.id,
        no: n + 1,
        name: stage.name,
        state: n === at ? 'now' : visits.length > 0 ? 'done' : 'todo',
        limit: `标准 ${limit}`,
        asks:
          visits.length > 0
            ? []
            : stage.items.map((item) => [item.name, describeItem(item)].filter((part) => part !== '').join('：')),
        visits: visits.map((visit): VisitTrace => ({
          id: visit.id,
          enteredAt: visit.enteredAt.toISOString(),
          dueAt: visit.dueAt.toISOString(),
          leftAt: visit.leftAt?.toISOString() ?? null,
          pace: pace(deps, visit, limit),
          overdue: (visit.leftAt ?? deps.now()) > visit.dueAt,
          items: checklistItems(flow, deal, visit.id).map((item): ItemTrace => {
            const progress = visit.items[item.id];
            return {
              id: item.id,
              name: item.name,
              required: item.required,
              mark: item.mark,
              have: item.have,
              need: item.need,
              submissions: (progress?.submissions ?? []).map((one) => trace(deps, one, byId.get(one.id))),
              exemption:
                progress?.exemption === undefined
                  ? null
                  : {
                      byName: deps.org.person(progress.exemption.by)?.name ?? '',
                      reason: progress.exemption.reason,
                      at: progress.exemption.at.toISOString(),
                      expiresAt: progress.exemption.expiresAt.toISOString(),
                    },
            };
          }),
        })),
      };
    }),
  };
}

function trace(deps: ViewDeps, submission: Submission, evidence: EvidenceDocument | undefined) {
  return {
    evidenceId: submission.id,
    at: submission.at.toISOString(),
    byName: deps.org.person(submission.by)?.name ?? '',
    mark: markOf(submission.status),
    withdrawn: submission.status === 'withdrawn',
    text: submissionText(submission),
    say: submission.say === undefined || submission.say === '' ? null : submission.say,
    hasPicture: evidence?.file?.goneAt === undefined && (evidence?.file?.mime.startsWith('image/') ?? false),
  };
}

export function markOf(status: Submission['status']): Mark {
  return status === 'withdrawn' ? 'open' : status;
}

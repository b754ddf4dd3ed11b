import { asId, type DealId, type EvidenceId, type Log, type TodoId } from '../core/index.js';
import { checkLabel, checkMeasures } from '../evidence/index.js';
import type { Org, TimeWords, WorkCalendar } from '../org/index.js';
import type { Relay } from '../store/index.js';
import type { Todos, TodoSubject } from '../todos/index.js';
import { ASK, EQUIPMENT, REVIEW, reviewTodoId, VERIFY } from './effects.js';
import type { EquipmentList } from './equipment.js';
import type { Deals } from './face.js';
import type { DealDocument, EvidenceDocument } from './model.js';
import type { Verification } from './verification.js';

export interface SinkDeps {
  relay: Relay;
  deals: Deals;
  todos: Todos;
  verification: Verification;
  equipmentList: Pick<EquipmentList, 'sync'>;
  org: Org;
  calendar: WorkCalendar;
  words: TimeWords;
  /** Page of an evidence, for the reviewer. */
  evidenceUrl: (id: EvidenceId) => string;
  log: Log;
}

/** Where the effects of a deal go: to the verifiers, to other people's chats. All by deterministic ids. */
export function addDealSinks(deps: SinkDeps): void {
  deps.relay.addSink(VERIFY, async (effects) => {
    for (const effect of effects) await deps.verification.add(effect.data as unknown as EvidenceDocument);
  });
  deps.relay.addSink(EQUIPMENT, async (effects) => {
    for (const { data } of effects) await deps.equipmentList.sync(asId<EvidenceId>(String(data['evidenceId'])));
  });
  deps.relay.addSink(ASK, async (effects) => {
    for (const { data } of effects) {
      const { id, subject } = data as unknown as { id: TodoId; subject: TodoSubject };
      if (subject.assignees.length === 0)
        deps.log.error({ todo: id, department: subject.department }, 'nobody in the department');
      await deps.todos.ask(id, subject);
    }
  });
  deps.relay.addSink(REVIEW, async (effects) => {
    for (const { data } of effects) {
      const { dealId, evidenceId, key } = data as { dealId: string; evidenceId: string; key: string };
      const deal = await deps.deals.get(asId<DealId>(dealId));
      const evidence = await deps.verification.get(asId<EvidenceId>(evidenceId));
      if (deal === null || evidence === null) continue;
      const subject = reviewSubject(deps, deal, evidence);
      if (subject === null) deps.log.error({ dealId, evidenceId }, 'nobody to review');
      else await deps.todos.ask(reviewTodoId(key), subject);
    }
  });
}

function reviewSubject(deps: SinkDeps, deal: DealDocument, evidence: EvidenceDocument): TodoSubject | null {
  const reviewer = deps.org.supervisorOf(deal.ownerId) ?? deps.org.directorOf(deal.ownerId);
  if (reviewer === undefined) return null;
  const limit = { amount: 4, unit: 'workhour' as const };
  return {
    kind: 'review',
    dealId: deal._id,
    clientName: deal.clientName,
    stageName: evidence.stageName,
    itemId: evidence.itemId,
    itemName: evidence.itemName,
    evidenceId: evidence._id,
    fromId: evidence.by,
    fromName: deps.org.person(evidence.by)?.name ?? '',
    department: '',
    assignees: [reviewer.id],
    text: deps.words.dayTime(evidence.at),
    ...(evidence.verdict === undefined ? {} : { reason: evidence.verdict.say }),
    facts: (evidence.verdict?.findings ?? [])
      .filter((finding) => finding.measured !== null && finding.status !== 'passed')
      .slice(0, 4)
      .map((finding) => ({
        label: checkLabel(finding.code),
        value: checkMeasures(finding).measured ?? '',
      })),
    pictureUrl: deps.evidenceUrl(evidence._id),
    limitText: '4 工作小时',
    dueAt: deps.calendar.addWork(evidence.at, limit),
    prefer: evidence.platform,
  };
}

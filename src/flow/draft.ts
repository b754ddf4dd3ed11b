import type { EvidenceId } from '../core/index.js';
import type { DecisionContext, FlowEffect, FlowEvent, FlowEventBodies } from './commands.js';
import type { ItemProgress, Progress, StageVisit, Submission, SubmissionStatus } from './progress.js';
import { isSettled, itemState, progressOf } from './states.js';
import type { Flow, Item, Stage } from './types.js';
import { formatLimit } from './units.js';

/** Where a deal is while it is open. */
export interface Place {
  stage: Stage;
  visit: StageVisit;
}

/** A decision in the making: a copy of the progress that may be written to, and what follows from the changes. */
export class Draft {
  readonly flow: Flow;
  readonly progress: Progress;
  readonly context: DecisionContext;
  readonly events: FlowEvent[] = [];
  readonly effects: FlowEffect[] = [];

  constructor(flow: Flow, before: Progress, context: DecisionContext) {
    this.flow = flow;
    this.progress = structuredClone(before);
    this.context = context;
  }

  emit<T extends keyof FlowEventBodies>(type: T, body: FlowEventBodies[T]): void {
    this.events.push({ type, body } as FlowEvent);
  }

  place(): Place | null {
    const stage = this.flow.stages.find((one) => one.id === this.progress.stageId);
    const visit = this.progress.visits.at(-1);
    return stage === undefined || visit === undefined || visit.leftAt !== undefined ? null : { stage, visit };
  }

  enter(stage: Stage): void {
    const { now, due, newIds } = this.context;
    const visit: StageVisit = {
      id: newIds.visit,
      stageId: stage.id,
      enteredAt: now,
      dueAt: due(stage.limit, now),
      items: {},
    };
    this.progress.visits.push(visit);
    this.progress.stageId = stage.id;
    this.emit('stage.entered', {
      visitId: visit.id,
      stageId: stage.id,
      stageName: stage.name,
      dueAt: visit.dueAt,
      limit: formatLimit(stage.limit),
    });
    for (const item of stage.items) if (item.kind === 'approval') this.askApproval({ stage, visit }, item);
    for (const todo of stage.onEnter) {
      if (approvalOf(stage, todo.department) !== undefined) continue;
      const key = `${visit.id}:todo:${todo.department}:${todo.text}`;
      this.effects.push({ kind: 'todo', key, visitId: visit.id, stageId: stage.id, ...todo, notify: ['card'] });
    }
  }

  /**
   * Asks the department for its approval. A to-do of the same stage for the same department is the same ask: its words
   * and its limit are used, so that nobody gets two cards for one thing.
   */
  askApproval({ stage, visit }: Place, item: Item & { kind: 'approval' }): void {
    const todo = approvalOf(stage, item.department) === item ? stage.onEnter.find(isFor(item.department)) : undefined;
    const round = progressOf(visit, item.id)?.submissions.length ?? 0;
    this.effects.push({
      kind: 'todo',
      key: `${visit.id}:approval:${item.id}:${round}`,
      visitId: visit.id,
      stageId: stage.id,
      itemId: item.id,
      department: item.department,
      text: todo?.text ?? item.name,
      limit: item.limit ?? todo?.limit ?? stage.limit,
      notify: item.notify,
    });
  }

  /** When all that is required is done, the stage is passed and the next one entered; after the last one the deal is won. */
  leaveWhenDone({ stage, visit }: Place): 'advanced' | 'completed' | null {
    const states = stage.items
      .filter((item) => item.required)
      .map((item) => itemState(item, progressOf(visit, item.id)));
    if (!states.every(isSettled)) return null;
    visit.leftAt = this.context.now;
    const exempted = states.filter((one) => one.state === 'exempt').length;
    this.emit('stage.passed', { visitId: visit.id, stageId: stage.id, exempted });
    const next = this.flow.stages[this.flow.stages.indexOf(stage) + 1];
    if (next !== undefined) {
      this.enter(next);
      return 'advanced';
    }
    this.progress.status = 'won';
    this.progress.stageId = null;
    this.emit('deal.won', {});
    return 'completed';
  }

  setStatus(
    visit: StageVisit,
    itemId: string,
    submission: Submission,
    status: SubmissionStatus,
    about: { say?: string; codes?: readonly string[] } = {},
  ): void {
    const first = submission.status === 'checking' && status !== 'withdrawn';
    submission.status = status;
    if (status === 'failed' || status === 'unchecked') submission.askedAgainAt = this.context.now;
    if (about.say !== undefined && about.say !== '') submission.say = about.say;
    this.emit('evidence.judged', {
      visitId: visit.id,
      stageId: visit.stageId,
      itemId,
      evidenceId: submission.id,
      status,
      codes: [...(about.codes ?? [])],
      first,
    });
  }

  /** Of things that are handed in once, the newest counts: older ones in these states are withdrawn. */
  replaceOlder(visit: StageVisit, item: Item, keep: EvidenceId, statuses: readonly SubmissionStatus[]): void {
    if (item.kind === 'photo' || item.kind === 'link') return;
    for (const older of progressOf(visit, item.id)?.submissions ?? []) {
      if (older.id !== keep && statuses.includes(older.status)) this.setStatus(visit, item.id, older, 'withdrawn');
    }
  }

  itemProgress(visit: StageVisit, itemId: string): ItemProgress {
    return progressOf(visit, itemId) ?? (visit.items[itemId] = { submissions: [] });
  }

  expireExemptions(): void {
    const visit = this.place()?.visit;
    for (const [itemId, item] of Object.entries(visit?.items ?? {})) {
      if (visit === undefined || item.exemption === undefined) continue;
      if (item.exemption.expiresAt.getTime() > this.context.now.getTime()) continue;
      delete item.exemption;
      this.emit('exemption.expired', { visitId: visit.id, stageId: visit.stageId, itemId });
    }
  }
}

const isFor =
  (department: string) =>
  (one: { department: string }): boolean =>
    one.department === department;

/** The approval that takes over the stage's to-do of the same department. */
function approvalOf(stage: Stage, department: string): Item | undefined {
  return stage.items.find((item) => item.kind === 'approval' && item.department === department);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asId, HOUR, projectRoot } from '../../src/core/index.js';
import type { EvidenceId, FileId, PersonId, StageVisitId } from '../../src/core/index.js';
import { decide, newProgress, parseFlow } from '../../src/flow/index.js';
import type { Command, Decision, Flow, Item, Progress, SubmissionValue } from '../../src/flow/index.js';

export const REP = asId<PersonId>('p_rep');
export const BOSS = asId<PersonId>('p_boss');
export const LEGAL = asId<PersonId>('p_legal');
export const START = new Date('2026-03-02T01:00:00Z');
/** The code that a scan must give in these tests. */
export const VISIT_CODE = 'visit-code';

export function medical(): Flow {
  const file = join(projectRoot, 'bot-flows/medical-device.flow.yaml');
  const { flow, problems } = parseFlow(readFileSync(file, 'utf8'), file);
  if (flow === null) throw new Error(JSON.stringify(problems));
  return flow;
}

/** A deal at the gate, one command after the other, an hour between them. */
export class World {
  readonly flow: Flow;
  progress: Progress = newProgress();
  decisions: Decision[] = [];
  #count = 0;
  now = START;
  constructor(flow: Flow = medical()) {
    this.flow = flow;
  }

  do(command: Command): Decision {
    this.#count += 1;
    this.now = new Date(this.now.getTime() + HOUR);
    const decision = decide(this.flow, this.progress, command, {
      now: this.now,
      due: (limit, from) => new Date(from.getTime() + limit.amount * HOUR),
      newIds: { visit: asId<StageVisitId>(`sv_${this.#count}`) },
    });
    this.progress = decision.progress;
    this.decisions.push(decision);
    return decision;
  }

  item(id: string): Item {
    const found = this.flow.stages.flatMap((stage) => stage.items).find((one) => one.id === id);
    if (found === undefined) throw new Error(`no item ${id}`);
    return found;
  }

  submit(itemId: string, value?: SubmissionValue, id = `ev_${this.#count + 1}`): Decision {
    const approval = this.item(itemId).kind === 'approval';
    return this.do({
      kind: 'submit',
      itemId,
      submission: {
        id: asId<EvidenceId>(id),
        by: approval ? LEGAL : REP,
        value: value ?? goodValue(this.flow, this.item(itemId)),
      },
      expectedScan: VISIT_CODE,
    });
  }

  judge(id: string, status: 'passed' | 'failed' | 'review' | 'unchecked', by?: PersonId): Decision {
    return this.do({ kind: 'judge', submissionId: asId<EvidenceId>(id), status, say: '说明', codes: ['x.y'], by });
  }

  /** Hands in all that is required of the present stage and lets it pass. */
  finishStage(): Decision {
    const stage = this.flow.stages.find((one) => one.id === this.progress.stageId);
    let last: Decision | null = null;
    for (const item of stage?.items.filter((one) => one.required) ?? []) {
      const pieces = item.kind === 'photo' || item.kind === 'link' ? item.count : 1;
      for (let piece = 0; piece < pieces; piece++) {
        last = this.submit(item.id);
        if (last.outcome === 'waiting' && last.why === 'checking') last = this.judge(`ev_${this.#count}`, 'passed');
      }
    }
    if (last === null) throw new Error('no stage');
    return last;
  }

  /** Opens the deal and goes on to a stage. */
  goTo(stageId: string): this {
    this.do({ kind: 'open' });
    while (this.progress.stageId !== stageId) this.finishStage();
    return this;
  }
}

/** Something that satisfies the item. */
export function goodValue(flow: Flow, item: Item): SubmissionValue {
  switch (item.kind) {
    case 'confirm':
      return { kind: 'confirm' };
    case 'text':
      return { kind: 'text', text: '字'.repeat(item.minLength) };
    case 'touch':
      return { kind: 'touch', witness: item.accepts[0] ?? 'call', note: '约了周四上门' };
    case 'choice':
      return { kind: 'choice', option: item.options[0] ?? '' };
    case 'tags': {
      // One of each group first, so that the groups suffice.
      const groups = flow.tagLibraries[item.library]?.groups ?? [];
      const firsts = groups.flatMap((group) => group.tags.slice(0, 1));
      const rest = groups.flatMap((group) => group.tags.slice(1));
      return { kind: 'tags', tags: [...firsts, ...rest].slice(0, item.min) };
    }
    case 'photo':
      return { kind: 'photo', fileId: asId<FileId>('f_1'), sha256: 'aa' };
    case 'purchase-history':
      return { kind: 'purchase-history', categories: ['生化试剂'] };
    case 'follow-up':
      return { kind: 'follow-up', elements: Object.fromEntries(item.elements.map((element) => [element, '写了'])) };
    case 'sheet':
    case 'file':
    case 'voice':
      return { kind: item.kind, fileId: asId<FileId>('f_1'), sha256: 'bb', name: 'a' };
    case 'link':
      return { kind: 'link', url: 'https://example.test/a', title: '公告' };
    case 'approval':
      return { kind: 'approval', approved: true, note: '', by: LEGAL };
    case 'scan':
      return { kind: 'scan', code: VISIT_CODE };
  }
}

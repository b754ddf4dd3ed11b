import test from 'ava';
import fc from 'fast-check';
import { asId, HOUR } from '../../src/core/index.js';
import type { EvidenceId, StageVisitId } from '../../src/core/index.js';
import { decide, findSubmission, gap, itemStates, newProgress, parseFlow } from '../../src/flow/index.js';
import type { Command, Decision, DecisionContext, Flow, FlowEvent, Progress } from '../../src/flow/index.js';
import { BOSS, goodValue, LEGAL, REP, START, VISIT_CODE } from './world.js';

const SOURCE = `
流程: 小流程
编号: small
标签库: { 痛点: { 甲组: [一, 二], 乙组: [三] } }
阶段:
  - 名称: 甲
    编号: a
    标准停留: 1工作日
    验证项:
      - { 名称: 接手, 编号: accept, 类型: 确认 }
      - { 名称: 备注, 编号: note, 类型: 文字, 必填: 否 }
  - 名称: 乙
    编号: b
    标准停留: 1工作日
    验证项:
      - { 名称: 照片, 编号: photo, 类型: 照片, 张数: 2 }
      - { 名称: 痛点, 编号: pains, 类型: 标签, 标签库: 痛点, 至少: 2, 不同组: 2 }
  - 名称: 丙
    编号: c
    标准停留: 1工作日
    验证项:
      - { 名称: 合同, 编号: contract, 类型: 文件 }
      - { 名称: 法务意见, 编号: legal, 类型: 审批, 部门: 法务 }
  - 名称: 丁
    编号: d
    标准停留: 1工作日
    验证项: [{ 名称: 签收, 编号: handover, 类型: 扫码, 内容: 拜访二维码 }]
豁免: { 谁可以: [区域总监], 每人每月: 3次, 有效: 1天 }
`;

function small(): Flow {
  const { flow, problems } = parseFlow(SOURCE, 'small');
  if (flow === null) throw new Error(JSON.stringify(problems));
  return flow;
}

const FLOW = small();
const ITEMS = FLOW.stages.flatMap((stage) => stage.items);
const STAGES = [...FLOW.stages.map((stage) => stage.id), 'nowhere', undefined];

/** One thing that somebody does; `pick` chooses among what there is at that moment. */
interface Step {
  what: Command['kind'];
  pick: number;
  status: 'passed' | 'failed' | 'review' | 'unchecked';
  person: boolean;
  good: boolean;
  hours: number;
  anyItem: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { weight: 24, arbitrary: fc.constant('submit' as const) },
    { weight: 24, arbitrary: fc.constant('judge' as const) },
    { weight: 6, arbitrary: fc.constantFrom('advance' as const, 'withdraw' as const, 'exempt' as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        'open' as const,
        'request-review' as const,
        'request-approval' as const,
        'expire-exemptions' as const,
        'postpone' as const,
      ),
    },
    { weight: 1, arbitrary: fc.constant('lose' as const) },
  ),
  pick: fc.nat(1000),
  status: fc.oneof(
    { weight: 3, arbitrary: fc.constant('passed' as const) },
    { weight: 1, arbitrary: fc.constantFrom('failed' as const, 'review' as const, 'unchecked' as const) },
  ),
  person: fc.boolean(),
  good: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  hours: fc.nat(10),
  anyItem: fc.oneof({ weight: 1, arbitrary: fc.constant(true) }, { weight: 5, arbitrary: fc.constant(false) }),
});

const choose = <T>(list: readonly T[], pick: number): T => list[pick % list.length] as T;

function toCommand(
  { what, pick, status, person, good, anyItem }: Step,
  progress: Progress,
  now: Date,
  n: number,
): Command {
  const here = FLOW.stages.find((stage) => stage.id === progress.stageId)?.items ?? ITEMS;
  const item = choose(anyItem ? ITEMS : here, pick);
  const sent = progress.visits.flatMap((visit) => Object.values(visit.items).flatMap((one) => one.submissions));
  const submissionId = sent.length === 0 ? asId<EvidenceId>('ev_none') : choose(sent, pick).id;
  const by = person ? BOSS : REP;
  switch (what) {
    case 'submit': {
      // One in ten comes a second time.
      const id = pick % 10 === 0 ? submissionId : asId<EvidenceId>(`ev_${n}`);
      const sender = item.kind === 'approval' ? LEGAL : REP;
      const value = good ? goodValue(FLOW, item) : ({ kind: 'scan', code: 'wrong' } as const);
      return { kind: what, itemId: item.id, submission: { id, by: sender, value }, expectedScan: VISIT_CODE };
    }
    case 'judge':
      return { kind: what, submissionId, status, say: '', codes: [], ...(person && { by: BOSS }) };
    case 'advance':
      return { kind: what, by, toStageId: choose(STAGES, pick), cause: good ? 'person' : 'rule' };
    case 'exempt':
      return { kind: what, itemId: item.id, by, reason: '理由', expiresAt: new Date(now.getTime() + 5 * HOUR) };
    case 'withdraw':
    case 'request-review':
      return { kind: what, submissionId, by };
    case 'request-approval':
      return { kind: what, itemId: item.id, by };
    case 'postpone':
    case 'lose':
      return { kind: what, by, reason: '原因' };
    case 'open':
    case 'expire-exemptions':
      return { kind: what };
  }
}

interface Moment {
  before: Progress;
  command: Command;
  context: DecisionContext;
  decision: Decision;
}

/** Plays the steps on a deal whose progress is frozen, so that any write to it throws. */
function play(steps: readonly Step[]): Moment[] {
  const moments: Moment[] = [];
  let progress = newProgress();
  let now = START;
  const run = (command: Command, n: number): void => {
    const context: DecisionContext = {
      now,
      due: (_limit, from) => new Date(from.getTime() + HOUR),
      newIds: { visit: asId<StageVisitId>(`sv_${n}`) },
    };
    const before = deepFreeze(progress);
    const decision = decide(deepFreeze(FLOW), before, deepFreeze(command), context);
    moments.push({ before, command, context, decision });
    progress = decision.progress;
  };
  run({ kind: 'open' }, 0);
  steps.forEach((one, index) => {
    now = new Date(now.getTime() + one.hours * HOUR);
    run(toCommand(one, progress, now, index + 1), index + 1);
  });
  return moments;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

const always = (check: (moments: Moment[]) => void): void => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => check(play(steps))),
    { numRuns: 400 },
  );
};

const entered = (events: readonly FlowEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'stage.entered' ? [event.body.stageId] : []));

const stageIndex = (id: string): number => FLOW.stages.findIndex((stage) => stage.id === id);

test('the random walks go far enough to mean something', (t) => {
  const reached = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 60 }), (steps) => {
      for (const { decision } of play(steps)) {
        for (const event of decision.events) reached.set(event.type, (reached.get(event.type) ?? 0) + 1);
      }
    }),
    { numRuns: 100, seed: 7 },
  );
  for (const type of [
    'deal.won',
    'deal.lost',
    'skip.attempted',
    'item.exempted',
    'exemption.expired',
    'stage.passed',
    'item.reopened',
  ]) {
    t.true((reached.get(type) ?? 0) > 3, `${type}: ${reached.get(type)}`);
  }
});

test('no sequence of commands leaves a stage with an unfinished required item', (t) => {
  always((moments) => {
    for (const { decision, context } of moments) {
      for (const event of decision.events) {
        if (event.type !== 'stage.passed') continue;
        const visit = decision.progress.visits.find((one) => one.id === event.body.visitId);
        const stage = FLOW.stages[stageIndex(event.body.stageId)];
        for (const item of stage?.items.filter((one) => one.required) ?? []) {
          const entry = visit?.items[item.id];
          const passed = entry?.submissions.filter((one) => one.status === 'passed').length ?? 0;
          const needed = item.kind === 'photo' ? item.count : 1;
          const exempt = entry?.exemption !== undefined && entry.exemption.expiresAt > context.now;
          if (passed < needed && !exempt) throw new Error(`left ${item.id} behind`);
        }
      }
    }
  });
  t.pass();
});

test('passed and reopened tell which items of the present stage are done', (t) => {
  always((moments) => {
    const done = new Set<string>();
    for (const { decision } of moments) {
      for (const event of decision.events) {
        if (event.type === 'item.passed') done.add(`${event.body.visitId}/${event.body.itemId}`);
        if (event.type === 'item.reopened') done.delete(`${event.body.visitId}/${event.body.itemId}`);
      }
      const visit = decision.progress.visits.at(-1);
      if (visit === undefined || visit.leftAt !== undefined) continue;
      for (const { itemId, state } of itemStates(FLOW, decision.progress)) {
        if (done.has(`${visit.id}/${itemId}`) !== (state === 'passed')) throw new Error(`${itemId} is ${state}`);
      }
    }
  });
  t.pass();
});

test('stages are entered one by one, in order, at most one in a decision', (t) => {
  always((moments) => {
    const all = moments.flatMap(({ decision }) => entered(decision.events));
    if (all.some((id, index) => stageIndex(id) !== index)) throw new Error(all.join());
    if (moments.some(({ decision }) => entered(decision.events).length > 1)) throw new Error('two at once');
  });
  t.pass();
});

test('the outcome says what happened', (t) => {
  always((moments) => {
    for (const { before, decision } of moments) {
      const moved = decision.progress.stageId !== before.stageId;
      if ((decision.outcome === 'advanced' || decision.outcome === 'completed') !== moved) throw new Error('outcome');
      if (decision.outcome === 'advanced' && decision.toStageId !== decision.progress.stageId) throw new Error('to');
      if (decision.events.length === 0 && decision.progress !== before) throw new Error('changed without an event');
    }
  });
  t.pass();
});

test('the events alone tell where the deal stands', (t) => {
  always((moments) => {
    const last = moments.at(-1);
    const events = moments.flatMap(({ decision, context }) =>
      decision.events.map((event) => ({ event, at: context.now })),
    );
    t.deepEqual(replay(events), skeleton(last?.decision.progress ?? newProgress()));
  });
});

test('the same command once more changes nothing', (t) => {
  const oncePerPress: Command['kind'][] = ['advance', 'postpone'];
  always((moments) => {
    for (const { command, context, decision } of moments) {
      if (oncePerPress.includes(command.kind)) continue;
      const again = decide(FLOW, decision.progress, command, context);
      if (again.events.length > 0) throw new Error(`${command.kind} twice: ${again.events[0]?.type}`);
      const keys = new Set(decision.effects.map((effect) => effect.key));
      if (again.effects.some((effect) => !keys.has(effect.key))) throw new Error(`${command.kind}: new effect`);
    }
  });
  t.pass();
});

test('after a refused skip everything skipped is still owed', (t) => {
  always((moments) => {
    for (const { before, command, decision } of moments) {
      if (command.kind !== 'advance' || decision.outcome !== 'refused' || decision.code !== 'gap') continue;
      if (decision.gap.length === 0) throw new Error('refused without a reason');
      const owed = gap(FLOW, decision.progress, command.toStageId).map(({ item }) => item.id);
      const told = decision.gap.map(({ item }) => item.id);
      if (owed.join() !== told.join()) throw new Error('the gap is not what is owed');
      if (decision.progress.stageId !== before.stageId) throw new Error('moved');
    }
  });
  t.pass();
});

test('every effect has a key of its own, and every submission can be found', (t) => {
  always((moments) => {
    const keys = moments.flatMap(({ command, decision }) =>
      // Asking again before the department has answered is the same ask.
      command.kind === 'request-approval' ? [] : decision.effects.map((effect) => effect.key),
    );
    const reviews = keys.filter((key) => key.startsWith('review:'));
    const others = keys.filter((key) => !key.startsWith('review:'));
    if (new Set(others).size !== others.length) throw new Error('a key twice');
    if (new Set(reviews).size !== reviews.length) throw new Error('a review asked twice');
    for (const { decision } of moments) {
      for (const effect of decision.effects) {
        if (effect.kind === 'todo') continue;
        if (findSubmission(decision.progress, effect.submissionId) === null) throw new Error('about nothing');
      }
    }
  });
  t.pass();
});

type Skeleton = {
  status: string;
  stageId: string | null;
  skipAttempts: number;
  visits: {
    id: string;
    stageId: string;
    enteredAt: Date;
    dueAt: Date;
    leftAt: Date | null;
    statuses: Record<string, string>;
    exempt: string[];
  }[];
};

function skeleton(progress: Progress): Skeleton {
  return {
    status: progress.status,
    stageId: progress.stageId,
    skipAttempts: progress.skipAttempts,
    visits: progress.visits.map((visit) => ({
      id: visit.id,
      stageId: visit.stageId,
      enteredAt: visit.enteredAt,
      dueAt: visit.dueAt,
      leftAt: visit.leftAt ?? null,
      statuses: Object.fromEntries(
        Object.values(visit.items).flatMap((item) => item.submissions.map((one) => [one.id, one.status])),
      ),
      exempt: Object.entries(visit.items)
        .flatMap(([id, item]) => (item.exemption === undefined ? [] : [id]))
        .toSorted(),
    })),
  };
}

/** A second, independent telling of what events mean. */
function replay(events: readonly { event: FlowEvent; at: Date }[]): Skeleton {
  const told: Skeleton = { status: 'open', stageId: null, skipAttempts: 0, visits: [] };
  const visitOf = (id: string): Skeleton['visits'][number] => {
    const visit = told.visits.find((one) => one.id === id);
    if (visit === undefined) throw new Error(`event about an unknown visit ${id}`);
    return visit;
  };
  for (const { event, at } of events) {
    switch (event.type) {
      case 'stage.entered': {
        const { visitId: id, stageId, dueAt } = event.body;
        told.visits.push({ id, stageId, enteredAt: at, dueAt, leftAt: null, statuses: {}, exempt: [] });
        told.stageId = stageId;
        break;
      }
      case 'evidence.submitted':
        visitOf(event.body.visitId).statuses[event.body.evidenceId] = 'checking';
        break;
      case 'evidence.judged':
        visitOf(event.body.visitId).statuses[event.body.evidenceId] = event.body.status;
        break;
      case 'item.exempted': {
        const visit = visitOf(event.body.visitId);
        visit.exempt = [...visit.exempt, event.body.itemId].toSorted();
        break;
      }
      case 'exemption.expired': {
        const visit = visitOf(event.body.visitId);
        visit.exempt = visit.exempt.filter((id) => id !== event.body.itemId);
        break;
      }
      case 'skip.attempted':
        told.skipAttempts += 1;
        break;
      case 'stage.passed':
        visitOf(event.body.visitId).leftAt = at;
        break;
      case 'deal.won':
        told.status = 'won';
        told.stageId = null;
        break;
      case 'deal.lost': {
        told.status = 'lost';
        told.stageId = null;
        const last = told.visits.at(-1);
        if (last !== undefined) last.leftAt = at;
        break;
      }
      case 'deal.opened':
      case 'item.passed':
      case 'item.reopened':
      case 'deal.postponed':
        break;
    }
  }
  return told;
}

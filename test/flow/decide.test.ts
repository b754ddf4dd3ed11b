import test from 'ava';
import { asId, DAY, HOUR } from '../../src/core/index.js';
import type { EvidenceId, StageVisitId } from '../../src/core/index.js';
import { currentStage, decide, gap, itemStates, newProgress, nextOpenItem, parseFlow } from '../../src/flow/index.js';
import type { Decision, SubmissionValue } from '../../src/flow/index.js';
import { BOSS, LEGAL, REP, World } from './world.js';

const types = (decision: Decision): string[] => decision.events.map((event) => event.type);
const stateOf = (world: World, itemId: string): string | undefined =>
  itemStates(world.flow, world.progress).find((state) => state.itemId === itemId)?.state;

test('a deal goes through all eight stages, and only by evidence', (t) => {
  const world = new World();
  t.like(world.do({ kind: 'open' }), { outcome: 'advanced', fromStageId: null, toStageId: 'assigned' });
  const entered = ['assigned'];
  for (;;) {
    const decision = world.finishStage();
    if (decision.outcome !== 'advanced') break;
    entered.push(decision.toStageId);
  }
  t.deepEqual(
    entered,
    world.flow.stages.map((stage) => stage.id),
  );
  t.like(world.decisions.at(-1), { outcome: 'completed', status: 'won' });
  t.is(world.progress.status, 'won');
  t.is(world.progress.stageId, null);
  t.is(currentStage(world.flow, world.progress), null);
  t.is(world.progress.visits.length, 8);
  t.true(world.progress.visits.every((visit) => visit.leftAt !== undefined));
});

test('opening twice opens once', (t) => {
  const world = new World();
  world.do({ kind: 'open' });
  t.like(world.do({ kind: 'open' }), { outcome: 'waiting', why: 'unchanged', events: [], effects: [] });
});

test('the last required item passes the stage and enters the next one in the same decision', (t) => {
  const world = new World().goTo('first-touch');
  world.submit('touch');
  const decision = world.submit('decision-maker');
  t.deepEqual(types(decision), [
    'evidence.submitted',
    'evidence.judged',
    'item.passed',
    'stage.passed',
    'stage.entered',
  ]);
  t.like(decision, { outcome: 'advanced', fromStageId: 'first-touch', toStageId: 'screening' });
});

test('an optional item holds nobody up', (t) => {
  const world = new World().goTo('screening');
  const decision = world.finishStage();
  t.like(decision, { outcome: 'advanced', toStageId: 'solution' });
});

test('a photo waits for its verifier; two of two pass the item', (t) => {
  const world = new World().goTo('clinical-value');
  const first = world.submit('door-plate', undefined, 'ev_a');
  t.like(first, { outcome: 'waiting', why: 'checking' });
  t.like(first.effects, [{ kind: 'verify', itemId: 'door-plate', submissionId: 'ev_a' }]);
  t.is(stateOf(world, 'door-plate'), 'checking');
  world.judge('ev_a', 'passed');
  t.is(stateOf(world, 'door-plate'), 'partly');
  world.submit('door-plate', undefined, 'ev_b');
  t.deepEqual(types(world.judge('ev_b', 'passed')), ['evidence.judged', 'item.passed']);
  t.is(stateOf(world, 'door-plate'), 'passed');
});

test('a failed photo is asked for again with what the verdict says', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('door-plate', undefined, 'ev_a');
  const decision = world.judge('ev_a', 'failed');
  t.like(decision, { outcome: 'asked_again', itemId: 'door-plate', code: 'verdict', say: '说明' });
  t.like(decision.events[0]?.body, { status: 'failed', codes: ['x.y'], first: true });
  t.is(stateOf(world, 'door-plate'), 'failed');
});

test('the same submission twice, and a second verdict, change nothing', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('door-plate', undefined, 'ev_a');
  const once = world.progress;
  t.like(world.submit('door-plate', undefined, 'ev_a'), { outcome: 'waiting', why: 'unchanged' });
  t.is(world.progress, once);
  world.judge('ev_a', 'passed');
  const judged = world.progress;
  for (const status of ['passed', 'failed', 'review', 'unchecked'] as const) {
    t.like(world.judge('ev_a', status), { why: 'unchanged', events: [], effects: [] });
    if (status !== 'failed') t.deepEqual(world.judge('ev_a', status, BOSS).events, []);
  }
  t.is(world.progress, judged);
});

test('a person who looks may refuse what a verifier passed: it is owed again, and that is final', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('door-plate', undefined, 'ev_a');
  world.judge('ev_a', 'passed');
  world.submit('door-plate', undefined, 'ev_b');
  world.judge('ev_b', 'passed');
  t.is(stateOf(world, 'door-plate'), 'passed');
  t.like(world.judge('ev_b', 'failed', REP), { outcome: 'refused', code: 'submission.own' });
  t.like(world.judge('ev_b', 'failed'), { why: 'unchanged' }, 'a second word of the machine is none');
  t.deepEqual(types(world.judge('ev_b', 'failed', BOSS)), ['evidence.judged', 'item.reopened']);
  t.like(
    itemStates(world.flow, world.progress).find((one) => one.itemId === 'door-plate'),
    { state: 'partly', have: 1 },
  );
  t.like(world.judge('ev_b', 'passed', BOSS), { why: 'unchanged' });
  t.like(world.do({ kind: 'request-review', submissionId: asId<EvidenceId>('ev_b'), by: REP }), {
    code: 'review.done',
  });
});

test('what a person passed, and what needs no verifier, is refused by nobody', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('door-plate', undefined, 'ev_a');
  world.judge('ev_a', 'review');
  world.judge('ev_a', 'passed', BOSS);
  t.like(world.judge('ev_a', 'failed', BOSS), { why: 'unchanged' });
  world.submit('scenarios', undefined, 'ev_b');
  t.is(stateOf(world, 'scenarios'), 'passed');
  t.like(world.judge('ev_b', 'failed', BOSS), { why: 'unchanged' });
});

test('a piece that is taken back after its item passed makes it owed again', (t) => {
  const world = new World().goTo('screening');
  world.submit('site-photo', undefined, 'ev_a');
  world.judge('ev_a', 'passed');
  const decision = world.do({ kind: 'withdraw', submissionId: asId<EvidenceId>('ev_a'), by: REP });
  t.deepEqual(types(decision), ['evidence.judged', 'item.reopened']);
});

test('a forward skip is refused, counted, and told what is missing', (t) => {
  const world = new World().goTo('first-touch');
  const decision = world.do({ kind: 'advance', by: REP, toStageId: 'contract' });
  t.like(decision, { outcome: 'refused', code: 'gap' });
  t.deepEqual(types(decision), ['skip.attempted']);
  t.is(world.progress.skipAttempts, 1);
  t.is(world.progress.stageId, 'first-touch');
  const missing = decision.outcome === 'refused' ? decision.gap.map(({ item }) => item.id) : [];
  t.true(missing.includes('touch') && missing.includes('door-plate') && missing.includes('quote'));
  t.false(missing.includes('purchase-history'), 'optional items are not owed');
  t.false(missing.includes('signed-contract'), 'the target itself is not owed yet');
});

test('a rule that proposes obeys the same gate but is nobody’s attempt', (t) => {
  const world = new World().goTo('solution');
  const decision = world.do({ kind: 'advance', by: REP, toStageId: 'contract', cause: 'rule' });
  t.like(decision, { outcome: 'refused', code: 'gap', events: [] });
  t.is(world.progress.skipAttempts, 0);
});

test('backward, nowhere and beyond the end are refused without counting', (t) => {
  const world = new World().goTo('delivery');
  const refusals = [
    { toStageId: 'delivery', code: 'stage.not_forward' },
    { toStageId: 'assigned', code: 'stage.not_forward' },
    { toStageId: 'nowhere', code: 'stage.unknown' },
    { toStageId: undefined, code: 'gap' },
  ];
  for (const { toStageId, code } of refusals) {
    t.like(world.do({ kind: 'advance', by: REP, toStageId }), { outcome: 'refused', code, events: [] });
  }
});

test('what a machine refused a person may look at, but never the sender', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('door-plate', undefined, 'ev_a');
  world.judge('ev_a', 'failed');
  const id = asId<EvidenceId>('ev_a');
  t.like(world.do({ kind: 'request-review', submissionId: id, by: BOSS }), { code: 'submission.not_yours' });
  const asked = world.do({ kind: 'request-review', submissionId: id, by: REP });
  t.like(asked, { outcome: 'waiting', why: 'review', effects: [{ kind: 'review', submissionId: 'ev_a' }] });
  t.is(stateOf(world, 'door-plate'), 'review');
  t.like(world.judge('ev_a', 'passed'), { why: 'unchanged' }, 'the machine does not answer for the person');
  t.like(world.judge('ev_a', 'passed', REP), { outcome: 'refused', code: 'submission.own' });
  const decision = world.judge('ev_a', 'passed', BOSS);
  t.like(decision.events[0]?.body, { status: 'passed', first: false });
  t.is(stateOf(world, 'door-plate'), 'partly');
});

test('a person’s verdict is final: nobody is asked a second time', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('door-plate', undefined, 'ev_a');
  world.judge('ev_a', 'review');
  t.like(world.judge('ev_a', 'unchecked', BOSS), { outcome: 'refused', code: 'review.undecided' });
  t.like(world.judge('ev_a', 'failed', BOSS), { outcome: 'asked_again' });
  const id = asId<EvidenceId>('ev_a');
  t.like(world.do({ kind: 'request-review', submissionId: id, by: REP }), { outcome: 'refused', code: 'review.done' });
});

test('an unchecked photo is no pass and no failure; a later check or a person decides', (t) => {
  const world = new World().goTo('screening');
  world.submit('site-photo', undefined, 'ev_a');
  t.like(world.judge('ev_a', 'unchecked'), { outcome: 'waiting', why: 'unchecked' });
  t.is(stateOf(world, 'site-photo'), 'unchecked');
  t.like(world.judge('ev_a', 'unchecked'), { why: 'unchanged', events: [] });
  const other = { kind: 'judge', submissionId: asId<EvidenceId>('ev_a'), status: 'unchecked', codes: ['x.z'] } as const;
  t.deepEqual(types(world.do({ ...other, say: '换了原因' })), ['evidence.judged'], 'another reason is news');
  t.deepEqual(types(world.judge('ev_a', 'passed')), ['evidence.judged', 'item.passed']);
});

test('a verdict of review asks a person at once', (t) => {
  const world = new World().goTo('quotation');
  world.submit('quote', undefined, 'ev_a');
  t.like(world.judge('ev_a', 'review').effects, [{ kind: 'review', itemId: 'quote', submissionId: 'ev_a' }]);
});

test('a late verdict for a stage left behind is recorded and moves nothing', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('door-plate', undefined, 'ev_late');
  world.finishStage();
  t.is(world.progress.stageId, 'quotation');
  const decision = world.judge('ev_late', 'failed');
  t.deepEqual(types(decision), ['evidence.judged']);
  t.like(decision, { outcome: 'waiting', effects: [] });
  t.is(world.progress.stageId, 'quotation');
});

test('a new file replaces one still being checked; its late verdict changes nothing', (t) => {
  const world = new World().goTo('solution');
  world.submit('proposal', undefined, 'ev_a');
  t.deepEqual(types(world.submit('proposal', undefined, 'ev_b')), ['evidence.judged', 'evidence.submitted']);
  t.like(world.judge('ev_a', 'passed'), { why: 'unchanged' });
  t.is(stateOf(world, 'proposal'), 'checking');
  world.judge('ev_b', 'passed');
  t.is(stateOf(world, 'proposal'), 'passed');
});

test('a passed file stays until a better one has passed', (t) => {
  const world = new World().goTo('solution');
  world.submit('proposal', undefined, 'ev_a');
  world.judge('ev_a', 'passed');
  world.submit('proposal', undefined, 'ev_b');
  t.is(stateOf(world, 'proposal'), 'passed');
  world.judge('ev_b', 'failed');
  t.is(stateOf(world, 'proposal'), 'passed');
});

test('only the sender withdraws, and only while the stage is open', (t) => {
  const world = new World().goTo('clinical-value');
  world.submit('scenarios', undefined, 'ev_a');
  const id = asId<EvidenceId>('ev_a');
  t.like(world.do({ kind: 'withdraw', submissionId: id, by: BOSS }), { code: 'submission.not_yours' });
  world.do({ kind: 'withdraw', submissionId: id, by: REP });
  t.is(stateOf(world, 'scenarios'), 'open');
  t.like(world.do({ kind: 'withdraw', submissionId: id, by: REP }), { why: 'unchanged' });
  world.submit('door-plate', undefined, 'ev_b');
  world.finishStage();
  t.like(world.do({ kind: 'withdraw', submissionId: asId<EvidenceId>('ev_b'), by: REP }), {
    code: 'submission.stage_left',
  });
});

test('an exemption lets the stage go and is counted; one that ran out is owed again', (t) => {
  const world = new World().goTo('clinical-value');
  const expiresAt = new Date(world.now.getTime() + 3 * HOUR);
  const exempt = { kind: 'exempt', itemId: 'tender-notice', by: BOSS, reason: '医院没有公告', expiresAt } as const;
  t.deepEqual(types(world.do(exempt)), ['item.exempted']);
  t.is(stateOf(world, 'tender-notice'), 'exempt');
  t.like(world.do(exempt), { why: 'unchanged' });
  t.deepEqual(types(world.do({ kind: 'expire-exemptions' })), ['exemption.expired']);
  t.is(stateOf(world, 'tender-notice'), 'open');

  world.do({ ...exempt, expiresAt: new Date(world.now.getTime() + DAY) });
  world.submit('scenarios');
  world.submit('door-plate', undefined, 'ev_a');
  world.judge('ev_a', 'passed');
  world.submit('door-plate', undefined, 'ev_b');
  const decision = world.judge('ev_b', 'passed');
  t.like(decision, { outcome: 'advanced', toStageId: 'quotation' });
  t.like(decision.events.find((event) => event.type === 'stage.passed')?.body, { exempted: 1 });
});

test('an exemption that ran out before anyone noticed does not let a stage go', (t) => {
  const world = new World().goTo('first-touch');
  const expiresAt = new Date(world.now.getTime() + 90 * 60_000);
  world.do({ kind: 'exempt', itemId: 'touch', by: BOSS, reason: '旧客户', expiresAt });
  const decision = world.submit('decision-maker');
  t.is(types(decision)[0], 'exemption.expired');
  t.is(world.progress.stageId, 'first-touch');
});

test('exemptions need a policy, a reason, a required item of this stage and a time within the policy', (t) => {
  const world = new World().goTo('screening');
  const ok = {
    kind: 'exempt',
    itemId: 'pains',
    by: BOSS,
    reason: '理由',
    expiresAt: new Date(world.now.getTime() + DAY),
  } as const;
  t.like(world.do({ ...ok, reason: ' ' }), { code: 'exemption.reason' });
  t.like(world.do({ ...ok, itemId: 'purchase-history' }), { code: 'exemption.not_required' });
  t.like(world.do({ ...ok, itemId: 'quote' }), { code: 'item.elsewhere' });
  t.like(world.do({ ...ok, itemId: 'nothing' }), { code: 'item.unknown' });
  t.like(world.do({ ...ok, expiresAt: new Date(world.now.getTime() + 9 * DAY) }), { code: 'exemption.expiry' });
  t.like(world.do({ ...ok, expiresAt: new Date(NaN) }), { code: 'exemption.expiry' });
  const { exemptions: _none, ...without } = world.flow;
  const strict = new World(without).goTo('screening');
  t.like(strict.do(ok), { code: 'exemption.none' });
});

test('entering a stage asks the departments, once for one thing', (t) => {
  const solution = new World().goTo('clinical-value').decisions;
  const asked = solution.flatMap((decision) => decision.effects).filter((effect) => effect.kind === 'todo');
  t.like(asked, [{ department: '技术', text: '提供技术参数支持' }]);

  const world = new World().goTo('contract');
  const legal = world.decisions.at(-1)?.effects ?? [];
  t.like(legal, [
    {
      kind: 'todo',
      department: '法务',
      itemId: 'legal-opinion',
      text: '合同初审',
      limit: { amount: 8, unit: 'workhour' },
    },
  ]);
  t.deepEqual(legal[0]?.kind === 'todo' ? legal[0].notify : [], ['card', 'mail']);
  t.is(legal.length, 1);
});

test('an objection is told, the department can be asked again, an approval passes', (t) => {
  const world = new World().goTo('contract');
  const objection: SubmissionValue = { kind: 'approval', approved: false, note: '付款条款要改', by: LEGAL };
  t.like(world.do({ kind: 'request-approval', itemId: 'legal-opinion', by: REP }), { code: 'approval.not_needed' });
  t.like(world.submit('legal-opinion', objection), { outcome: 'asked_again', say: '法务有意见：付款条款要改' });
  const again = world.do({ kind: 'request-approval', itemId: 'legal-opinion', by: REP });
  t.like(again.effects, [{ kind: 'todo', itemId: 'legal-opinion' }]);
  t.not(again.effects[0]?.key, world.decisions.find((one) => one.effects[0]?.kind === 'todo')?.effects[0]?.key);
  t.deepEqual(types(world.submit('legal-opinion')), ['evidence.submitted', 'evidence.judged', 'item.passed']);
  t.like(world.submit('legal-opinion', objection), { why: 'unchanged' }, 'the first answer stands');
});

const asksAgain = test.macro({
  exec(t, stageId: string, itemId: string, value: SubmissionValue, code: string) {
    const world = new World().goTo(stageId);
    const before = world.progress;
    t.like(world.submit(itemId, value), { outcome: 'asked_again', itemId, code, events: [], effects: [] });
    t.is(world.progress, before);
  },
  title: (_given, _stageId, itemId, value, code) =>
    `asked again without a trace: ${itemId} ${JSON.stringify(value)} ${code}`,
});

const tags = (...list: string[]): SubmissionValue => ({ kind: 'tags', tags: list });
test(asksAgain, 'screening', 'pains', tags('样本周转慢', '数据迁移难度大'), 'value.too_few');
test(asksAgain, 'screening', 'pains', tags('样本周转慢', '样本周转慢', '样本周转慢'), 'value.too_few');
test(asksAgain, 'screening', 'pains', tags('样本周转慢', '数据迁移难度大', '没有这个'), 'value.unknown_option');
test(asksAgain, 'screening', 'site-photo', { kind: 'text', text: '拍了' }, 'value.kind');
test(asksAgain, 'screening', 'purchase-history', { kind: 'purchase-history', categories: [' '] }, 'value.empty');
test(asksAgain, 'screening', 'follow-up', { kind: 'follow-up', elements: { 客户痛点确认: '有' } }, 'value.empty');
for (const note of [
  '嗯',
  '好的收到',
  '嗯嗯嗯嗯嗯嗯',
  '好的好的好的好的',
  '……………………',
  '123456789',
  '哈哈哈哈哈哈哈',
  'ok ok ok ok',
]) {
  test(asksAgain, 'first-touch', 'touch', { kind: 'touch', witness: 'call', note }, 'value.too_short');
}
test(asksAgain, 'first-touch', 'touch', { kind: 'touch', witness: 'check-in', note: '见了设备科主任' }, 'value.place');
test(asksAgain, 'first-touch', 'touch', { kind: 'touch', witness: 'call', note: ' ' }, 'value.too_short');
test(asksAgain, 'first-touch', 'decision-maker', { kind: 'choice', option: '保安' }, 'value.unknown_option');
test(asksAgain, 'clinical-value', 'tender-notice', { kind: 'link', url: 'javascript:1', title: 'x' }, 'value.empty');
test(asksAgain, 'assigned', 'accept', { kind: 'text', text: '好' }, 'value.kind');

test('tags must come from distinct groups where the flow says so', (t) => {
  const world = new World().goTo('clinical-value');
  const oneGroup = tags('手术室器械消毒时效性', '术中耗材追溯');
  t.like(world.submit('scenarios', oneGroup), { code: 'value.too_few' });
  const flow = {
    ...world.flow,
    stages: world.flow.stages.map((stage) => ({
      ...stage,
      items: stage.items.map((item) => (item.id === 'scenarios' && item.kind === 'tags' ? { ...item, min: 2 } : item)),
    })),
  };
  const looser = new World(flow).goTo('clinical-value');
  t.like(looser.submit('scenarios', oneGroup), { code: 'value.too_few_groups' });
});

test('a wrong code is evidence that failed, not a slip', (t) => {
  const world = new World().goTo('delivery');
  const decision = world.submit('handover', { kind: 'scan', code: 'another' });
  t.like(decision, { outcome: 'asked_again', code: 'verdict' });
  t.deepEqual(types(decision), ['evidence.submitted', 'evidence.judged']);
});

test('evidence for another stage is refused', (t) => {
  const world = new World().goTo('first-touch');
  t.like(world.submit('quote'), { outcome: 'refused', code: 'item.elsewhere', events: [] });
});

test('a lost deal takes nothing more but keeps recording verdicts', (t) => {
  const world = new World().goTo('screening');
  world.submit('site-photo', undefined, 'ev_a');
  t.like(world.do({ kind: 'lose', by: REP, reason: '' }), { code: 'reason.missing' });
  t.like(world.do({ kind: 'lose', by: REP, reason: '预算取消' }), { outcome: 'completed', status: 'lost' });
  t.like(world.submit('pains'), { outcome: 'refused', code: 'deal.not_open' });
  t.like(world.do({ kind: 'lose', by: REP, reason: 'x' }), { code: 'deal.not_open' });
  t.deepEqual(types(world.judge('ev_a', 'passed')), ['evidence.judged']);
  t.deepEqual(gap(world.flow, world.progress), []);
});

test('postponing leaves a word and moves nothing', (t) => {
  const world = new World().goTo('screening');
  const before = world.progress;
  const decision = world.do({ kind: 'postpone', by: REP, reason: '客户出差' });
  t.deepEqual(types(decision), ['deal.postponed']);
  t.deepEqual(world.progress, before);
});

test('the next open item is required first and never somebody else’s turn', (t) => {
  const world = new World().goTo('contract');
  t.is(nextOpenItem(world.flow, world.progress)?.id, 'signed-contract');
  world.submit('signed-contract', undefined, 'ev_a');
  t.is(nextOpenItem(world.flow, world.progress), null);
  t.is(nextOpenItem(world.flow, newProgress()), null);
});

test('an item may be called like something that every object has', (t) => {
  const { flow } = parseFlow(
    '流程: x\n编号: x\n阶段:\n  - 名称: 甲\n    编号: a\n    标准停留: 1工作日\n    验证项: [{ 名称: 乙, 编号: constructor, 类型: 确认 }]\n',
    'x',
  );
  if (flow === null) throw new Error('no flow');
  const now = new Date(0);
  const context = { now, due: () => now, newIds: { visit: asId<StageVisitId>('sv') } };
  const opened = decide(flow, newProgress(), { kind: 'open' }, context).progress;
  t.is(itemStates(flow, opened)[0]?.state, 'open');
  const submission = { id: asId<EvidenceId>('ev'), by: REP, value: { kind: 'confirm' } } as const;
  t.is(decide(flow, opened, { kind: 'submit', itemId: 'constructor', submission }, context).outcome, 'completed');
});

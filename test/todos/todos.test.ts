import test from 'ava';
import { loadCards } from '../../src/cards/index.js';
import {
  asId,
  FixedClock,
  MINUTE,
  projectRoot,
  silentLog,
  type DealId,
  type EvidenceId,
  type PersonId,
  type TodoId,
} from '../../src/core/index.js';
import { SEND, type Outgoing } from '../../src/platforms/contract.js';
import { createRelay } from '../../src/store/index.js';
import { createTodos, todoCardId, type TodoSubject } from '../../src/todos/index.js';
import { testStore } from '../helpers/store.js';

const T1 = asId<TodoId>('todo_1');
const LAW = asId<PersonId>('law-1');
const LAW2 = asId<PersonId>('law-2');
const cards = loadCards(`${projectRoot}/cards`);

async function setup() {
  const { connection } = await testStore({ indexes: false });
  const clock = new FixedClock('2026-03-02T01:00:00Z');
  const relay = createRelay({ connection, clock, log: silentLog });
  const sent: Outgoing[] = [];
  const known = new Set<string>();
  relay.addSink(SEND, (effects) => {
    // The relay may bring the same twice; whoever sends knows it by its id.
    const fresh = effects.filter(({ _id }) => !known.has(_id));
    for (const { _id } of fresh) known.add(_id);
    sent.push(...fresh.map((effect) => effect.data as unknown as Outgoing));
    return Promise.resolve();
  });
  const todos = createTodos({
    connection,
    relay,
    cards,
    words: { dayTime: () => '今天 17:30' },
    clock,
    log: silentLog,
  });
  return { todos, clock, sent };
}

const subject = (more: Partial<TodoSubject> = {}): TodoSubject => ({
  kind: 'approval',
  dealId: asId<DealId>('d1'),
  clientName: '城东医院',
  stageName: '合同签署',
  itemId: 'legal-opinion',
  itemName: '法务初审意见',
  fromId: asId<PersonId>('rep-1'),
  fromName: '代表甲',
  department: '法务',
  assignees: [LAW, LAW2],
  text: '合同初审',
  limitText: '8 工作小时',
  dueAt: new Date('2026-03-02T09:00:00Z'),
  prefer: 'wecom',
  ...more,
});
const by = (id: PersonId, approved = true, note = '') => ({ approved, note, by: id, byName: `法务 ${id}` });

test('everybody of the department is asked once, however often it is asked', async (t) => {
  const { todos, sent } = await setup();
  await todos.ask(T1, subject());
  await todos.ask(T1, subject({ text: '别的' }));
  t.deepEqual(
    sent.map((one) => [one.key, one.message.kind === 'show' ? one.message.cardId : '']),
    [LAW, LAW2].map((id) => [`todo:todo_1:${id}`, todoCardId(T1, id)]),
  );
  t.is((await todos.get(T1))?.text, '合同初审');
});

test('the first answer holds; every card changes, the answerer’s own waits for the answer of the press', async (t) => {
  const { todos, sent, clock } = await setup();
  await todos.ask(T1, subject());
  sent.length = 0;
  const first = await todos.answer(T1, { key: 'p1' }, by(LAW, false, '条款要改'));
  clock.advance(MINUTE);
  const second = await todos.answer(T1, { key: 'p2' }, by(LAW2));
  t.true(first?.mine);
  t.false(second?.mine);
  t.is(second?.todo.answer?.note, '条款要改');
  t.regex(second?.card.card.lines[0]?.text ?? '', /law-1/);
  t.deepEqual(
    sent.map((one) => [one.key, one.notBefore !== undefined]),
    [
      [`todo-done:todo_1:${LAW}`, true],
      [`todo-done:todo_1:${LAW2}`, false],
    ],
  );
  t.is(first?.card.messageKey, `todo-done:todo_1:${LAW}`);
});

test('two at once: one answer', async (t) => {
  const { todos, sent } = await setup();
  await todos.ask(T1, subject());
  const both = await Promise.all([
    todos.answer(T1, { key: 'p1' }, by(LAW)),
    todos.answer(T1, { key: 'p2' }, by(LAW2, false)),
  ]);
  t.is(both.filter((one) => one?.mine).length, 1);
  t.is(new Set(both.map((one) => one?.todo.answer?.by)).size, 1);
  t.is(new Set(sent.map(({ key }) => key).filter((key) => key.startsWith('todo-done'))).size, 2);
});

test('the same press again is still mine, and nothing is told twice', async (t) => {
  const { todos, sent } = await setup();
  await todos.ask(T1, subject());
  await todos.answer(T1, { key: 'p1' }, by(LAW));
  const again = await todos.answer(T1, { key: 'p1' }, by(LAW));
  t.true(again?.mine);
  // Copied out at least once, under the same keys: the outbox keeps one of each.
  t.is(new Set(sent.map(({ key }) => key)).size, 4);
  t.is(await todos.answer(asId<TodoId>('todo_x'), { key: 'p1' }, by(LAW)), null);
});

test('open ones are listed by urgency, answered ones no more; exemptions are counted by when they were granted', async (t) => {
  const { todos, clock } = await setup();
  const rep = asId<PersonId>('rep-1');
  const exemption = { kind: 'exemption' as const, itemId: 'door-plate', assignees: [LAW], reason: '不让拍' };
  await todos.ask(T1, subject({ dueAt: new Date('2026-03-04T00:00:00Z') }));
  await todos.ask(asId<TodoId>('todo_2'), subject({ ...exemption, dueAt: new Date('2026-03-03T00:00:00Z') }));
  await todos.ask(asId<TodoId>('todo_3'), subject(exemption));
  t.deepEqual(
    (await todos.openFor(LAW)).map((one) => one._id),
    ['todo_3', 'todo_2', 'todo_1'],
  );
  const about = { kind: 'exemption' as const, dealId: asId<DealId>('d1'), itemId: 'door-plate' };
  t.not(await todos.findOpen(about), null);
  await todos.answer(asId<TodoId>('todo_2'), { key: 'p1' }, by(LAW));
  await todos.answer(asId<TodoId>('todo_3'), { key: 'p2' }, by(LAW, false));
  t.is(await todos.findOpen(about), null);
  t.not(await todos.find(about), null);
  t.is(await todos.countGranted(rep, new Date('2026-03-01T00:00:00Z')), 1);
  t.is(await todos.countGranted(rep, new Date(clock.now().getTime() + 1)), 0);
  t.deepEqual(
    (await todos.openFor(LAW)).map((one) => one._id),
    ['todo_1'],
  );
});

for (const kind of ['approval', 'task', 'review', 'exemption'] as const) {
  test(`a ${kind} has a card to answer on, and one that says what was answered`, async (t) => {
    const { todos } = await setup();
    const asked = await todos.ask(
      T1,
      subject({ kind, evidenceId: asId<EvidenceId>('ev_1'), reason: '说明', left: 2, validFor: '7 天' }),
    );
    const card = todos.cardOf(asked);
    t.true(card.actions.filter((action) => action.url === undefined).length >= 1);
    const done = await todos.answer(T1, { key: 'p1' }, by(LAW, kind !== 'review', '看过'));
    const after = todos.cardOf(done!.todo);
    t.notDeepEqual(after.actions, card.actions);
    t.regex(JSON.stringify(after), /law-1/);
  });
}

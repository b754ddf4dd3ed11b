import { join } from 'node:path';
import test from 'ava';
import { loadCards } from '../../src/cards/index.js';
import { asId, projectRoot, type PersonId } from '../../src/core/index.js';
import type { Flow, NudgeRule } from '../../src/flow/index.js';
import type { Obligation } from '../../src/insights/obligation.js';
import { createNudgeTick, type NudgeDeps } from '../../src/jobs/nudges.js';
import { createCalendar } from '../../src/org/calendar.js';
import type { Absence, Person } from '../../src/org/types.js';
import type { Outgoing } from '../../src/platforms/contract.js';
import { row, sh } from '../insights/build.js';

const calendar = createCalendar();
const cards = loadCards(join(projectRoot, 'cards'));

const RULES: NudgeRule[] = [
  {
    when: { kind: 'silent', stage: 'screening', forWorkdays: 2 },
    notify: ['supervisor'],
    copy: ['director'],
    attachLast: 3,
  },
  { when: { kind: 'dwell', timesLimit: 2 }, notify: ['supervisor'], copy: [] },
];

/** An outbox that keeps what was sent by key, as the real one does. */
function setup(
  rows: Obligation[],
  away: Record<string, Absence[]> = {},
  taken: { by: PersonId; stageId: string; at: Date }[] = [],
) {
  const sent = new Map<string, Outgoing>();
  const person = (id: string) =>
    ({ id, name: `代表${id}`, absences: away[id] ?? [], identities: [], title: '', role: 'rep' }) as unknown as Person;
  const deps: NudgeDeps = {
    insights: {
      openDueBy: (until) => Promise.resolve(rows.filter((one) => one.state === 'open' && one.dueAt <= until)),
      openInStage: (_flow, stage) =>
        Promise.resolve(rows.filter((one) => one.state === 'open' && one.stageId === stage)),
      followUps: () =>
        Promise.resolve([{ on: '2026-11-18', dealId: rows[0]!.dealId, clientName: '滨江医院', what: '照片 2' }]),
    },
    org: {
      person,
      isAway: (id, at) =>
        (away[id] ?? []).some(({ from, to }) => from <= calendar.localDate(at!) && calendar.localDate(at!) <= to),
      calendarOf: (id) => calendar.withLeave(away[id] ?? []),
      supervisorOf: () => person('boss'),
      directorOf: () => person('director'),
    },
    calendar,
    flows: () => [{ id: 'medical-device', nudges: RULES } as Flow],
    cards,
    takenOn: () => Promise.resolve(taken),
    enqueue: (messages) => {
      for (const message of messages) if (!sent.has(message.key)) sent.set(message.key, message);
      return Promise.resolve();
    },
    pages: { deal: (id) => `https://x.test/m/deals/${id}`, trail: (id) => `https://x.test/m/trail/${id}` },
  };
  let tick = createNudgeTick(deps);
  /** Another process, or the same one after a restart. */
  const restart = () => (tick = createNudgeTick(deps));
  const at = async (...times: string[]) => {
    for (const time of times) await tick.run(sh(time));
    return [...sent.keys()];
  };
  const card = (key: string) => {
    const message = sent.get(key)?.message;
    return message?.kind === 'show' ? message.card : undefined;
  };
  return { at, sent, card, restart };
}
const busy = { lastEventAt: sh('2026-11-24 08:00') };

test('a rep gets one card a day with all deals that are due', async (t) => {
  const { at, card, restart } = setup([
    row({ ...busy, stageId: 'solution', dueAt: sh('2026-11-24 15:00'), clientName: '滨江医院' }),
    row({
      ...busy,
      stageId: 'solution',
      enteredAt: sh('2026-11-10 15:00'),
      dueAt: sh('2026-11-23 15:00'),
      clientName: '城东医院',
    }),
    row({ ...busy, stageId: 'solution', dueAt: sh('2026-11-25 15:00'), clientName: '城西医院' }),
  ]);
  t.deepEqual(await at('2026-11-24 09:00', '2026-11-24 09:00', '2026-11-24 16:00'), ['nudge:rep-1:2026-11-24']);
  const text = card('nudge:rep-1:2026-11-24')!
    .lines.map((line) => line.text)
    .join('\n');
  t.regex(text, /滨江医院（差材料a）/);
  t.regex(text, /城东医院（已超期/);
  t.notRegex(text, /城西医院/);
  t.is(card('nudge:rep-1:2026-11-24')?.title, '2 个商机今天要做');
  restart();
  t.is((await at('2026-11-24 16:30')).length, 1);
  t.is((await at('2026-11-25 09:00')).length, 2);
});

test('nothing is sent outside working time', async (t) => {
  const overdue = row({ dueAt: sh('2026-11-20 15:00'), lastEventAt: sh('2026-11-10 15:00') });
  const { at } = setup([overdue]);
  t.deepEqual(
    await at('2026-11-24 08:50', '2026-11-24 12:30', '2026-11-24 18:00', '2026-11-28 10:00', '2026-10-01 10:00'),
    [],
  );
});

test('what was entered today is left alone until it is due', async (t) => {
  const { at } = setup([
    row({ ...busy, stageId: 'assigned', enteredAt: sh('2026-11-24 10:00'), dueAt: sh('2026-11-24 15:00') }),
  ]);
  t.deepEqual(await at('2026-11-24 10:10', '2026-11-24 14:50'), []);
  t.is((await at('2026-11-24 15:00')).length, 1);
});

test('put off with a reason means not again today', async (t) => {
  const { at } = setup([
    row({
      ...busy,
      stageId: 'solution',
      dueAt: sh('2026-11-24 15:00'),
      postponed: { at: sh('2026-11-24 09:30'), reason: '客户出差' },
    }),
  ]);
  t.deepEqual(await at('2026-11-24 10:00'), []);
  t.is((await at('2026-11-25 09:00')).length, 1);
});

test('after two silent working days supervisor and director hear of it, once per further two days', async (t) => {
  const { at, card, sent } = setup([row({ lastEventAt: sh('2026-11-19 14:00'), dueAt: sh('2026-12-24 15:00') })]);
  t.deepEqual(await at('2026-11-23 09:00', '2026-11-23 17:50'), []);
  const first = [
    'nudge:rep-1:silent:screening:2026-11-19:1:boss',
    'nudge:rep-1:silent:screening:2026-11-19:1:director',
  ];
  t.deepEqual(await at('2026-11-24 09:00', '2026-11-24 09:10', '2026-11-25 09:00'), first);
  t.is((await at('2026-11-26 09:00', '2026-11-27 09:00')).length, 4);
  const told = card(first[0]!)!;
  t.regex(told.title, /代表rep-1 的「需求初筛」/);
  t.regex(told.lines.map((line) => line.text).join('\n'), /11-18 滨江医院 照片 2/);
  t.true([...sent.values()].every((message) => message.purpose === 'nudge'));
});

test('who took it on hears of the same silence no more, the others do; after something new they hear again', async (t) => {
  const silent = row({ lastEventAt: sh('2026-11-19 14:00'), dueAt: sh('2026-12-24 15:00') });
  const taken = [{ by: asId<PersonId>('boss'), stageId: 'screening', at: sh('2026-11-24 10:20') }];
  const { at } = setup([silent], {}, taken);
  t.deepEqual(await at('2026-11-26 09:00'), ['nudge:rep-1:silent:screening:2026-11-19:2:director']);
  silent.lastEventAt = sh('2026-11-26 10:00');
  t.deepEqual((await at('2026-12-01 09:00')).slice(1), [
    'nudge:rep-1:silent:screening:2026-11-26:1:boss',
    'nudge:rep-1:silent:screening:2026-11-26:1:director',
  ]);
});

test('a rep on leave is neither reminded nor reported', async (t) => {
  const { at } = setup([row({ lastEventAt: sh('2026-11-18 14:00'), dueAt: sh('2026-11-20 15:00') })], {
    'rep-1': [{ from: '2026-11-19', to: '2026-11-24' }],
  });
  t.deepEqual(await at('2026-11-24 09:00'), []);
});

test('a visit longer than twice its limit is reported once', async (t) => {
  const visit = row({
    ...busy,
    _id: 'v1' as Obligation['_id'],
    stageId: 'solution',
    limit: '2 工作日',
    enteredAt: sh('2026-11-16 09:00'),
    dueAt: sh('2026-11-17 18:00'),
    ownerId: 'rep-9',
  });
  const { at } = setup([visit]);
  const told = async (time: string) => (await at(time)).filter((key) => key.includes('dwell'));
  t.deepEqual(await told('2026-11-19 17:50'), []);
  t.deepEqual(await told('2026-11-20 09:00'), []); // exactly twice is not more
  t.deepEqual(await told('2026-11-20 09:10'), ['nudge:rep-9:dwell:v1:2:boss']);
  t.deepEqual(await told('2026-11-24 09:10'), ['nudge:rep-9:dwell:v1:2:boss']);
});

test('one rep whose card cannot be made does not keep the others from theirs', async (t) => {
  const due = { ...busy, stageId: 'solution', dueAt: sh('2026-11-24 15:00') };
  const broken = row({ ...due, ownerId: 'broken' });
  Object.defineProperty(broken, 'required', {
    get: () => {
      throw new Error('broken row');
    },
  });
  const { at, sent } = setup([broken, row({ ...due, ownerId: 'whole' })]);
  await t.throwsAsync(at('2026-11-24 09:00'), { message: 'broken row' });
  t.deepEqual([...sent.keys()], ['nudge:whole:2026-11-24']);
});

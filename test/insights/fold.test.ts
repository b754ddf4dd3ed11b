import test from 'ava';
import fc from 'fast-check';
import type { Connection } from 'mongoose';
import { asId, FixedClock, type DealId } from '../../src/core/index.js';
import type { DealEvent } from '../../src/deals/index.js';
import type { Flow } from '../../src/flow/index.js';
import { createInsights, foldDeal, insightsIndexes } from '../../src/insights/index.js';
import { createCalendar } from '../../src/org/index.js';
import type { DomainEvent } from '../../src/store/index.js';
import { openTestStore } from '../org/store.js';
import { History, sh } from './build.js';

const calendar = createCalendar();
const FLOW = {
  id: 'medical-device',
  stages: [
    { id: 'screening', name: '需求初筛' },
    { id: 'clinical-value', name: '临床价值论证' },
    { id: 'contract', name: '合同签署' },
  ],
} as Flow;

async function setup() {
  const connection = await openTestStore(insightsIndexes);
  const insights = createInsights({
    connection,
    clock: new FixedClock(sh('2026-11-24 09:00')),
    calendar,
    org: { calendarOf: () => calendar },
    flows: () => [FLOW],
  });
  /** As the relay does: into the log first, then to the readers. */
  const happen = async (events: readonly DealEvent[]) => {
    const log = connection.collection('events');
    for (const event of events)
      await log.updateOne({ _id: event._id as never }, { $setOnInsert: withoutId(event) }, { upsert: true });
    await insights.fold(events as unknown as DomainEvent[]);
  };
  return { connection, insights, happen };
}
function withoutId({ _id, ...rest }: DealEvent): Record<string, unknown> {
  return rest;
}
const rowsIn = (connection: Connection, dealId = 'd') =>
  connection
    .collection('obligations')
    .find({ dealId }, { sort: { enteredAt: 1 } })
    .toArray();

const story = (id = 'd', facts = {}) =>
  new History(id, { dealId: asId<DealId>(id), ...facts })
    .add('deal.opened', sh('2026-11-02 09:00'), {})
    .enter('screening', sh('2026-11-02 09:00'), sh('2026-11-05 09:00'), ['a', 'b'], { same: true })
    .submit('screening', 'a', sh('2026-11-03 10:00'), 'failed')
    .submit('screening', 'a', sh('2026-11-03 11:00'), 'passed')
    .submit('screening', 'b', sh('2026-11-04 10:00'), 'passed')
    .pass('screening', sh('2026-11-04 10:00'), { same: true })
    .enter('clinical-value', sh('2026-11-04 10:00'), sh('2026-11-11 10:00'), ['c'], { same: true })
    .submit('clinical-value', 'c', sh('2026-11-06 10:00'), 'review');

test('one event at a time, all at once or again and again: the rows are those of the whole history', async (t) => {
  const { connection, insights, happen } = await setup();
  const { events } = story();
  for (const event of events) await happen([event]);
  t.deepEqual(await rowsIn(connection), foldDeal(events) as never);
  await happen(events);
  await happen(events.slice(2, 4));
  t.deepEqual(await rowsIn(connection), foldDeal(events) as never);
  t.deepEqual(await insights.rebuild({ verifyOnly: true }), { compared: 2, different: [] });
});

test('property: events that come late, torn apart and repeated are folded to the same rows', async (t) => {
  let no = 0;
  const base = story().events;
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(base, { minLength: base.length }),
      fc.integer({ min: 1, max: 5 }),
      async (shuffled, size) => {
        const { connection, happen } = await shared;
        const id = `p${++no}`;
        const { events } = story(id);
        const mine = shuffled.map((event) => events[base.indexOf(event)]!);
        for (let i = 0; i < mine.length; i += size) await happen(mine.slice(i, i + size));
        t.deepEqual(await rowsIn(connection, id), foldDeal(events) as never);
      },
    ),
    { numRuns: 25 },
  );
});
const shared = setup();

test('several processes folding the same deal at once do not overwrite each other', async (t) => {
  const { connection, happen } = await setup();
  const { events } = story();
  await Promise.all(events.map((event) => happen([event])));
  await happen(events);
  t.deepEqual(await rowsIn(connection), foldDeal(events) as never);
});

test('events of other aggregates are not ours', async (t) => {
  const { connection, insights } = await setup();
  await insights.fold([
    {
      _id: 'x',
      type: 'todo.answered',
      aggregate: 'todos',
      aggregateId: 't',
      ver: 1,
      n: 0,
      at: sh('2026-11-02'),
      data: {},
    },
  ]);
  t.is(await connection.collection('obligations').countDocuments({}), 0);
});

test('verify names every row that is wrong, missing or of nowhere, and rebuild puts them right', async (t) => {
  const { connection, insights, happen } = await setup();
  await happen(story('d1').events);
  await happen(story('d2').events);
  const rows = connection.collection('obligations');
  await rows.updateOne({ _id: 'd1/screening' as never }, { $set: { exempted: 7 } });
  await rows.deleteOne({ _id: 'd2/screening' as never });
  const stray = (await rows.findOne({ _id: 'd1/clinical-value' as never }))!;
  await rows.insertOne({ ...stray, _id: 'gone/screening' as never, dealId: 'gone' });

  const found = await insights.rebuild({ verifyOnly: true });
  t.is(found.compared, 5);
  t.deepEqual([...found.different].sort(), ['d1/screening', 'd2/screening', 'gone/screening']);
  t.is((await insights.rebuild({ verifyOnly: true })).different.length, 3, 'verifying changes nothing');
  t.is((await insights.rebuild()).different.length, 3);
  t.deepEqual(await insights.rebuild({ verifyOnly: true }), { compared: 4, different: [] });
});

test('a digest is kept as it was sent, whatever happens later', async (t) => {
  const { insights, happen } = await setup();
  const history = story('d', { ownerId: asId('rep-1') });
  await happen(history.events);
  const subject = {
    id: 'group-1',
    scopeName: '华东一组',
    scope: { all: false, regionIds: [], teamIds: ['team-1'], personIds: [] },
  };
  const sent = await insights.snapshotDigest(subject, sh('2026-11-24 09:00'));
  t.is(sent._id, 'digest:group-1:2026-11-24');
  t.deepEqual([sent.penetration.value, sent.penetration.fraction], ['50%', '1/2']);
  t.deepEqual(
    sent.stages.map((stage) => [stage.id, stage.value]),
    [
      ['penetration.screening', '100%'],
      ['penetration.clinical-value', '0%'],
      ['penetration.contract', '—'],
    ],
  );
  t.is(sent.lowest, 'penetration.clinical-value');

  const before = history.events.length;
  history
    .submit('clinical-value', 'c', sh('2026-11-24 10:00'), 'passed')
    .pass('clinical-value', sh('2026-11-24 10:00'));
  await happen(history.events.slice(before));
  t.deepEqual(await insights.snapshotDigest(subject, sh('2026-11-24 18:00')), sent);
  t.deepEqual(await insights.digest(sent._id), sent);
  t.deepEqual(await insights.digestsOf('group-1', 7), [sent]);
  const live = await insights.figures(subject.scope, sh('2026-11-24 18:00'));
  t.is(live.penetration.value, '100%');
  t.is(live.penetration.previous?.value, '50%');
});

test('every figure opens to people, deals and evidence', async (t) => {
  const { insights, happen } = await setup();
  await happen(story('d').events);
  await happen(story('other', { teamId: 'team-2' }).events);
  const scope = { all: false, regionIds: [], teamIds: ['team-1'], personIds: [] };
  const figures = await insights.figures(scope, sh('2026-11-24 09:00'));
  const behind = (id: string) => figures.people.find((one) => one.figureId === id)!.people;
  t.deepEqual(
    behind('penetration.clinical-value').map((one) => [one.personId as string, one.value]),
    [['rep-1', '0% · 0/1']],
  );
  const [deal] = behind('penetration.clinical-value')[0]!.deals;
  t.deepEqual([deal?.mark, deal?.overdue, deal?.text], ['open', true, '差：材料c']);
  t.deepEqual(
    deal?.evidence.map((one) => [one.itemName, one.mark, one.hasPicture]),
    [['材料c', 'review', true]],
  );
  t.deepEqual(
    behind('penetration')[0]?.deals.map((one) => one.mark),
    ['open', 'passed'],
  );
  t.deepEqual(
    figures.lights.map((light) => [light.id, light.on, light.value, light.label]),
    [
      ['red', false, '0 人', '需求初筛超期未更新'],
      ['yellow', false, '0 人', '临床价值论证材料不足'],
      ['green', false, '0 人', '合同签署全达标'],
    ],
  );
});

import test from 'ava';
import fc from 'fast-check';
import { applyEvent, foldDeal, missingItems } from '../../src/insights/obligation.js';
import { asId } from '../../src/core/index.js';
import { History, sh } from './build.js';

const story = () =>
  new History('d')
    .add('deal.opened', sh('2026-11-02 09:00'), {})
    .enter('screening', sh('2026-11-02 09:00'), sh('2026-11-05 09:00'), ['a', 'b'], { same: true })
    .submit('screening', 'a', sh('2026-11-03 10:00'), 'failed')
    .submit('screening', 'a', sh('2026-11-03 11:00'), 'passed')
    .add('skip.attempted', sh('2026-11-03 12:00'), {
      fromStageId: 'screening',
      toStageId: 'contract',
      by: asId('rep-1'),
    })
    .submit('screening', 'b', sh('2026-11-04 11:00'), 'review')
    .add('deal.postponed', sh('2026-11-05 09:30'), {
      visitId: asId('d/screening'),
      stageId: 'screening',
      reason: '客户出差',
    });

test('a visit keeps what was handed in, judged and owed', (t) => {
  const [visit] = story().rows();
  t.is(visit?.state, 'open');
  t.deepEqual(
    visit?.submissions.map((one) => [one.itemId, one.status, one.first?.status ?? null]),
    [
      ['a', 'failed', 'failed'],
      ['a', 'passed', 'passed'],
      ['b', 'review', null],
    ],
  );
  t.deepEqual(visit?.submissions[0]?.codes, ['photo.fresh']);
  t.deepEqual(
    missingItems(visit!).map((item) => item.itemId),
    ['b'],
  );
  t.is(visit?.skipAttempts, 1);
  t.deepEqual(visit?.postponed, { at: sh('2026-11-05 09:30'), reason: '客户出差' });
});

test('only what people did for the deal counts as an update', (t) => {
  t.deepEqual(story().rows()[0]?.lastEventAt, sh('2026-11-04 11:00'));
});

test("a person's later verdict decides what a machine left open", (t) => {
  const history = story();
  const evidenceId = history.rows()[0]!.submissions[2]!.evidenceId;
  const later = {
    visitId: asId<never>('d/screening'),
    stageId: 'screening',
    itemId: 'b',
    evidenceId,
    codes: [],
    first: false,
  };
  history.add('evidence.judged', sh('2026-11-05 10:00'), { ...later, status: 'passed' });
  t.deepEqual(history.rows()[0]?.submissions[2]?.first, { status: 'passed', at: sh('2026-11-05 10:00') });
});

test('an exemption that ran out leaves the item owed again', (t) => {
  const item = { visitId: asId<never>('d/screening'), stageId: 'screening', itemId: 'b' };
  const history = story().add('item.exempted', sh('2026-11-05 10:00'), {
    ...item,
    by: asId('boss'),
    reason: '客户不让拍',
  });
  t.deepEqual(missingItems(history.rows()[0]!), []);
  history.add('exemption.expired', sh('2026-11-12 10:00'), item);
  t.deepEqual(
    missingItems(history.rows()[0]!).map((one) => one.itemId),
    ['b'],
  );
  t.deepEqual(history.rows()[0]?.lastEventAt, sh('2026-11-05 10:00'));
});

test('passing, going on and losing close visits in their own way', (t) => {
  const history = story()
    .pass('screening', sh('2026-11-05 11:00'), { exempted: 1 })
    .enter('solution', sh('2026-11-05 11:00'), sh('2026-11-12 11:00'), ['c'], { same: true })
    .add('deal.lost', sh('2026-11-06 10:00'), { reason: '预算取消' });
  t.deepEqual(
    history.rows().map((row) => [row.stageId, row.state, row.endedAt, row.exempted]),
    [
      ['screening', 'passed', sh('2026-11-05 11:00'), 1],
      ['solution', 'dropped', sh('2026-11-06 10:00'), 0],
    ],
  );
});

test('going back drops the visit that was left', (t) => {
  const history = story().enter('first-touch', sh('2026-11-06 09:00'), sh('2026-11-09 09:00'));
  t.deepEqual(
    history.rows().map((row) => row.state),
    ['dropped', 'open'],
  );
});

test('what is still owed goes to the new owner with a new clock, what was passed stays', (t) => {
  const history = story()
    .pass('screening', sh('2026-11-05 11:00'))
    .enter('solution', sh('2026-11-05 11:00'), sh('2026-11-12 11:00'));
  history.facts.teamId = 'team-2';
  history.add('owner.changed', sh('2026-11-09 10:00'), { from: asId('rep-1'), to: asId('rep-2') });
  const [before, now] = history.rows();
  t.deepEqual([before?.ownerId, before?.teamId], [asId('rep-1'), 'team-1']);
  t.deepEqual([now?.ownerId, now?.teamId], [asId('rep-2'), 'team-2']);
  t.deepEqual(now?.lastEventAt, sh('2026-11-09 10:00'));
});

test('an event of a visit that is not known asks for the history', (t) => {
  const [submitted] = new History('d').submit('screening', 'a', sh('2026-11-03 10:00')).events;
  t.is(applyEvent([], submitted!), null);
});

test('property: any order and any repetition of the events give the same rows', (t) => {
  const { events } = story().pass('screening', sh('2026-11-05 11:00'));
  const expected = foldDeal(events);
  fc.assert(
    fc.property(fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray(events), (shuffled, again) => {
      t.deepEqual(foldDeal([...shuffled, ...again]), expected);
    }),
  );
});

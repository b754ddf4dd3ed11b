import test from 'ava';
import {
  asId,
  DAY,
  HOUR,
  NotFoundError,
  SECOND,
  type DealId,
  type EvidenceId,
  type FileId,
  type PersonId,
} from '../../src/core/index.js';
import type { SubmitCommand } from '../../src/deals/index.js';
import { JIA, openHouse, type TestHouse } from '../helpers/house.js';

const D1 = asId<DealId>('d1');
const ME = asId<PersonId>(JIA);

const command = (key: string) => ({ key, dealId: D1, by: ME, platform: 'wecom' as const });
const choice = (key: string, option = '院长'): SubmitCommand => ({
  ...command(key),
  itemId: 'decision-maker',
  evidenceId: asId<EvidenceId>(`ev_${key}`),
  value: { kind: 'choice', option },
  askedAt: null,
});

async function photo(house: TestHouse, key: string, words: string): Promise<SubmitCommand> {
  const id = asId<FileId>(`f_${key}`);
  const bytes = Buffer.from(words);
  const file = await house.vault.put(id, bytes, { name: 'a.jpg', mime: 'image/jpeg', at: house.clock.now() });
  return {
    ...command(key),
    itemId: 'site-photo',
    evidenceId: asId<EvidenceId>(`ev_${key}`),
    value: { kind: 'photo', fileId: id, sha256: file.sha256 },
    file,
    askedAt: house.clock.now(),
  };
}

test('two processes racing on one deal: both count, the events are in one order', async (t) => {
  const house = await openHouse(t);
  const other = await openHouse(t, { store: house.store, clock: house.clock });
  await house.deal({ stage: 'first-touch' });
  await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      (n % 2 === 0 ? house : other).deals.submit(choice(`k${n}`, n % 2 === 0 ? '院长' : '护士长')),
    ),
  );
  const deal = await house.deals.get(D1);
  const submissions = deal?.visits.at(-1)?.items['decision-maker']?.submissions ?? [];
  t.is(submissions.length, 8);
  t.is(submissions.filter((one) => one.status === 'passed').length, 1, 'the newest answer counts, the others gave way');
  const events = await house.events('d1');
  const fresh = events.filter((event) => !event._id.startsWith('import:'));
  t.is(fresh.filter((event) => event.type === 'evidence.submitted').length, 8);
  t.is(new Set(events.map((event) => event._id)).size, events.length);
  const versions = events.map((event) => event.ver);
  t.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
});

test('a deal is pinned to the flow it was opened with, opening twice opens once, and what is not there is said', async (t) => {
  const house = await openHouse(t);
  const fresh = {
    id: D1,
    key: 'open-1',
    clientId: asId<never>('demo-chengdong'),
    ownerId: ME,
    productLine: '体外诊断',
    flowId: 'medical-device',
  };
  const opened = await Promise.all([house.deals.open(fresh), house.deals.open(fresh)]);
  t.deepEqual(opened[0].visits, opened[1].visits);
  t.is(opened[0].flowHash, house.flow.hash);
  t.deepEqual(
    (await house.events('d1')).map((event) => event.type),
    ['deal.opened', 'stage.entered'],
  );
  await house.settle();
  t.is(house.chat(JIA).shown().length, 1, 'the owner sees the first checklist');
  await t.throwsAsync(house.deals.open({ ...fresh, id: asId<DealId>('d2'), ownerId: asId<PersonId>('x') }), {
    instanceOf: NotFoundError,
  });
  await t.throwsAsync(house.deals.open({ ...fresh, id: asId<DealId>('d2'), clientId: asId<never>('x') }), {
    instanceOf: NotFoundError,
  });
  await t.throwsAsync(house.deals.submit({ ...choice('k'), dealId: asId<DealId>('gone') }), { code: 'deal.unknown' });
});

test('an answer that cannot be taken leaves no trace, and gets the same answer when it comes again', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  await house.relay.idle();
  const before = await house.deals.get(D1);
  for (let n = 0; n < 2; n++) {
    const done = await house.deals.submit(choice('k1', '门卫'));
    t.is(done.decision?.outcome, 'asked_again');
  }
  t.deepEqual(await house.deals.get(D1), before);
});

test('a verdict that comes by itself changes the card, and says what is to be done when it did not pass', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house.deals.show(command('show'));
  await house.deals.submit(await photo(house, 'k1', 'old'));
  await house.settle();
  const jia = house.chat(JIA);
  t.regex(jia.reads(), /❌ 客户现场照片/);
  t.regex(jia.reads(), /水印时间是昨天/);
  await house.deals.submit(await photo(house, 'k2', 'good'));
  await house.settle();
  t.regex(jia.reads(), /✅ 客户现场照片/);
  const [first, second] = await house.verification.ofDeal('d1');
  t.is(first?.verdict?.status, 'failed');
  t.is(second?.state, 'judged');
  const deal = await house.deals.get(D1);
  t.is(deal?.visits.at(-1)?.items['site-photo']?.submissions.length, 2);
});

test('a verifier that breaks is tried three times, then a person is wanted; nothing passes by it', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const broken = await photo(house, 'k1', 'good');
  await house.vault.remove(broken.file!.id);
  await house.deals.submit(broken);
  for (let n = 0; n < 4; n++) {
    house.clock.advance(60 * SECOND);
    await house.verification.sweep();
  }
  const [evidence] = await house.verification.ofDeal('d1');
  t.is(evidence?.verdict?.status, 'unchecked');
  t.is(evidence?.attempts, 3);
  const deal = await house.deals.get(D1);
  t.is(deal?.visits.at(-1)?.items['site-photo']?.submissions[0]?.status, 'unchecked');
});

test('a verification that a dead process had taken is taken over when its lease is over, and judged once', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  await house.verification.stop();
  await house.deals.submit(await photo(house, 'k1', 'good'));
  const rows = house.store.connection.collection('evidence');
  await rows.updateOne({}, { $set: { leasedUntil: new Date(house.clock.now().getTime() + 90 * SECOND) } });
  house.verification.start();
  await house.verification.sweep();
  t.is((await rows.findOne({}))?.['state'], 'waiting');
  house.clock.advance(91 * SECOND);
  await Promise.all([house.verification.sweep(), house.verification.sweep()]);
  t.is((await rows.findOne({}))?.['state'], 'judged');
  t.is(
    (await house.events('d1')).filter((event) => event.type === 'evidence.judged').length,
    1 + stepsJudged(await house.events('d1')),
  );
});

/** Verdicts of the import that brought the deal to its stage. */
function stepsJudged(events: readonly { _id: string; type: string }[]): number {
  return events.filter((event) => event.type === 'evidence.judged' && event._id.startsWith('import:')).length;
}

test('an exemption that ran out is owed again', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'clinical-value' });
  const until = new Date(house.clock.now().getTime() + 7 * DAY);
  await house.deals.exempt({
    ...command('k1'),
    by: asId<PersonId>('demo-director-east'),
    itemId: 'tender-notice',
    reason: '没有公告',
    expiresAt: until,
  });
  t.false(house.deals.missing((await house.deals.get(D1))!).some((item) => item.id === 'tender-notice'));
  house.clock.set(new Date(until.getTime() + HOUR));
  await house.deals.expireExemptions({ key: 'k2', dealId: D1, platform: 'wecom' });
  t.true(house.deals.missing((await house.deals.get(D1))!).some((item) => item.id === 'tender-notice'));
  t.is((await house.events('d1')).at(-1)?.type, 'exemption.expired');
});

test('a rule proposes under its own name: refused like anybody, but no attempt to skip', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  const byRule = await house.deals.advance({ ...command('k1'), target: 'contract', cause: 'rule' });
  t.is(byRule.decision?.outcome, 'refused');
  t.is((await house.deals.get(D1))?.skipAttempts, 0);
  const byRep = await house.deals.advance({ ...command('k2'), target: 'contract' });
  t.is(byRep.decision?.outcome, 'refused');
  await house.deals.advance({ ...command('k2'), target: 'contract' });
  t.is((await house.deals.get(D1))?.skipAttempts, 1, 'the same attempt counts once');
});

test('the card follows its owner to the other platform', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'first-touch' });
  await house.chat(JIA).says('城东').expects('首次触达');
  await house
    .chat(JIA, 'dingtalk')
    .says('城东')
    .expects('首次触达')
    .presses('选关键决策人职务')
    .presses('选好了', '院长');
  const deal = await house.deals.get(D1);
  t.is(deal?.card?.platform, 'dingtalk');
  t.regex(house.chat(JIA, 'dingtalk').reads(), /✅ 关键决策人职务/);
});

test('of a rep’s deals the one that is due first, or over for longest, comes first', async (t) => {
  const house = await openHouse(t);
  await house.deal({ id: 'd1', client: 'demo-chengdong', stage: 'solution' });
  await house.deal({ id: 'd2', client: 'demo-binjiang', stage: 'assigned' });
  const open = await house.deals.openOf(house.org.person(JIA)!.id);
  t.deepEqual(
    open.map(({ _id }) => String(_id)),
    ['d2', 'd1'],
  );
  const due = open.map((deal) => deal.visits.at(-1)!.dueAt.getTime());
  t.true(due[0]! < due[1]!);
});

import test from 'ava';
import { DAY } from '../../src/core/index.js';
import type { EvidenceDocument } from '../../src/deals/index.js';
import type { TodoDocument } from '../../src/todos/index.js';
import { createPageBackend, createReviewDesk } from '../../src/web/index.js';
import { countReviews } from '../../src/web/review-counts.js';
import { pdf } from '../helpers/chat.js';
import { openHouse, JIA } from '../helpers/house.js';

async function openDesk(...given: Parameters<typeof openHouse>) {
  const house = await openHouse(...given);
  const looks: string[] = [];
  const backend = createPageBackend({
    ...house,
    printWatermark: (bytes) => Promise.resolve(Buffer.from(bytes)),
    proofs: { print: () => Promise.resolve([]) },
    looks: { record: ({ what }) => Promise.resolve(void looks.push(what)), of: () => Promise.resolve([]) },
  });
  const desk = createReviewDesk({ ...house, evidenceOf: backend.evidenceOf });
  const chief = house.org.supervisorOf(JIA);
  const viewer = { personId: chief!.id, platform: 'wecom' as const };
  return { house, desk, backend, viewer, looks };
}

/** A proposal that the machine wants a person to look at. */
async function doubtful(t: Parameters<typeof openHouse>[0]) {
  const made = await openDesk(t);
  const { house } = made;
  const deal = await house.deal({ stage: 'quotation' });
  await house
    .chat(JIA)
    .says('城东')
    .presses(/阶梯报价单/)
    .sendsFile(pdf('doubt'), '报价.pdf');
  await house.settle();
  return { ...made, deal };
}

test('what waits for a person is on the page with its facts, and one press moves the deal', async (t) => {
  const { house, desk, viewer, deal, looks } = await doubtful(t);
  const { rows } = await desk.queue(viewer);
  t.is(rows.length, 1);
  t.is(rows[0]?.evidence.deal.clientName, '城东医院');
  t.regex(rows[0]?.evidence.say ?? '', /印章要人看/u);
  t.deepEqual(looks, [], 'the queue is no look at a picture');

  const answer = await desk.decide(viewer, rows[0]!.todoId, { approved: true });
  t.true(answer.mine);
  await house.settle();
  const item = (await house.deals.get(deal._id))?.visits.at(-1)?.items['quote'];
  t.is(item?.submissions.at(-1)?.status, 'passed');
  t.is(item?.submissions.at(-1)?.judgedBy, viewer.personId);
  const after = await desk.queue(viewer);
  t.is(after.rows.length, 0);
  t.deepEqual(
    after.counts.map(({ verifier, decided, passed, refused, checks }) => ({
      verifier,
      decided,
      passed,
      refused,
      checks: checks.map(({ label }) => label),
    })),
    [{ verifier: 'scripted', decided: 1, passed: 1, refused: 0, checks: ['授权印章'] }],
  );
});

test('what goes back needs a reason, and the rep reads it', async (t) => {
  const { house, desk, viewer, deal } = await doubtful(t);
  const [row] = (await desk.queue(viewer)).rows;
  await t.throwsAsync(desk.decide(viewer, row!.todoId, { approved: false }), { message: /reason/ });
  await t.throwsAsync(desk.decide(viewer, row!.todoId, { approved: 'yes' }), { message: /expected/ });
  await desk.decide(viewer, row!.todoId, { approved: false, note: '章看不清' });
  await house.settle();
  const say = (await house.deals.get(deal._id))?.visits.at(-1)?.items['quote']?.submissions.at(-1)?.say ?? '';
  t.regex(say, /没通过：章看不清/u);
});

test('only whoever was asked decides, and the first decision holds', async (t) => {
  const { house, desk, viewer } = await doubtful(t);
  const [row] = (await desk.queue(viewer)).rows;
  const rep = { personId: house.org.person(JIA)!.id, platform: 'wecom' as const };
  t.deepEqual((await desk.queue(rep)).rows, []);
  await t.throwsAsync(desk.decide(rep, row!.todoId, { approved: true }), { message: /not asked/ });
  await t.throwsAsync(desk.decide(viewer, 'todo_none', { approved: true }), { message: /no review/ });
  await desk.decide(viewer, row!.todoId, { approved: true });
  const again = await desk.decide(viewer, row!.todoId, { approved: false, note: '再想想' });
  t.regex(again.text, /已通过/u);
  t.is((await desk.queue(viewer)).counts[0]?.passed, 1);
});

test('decisions older than the window are not counted', async (t) => {
  const { house, desk, viewer } = await doubtful(t);
  const [row] = (await desk.queue(viewer)).rows;
  await desk.decide(viewer, row!.todoId, { approved: true });
  house.clock.advance(91 * DAY);
  t.deepEqual((await desk.queue(viewer)).counts, []);
});

test('how people decided is known after a restart, from what is stored', async (t) => {
  const { house, desk, viewer } = await doubtful(t);
  const [row] = (await desk.queue(viewer)).rows;
  await desk.decide(viewer, row!.todoId, { approved: true });
  const before = (await desk.queue(viewer)).counts;
  const { desk: after } = await openDesk(t, { store: house.store, clock: house.clock });
  t.deepEqual((await after.queue(viewer)).counts, before);
  t.is(before[0]?.decided, 1);
});

test('who leads may refuse what the machine passed, once, with a reason that reaches the rep', async (t) => {
  const { house, desk, viewer, backend } = await openDesk(t);
  await house.deal({ stage: 'screening' });
  await house.chat(JIA).says('城东').presses('拍客户现场照片').sendsPhoto();
  const [evidence] = await house.verification.ofDeal('d1');
  const id = evidence!._id;
  const rep = { personId: house.org.person(JIA)!.id, platform: 'wecom' as const };
  t.is((await backend.evidence(rep, id)).refuse, null);
  t.deepEqual((await backend.evidence(viewer, id)).refuse?.reasons.length, 4);
  await t.throwsAsync(desk.refuse(rep, id, { note: '自己退' }), { code: 'review.not_yours' });
  await t.throwsAsync(desk.refuse(viewer, id, { note: ' ' }), { code: 'review.no_reason' });
  await desk.refuse(viewer, id, { note: '不是这个客户的' });
  await desk.refuse(viewer, id, { note: '不是这个客户的' });
  await house.settle();
  t.regex(house.chat(JIA).reads(), /一组主管看过了，没通过：不是这个客户的。重新交一次就行。/u);
  t.true((await house.verification.get(id))?.history.filter(({ who }) => who === '一组主管').length === 1);
  t.is((await backend.evidence(viewer, id)).refuse, null);
  t.deepEqual(
    (await desk.queue(viewer)).counts.map(({ verifier, missed, decided }) => ({ verifier, missed, decided })),
    [{ verifier: 'scripted', missed: 1, decided: 0 }],
  );
});

test('the machine is overruled only where it had said no, counted by verifier and by check', (t) => {
  const decided = (evidenceId: string, approved: boolean) => ({ evidenceId, answer: { approved } }) as TodoDocument;
  const judged = (status: string, code: string, id = 'photo') =>
    ({
      verdict: {
        verifier: { id, version: '1' },
        status,
        findings: [
          { code: 'photo.content', status: 'passed' },
          { code, status },
        ],
      },
    }) as EvidenceDocument;
  const evidence = new Map([
    ['a', judged('failed', 'photo.fresh')],
    ['b', judged('failed', 'photo.fresh')],
    ['c', judged('review', 'photo.fresh')],
    ['d', judged('passed', 'none')],
    ['e', judged('failed', 'pdf.seal', 'file')],
  ]);
  const todos = [
    decided('a', true),
    decided('b', false),
    decided('c', true),
    decided('d', true),
    decided('e', true),
    decided('gone', true),
  ];
  t.deepEqual(countReviews(todos, evidence, [judged('passed', 'none', 'sheet')]), [
    {
      verifier: 'photo',
      decided: 4,
      passed: 3,
      returned: 1,
      overruled: 1,
      refused: 2,
      missed: 0,
      checks: [
        { code: 'photo.fresh', decided: 3, passed: 2, returned: 1, overruled: 1, refused: 2 },
        { code: 'asked', decided: 1, passed: 1, returned: 0, overruled: 0, refused: 0 },
      ],
    },
    {
      verifier: 'file',
      decided: 1,
      passed: 1,
      returned: 0,
      overruled: 1,
      refused: 1,
      missed: 0,
      checks: [{ code: 'pdf.seal', decided: 1, passed: 1, returned: 0, overruled: 1, refused: 1 }],
    },
    { verifier: 'sheet', decided: 0, passed: 0, returned: 0, overruled: 0, refused: 0, missed: 1, checks: [] },
  ]);
});

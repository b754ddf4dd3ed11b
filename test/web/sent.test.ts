import test from 'ava';
import { DAY, NotAllowedError, PlatformRefusedError, type PersonId } from '../../src/core/index.js';
import { createSent } from '../../src/web/index.js';
import { JIA, openHouse } from '../helpers/house.js';

test('an administrator finds a wrong message and takes it back; who did it stays with it', async (t) => {
  const house = await openHouse(t);
  const taken: string[] = [];
  Object.assign(house.wecom.adapter, {
    recallWithinMs: DAY,
    recall: (id: string) => Promise.resolve(void taken.push(id)),
  });
  const admin = house.org.withRole('admin')[0]!;
  const viewer = { personId: admin.id, platform: 'wecom' as const };
  const sent = createSent(house);
  const rep = house.org.person(JIA)!.name;
  await house.chat(JIA).says('帮助');
  await house.chat('demo-rep-yi').says('我的待办');
  await house.chat('demo-rep-ding', 'dingtalk').says('帮助');

  const { messages, more } = await sent.list(viewer, '');
  t.is(more, 0);
  t.deepEqual(
    messages.map(({ platform, to }) => [platform, to]),
    [
      ['企业微信', house.org.person('demo-rep-yi')!.name],
      ['企业微信', rep],
    ],
    'the newest first, and nothing of a platform that takes nothing back',
  );
  const [found] = (await sent.list(viewer, rep)).messages;
  t.deepEqual(
    (await sent.list(viewer, '现在没有待办')).messages.map(({ to }) => to),
    [house.org.person('demo-rep-yi')!.name],
    'by its words as well',
  );
  t.deepEqual((await sent.list(viewer, '没有这样的')).messages, []);

  t.regex((await sent.recall(viewer, { key: found!.key })).text, /撤回了/u);
  t.is(taken.length, 1);
  const [again] = (await sent.list(viewer, rep)).messages;
  t.regex(again?.recalled ?? '', new RegExp(`^${admin.name} .*\\d{2}:\\d{2}$`, 'u'));
  await t.throwsAsync(sent.recall(viewer, { key: found!.key }), { code: 'sent.not_recallable' });
  t.is(taken.length, 1);

  house.clock.advance(DAY);
  t.deepEqual((await sent.list(viewer, '')).messages, [], 'too old to be offered');
});

test('too late, not possible, nobody’s business: each is said in words', async (t) => {
  const house = await openHouse(t);
  const answer: { error: Error | null } = { error: null };
  Object.assign(house.wecom.adapter, {
    recallWithinMs: DAY,
    recall: () => (answer.error === null ? Promise.resolve() : Promise.reject(answer.error)),
  });
  const sent = createSent(house);
  const viewer = { personId: house.org.withRole('admin')[0]!.id, platform: 'wecom' as const };
  await house.chat(JIA).says('帮助');
  const key = (await sent.list(viewer, '')).messages[0]!.key;
  const sayOf = async (body: unknown) => (await t.throwsAsync(sent.recall(viewer, body))) as { say?: string };

  answer.error = new PlatformRefusedError('wecom.too_late', '42052', { details: { errcode: 42052 } });
  t.regex((await sayOf({ key })).say ?? '', /24 小时/u);
  answer.error = new PlatformRefusedError('wecom.message_invalid', '40058', { details: { errcode: 40058 } });
  t.regex((await sayOf({ key })).say ?? '', /40058/u);
  answer.error = new PlatformRefusedError('wecom.rate_limited', '45009', { retryable: true });
  t.is(await sayOf({ key }), answer.error as never, 'what later may help is no final word');
  t.is((await sent.list(viewer, '')).messages[0]?.recalled, undefined, 'still there');
  t.regex((await sayOf({ key: 'unknown' })).say ?? '', /撤不回/u);
  await t.throwsAsync(sent.recall(viewer, {}), { code: 'request.bad_body' });
  const rep = { ...viewer, personId: JIA as PersonId };
  await t.throwsAsync(sent.list(rep, ''), { instanceOf: NotAllowedError });
  await t.throwsAsync(sent.recall(rep, { key }), { instanceOf: NotAllowedError });
});

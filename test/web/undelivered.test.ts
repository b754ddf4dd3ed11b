import test from 'ava';
import { NotAllowedError, PlatformRefusedError, type PersonId } from '../../src/core/index.js';
import { createPageBackend, createUndelivered } from '../../src/web/index.js';
import { JIA, openHouse } from '../helpers/house.js';

test('an administrator is told of what was not delivered, sees it by cause and puts it back; nobody else does', async (t) => {
  const house = await openHouse(t);
  const admin = house.org.withRole('admin', 'operations')[0]!;
  const undelivered = createUndelivered(house);
  const viewer = { personId: admin.id, platform: 'wecom' as const };
  const jia = house.chat(JIA);
  const refusal = new PlatformRefusedError('wecom.not_set_up', 'not from this address', {
    details: { admin: '应用详情 → 企业可信 IP：加入本机出口 IP' },
  });
  house.wecom.fault = (delivery) =>
    delivery.to.kind === 'person' && delivery.to.userId === jia.userId ? refusal : null;
  await jia.says('帮助').says('我的商机');
  const chats = [house.chat(admin.id).reads(), house.chat(admin.id, 'dingtalk').reads()].join('\n');
  t.is(chats.split('有消息没送到企业微信').length - 1, 1, 'once for both');
  t.regex(chats, /企业可信 IP[^]*重发[^]*\/m\/undelivered/u);

  const { causes, more } = await undelivered.list(viewer);
  t.is(more, 0);
  t.is((await undelivered.list(viewer)).putAside, 0);
  await house.store.connection.collection('effects_put_aside').insertOne({ error: 'nothing takes it' });
  t.is((await undelivered.list(viewer)).putAside, 1);
  t.deepEqual(
    causes.map(({ platform, todo, messages }) => [platform, todo, messages.map(({ to }) => to)]),
    [['企业微信', '应用详情 → 企业可信 IP：加入本机出口 IP', Array(2).fill(house.org.person(JIA)?.name)]],
  );
  const home = async (personId: PersonId) => {
    const pages = createPageBackend({
      ...house,
      proofs: { print: () => Promise.resolve([]) },
      printWatermark: (bytes) => Promise.resolve(Buffer.from(bytes)),
      looks: { record: () => Promise.resolve(), of: () => Promise.resolve([]) },
    });
    const view = await pages.home({ ...viewer, personId });
    return view.kind === 'manager' ? view.undelivered : null;
  };
  t.is(await home(admin.id), 2);
  t.is(await home(house.org.directorOf(JIA)!.id), 0, 'no matter of a director');
  const rep = { ...viewer, personId: JIA as PersonId };
  await t.throwsAsync(undelivered.list(rep), { instanceOf: NotAllowedError });
  await t.throwsAsync(undelivered.resend(rep, { cause: causes[0]!.id }), { instanceOf: NotAllowedError });
  await t.throwsAsync(undelivered.resend(viewer, {}), { code: 'request.bad_body' });

  house.wecom.fault = null;
  t.is((await undelivered.resend(viewer, { key: causes[0]!.messages[1]!.key })).text, '1 条重新发了。');
  t.is((await undelivered.resend(viewer, { cause: causes[0]!.id })).text, '1 条重新发了。');
  await house.settle();
  t.is(jia.shown().length, 2);
  t.deepEqual((await undelivered.list(viewer)).causes, []);
});

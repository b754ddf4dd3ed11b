import test from 'ava';
import { DAY, silentLog } from '../../src/core/index.js';
import { forgetFiles } from '../../src/deals/index.js';
import { createPageBackend } from '../../src/web/index.js';
import { openHouse, JIA } from '../helpers/house.js';

test('a picture kept long enough goes; verdict, facts and hash stay, and the page says so', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ stage: 'screening' });
  await house.chat(JIA).says('城东').presses('拍客户现场照片').sendsPhoto();
  await house.settle();
  const forget = (days: number) =>
    forgetFiles(
      { connection: house.store.connection, vault: house.vault, log: silentLog },
      { photoDays: days, documentDays: 1, recordingDays: 1 },
      house.clock.now(),
    );
  const evidence = async () => (await house.verification.ofDeal(deal._id))[0]!;
  const { file, verdict } = await evidence();

  house.clock.advance(29 * DAY);
  t.is(await forget(30), 0, 'not yet');
  t.is(await forget(0), 0, 'for ever');
  t.truthy(await house.vault.info(file!.id));
  house.clock.advance(2 * DAY);
  t.is(await forget(30), 1);
  t.is(await house.vault.info(file!.id), null);
  const left = await evidence();
  t.deepEqual(left.verdict, verdict);
  t.is(left.file?.sha256, file?.sha256);
  t.deepEqual(left.file?.goneAt, house.clock.now());
  t.is(await forget(30), 0, 'once');

  const backend = createPageBackend({
    ...house,
    proofs: { print: () => Promise.resolve([]) },
    printWatermark: (bytes) => Promise.resolve(Buffer.from(bytes)),
    looks: { record: () => Promise.resolve(), of: () => Promise.resolve([]) },
  });
  const viewer = { personId: house.org.person(JIA)!.id, platform: 'wecom' as const };
  const page = await backend.evidence(viewer, left._id);
  t.false(page.hasPicture);
  t.false(page.mayOriginal);
  t.true(page.facts.some(({ label, value }) => label === '原件' && value.includes('保留期')));
  await t.throwsAsync(backend.picture(viewer, left._id, 'copy'), { message: /removed/ });
});

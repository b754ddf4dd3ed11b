import test from 'ava';
import { DAY, silentLog } from '../../src/core/index.js';
import { forgetFiles, forgetStrays } from '../../src/deals/index.js';
import { createPageBackend } from '../../src/web/index.js';
import { pdf } from '../helpers/chat.js';
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

test('what came and was handed in for nothing goes after a month; what is evidence or waits for its item stays', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ stage: 'screening' });
  const vaultFiles = house.store.connection.collection('vault.files');
  const ids = async (): Promise<string[]> => (await vaultFiles.find({}).toArray()).map(({ _id }) => String(_id));
  const chat = house.chat(JIA);
  await chat.says('城东').presses('拍客户现场照片').sendsPhoto();
  await house.settle();
  const [handedIn] = await ids();
  // The flow's rule keeps it for the stage that wants it.
  await chat.sendsFile(pdf('已签合同', 200_000), '合同.pdf');
  await house.settle();
  const kept = [...(await house.sessions.keptFiles())];
  t.is(kept.length, 1);
  for (const n of [1, 2, 3]) {
    await house.vault.put(`stray_${n}` as never, Buffer.from('a'), {
      name: 'x.jpg',
      mime: 'image/jpeg',
      at: house.clock.now(),
    });
  }
  const forget = async (): Promise<number> =>
    forgetStrays(
      { connection: house.store.connection, vault: house.vault, log: silentLog },
      await house.sessions.keptFiles(),
      house.clock.now(),
    );
  house.clock.advance(29 * DAY);
  t.is(await forget(), 0, 'not yet');
  house.clock.advance(2 * DAY);
  t.is(await forget(), 3);
  t.deepEqual((await ids()).sort(), [handedIn, ...kept].map(String).sort());
  t.is((await house.verification.ofDeal(deal._id)).length, 1);
  t.is(await forget(), 0, 'once');
});

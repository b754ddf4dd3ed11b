import test from 'ava';
import { JIA, openHouse } from '../helpers/house.js';

test('an identity card is refused and not kept: the file goes at once, verdict and hash stay', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ stage: 'screening' });
  await house.chat(JIA).says('城东').presses('拍客户现场照片').sendsPhoto('papers');
  await house.settle();
  const [refused] = await house.verification.ofDeal(deal._id);
  t.is(refused?.verdict?.status, 'failed');
  t.is(refused?.state, 'judged');
  t.is(await house.vault.info(refused!.file!.id), null);
  t.truthy(refused?.file?.sha256);
  t.true(refused?.file?.goneAt instanceof Date);
  t.is(refused?.file?.goneFor, 'personal-papers');

  await house.chat(JIA).presses('重拍客户现场照片').sendsPhoto();
  await house.settle();
  const [, kept] = await house.verification.ofDeal(deal._id);
  t.is(kept?.verdict?.status, 'passed');
  t.truthy(await house.vault.info(kept!.file!.id));
});

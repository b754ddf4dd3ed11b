import test from 'ava';
import { createLooks, createPageBackend } from '../../src/web/index.js';
import { JIA, openHouse } from '../helpers/house.js';

test('who looked at a photo, and how, is told to its sender and to those above, also by another process', async (t) => {
  const house = await openHouse(t);
  const deal = await house.deal({ stage: 'screening' });
  await house.chat(JIA).says('城东').presses('拍客户现场照片').sendsPhoto();
  await house.settle();
  const pages = () =>
    createPageBackend({
      ...house,
      proofs: { print: () => Promise.resolve([]) },
      printWatermark: (bytes) => Promise.resolve(Buffer.from(bytes)),
      looks: createLooks(house.store.connection),
    });
  const [evidence] = await house.verification.ofDeal(deal._id);
  const id = evidence!._id;
  const rep = { personId: house.org.person(JIA)!.id, platform: 'wecom' as const };
  const chief = { personId: house.org.supervisorOf(JIA)!.id, platform: 'wecom' as const };
  const name = house.org.person(chief.personId)?.name;

  t.deepEqual((await pages().evidence(rep, id)).looks, [], 'nobody yet, and not this look');
  house.clock.advance(60_000);
  await pages().picture(chief, id, 'thumb');
  await pages().picture(chief, id, 'copy');
  house.clock.advance(60_000);
  await pages().picture(chief, id, 'original');
  await pages().picture(chief, id, 'original');
  const [original, copy, page] = (await pages().evidence(rep, id)).looks;
  t.like(original, { who: name, text: '看了原件，2 次', at: house.clock.now().toISOString() });
  t.like(copy, { who: name, text: '看了图' });
  t.like(page, { who: house.org.person(rep.personId)?.name, text: '看了核验经过' });
});

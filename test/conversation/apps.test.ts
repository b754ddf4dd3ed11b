import test from 'ava';
import { asId, type PersonId } from '../../src/core/index.js';
import { JIA, openHouse } from '../helpers/house.js';

test('people are answered by the app that they wrote to, and told by it until they write to another', async (t) => {
  const house = await openHouse(t);
  await house.deal({ stage: 'screening' });
  Object.assign(house.wecom.adapter, { severalApps: true });
  const { userId } = house.chat(JIA);
  const says = async (text: string, app?: string) => {
    const event = house.wecom.event(userId, { kind: 'text', text });
    const before = house.wecom.deliveries.length;
    await house.wecom.hand({ ...event, ...(app === undefined ? {} : { app }) });
    await house.settle();
    return house.wecom.deliveries.slice(before).map(({ to }) => (to.kind === 'person' ? to.app : 'a group'));
  };
  const told = async (key: string) => {
    const before = house.wecom.deliveries.length;
    await house.outbox.enqueue([
      {
        key,
        to: { kind: 'person', personId: asId<PersonId>(JIA) },
        message: { kind: 'text', text: key },
        purpose: 'nudge',
      },
    ]);
    await house.settle();
    return house.wecom.deliveries.slice(before).map(({ to }) => (to.kind === 'person' ? to.app : 'a group'));
  };
  const all = (apps: (string | undefined)[], app: string | undefined) =>
    apps.length > 0 && apps.every((one) => one === app);
  t.true(all(await says('城东', '1000003'), '1000003'));
  t.deepEqual(await told('nudge-1'), ['1000003']);
  t.true(all(await says('我的商机'), undefined));
  t.deepEqual(await told('nudge-2'), [undefined]);
});

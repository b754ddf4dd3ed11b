import test, { type ExecutionContext } from 'ava';
import { asId, SECOND, type DealId } from '../../src/core/index.js';
import type { InboundEvent } from '../../src/platforms/contract.js';
import { pdf, sheet } from '../helpers/chat.js';
import { JIA, openHouse, type TestHouse } from '../helpers/house.js';

type Hand = TestHouse['wecom']['hand'];

/** The same day's work in every test: presses, words, numbers, files, a refusal, an exemption, an approval with an objection. */
async function play(house: TestHouse): Promise<void> {
  await house.deal({ stage: 'screening' });
  await house.deal({ id: 'd2', client: 'demo-binjiang', stage: 'quotation' });
  const jia = house.chat(JIA);
  const director = house.chat('demo-director-east');
  const legal = house.chat('demo-legal');
  await jia.says('我的商机').presses('打开', '城东医院').says('推进到合同签署');
  await jia.says('城东').presses('选客户痛点').says('1 3 4');
  await jia.presses('写有效跟进').says('一样的话').says('一样的话').says('一样的话');
  await jia.presses('拍客户现场照片').presses('申请豁免').says('一样的话');
  await director.says('待办').presses('同意');
  await jia.says('滨江').presses('传阶梯报价单').sendsFile(pdf(), '报价.pdf');
  await jia.presses('传成本核算表').sendsFile(sheet(), '成本.csv').presses('看下一步');
  await legal.presses('有意见').says('一样的话');
  await jia.presses('再请法务初审意见').presses('今天先不做').says('一样的话');
}

/** What it came to, without instants: what the deals hold, what happened, what every chat shows. */
async function outcome(house: TestHouse) {
  const deals = await Promise.all(['d1', 'd2'].map((id) => house.deals.get(asId<DealId>(id))));
  const events = await Promise.all(['d1', 'd2'].map((id) => house.events(id)));
  const rows = house.store.connection;
  return {
    deals: deals.map((deal) => ({
      stage: deal?.stageId,
      skips: deal?.skipAttempts,
      items: deal?.visits.map((visit) =>
        Object.entries(visit.items).map(([id, item]) => [
          id,
          item.exemption?.reason ?? '',
          item.submissions.map((one) => [one.id, one.status, JSON.stringify(one.value)]),
        ]),
      ),
    })),
    events: events.map((list) => list.map((event) => event._id)),
    chats: [...house.wecom.chats.keys()].toSorted().map((id) => [id, house.wecom.read(id).replace(/\d\d:\d\d/g, '')]),
    todos: await rows.collection('todos').countDocuments({}),
    files: await rows.collection('vault.files').countDocuments({}),
    dead: [(await house.inbox.counts()).dead, (await house.outbox.counts()).dead],
  };
}

async function played(t: ExecutionContext, hand?: (house: TestHouse, hand: Hand) => Hand) {
  const house = await openHouse(t);
  if (hand !== undefined) house.wecom.hand = hand(house, house.wecom.hand.bind(house.wecom));
  await play(house);
  return { house, came: await outcome(house) };
}

test('every event delivered three times at once, and worked on once more, comes to the same', async (t) => {
  const [plain, twice] = await Promise.all([
    played(t),
    played(t, (house, hand) => async (event) => {
      const [card] = await Promise.all([hand(event), hand(event), hand(event)]);
      await house.inbox.idle();
      // As if the process had died after the work and before the event was marked as done.
      await house.conversation.handle(event);
      return card;
    }),
  ]);
  t.deepEqual(twice.came, plain.came);
  t.deepEqual(
    plain.came.deals.map((deal) => [deal.stage, deal.skips]),
    [
      ['solution', 1],
      ['contract', 0],
    ],
  );

  // And all of it again after the fact, whatever the conversation has come to since.
  const { house } = plain;
  const events: InboundEvent[] = [...house.wecom.events];
  for (const event of events) {
    await house.inbox.intake(event);
    await house.inbox.idle();
    await house.conversation.handle(event);
  }
  await house.settle();
  t.deepEqual(await outcome(house), plain.came);
});

test('the process dies in every event between what it did and what it said: nothing is lost or done twice', async (t) => {
  const [plain, crashed] = await Promise.all([
    played(t),
    played(t, (house, hand) => {
      const sessions = house.store.connection.collection('sessions_chat');
      const write = sessions.updateOne.bind(sessions) as (...args: unknown[]) => Promise<never>;
      const failed = new Set<string>();
      sessions.updateOne = ((...args: [unknown, { $push?: { applied?: { $each: { key: string }[] } } }]) => {
        const key = args[1].$push?.applied?.$each[0]?.key ?? '';
        if (key === '' || failed.has(key)) return write(...args);
        failed.add(key);
        return Promise.reject(new Error('killed'));
      }) as never;
      return async (event) => {
        await house.inbox.intake(event);
        await house.inbox.idle();
        t.is((await house.inbox.counts()).waiting, 1);
        house.clock.advance(2 * SECOND);
        await house.inbox.sweep();
        return hand(event);
      };
    }),
  ]);
  t.deepEqual(crashed.came, plain.came);
});

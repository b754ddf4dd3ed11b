import test, { type ExecutionContext } from 'ava';
import mongoose from 'mongoose';
import { asId, type PersonId } from '../../src/core/index.js';
import type { InboundBody } from '../../src/platforms/contract.js';
import type { Store } from '../../src/store/index.js';
import { JIA, openHouse, type TestHouse } from '../helpers/house.js';
import { pressOn } from '../helpers/phones.js';
import { testStore } from '../helpers/store.js';

/** A store whose every command is written down: `find inbox`. */
async function watched(t: ExecutionContext): Promise<{ store: Store; commands: string[] }> {
  const store = await testStore();
  const connection = await mongoose
    .createConnection(store.uri, { dbName: store.connection.name, monitorCommands: true, autoIndex: false })
    .asPromise();
  t.teardown(() => connection.close());
  const commands: string[] = [];
  connection.getClient().on('commandStarted', ({ commandName, command }) => {
    commands.push(`${commandName} ${String((command as Record<string, unknown>)[commandName])}`);
  });
  return { store: { ...store, connection }, commands };
}

/** What events cost until they are acknowledged, and until nothing is left to do. */
async function cost(house: TestHouse, commands: string[], ...said: [userId: string, body: InboundBody][]) {
  await house.settle();
  await house.relay.idle();
  commands.length = 0;
  const { wecom, inbox, relay, outbox } = house;
  const taken = await Promise.all(said.map(([userId, body]) => inbox.intake(wecom.event(userId, body))));
  const acknowledged = [...commands];
  for (const { answer, answered } of taken) if ((await (answer ?? null)) !== null) await answered?.();
  await inbox.idle();
  await relay.idle();
  await outbox.sweep();
  return { acknowledged, all: [...commands] };
}

/** How often each command came; looks for what is due are left out, since they are shared by all that is on its way. */
function counted(commands: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const command of commands) if (command !== 'find outbox') counts[command] = (counts[command] ?? 0) + 1;
  return counts;
}

async function jiaIn(t: ExecutionContext, stage: string) {
  const { store, commands } = await watched(t);
  const house = await openHouse(t, { store, alone: true });
  await house.deal({ stage });
  const userId = house.org.person(JIA)!.identities.find((one) => one.platform === 'wecom')!.userId;
  const jia = house.chat(JIA);
  await jia.says('城东');
  return { house, jia, userId, commands };
}

test('a message costs one command until it is acknowledged, and a known number in all', async (t) => {
  const { house, userId, commands } = await jiaIn(t, 'assigned');
  const { acknowledged, all } = await cost(house, commands, [userId, { kind: 'text', text: '帮助' }]);
  t.deepEqual(acknowledged, ['insert inbox']);
  t.deepEqual(counted(all), {
    'insert inbox': 1,
    // What the session came to, with what is sent; and that it was sent, struck off.
    'update sessions_chat': 2,
    'update inbox': 1,
    'insert outbox': 1,
    // Taken, and gone.
    'update outbox': 2,
    'find outbox_cards': 1,
    'update outbox_cards': 1,
  });
});

test('a press that completes an item: one read and one write of the deal, and its card is changed without sending', async (t) => {
  const { house, jia, userId, commands } = await jiaIn(t, 'assigned');
  const press = pressOn(jia.card('checklist')!, '确认接手')!;
  const { acknowledged, all } = await cost(house, commands, [userId, press]);
  t.deepEqual(acknowledged, ['insert inbox']);
  t.deepEqual(counted(all), {
    'insert inbox': 1,
    'find deals': 1,
    'update deals': 2,
    'insert events': 1,
    // The figures.
    'find obligations': 1,
    'findAndModify outbox': 1,
    'find events': 1,
    'insert obligations': 1,
    'update obligations': 1,
    'insert outbox': 1,
    'update outbox': 1,
    'update sessions_chat': 1,
    'update inbox': 1,
  });
});

test('thirty people at once share their commands: at most six a message', async (t) => {
  const { house, commands } = await jiaIn(t, 'assigned');
  const people = Array.from({ length: 30 }, (_, n) => ({
    id: asId<PersonId>(`rep-${n}`),
    name: `代表 ${n}`,
    title: '销售代表',
    role: 'rep' as const,
    identities: [{ platform: 'wecom' as const, userId: `u${n}` }],
    absences: [],
  }));
  await house.org.save({ people });
  const help: InboundBody = { kind: 'text', text: '帮助' };
  const first = people.map(({ identities }): [string, InboundBody] => [identities[0]!.userId, help]);
  await cost(house, commands, ...first);
  const { acknowledged, all } = await cost(house, commands, ...first);
  t.deepEqual(counted(acknowledged), { 'insert inbox': 1 });
  t.true(all.length <= 30 * 6, `${all.length} commands: ${JSON.stringify(counted(all))}`);
  t.is(house.wecom.deliveries.filter(({ key }) => key.startsWith('reply:')).length, 60);
});

import test from 'ava';
import { removeDemo, restoreDemo } from '../../scripts/demo/remove.js';
import { asId, FixedClock, type FileId, type PersonId } from '../../src/core/index.js';
import { createCalendar, createOrg, demoCompany, demoDeals, orgIndexes } from '../../src/org/index.js';
import { createVault } from '../../src/store/index.js';
import { openTestStore } from './store.js';

test('removing the demo takes all it left behind, and nothing of real people', async (t) => {
  const connection = await openTestStore(orgIndexes);
  const clock = new FixedClock('2026-11-24T02:00:00Z');
  const org = createOrg({ connection, clock, calendar: createCalendar() });
  await org.save(demoCompany);
  await org.save({
    regions: [{ id: 'real', name: '华北' }],
    people: [
      {
        id: asId<PersonId>('real-rep'),
        name: '代表甲',
        title: '销售代表',
        role: 'rep',
        regionId: 'real',
        identities: [{ platform: 'wecom', userId: 'real-rep' }],
        absences: [],
      },
    ],
  });
  const vault = createVault(connection);
  const world: Record<string, (who: 'demo' | 'real') => Record<string, unknown>> = {
    deals: (who) => (who === 'demo' ? { demo: true, ownerId: demoDeals[0]!.ownerId } : { ownerId: 'real-rep' }),
    evidence: (who) => ({ dealId: `${who}-deals`, file: { id: `${who}-file` } }),
    events: (who) => ({ aggregateId: `${who}-deals` }),
    obligations: (who) => ({ dealId: `${who}-deals` }),
    todos: (who) => ({ dealId: `${who}-deals` }),
    digests: (who) => ({ subjectId: who === 'demo' ? 'demo-group-east-1' : 'real-group' }),
    looks: (who) => ({ who: `${who}-rep-jia` }),
    sessions: (who) => ({ personId: `${who}-rep-jia` }),
    inbox: (who) => ({ event: { platform: 'wecom', from: `${who}-rep-jia` } }),
    outbox: (who) => ({
      lane: who === 'demo' ? `wecom:${demoCompany.groups[0]!.chats[0]!.chatId}` : 'wecom:real-group',
    }),
    outbox_cards: (who) => ({ lane: `dingtalk:${who}-rep-jia-dt` }),
  };
  for (const who of ['demo', 'real'] as const) {
    await vault.put(asId<FileId>(`${who}-file`), Buffer.from(who), {
      name: 'x.jpg',
      mime: 'image/jpeg',
      at: clock.now(),
    });
    for (const [name, made] of Object.entries(world))
      await connection.collection(name).insertOne({ ...made(who), _id: `${who}-${name}` } as never);
    await connection.collection('sessions_chat').insertOne({ _id: `${who}-rep-jia` } as never);
  }

  const removed = await removeDemo({ connection, org, clock });
  for (const name of [...Object.keys(world), 'sessions_chat', 'files'])
    t.is(removed[name], 1, `${name} ${JSON.stringify(removed)}`);
  t.is(removed['people'], 21);
  for (const name of [...Object.keys(world), 'sessions_chat'])
    t.deepEqual(
      (await connection.collection(name).find({}).toArray()).map((doc) => String(doc._id).slice(0, 4)),
      ['real'],
      name,
    );
  t.is(await vault.info(asId<FileId>('demo-file')), null);
  t.truthy(await vault.info(asId<FileId>('real-file')));
  t.deepEqual(
    org.people().map((person) => person.id as string),
    ['real-rep'],
  );
  t.truthy((await connection.collection('settings').findOne({ _id: 'demo' as never }))?.['removedAt']);
  t.deepEqual(await removeDemo({ connection, org, clock }), {});
  t.true(await restoreDemo(connection), 'the next start makes it anew');
  t.false(await restoreDemo(connection));
});

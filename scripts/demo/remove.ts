import type { Connection } from 'mongoose';
import type { Clock, FileId } from '../../src/core/index.js';
import type { Org } from '../../src/org/index.js';
import { createVault } from '../../src/store/index.js';

type Filter = Record<string, unknown>;

/**
 * Takes the demo company away with all it has left behind: its deals and their evidence, pictures, to-dos, events and
 * figures, what it said and was told. Begins with what hangs on the deals and ends with the people, so that a run that was
 * interrupted is finished by the next one. Real people's documents match none of the filters.
 */
export async function removeDemo(deps: {
  connection: Connection;
  org: Org;
  clock: Clock;
}): Promise<Record<string, number>> {
  const { connection, org } = deps;
  const removed: Record<string, number> = {};
  const idsOf = async (name: string, filter: Filter): Promise<string[]> =>
    (
      await connection
        .collection(name)
        .find(filter, { projection: { _id: 1 } })
        .toArray()
    ).map((doc) => String(doc._id));
  const remove = async (name: string, filter: Filter): Promise<void> => {
    const { deletedCount } = await connection.collection(name).deleteMany(filter);
    if (deletedCount > 0) removed[name] = (removed[name] ?? 0) + deletedCount;
  };

  const people = (await connection.collection('people').find({ demo: true }).toArray()).map((doc) => ({
    id: String(doc._id),
    identities: doc['identities'] as { platform: string; userId: string }[],
  }));
  const peopleIds = people.map((person) => person.id);
  const groups = org.groups().filter((group) => group.demo);
  const accounts = people.flatMap((person) => person.identities);
  const chats = groups.flatMap((group) => group.chats);
  const lanes = [
    ...accounts.map(({ platform, userId }) => `${platform}:${userId}`),
    ...chats.map(({ platform, chatId }) => `${platform}:${chatId}`),
  ];

  const deals = await idsOf('deals', { $or: [{ demo: true }, { ownerId: { $in: peopleIds } }] });
  const ofDeals = { dealId: { $in: deals } };
  const todos = await idsOf('todos', ofDeals);

  const vault = createVault(connection);
  for (const doc of await connection
    .collection('evidence')
    .find(ofDeals, { projection: { file: 1 } })
    .toArray()) {
    const file = doc['file'] as { id: FileId } | undefined;
    if (file === undefined) continue;
    await vault.remove(file.id);
    removed['files'] = (removed['files'] ?? 0) + 1;
  }
  await remove('evidence', ofDeals);
  await remove('events', { aggregateId: { $in: [...deals, ...todos, ...peopleIds] } });
  await remove('obligations', ofDeals);
  await remove('todos', ofDeals);
  await remove('deals', { _id: { $in: deals } });
  await remove('digests', { subjectId: { $in: [...peopleIds, ...groups.map((group) => group.id)] } });
  await remove('looks', { who: { $in: peopleIds } });
  await remove('sessions', { personId: { $in: peopleIds } });
  await remove('sessions_chat', { _id: { $in: peopleIds } });
  for (const { platform, userId } of accounts)
    await remove('inbox', { 'event.platform': platform, 'event.from': userId });
  await remove('outbox', { lane: { $in: lanes } });
  await remove('outbox_cards', { lane: { $in: lanes } });
  for (const [name, count] of Object.entries(await org.removeDemo())) if (count > 0) removed[name] = count;
  // The next start with the sandbox does not bring it back.
  await connection
    .collection('settings')
    .updateOne({ _id: 'demo' as never }, { $set: { removedAt: deps.clock.now() } }, { upsert: true });
  return removed;
}

/** Takes the mark of the removal away: the next start with the sandbox makes the company anew. False: it was not removed. */
export async function restoreDemo(connection: Connection): Promise<boolean> {
  const { deletedCount } = await connection
    .collection('settings')
    .deleteOne({ _id: 'demo' as never, removedAt: { $exists: true } });
  return deletedCount > 0;
}

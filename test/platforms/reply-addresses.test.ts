import test, { type ExecutionContext } from 'ava';
import { FixedClock, MINUTE } from '../../src/core/index.js';
import {
  createMongoReplyAddresses,
  memoryReplyAddresses,
  replyAddressIndexes,
  type ReplyAddresses,
} from '../../src/platforms/index.js';
import { testStore } from '../helpers/store.js';

const clock = () => new FixedClock('2026-03-02T01:30:00Z');

const KINDS: Record<string, (at: FixedClock) => Promise<ReplyAddresses>> = {
  memory: (at) => Promise.resolve(memoryReplyAddresses(at)),
  store: async (at) => createMongoReplyAddresses((await testStore()).connection, at),
};

for (const [kind, make] of Object.entries(KINDS)) {
  const setUp = async (_: ExecutionContext) => {
    const at = clock();
    const in90 = new Date(at.now().getTime() + 90 * MINUTE);
    return { at, in90, addresses: await make(at) };
  };

  test(`${kind}: the address of one message is good once, and does not come back with the message`, async (t) => {
    const { addresses, in90 } = await setUp(t);
    t.is(await addresses.find('m'), null);
    await addresses.keep('m', 'one', in90);
    await addresses.keep('m', 'two', in90);
    t.is(await addresses.find('m'), 'one');
    await addresses.used('m');
    t.is(await addresses.find('m'), null);
    await addresses.keep('m', 'three', in90);
    t.is(await addresses.find('m'), null);
  });

  test(`${kind}: the address of a chat gives way to a newer one, and ends by its time`, async (t) => {
    const { addresses, at, in90 } = await setUp(t);
    await addresses.renew('c', 'one', in90);
    t.is(await addresses.find('c'), 'one');
    at.advance(60 * MINUTE);
    await Promise.all([
      addresses.renew('c', 'two', new Date(in90.getTime() + MINUTE)),
      addresses.renew('c', 'three', new Date(in90.getTime() + 60 * MINUTE)),
      addresses.renew('d', 'another', in90),
    ]);
    t.is(await addresses.find('c'), 'three', 'the last of them');
    at.advance(30 * MINUTE);
    t.is(await addresses.find('c'), 'three');
    t.is(await addresses.find('d'), null);
    at.advance(60 * MINUTE);
    t.is(await addresses.find('c'), null);
  });

  test(`${kind}: what is gone is removed, unless a newer one has come`, async (t) => {
    const { addresses, in90 } = await setUp(t);
    await addresses.renew('c', 'one', in90);
    await addresses.renew('c', 'two', in90);
    await addresses.gone('c', 'one');
    t.is(await addresses.find('c'), 'two');
    await addresses.gone('c', 'two');
    t.is(await addresses.find('c'), null);
  });
}

test('the store takes those of chats away at their end, those of single messages a day after', async (t) => {
  const at = clock();
  const { connection } = await testStore();
  const addresses = createMongoReplyAddresses(connection, at);
  const until = at.now();
  await addresses.keep('m', 'one', until);
  await addresses.renew('c', 'two', until);
  const rows = await connection.collection('platform_reply_addresses').find({}).sort({ _id: -1 }).toArray();
  const ends = replyAddressIndexes.platform_reply_addresses.map(({ key, expireAfterSeconds }) => {
    const [field] = Object.keys(key);
    return [field, expireAfterSeconds, rows.map((row) => row[field!] instanceof Date)];
  });
  t.deepEqual(ends, [
    ['until', 86_400, [true, true]],
    ['removeAt', 0, [false, true]],
  ]);
});

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoServerError } from 'mongodb';
import { startStore } from './helpers.js';
import { onSmallDisk, smallDisk, title } from './small-disk.js';

interface Item {
  _id: string;
  n: number;
  fill: string;
}

onSmallDisk(title('a full disk refuses writes, serves reads and loses nothing that was acknowledged'), async (t) => {
  const disk = await smallDisk(t, 24);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(12 * 1024 * 1024));
  const dataDir = join(disk, 'data');
  const running = await startStore(t, { dataDir });
  const c = running.collection<Item>('items');
  await c.createIndex({ n: 1 }, { unique: true });
  const acknowledged = new Set<string>();
  let next = 0;
  const add = async (): Promise<unknown> => {
    const n = next++;
    const doc = { _id: `item ${n}`, n, fill: 'x'.repeat(40_000) };
    try {
      await c.insertOne(doc);
      acknowledged.add(doc._id);
      return null;
    } catch (error) {
      return error;
    }
  };
  // Many at once: of commands that share a commit all are refused, and those before and after it are answered.
  const refusals: unknown[] = [];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let error: unknown = null; error === null && next < 2000;) {
        error = await add();
        if (error !== null) refusals.push(error);
      }
    }),
  );
  t.is(refusals.length, 8);
  for (const error of refusals) {
    t.true(error instanceof MongoServerError, String(error));
    const { code, message } = error as MongoServerError;
    t.is(code, 14031);
    t.regex(message, /disk .* is full.*Free some space on the disk of .*data/);
  }
  t.true(acknowledged.size > 100);
  const holds = async (): Promise<void> => {
    const stored = (await c.find({}, { projection: { _id: 1 } }).toArray()).map((doc) => doc._id);
    t.deepEqual(stored, [...acknowledged].sort());
    t.like(await running.db.command({ validate: 'items' }), { errors: [], nrecords: acknowledged.size });
  };
  await holds();
  const batch = Array.from({ length: 400 }, (_, i) => ({ _id: `batch ${i}`, n: -1 - i, fill: 'x'.repeat(40_000) }));
  await t.throwsAsync(c.insertMany(batch), { message: /disk .* is full/ });
  await t.throwsAsync(c.updateMany({}, { $set: { fill: 'y'.repeat(80_000) } }), { message: /disk .* is full/ });
  await holds();

  await rm(ballast);
  for (let i = 0; i < 50; i++) t.is(await add(), null);
  await holds();
  t.deepEqual(running.internalErrors, []);
});

onSmallDisk(
  title('on a full disk a store starts, and with a little room deleted documents make place for new ones'),
  async (t) => {
    const disk = await smallDisk(t, 8);
    const dataDir = join(disk, 'data');
    const ballast = join(disk, 'ballast');
    await writeFile(ballast, Buffer.alloc(512 * 1024));
    const first = await startStore(t, { dataDir });
    const items = first.collection<Item>('items');
    let count = 0;
    const fill = async (): Promise<void> => {
      for (;;) await items.insertOne({ _id: String(count), n: count++, fill: 'x'.repeat(20_000) });
    };
    await t.throwsAsync(fill(), { message: /disk .* is full/ });
    await t.throwsAsync(writeFile(join(disk, 'rest'), Buffer.alloc(8 * 1024 * 1024)), { code: 'ENOSPC' });
    await first.client.close();
    await first.store.stop();

    const second = await startStore(t, { dataDir });
    const again = second.collection<Item>('items');
    t.is(await again.countDocuments(), count - 1);
    await t.throwsAsync(again.insertOne({ _id: 'x', n: 0, fill: 'x'.repeat(20_000) }), { code: 14031 });
    await rm(ballast);
    const { deletedCount } = await again.deleteMany({ n: { $lt: 100 } });
    t.is(deletedCount, 100);
    const add = (n: number): Promise<unknown> => again.insertOne({ _id: `new ${n}`, n: -n, fill: 'x'.repeat(20_000) });
    for (let n = 0; n < 50; n++) await add(n);
    t.is(await again.countDocuments(), count - 1 - 100 + 50);
    t.like(await second.db.command({ validate: 'items' }), { errors: [] });
    t.deepEqual(second.internalErrors, []);
  },
);

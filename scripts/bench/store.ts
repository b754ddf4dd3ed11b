import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { BSON, MongoClient, type Collection, type Document } from 'mongodb';
import { startEmbeddedStore } from '../../src/store/embedded/index.js';

/** `npm run bench:store`: JSON lines `{name, value | ratio, unit, n}`. Ratios are to the same work on bare lmdb in this run. */
const print = (line: Record<string, unknown>): void => console.log(JSON.stringify(line));

const EVENTS = 200_000;

function event(i: number): Document {
  return {
    _id: i,
    type: `t${i % 20}`,
    dealId: `d${i % 5000}`,
    at: new Date(1_700_000_000_000 + i * 1000),
    ver: i % 40,
    data: { stage: `s${i % 8}`, by: `p${i % 50}`, note: 'x'.repeat(40) },
  };
}

async function perSecond(n: number, inFlight: number, work: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < n) await work(next++);
    }),
  );
  return Math.round((n / (performance.now() - started)) * 1000);
}

async function bareLmdb(folder: string): Promise<Record<string, number>> {
  const db = open<Buffer, Buffer>({ path: folder, keyEncoding: 'binary', encoding: 'binary' });
  const key = (i: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(i, 4);
    return bytes;
  };
  const bytes = (i: number): Buffer => Buffer.from(BSON.serialize(event(i)));
  const put = async (i: number): Promise<void> => {
    await db.transaction(() => db.putSync(key(i), bytes(i)));
    await db.flushed;
  };
  const result = {
    insert: await perSecond(500, 1, put),
    update16: await perSecond(4000, 16, put),
    batch:
      1000 *
      (await perSecond(20, 1, async (b) => {
        await db.transaction(() => {
          for (let i = 0; i < 1000; i++) db.putSync(key(b * 1000 + i), bytes(i));
        });
        await db.flushed;
      })),
    find: await perSecond(20_000, 1, async (i) => BSON.deserialize(db.getBinary(key(i % 4000))!)),
  };
  await db.close();
  return result;
}

async function measure(c: Collection<Document>, bare: Record<string, number>): Promise<void> {
  const row = (name: string, value: number, base: number | undefined, n: number): void =>
    print({ name, value, unit: '/s', ...(base ? { ratio: Number((value / base).toFixed(3)) } : {}), n });
  row('insert', await perSecond(500, 1, (i) => c.insertOne(event(1_000_000 + i))), bare['insert'], 500);
  const batches = await perSecond(EVENTS / 1000, 1, (b) =>
    c.insertMany(Array.from({ length: 1000 }, (_, i) => event(b * 1000 + i))),
  );
  row('insert in batches of 1000', batches * 1000, bare['batch'], EVENTS);
  await c.createIndexes([{ key: { dealId: 1, at: -1 } }, { key: { type: 1 } }]);
  await perSecond(500, 1, (i) => c.findOne({ _id: i as never }));
  row('find by _id', await perSecond(5000, 1, (i) => c.findOne({ _id: (i * 37) as never })), bare['find'], 5000);
  row(
    'find by index, newest of a deal',
    await perSecond(3000, 1, (i) => c.findOne({ dealId: `d${i}` }, { sort: { at: -1 } })),
    bare['find'],
    3000,
  );
  row(
    'update by _id',
    await perSecond(500, 1, (i) => c.updateOne({ _id: i as never }, { $inc: { ver: 1 } })),
    bare['insert'],
    500,
  );
  row(
    'update by _id, 16 in flight',
    await perSecond(4000, 16, (i) => c.updateOne({ _id: i as never }, { $inc: { ver: 1 } })),
    bare['update16'],
    4000,
  );
  const started = performance.now();
  const groups = await c
    .aggregate([{ $group: { _id: { type: '$type', stage: '$data.stage' }, n: { $sum: 1 }, ver: { $max: '$ver' } } }])
    .toArray();
  print({
    name: 'group of all events',
    value: Math.round(performance.now() - started),
    unit: 'ms',
    n: EVENTS,
    groups: groups.length,
  });
}

const folder = await mkdtemp(join(tmpdir(), 'embedded-store-bench-'));
try {
  const bare = await bareLmdb(join(folder, 'bare'));
  const dataDir = join(folder, 'store');
  const first = await startEmbeddedStore({ dataDir });
  const client = await MongoClient.connect(first.uri);
  await measure(client.db('bench').collection('events'), bare);
  await client.close();
  await first.stop();
  const started = performance.now();
  const second = await startEmbeddedStore({ dataDir });
  const again = await MongoClient.connect(second.uri);
  await again
    .db('bench')
    .collection('events')
    .findOne({ _id: 1 as never });
  print({ name: 'start to first answer', value: Math.round(performance.now() - started), unit: 'ms', n: EVENTS });
  const stats = await second.stats();
  print({ name: 'data file', value: Math.round((stats['fileBytes'] ?? 0) / 1048576), unit: 'MiB', n: EVENTS });
  print({
    name: 'resident, this process with store and driver',
    value: Math.round((stats['residentBytes'] ?? 0) / 1048576),
    unit: 'MiB',
    n: 1,
  });
  await again.close();
  await second.stop();
} finally {
  await rm(folder, { recursive: true, force: true });
}

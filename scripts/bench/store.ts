import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { open } from 'lmdb';
import { BSON, MongoClient, type Collection, type Document } from 'mongodb';
import { startEmbeddedStore } from '../../src/store/embedded/index.js';
import { machine } from './load.js';
import { growth } from './store/growth.js';
import { memory } from './store/memory.js';
import { rates, type Work } from './store/rates.js';

/**
 * `npm run bench:store [-- --growth [--seconds 900]]`: JSON lines. `ratio` is to the same work on bare lmdb in this process,
 * `ofCeiling` to the driver against a server of canned replies; both are measured around every sample.
 */
const { values } = parseArgs({
  options: { growth: { type: 'boolean', default: false }, seconds: { type: 'string', default: '900' } },
});
const print = (line: Record<string, unknown>): void => console.log(JSON.stringify({ ...line, node: machine.node }));

const EVENTS = 200_000;

type Event = Document & { _id: number };

function event(_id: number): Event {
  return {
    _id,
    type: `t${_id % 20}`,
    dealId: `d${_id % 5000}`,
    at: new Date(1_700_000_000_000 + _id * 1000),
    ver: _id % 40,
    data: { stage: `s${_id % 8}`, by: `p${_id % 50}`, note: 'x'.repeat(40) },
  };
}

const bump = { $inc: { ver: 1 } };
const known = (i: number): number => (i * 37) % EVENTS;
let fresh = 10_000_000;

/** The same work without server and driver. */
function bareLmdb(folder: string) {
  const db = open<Buffer, Buffer>({ path: folder, keyEncoding: 'binary', encoding: 'binary' });
  const key = (i: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(i, 4);
    return bytes;
  };
  const put = async (first: number, count: number): Promise<void> => {
    const committed = db.transaction(() => {
      for (let i = first; i < first + count; i++) db.putSync(key(i), Buffer.from(BSON.serialize(event(i))));
    });
    const flushed = db.flushed.then(() => undefined);
    await committed;
    await flushed;
  };
  return {
    fill: () => put(0, 4000),
    insert: (): Promise<void> => put(fresh++, 1),
    batch: (): Promise<void> => put((fresh += 1000), 1000),
    update: (i: number): Promise<void> => put(i % 4000, 1),
    find: async (i: number): Promise<unknown> => BSON.deserialize(db.getBinary(key(i % 4000))!),
    close: () => db.close(),
  };
}

function worksOn(c: Collection<Event>) {
  return {
    insert: (): Promise<unknown> => c.insertOne(event(fresh++)),
    batch: (): Promise<unknown> => c.insertMany(Array.from({ length: 1000 }, () => event(fresh++))),
    find: (i: number): Promise<unknown> => c.findOne({ _id: known(i) }),
    newest: (i: number): Promise<unknown> => c.findOne({ dealId: `d${i % 5000}` }, { sort: { at: -1 } }),
    update: (i: number): Promise<unknown> => c.updateOne({ _id: known(i) }, bump),
  };
}

async function measure(c: Collection<Event>, canned: Collection<Event>, folder: string): Promise<void> {
  const bare = bareLmdb(folder);
  await bare.fill();
  const store = worksOn(c);
  const ceiling = worksOn(canned);
  const of = (n: number, inFlight: number, run: (i: number) => Promise<unknown>): Work => ({ n, inFlight, run });
  const row = async (name: string, work: Parameters<typeof rates>[0], unit = '/s'): Promise<void> =>
    print({ name, unit, ...(await rates(work)) });
  await row('find by _id', {
    store: of(2000, 1, store.find),
    bare: of(20_000, 1, bare.find),
    canned: of(2000, 1, ceiling.find),
  });
  await row('find by index, newest of a deal', {
    store: of(2000, 1, store.newest),
    bare: of(20_000, 1, bare.find),
    canned: of(2000, 1, ceiling.newest),
  });
  await row('insert', {
    store: of(200, 1, store.insert),
    bare: of(200, 1, bare.insert),
    canned: of(1000, 1, ceiling.insert),
  });
  await row('update by _id', {
    store: of(200, 1, store.update),
    bare: of(200, 1, bare.update),
    canned: of(1000, 1, ceiling.update),
  });
  await row('update by _id, 16 in flight', {
    store: of(2000, 16, store.update),
    bare: of(2000, 16, bare.update),
    canned: of(4000, 16, ceiling.update),
  });
  await row(
    'insert of 1,000 documents, two indexes',
    { store: of(5, 1, store.batch), bare: of(5, 1, bare.batch) },
    'batches/s',
  );
  await bare.close();
}

async function group(c: Collection<Event>): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const began = performance.now();
    await c
      .aggregate([
        { $match: { _id: { $lt: EVENTS } } },
        { $group: { _id: { type: '$type', stage: '$data.stage' }, n: { $sum: 1 }, ver: { $max: '$ver' } } },
      ])
      .toArray();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  print({
    name: 'group of all events',
    value: Math.round(times[1]!),
    best: Math.round(times[0]!),
    unit: 'ms',
    n: EVENTS,
  });
}

async function main(folder: string): Promise<void> {
  const dataDir = join(folder, 'store');
  if (values.growth) {
    const { updates, seconds, mebibytes } = await growth(dataDir, Number(values.seconds));
    print({ name: 'data file under updates', value: mebibytes.at(-1), unit: 'MiB', n: updates, seconds, mebibytes });
    return;
  }
  const worker = new Worker(new URL('./store/canned-server.js', import.meta.url));
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const canned = await MongoClient.connect(`mongodb://127.0.0.1:${port}/?directConnection=true`);
  const first = await startEmbeddedStore({ dataDir });
  const client = await MongoClient.connect(first.uri);
  const events = client.db('bench').collection<Event>('events');
  await events.createIndexes([{ key: { dealId: 1, at: -1 } }, { key: { type: 1 } }]);
  const began = performance.now();
  for (let i = 0; i < EVENTS; i += 1000) await events.insertMany(Array.from({ length: 1000 }, (_, n) => event(i + n)));
  const perSecond = Math.round((EVENTS / (performance.now() - began)) * 1000);
  print({ name: 'filling with 1,000 documents a command', value: perSecond, unit: 'documents/s', n: EVENTS });
  const bytes = (await first.stats())['fileBytes'] ?? 0;
  print({ name: 'data file', value: Math.round(bytes / 1048576), unit: 'MiB', n: EVENTS });
  await group(events);
  await measure(events, canned.db('bench').collection<Event>('events'), join(folder, 'bare'));
  await client.close();
  await first.stop();
  await canned.close();
  await worker.terminate();

  const restarted = performance.now();
  const second = await startEmbeddedStore({ dataDir });
  const again = await MongoClient.connect(second.uri);
  await again.db('bench').collection<Event>('events').findOne({ _id: 1 });
  print({ name: 'start to first answer', value: Math.round(performance.now() - restarted), unit: 'ms', n: EVENTS });
  await again.close();
  await second.stop();
  for (const [name, resident] of Object.entries(await memory(dataDir, EVENTS)))
    print({ name, unit: 'MiB', ...resident });
}

const folder = await mkdtemp(join(tmpdir(), 'embedded-store-bench-'));
try {
  await main(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}

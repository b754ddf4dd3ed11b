import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startStoreProcess } from '../../scripts/crash-test.js';
import { databaseAt, StoryServer } from '../../scripts/story/server.js';
import { asId, FixedClock, SECOND, silentLog, type PersonId } from '../../src/core/index.js';
import { openStore, type Store } from '../../src/store/index.js';
import { openHouse } from '../helpers/house.js';
import { random } from '../platforms/dingtalk/hostile-frames.js';
import { CARD, frame, startVendor, takesAll, type Vendor } from '../platforms/dingtalk/vendor.js';

/** Two servers as they are started in production, one store between them. `npm run test:frames` runs the long form. */
const CLICKS = Number(process.env['REDELIVERED_CLICKS'] ?? 60);
const PROCESSES = 2;
const MAX_COPIES = 5;
/** Deliveries that are under way at once. */
const WAVE = 48;
const START_MS = 120 * SECOND;
const REPS = Array.from({ length: 20 }, (_, n) => asId<PersonId>(`rep-${n}`));
const repOf = (n: number): PersonId => REPS[n % REPS.length]!;

/** The embedded store in a process of its own, or a database of its own where `MONGODB_URI` names a server. */
async function sharedStore(t: ExecutionContext): Promise<Store> {
  const server = process.env['MONGODB_URI'] ?? '';
  const open = async (mongodbUri: string): Promise<Store> => {
    const store = await openStore({ mongodbUri, dataDir: '', log: silentLog });
    t.teardown(async () => {
      if (server !== '') await store.connection.dropDatabase();
      await store.close();
    });
    return store;
  };
  if (server !== '') return open(databaseAt(server, `trailmark_test_${randomBytes(4).toString('hex')}`));
  const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-shared-'));
  const { child, uri } = await startStoreProcess(dataDir);
  t.teardown(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    await rm(dataDir, { recursive: true, force: true });
  });
  return open(uri);
}

/** One deal for each click, each waiting for its owner to take it on. */
async function seed(t: ExecutionContext, store: Store): Promise<void> {
  const house = await openHouse(t, { store, clock: new FixedClock(new Date()) });
  await house.org.save({
    people: REPS.map((id) => ({
      id,
      name: `代表${id}`,
      title: '销售代表',
      role: 'rep',
      teamId: 'demo-east-2',
      identities: [{ platform: 'dingtalk', userId: `${id}-dt` }],
      absences: [],
    })),
  });
  for (let n = 0; n < CLICKS; n += 1) await house.deal({ id: `d${n}`, owner: repOf(n), client: 'demo-hubin' });
  await house.settle();
  // From here on the store belongs to the two.
  await house.inbox.stop();
  await house.verification.stop();
  await house.outbox.stop();
}

async function startServer(t: ExecutionContext, store: Store, { settings }: Vendor): Promise<StoryServer> {
  const server = await StoryServer.create({
    MONGODB_URI: store.uri,
    SANDBOX: 'off',
    ROLE: 'web',
    PUBLIC_URL: 'https://trail.example.com',
    SECRET_KEY: 'the same in both processes, as it must be',
    DINGTALK_CLIENT_ID: settings.clientId,
    DINGTALK_CLIENT_SECRET: settings.clientSecret,
    DINGTALK_CORP_ID: settings.corpId,
    DINGTALK_AGENT_ID: settings.agentId,
    DINGTALK_CARD_TEMPLATE_ID: settings.cardTemplateId,
    DINGTALK_API_BASE: settings.apiBase,
    DINGTALK_OAPI_BASE: settings.oapiBase,
    DINGTALK_MONTHLY_CALLS: '1000000',
    DINGTALK_MONTHLY_PUSHES: '1000000',
  });
  t.teardown(() => server.remove());
  await server.start();
  return server;
}

interface Push {
  socket: number;
  messageId: string;
  frame: object;
}

/** Each click once in its turn; its copies right behind it, so that the processes race, or at any time later. */
function pushes(corpId: string, chance: () => number): Push[] {
  const all: (Push & { turn: number })[] = [];
  for (let n = 0; n < CLICKS; n += 1) {
    const content = JSON.stringify({ cardPrivateData: { actionIds: [`ask:d${n}:accept`], params: {} } });
    const data = { outTrackId: `card_${n}`, corpId, userId: `${repOf(n)}-dt`, content };
    const copies = 1 + Math.floor(chance() * MAX_COPIES);
    for (let copy = 0; copy < copies; copy += 1) {
      // The vendor gives a new id to what it sends again, most of the time.
      const messageId = copy === 0 || chance() < 0.5 ? `click-${n}` : `click-${n}-again-${copy}`;
      const turn = copy === 0 || chance() < 0.5 ? n : n + chance() * (CLICKS - n);
      const socket = Math.floor(chance() * PROCESSES);
      all.push({ turn, socket, messageId, frame: frame('CALLBACK', CARD, data, { messageId }) });
    }
  }
  return all.sort((a, b) => a.turn - b.turn);
}

/** Until each delivery was answered with 200: what was refused is pushed again. Gives how many that were. */
async function deliver(vendor: Vendor, all: readonly Push[]): Promise<number> {
  const waiting = [...all];
  let refused = 0;
  while (waiting.length > 0) {
    const wave = waiting.splice(0, WAVE);
    const from = vendor.acks.length;
    for (const push of wave) vendor.push(push.socket, push.frame);
    await vendor.until(() => vendor.acks.length >= from + wave.length, 'all answers', 60 * SECOND);
    const bad = new Set(vendor.acks.slice(from).flatMap(({ code, messageId }) => (code === 200 ? [] : [messageId])));
    const again = wave.filter(({ messageId }) => bad.has(messageId));
    refused += again.length;
    waiting.push(...again);
  }
  return refused;
}

async function until(what: () => Promise<boolean>, longestMs: number): Promise<void> {
  const deadline = performance.now() + longestMs;
  while (!(await what()) && performance.now() < deadline) await sleep(50);
}

test(`${CLICKS} clicks, redelivered at random to either of two processes on one store: ${CLICKS} effects`, async (t) => {
  t.timeout(START_MS + CLICKS * SECOND);
  const store = await sharedStore(t);
  await seed(t, store);
  const vendor = await startVendor(takesAll);
  t.teardown(() => vendor.close());
  const began = performance.now();
  const servers = await Promise.all(Array.from({ length: PROCESSES }, () => startServer(t, store, vendor)));
  await vendor.until(() => vendor.sockets.length === PROCESSES, 'two links', START_MS);
  const started = performance.now();

  const all = pushes(vendor.settings.corpId, random(7));
  const refused = await deliver(vendor, all);
  const delivered = performance.now();

  const inbox = store.connection.collection('inbox');
  const events = store.connection.collection('events');
  const submitted = { type: 'evidence.submitted' };
  await until(
    async () =>
      (await inbox.countDocuments({ state: 'new' })) === 0 && (await events.countDocuments(submitted)) >= CLICKS,
    60 * SECOND,
  );
  // Whatever they still do, they do before they end.
  t.deepEqual(await Promise.all(servers.map((server) => server.stop())), [0, 0]);

  t.is(await events.countDocuments(submitted), CLICKS);
  const deals = await store.connection.collection('deals').find({}).toArray();
  const handedIn = (deals as unknown as { visits: { items: Record<string, { submissions: unknown[] }> }[] }[]).map(
    ({ visits }) => visits[0]?.items['accept']?.submissions.length,
  );
  t.deepEqual(
    handedIn,
    Array.from({ length: CLICKS }, () => 1),
  );
  t.is(await inbox.countDocuments({ state: { $ne: 'done' } }), 0);
  t.is(await inbox.countDocuments({}), new Set(all.map(({ messageId }) => messageId)).size);
  const shares = Array.from({ length: PROCESSES }, (_, n) => vendor.acks.filter(({ socket }) => socket === n).length);
  t.true(
    shares.every((share) => share > all.length / 4),
    'both worked',
  );
  const seconds = (ms: number) => (ms / SECOND).toFixed(1);
  t.log(
    `${all.length} deliveries of ${CLICKS} clicks (${shares.join(' and ')}, ${refused} refused and pushed again) in ` +
      `${seconds(delivered - started)} s, start of two servers ${seconds(started - began)} s`,
  );
});

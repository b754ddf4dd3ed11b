import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { Agenda, type AgendaOptions } from 'agenda';
import { MongoBackend } from '@agendajs/mongo-backend';
import type { Db } from 'mongodb';
import { testStore } from '../helpers/store.js';

async function database(): Promise<{ db: Db; uri: string }> {
  const { connection, uri } = await testStore({ indexes: false });
  return { db: connection.db as unknown as Db, uri };
}

async function agendaOn(t: ExecutionContext, db: Db, options: Partial<AgendaOptions> = {}): Promise<Agenda> {
  const agenda = new Agenda({
    backend: new MongoBackend({ mongo: db }),
    processEvery: 100,
    // Agenda keeps a timer of this length for a job that it ran, which keeps the process alive.
    defaultLockLifetime: 10_000,
    ...options,
  });
  agenda.on('error', (error: Error) => t.log(error.message));
  t.teardown(async () => {
    await agenda.drain({ timeout: 5_000 });
  });
  await agenda.ready;
  return agenda;
}

/** Resolves when `count` calls have come. */
function calls(count: number): { call: (value: unknown) => void; done: Promise<unknown[]> } {
  const seen: unknown[] = [];
  let finish: (values: unknown[]) => void;
  const done = new Promise<unknown[]>((resolve) => (finish = resolve));
  return {
    done,
    call: (value) => {
      seen.push(value);
      if (seen.length === count) finish(seen);
    },
  };
}

test.serial('now, schedule and every run their jobs', async (t) => {
  const { db } = await database();
  const agenda = await agendaOn(t, db);
  const now = calls(1);
  const later = calls(1);
  const often = calls(2);
  agenda.define<{ x: number }>('now', async (job) => now.call(job.attrs.data.x));
  agenda.define('later', async () => later.call(Date.now()));
  agenda.define('often', async () => often.call(1));
  await agenda.start();
  await agenda.now('now', { x: 7 });
  const due = new Date(Date.now() + 600);
  await agenda.schedule(due, 'later', {});
  await agenda.every('1 second', 'often');
  t.deepEqual(await now.done, [7]);
  const [at] = (await later.done) as number[];
  t.true(at! >= due.getTime() - 20);
  await often.done;
  t.is((await agenda.queryJobs({ name: 'often' })).total, 1, 'a repeating job is one row');
});

test.serial('unique, disabled and cancelled jobs', async (t) => {
  const { db } = await database();
  const agenda = await agendaOn(t, db);
  const ran = calls(1);
  agenda.define('once', async () => undefined);
  agenda.define('quiet', async () => ran.call('quiet'));
  agenda.define('loud', async () => ran.call('loud'));
  for (let i = 0; i < 3; i++)
    await agenda
      .create('once', { key: 'a' })
      .unique({ 'data.key': 'a' })
      .schedule(new Date(Date.now() + 3_600_000))
      .save();
  t.is((await agenda.queryJobs({ name: 'once' })).total, 1);
  await agenda.create('quiet', {}).schedule(new Date()).save();
  t.is(await agenda.disable({ name: 'quiet' }), 1);
  await agenda
    .create('loud', {})
    .schedule(new Date(Date.now() + 200))
    .save();
  await agenda.start();
  t.deepEqual(await ran.done, ['loud']);
  t.is(await agenda.cancel({ name: 'quiet' }), 1);
  t.is((await agenda.queryJobs({ name: 'quiet' })).total, 0);
});

test.serial('concurrency and priority are kept', async (t) => {
  const { db } = await database();
  const agenda = await agendaOn(t, db);
  const all = calls(12);
  let active = 0;
  let most = 0;
  agenda.define<{ p: number }>(
    'work',
    async (job) => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setTimeout(resolve, 30));
      active--;
      all.call(job.attrs.data.p);
    },
    { concurrency: 2, lockLimit: 12 },
  );
  const due = new Date(Date.now() - 1000);
  for (let p = 0; p < 12; p++) await agenda.create('work', { p }).priority(p).schedule(due).save();
  await agenda.start();
  const order = (await all.done) as number[];
  t.is(most, 2);
  t.true(order.indexOf(11) < order.indexOf(0), `highest first: ${order.join()}`);
});

test.serial('no more jobs are locked than the limit says, and the others have their turn', async (t) => {
  const { db } = await database();
  const agenda = await agendaOn(t, db);
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const begun = calls(2);
  const done = calls(6);
  agenda.define<{ n: number }>(
    'slow',
    async (job) => {
      begun.call(job.attrs.data.n);
      await gate;
      done.call(job.attrs.data.n);
    },
    { concurrency: 5, lockLimit: 2 },
  );
  const due = new Date();
  for (let n = 0; n < 6; n++) await agenda.create('slow', { n }).schedule(due).save();
  await agenda.start();
  await begun.done;
  // Five more looks for work, each of which would lock another one if it could.
  for (let look = 0; look < 5; look++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    t.is(await db.collection('agendaJobs').countDocuments({ lockedAt: { $type: 'date' } }), 2);
  }
  open();
  t.deepEqual(([...(await done.done)] as number[]).sort(), [0, 1, 2, 3, 4, 5]);
});

test.serial(
  'a repeated job is one row, which its newest definition changes, and goes on after it failed',
  async (t) => {
    const { db } = await database();
    const agenda = await agendaOn(t, db);
    const tries = calls(2);
    agenda.define('often', async () => {
      tries.call(1);
      await Promise.resolve();
      throw new Error('not today');
    });
    const failed = new Promise<void>((resolve) => agenda.once('fail:often', () => resolve()));
    await agenda.every('1 hour', 'often');
    await agenda.every('1 second', 'often');
    await agenda.start();
    await failed;
    await tries.done;
    const rows = await db.collection('agendaJobs').find({ name: 'often' }).toArray();
    t.is(rows.length, 1);
    t.is(rows[0]!['repeatInterval'], '1 second');
    t.true(Number(rows[0]!['failCount']) >= 1);
  },
);

async function worker(
  t: ExecutionContext,
  { db, uri }: { db: Db; uri: string },
  name: string,
  lifetimeMs: number,
): Promise<ChildProcess> {
  const child = fork(new URL('./agenda-worker.js', import.meta.url), [uri, db.databaseName, name, String(lifetimeMs)]);
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(child, 'message');
  return child;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test.serial('two processes share 400 jobs, and none is lost or done twice', async (t) => {
  t.timeout(120_000);
  const { db, uri } = await database();
  const agenda = new Agenda({ backend: new MongoBackend({ mongo: db }) });
  await agenda.ready;
  t.teardown(() => agenda.stop());
  await Promise.all([worker(t, { db, uri }, 'one', 60_000), worker(t, { db, uri }, 'two', 60_000)]);
  const due = new Date();
  await Promise.all(Array.from({ length: 400 }, (_, n) => agenda.create('shared', { n }).schedule(due).save()));
  await until(async () => (await db.collection('agendaJobs').countDocuments()) === 0);
  const done = await db.collection<{ n: number }>('done').find().toArray();
  t.is(done.length, 400);
  t.is(new Set(done.map((one) => one.n)).size, 400);
});

test.serial('a job whose worker was killed is taken again after its lock has run out', async (t) => {
  t.timeout(120_000);
  const { db, uri } = await database();
  const agenda = new Agenda({ backend: new MongoBackend({ mongo: db }) });
  await agenda.ready;
  t.teardown(() => agenda.stop());
  const doomed = await worker(t, { db, uri }, 'doomed', 1500);
  await agenda.create('shared', { n: 1, hang: 'doomed' }).schedule(new Date()).save();
  await until(async () => (await db.collection('done').countDocuments({ by: 'doomed' })) > 0);
  doomed.kill('SIGKILL');
  await once(doomed, 'exit');
  await worker(t, { db, uri }, 'heir', 1500);
  await until(async () => (await db.collection('done').countDocuments({ by: 'heir' })) > 0);
  await until(async () => (await db.collection('agendaJobs').countDocuments()) === 0);
  t.pass();
});

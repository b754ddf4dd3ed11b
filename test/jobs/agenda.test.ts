import test, { registerCompletionHandler } from 'ava';
import type { Connection } from 'mongoose';
import { FixedClock, silentLog, systemClock, type Clock } from '../../src/core/index.js';
import { createJobs, type LightTick, type Tick } from '../../src/jobs/index.js';
import { createCalendar } from '../../src/org/index.js';
import { openTestStore } from '../org/store.js';

// Agenda leaves a timer behind that cannot be cleared (see `Jobs.stop`).
registerCompletionHandler(() => process.exit());

const calendar = createCalendar();
/** Not within the time of a test. */
const RARELY = '0 9 29 2 *';

function counting(name: string, cron = RARELY) {
  let done: (() => void) | undefined;
  const first = new Promise<void>((resolve) => (done = resolve));
  const tick = {
    name,
    cron,
    runs: 0,
    first,
    run: () => {
      tick.runs++;
      done?.();
      return Promise.resolve();
    },
  };
  return tick;
}
const make = (
  connection: Connection,
  ticks: readonly Tick[],
  light: readonly LightTick[] = [],
  clock: Clock = systemClock,
) => createJobs({ connection, ticks, light, calendar, clock, log: silentLog });
const rowOf = (connection: Connection, name: string) => connection.collection('agendaJobs').findOne({ name });

test('a run that was missed while the house was down is made up at once, and only once', async (t) => {
  const connection = await openTestStore();
  const before = make(connection, [counting('daily')]);
  await before.start();
  await before.stop();
  const row = await rowOf(connection, 'daily');
  t.is(row?.['repeatTimezone'], 'Asia/Shanghai');
  t.is(row?.['type'], 'single');

  const missed = new Date(Date.now() - 3_600_000);
  await connection.collection('agendaJobs').updateOne({ name: 'daily' }, { $set: { nextRunAt: missed } });
  const daily = counting('daily');
  const after = make(connection, [daily]);
  await after.start();
  await daily.first;
  await after.stop();
  t.is(daily.runs, 1);
  t.true((await rowOf(connection, 'daily'))?.['nextRunAt'] > new Date());
});

test('processes that start at once share one schedule, and a changed line takes its place', async (t) => {
  const connection = await openTestStore();
  const houses = [1, 2, 3].map(() => make(connection, [counting('a'), counting('b')]));
  await Promise.all(houses.map((house) => house.start()));
  t.is(await connection.collection('agendaJobs').countDocuments({}), 2);
  await Promise.all(houses.map((house) => house.stop()));
  // The embedded store makes upserts one after the other; on a cluster only the index keeps two from being made.
  const indexes = await connection.collection('agendaJobs').listIndexes().toArray();
  t.true(indexes.find((index) => index['name'] === 'single')?.['unique']);

  const next = make(connection, [counting('a', '30 9 29 2 *')]);
  await next.start();
  await next.stop();
  t.is((await rowOf(connection, 'a'))?.['repeatInterval'], '30 9 29 2 *');
});

test('a process without durable work leaves the schedule alone', async (t) => {
  const connection = await openTestStore();
  const worker = make(connection, [counting('a')]);
  await worker.start();
  const web = make(connection, []);
  await web.start();
  await Promise.all([worker.stop(), web.stop()]);
  t.is(await connection.collection('agendaJobs').countDocuments({}), 1);
});

test('a lock of a process that is running a job is left alone by one that starts', async (t) => {
  const connection = await openTestStore();
  const first = make(connection, [counting('a')]);
  await first.start();
  const lockedAt = new Date();
  await connection.collection('agendaJobs').updateOne({ name: 'a' }, { $set: { lockedAt } });
  const second = make(connection, [counting('a')]);
  await second.start();
  t.deepEqual((await rowOf(connection, 'a'))?.['lockedAt'], lockedAt);
  await Promise.all([first.stop(), second.stop()]);
});

test('what was locked and not begun is given back on stopping', async (t) => {
  for (let round = 0; round < 5; round++) {
    const connection = await openTestStore();
    const jobs = make(connection, [counting('a')]);
    await jobs.start();
    // Due just now: the next look takes it, at any moment of the stop.
    await connection.collection('agendaJobs').updateOne({ name: 'a' }, { $set: { nextRunAt: new Date(0) } });
    await jobs.stop();
    t.is((await rowOf(connection, 'a'))?.['lockedAt'], null, `round ${round}`);
  }
});

test('the only process on a store frees at once what a dead one had locked', async (t) => {
  const connection = await openTestStore();
  const dead = make(connection, [counting('a')]);
  await dead.start();
  await dead.stop();
  const left = { lockedAt: new Date(), nextRunAt: new Date(0) };
  await connection.collection('agendaJobs').updateOne({ name: 'a' }, { $set: left });
  const tick = counting('a');
  const jobs = make(connection, [tick]);
  await jobs.takeOver();
  await jobs.start();
  await tick.first;
  await jobs.stop();
  t.is(tick.runs, 1);
});

test('while the clock is moved by hand, the schedule of real time runs nothing', async (t) => {
  const connection = await openTestStore();
  const tick = counting('daily');
  const real = make(connection, [tick]);
  await real.start();
  await real.stop();
  await connection.collection('agendaJobs').updateOne({ name: 'daily' }, { $set: { nextRunAt: new Date(0) } });
  const moved = make(connection, [tick], [], new FixedClock('2030-01-01T00:00:00Z'));
  await moved.start();
  for (let i = 0; i < 100 && (await rowOf(connection, 'daily'))?.['lastFinishedAt'] instanceof Date === false; i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  await moved.stop();
  t.truthy((await rowOf(connection, 'daily'))?.['lastFinishedAt']);
  t.is(tick.runs, 0);
});

test('light ticks run in the process, a failing one goes on, and none is left when stopped', async (t) => {
  const connection = await openTestStore();
  let failures = 0;
  const sweep = counting('sweep');
  const light = [
    { name: 'sweep', cron: '* * * * * *', run: sweep.run },
    { name: 'broken', cron: '* * * * * *', run: () => Promise.reject(new Error(`broken ${++failures}`)) },
  ];
  const jobs = make(connection, [], light);
  await jobs.start();
  await sweep.first;
  for (let i = 0; i < 100 && failures < 2; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  await jobs.stop();
  t.true(failures >= 2);
  const runs = sweep.runs;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  t.is(sweep.runs, runs);
});

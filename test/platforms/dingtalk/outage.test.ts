import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { MINUTE, MovableClock, SECOND, silentLog } from '../../../src/core/index.js';
import { createInbox } from '../../../src/inbox/index.js';
import type { Intake } from '../../../src/platforms/contract.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { createDingtalkAdapter, type DingtalkAdapter, type Timers } from '../../../src/platforms/dingtalk/index.js';
import type { Traffic } from '../../../src/sandbox/index.js';
import { testStore } from '../../helpers/store.js';
import { startBench, type Bench } from '../../sandbox/support.js';
import { HandTimers } from './hand-timers.js';

/** The stand-in's gateway is gone for a while, people go on: counted by the stand-in, taken by the real inbox. */

/** Seconds of real time without the platform; `npm run test:frames` takes 60. */
const SECONDS = Number(process.env['OUTAGE_SECONDS'] ?? 2);
/** What may be called in the first minute, and in any minute after it. */
const FIRST_MINUTE = 12;
const EVENTS = 5;
/** The stand-in's clock runs on between two steps of ours. */
const STEP_MS = 200;

interface World {
  bench: Bench;
  clock: MovableClock;
  adapter: DingtalkAdapter;
  /** Key of each event, as often as it was worked on. */
  handled: string[];
  /** Tries of the gateway that were set for later. */
  retries: () => number;
}

async function connected(t: ExecutionContext, timers?: Timers): Promise<World> {
  const bench = await startBench(t);
  const clock = new MovableClock();
  const handled: string[] = [];
  const inbox = createInbox({
    connection: (await testStore()).connection,
    clock,
    log: silentLog,
    handle: ({ key }) => {
      handled.push(key);
      return Promise.resolve({});
    },
    answeredPassively: () => Promise.resolve(),
    noteHandle: () => Promise.resolve(),
    onParked: () => Promise.resolve(),
  });
  const intake: Intake = (event) => inbox.intake(event);
  const settings = { ...bench.access.dingtalk, mode: 'stream' as const };
  const tokens = memoryTokenStore();
  let retries = 0;
  const write = (line: string) => void (line.includes('trying again later') && (retries += 1));
  const log = pino({ level: 'warn' }, { write });
  const adapter = createDingtalkAdapter({ settings, clock, log, intake, tokens, timers });
  t.teardown(async () => {
    await adapter.stop();
    await inbox.stop();
  });
  await adapter.start();
  t.true(adapter.health().receiving);
  return { bench, clock, adapter, handled, retries: () => retries };
}

/** Somebody checks in: an event, which the vendor keeps until it is answered (a message said meanwhile is lost there). */
async function checksIn({ bench }: World, n: number): Promise<void> {
  await bench.control('POST', 'phones/dingtalk/staff01/location', { lat: 31.2, lng: 121.5, label: `第 ${n} 处` });
}

/** Instants of the calls of the gateway since then, by the stand-in's clock, ms. */
async function callsSince({ bench }: World, since: number): Promise<number[]> {
  const traffic = (await bench.control('GET', 'traffic?limit=2000')).json as unknown as Traffic[];
  const calls = traffic.filter(({ path }) => path.endsWith('/connections/open')).map(({ at }) => Date.parse(at));
  return calls.filter((at) => at >= since).sort((a, b) => a - b);
}

async function until(what: () => boolean | Promise<boolean>, why: string, longestMs: number): Promise<void> {
  const deadline = performance.now() + longestMs;
  while (!(await what())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${why}`);
    await sleep(5);
  }
}

/** All there, and no second one in the time of several redeliveries. */
async function arrivedOnce(t: ExecutionContext, world: World, events: number, longestMs: number): Promise<void> {
  await until(() => world.handled.length >= events, 'the events', longestMs);
  await sleep(500);
  t.is(world.handled.length, events);
  t.is(new Set(world.handled).size, events, 'once each');
}

test('ten minutes on a moved clock: calls counted by the platform, and what happened meanwhile arrives once', async (t) => {
  const timers = new HandTimers();
  const world = await connected(t, timers);
  const began = world.clock.now().getTime();
  const outage = timers.now();
  await world.bench.control('PUT', 'faults', { dingtalk: { down: true, disconnectStream: 'cut' } });
  let events = 0;
  let calls = 0;
  while (timers.now() - outage < 10 * MINUTE) {
    // The next try is set once the last one has failed; the watch of the link that was cut is gone by then.
    await until(() => world.retries() === calls + 1, 'a retry', 10 * SECOND);
    t.is(timers.size, 1);
    world.clock.moveTo(new Date(began + timers.nextAt - outage));
    await world.bench.control('POST', 'clock', { offsetMs: world.clock.offsetMs });
    timers.step();
    calls += 1;
    await until(async () => (await callsSince(world, began)).length >= calls, 'a call', 10 * SECOND);
    if ((timers.now() - outage) / MINUTE > events) await checksIn(world, (events += 1));
  }
  const at = (await callsSince(world, began)).map((instant) => instant - began);
  t.log(`calls at ${at.map((ms) => Math.round(ms / SECOND)).join(' ')} s, ${events} events meanwhile`);
  t.true(at.filter((ms) => ms < MINUTE).length <= FIRST_MINUTE);
  for (let from = MINUTE; from < 10 * MINUTE; from += SECOND) {
    t.true(at.filter((ms) => ms >= from && ms < from + MINUTE - STEP_MS).length <= 1, `minute from ${from}`);
  }
  t.true(events >= 8);
  t.deepEqual(world.handled, []);

  await world.bench.control('PUT', 'faults', { dingtalk: { down: false } });
  await until(() => world.retries() === calls + 1, 'a retry', 10 * SECOND);
  timers.step();
  await until(() => world.adapter.health().receiving, 'a link', 10 * SECOND);
  await arrivedOnce(t, world, events, 20 * SECOND);
});

test(`${SECONDS} s of real time without the gateway: few calls, and what happened meanwhile arrives once`, async (t) => {
  const world = await connected(t);
  await world.bench.control('PUT', 'faults', { dingtalk: { down: true, disconnectStream: 'cut' } });
  const began = Date.now();
  for (let n = 1; n <= EVENTS; n += 1) {
    await checksIn(world, n);
    await sleep((SECONDS * SECOND) / EVENTS);
  }
  const calls = (await callsSince(world, began)).filter((at) => at < began + MINUTE);
  t.true(calls.length <= FIRST_MINUTE, `${calls.length} calls`);
  t.deepEqual(world.handled, []);
  await world.bench.control('PUT', 'faults', { dingtalk: { down: false } });
  // The wait under way may be the longest one.
  await arrivedOnce(t, world, EVENTS, 140 * SECOND);
  t.log(`${calls.length} calls of the gateway in the first ${Math.min(60, SECONDS)} s, ${EVENTS} events meanwhile`);
});

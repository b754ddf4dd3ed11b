import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import mongoose, { type Connection } from 'mongoose';
import { createTask, type ScheduledTask } from 'node-cron';
import { MINUTE, SECOND, type Clock, type Log } from '../core/index.js';
import type { WorkCalendar } from '../org/index.js';
import { occurrences, type Tick } from './tick.js';

/** In-process work that every process does for itself: sweeps of due rows. */
export interface LightTick {
  name: string;
  /** Five or six fields (seconds first); the zone does not matter to a sweep. */
  cron: string;
  run(): Promise<void>;
}

export interface Jobs {
  start(): Promise<void>;
  /** Before `start`, by the only process on this store: what a dead one had locked is free at once, not after `LOCK_MS`. */
  takeOver(): Promise<void>;
  /**
   * Takes no new work, waits for what runs, at most `timeoutMs`. Agenda keeps a timer of half a lock's life per job that
   * has run (6.2.6, its check for expired locks) and offers no way to clear it: the process ends by `process.exit`.
   */
  stop(timeoutMs?: number): Promise<void>;
  /**
   * For a clock that is moved by hand: runs everything that would have run after `from` up to `to`, in order, with the
   * clock set to each instant and in the end to `to`. One failing run does not stop the others.
   */
  runThrough(
    from: Date,
    to: Date,
    setClock: (at: Date) => void | Promise<void>,
  ): Promise<{ runs: number; failed: number }>;
}

const COLLECTION = 'agendaJobs';
/** Hard limit of one run; a lock older than this belongs to a process that died. */
const LOCK_MS = 5 * MINUTE;
const POLL_MS = 5 * SECOND;
const STOP_MS = 10 * SECOND;
/** A clock that differs by more was moved by hand. */
const MOVED_MS = 30 * SECOND;

export function createJobs(deps: {
  connection: Connection;
  ticks: readonly Tick[];
  light: readonly LightTick[];
  calendar: WorkCalendar;
  clock: Clock;
  log: Log;
}): Jobs {
  const { connection, ticks, calendar, clock, log } = deps;
  const jobs = connection.collection(COLLECTION);
  let agenda: Agenda | null = null;
  let stopping = false;
  /** Looks for due jobs that are under way, and the locks they have taken (by job id). */
  const looking = new Set<Promise<unknown>>();
  const locks = new Map<string, Date>();
  let tasks: ScheduledTask[] = [];
  const running = new Set<Promise<void>>();
  /** Up to where a moved clock has been worked through. */
  let reached: Date | null = null;

  const isMoved = () => Math.abs(clock.now().getTime() - Date.now()) > MOVED_MS;

  const attempt = async (name: string, run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      log.error({ err: error, job: name }, 'job failed');
      return false;
    }
  };

  /** A moved clock is worked through by one at a time: no instant is run twice side by side. */
  let moving: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = moving.then(work);
    moving = mine.catch(() => undefined); // whoever asked for it is told
    return mine;
  };

  const runThrough: Jobs['runThrough'] = (from, to, setClock) =>
    alone(async () => {
      const due = ticks
        .flatMap((tick) => occurrences(tick.cron, from, to, calendar).map((at) => ({ at, tick })))
        .sort((a, b) => a.at.getTime() - b.at.getTime());
      let failed = 0;
      for (const { at, tick } of due) {
        await setClock(at);
        if (!(await attempt(tick.name, () => tick.run(at)))) failed++;
      }
      await setClock(to);
      reached = to;
      return { runs: due.length, failed };
    });

  /** The cluster's clock runs by real time; where the app's clock was moved, its own minutes are worked through here. */
  const followMovedClock = () =>
    alone(async () => {
      const now = clock.now();
      const from = reached ?? new Date(now.getTime() - MINUTE);
      reached = now;
      if (!isMoved() || now <= from) return;
      for (const tick of ticks) {
        for (const at of occurrences(tick.cron, from, now, calendar)) await attempt(tick.name, () => tick.run(at));
      }
    });

  const startAgenda = async (): Promise<Agenda> => {
    const db = connection.db;
    if (db === undefined) throw new TypeError('jobs need an open connection');
    // Two processes that start at once must not both create the one job of a name.
    await jobs.createIndex(
      { name: 1, type: 1 },
      { name: 'single', unique: true, partialFilterExpression: { type: 'single' } },
    );
    const made = new Agenda({
      backend: new MongoBackend({ mongo: db, collection: COLLECTION }),
      processEvery: POLL_MS,
      defaultConcurrency: 1,
      defaultLockLimit: 1,
      defaultLockLifetime: LOCK_MS,
    });
    made.on('error', (error: Error) => log.error({ err: error }, 'agenda failed'));
    made.on('fail', (error: Error | string, job: { attrs?: { name?: string } }) => {
      log.error({ err: error, job: job.attrs?.name }, 'job failed');
    });
    await made.ready;
    // Agenda's stop does not wait for a look that is under way; what that look locks would stay locked for `LOCK_MS`.
    const look = made.db.getNextJobToRun.bind(made.db);
    made.db.getNextJobToRun = async (...query) => {
      if (stopping) return undefined;
      const found = look(...query);
      looking.add(found);
      try {
        const job = await found;
        if (job?._id && job.lockedAt) locks.set(job._id, job.lockedAt);
        return job;
      } finally {
        looking.delete(found);
      }
    };
    for (const tick of ticks) {
      made.define(tick.name, async () => {
        if (!isMoved()) await tick.run(clock.now());
      });
    }
    await made.start();
    for (const tick of ticks) {
      // `every` on a job that exists would move a run that was missed while we were down into the future, and take away
      // the lock of a process that is running it: only what is new or has changed is written.
      const kept = await jobs.findOne({ name: tick.name, type: 'single' });
      const same = kept?.['repeatInterval'] === tick.cron && kept['repeatTimezone'] === calendar.zone;
      if (!same) await made.every(tick.cron, tick.name, undefined, { timezone: calendar.zone, skipImmediate: true });
    }
    return made;
  };

  return {
    async takeOver() {
      await jobs.updateMany({ lockedAt: { $ne: null } }, { $set: { lockedAt: null } });
    },

    async start() {
      stopping = false;
      // A process without durable work (role web only) leaves the cluster's schedule alone.
      agenda = ticks.length === 0 ? null : await startAgenda();
      const light: readonly LightTick[] = [
        ...deps.light,
        { name: 'moved-clock', cron: '* * * * *', run: followMovedClock },
      ];
      tasks = light.map(({ name, cron, run }) =>
        createTask(
          cron,
          async () => {
            const work = attempt(name, run).then(() => undefined);
            running.add(work);
            await work;
            running.delete(work);
          },
          { name, noOverlap: true, suppressMissedWarning: true },
        ),
      );
      for (const task of tasks) await task.start();
      log.info({ durable: ticks.map((tick) => tick.name), light: light.map((tick) => tick.name) }, 'jobs started');
    },

    async stop(timeoutMs = STOP_MS) {
      for (const task of tasks) await task.destroy();
      tasks = [];
      stopping = true;
      await Promise.allSettled(looking);
      const drained = await agenda?.drain({ timeout: timeoutMs, closeConnection: false });
      agenda = null;
      // What was locked and never begun is given back; a lock that somebody else has taken since has another time.
      if (!drained?.timedOut) {
        for (const [id, lockedAt] of locks)
          await jobs.updateOne({ _id: new mongoose.mongo.ObjectId(id), lockedAt }, { $set: { lockedAt: null } });
      }
      locks.clear();
      await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
      if (drained?.timedOut || running.size > 0) log.warn({ running: drained?.running }, 'jobs stopped while running');
    },

    runThrough,
  };
}

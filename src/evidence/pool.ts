import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { AppError, type Log } from '../core/index.js';
import type { Job, JobMessage, JobResult, ReadyMessage, ResultMessage } from './jobs.js';
import { JOBS_PER_WORKER, MAX_WORKER_BYTES } from './limits.js';

export interface Pool {
  run<Kind extends Job['kind']>(job: Job & { kind: Kind }): Promise<JobResult<Kind>>;
  /** Starts every worker and lets it do the `warmUp` job, now and whenever one is replaced. Resolves when all that could are warm. */
  warm(): Promise<void>;
  /** Jobs waiting or being worked on. */
  length(): number;
  /** How long the last jobs took, the newest weighing most; null before the first. */
  meanMs(): number | null;
  close(): Promise<void>;
}

interface Task {
  job: Job;
  /** Not anybody's job: does not count, and is not tried again. */
  isWarmUp?: boolean;
  /** Starts so far: a worker that dies on its own may have been killed by somebody else, so the job gets a second one. */
  starts: number;
  settle(result: JobResult<Job['kind']>): void;
  fail(error: Error): void;
}

interface Member {
  child: ChildProcess;
  task: Task | null;
  jobs: number;
  /** Has said that it is there; before that its time is the machine's, not the job's. */
  ready: boolean;
  startedAt: number;
  /** CPU milliseconds of the process when the job began. */
  cpuBefore: Promise<number | null>;
  watch: NodeJS.Timeout | null;
  /** Why we killed it; null when it died on its own. */
  killedFor: 'timeout' | 'memory' | 'retired' | null;
}

export interface PoolOptions {
  size: number;
  timeoutMs: number;
  log: Log;
  maxBytes?: number;
  entry?: URL;
  /** Done once by every new worker after `warm()` was called. */
  warmUp?: Job;
}

const STARTS_PER_JOB = 2;
/** Of the mean time: ten jobs later three quarters of it are new. */
const NEWEST_SHARE = 0.13;
/** Memory and time are looked at this often while a job runs: a PDF bomb grows by some 300 MB a second. */
const WATCH_MS = 250;
/** On a busy machine the wall clock says nothing about the file: a worker that got less than half of its time in CPU may go on, up to this many times the limit. */
const BUSY_FACTOR = 4;
/** A process that is not there by then never comes. */
const START_LIMIT_MS = 60_000;
/** A worker that ends a job above this share of its cap is replaced. */
const RETIRE_SHARE = 0.75;

/**
 * Worker processes that do one job at a time. Processes, not threads: a native crash or a runaway wasm heap takes one job with it and
 * nothing else. Started when first needed, kept warm, killed and replaced when over time or memory.
 */
export function createPool({
  size,
  timeoutMs,
  log,
  maxBytes = MAX_WORKER_BYTES,
  entry = new URL('./worker.js', import.meta.url),
  warmUp,
}: PoolOptions): Pool {
  const members = new Set<Member>();
  const queue: Task[] = [];
  let closed = false;
  let keepWarm = false;
  let meanMs: number | null = null;
  let nextId = 1;

  function hire(): Member {
    const child = fork(entry, {
      serialization: 'advanced',
      // Recognisers and decoders write chatter to both streams.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: ['--max-old-space-size=512'],
    });
    yieldToOthers(child.pid);
    const member: Member = {
      child,
      task: null,
      jobs: 0,
      ready: false,
      startedAt: 0,
      cpuBefore: Promise.resolve(null),
      watch: null,
      killedFor: null,
    };
    members.add(member);
    child.on('message', (message: ResultMessage | ReadyMessage) => {
      if ('ready' in message) {
        member.ready = true;
        beginTiming(member);
      } else finish(member, message);
    });
    child.on('error', (error) => log.warn({ err: error }, 'evidence worker cannot be reached'));
    child.on('exit', (code, signal) => leave(member, signal ?? `exit ${code ?? '?'}`));
    return member;
  }

  const places = (): number => size - [...members].filter((one) => one.killedFor === null).length;

  /** One worker after the other, so that a start leaves the machine to others; one that dies of its warm-up ends it: the next would too. */
  async function heat(): Promise<void> {
    while (warmUp !== undefined && keepWarm && !closed && places() > 0) {
      const job = warmUp;
      const result = await new Promise<JobResult<Job['kind']> | Error>((resolve) => {
        start(hire(), { job, isWarmUp: true, starts: 0, settle: resolve, fail: resolve });
      });
      if (result instanceof Error || !result.ok) return;
    }
  }

  function pump(): void {
    while (queue.length > 0 && !closed) {
      let member = [...members].find((one) => one.task === null && one.killedFor === null);
      if (member === undefined && places() > 0) member = hire();
      const task = member === undefined ? undefined : queue.shift();
      if (member === undefined || task === undefined) return;
      start(member, task);
    }
  }

  function start(member: Member, task: Task): void {
    const { child } = member;
    member.task = task;
    member.jobs += 1;
    task.starts += 1;
    child.ref();
    child.channel?.ref();
    beginTiming(member);
    member.watch = setInterval(() => void watch(member, task), Math.min(WATCH_MS, timeoutMs));
    const message: JobMessage = { id: nextId, job: task.job };
    nextId += 1;
    child.send(message, (error) => {
      // It died before it got the job: its exit handler gives the job to another.
      if (error !== null) log.warn({ err: error }, 'evidence job could not be sent');
    });
  }

  function beginTiming(member: Member): void {
    member.startedAt = performance.now();
    member.cpuBefore = cpuMs(member.child.pid);
  }

  function finish(member: Member, { result, residentBytes }: ResultMessage): void {
    const { task } = member;
    if (task === null || member.killedFor !== null) return;
    rest(member);
    if (task.isWarmUp !== true) {
      const tookMs = performance.now() - member.startedAt;
      meanMs = meanMs === null ? tookMs : meanMs + (tookMs - meanMs) * NEWEST_SHARE;
    }
    if (!result.ok && result.reason === 'error') {
      log.error({ kind: task.job.kind, message: result.message }, 'evidence worker failed');
    }
    task.settle(result);
    if (residentBytes > maxBytes * RETIRE_SHARE || member.jobs >= JOBS_PER_WORKER) kill(member, 'retired');
    pump();
  }

  function rest(member: Member): void {
    if (member.watch !== null) clearInterval(member.watch);
    member.watch = null;
    member.task = null;
    // An idle worker keeps nobody's process alive.
    member.child.unref();
    member.child.channel?.unref();
  }

  async function watch(member: Member, task: Task): Promise<void> {
    const { pid } = member.child;
    const [bytes, before, now] = await Promise.all([residentBytes(pid), member.cpuBefore, cpuMs(pid)]);
    if (member.task !== task) return;
    if (bytes !== null && bytes > maxBytes) kill(member, 'memory');
    const ranMs = performance.now() - member.startedAt;
    if (!member.ready) {
      if (ranMs > START_LIMIT_MS) kill(member, 'timeout');
      return;
    }
    if (ranMs < timeoutMs) return;
    const starved = before !== null && now !== null && now - before < timeoutMs / 2;
    if (!starved || ranMs >= timeoutMs * BUSY_FACTOR) kill(member, 'timeout');
  }

  function kill(member: Member, why: 'timeout' | 'memory' | 'retired'): void {
    if (member.killedFor !== null) return;
    member.killedFor = why;
    member.child.kill('SIGKILL');
  }

  function leave(member: Member, how: string): void {
    members.delete(member);
    const { task, killedFor } = member;
    rest(member);
    if (task !== null) {
      log.warn({ kind: task.job.kind, how, killedFor, starts: task.starts }, 'evidence worker lost with its job');
      if (closed) task.fail(closedError());
      else if (killedFor === null && task.isWarmUp !== true && task.starts < STARTS_PER_JOB) queue.unshift(task);
      else {
        const reason = killedFor === 'timeout' || killedFor === 'memory' ? killedFor : 'crashed';
        task.settle({ ok: false, reason, message: `worker ended: ${killedFor ?? how}` });
      }
    }
    pump();
    if (task?.isWarmUp !== true) void heat();
  }

  return {
    run: <Kind extends Job['kind']>(job: Job & { kind: Kind }) =>
      new Promise<JobResult<Kind>>((resolve, reject) => {
        if (closed) {
          reject(closedError());
          return;
        }
        // The worker answers a job of a kind with the facts of that kind.
        queue.push({ job, starts: 0, settle: resolve as Task['settle'], fail: reject });
        pump();
      }),
    warm: async () => {
      keepWarm = true;
      await heat();
    },
    meanMs: () => meanMs,
    length: () => queue.length + [...members].filter(({ task }) => task !== null && task.isWarmUp !== true).length,
    close: async () => {
      closed = true;
      for (const task of queue.splice(0)) task.fail(closedError());
      await Promise.all(
        [...members].map(
          ({ child }) =>
            new Promise<void>((resolve) => {
              if (child.exitCode !== null || child.signalCode !== null) {
                resolve();
                return;
              }
              child.ref();
              child.once('exit', () => resolve());
              child.kill('SIGKILL');
            }),
        ),
      );
    },
  };
}

const closedError = (): AppError =>
  new AppError('evidence.closed', 'the verifiers are being stopped', { retryable: true });

/** Reading a photo takes seconds of a whole core; whoever says something meanwhile is answered first. */
function yieldToOthers(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not allowed here: they share as equals.
  }
}

/** Where /proc is missing, both are null: the wall clock alone protects. */
async function residentBytes(pid: number | undefined): Promise<number | null> {
  const statm = await readFile(`/proc/${pid ?? 0}/statm`, 'utf8').catch(() => '');
  const pages = Number(statm.split(' ')[1]);
  return Number.isFinite(pages) ? pages * 4096 : null;
}

async function cpuMs(pid: number | undefined): Promise<number | null> {
  const stat = await readFile(`/proc/${pid ?? 0}/stat`, 'utf8').catch(() => '');
  // The name may hold spaces; user and system ticks (1/100 s) are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks * 10 : null;
}

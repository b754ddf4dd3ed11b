// Stand-ins for both vendors' servers, in a process of their own. Used by main, the story, demos and tests.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Log } from '../core/index.js';
import type { Sample, SampleInfo, SampleParams } from './samples/index.js';
import type { SandboxAccess, Timings } from './types.js';

export type { Sample, SampleInfo, SampleParams } from './samples/index.js';
export type {
  ActionResult,
  CallbackOutcome,
  Chat,
  Directory,
  DirectoryGroup,
  DirectoryPerson,
  Faults,
  FaultSet,
  Message,
  MessageKind,
  Phone,
  SandboxAccess,
  Timings,
  Traffic,
} from './types.js';

/** Longest wait for the child to say it is ready, and to leave when told. */
const READY_MS = 20_000;
const STOP_MS = 3_000;

export interface SandboxOptions {
  /** Phones, chats and tokens are kept here, so that a restart shows the same. */
  dataDir: string;
  log: Log;
  /** Shorter limits in time, for tests. */
  timings?: Partial<Timings>;
}

export interface SandboxHandle extends SandboxAccess {
  stop(): Promise<void>;
}

/** Between the two processes; private to this room. */
export type FromParent =
  { type: 'start'; dataDir: string; logLevel: string; timings?: Partial<Timings> } | { type: 'stop' };
export type ToParent = { type: 'ready'; access: SandboxAccess } | { type: 'failed'; reason: string };

/** Starts the stand-ins; they end with this process, however it ends. */
export async function startSandbox({ dataDir, log, timings }: SandboxOptions): Promise<SandboxHandle> {
  const child = fork(fileURLToPath(new URL('./main.js', import.meta.url)), [], {
    // Standard output belongs to what commands promise.
    stdio: ['ignore', 2, 2, 'ipc'],
    execArgv: ['--enable-source-maps'],
    // No secret of the real platforms has any business there.
    env: { PATH: process.env['PATH'], NODE_ENV: process.env['NODE_ENV'] },
  });
  let stopping = false;
  child.on('exit', (code, signal) => {
    if (!stopping) log.error({ code, signal }, 'the sandbox process ended');
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    if (child.connected) child.send({ type: 'stop' } satisfies FromParent);
    if ((await Promise.race([gone, sleep(STOP_MS, 'late', { ref: false })])) === 'late') {
      child.kill('SIGKILL');
      await gone;
    }
  };
  try {
    const access = await new Promise<SandboxAccess>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the sandbox did not start in time')), READY_MS);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        act();
      };
      child.on('message', (message: ToParent) => {
        settle(() => (message.type === 'ready' ? resolve(message.access) : reject(new Error(message.reason))));
      });
      child.once('error', (error) => settle(() => reject(error)));
      child.once('exit', (code) => settle(() => reject(new Error(`the sandbox process ended with ${code}`))));
      const start: FromParent = { type: 'start', dataDir, logLevel: log.level };
      child.send(timings === undefined ? start : { ...start, timings });
    });
    return { ...access, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Sample evidence; drawing and document libraries are heavy and are loaded when the first one is made. */
export async function sampleNames(): Promise<SampleInfo[]> {
  return (await import('./samples/index.js')).sampleNames();
}

/** Throws BadInputError `sample.unknown` for a name that `sampleNames()` does not list. */
export async function makeSample(name: string, params: SampleParams): Promise<Sample> {
  return (await import('./samples/index.js')).makeSample(name, params);
}

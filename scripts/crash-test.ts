import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { MongoClient, type Collection } from 'mongodb';
import { Random } from './shared/random.js';

/** `npm run test:crash -- [--kills N] [--seconds N]`: kills the embedded store at random instants under four writers. */

export interface CrashReport {
  kills: number;
  acknowledged: number;
  documents: number;
  /** What was acknowledged and is not there, or is there and was never asked for. */
  lost: string[];
  indexErrors: string[];
  /** The data folder, when something is wrong with it. */
  kept?: string;
}

interface Item {
  _id: string;
  version: number;
  unique: string;
  tags: number[];
  fill: string;
}

/** What is known of a document: the version acknowledged last and the one asked for without an answer. -1 is "not there". */
interface Known {
  acknowledged: number;
  asked: number;
}

const WRITERS = 4;
const MAX_RUN_MS = 500;
/** Of each writer: all are read and compared after every kill. */
const MAX_DOCUMENTS = 250;

/** The embedded store in a process of its own. */
export async function startStoreProcess(dataDir: string): Promise<{ child: ChildProcess; uri: string }> {
  const script = fileURLToPath(new URL('./store.js', import.meta.url));
  const child = spawn(process.execPath, [script, '--data', dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const uri = /^store (\S+)$/.exec(line)?.[1];
    if (uri) return { child, uri };
  }
  const [code, signal] =
    child.exitCode === null && child.signalCode === null
      ? await once(child, 'exit')
      : [child.exitCode, child.signalCode];
  throw new Error(`the store did not start: it ended with ${String(signal ?? code)}`);
}

async function write(
  collection: Collection<Item>,
  writer: number,
  known: Map<string, Known>,
  random: () => number,
  stopped: () => boolean,
): Promise<number> {
  let acknowledged = 0;
  let serial = known.size;
  while (!stopped()) {
    const old = [...known.keys()].filter((id) => id.startsWith(`${writer}-`) && known.get(id)!.acknowledged >= 0);
    const id =
      old.length > 0 && (random() < 0.6 || old.length >= MAX_DOCUMENTS)
        ? old[Math.floor(random() * old.length)]!
        : `${writer}-${serial++}-${Math.floor(random() * 1e9)}`;
    const state = known.get(id) ?? { acknowledged: -1, asked: -1 };
    known.set(id, state);
    const next = state.acknowledged + 1;
    const tags = Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * 20));
    const fields = { version: next, unique: `${id}/${next}`, tags, fill: 'x'.repeat(Math.floor(random() * 6000)) };
    try {
      if (state.acknowledged < 0) {
        state.asked = 0;
        await collection.insertOne({ _id: id, ...fields });
        state.acknowledged = 0;
      } else if (random() < 0.1) {
        state.asked = -1;
        await collection.deleteOne({ _id: id });
        known.delete(id);
      } else {
        state.asked = next;
        await collection.updateOne({ unique: `${id}/${state.acknowledged}` }, { $set: fields });
        state.acknowledged = next;
      }
      acknowledged++;
    } catch {
      return acknowledged; // the store was killed: this one is in doubt
    }
  }
  return acknowledged;
}

async function verify(
  collection: Collection<Item>,
  known: Map<string, Known>,
): Promise<{ lost: string[]; indexErrors: string[] }> {
  const lost: string[] = [];
  const found = new Map((await collection.find().toArray()).map((doc) => [doc._id, doc]));
  for (const [id, state] of known) {
    const version = found.get(id)?.version ?? -1;
    if (version !== state.acknowledged && version !== state.asked)
      lost.push(`${id}: acknowledged ${state.acknowledged}, asked ${state.asked}, found ${version}`);
    const doc = found.get(id);
    if (doc && doc.unique !== `${id}/${doc.version}`) lost.push(`${id}: half a document`);
    if (version < 0) known.delete(id);
    else known.set(id, { acknowledged: version, asked: version });
    found.delete(id);
  }
  for (const id of found.keys()) lost.push(`${id}: was never asked for`);
  const report = (await collection.db.command({ validate: collection.collectionName })) as unknown as {
    errors: string[];
  };
  return { lost, indexErrors: report.errors };
}

export async function runCrashes(options: {
  kills: number;
  seconds: number;
  seed: number;
  /** A kill comes at random within so long after the writers began. */
  runMs?: number;
  onKill?: (n: number) => void;
}): Promise<CrashReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedded-store-crash-'));
  const known = new Map<string, Known>();
  const report: CrashReport = { kills: 0, acknowledged: 0, documents: 0, lost: [], indexErrors: [] };
  const until = Date.now() + options.seconds * 1000;
  const seeded = new Random(options.seed);
  const random = (): number => seeded.next();
  try {
    for (let round = 0; ; round++) {
      const { child, uri } = await startStoreProcess(dataDir);
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const client = await MongoClient.connect(uri, { serverSelectionTimeoutMS: 20_000, retryWrites: false });
      const collection = client.db('crash').collection<Item>('items');
      try {
        await collection.createIndexes([
          { key: { unique: 1 }, unique: true },
          { key: { tags: 1, version: -1 } },
          { key: { version: 1 }, partialFilterExpression: { version: { $gt: 3 } } },
        ]);
        const { lost, indexErrors } = await verify(collection, known);
        report.lost.push(...lost);
        report.indexErrors.push(...indexErrors);
        report.documents = known.size;
        if (round >= options.kills || Date.now() > until || lost.length > 0 || indexErrors.length > 0) {
          child.kill('SIGTERM');
          break;
        }
        let killed = false;
        const writers = Array.from({ length: WRITERS }, (_, writer) =>
          write(collection, writer, known, random, () => killed),
        );
        await sleep(random() * (options.runMs ?? MAX_RUN_MS));
        killed = child.kill('SIGKILL');
        report.kills++;
        options.onKill?.(report.kills);
        for (const count of await Promise.all(writers)) report.acknowledged += count;
      } finally {
        child.kill('SIGKILL');
        await client.close(true);
        await exited;
      }
    }
  } catch (error) {
    throw new Error(`after ${report.kills} kills on ${dataDir}, which is kept`, { cause: error });
  }
  if (report.lost.length > 0 || report.indexErrors.length > 0) report.kept = dataDir;
  else await rm(dataDir, { recursive: true, force: true });
  return report;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '3600' },
      seed: { type: 'string', default: '1' },
    },
  });
  const report = await runCrashes({
    kills: Number(values.kills),
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    onKill: (n) => {
      if (n % 50 === 0) console.log(`${n} kills`);
    },
  });
  console.log(JSON.stringify(report));
  if (report.lost.length > 0 || report.indexErrors.length > 0) process.exitCode = 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();

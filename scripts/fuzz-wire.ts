import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { MongoClient, type Collection } from 'mongodb';
import { malformed, senseless } from './fuzz-wire/frames.js';
import { Random } from './shared/random.js';

/** `npm run fuzz:wire -- [--frames N] [--seed N]`: hostile frames against a store in a process of its own. */

export interface WireFuzzReport {
  frames: number;
  connections: number;
  kinds: number;
  /** Frames after which the store closed the connection, by its own count. */
  refused: number;
  /** Answers of an honest connection that was open all the while. */
  bystander: number;
  residentMiB: number;
  /** Whatever should not have happened. */
  faults: string[];
}

const CONNECTIONS = 8;
/** A connection that is still open so long after its last frame was kept by mistake; a busy machine may hold one up for a minute. */
const CLOSES_WITHIN_MS = 120_000;

async function startChild(dataDir: string, faults: string[]): Promise<{ child: ChildProcess; uri: string }> {
  const script = fileURLToPath(new URL('./store.js', import.meta.url));
  const child = spawn(process.execPath, [script, '--data', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.on('data', (piece: Buffer) => faults.push(`the store said: ${piece.toString().slice(0, 2000)}`));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, uri: line.replace(/^store /, '') };
}

interface Attack {
  /** What its last frame is. */
  kind: string;
  frames: number;
  bytes: Buffer;
  /** Where the bytes are cut into two pieces; 0 when they go as one. */
  cut: number;
}

const kinds = Object.entries(malformed);

/** What a connection sends depends on its number alone, so that one can be asked for again. */
function attackOf(connection: number, seed: number): Attack {
  const random = new Random(Math.imul(seed, 1_000_003) + connection);
  const [kind, make] = kinds[connection % kinds.length]!;
  const frames = [...Array.from({ length: random.int(4) }, () => senseless(random)), make(random)];
  const bytes = Buffer.concat(frames);
  return { kind, frames: frames.length, bytes, cut: random.next() < 0.2 ? random.int(bytes.length) : 0 };
}

/** Sends the bytes and resolves when the connection is closed. */
function send(port: number, { bytes, cut }: Attack): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const timer = setTimeout(() => {
      const state = socket.connecting ? 'never connected' : `kept open with ${socket.bytesRead} bytes read`;
      socket.destroy();
      reject(new Error(state));
    }, CLOSES_WITHIN_MS);
    socket.on('error', () => undefined); // a reset is what a hostile client deserves
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
    socket.on('connect', () => {
      if (cut > 0) socket.write(bytes.subarray(0, cut));
      setImmediate(() => socket.end(bytes.subarray(cut)));
    });
  });
}

interface Witness {
  _id: number;
  text: string;
}

/** Writes and reads on a connection of its own while the others are hostile. */
async function stand(collection: Collection<Witness>, over: () => boolean, faults: string[]): Promise<number> {
  let n = 0;
  while (!over()) {
    const text = `line ${n}`;
    await collection.insertOne({ _id: n, text });
    const found = await collection.findOne({ _id: n });
    if (found?.text !== text) faults.push(`the bystander wrote "${text}" and read ${JSON.stringify(found)}`);
    n++;
  }
  if ((await collection.countDocuments()) !== n) faults.push(`the bystander's ${n} documents are not all there`);
  return n;
}

export async function fuzzWire(options: {
  frames: number;
  seed: number;
  onFrames?: (n: number) => void;
}): Promise<WireFuzzReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'embedded-store-fuzz-'));
  const report: WireFuzzReport = {
    frames: 0,
    connections: 0,
    kinds: kinds.length,
    refused: 0,
    bystander: 0,
    residentMiB: 0,
    faults: [],
  };
  const { faults } = report;
  const { child, uri } = await startChild(dataDir, faults);
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let over = false;
  void exited.then(() => (over = true));
  const client = new MongoClient(uri, { maxPoolSize: 1, serverSelectionTimeoutMS: 20_000, socketTimeoutMS: 60_000 });
  let opened = 0;
  client.on('connectionCreated', () => opened++);
  try {
    const port = Number(new URL(uri).port);
    const standing = stand(client.db('bystander').collection<Witness>('lines'), () => over, faults);
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (report.frames < options.frames && !over) {
          const connection = report.connections++;
          const attack = attackOf(connection, options.seed);
          report.frames += attack.frames;
          await send(port, attack).catch((error: Error) =>
            faults.push(`connection ${connection} (${attack.kind}): ${error.message}`),
          );
          if (report.connections % 1000 === 0) options.onFrames?.(report.frames);
        }
      }),
    );
    over = true;
    report.bystander = await standing;
    const { metrics } = (await client.db('admin').command({ serverStatus: 1 })) as { metrics: Record<string, number> };
    report.refused = metrics['malformedFrames'] ?? 0;
    report.residentMiB = Math.round((metrics['residentBytes'] ?? 0) / 1048576);
    if ((metrics['internalErrors'] ?? 0) > 0) faults.push(`${metrics['internalErrors']} internal errors`);
    if (opened !== 1) faults.push(`the bystander had to connect ${opened} times`);
  } catch (error) {
    faults.push(`the bystander failed: ${String(error)}`);
  } finally {
    over = true;
    await client.close();
    if (child.exitCode !== null || child.signalCode !== null) faults.push('the store exited');
    child.kill('SIGTERM');
    const [code] = await exited;
    if (code !== 0) faults.push(`the store ended with ${code}`);
    await rm(dataDir, { recursive: true, force: true });
  }
  return report;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { frames: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
  });
  const report = await fuzzWire({
    frames: Number(values.frames),
    seed: Number(values.seed),
    onFrames: (n) => console.error(`${n} frames`),
  });
  console.log(JSON.stringify(report));
  if (report.faults.length > 0) process.exitCode = 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();

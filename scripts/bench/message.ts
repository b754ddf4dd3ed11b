// The whole WeCom path, durable before the reply, beside a bare Koa hello in one run (loopback, bounded): JSON lines.
//   npm run bench:message [-- --requests 2000 --connections 32 --rounds 5 --rate 100]
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { joinKey, projectRoot, silentLog, systemClock } from '../../src/core/index.js';
import { createInbox } from '../../src/inbox/index.js';
import { ensureIndexes } from '../../src/indexes.js';
import type { InboundEvent } from '../../src/platforms/contract.js';
import { createWecomAdapter } from '../../src/platforms/wecom/index.js';
import { openStore } from '../../src/store/index.js';
import { closedLoop, machine, median, openLoop, otherLoad } from './load.js';
import { AES_KEY, AGENT, CORP, sealed, TOKEN } from './message-wire.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '5' },
    /** Messages a second of the open loop. */
    rate: { type: 'string', default: '100' },
  },
});
const requests = Number(values.requests);
const connections = Number(values.connections);
const USERS = 1_000;
/** A sample during which others took this much of the machine is not to be trusted. */
const NOISY_SHARE = 0.06;
const OPEN_LOOP_SECONDS = 10;
const DECODES = 2_000;

let serial = 0;
const user = (): string => `user${serial++ % USERS}`;
const messages = (n: number) => Array.from({ length: n }, () => sealed(user()));

function print(name: string, key: 'ratio' | 'value', number: number, unit: string, more: object = {}): void {
  const digits = key === 'ratio' ? 4 : 1;
  console.log(
    JSON.stringify({ name, [key]: Number(number.toFixed(digits)), unit, store: 'embedded', ...machine, ...more }),
  );
}

const wecomSettings = (apiBase: string) => ({
  corpId: CORP,
  agentId: AGENT,
  secret: 'bench',
  token: TOKEN,
  encodingAesKey: AES_KEY,
  apiBase,
});

/** Signature, decryption and both layers of XML; nothing is kept. Median of seven rounds, µs. */
async function decode(): Promise<number> {
  const { callback } = createWecomAdapter({
    settings: wecomSettings('http://127.0.0.1:9'),
    clock: systemClock,
    log: silentLog,
    intake: () => Promise.resolve({ duplicate: false }),
    tokens: { load: () => Promise.resolve(null) } as never,
  });
  const wires = messages(DECODES);
  const rounds: number[] = [];
  for (let round = 0; round < 8; round++) {
    const began = performance.now();
    for (const { query, body } of wires)
      await callback({ method: 'POST', query, headers: {}, body: Buffer.from(body) });
    rounds.push(((performance.now() - began) * 1_000) / DECODES);
  }
  return median(rounds.slice(1));
}

/** Durable inserts with `connections` in flight and no work behind them, a second; leaves the company in the store. */
async function prepare(dataDir: string): Promise<number> {
  const store = await openStore({ mongodbUri: '', dataDir: join(dataDir, 'store'), log: silentLog });
  try {
    await ensureIndexes(store.connection);
    await store.connection.collection('people').insertMany(
      Array.from({ length: USERS }, (_, n) => ({
        _id: `bench-${n}` as never,
        id: `bench-${n}`,
        name: `代表 ${n}`,
        title: '销售代表',
        role: 'rep',
        identities: [{ platform: 'wecom', userId: `user${n}` }],
        identityKeys: [joinKey('wecom', `user${n}`)],
        absences: [],
      })),
    );
    const inbox = createInbox({
      connection: store.connection.useDb('bench_inbox'),
      alone: true,
      handle: () => Promise.resolve({}),
      answeredPassively: () => Promise.resolve(),
      noteHandle: () => Promise.resolve(),
      onParked: () => Promise.resolve(),
      clock: systemClock,
      log: silentLog,
    });
    const event = (n: number): InboundEvent => ({
      key: `bench:${n}` as InboundEvent['key'],
      platform: 'wecom',
      from: `user${n % USERS}`,
      chat: { kind: 'single' },
      sentAt: systemClock.now(),
      body: { kind: 'text', text: '帮助' },
    });
    let next = 0;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (next < requests) await inbox.intake(event(next++));
      }),
    );
    const rate = (requests * 1_000) / (performance.now() - began);
    await inbox.idle();
    return rate;
  } finally {
    await store.close();
  }
}

function startServer(dataDir: string, platform: number): { child: ChildProcess; port: Promise<number> } {
  const child = spawn(
    process.execPath,
    [...(process.env['BENCH_NODE_ARGS'] ?? '').split(' ').filter(Boolean), join(projectRoot, 'build/src/main.js')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        DATA_DIR: dataDir,
        PORT: '0',
        SANDBOX: 'off',
        LOG_LEVEL: 'fatal',
        PUBLIC_URL: 'http://127.0.0.1',
        WECOM_CORP_ID: CORP,
        WECOM_AGENT_ID: AGENT,
        WECOM_SECRET: 'bench',
        WECOM_TOKEN: TOKEN,
        WECOM_ENCODING_AES_KEY: AES_KEY,
        WECOM_API_BASE: `http://127.0.0.1:${platform}`,
      },
    },
  );
  const port = new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const found = /^ready http:\/\/[^:]+:(\d+)/mu.exec(chunk.toString());
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`server ended with ${code}`)));
  });
  return { child, port };
}

/** Of `/metrics`: CPU seconds and store commands so far, and what is still to be done. */
async function look(port: number): Promise<{ cpu: number; commands: number; left: number }> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const of = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'mu').exec(text)?.[1] ?? Number.NaN);
  return {
    cpu: of('trailmark_process_cpu_seconds_total'),
    commands: of('trailmark_store_commands_total'),
    left: of('trailmark_inbox_waiting') + of('trailmark_outbox_due'),
  };
}

/** Until every message is answered. The looks themselves cost some commands, which are left out. */
async function drained(port: number): Promise<{ cpu: number; commands: number }> {
  for (;;) {
    const now = await look(port);
    if (now.left === 0) return now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const peers = fork(join(projectRoot, 'build/scripts/bench/message-peers.js'));
const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-bench-'));
let server: ChildProcess | undefined;
try {
  const ports = await new Promise<{ hello: number; platform: number }>((resolve) => peers.once('message', resolve));
  const decodeMicros = await decode();
  const inboxRate = await prepare(dataDir);
  const started = startServer(dataDir, ports.platform);
  server = started.child;
  const port = await started.port;
  const pids = [process.pid, peers.pid ?? 0, server.pid ?? 0];
  const hello = Array.from({ length: requests }, () => ({ path: '/', body: '' }));
  for (let n = 0; n < 2; n++) {
    await closedLoop(ports.hello, connections, hello);
    await closedLoop(port, connections, messages(Math.ceil(requests / 2)));
    await drained(port);
  }

  const rounds = { ratio: [] as number[], rate: [] as number[], p99: [] as number[], handled: [] as number[] };
  const costs = { cpu: [] as number[], commands: [] as number[] };
  let noise = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    const others = otherLoad(pids);
    const wires = messages(requests);
    const first = await closedLoop(ports.hello, connections, hello);
    const before = await look(port);
    const began = performance.now();
    const path = await closedLoop(port, connections, wires);
    const after = await drained(port);
    const seconds = (performance.now() - began) / 1_000;
    const last = await closedLoop(ports.hello, connections, hello);
    rounds.ratio.push(path.rate / ((first.rate + last.rate) / 2));
    rounds.rate.push(path.rate);
    rounds.p99.push(path.p99);
    rounds.handled.push(requests / seconds);
    costs.cpu.push(((after.cpu - before.cpu) * 1e6) / requests);
    costs.commands.push((after.commands - before.commands) / requests);
    noise = Math.max(noise, others() ?? 0);
  }
  const perSecond = Number(values.rate);
  const others = otherLoad(pids);
  const open = await openLoop(port, perSecond, messages(perSecond * OPEN_LOOP_SECONDS));
  const openNoise = others() ?? 0;
  await drained(port);

  const about = {
    n: requests * rounds.rate.length,
    connections,
    ...(noise >= NOISY_SHARE ? { noisy: Number(noise.toFixed(2)) } : {}),
  };
  print('message.path_to_koa', 'ratio', median(rounds.ratio), 'ratio', about);
  print('message.rate', 'value', median(rounds.rate), 'req/s', about);
  print('message.p99_closed', 'value', median(rounds.p99), 'ms', about);
  print('message.handled', 'value', median(rounds.handled), 'messages/s', about);
  print('message.commands', 'value', median(costs.commands), 'store commands', about);
  print('message.cpu', 'value', median(costs.cpu), 'µs of the server, store included', about);
  print('message.p99_open', 'value', open.p99, 'ms', {
    n: perSecond * OPEN_LOOP_SECONDS,
    perSecond,
    p50: Number(open.p50.toFixed(1)),
    ...(openNoise >= NOISY_SHARE ? { noisy: Number(openNoise.toFixed(2)) } : {}),
  });
  // What it is made of.
  print('message.decode', 'value', decodeMicros, 'µs', { n: DECODES * 7 });
  print('message.inbox', 'value', inboxRate, 'durable inserts/s', { n: requests, connections });
} finally {
  server?.kill('SIGTERM');
  peers.disconnect();
  if (server !== undefined && server.exitCode === null) await new Promise((resolve) => server?.once('exit', resolve));
  await rm(dataDir, { recursive: true, force: true });
  await mongoose.disconnect();
}

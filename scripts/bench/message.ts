// The whole WeCom path, durable before the reply, as a ratio to a bare Koa hello in one run (loopback, bounded).
//   npm run bench:message [-- --requests 3000 --connections 32]
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Koa from 'koa';
import { projectRoot } from '../../src/core/index.js';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '3000' },
    connections: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
  },
});
const requests = Number(values.requests);
const connections = Number(values.connections);

const CORP = 'wwbench0000000000';
const AGENT = '1000002';
const TOKEN = 'benchtoken';
const AES_KEY = randomBytes(32).toString('base64').replace(/[+/]/gu, 'A').slice(0, 42) + 'A';

interface Wire {
  path: string;
  body: string;
}

/** A signed, sealed text message, each with its own id. */
function sealed(n: number, user: string): Wire {
  const now = Math.floor(Date.now() / 1_000);
  const xml = `<xml><ToUserName><![CDATA[${CORP}]]></ToUserName><FromUserName><![CDATA[${user}]]></FromUserName><CreateTime>${now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[帮助]]></Content><MsgId>${now}${String(n).padStart(9, '0')}</MsgId><AgentID>${AGENT}</AgentID></xml>`;
  const key = Buffer.from(`${AES_KEY}=`, 'base64');
  const message = Buffer.from(xml);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  const plain = Buffer.concat([randomBytes(16), length, message, Buffer.from(CORP)]);
  const pad = 32 - (plain.length % 32);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const encrypt = Buffer.concat([
    cipher.update(Buffer.concat([plain, Buffer.alloc(pad, pad)])),
    cipher.final(),
  ]).toString('base64');
  const nonce = String(n);
  const signature = createHash('sha1')
    .update([TOKEN, String(now), nonce, encrypt].sort().join(''))
    .digest('hex');
  return {
    path: `/callback/wecom/${AGENT}?msg_signature=${signature}&timestamp=${now}&nonce=${nonce}`,
    body: `<xml><ToUserName><![CDATA[${CORP}]]></ToUserName><AgentID>${AGENT}</AgentID><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
  };
}

/** Closed loop; every answer must be 200. Gives requests a second and the latencies. */
async function load(port: number, wires: readonly Wire[]): Promise<{ rate: number; p50: number; p99: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let next = 0;
  const one = (wire: Wire): Promise<void> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const outgoing = request(
        { port, host: '127.0.0.1', path: wire.path, method: wire.body === '' ? 'GET' : 'POST', agent },
        (answer) => {
          answer.resume();
          answer.once('end', () => {
            times.push(performance.now() - began);
            if (answer.statusCode === 200) resolve();
            else reject(new Error(`answered ${answer.statusCode}`));
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(wire.body);
    });
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let wire = wires[next++]; wire !== undefined; wire = wires[next++]) await one(wire);
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { rate: wires.length / seconds, p50: at(0.5), p99: at(0.99) };
}

const portOf = (server: { address(): AddressInfo | string | null }): number => (server.address() as AddressInfo).port;

// A platform that says yes to everything: the bench is about our side.
const vendor = createServer((_, answer) => {
  answer.setHeader('content-type', 'application/json');
  answer.end(JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: 'bench', expires_in: 7_200, msgid: 'm' }));
}).listen(0, '127.0.0.1');
const hello = new Koa()
  .use((ctx) => {
    ctx.body = 'hello';
  })
  .listen(0, '127.0.0.1');

const dataDir = await mkdtemp(join(tmpdir(), 'trailmark-bench-'));
const child = spawn(process.execPath, [join(projectRoot, 'build/src/main.js')], {
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
    WECOM_API_BASE: `http://127.0.0.1:${portOf(vendor)}`,
  },
});
try {
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const found = /^ready http:\/\/[^:]+:(\d+)/mu.exec(chunk.toString());
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`server ended with ${code}`)));
  });
  const plain = Array.from({ length: requests }, () => ({ path: '/', body: '' }));
  let serial = 0;
  const messages = (): Wire[] => Array.from({ length: requests }, () => sealed(++serial, `user${serial % 2_000}`));
  await load(portOf(hello), plain);
  await load(port, messages().slice(0, Math.min(500, requests)));
  const ratios: number[] = [];
  const rates: number[] = [];
  const tails: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const before = await load(portOf(hello), plain);
    const path = await load(port, messages());
    const after = await load(portOf(hello), plain);
    ratios.push(path.rate / ((before.rate + after.rate) / 2));
    rates.push(path.rate);
    tails.push(path.p99);
  }
  const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
  const about = { n: requests * ratios.length, store: 'embedded', node: process.version, cores: cpus().length };
  console.log(
    JSON.stringify({ name: 'message.path_to_koa', ratio: Number(median(ratios).toFixed(4)), unit: 'ratio', ...about }),
  );
  console.log(JSON.stringify({ name: 'message.rate', value: Math.round(median(rates)), unit: 'req/s', ...about }));
  console.log(JSON.stringify({ name: 'message.p99', value: Number(median(tails).toFixed(1)), unit: 'ms', ...about }));
} finally {
  child.kill('SIGTERM');
  hello.close();
  vendor.close();
  await new Promise((resolve) => child.once('exit', resolve));
  await rm(dataDir, { recursive: true, force: true });
}

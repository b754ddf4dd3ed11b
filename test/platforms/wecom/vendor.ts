import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { FixedClock } from '../../../src/core/index.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter, type AppSettings, type WecomSettings } from '../../../src/platforms/wecom/index.js';
import { memoryLog } from './harness.js';

export type Answer =
  { status?: number; headers?: Record<string, string>; body: string | object | Buffer } | 'hang' | 'cut';

/** The adapter before a server that answers as the test says; what was asked is kept. */
export async function setUp(
  t: ExecutionContext,
  answers: Record<string, Answer | (() => Answer)>,
  change: Partial<WecomSettings> = {},
  callTimeoutMs = 20_000,
  groupRobots: Record<string, string> = {},
  moreApps: readonly AppSettings[] = [],
) {
  const asked: { api: string; method: string; body: string; query: URLSearchParams }[] = [];
  const all: typeof answers = {
    gettoken: { body: { errcode: 0, errmsg: 'ok', access_token: 'the-token', expires_in: 7_200 } },
    ...answers,
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const api = url.pathname.replace('/cgi-bin/', '');
      asked.push({ api, method: request.method ?? '', body: Buffer.concat(parts).toString(), query: url.searchParams });
      const found = all[api];
      const answer = typeof found === 'function' ? found() : found;
      if (answer === 'hang') return;
      if (answer === 'cut' || answer === undefined) {
        request.socket.destroy();
        return;
      }
      const { status = 200, headers = {}, body } = answer;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { log, lines } = memoryLog();
  const calls: { api: string; ok: boolean }[] = [];
  const clock = new FixedClock('2026-01-01T00:00:00Z');
  const adapter = createWecomAdapter({
    settings: {
      corpId: 'ww1',
      agentId: '1000002',
      secret: 'the-secret',
      token: 'tok',
      encodingAesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
      apiBase: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...change,
    },
    clock,
    log,
    intake: () => Promise.resolve({ duplicate: false }),
    tokens: memoryTokenStore(),
    callTimeoutMs,
    groupRobots,
    moreApps,
    maxMediaBytes: 1_000,
    meter: ({ api, ok }) => calls.push({ api, ok }),
  });
  return { adapter, asked, lines, calls, clock };
}

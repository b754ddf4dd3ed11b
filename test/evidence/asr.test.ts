import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createHttpAsr, type HttpAsrOptions } from '../../src/evidence/voice/asr.js';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

async function serve(t: ExecutionContext, answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => answer(request, response, Buffer.concat(parts)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/audio/transcriptions`;
}
const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const asr = (url: string, more: Partial<HttpAsrOptions> = {}) => createHttpAsr({ url, pauseMs: 1, ...more });
const RECORDING = { bytes: Buffer.from('#!AMR\nframes'), format: 'amr' } as const;

test('the recording goes as a file with its type, the token in the head, and the text comes back', async (t) => {
  let seen = '';
  const url = await serve(t, (request, response, body) => {
    seen = [request.method, request.headers.authorization, request.headers['content-type'], body.toString()].join('\n');
    json(response, 200, { text: ' 交期定在下月十号。\n' });
  });
  const service = asr(url, { token: 'secret-1', model: 'paraformer' });
  t.deepEqual(await service.transcribe(RECORDING), { ok: true, text: '交期定在下月十号。' });
  t.regex(seen, /^POST\nBearer secret-1\nmultipart\/form-data; boundary=/);
  t.regex(seen, /name="file"; filename="recording\.amr"\r\nContent-Type: audio\/amr\r\n\r\n#!AMR\nframes/);
  t.regex(seen, /name="model"\r\n\r\nparaformer/);
  t.is(service.source, `asr ${new URL(url).host}`);
});

const answers: [string, unknown, unknown][] = [
  ['text at the top', { text: '好' }, { ok: true, text: '好' }],
  ['a result', { code: 0, result: '好' }, { ok: true, text: '好' }],
  ['text in data', { data: { text: '好' } }, { ok: true, text: '好' }],
  ['nothing heard', { text: '' }, { ok: true, text: '' }],
  ['no text', { message: 'hello' }, { ok: false, reason: 'unreadable', detail: 'no text in the answer' }],
];
for (const [what, body, expected] of answers) {
  test(`an answer with ${what}`, async (t) => {
    const url = await serve(t, (_request, response) => json(response, 200, body));
    t.deepEqual(await asr(url).transcribe(RECORDING), expected as never);
  });
}

test('what passes is tried once more, what is refused is not', async (t) => {
  let calls = 0;
  let statuses: number[] = [];
  const url = await serve(t, (_request, response) => {
    const status = statuses[calls] ?? 200;
    calls += 1;
    json(response, status, status === 200 ? { text: '好' } : {});
  });
  const run = async (...given: number[]) => {
    calls = 0;
    statuses = given;
    const result = await asr(url).transcribe(RECORDING);
    return { result, calls };
  };
  t.deepEqual(await run(503, 200), { result: { ok: true, text: '好' }, calls: 2 });
  t.deepEqual(await run(429, 500, 200), {
    result: { ok: false, reason: 'unreachable', detail: 'HTTP 500' },
    calls: 2,
  });
  t.deepEqual(await run(401, 200), { result: { ok: false, reason: 'refused', detail: 'HTTP 401' }, calls: 1 });
});

test('no answer in time, none at all, and a connection that breaks', async (t) => {
  let calls = 0;
  const silent = await serve(t, () => {
    calls += 1;
  });
  t.like(await asr(silent, { budgetMs: 1_500 }).transcribe(RECORDING), { ok: false, reason: 'timeout' });
  t.is(calls, 1, 'time that is over is not asked for again');

  const broken = await serve(t, (request) => {
    calls += 1;
    request.socket.destroy();
  });
  calls = 0;
  t.like(await asr(broken).transcribe(RECORDING), { ok: false, reason: 'unreachable' });
  t.is(calls, 2);
  t.like(await asr('http://127.0.0.1:1/').transcribe(RECORDING), { ok: false, reason: 'unreachable' });
});

test('a service that hangs in the middle of its answer is given up', async (t) => {
  const url = await serve(t, (_request, response) => {
    response.writeHead(200).write('{"text":"');
  });
  t.like(await asr(url, { budgetMs: 1_000 }).transcribe(RECORDING), { ok: false, reason: 'timeout' });
});

test('what is too large is not sent, an endless answer is not read, and the token follows no redirect', async (t) => {
  let calls = 0;
  const url = await serve(t, (_request, response) => {
    calls += 1;
    json(response, 200, { text: '长'.repeat(1_000_000) });
  });
  t.deepEqual(await asr(url, { maxBytes: 5 }).transcribe(RECORDING), {
    ok: false,
    reason: 'too_large',
    detail: '12 bytes',
  });
  t.is(calls, 0);
  t.like(await asr(url).transcribe(RECORDING), { ok: false, reason: 'unreadable' });

  let elsewhere = 0;
  const other = await serve(t, (_request, response) => {
    elsewhere += 1;
    json(response, 200, { text: '好' });
  });
  const moved = await serve(t, (_request, response) => response.writeHead(307, { location: other }).end());
  t.like(await asr(moved, { token: 'secret-1' }).transcribe(RECORDING), { ok: false });
  t.is(elsewhere, 0);
});

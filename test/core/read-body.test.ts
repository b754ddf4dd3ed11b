import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { BodyTooLongError, readBody } from '../../src/core/index.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function serve(t: ExecutionContext, answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a server that hangs in the middle of its answer is given up, whatever was collected meanwhile', async (t) => {
  const url = await serve(t, (response) => response.writeHead(200).write('{"errcode":'));
  const signal = AbortSignal.timeout(400);
  const collecting = setInterval(collect, 20);
  t.teardown(() => clearInterval(collecting));
  const reading = fetch(url, { redirect: 'error', signal }).then((answer) => readBody(answer, signal, 1_000));
  await t.throwsAsync(reading, { any: true, name: 'TimeoutError' });
});

test('a whole answer is read, an empty one too, and what is too long is not', async (t) => {
  const whole = await serve(t, (response) => response.end('一二三'));
  const empty = await serve(t, (response) => response.writeHead(204).end());
  const endless = await serve(t, (response) => {
    const more = (): void => void response.write('x'.repeat(10_000), (error) => (error ? undefined : more()));
    more();
  });
  const signal = new AbortController().signal;
  t.is((await readBody(await fetch(whole), signal, 9)).toString(), '一二三');
  t.is((await readBody(await fetch(empty), signal, 9)).length, 0);
  await t.throwsAsync(readBody(await fetch(endless), signal, 50_000), { instanceOf: BodyTooLongError });
});

test('a signal that is over before the reading begins reads nothing', async (t) => {
  const url = await serve(t, (response) => response.end('x'));
  const answer = await fetch(url);
  await t.throwsAsync(readBody(answer, AbortSignal.abort(), 9), { any: true, name: 'AbortError' });
});

import test from 'ava';
import { WebSocket } from 'ws';
import { type Bench, button, cardMessage, type Json, startBench, textMessage, withCallback } from './support.js';

const send = (bench: Bench): Promise<Json> => bench.wecom('POST', 'message/send', textMessage(bench));

test('faults: cut, 503, slow, failing, limited, dropped, and accepted without an answer', async (t) => {
  const bench = await startBench(t);
  await send(bench); // a token is at hand
  const set = (wecom: Json): Promise<unknown> => bench.control('PUT', 'faults', { wecom });
  await set({ down: true });
  await t.throwsAsync(send(bench));
  await set({ down: '503' });
  t.is((await fetch(`${bench.access.wecom.apiBase}/cgi-bin/gettoken`)).status, 503);
  await set({ failRate: 1 });
  t.is((await fetch(`${bench.access.wecom.apiBase}/cgi-bin/gettoken`)).status, 502);
  await set({ limit: true });
  t.is((await send(bench)).errcode, 45009);
  await set({ slowMs: 120 });
  const started = performance.now();
  t.is((await send(bench)).errcode, 0);
  t.true(performance.now() - started >= 110);
  await set({ silentDrop: true });
  t.is((await send(bench)).errcode, 0);
  t.is((await bench.messages('wecom', 'RepA')).length, 2);
  await set({ timeoutAfterAccept: true });
  const { apiBase } = bench.access.wecom;
  const query = new URLSearchParams({ access_token: await bench.wecomToken() });
  const lost = fetch(`${apiBase}/cgi-bin/message/send?${query.toString()}`, {
    method: 'POST',
    body: JSON.stringify(textMessage(bench)),
    signal: AbortSignal.timeout(300),
  });
  await t.throwsAsync(lost, { any: true, name: 'TimeoutError' });
  t.is((await bench.messages('wecom', 'RepA')).length, 3);
  const wrong = await bench.control('PUT', 'faults', { wecom: { explode: true } });
  t.is(wrong.status, 400);
});

test('DingTalk limits and failures speak its own words', async (t) => {
  const bench = await startBench(t);
  await bench.dingToken();
  await bench.ding('GET', 'nothing');
  await bench.control('PUT', 'faults', { dingtalk: { limit: true } });
  const limited = await bench.ding('PUT', 'card/instances', {});
  t.like(limited, { status: 403, json: { code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi' } });
  t.like(await bench.oapi('POST', 'topapi/v2/user/get', {}), { errcode: 88, sub_code: '90018' });
  await bench.control('PUT', 'faults', { dingtalk: { failRate: 1 } });
  t.like(await bench.ding('PUT', 'card/instances', {}), { status: 500, json: { code: 'system.error' } });
  await bench.control('PUT', 'faults', { dingtalk: { down: true } });
  const socket = new WebSocket(`${bench.access.dingtalk.apiBase.replace('http', 'ws')}/connect?ticket=x`);
  await t.throwsAsync(
    new Promise((_, reject) => {
      socket.on('error', reject);
    }),
  );
});

test('duplicates, replays and forgeries reach the app as such', async (t) => {
  const bench = await startBench(t);
  const { heard } = await withCallback(t, bench);
  await bench.control('PUT', 'faults', { wecom: { duplicateCallbacks: 3 } });
  await bench.control('POST', 'phones/wecom/RepA/text', { text: '数字' });
  t.is(heard.length, 4);
  t.is(new Set(heard).size, 1);
  await bench.control('PUT', 'faults', { wecom: {} });
  t.deepEqual((await bench.control('POST', 'callbacks/replay', { platform: 'wecom' })).json, { status: 200 });
  t.is(heard.length, 5);
  t.is(heard[4], heard[0]);
  for (const how of ['signature', 'receiveid', 'old']) {
    t.deepEqual(
      (await bench.control('POST', 'callbacks/forge', { platform: 'wecom', how })).json,
      { status: 200 },
      how,
    );
  }
  t.is((await bench.control('POST', 'callbacks/forge', { platform: 'wecom', how: 'magic' })).status, 400);
});

test('the console refuses a callback address that does not echo', async (t) => {
  const bench = await startBench(t);
  const save = async (url: string): Promise<Json> => (await bench.control('PUT', 'wecom/callback', { url })).json;
  t.like(await save(`${bench.access.wecom.apiBase}/nothing`), { ok: false, reason: 'HTTP 404' });
  t.like(await save('http://127.0.0.1:1/'), { ok: false });
  t.like(await save('ftp://x'), { accepted: false });
  t.is((await bench.wecom('POST', 'message/send', cardMessage(bench, button('t1')))).errcode, 43012);
});

test('what happens on the phones is told to whoever watches', async (t) => {
  const bench = await startBench(t);
  const response = await fetch(`${bench.access.controlBase}/control/events`);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  t.teardown(() => reader.cancel());
  await send(bench);
  await bench.control('POST', 'clock', { offsetMs: 5 });
  let seen = '';
  while (!seen.includes('event: clock')) seen += Buffer.from((await reader.read()).value ?? []).toString('utf8');
  const message = /event: message\ndata: (.*)\n/.exec(seen)?.[1] ?? '';
  t.like(JSON.parse(message) as Json, {
    platform: 'wecom',
    userIds: ['RepA'],
    chatId: 'single:RepA',
    message: { text: '你好' },
  });
  t.regex(
    seen,
    /event: traffic\ndata: \{"traffic":\{"at":"[^"]+","platform":"wecom","direction":"out","method":"POST"/,
  );
  t.notRegex(seen, /access_token/);
});

test('the control answers only this machine, and says what it cannot do', async (t) => {
  const bench = await startBench(t);
  const foreign = await fetch(`${bench.access.controlBase}/control/state`, {
    headers: { origin: 'https://evil.example' },
  });
  t.is(foreign.status, 403);
  t.is((await bench.control('POST', 'phones/wecom/Nobody/text', { text: 'x' })).status, 400);
  t.is((await bench.control('POST', 'phones/wecom/RepA/fly', {})).status, 400);
  t.is((await bench.control('POST', 'phones/wecom/RepA/text', { text: '' })).status, 400);
  t.like(await bench.control('POST', 'phones/wecom/RepA/scan', { text: 'x' }), {
    status: 409,
    json: { accepted: false },
  });
  t.like(await bench.control('POST', 'phones/dingtalk/staff01/menu', { key: 'x' }), {
    status: 409,
    json: { accepted: false },
  });
  t.is((await bench.control('GET', 'nothing')).status, 404);
  t.is((await bench.control('GET', 'clock')).status, 405);
});

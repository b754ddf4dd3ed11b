import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { encrypt, decrypt, signature } from '../../src/sandbox/wecom/crypto.js';
import { dingCard, startBench, type Bench, type Json } from './support.js';

interface Heard {
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: Json;
}
const NOTHING: Heard = { query: new URLSearchParams(), headers: {}, body: {} };
type Answer = { status?: number; json?: unknown };

/** The app's address: the check and events are answered as they must be, everything else as the test says. */
async function withAddress(t: ExecutionContext, bench: Bench, answer: (heard: Heard) => Answer | 'hang') {
  const heard: Heard[] = [];
  const { eventToken, eventAesKey, clientId } = bench.access.dingtalk;
  const sealed = (): Json => {
    const word = encrypt(eventAesKey, 'success', clientId);
    return { msg_signature: signature(eventToken, '1', 'n', word), timeStamp: '1', nonce: 'n', encrypt: word };
  };
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const { searchParams: query } = new URL(request.url ?? '/', 'http://127.0.0.1');
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Json;
      const one = { query, headers: request.headers, body };
      heard.push(one);
      const reply = answer(one);
      if (reply === 'hang') return;
      const json = reply.json === 'sealed' ? sealed() : reply.json;
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' }).end(JSON.stringify(json ?? {}));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback/dingtalk`, heard };
}

const good = ({ body }: Heard): Answer => ({ json: 'encrypt' in body ? 'sealed' : { msgtype: 'empty' } });
const opened = (bench: Bench, { body }: Heard): Json =>
  JSON.parse(decrypt(bench.access.dingtalk.eventAesKey, String(body.encrypt))?.message ?? '{}') as Json;
const callbackOf = (json: Json) => json.callback as { status: number; answered?: string };

test('an address is saved only when it answers the check with the encrypted word', async (t) => {
  const bench = await startBench(t);
  const refusing = await withAddress(t, bench, () => ({ status: 403 }));
  t.deepEqual((await bench.control('PUT', 'dingtalk/callback', { url: refusing.url })).json, {
    ok: false,
    reason: 'HTTP 403',
  });
  const plain = await withAddress(t, bench, () => ({ json: { result: 'success' } }));
  t.false((await bench.control('PUT', 'dingtalk/callback', { url: plain.url })).json.ok);
  t.is(((await bench.control('GET', 'state')).json.dingtalk as Json).callbackUrl, null);
  const right = await withAddress(t, bench, good);
  t.deepEqual((await bench.control('PUT', 'dingtalk/callback', { url: right.url })).json, { ok: true });
  const [check] = right.heard;
  t.deepEqual(check && opened(bench, check), { EventType: 'check_url' });
  const { query, body } = check ?? NOTHING;
  const sign = signature(
    bench.access.dingtalk.eventToken,
    query.get('timestamp') ?? '',
    query.get('nonce') ?? '',
    String(body.encrypt),
  );
  t.deepEqual([query.get('msg_signature'), query.get('signature')], [sign, sign]);
});

test('a message is signed over its instant; an answer that is a message is shown', async (t) => {
  const bench = await startBench(t);
  const { url, heard } = await withAddress(t, bench, (one) =>
    'encrypt' in one.body ? good(one) : { json: { msgtype: 'text', text: { content: '收到' } } },
  );
  await bench.control('PUT', 'dingtalk/callback', { url });
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/text', { text: '你好' });
  t.is(callbackOf(json).status, 200);
  const { headers, body } = heard[1] ?? NOTHING;
  const { clientSecret } = bench.access.dingtalk;
  const wanted = createHmac('sha256', clientSecret).update(`${String(headers['timestamp'])}\n${clientSecret}`);
  t.is(headers['sign'], wanted.digest('base64'));
  t.is((body.text as Json).content, '你好');
  t.is((await bench.lastMessage('dingtalk', 'staff01')).text, '收到');
});

test('what was not taken is lost for messages, and comes again for events', async (t) => {
  const bench = await startBench(t, { dingtalkRedeliverMs: 20 });
  let refuse = true;
  const { url, heard } = await withAddress(t, bench, (one) => {
    if ('encrypt' in one.body && opened(bench, one).EventType === 'check_url') return good(one);
    return refuse ? { status: 503 } : good(one);
  });
  await bench.control('PUT', 'dingtalk/callback', { url });
  const lost = await bench.control('POST', 'phones/dingtalk/staff01/text', { text: '你好' });
  t.is(callbackOf(lost.json).status, 503);
  await bench.control('POST', 'phones/dingtalk/staff01/location', { lat: 31.2, lng: 121.4, label: '医院' });
  refuse = false;
  while (heard.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  const events = heard.slice(2).map((one) => opened(bench, one));
  t.deepEqual(
    events.map(({ EventType }) => EventType),
    ['check_in', 'check_in'],
  );
  t.is(events[0]?.eventId, events[1]?.eventId);
});

test('a click goes to the registered address under its secret; without one it goes nowhere', async (t) => {
  const bench = await startBench(t);
  const { url, heard } = await withAddress(t, bench, () => ({
    json: {
      cardUpdateOptions: { updateCardDataByKey: true },
      cardData: { cardParamMap: { closed: '已同意' } },
    },
  }));
  const card = (id: string) => dingCard(bench, id, { callbackType: 'HTTP', callbackRouteKey: 'r1' });
  const press = async () => {
    const { id } = await bench.lastMessage('dingtalk', 'staff01');
    return (await bench.control('POST', 'phones/dingtalk/staff01/press', { messageId: id, action: 'agree' })).json;
  };
  await bench.ding('POST', 'card/instances/createAndDeliver', card('c1'));
  t.is(callbackOf(await press()).answered, 'no callback address');
  const route = { callbackRouteKey: 'r1', callbackUrl: url, apiSecret: 'abc' };
  await bench.ding('POST', 'card/callbacks/register', route);
  const again = { ...route, callbackUrl: 'https://elsewhere.example.com/' };
  const second = await bench.ding('POST', 'card/callbacks/register', again);
  t.is((second.json.result as Json).callbackUrl, url, 'without forceUpdate nothing changes');
  t.is(callbackOf(await press()).answered, 'card');
  const { headers, body } = heard[0] ?? NOTHING;
  const at = String(headers['x-ddpaas-signature-timestamp']);
  t.is(headers['x-ddpaas-signature'], createHmac('sha256', 'abc').update(at).digest('base64'));
  t.is(body.outTrackId, 'c1');
  t.is((await bench.lastMessage('dingtalk', 'staff01')).state?.replacedText, '已同意');
});

test('a click that is not answered in two seconds is lost', async (t) => {
  const bench = await startBench(t, { dingtalkCardMs: 50 });
  const { url } = await withAddress(t, bench, () => 'hang');
  await bench.ding('POST', 'card/callbacks/register', { callbackRouteKey: 'r1', callbackUrl: url });
  const card = dingCard(bench, 'c1', { callbackType: 'HTTP', callbackRouteKey: 'r1' });
  await bench.ding('POST', 'card/instances/createAndDeliver', card);
  const { id } = await bench.lastMessage('dingtalk', 'staff01');
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/press', { messageId: id, action: 'agree' });
  t.is(callbackOf(json).answered, 'no answer in time');
  t.is((await bench.lastMessage('dingtalk', 'staff01')).toast, '请求失败，请重试');
});

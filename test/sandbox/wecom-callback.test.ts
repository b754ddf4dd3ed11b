import { createRequire } from 'node:module';
import test, { type ExecutionContext } from 'ava';
import type { Message, Timings } from '../../src/sandbox/index.js';
import { button, type Bench, type Json, type Received, startBench, startReceiver } from './support.js';

// The vendor's own package opens what the stand-in seals, and seals what it must open.
const vendor = createRequire(import.meta.url)('@wecom/crypto') as {
  decrypt(key: string, encrypted: string): { message: string; id: string };
  encrypt(key: string, message: string, id: string): string;
  getSignature(token: string, timestamp: string, nonce: string, encrypted: string): string;
};

function opened(bench: Bench, request: Received): string {
  const { token, encodingAesKey, corpId } = bench.access.wecom;
  const encrypted =
    request.query.get('echostr') ?? /<Encrypt><!\[CDATA\[(.*)\]\]><\/Encrypt>/.exec(request.body)?.[1] ?? '';
  const signature = vendor.getSignature(
    token,
    request.query.get('timestamp') ?? '',
    request.query.get('nonce') ?? '',
    encrypted,
  );
  if (signature !== request.query.get('msg_signature')) throw new Error('wrong signature');
  const { message, id } = vendor.decrypt(encodingAesKey, encrypted);
  if (id !== corpId) throw new Error('wrong receiveid');
  return message;
}

function sealed(bench: Bench, xml: string, change: { token?: string; id?: string } = {}): string {
  const { token, encodingAesKey, corpId } = bench.access.wecom;
  const encrypted = vendor.encrypt(encodingAesKey, xml, change.id ?? corpId);
  const timestamp = '1700000000';
  const signature = vendor.getSignature(change.token ?? token, timestamp, 'n1', encrypted);
  return `<xml><Encrypt><![CDATA[${encrypted}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature><TimeStamp>${timestamp}</TimeStamp><Nonce><![CDATA[n1]]></Nonce></xml>`;
}

const inner = (bench: Bench, type: string, rest: string): string =>
  `<xml><ToUserName><![CDATA[RepA]]></ToUserName><FromUserName><![CDATA[${bench.access.wecom.corpId}]]></FromUserName><CreateTime>1700000000</CreateTime><MsgType><![CDATA[${type}]]></MsgType>${rest}</xml>`;

type Answer = (xml: string, bench: Bench, tries: number) => { status?: number; body?: string } | 'hang';

async function withApp(
  t: ExecutionContext,
  answer: Answer = () => ({}),
  timings: Partial<Timings> = {},
): Promise<{ bench: Bench; heard: string[] }> {
  const bench = await startBench(t, timings);
  const heard: string[] = [];
  const { url } = await startReceiver(t, (request) => {
    const message = opened(bench, request);
    if (request.method === 'GET') return Promise.resolve({ body: message });
    heard.push(message);
    return Promise.resolve(answer(message, bench, heard.length));
  });
  const saved = await bench.control('PUT', 'wecom/callback', { url });
  t.deepEqual(saved.json, { ok: true });
  return { bench, heard };
}

async function cardOnPhone(bench: Bench, card: Json = button('task1')): Promise<Message> {
  const sent = await bench.wecom('POST', 'message/send', {
    touser: 'RepA|RepB',
    msgtype: 'template_card',
    agentid: bench.agentid,
    template_card: card,
  });
  if (sent.errcode !== 0) throw new Error(JSON.stringify(sent));
  return bench.lastMessage('wecom', 'RepA');
}

test('a text on the phone reaches the app sealed, and a passive text answer is shown', async (t) => {
  const { bench, heard } = await withApp(t, (_, b) => ({
    body: sealed(b, inner(b, 'text', '<Content><![CDATA[收到]]></Content>')),
  }));
  const { json } = await bench.control('POST', 'phones/wecom/RepA/text', { text: '数字' });
  t.like(json, { accepted: true, callback: { status: 200, tries: 1, answered: 'text' } });
  t.regex(heard[0] ?? '', /<MsgType><!\[CDATA\[text\]\]><\/MsgType>\n {2}<Content><!\[CDATA\[数字\]\]><\/Content>/);
  t.like(await bench.lastMessage('wecom', 'RepA'), { from: 'bot', text: '收到' });
});

test('a callback that is not answered with 200 comes four times', async (t) => {
  const { bench, heard } = await withApp(t, () => ({ status: 503 }));
  const { json } = await bench.control('POST', 'phones/wecom/RepA/text', { text: '喂' });
  t.like(json, { accepted: true, callback: { status: 503, tries: 4, answered: 'gave up' } });
  t.is(heard.length, 4);
  t.is(new Set(heard).size, 1);
});

test('a callback that hangs is cut and comes again', async (t) => {
  const { bench, heard } = await withApp(t, (_, __, tries) => (tries === 1 ? 'hang' : {}), { wecomAnswerMs: 1_000 });
  const { json } = await bench.control('POST', 'phones/wecom/RepA/text', { text: '喂' });
  t.like(json, { callback: { status: 200, tries: 2, answered: 'empty' } });
  t.is(heard.length, 2);
});

test('a press is answered for the presser alone', async (t) => {
  const { bench, heard } = await withApp(t, (_, b) => ({
    body: sealed(b, inner(b, 'update_button', '<Button><ReplaceName><![CDATA[已同意]]></ReplaceName></Button>')),
  }));
  const { id } = await cardOnPhone(bench);
  const { json } = await bench.control('POST', 'phones/wecom/RepA/press', { messageId: id, action: 'agree' });
  t.like(json, { accepted: true, callback: { answered: 'update_button' } });
  t.regex(heard[0] ?? '', /<EventKey><!\[CDATA\[agree\]\]><\/EventKey>\n {2}<TaskId><!\[CDATA\[task1\]\]><\/TaskId>/);
  t.deepEqual((await bench.lastMessage('wecom', 'RepA')).state, { replacedText: '已同意', disabled: true });
  t.is((await bench.lastMessage('wecom', 'RepB')).state, undefined);
  const again = await bench.control('POST', 'phones/wecom/RepA/press', { messageId: id, action: 'agree' });
  t.is(again.status, 409);
});

test('a passive answer with a wrong signature or for another corp changes nothing', async (t) => {
  for (const change of [{ token: 'other' }, { id: 'wwother' }]) {
    const { bench } = await withApp(t, (_, b) => ({
      body: sealed(b, inner(b, 'update_button', '<Button><ReplaceName><![CDATA[x]]></ReplaceName></Button>'), change),
    }));
    const { id } = await cardOnPhone(bench);
    const { json } = await bench.control('POST', 'phones/wecom/RepA/press', { messageId: id, action: 'agree' });
    t.regex(String((json.callback as Json).answered), /^invalid: wrong/);
    t.is((await bench.lastMessage('wecom', 'RepA')).state, undefined);
  }
});

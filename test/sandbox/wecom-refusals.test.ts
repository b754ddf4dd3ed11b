import test from 'ava';
import { button, cardMessage, type Json, startBench, textMessage } from './support.js';

const HOUR = 3_600_000;

test('tokens: wrong corp, wrong secret, missing, unknown, expired', async (t) => {
  const bench = await startBench(t);
  const { apiBase, corpId, secret } = bench.access.wecom;
  const get = async (path: string): Promise<Json> => (await (await fetch(`${apiBase}/cgi-bin/${path}`)).json()) as Json;
  t.is((await get(`gettoken?corpid=ww0&corpsecret=${secret}`)).errcode, 40013);
  t.is((await get(`gettoken?corpid=${corpId}&corpsecret=wrong`)).errcode, 40001);
  t.is((await get('getcallbackip')).errcode, 41001);
  t.is((await get('getcallbackip?access_token=nonsense')).errcode, 40014);
  const answer = await get(`gettoken?corpid=${corpId}&corpsecret=${secret}`);
  t.like(answer, { errcode: 0, errmsg: 'ok', expires_in: 7200 });
  t.is((await get(`gettoken?corpid=${corpId}&corpsecret=${secret}`)).access_token, answer.access_token);
  t.is((await bench.wecom('GET', 'getcallbackip')).errcode, 0);
  await bench.control('POST', 'tokens/expire', { platform: 'wecom' });
  t.is((await bench.wecom('GET', 'getcallbackip')).errcode, 42001);
  t.not(await bench.wecomToken(), answer.access_token);
});

test('a wrong secret again and again shuts the address out, the right one too', async (t) => {
  const bench = await startBench(t);
  const { apiBase, corpId, secret } = bench.access.wecom;
  const ask = async (value: string): Promise<unknown> =>
    ((await (await fetch(`${apiBase}/cgi-bin/gettoken?corpid=${corpId}&corpsecret=${value}`)).json()) as Json).errcode;
  for (let count = 0; count < 20; count += 1) t.is(await ask('wrong'), 40001);
  t.is(await ask('wrong'), 45009);
  t.is(await ask(secret), 45009);
  await bench.control('POST', 'clock', { offsetMs: HOUR + 1_000 });
  t.is(await ask(secret), 0);
});

test('message/send refuses what the vendor refuses', async (t) => {
  const bench = await startBench(t);
  const cases: [string, Json | string, number][] = [
    ['no json', '{"touser":', 40058],
    ['escaped characters', JSON.stringify(textMessage(bench)).replace('你', '\\u4f60'), 40033],
    ['agentid as a string', textMessage(bench, { agentid: bench.access.wecom.agentId }), 40056],
    ['another agent', textMessage(bench, { agentid: 1 }), 301002],
    ['nobody', textMessage(bench, { touser: '' }), 82001],
    [
      'too many users',
      textMessage(bench, { touser: Array.from({ length: 1_001 }, (_, i) => `u${i}`).join('|') }),
      40058,
    ],
    ['too many parties', textMessage(bench, { toparty: Array.from({ length: 101 }, (_, i) => i).join('|') }), 82002],
    ['too many tags', textMessage(bench, { totag: Array.from({ length: 101 }, (_, i) => i).join('|') }), 82003],
    ['only unknown users', textMessage(bench, { touser: 'Nobody' }), 81013],
    ['unknown type', textMessage(bench, { msgtype: 'poem' }), 40008],
    ['empty text', textMessage(bench, { text: { content: '' } }), 44004],
    ['long markdown', textMessage(bench, { msgtype: 'markdown', markdown: { content: '汉'.repeat(683) } }), 45002],
    ['unknown media', textMessage(bench, { msgtype: 'file', file: { media_id: 'x' } }), 40007],
    ['bad flag', textMessage(bench, { safe: 3 }), 40035],
    ['long interval', textMessage(bench, { duplicate_check_interval: 14_401 }), 40035],
    [
      'textcard without title',
      textMessage(bench, { msgtype: 'textcard', textcard: { description: 'd', url: 'https://a' } }),
      41016,
    ],
    [
      'textcard without scheme',
      textMessage(bench, { msgtype: 'textcard', textcard: { title: 't', description: 'd', url: 'a.com' } }),
      45034,
    ],
    [
      'textcard too long',
      textMessage(bench, {
        msgtype: 'textcard',
        textcard: { title: '汉'.repeat(43), description: 'd', url: 'https://a' },
      }),
      40058,
    ],
    [
      'nine articles',
      textMessage(bench, {
        msgtype: 'news',
        news: { articles: Array.from({ length: 9 }, () => ({ title: 't', url: 'https://a' })) },
      }),
      45008,
    ],
    ['interactive card without a callback', cardMessage(bench, button('t1')), 43012],
  ];
  for (const [title, body, code] of cases) t.is((await bench.wecom('POST', 'message/send', body)).errcode, code, title);
  t.is((await bench.wecom('GET', 'message/send')).errcode, 40058);
  t.deepEqual(await bench.messages('wecom', 'RepA'), []);
});

test('message/send takes what is right, and tells whom it did not reach', async (t) => {
  const bench = await startBench(t);
  const partly = await bench.wecom(
    'POST',
    'message/send',
    textMessage(bench, { touser: 'repa|NoBody|ALSO', toparty: '99' }),
  );
  t.like(partly, { errcode: 0, invaliduser: 'nobody|also', invalidparty: '99' });
  t.is((await bench.lastMessage('wecom', 'RepA')).text, '你好');
  await bench.wecom('POST', 'message/send', textMessage(bench, { text: { content: '汉'.repeat(700) } }));
  t.is((await bench.lastMessage('wecom', 'RepA')).text?.length, 682);
  t.is((await bench.wecom('POST', 'message/send', textMessage(bench, { touser: '@all' }))).errcode, 0);
  t.is((await bench.messages('wecom', 'Lead1')).length, 1);
});

test('the same request with duplicate check is shown once inside the interval', async (t) => {
  const bench = await startBench(t);
  const body = textMessage(bench, { enable_duplicate_check: 1, duplicate_check_interval: 600 });
  const first = await bench.wecom('POST', 'message/send', body);
  t.deepEqual(await bench.wecom('POST', 'message/send', body), first);
  t.is((await bench.messages('wecom', 'RepA')).length, 1);
  await bench.control('POST', 'clock', { offsetMs: 601_000 });
  await bench.wecom('POST', 'message/send', body);
  t.is((await bench.messages('wecom', 'RepA')).length, 2);
});

test('more than 30 a minute for one member are lost without an error', async (t) => {
  const bench = await startBench(t);
  for (let count = 0; count < 35; count += 1)
    t.is((await bench.wecom('POST', 'message/send', textMessage(bench))).errcode, 0);
  t.is((await bench.messages('wecom', 'RepA')).length, 30);
  const { json } = await bench.control('GET', 'traffic?limit=1');
  t.regex(String((json as unknown as { warnings: string[] }[])[0]?.warnings[0]), /^dropped for RepA/);
  await bench.control('POST', 'clock', { offsetMs: 61_000 });
  await bench.wecom('POST', 'message/send', textMessage(bench));
  t.is((await bench.messages('wecom', 'RepA')).length, 31);
});

test('recall works once for what was sent within a day', async (t) => {
  const bench = await startBench(t);
  const { msgid } = await bench.wecom('POST', 'message/send', textMessage(bench));
  t.is((await bench.wecom('POST', 'message/recall', { msgid: 'other' })).errcode, 40058);
  t.is((await bench.wecom('POST', 'message/recall', { msgid })).errcode, 0);
  t.is((await bench.lastMessage('wecom', 'RepA')).text, '消息已撤回');
  const { msgid: old } = await bench.wecom('POST', 'message/send', textMessage(bench));
  await bench.control('POST', 'clock', { offsetMs: 25 * HOUR });
  const query = new URLSearchParams({ access_token: await bench.wecomToken() });
  const late = await fetch(`${bench.access.wecom.apiBase}/cgi-bin/message/recall?${query.toString()}`, {
    method: 'POST',
    body: JSON.stringify({ msgid: old }),
  });
  t.is(((await late.json()) as Json).errcode, 42052);
});

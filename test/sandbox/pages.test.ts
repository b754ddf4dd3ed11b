import { createHash } from 'node:crypto';
import test from 'ava';
import { Bench, startBench } from './support.js';

/** What the client on a phone refuses to a page that wants its camera, position and scanner. */

const URL_ = 'http://trail.localhost:8080/c/a.b?p=wecom';
const hash = (algorithm: string, ticket: unknown, nonce: string, timestamp: string, url: string): string =>
  createHash(algorithm)
    .update(`jsapi_ticket=${String(ticket)}&noncestr=${nonce}&timestamp=${timestamp}&url=${url}`)
    .digest('hex');

test('WeCom: the right ticket, seconds, the page without its fragment, a trusted domain', async (t) => {
  const bench = await startBench(t);
  const { corpId, agentId } = bench.access.wecom;
  const company = (await bench.wecom('GET', 'get_jsapi_ticket'))['ticket'];
  const app = (await bench.wecom('GET', 'ticket/get', undefined, { type: 'agent_config' }))['ticket'];
  t.not(company, app);
  const seconds = String(Math.floor(Date.now() / 1_000));
  const check = async (change: Record<string, string>, ticket = company) => {
    const claim = { url: URL_, as: 'company', corpId, agentId, timestamp: seconds, nonceStr: 'n', ...change };
    const signature = hash('sha1', ticket, 'n', claim.timestamp, URL_);
    const { json } = await bench.control('POST', 'pages/wecom', { signature, ...claim });
    return json['errCode'];
  };
  t.is(await check({}), 0);
  t.is(await check({ url: `${URL_}#part` }), 0);
  t.is(await check({ as: 'app' }, app), 0);
  t.is(await check({ as: 'app' }), 40093, 'the ticket of the other kind');
  t.is(await check({ timestamp: `${seconds}000` }), 40093, 'milliseconds');
  t.is(await check({ url: `${URL_}&more=1` }), 40093);
  t.is(await check({ url: 'https://elsewhere.example.com/c/a.b' }), 80001);
  t.is(await check({ corpId: 'ww0' }), 40013);
  await bench.control('POST', 'clock', { offsetMs: 3 * 3_600_000 });
  t.is(await check({}), 42012, 'the ticket has ended');
});

test('WeCom: the secret of the directory gets no ticket', async (t) => {
  const bench = await startBench(t);
  const { apiBase, corpId: corpid, contactsSecret: corpsecret } = bench.access.wecom;
  const ask = async (path: string, query: Record<string, string>) =>
    (await (await fetch(`${apiBase}/cgi-bin/${path}?${new URLSearchParams(query).toString()}`)).json()) as {
      access_token?: string;
      errcode: number;
    };
  const { access_token = '' } = await ask('gettoken', { corpid, corpsecret });
  t.is((await ask('get_jsapi_ticket', { access_token })).errcode, 48002);
});

test('DingTalk: SHA-256 over the decoded query; a ticket lives two hours more when asked for again, a day at most', async (t) => {
  const bench = await startBench(t);
  const { corpId, agentId } = bench.access.dingtalk;
  // Its access token is fetched anew: the clock moves past it.
  const ask = async () => (await new Bench(bench.access).ding('POST', 'oauth2/jsapiTickets', {})).json;
  const ticket = (await ask())['jsapiTicket'];
  const url = 'http://trail.localhost:8080/c/a%20b?q=%E4%B8%AD+x';
  const seconds = String(Math.floor(Date.now() / 1_000));
  const decoded = 'http://trail.localhost:8080/c/a%20b?q=中 x';
  const check = async (change: object, signature = hash('sha256', ticket, 'n', seconds, decoded)) => {
    const config = { url, corpId, agentId, timeStamp: seconds, nonceStr: 'n', signature, type: 0, jsApiList: ['scan'] };
    return (await bench.control('POST', 'pages/dingtalk', { ...config, ...change })).json['errorCode'];
  };
  t.is(await check({}), 0);
  t.is(await check({ url: `${url}#part` }), 0);
  t.is(await check({}, hash('sha256', ticket, 'n', seconds, url)), 52013, 'the query as it stands');
  t.is(await check({}, hash('sha1', ticket, 'n', seconds, decoded)), 52013);
  t.is(await check({ agentId: '1' }), 52011);
  t.is(await check({ jsApiList: ['dd.scan'] }), 52010);

  const hours = async (n: number) => void (await bench.control('POST', 'clock', { offsetMs: n * 3_600_000 }));
  for (let hour = 1; hour < 24; hour += 1) {
    await hours(hour);
    t.is((await ask())['jsapiTicket'], ticket, `hour ${hour}`);
  }
  t.true(Number((await ask())['expireIn']) <= 3_600, 'the last hour of the day');
  await hours(24.5);
  t.not((await ask())['jsapiTicket'], ticket);
});

import test from 'ava';
import { AppError, asId, type CardId } from '../../../src/core/index.js';
import { signPage } from '../../../src/platforms/page-signature.js';
import { readPosition } from '../../../src/platforms/wecom/js-api.js';
import { checklistCard } from '../../contracts/samples.js';
import { jsonSample, sampleNames } from './samples.js';
import { setUp } from './vendor.js';

/** Every answer of the vendor's API that is a sample, read by the real client. */

const person = (userId: string) => ({ kind: 'person', userId }) as const;
const text = (userId = 'zhangsan') => ({ key: 'k', to: person(userId), body: { kind: 'text', text: '好' } }) as const;
const card = {
  key: 'c',
  to: person('zhangsan'),
  body: { kind: 'card', cardId: asId<CardId>('c1'), card: checklistCard() },
} as const;
const update = (userId: string) =>
  ({
    key: 'u',
    to: person(userId),
    body: { kind: 'card-update', cardId: asId<CardId>('c1'), card: checklistCard(), handles: ['rc'] },
  }) as const;

const answers = (api: string, name: string) => ({ [api]: { body: jsonSample(name) } });

test('gettoken-response: the token is used in the query of the next call', async (t) => {
  const { adapter, asked } = await setUp(t, {
    ...answers('gettoken', 'gettoken-response'),
    ...answers('message/send', 'api-ok-response'),
  });
  t.deepEqual(await adapter.deliver(text()), { how: 'sent' });
  t.is(asked.at(-1)?.query.get('access_token'), jsonSample<{ access_token: string }>('gettoken-response').access_token);
});

test('send-response: message id and the handle for changing the card', async (t) => {
  const { adapter } = await setUp(t, answers('message/send', 'send-response'));
  const { msgid, response_code: handle } = jsonSample<{ msgid: string; response_code: string }>('send-response');
  t.deepEqual(await adapter.deliver(card), { how: 'sent', messageId: msgid, handle });
});

test('send-response-partial: whoever is listed was not reached, others were', async (t) => {
  const { adapter } = await setUp(t, answers('message/send', 'send-response-partial'));
  await t.throwsAsync(adapter.deliver(text('WangWu')), { code: 'wecom.recipient_unknown' });
  await t.throwsAsync(adapter.deliver(text('zhaoliu')), { code: 'wecom.recipient_unlicensed' });
  t.is((await adapter.deliver(text('zhangsan'))).how, 'sent');
});

test('update-template-card-response: an array this time; for whoever is listed a new card is sent', async (t) => {
  const all = {
    ...answers('message/update_template_card', 'update-template-card-response'),
    ...answers('message/send', 'send-response'),
  };
  const { adapter } = await setUp(t, all);
  t.is((await adapter.deliver(update('zhangsan'))).how, 'updated');
  t.is((await adapter.deliver(update('LiSi'))).how, 'replaced');
});

test('media-upload-response and media-get-error: an id to send, a file that is gone', async (t) => {
  const { adapter, asked } = await setUp(t, {
    ...answers('media/upload', 'media-upload-response'),
    ...answers('message/send', 'send-response'),
    ...answers('media/get', 'media-get-error'),
  });
  const bytes = Buffer.from('%PDF-1.7');
  await adapter.deliver({ key: 'f', to: person('zhangsan'), body: { kind: 'file', name: 'a.pdf', bytes } });
  const { media_id: id } = jsonSample<{ media_id: string }>('media-upload-response');
  t.deepEqual((JSON.parse(asked.at(-1)?.body ?? '{}') as { file?: object }).file, { media_id: id });
  await t.throwsAsync(adapter.fetchMedia({ platform: 'wecom', handle: id }), { code: 'media.gone' });
});

test('oauth-*: a member is known with or without more rights, a visitor is not let in', async (t) => {
  for (const name of ['oauth-getuserinfo-member', 'oauth-getuserinfo-member-privateinfo']) {
    const { adapter } = await setUp(t, answers('auth/getuserinfo', name));
    t.deepEqual(await adapter.login('code'), { userId: 'zhangsan' });
  }
  const { adapter } = await setUp(t, answers('auth/getuserinfo', 'oauth-getuserinfo-external'));
  await t.throwsAsync(adapter.login('code'), { code: 'login.not_member' });
});

test('appchat-create-response: the chat’s id as the vendor gave it', async (t) => {
  const { adapter } = await setUp(t, {
    'appchat/get': { body: { errcode: 86003, errmsg: 'chatid not exist' } },
    ...answers('appchat/create', 'appchat-create-response'),
  });
  const group = { chatId: 'asked', name: 'x', ownerUserId: 'lisi', memberUserIds: ['zhangsan'] };
  t.is(await adapter.ensureGroup(group), 'salesopp0001');
});

test('error-*: one token renewed once, an address named for the administrator, a recipient that is unknown', async (t) => {
  const token = await setUp(t, answers('message/send', 'error-40014'));
  await t.throwsAsync(token.adapter.deliver(text()), { code: 'wecom.token_refused' });
  t.is(token.asked.filter(({ api }) => api === 'message/send').length, 2);
  const address = await setUp(t, answers('message/send', 'error-60020'));
  const error = await t.throwsAsync(address.adapter.deliver(text()), { code: 'wecom.not_set_up' });
  t.true(error instanceof AppError && String(error.details['admin']).includes('203.0.113.10'));
  const nobody = await setUp(t, answers('message/send', 'error-81013'));
  await t.throwsAsync(nobody.adapter.deliver(text()), { code: 'wecom.recipient_unknown' });
});

test('jsapi-ticket-response and js-config-input: a page is signed for the company or for the app, each with its own ticket, fetched once', async (t) => {
  const { ticket } = jsonSample<{ ticket: string }>('jsapi-ticket-response');
  const { adapter, asked } = await setUp(t, {
    ...answers('get_jsapi_ticket', 'jsapi-ticket-response'),
    'ticket/get': { body: { ...jsonSample<object>('jsapi-ticket-response'), ticket: 'of-the-app' } },
  });
  const page = 'https://trail.example.com/c/abc.def?p=wecom';
  const [company, again, app] = [
    await adapter.pageConfig(`${page}#top`, 'company'),
    await adapter.pageConfig(page, 'company'),
    await adapter.pageConfig(page, 'app'),
  ];
  const input = jsonSample<{ jsApiList: string[] }>('js-config-input');
  t.deepEqual(Object.keys(company).sort(), Object.keys(input).sort());
  t.deepEqual(company.jsApiList, input.jsApiList);
  const signed = (of: typeof company, by: string) => {
    const { nonceStr: nonce, timestamp } = of.signature;
    return signPage({ ticket: by, nonce, timestamp, address: page }, 'sha1');
  };
  t.is(company.signature.signature, signed(company, ticket));
  t.is(app.signature.signature, signed(app, 'of-the-app'));
  t.not(company.signature.nonceStr, again.signature.nonceStr);
  t.deepEqual(
    asked.map(({ api, query }) => `${api} ${query.get('type') ?? ''}`.trim()),
    ['gettoken', 'get_jsapi_ticket', 'ticket/get agent_config'],
  );
  await t.throwsAsync(adapter.pageConfig('file:///c/x', 'company'), { code: 'page_config.bad_address' });
});

test('crypto-vectors: a page is signed as the vendor signs its example', (t) => {
  const { jsSdkSignature: known } = jsonSample<{
    jsSdkSignature: { jsapi_ticket: string; noncestr: string; timestamp: number; url: string; signature: string };
  }>('crypto-vectors');
  const { jsapi_ticket: ticket, noncestr: nonce, timestamp, url: address, signature } = known;
  t.is(signPage({ ticket, nonce, timestamp: String(timestamp), address }, 'sha1'), signature);
});

test('js-result-getLocation: a position on the datum that was asked for; anything else is none', (t) => {
  t.deepEqual(readPosition(jsonSample('js-result-getLocation')), {
    lat: 23.10412,
    lng: 113.32011,
    datum: 'gcj02',
    accuracyMetres: 35,
  });
  for (const bad of [null, '', {}, { latitude: '31', longitude: 121 }, { latitude: 91, longitude: 0 }])
    t.is(readPosition(bad), null);
});

/** Asserted on elsewhere, or not read: what asks for a directory secret. */
const ELSEWHERE: Record<string, string> = {
  'department-list-response': 'directory.test.ts',
  'user-get-response': 'directory.test.ts',
  'user-list-response': 'directory.test.ts',
  'webhook-send-response': 'robots.test.ts',
  'webhook-upload-response': 'robots.test.ts',
  'user-list_id-response': 'ids only, for the 通讯录同步 secret: the app reads its own visible range',
};
const HERE = [
  'api-ok-response',
  'appchat-create-response',
  'gettoken-response',
  'jsapi-ticket-response',
  'media-upload-response',
  'send-response',
  'update-template-card-response',
];

test('every answer among the samples is asserted on, here or where it says', (t) => {
  const found = sampleNames()
    .filter((name) => name.endsWith('-response.json'))
    .map((name) => name.replace('.json', ''));
  t.deepEqual(found, [...HERE, ...Object.keys(ELSEWHERE)].sort());
});

test('login: silently inside the client, by a code to scan in a browser; both at the vendor’s own hosts', async (t) => {
  const { adapter } = await setUp(t, {}, { apiBase: 'https://qyapi.weixin.qq.com' });
  const to = 'https://trail.example.com/login/wecom/done';
  const client = new URL(adapter.loginUrl(to, 'abc'));
  t.is(
    client.origin + client.pathname + client.hash,
    'https://open.weixin.qq.com/connect/oauth2/authorize#wechat_redirect',
  );
  t.like(Object.fromEntries(client.searchParams), { scope: 'snsapi_base', response_type: 'code', agentid: '1000002' });
  const desk = new URL(adapter.loginUrl(to, 'abc', 'browser'));
  t.is(desk.origin + desk.pathname, 'https://login.work.weixin.qq.com/wwlogin/sso/login');
  t.deepEqual(Object.fromEntries(desk.searchParams), {
    login_type: 'CorpApp',
    appid: 'ww1',
    agentid: '1000002',
    redirect_uri: to,
    state: 'abc',
  });
});

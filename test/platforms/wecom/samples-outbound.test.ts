import test from 'ava';
import { AppError, asId, type CardId } from '../../../src/core/index.js';
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

/** Asserted on elsewhere, or not read: what asks for a directory secret, and the tickets of the page's JS-SDK. */
const ELSEWHERE: Record<string, string> = {
  'department-list-response': 'directory.test.ts',
  'user-get-response': 'directory.test.ts',
  'user-list-response': 'directory.test.ts',
  'webhook-send-response': 'robots.test.ts',
  'webhook-upload-response': 'robots.test.ts',
  'user-list_id-response': 'ids only, for the 通讯录同步 secret: the app reads its own visible range',
  'jsapi-ticket-response': 'tickets are not asked for by the adapter',
};
const HERE = [
  'api-ok-response',
  'appchat-create-response',
  'gettoken-response',
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

import test, { type ExecutionContext } from 'ava';
import { FixedClock, silentLog } from '../../../src/core/index.js';
import type { DeliveryBody, Recipient } from '../../../src/platforms/contract.js';
import { toCardVariables, toMarkdown, toPlainCard, toText } from '../../../src/platforms/dingtalk/encode.js';
import { answerError } from '../../../src/platforms/dingtalk/errors.js';
import { createDingtalkAdapter } from '../../../src/platforms/dingtalk/index.js';
import { readPosition, signedAddress } from '../../../src/platforms/dingtalk/js-api.js';
import { robotAddress } from '../../../src/platforms/dingtalk/group-robot.js';
import { sayLink } from '../../../src/platforms/dingtalk/press-text.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { signPage } from '../../../src/platforms/page-signature.js';
import { checklistCard, tagsCard } from '../../contracts/samples.js';
import { inner, sample, shape, textAt, vector, without, type Json } from './samples.js';
import { frame, ROBOT, robotMessage, startVendor, type Answers } from './vendor.js';

/** What we send has the shape of the vendor's own requests, and what they answer is read. */

const REP = { kind: 'person', userId: 'staff0101' } as const;
const GROUP = { kind: 'group', chatId: 'cidQ1wExampleGroupChat77bB==' } as const;

const ANSWERS: Record<string, string> = {
  '/v1.0/oauth2/accessToken': 'access-token-response',
  '/v1.0/robot/oToMessages/batchSend': 'oto-batch-send-response',
  '/v1.0/robot/groupMessages/send': 'group-send-response',
  '/v1.0/card/instances/createAndDeliver': 'create-and-deliver-response',
  '/v1.0/card/instances': 'card-update-response',
  '/v1.0/robot/messageFiles/download': 'message-file-download-response',
  '/media/upload': 'media-upload-response',
  '/topapi/v2/user/getuserinfo': 'getuserinfo-response',
  '/v1.0/oauth2/jsapiTickets': 'jsapi-ticket-response',
  '/robot/sendBySession': 'session-webhook-response-ok',
};

async function setUp(t: ExecutionContext, change: Record<string, Json> = {}) {
  const answers: Answers = ({ path }) => {
    const json = change[path] ?? (ANSWERS[path] === undefined ? undefined : sample(ANSWERS[path]));
    return json === undefined ? undefined : { json, status: 'code' in json ? 400 : 200 };
  };
  const vendor = await startVendor(answers);
  const adapter = createDingtalkAdapter({
    settings: vendor.settings,
    clock: new FixedClock('2025-10-09T08:53:20Z'),
    log: silentLog,
    tokens: memoryTokenStore(),
    intake: () => Promise.resolve({ duplicate: false }),
  });
  t.teardown(async () => {
    await adapter.stop();
    await vendor.close();
  });
  const send = (body: DeliveryBody, to: Recipient = REP) => adapter.deliver({ key: 'k', to, body });
  const asked = (path: string) => vendor.asked.find((call) => call.path === path)?.body ?? {};
  return { vendor, adapter, send, asked };
}

test('access-token-request asks, access-token-response is the token in the header', async (t) => {
  const { vendor, send, asked } = await setUp(t);
  await send({ kind: 'text', text: '收到' });
  t.is(shape(asked('/v1.0/oauth2/accessToken')), shape(sample('access-token-request')));
  const call = vendor.asked.find(({ path }) => path.endsWith('batchSend'));
  t.is(call?.headers['x-acs-dingtalk-access-token'], sample('access-token-response')['accessToken'] as string);
});

test('gateway-open-request opens, gateway-open-error-401 stops for good', async (t) => {
  const { adapter, asked } = await setUp(t);
  await adapter.start();
  // Where we run is nobody's business.
  t.is(shape(asked('/v1.0/gateway/connections/open')), shape(without(sample('gateway-open-request'), 'localIp')));
  t.deepEqual(
    asked('/v1.0/gateway/connections/open')['subscriptions'],
    sample('gateway-open-request')['subscriptions'],
  );
  const error = answerError('gateway', 401, sample('gateway-open-error-401'), '');
  t.deepEqual([error?.code, error?.retryable], ['dingtalk.credentials_refused', false]);
});

test('gateway-open-response: the ticket goes into the address, encoded', async (t) => {
  const vendor = await startVendor();
  t.teardown(() => vendor.close());
  const { StreamClient } = await import('../../../src/platforms/dingtalk/stream.js');
  const opened: string[] = [];
  const client = new StreamClient({
    clientId: 'c',
    clientSecret: 's',
    apiBase: vendor.base,
    log: silentLog,
    onFrame: () => Promise.resolve({ code: 200, data: {} }),
  });
  vendor.answers = ({ path }) => {
    if (!path.endsWith('/connections/open')) return undefined;
    const json = sample('gateway-open-response');
    opened.push(String(json['ticket']));
    return { json };
  };
  await client.getEndpoint();
  t.deepEqual(opened, ['00000000-1111-2222-3333-444444444444']);
  await client.stop();
});

test('oto-batch-send-request sends, group-send-request too', async (t) => {
  const { send, asked } = await setUp(t, {
    '/v1.0/robot/oToMessages/batchSend': { processQueryKey: 'k', invalidStaffIdList: [] },
  });
  await send({ kind: 'markdown', title: '今日待跟进', text: '#### 今日待跟进\n- 甲公司：报价待回复' });
  const one = sample('oto-batch-send-request');
  const body = asked('/v1.0/robot/oToMessages/batchSend');
  t.is(shape(body), shape(one));
  t.deepEqual(inner(body['msgParam']), { ...inner(one['msgParam']) });
  await send({ kind: 'text', text: '甲公司已签约' }, GROUP);
  t.deepEqual(asked('/v1.0/robot/groupMessages/send'), sample('group-send-request'));
});

test('oto-batch-send-response: 200 does not mean reached', async (t) => {
  const { adapter } = await setUp(t);
  const to = (userId: string) =>
    adapter.deliver({ key: 'k', to: { kind: 'person', userId }, body: { kind: 'text', text: '收到' } });
  await t.throwsAsync(to('staff9999'), { code: 'dingtalk.recipient_unknown' });
  await t.throwsAsync(to('staff0102'), { code: 'dingtalk.rate_limited' });
  t.like(await to('staff0101'), { messageId: 'pqk-EXAMPLE-0001' });
});

test('group-send-response gives the message’s key', async (t) => {
  const { send } = await setUp(t);
  t.like(await send({ kind: 'text', text: '收到' }, GROUP), { messageId: 'pqk-EXAMPLE-0002', how: 'sent' });
});

test('msgkey-params: every message we make has exactly the parameters of its kind', async (t) => {
  const params = sample('msgkey-params') as Record<string, Json>;
  const fields = (msgKey: string) => Object.keys(params[msgKey] ?? {}).sort();
  const card = checklistCard();
  const [one, two] = card.actions;
  const url = { key: 'u', label: '看', style: 'plain' as const, url: 'https://sales.example.com/m' };
  const made = [
    toText('文本'),
    toMarkdown('标题', '正文'),
    toPlainCard({ ...card, actions: [url] }, 'card_1', GROUP),
    toPlainCard({ ...card, actions: [one, two].flatMap((action) => action ?? []) }, 'card_1', REP),
  ];
  const keys = ['sampleText', 'sampleMarkdown', 'sampleActionCard', 'sampleActionCard2'];
  t.deepEqual(
    made.map(({ msgKey }) => msgKey),
    keys,
  );
  for (const { msgKey, msgParam } of made) t.deepEqual(Object.keys(msgParam).sort(), fields(msgKey));
  const { send, vendor } = await setUp(t);
  await send({ kind: 'file', name: '报价单.xlsx', bytes: new Uint8Array(4) });
  await send({ kind: 'image', name: 'a.png', bytes: new Uint8Array(4) });
  const sent = vendor.asked.filter(({ path }) => path.endsWith('batchSend')).map(({ body }) => body);
  t.deepEqual(
    sent.map(({ msgKey }) => msgKey),
    ['sampleFile', 'sampleImageMsg'],
  );
  for (const { msgKey, msgParam } of sent) t.deepEqual(Object.keys(inner(msgParam)).sort(), fields(String(msgKey)));
});

test('media-upload-response gives what the message names', async (t) => {
  const { send, asked } = await setUp(t);
  await send({ kind: 'image', name: 'a.png', bytes: new Uint8Array(4) });
  t.deepEqual(inner(asked('/v1.0/robot/oToMessages/batchSend')['msgParam']), { photoURL: '@lAzPDgCwEXAMPLE' });
});

test('message-file-download-request asks for a code; message-file-download-response is fetched from known hosts only', async (t) => {
  const { adapter, asked } = await setUp(t);
  const { downloadCode } = sample('message-file-download-request');
  await t.throwsAsync(adapter.fetchMedia({ platform: 'dingtalk', handle: String(downloadCode) }), {
    code: 'media.host_refused',
  });
  t.deepEqual(asked('/v1.0/robot/messageFiles/download'), sample('message-file-download-request'));
});

test('getuserinfo-response is who logged in', async (t) => {
  const { adapter, asked } = await setUp(t);
  t.deepEqual(await adapter.login('code-1'), { userId: 'staff0101' });
  t.deepEqual(asked('/topapi/v2/user/getuserinfo'), { code: 'code-1' });
});

const FREE = ['cardParamMap'];

test('create-and-deliver-robot and -group: a card is asked for in their shape', async (t) => {
  const { send, vendor } = await setUp(t);
  const card = { cardId: 'card_1' as never, card: checklistCard() };
  await send({ kind: 'card', ...card });
  await send({ kind: 'card', ...card, cardId: 'card_2' as never }, GROUP);
  const [robot, group] = vendor.asked.filter(({ path }) => path.endsWith('createAndDeliver')).map(({ body }) => body);
  // The creator and private data of one person are things we do not use.
  const wanted = without(sample('create-and-deliver-robot'), 'userId', 'privateData');
  t.is(shape(robot, FREE), shape(wanted, FREE));
  // Nobody is named in a group's card, and everybody sees it; the words of the notification are ours.
  const inGroup = without(
    sample('create-and-deliver-group'),
    'imGroupOpenDeliverModel.atUserIds',
    'imGroupOpenDeliverModel.recipients',
  );
  const mine = without(group ?? {}, 'imGroupOpenSpaceModel.notification');
  t.is(shape(mine, FREE), shape(inGroup, FREE));
  t.is(robot?.['openSpaceId'], 'dtv1.card//IM_ROBOT.staff0101');
  t.is(group?.['openSpaceId'], 'dtv1.card//IM_GROUP.cidQ1wExampleGroupChat77bB==');
  t.is(robot?.['callbackType'], sample('create-and-deliver-robot')['callbackType']);
});

test('create-and-deliver-response gives the carrier, -partial-failure is no success', async (t) => {
  const card = { kind: 'card' as const, cardId: 'card_1' as never, card: checklistCard() };
  const good = await setUp(t);
  t.like(await good.send(card), { messageId: '4v+AzUEDEXAMPLE=', how: 'sent' });
  const path = '/v1.0/card/instances/createAndDeliver';
  const bad = await setUp(t, { [path]: sample('create-and-deliver-response-partial-failure') });
  await t.throwsAsync(bad.send(card), { code: 'dingtalk.card_not_delivered' });
});

test('card-update changes by key, card-update-response says so', async (t) => {
  const { send, asked } = await setUp(t);
  const update = { cardId: 'card_1' as never, card: checklistCard(), handles: [] };
  t.deepEqual(await send({ kind: 'card-update', ...update }), { how: 'updated' });
  const wanted = without(sample('card-update'), 'privateData');
  t.is(shape(asked('/v1.0/card/instances'), FREE), shape(wanted, FREE));
  t.deepEqual(asked('/v1.0/card/instances')['cardUpdateOptions'], sample('card-update')['cardUpdateOptions']);
});

test('card-form-variable: our questions use its fields and kinds only', (t) => {
  const known = (sample('card-form-variable') as { fields: Json[] }).fields;
  for (const [mode, type] of [
    ['single', 'SELECT'],
    ['multi', 'MULTI_SELECT'],
  ] as const) {
    const { fields } = inner(toCardVariables(tagsCard(mode))['form']) as { fields: Json[] };
    const model = known.find((field) => field['type'] === type) ?? {};
    for (const field of fields) {
      t.is(field['type'], type);
      t.is(shape(field['options']), shape(model['options']));
      for (const name of Object.keys(field))
        t.true(
          known.some((one) => name in one),
          name,
        );
    }
  }
});

test('session-webhook-text, -markdown and -response-ok: who is outside is answered where they wrote', async (t) => {
  const { vendor, adapter, asked } = await setUp(t);
  await adapter.start();
  const outsider = robotMessage({
    senderStaffId: '',
    sessionWebhook: `${vendor.base}/robot/sendBySession?session=s1`,
    sessionWebhookExpiredTime: Date.parse('2025-10-09T10:00:00Z'),
  });
  vendor.push(0, frame('CALLBACK', ROBOT, outsider));
  await vendor.until(() => vendor.acks.length === 1, 'the answer');
  const to = { kind: 'person', userId: '$:LWCP_v1:$UserEncryptedId111' } as const;
  await adapter.deliver({ key: 'k', to, body: { kind: 'text', text: '已记录' } });
  t.is(shape(asked('/robot/sendBySession')), shape(without(sample('session-webhook-text'), 'at')));
  vendor.asked.length = 0;
  await adapter.deliver({ key: 'k', to, body: { kind: 'markdown', title: '已记录', text: '客户：甲公司' } });
  t.is(shape(asked('/robot/sendBySession')), shape(without(sample('session-webhook-markdown'), 'at')));
  vendor.answers = ({ path }) =>
    path === '/robot/sendBySession' ? { json: sample('session-webhook-response-expired') } : undefined;
  await t.throwsAsync(adapter.deliver({ key: 'k', to, body: { kind: 'text', text: '已记录' } }), {
    code: 'dingtalk.session_gone',
  });
});

test('session-webhook-response-expired is no try again', (t) => {
  const error = answerError('sessionWebhook', 200, sample('session-webhook-response-expired'), '');
  t.deepEqual([error?.code, error?.retryable], ['dingtalk.session_gone', false]);
});

test('session-webhook-actioncard-dtmd: our links say their words in the same spelling', (t) => {
  const { btns } = sample('session-webhook-actioncard-dtmd')['actionCard'] as { btns: { actionURL: string }[] };
  for (const { actionURL } of btns) {
    const words = decodeURIComponent(/content=(.*)$/.exec(actionURL)?.[1] ?? '');
    t.is(sayLink(words), actionURL);
  }
});

test('dd-config: a page is signed as it and vector-signatures-local show, once per jsapi-ticket-response', async (t) => {
  const { adapter, vendor } = await setUp(t);
  const page = 'https://example.com/checkin?visit=42&lang=zh';
  const first = await adapter.pageConfig(`${page}#top`);
  await adapter.pageConfig(page);
  t.is(vendor.asked.filter(({ path }) => path.endsWith('jsapiTickets')).length, 1);
  t.is(shape(first), shape(sample('dd-config')));
  const { jsapiTicket: ticket } = sample('jsapi-ticket-response') as { jsapiTicket: string };
  const { nonceStr: nonce, timeStamp: timestamp, signature } = first;
  t.is(signature, signPage({ ticket, nonce, timestamp, address: page }, 'sha256'));
  const known = vector('vector-signatures-local', 'jsapiConfig');
  const of = { ticket: 'TICKET', nonce: 'nonce123', timestamp: '1700000000', address: signedAddress(`${page}#top`) };
  t.is(signPage(of, 'sha256'), textAt(known, 'sha256'));
  t.is(signPage(of, 'sha256'), sample('dd-config')['signature'] as string);
  t.is(signPage(of, 'sha1'), textAt(known, 'sha1ForOldDemos'));
  t.is(signedAddress('https://a.b/c%20d?q=%E4%B8%AD+x#y'), 'https://a.b/c%20d?q=中 x');
  await t.throwsAsync(adapter.pageConfig('javascript:alert(1)'), { code: 'page_config.bad_address' });
});

test('jsapi-get-location-result and jsapi-geolocation-get-result are the same place on the same datum', (t) => {
  t.deepEqual(readPosition(sample('jsapi-get-location-result')), {
    lat: 31.2304,
    lng: 121.4737,
    datum: 'gcj02',
    accuracyMetres: 35,
    label: '黄浦区人民大道',
  });
  const older = sample('jsapi-geolocation-get-result');
  t.like(readPosition(older), { lat: 31.2304, lng: 121.4737, datum: 'gcj02', accuracyMetres: 35 });
  t.is(readPosition({ ...older, locationType: 3 })?.doubt, 'cached');
  t.is(readPosition({ ...older, isFromMock: true })?.doubt, 'mock');
  for (const bad of [null, {}, { latitude: 'x', longitude: 1 }, { latitude: 99, longitude: 1 }])
    t.is(readPosition(bad), null);
});

test('custom-robot-text goes through a group’s own robot, signed as vector-signatures-local shows, without any call of the app', async (t) => {
  const known = vector('vector-signatures-local', 'customRobotWebhook');
  const robot = { accessToken: 'a'.repeat(64), secret: textAt(known, 'secret') };
  const signed = robotAddress('https://oapi.dingtalk.com', robot, new Date(Number(known['timestamp'])));
  t.is(signed.searchParams.get('sign'), textAt(known, 'signBase64'));
  // Encoded once: what is in the address is the vendor's own encoding of it.
  t.true(signed.search.endsWith(`sign=${textAt(known, 'signUrlEncoded')}`));
  const vendor = await startVendor(({ path }) => (path === '/robot/send' ? { json: { errcode: 0 } } : undefined));
  t.teardown(() => vendor.close());
  const metered: string[] = [];
  const adapter = createDingtalkAdapter({
    settings: { ...vendor.settings, groupRobots: { east: robot } },
    clock: new FixedClock('2025-10-09T08:53:20Z'),
    log: silentLog,
    tokens: memoryTokenStore(),
    intake: () => Promise.resolve({ duplicate: false }),
    meter: ({ api, counted }) => void (counted && metered.push(api)),
  });
  const to = { kind: 'group', chatId: 'robot:east' } as const;
  await adapter.deliver({ key: 'k1', to, body: { kind: 'text', text: '[CRM] 新商机' } });
  await adapter.deliver({ key: 'k1', to, body: { kind: 'text', text: '[CRM] 新商机' } });
  const url = { key: 'u', label: '看', style: 'plain' as const, url: 'https://sales.example.com/m' };
  const card = { ...checklistCard(), actions: [url] };
  await adapter.deliver({ key: 'k2', to, body: { kind: 'card', cardId: 'card_1' as never, card } });
  const [first, second, third] = vendor.asked.map(({ body }) => body);
  t.is(shape(first), shape(without(sample('custom-robot-text'), 'at')));
  t.is(first?.['msgUuid'], second?.['msgUuid'] as string, 'one message, however often it is tried');
  t.like(third, { msgtype: 'actionCard', actionCard: { singleTitle: '看', singleURL: url.url } });
  t.deepEqual(metered, []);
  const none = { kind: 'group', chatId: 'robot:west' } as const;
  await t.throwsAsync(adapter.deliver({ key: 'k3', to: none, body: { kind: 'text', text: 'x' } }), {
    code: 'dingtalk.webhook_unknown',
  });
});

/** One reaction each: code, worth another try, and after how long. */
const REFUSALS: Record<string, [status: number, code: string, retryable: boolean, waitMs?: number]> = {
  'error-new-api-token-400': [400, 'dingtalk.token_refused', true, 1_000],
  'error-new-api-token-missing-400': [400, 'dingtalk.request_wrong', false],
  'error-new-api-permission-403': [403, 'dingtalk.permission_missing', false],
  'error-new-api-qps-403': [403, 'dingtalk.rate_limited', true, 1_000],
  'error-robot-not-found-400': [400, 'dingtalk.robot_unknown', false],
  'error-card-streaming-500': [500, 'dingtalk.busy', true, 1_000],
  'error-old-api-40014': [200, 'dingtalk.token_refused', true, 1_000],
  'error-old-api-gettoken-40096': [200, 'dingtalk.credentials_refused', false],
  'error-ip-throttle-x5': [200, 'dingtalk.address_banned', true, 300_000],
  'custom-robot-error-security': [200, 'dingtalk.webhook_guarded', false],
  'custom-robot-error-throttled': [200, 'dingtalk.webhook_throttled', true, 600_000],
};
for (const [name, [status, code, retryable, waitMs]] of Object.entries(REFUSALS)) {
  test(`${name}: ${code}`, (t) => {
    const api = name.startsWith('custom-robot') ? 'robot/send' : 'some/api';
    const error = answerError(api, status, sample(name), JSON.stringify(sample(name)));
    t.deepEqual([error?.code, error?.retryable, error?.details['retryAfterMs']], [code, retryable, waitMs]);
  });
}

import { createHmac } from 'node:crypto';
import test from 'ava';
import { sample, shape, textAt, vector, type Json } from '../platforms/dingtalk/samples.js';
import { dingCard, startBench, type Bench } from './support.js';

/** The stand-in answers in the vendor's shapes, takes the vendor's requests and knows no more than the vendor's pages. */

const ours = (bench: Bench, body: Json, change: Json = {}): Json => ({ ...body, ...change });

test('access-token-corp-request and gettoken give one token in their three spellings', async (t) => {
  const bench = await startBench(t);
  const { apiBase, oapiBase, clientId, clientSecret, corpId } = bench.access.dingtalk;
  const post = async (path: string, body: Json) =>
    (await (await fetch(`${apiBase}${path}`, { method: 'POST', body: JSON.stringify(body) })).json()) as Json;
  const corp = ours(bench, sample('access-token-corp-request'), { client_id: clientId, client_secret: clientSecret });
  const one = await post(`/v1.0/oauth2/${corpId}/token`, corp);
  t.is(shape(one), shape(sample('access-token-corp-response')));
  const app = ours(bench, sample('access-token-request'), { appKey: clientId, appSecret: clientSecret });
  const two = await post('/v1.0/oauth2/accessToken', app);
  t.is(shape(two), shape(sample('access-token-response')));
  const query = new URLSearchParams({ appkey: clientId, appsecret: clientSecret });
  const three = (await (await fetch(`${oapiBase}/gettoken?${query.toString()}`)).json()) as Json;
  t.is(shape(three), shape(sample('gettoken-legacy-response')));
  t.is(new Set([one['access_token'], two['accessToken'], three['access_token']]).size, 1);
  const wrong = (await (await fetch(`${oapiBase}/gettoken?appkey=x&appsecret=y`)).json()) as Json;
  t.deepEqual(wrong, sample('error-old-api-gettoken-40096'));
});

test('gateway-open-request opens as gateway-open-response, a wrong secret as gateway-open-error-401', async (t) => {
  const bench = await startBench(t);
  const { apiBase, clientId, clientSecret } = bench.access.dingtalk;
  const open = (secret: string) =>
    fetch(`${apiBase}/v1.0/gateway/connections/open`, {
      method: 'POST',
      body: JSON.stringify({ ...sample('gateway-open-request'), clientId, clientSecret: secret }),
    });
  const good = await open(clientSecret);
  t.is(shape(await good.json()), shape(sample('gateway-open-response')));
  const bad = await open('REPLACE_ME');
  t.is(bad.status, 401);
  const error = (await bad.json()) as Json;
  t.is(shape(error), shape(sample('gateway-open-error-401')));
  t.is(error['code'], sample('gateway-open-error-401')['code'] as string);
});

test('contacts answer as user-get-response and department-listsub-response', async (t) => {
  const bench = await startBench(t);
  const user = await bench.oapi('POST', 'topapi/v2/user/get', { userid: 'staff01' });
  const wanted = sample('user-get-response');
  // A person of the stand-in has no role.
  const roles = { ...(wanted['result'] as Json), role_list: [] };
  t.is(shape(user), shape({ ...wanted, result: roles }));
  const departments = await bench.oapi('POST', 'topapi/v2/department/listsub', { dept_id: 1 });
  t.is(shape(departments), shape(sample('department-listsub-response')));
});

test('a check-in answers as checkin-record-get-response, without pictures where none was taken', async (t) => {
  const bench = await startBench(t);
  await bench.control('POST', 'phones/dingtalk/staff01/location', { lat: 31.2304, lng: 121.4737, label: '人民广场' });
  const { json } = await bench.control('GET', 'state');
  const now = Date.parse(String((json['clock'] as Json)['now']));
  const asked = { userid_list: 'staff01', start_time: now - 60_000, end_time: now + 60_000, cursor: 0, size: 100 };
  const answer = await bench.oapi('POST', 'topapi/checkin/record/get', asked);
  const wanted = sample('checkin-record-get-response') as { result: { page_list: Json[] } } & Json;
  for (const record of wanted.result.page_list) delete record['image_list'];
  t.is(shape(answer), shape(wanted));
});

test('tickets and uploads answer as jsapi-ticket-response and media-upload-response', async (t) => {
  const bench = await startBench(t);
  const { json } = await bench.ding('POST', 'oauth2/jsapiTickets', {});
  t.is(shape(json), shape(sample('jsapi-ticket-response')));
  const form = new FormData();
  form.set('type', 'image');
  form.set('media', new Blob([new Uint8Array(8)]), 'a.png');
  t.is(
    shape(await bench.oapi('POST', 'media/upload', form, { type: 'image' })),
    shape(sample('media-upload-response')),
  );
});

test('sends answer as oto-batch-send-response and group-send-response; every message of msgkey-params is known', async (t) => {
  const bench = await startBench(t);
  const { robotCode } = bench.access.dingtalk;
  const people = ['staff01', 'staff9999', 'staff02'];
  await bench.control('PUT', 'faults', { dingtalk: { flowControlled: ['staff02'] } });
  const oto = ours(bench, sample('oto-batch-send-request'), { robotCode, userIds: people });
  const one = await bench.ding('POST', 'robot/oToMessages/batchSend', oto);
  t.is(shape(one.json), shape(sample('oto-batch-send-response')));
  t.deepEqual([one.json['invalidStaffIdList'], one.json['flowControlledStaffIdList']], [['staff9999'], ['staff02']]);
  const group = ours(bench, sample('group-send-request'), { robotCode });
  const two = await bench.ding('POST', 'robot/groupMessages/send', group);
  t.is(shape(two.json), shape(sample('group-send-response')));
  // Files that were never uploaded are refused; everything else is a message.
  const files = ['sampleImageMsg', 'sampleAudio', 'sampleFile', 'sampleVideo'];
  for (const [msgKey, params] of Object.entries(sample('msgkey-params'))) {
    const msgParam = JSON.stringify(params);
    const body = { robotCode, userIds: ['staff01'], msgKey, msgParam };
    const { status, json } = await bench.ding('POST', 'robot/oToMessages/batchSend', body);
    if (files.includes(msgKey)) t.is(json['code'], 'invalidParameter.msgParam.invalid', msgKey);
    else t.is(status, 200, msgKey);
  }
});

test('cards answer as create-and-deliver-response, card-create-response and card-update-response', async (t) => {
  const bench = await startBench(t);
  const { cardTemplateId, robotCode } = bench.access.dingtalk;
  const space = { openSpaceId: 'dtv1.card//IM_ROBOT.staff01', cardTemplateId, userId: 'staff01' };
  const robot = ours(bench, sample('create-and-deliver-robot'), {
    ...space,
    privateData: { staff01: { cardParamMap: { can_edit: 'true' } } },
    imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode },
  });
  const good = await bench.ding('POST', 'card/instances/createAndDeliver', robot);
  t.is(shape(good.json), shape(sample('create-and-deliver-response')));
  const lost = { ...robot, outTrackId: 'lost', openSpaceId: 'dtv1.card//IM_ROBOT.staff9999' };
  const partial = await bench.ding('POST', 'card/instances/createAndDeliver', lost);
  t.is(partial.status, 200);
  t.is(shape(partial.json), shape(sample('create-and-deliver-response-partial-failure')));
  const created = await bench.ding('POST', 'card/instances', dingCard(bench, 'followup-2025-0002-r1'));
  t.is(shape(created.json), shape(sample('card-create-response')));
  const change = ours(bench, sample('card-update'), {
    privateData: { staff01: { cardParamMap: { can_edit: 'false' } } },
  });
  t.deepEqual((await bench.ding('PUT', 'card/instances', change)).json, sample('card-update-response'));
  const group = ours(bench, sample('create-and-deliver-group'), {
    cardTemplateId,
    openSpaceId: 'dtv1.card//IM_GROUP.cidEastGroup0001==',
    imGroupOpenDeliverModel: { robotCode, atUserIds: { staff01: '代表甲' }, recipients: ['staff01'] },
  });
  t.is((await bench.ding('POST', 'card/instances/createAndDeliver', group)).status, 200);
  t.is((await bench.messages('dingtalk', 'staff02', 'cidEastGroup0001==')).length, 0, 'recipients alone see it');
});

test('card-sdk-button-template: the public template is there, and its buttons can be pressed', async (t) => {
  const bench = await startBench(t);
  const card = ours(bench, sample('card-sdk-button-template'), { openSpaceId: 'dtv1.card//IM_ROBOT.staff01' });
  t.is((await bench.ding('POST', 'card/instances/createAndDeliver', card)).status, 200);
  const { id: messageId } = await bench.lastMessage('dingtalk', 'staff01');
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/press', { messageId, action: 'btn_confirm' });
  t.true(json['accepted']);
});

/** Closed to new apps, or nothing this product needs: the stand-in knows no more than we may rely on. */
const NOT_SPOKEN: [string, string, string][] = [
  ['POST', 'im/v1.0/robot/interactiveCards/send', 'standard-card-send-legacy'],
  ['PUT', 'card/streaming', 'card-streaming'],
  ['POST', 'checkIn/records/query', 'checkin-v1-records-query-request'],
];
for (const [method, path, name] of NOT_SPOKEN) {
  test(`${name}: not spoken`, async (t) => {
    const bench = await startBench(t);
    const { status, json } = await bench.ding(method, path, sample(name));
    t.deepEqual([status, json['code']], [404, 'InvalidAction.NotFound']);
  });
}

test('card-template-create, -save and -publish make a template that cards can be drawn by', async (t) => {
  const bench = await startBench(t);
  const made = await bench.ding('POST', 'card/templates', sample('card-template-create-request'));
  const templateId = made.json['result'];
  const templateSource = JSON.stringify({ editorData: '{}', widgetInfo: '{}', type: 'im', mode: 'card' });
  const saved = { ...sample('card-template-save-request'), templateId, templateSource };
  t.is((await bench.ding('POST', 'card/templates/save', saved)).status, 200);
  const published = { ...sample('card-template-publish-request'), templateId };
  t.is((await bench.ding('POST', 'card/templates/publish', published)).status, 200);
});

test('ding-send-request reaches a phone in the professional edition and is refused in the standard one', async (t) => {
  const bench = await startBench(t);
  const request: Json = {
    ...sample('ding-send-request'),
    robotCode: bench.access.dingtalk.robotCode,
    receiverUserIdList: ['staff01'],
  };
  const refused = await bench.ding('POST', 'robot/ding/send', request);
  t.deepEqual([refused.status, refused.json['code']], [403, 'Forbidden.AccessDenied.AccessTokenPermissionDenied']);
  await bench.control('PUT', 'dingtalk/edition', { edition: 'pro' });
  const sent = await bench.ding('POST', 'robot/ding/send', request);
  t.deepEqual(Object.keys(sent.json), Object.keys(sample('ding-send-response')));
  t.like(await bench.lastMessage('dingtalk', 'staff01'), { title: 'DING', text: request['content'] as string });
  for (const [change, code] of [
    [{ remindType: 2 }, 'ding.serverquota.insufficient'],
    [{ remindType: 9 }, 'invalidParameter.remindType'],
    [{ receiverUserIdList: [] }, 'miss.staffId'],
    [{ receiverUserIdList: Array.from({ length: 201 }, (_, n) => `s${n}`) }, 'ding.receivercount.limit'],
    [{ content: '' }, 'miss.content'],
    [{ robotCode: 'other' }, 'resource.not.found'],
  ] as const) {
    const { json } = await bench.ding('POST', 'robot/ding/send', { ...request, ...change });
    t.is(json['code'], code);
  }
});

test('checkin-v1-records-query-response tells the same place as the older call, under other names', (t) => {
  const [older] = (sample('checkin-record-get-response')['result'] as { page_list: Json[] }).page_list;
  const [newer] = (sample('checkin-v1-records-query-response')['result'] as { pageList: Json[] }).pageList;
  t.deepEqual([newer?.['latitude'], newer?.['longitude']], [older?.['latitude'], older?.['longitude']]);
  t.is(newer?.['checkinTime'], older?.['checkin_time'] as number);
});

test('custom-robot-text is shown once in its group; custom-robot-error-security and -throttled come as they must', async (t) => {
  const bench = await startBench(t);
  const chatId = 'cidEastGroup0001==';
  const { json } = await bench.control('PUT', 'dingtalk/group-robot', { chatId });
  const send = async (secret = String(json['secret']), uuid = 'idem-0001'): Promise<Json> => {
    const timestamp = String(Date.now());
    const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
    const query = new URLSearchParams({ access_token: String(json['accessToken']), timestamp, sign });
    const response = await fetch(`${bench.access.dingtalk.oapiBase}/robot/send?${query.toString()}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...sample('custom-robot-text'), msgUuid: uuid }),
    });
    return (await response.json()) as Json;
  };
  const { errcode, errmsg } = await send('SECwrong');
  t.deepEqual({ errcode, errmsg }, sample('custom-robot-error-security') as never);
  for (let n = 0; n < 3; n += 1) t.is((await send())['errcode'], 0);
  t.is((await bench.messages('dingtalk', 'staff01', chatId)).length, 1);
  let last: Json = {};
  for (let n = 0; n < 18; n += 1) last = await send(undefined, `u${n}`);
  t.like(last, sample('custom-robot-error-throttled'));
});

test('ding-send-response belongs to a channel that is not there', (t) => {
  t.deepEqual(Object.keys(sample('ding-send-response')), ['openDingId']);
});

test('refusals have the vendor’s shapes', async (t) => {
  const bench = await startBench(t);
  const { apiBase, oapiBase, robotCode } = bench.access.dingtalk;
  const say = { robotCode, userIds: ['staff01'], msgKey: 'sampleText', msgParam: '{"content":"好"}' };
  const send = async (headers: Record<string, string>, body: Json = say) => {
    const url = `${apiBase}/v1.0/robot/oToMessages/batchSend`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return [response.status, (await response.json()) as Json] as const;
  };
  const same = ([status, json]: readonly [number, Json], name: string) => {
    t.is(status, Number(/-(\d{3})$/.exec(name)?.[1] ?? 200));
    t.is(shape(json), shape(sample(name)));
    t.is(json['code'] ?? json['errcode'], (sample(name)['code'] ?? sample(name)['errcode']) as never);
  };
  same(await send({}), 'error-new-api-token-missing-400');
  same(await send({ 'x-acs-dingtalk-access-token': 'x' }), 'error-new-api-token-400');
  const token = { 'x-acs-dingtalk-access-token': await bench.dingToken() };
  same(await send(token, { ...say, robotCode: 'dingother' }), 'error-robot-not-found-400');
  await bench.control('PUT', 'faults', { dingtalk: { limit: true } });
  same(await send(token), 'error-new-api-qps-403');
  await bench.control('PUT', 'faults', { dingtalk: {} });
  const old = await fetch(`${oapiBase}/topapi/v2/user/get?access_token=x`, { method: 'POST', body: '{}' });
  same([old.status, (await old.json()) as Json], 'error-old-api-40014');
});

test('vector-signatures-local: HTTP mode’s three signatures', (t) => {
  const mac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('base64');
  for (const [name, secret, sign] of [
    ['robotHttpCallback', 'appSecret', 'sign'],
    ['customRobotWebhook', 'secret', 'signBase64'],
    ['cardHttpCallback', 'apiSecret', 'signature'],
  ] as const) {
    const known = vector('vector-signatures-local', name);
    const at = textAt(known, 'timestamp');
    const key = textAt(known, secret);
    t.is(mac(key, name === 'cardHttpCallback' ? at : `${at}\n${key}`), textAt(known, sign));
  }
});

import test from 'ava';
import { silentLog } from '../../src/core/index.js';
import { DingtalkState } from '../../src/sandbox/dingtalk/state.js';
import type { Reply } from '../../src/sandbox/http.js';
import { VENDOR_TIMINGS } from '../../src/sandbox/types.js';
import { World } from '../../src/sandbox/world.js';
import { type Bench, dingCard, GROUP_ID, type Json, startBench, temporaryFolder } from './support.js';

const send = (bench: Bench, more: Json = {}): Json => ({
  robotCode: bench.access.dingtalk.robotCode,
  userIds: ['staff01'],
  msgKey: 'sampleText',
  msgParam: JSON.stringify({ content: '你好' }),
  ...more,
});

test('tokens: three ways in, wrong credentials, wrong places, expiry', async (t) => {
  const bench = await startBench(t);
  const { apiBase, oapiBase, clientId, clientSecret, corpId, robotCode } = bench.access.dingtalk;
  const post = async (
    path: string,
    body: Json,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; json: Json }> => {
    const response = await fetch(`${apiBase}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, json: (await response.json()) as Json };
  };
  t.like(await post('v1.0/oauth2/accessToken', { appKey: clientId, appSecret: 'x' }), {
    status: 400,
    json: { code: 'invalidClientIdOrSecret' },
  });
  const old = await (await fetch(`${oapiBase}/gettoken?appkey=${clientId}&appsecret=x`)).json();
  t.deepEqual(old, { errcode: 40096, errmsg: '不合法的appKey或appSecret' });
  const token = await bench.dingToken();
  const credentials = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' };
  t.is((await post(`v1.0/oauth2/${corpId}/token`, credentials)).json.access_token, token);
  const path = 'v1.0/robot/oToMessages/batchSend';
  const missing = { status: 400, json: { code: 'AuthenticationFailed.MissingParameter' } };
  t.like(await post(`${path}?access_token=${token}`, send(bench)), missing);
  t.like(await post(path, send(bench), { authorization: `Bearer ${token}` }), missing);
  const header = { 'x-acs-dingtalk-access-token': token };
  t.is((await post(path, send(bench), header)).status, 200);
  t.like((await post('topapi/v2/user/get', { userid: 'staff01' }, header)).json, { errcode: 88, sub_code: '41001' });
  t.like((await post('topapi/v2/user/get?access_token=x', {})).json, { errcode: 88, sub_code: '40014' });
  await bench.control('POST', 'tokens/expire', { platform: 'dingtalk' });
  t.like(await post(path, send(bench), header), { status: 400, json: { code: 'InvalidAuthentication' } });
  t.like((await post(`topapi/v2/user/get?access_token=${token}`, {})).json, { errcode: 88, sub_code: '42001' });
  t.is(robotCode, clientId);
});

test('batchSend and group send refuse what the vendor refuses', async (t) => {
  const bench = await startBench(t);
  const single: [string, Json, string][] = [
    ['no robotCode', send(bench, { robotCode: '' }), 'invalidParameter.robotCode.empty'],
    ['another robot', send(bench, { robotCode: 'dingother' }), 'resource.not.found'],
    ['nobody', send(bench, { userIds: [] }), 'invalidParameter.userIds.empty'],
    [
      '21 users',
      send(bench, { userIds: Array.from({ length: 21 }, (_, i) => `s${i}`) }),
      'invalidParameter.userIds.overMax',
    ],
    ['no msgKey', send(bench, { msgKey: '' }), 'invalidParameter.msgKey.empty'],
    ['unknown msgKey', send(bench, { msgKey: 'samplePoem' }), 'invalidParameter.msgKey.invalid'],
    ['msgParam as an object', send(bench, { msgParam: { content: 'x' } }), 'invalidParameter.msgParam.invalid'],
    ['msgParam that is no JSON', send(bench, { msgParam: 'hello' }), 'invalidParameter.msgParam.invalid'],
    ['missing field', send(bench, { msgKey: 'sampleMarkdown', msgParam: '{"text":"x"}' }), 'miss.param.title'],
    [
      'too long',
      send(bench, { msgParam: JSON.stringify({ content: '汉'.repeat(5_000) }) }),
      'invalidParameter.msgParam.tooLong',
    ],
    [
      'unknown file',
      send(bench, { msgKey: 'sampleFile', msgParam: '{"mediaId":"@x","fileName":"a.pdf","fileType":"pdf"}' }),
      'invalidParameter.msgParam.invalid',
    ],
  ];
  for (const [title, body, code] of single) {
    const { status, json } = await bench.ding('POST', 'robot/oToMessages/batchSend', body);
    t.is(status, 400, title);
    t.is(json.code, code, title);
  }
  const group = (more: Json): Promise<{ status: number; json: Json }> =>
    bench.ding('POST', 'robot/groupMessages/send', { ...send(bench), openConversationId: GROUP_ID, ...more });
  t.is((await group({ openConversationId: '' })).json.code, 'miss.openConversationId');
  t.is((await group({ openConversationId: 'x' })).json.code, 'invalid.openConversationId');
  t.is(
    (await group({ msgParam: JSON.stringify({ content: '汉'.repeat(5_000) }) })).json.code,
    'invalidParameter.msgParam.tooLong',
  );
  t.is((await group({ openConversationId: 'cidNobodyKnows==' })).status, 200);
  t.is((await group({})).status, 200);
  t.is((await bench.messages('dingtalk', 'staff02', GROUP_ID)).length, 1);
});

test('batchSend succeeds although some were not reached, and says which', async (t) => {
  const bench = await startBench(t);
  await bench.control('PUT', 'faults', { dingtalk: { flowControlled: ['staff02'] } });
  const { json } = await bench.ding(
    'POST',
    'robot/oToMessages/batchSend',
    send(bench, { userIds: ['staff01', 'staff02', 'staff99'] }),
  );
  t.like(json, { invalidStaffIdList: ['staff99'], flowControlledStaffIdList: ['staff02'] });
  t.is((await bench.messages('dingtalk', 'staff01')).length, 1);
  t.is((await bench.messages('dingtalk', 'staff02')).length, 0);
});

test('the 21st call of one API within a second is refused', async (t) => {
  const world = await World.open({ dataDir: await temporaryFolder(t), log: silentLog, timings: VENDOR_TIMINGS });
  t.teardown(() => world.close());
  world.now = () => 1_000_000; // all calls in one instant
  const state = new DingtalkState(world);
  const token = state.issueToken();
  const ask = (path: string): Reply | undefined => {
    const headers = { 'x-acs-dingtalk-access-token': token };
    return state.refuseNew({
      method: 'POST',
      path,
      query: new URLSearchParams(),
      params: {},
      headers,
      body: Buffer.alloc(0),
    });
  };
  for (let count = 0; count < 20; count += 1) t.is(ask('/v1.0/a'), undefined);
  t.like(ask('/v1.0/a'), { status: 403, json: { code: 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi' } });
  t.is(ask('/v1.0/b'), undefined);
  t.is(state.quota().api, 21);
});

test('the calls of the month are counted, and none goes through when they are used up', async (t) => {
  const bench = await startBench(t);
  await bench.ding('POST', 'robot/oToMessages/batchSend', send(bench));
  await bench.oapi('POST', 'topapi/v2/user/get', { userid: 'staff01' }); // contacts are free
  const { json } = await bench.control('GET', 'state');
  t.is((json.dingtalk as { quota: { api: number } }).quota.api, 1);
  await bench.control('PUT', 'faults', { dingtalk: { quota: true } });
  const over = await bench.ding('POST', 'robot/oToMessages/batchSend', send(bench));
  t.like(over, { status: 403, json: { code: 'Forbidden.AccessDenied.ApiCountLimitForOrg' } });
  t.is((await bench.oapi('POST', 'topapi/v2/user/get', { userid: 'staff01' })).errcode, 0);
});

test('createAndDeliver: each missing or wrong field has its code', async (t) => {
  const bench = await startBench(t);
  const { robotCode } = bench.access.dingtalk;
  const group = { openSpaceId: `dtv1.card//IM_GROUP.${GROUP_ID}` };
  const cases: [string, Json, string][] = [
    ['no template', { cardTemplateId: '' }, 'param.cardTemplateIdEmpty'],
    ['unknown template', { cardTemplateId: 'x.schema' }, 'param.templateNotExist'],
    ['no outTrackId', { outTrackId: '' }, 'param.outTrackIdEmpty'],
    ['no data', { cardData: {} }, 'param.cardPublicDataEmpty'],
    ['a number as a value', { cardData: { cardParamMap: { n: 1 } } }, 'param.invalid'],
    ['a long key', { cardData: { cardParamMap: { ['k'.repeat(101)]: 'v' } } }, 'param.invalid'],
    ['lower-case callbackType', { callbackType: 'stream' }, 'param.invalid'],
    ['private data of nobody', { privateData: { staff99: { cardParamMap: {} } } }, 'param.userIdNotExist'],
    ['no space', { openSpaceId: '' }, 'param.openSpaceIdEmpty'],
    ['space without prefix', { openSpaceId: 'IM_ROBOT.staff01' }, 'param.openSpaceIdInvalid'],
    ['unknown space', { openSpaceId: 'dtv1.card//IM_MOON.staff01' }, 'param.openSpaceIdInvalid'],
    ['space model without supportForward', { imRobotOpenSpaceModel: {} }, 'param.openSpaceModelInvalid'],
    ['no deliver model', { imRobotOpenDeliverModel: undefined }, 'param.openDeliverModelEmpty'],
    ['empty deliver model', { imRobotOpenDeliverModel: {} }, 'param.openDeliverModelError'],
    [
      'another robot',
      { imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode: 'x' } },
      'param.openDeliverModelError',
    ],
    ['group without deliver model', group, 'param.openDeliverModelEmpty'],
    ['group without robotCode', { ...group, imGroupOpenDeliverModel: {} }, 'param.openDeliverModelError'],
  ];
  let offsetMs = 0;
  for (const [title, more, code] of cases) {
    await bench.control('POST', 'clock', { offsetMs: (offsetMs += 1_000) }); // stay below the calls of a second
    const { status, json } = await bench.ding('POST', 'card/instances/createAndDeliver', {
      ...dingCard(bench, 'c1'),
      ...more,
    });
    t.is(status, 400, title);
    t.is(json.code, code, title);
  }
  await bench.control('POST', 'clock', { offsetMs: offsetMs + 1_000 });
  const made = await bench.ding('POST', 'card/instances/createAndDeliver', {
    ...dingCard(bench, 'c1'),
    openSpaceId: `dtv1.card//IM_ROBOT.staff01;IM_GROUP.${GROUP_ID};IM_ROBOT.staff99`,
    imGroupOpenDeliverModel: { robotCode, recipients: ['staff02'] },
  });
  const { deliverResults } = made.json.result as { deliverResults: Json[] };
  t.deepEqual(
    deliverResults.map(({ spaceType, success }) => [spaceType, success]),
    [
      ['IM_ROBOT', true],
      ['IM_GROUP', true],
      ['IM_ROBOT', false],
    ],
  );
  t.is((await bench.messages('dingtalk', 'staff02', GROUP_ID)).length, 1);
  t.is((await bench.messages('dingtalk', 'staff03', GROUP_ID)).length, 0);
  const again = await bench.ding('POST', 'card/instances/createAndDeliver', dingCard(bench, 'c1'));
  t.like(again, { status: 400, json: { code: 'param.cardAlreadyExist' } });
});

test('updates: what is refused, and what replaces instead of merging', async (t) => {
  const bench = await startBench(t);
  const update = (body: Json): Promise<{ status: number; json: Json }> => bench.ding('PUT', 'card/instances', body);
  await bench.ding('POST', 'card/instances/createAndDeliver', dingCard(bench, 'c1'));
  t.is((await update({ cardData: {} })).json.code, 'param.outTrackIdEmpty');
  t.is((await update({ outTrackId: 'c1' })).json.code, 'param.cardDataAndPrivateDataBothEmpty');
  t.is((await update({ outTrackId: 'c2', cardData: { cardParamMap: {} } })).json.code, 'param.cardNotExist');
  t.is((await update({ outTrackId: 'c1', cardData: { cardParamMap: { n: 1 } } })).json.code, 'param.invalid');
  t.is(
    (await update({ outTrackId: 'c1', privateData: { staff99: { cardParamMap: {} } } })).json.code,
    'param.userIdNotExist',
  );
  const map = async (): Promise<Json> => (await bench.lastMessage('dingtalk', 'staff01')).card?.cardParamMap as Json;
  const byKey = { cardUpdateOptions: { updateCardDataByKey: true } };
  await update({ outTrackId: 'c1', cardData: { cardParamMap: { tone: 'good' } }, ...byKey });
  t.like(await map(), { title: '请确认', tone: 'good' });
  await update({ outTrackId: 'c1', cardData: { cardParamMap: { tone: 'bad' } } });
  t.deepEqual(await map(), { tone: 'bad' });
});

test('downloads and uploads: codes, robots, kinds, sizes', async (t) => {
  const bench = await startBench(t);
  const { robotCode } = bench.access.dingtalk;
  const download = async (body: Json): Promise<unknown> =>
    (await bench.ding('POST', 'robot/messageFiles/download', body)).json.code;
  t.is(await download({ downloadCode: '', robotCode }), 'invalidParameter.robotCode.empty');
  t.is(await download({ downloadCode: 'x', robotCode: 'other' }), 'invalidParameter.robotCode.auth');
  t.is(await download({ downloadCode: 'x', robotCode }), 'invalidParameter.robotCode.downloadCode');
  const upload = (type: string | undefined, name: string, bytes = Buffer.from('12345678')): Promise<Json> => {
    const form = new FormData();
    form.set('media', new Blob([bytes]), name);
    return bench.oapi('POST', 'media/upload', form, type === undefined ? {} : { type });
  };
  t.is((await upload(undefined, 'a.pdf')).errcode, 40004);
  t.is((await upload('file', 'a.exe')).errcode, 40005);
  t.is((await upload('voice', 'a.amr', Buffer.alloc(2 * 1024 * 1024 + 1))).errcode, 40006);
  const done = await upload('file', '报价单.pdf');
  t.like(done, { errcode: 0, type: 'file' });
  const msgParam = JSON.stringify({ mediaId: done.media_id, fileName: '报价单.pdf', fileType: 'pdf' });
  await bench.ding('POST', 'robot/oToMessages/batchSend', send(bench, { msgKey: 'sampleFile', msgParam }));
  t.like(await bench.lastMessage('dingtalk', 'staff01'), { kind: 'file', name: '报价单.pdf', bytes: 8 });
});

test('login: a code for the person of the phone, once', async (t) => {
  const bench = await startBench(t);
  const { oapiBase, clientId } = bench.access.dingtalk;
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: 'http://127.0.0.1:9/m/login', state: 's1' });
  const page = `${oapiBase}/connect/authorize?${query.toString()}`;
  t.regex(await (await fetch(page)).text(), /代表甲/);
  const response = await fetch(`${page}&sandbox_user=staff01`, { redirect: 'manual' });
  const back = new URL(response.headers.get('location') ?? '');
  t.is(back.searchParams.get('state'), 's1');
  const redeem = (): Promise<Json> =>
    bench.oapi('POST', 'topapi/v2/user/getuserinfo', { code: back.searchParams.get('code') });
  t.like(await redeem(), { errcode: 0, result: { userid: 'staff01', name: '代表甲' } });
  t.is((await redeem()).errcode, 40078);
});

test('a work notification says success whatever becomes of it; its result tells', async (t) => {
  const bench = await startBench(t);
  const { agentId, oapiBase } = bench.access.dingtalk;
  const token = await bench.dingToken();
  const ask = async (what: string, body: Json): Promise<Json> => {
    const url = `${oapiBase}/topapi/message/corpconversation/${what}?access_token=${token}`;
    return (await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).json()) as Json;
  };
  const msg = { msgtype: 'text', text: { content: '城东医院今天到期' } };
  const good: Json = { agent_id: Number(agentId), userid_list: 'staff01,staff99', msg };
  const resultOf = async (body: Json): Promise<Json> => {
    const { task_id } = await ask('asyncsend_v2', body);
    return (await ask('getsendresult', { agent_id: Number(agentId), task_id })).send_result as Json;
  };
  t.like(await resultOf(good), { invalid_user_id_list: ['staff99'], forbidden_user_id_list: [] });
  t.like(await bench.lastMessage('dingtalk', 'staff01'), { title: '工作通知', text: '城东医院今天到期' });
  t.like(await resultOf(good), { forbidden_user_id_list: ['staff01'] }, 'the same once a day');
  const card = { title: '到期', markdown: '城东医院', btn_orientation: '0', btn_json_list: [{ title: '打开' }] };
  for (const [name, change] of [
    ['nobody', { userid_list: '' }],
    ['too many', { userid_list: Array.from({ length: 101 }, (_, n) => `s${n}`).join() }],
    ['too large', { msg: { msgtype: 'text', text: { content: '长'.repeat(700) } } }],
    ['another kind', { msg: { msgtype: 'feedCard' } }],
    ['a button without address', { msg: { msgtype: 'action_card', action_card: card } }],
  ] as const) {
    t.is((await ask('asyncsend_v2', { ...good, ...change })).errcode, 400_002, name);
  }
  t.is((await ask('getsendresult', { agent_id: Number(agentId), task_id: 1 })).errcode, 400_002);
  t.is((await ask('asyncsend_v2', { ...good, agent_id: 1 })).errcode, 41_020, 'another app');
  t.is((await ask('getsendresult', { agent_id: 1, task_id: 1 })).errcode, 41_020);
});

test('what the app was not granted is refused by the name of the permission point, and nothing else is', async (t) => {
  const bench = await startBench(t);
  const member = () => bench.oapi('POST', 'topapi/v2/user/get', { userid: 'staff01' });
  const card = async () => (await bench.ding('PUT', 'card/instances', {})).json;
  await bench.control('PUT', 'faults', { dingtalk: { missingScopes: ['qyapi_get_member', 'Card.Instance.Write'] } });
  t.like(await member(), { errcode: 88, sub_code: '60011', sub_msg: '应用尚未开通所需的权限：[qyapi_get_member]' });
  t.like(await card(), {
    code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
    accessdenieddetail: { requiredScopes: ['Card.Instance.Write'] },
  });
  t.is((await bench.oapi('POST', 'topapi/v2/department/listsub', { dept_id: 1 })).errcode, 0);
  await bench.control('PUT', 'faults', { dingtalk: { missingScopes: [] } });
  t.is((await member()).errcode, 0);
  t.is((await card()).code, 'param.outTrackIdEmpty');
});

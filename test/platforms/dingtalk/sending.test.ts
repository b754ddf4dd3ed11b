import test, { type ExecutionContext } from 'ava';
import { AppError, FixedClock, PlatformRefusedError, PlatformUnreachableError } from '../../../src/core/index.js';
import type { Intake } from '../../../src/platforms/contract.js';
import { createDingtalkAdapter, type DingtalkSettings } from '../../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { checklistCard } from '../../contracts/samples.js';
import { memoryLog } from './harness.js';
import { frame, ROBOT, robotMessage, startVendor, type Answers } from './vendor.js';

const rep = { kind: 'person', userId: 'staff0101' } as const;
const group = { kind: 'group', chatId: 'cidQ1wExampleGroupChat77bB==' } as const;
const stored: Intake = () => Promise.resolve({ duplicate: false });
const ok = { processQueryKey: 'pqk-EXAMPLE-0001', invalidStaffIdList: [], flowControlledStaffIdList: [] };
const delivered = (success: boolean) => ({
  success: true,
  result: {
    outTrackId: 'card_1',
    deliverResults: [{ success, carrierId: success ? 'c-1' : '', errorMsg: 'SYSTEM_ERROR' }],
  },
});

async function setUp(
  t: ExecutionContext,
  answers: Answers,
  settings: Partial<DingtalkSettings> = {},
  intake = stored,
  callMs = 5_000,
) {
  const vendor = await startVendor(answers);
  const clock = new FixedClock('2025-10-09T08:00:00Z');
  const { log, lines } = memoryLog();
  const metered: string[] = [];
  const adapter = createDingtalkAdapter({
    settings: { ...vendor.settings, ...settings },
    clock,
    log,
    intake,
    tokens: memoryTokenStore(),
    meter: ({ api, counted }) => void (counted && metered.push(api)),
    timings: { callMs, noticeLookMs: 1 },
  });
  t.teardown(async () => {
    await adapter.stop();
    await vendor.close();
  });
  const send = (
    body: Parameters<typeof adapter.deliver>[0]['body'],
    to: typeof rep | typeof group = rep,
    insist = false,
  ) => adapter.deliver({ key: 'k', to, body, ...(insist ? { insist } : {}) });
  const calls = (path: string) => vendor.asked.filter((asked) => asked.path.endsWith(path));
  return { vendor, adapter, clock, lines, metered, send, calls };
}

const only =
  (path: string, json: unknown, status = 200): Answers =>
  (asked) =>
    asked.path.endsWith(path) ? { status, json } : undefined;

test('a text goes to one person with the robot named, and is metered once', async (t) => {
  const { send, calls, metered } = await setUp(t, only('batchSend', ok));
  t.deepEqual(await send({ kind: 'text', text: '收到' }), { messageId: 'pqk-EXAMPLE-0001', how: 'sent' });
  const [call] = calls('batchSend');
  t.deepEqual(call?.body, {
    robotCode: 'dingappkey0000000001',
    userIds: ['staff0101'],
    msgKey: 'sampleText',
    msgParam: '{"content":"收到"}',
  });
  t.is(call?.headers['x-acs-dingtalk-access-token'], 'token-1');
  t.deepEqual(metered, ['robot/oToMessages/batchSend']);
});

test('HTTP 200 that reached nobody is a refusal; flow control may be tried later', async (t) => {
  const invalid = await setUp(t, only('batchSend', { ...ok, invalidStaffIdList: ['staff0101'] }));
  const gone = await t.throwsAsync(invalid.send({ kind: 'text', text: '1' }), { code: 'dingtalk.recipient_unknown' });
  t.false(gone instanceof AppError && gone.retryable);
  const held = await setUp(t, only('batchSend', { ...ok, flowControlledStaffIdList: ['staff0101'] }));
  const later = await t.throwsAsync(held.send({ kind: 'text', text: '1' }), { instanceOf: PlatformRefusedError });
  t.true(later instanceof AppError && later.retryable && later.details['retryAfterMs'] === 60_000);
});

test('an answer without the fields it must have is not taken for success', async (t) => {
  const { send } = await setUp(t, only('batchSend', { success: true }));
  await t.throwsAsync(send({ kind: 'text', text: '1' }), { instanceOf: PlatformUnreachableError });
});

test('a card that exists already was sent by an earlier try', async (t) => {
  const { send } = await setUp(t, only('createAndDeliver', { code: 'param.cardAlreadyExist', message: '' }, 400));
  const receipt = await send({ kind: 'card', cardId: 'card_1' as never, card: checklistCard() });
  t.deepEqual(receipt, { how: 'sent' });
});

test('a delivery that failed inside a success is refused, and the next try delivers the card that exists', async (t) => {
  const { send, calls } = await setUp(t, ({ path }) => {
    if (path.endsWith('/createAndDeliver')) return { json: delivered(false) };
    if (path.endsWith('/instances/deliver'))
      return { json: { success: true, result: [{ success: true, carrierId: 'c-2' }] } };
    return undefined;
  });
  const body = { kind: 'card', cardId: 'card_1' as never, card: checklistCard() } as const;
  const error = await t.throwsAsync(send(body), { code: 'dingtalk.card_not_delivered' });
  t.true(error instanceof AppError && error.retryable);
  t.deepEqual(await send(body), { messageId: 'c-2', how: 'sent' });
  t.is(calls('/createAndDeliver').length, 1);
});

test('an update changes by key, and a card the vendor does not know is shown anew', async (t) => {
  const { send, calls } = await setUp(t, ({ method, path, body }) => {
    if (method === 'PUT' && path.endsWith('/card/instances')) {
      return body['outTrackId'] === 'card_1'
        ? { json: { success: true, result: true } }
        : { status: 400, json: { code: 'param.cardNotExist' } };
    }
    return path.endsWith('/createAndDeliver') ? { json: delivered(true) } : undefined;
  });
  const update = (cardId: string) =>
    send({ kind: 'card-update', cardId: cardId as never, card: checklistCard(), handles: [] });
  t.deepEqual(await update('card_1'), { how: 'updated' });
  t.deepEqual(calls('/card/instances')[0]?.body['cardUpdateOptions'], {
    updateCardDataByKey: true,
    updatePrivateDataByKey: true,
  });
  t.deepEqual(await update('card_2'), { messageId: 'c-1', how: 'replaced' });
});

test('without a template a card is an action card, and its change a new message', async (t) => {
  const answers: Answers = ({ path }) => {
    if (path.endsWith('/batchSend')) return { json: ok };
    return path.endsWith('/groupMessages/send') ? { json: { processQueryKey: 'g-1' } } : undefined;
  };
  const { send, calls, adapter } = await setUp(t, answers, { cardTemplateId: '' });
  t.false(adapter.capabilities.choices.single);
  t.false(adapter.capabilities.groupCards);
  await send({ kind: 'card', cardId: 'card_1' as never, card: checklistCard() });
  t.is(calls('/batchSend')[0]?.body['msgKey'], 'sampleActionCard3');
  const change = {
    kind: 'card-update',
    cardId: 'card_1' as never,
    card: checklistCard({ closed: '已提交' }),
    handles: [],
  } as const;
  t.is((await send(change)).how, 'replaced');
  t.is((await send({ kind: 'card', cardId: 'card_g' as never, card: checklistCard() }, group)).messageId, 'g-1');
});

test('files are uploaded and named; what DingTalk does not take is refused before any upload', async (t) => {
  const { send, calls } = await setUp(t, ({ path }) => {
    if (path === '/media/upload') return { json: { errcode: 0, media_id: '@lAzEXAMPLE', type: 'file' } };
    return path.endsWith('/batchSend') ? { json: ok } : undefined;
  });
  await send({ kind: 'file', name: '周报.pdf', bytes: Buffer.from('%PDF') });
  const [upload] = calls('/media/upload');
  t.is(upload?.query.get('type'), 'file');
  t.is(upload?.query.get('access_token'), 'token-1');
  t.true(upload?.raw.includes('name="media"; filename="周报.pdf"'));
  t.true(upload?.raw.includes('name="type"\r\n\r\nfile'));
  t.is(
    calls('/batchSend')[0]?.body['msgParam'],
    JSON.stringify({ mediaId: '@lAzEXAMPLE', fileName: '周报.pdf', fileType: 'pdf' }),
  );
  await t.throwsAsync(send({ kind: 'file', name: 'a.csv', bytes: Buffer.from('1') }), { code: 'media.type_refused' });
  await t.throwsAsync(send({ kind: 'file', name: 'a.pdf', bytes: new Uint8Array(20 * 1024 * 1024 + 1) }), {
    code: 'media.too_large',
  });
  t.is(calls('/media/upload').length, 1);
});

test('a ban of our address stops every call for five minutes', async (t) => {
  let banned = true;
  const { send, adapter, vendor, clock } = await setUp(t, ({ path }) => {
    if (!path.endsWith('/batchSend')) return undefined;
    return banned ? { json: { status: 1111, wait: 5, source: 'x5', punish: 'deny' } } : { json: ok };
  });
  await t.throwsAsync(send({ kind: 'text', text: '1' }), { code: 'dingtalk.address_banned' });
  banned = false;
  const calls = vendor.asked.length;
  clock.advance(299_000);
  const error = await t.throwsAsync(send({ kind: 'text', text: '2' }), { code: 'dingtalk.address_banned' });
  t.true(error instanceof AppError && error.details['retryAfterMs'] === 1_000);
  t.is(vendor.asked.length, calls, 'not called');
  t.true(adapter.health().detail.includes(new Date(clock.now().getTime() + 1_000).toISOString()));
  clock.advance(1_000);
  t.is((await send({ kind: 'text', text: '3' })).how, 'sent');
  t.false(adapter.health().detail.includes('blocked'));
});

test('an address that is still blocked after its time is left alone for longer each time, and at once when it is free', async (t) => {
  let banned = true;
  const { send, clock, calls } = await setUp(t, ({ path }) => {
    // The test is longer than a token's two hours.
    if (path.endsWith('/accessToken')) return { json: { accessToken: 'a-token-of-a-day', expireIn: 86_400 } };
    if (!path.endsWith('/batchSend')) return undefined;
    return banned ? { text: '<!DOCTYPE html><html>…' } : { json: ok };
  });
  const waits = async (text: string): Promise<unknown> => {
    const error = await t.throwsAsync(send({ kind: 'text', text }), { code: 'dingtalk.address_banned' });
    return error instanceof AppError ? error.details['retryAfterMs'] : null;
  };
  // Those that were under way at the same time met one and the same block.
  t.deepEqual(await Promise.all(['1', '2', '3'].map(waits)), [300_000, 300_000, 300_000]);
  for (const minutes of [5, 10, 20, 40, 60]) {
    clock.advance(minutes * 60_000 - 1);
    const asked = calls('/batchSend').length;
    t.is(await waits('too early'), 1);
    t.is(calls('/batchSend').length, asked);
    clock.advance(1);
    t.is(await waits('again'), Math.min(minutes * 2, 60) * 60_000);
    t.is(calls('/batchSend').length, asked + 1);
  }
  banned = false;
  clock.advance(3_600_000);
  t.is((await send({ kind: 'text', text: 'free' })).how, 'sent');
  banned = true;
  t.is(await waits('the next one'), 300_000, 'counted from the beginning');
});

test('wrong credentials are told by name and not asked about again and again', async (t) => {
  const refused = only('/accessToken', { code: 'invalidClientIdOrSecret', message: '无效的clientId' }, 400);
  const { send, adapter, lines, calls } = await setUp(t, refused);
  for (let round = 0; round < 3; round += 1) {
    await t.throwsAsync(send({ kind: 'text', text: '1' }), { code: 'dingtalk.credentials_refused' });
  }
  t.is(calls('/accessToken').length, 1);
  t.true(adapter.health().detail.includes('credentials'));
  t.true(lines.join('').includes('DINGTALK_CLIENT_ID'));
});

test('no answer and a cut line are unreachable, never a refusal', async (t) => {
  const { send, vendor } = await setUp(t, () => undefined, {}, stored, 300);
  for (const how of ['hang', 'cut'] as const) {
    vendor.answers = ({ path }) => (path.endsWith('/batchSend') ? how : undefined);
    await t.throwsAsync(send({ kind: 'text', text: '1' }), { code: 'dingtalk.unreachable' });
  }
});

test('people outside the company are answered where they wrote, as long as that lives', async (t) => {
  const seen: string[] = [];
  const { send, vendor, adapter, clock, calls } = await setUp(
    t,
    only('/robot/sendBySession', { errcode: 0, errmsg: 'ok' }),
    {},
    (event) => {
      seen.push(event.from);
      return Promise.resolve({ duplicate: false });
    },
  );
  await adapter.start();
  const message = robotMessage({
    senderStaffId: '',
    sessionWebhook: `${vendor.base}/robot/sendBySession?session=s-1`,
    sessionWebhookExpiredTime: clock.now().getTime() + 90 * 60_000,
  });
  vendor.push(0, frame('CALLBACK', ROBOT, message));
  await vendor.until(() => seen.length === 1);
  const outsider = { kind: 'person', userId: seen[0] ?? '' } as never;
  await send({ kind: 'text', text: '请联系管理员' }, outsider);
  await send({ kind: 'card', cardId: 'card_1' as never, card: checklistCard() }, outsider);
  const bodies = calls('/robot/sendBySession').map(({ body }) => body);
  t.deepEqual(bodies[0], { msgtype: 'text', text: { content: '请联系管理员' } });
  t.is(bodies[1]?.['msgtype'], 'markdown');
  clock.advance(90 * 60_000);
  await t.throwsAsync(send({ kind: 'text', text: '1' }, outsider), { code: 'dingtalk.recipient_unknown' });
});

test('words to somebody who wrote a moment ago go back the same way and cost no call of the API; when that is gone, by it', async (t) => {
  let gone = false;
  const { send, vendor, adapter, clock, calls, metered } = await setUp(t, ({ path }) => {
    if (path.endsWith('batchSend')) return { json: ok };
    if (!path.endsWith('/robot/sendBySession')) return undefined;
    return { json: gone ? { errcode: 300_001, errmsg: 'session 不存在' } : { errcode: 0, errmsg: 'ok' } };
  });
  await adapter.start();
  const wrote = (change: Record<string, unknown>) =>
    robotMessage({
      sessionWebhook: `${vendor.base}/robot/sendBySession?session=s-1`,
      sessionWebhookExpiredTime: clock.now().getTime() + 90 * 60_000,
      ...change,
    });
  // What was said in a group is no way to their own chat.
  vendor.push(0, frame('CALLBACK', ROBOT, wrote({ conversationType: '2', isInAtList: true })));
  await vendor.until(() => vendor.acks.length === 1);
  await send({ kind: 'text', text: '1' });
  t.deepEqual([calls('sendBySession').length, calls('batchSend').length, metered.length], [0, 1, 1]);
  const worthNoCall = { key: 'w', to: rep, body: { kind: 'text', text: '收到' }, onlyAsAnswer: true } as const;
  t.deepEqual(await adapter.deliver(worthNoCall), { how: 'left-out' });
  vendor.push(0, frame('CALLBACK', ROBOT, wrote({ msgId: 'm2' })));
  await vendor.until(() => vendor.acks.length === 2);
  t.deepEqual(await send({ kind: 'text', text: '2' }), { how: 'sent' });
  t.deepEqual(calls('sendBySession')[0]?.body, { msgtype: 'text', text: { content: '2' } });
  t.is(metered.length, 1, 'no call of the month');
  gone = true;
  await send({ kind: 'text', text: '3' });
  await send({ kind: 'text', text: '4' });
  t.deepEqual([calls('sendBySession').length, calls('batchSend').length], [2, 3], 'asked once, then known');
  gone = false;
  vendor.push(0, frame('CALLBACK', ROBOT, wrote({ msgId: 'm3' })));
  await vendor.until(() => vendor.acks.length === 3);
  clock.advance(90 * 60_000);
  await send({ kind: 'text', text: '5' });
  t.is(calls('sendBySession').length, 2, 'its time is over');
});

test('the last step of an escalation is a DING too where that is switched on; what fails there costs the message nothing', async (t) => {
  let answer: { status?: number; json: unknown } = { json: { openDingId: 'ding-EXAMPLE-0001' } };
  const answers: Answers = ({ path }) =>
    path.endsWith('/ding/send') ? answer : path.endsWith('createAndDeliver') ? { json: delivered(true) } : undefined;
  const card = { kind: 'card', cardId: 'card_1' as never, card: checklistCard() } as const;
  const off = await setUp(t, answers);
  await off.send(card, rep, true);
  t.is(off.calls('/ding/send').length, 0);
  const { send, calls, lines } = await setUp(t, answers, { ding: 'app' });
  await send(card, rep, false);
  await send(card, group, true);
  t.is(calls('/ding/send').length, 0, 'nothing insists, or on nobody in particular');
  await send(card, rep, true);
  t.deepEqual(calls('/ding/send')[0]?.body, {
    robotCode: 'dingappkey0000000001',
    remindType: 1,
    receiverUserIdList: ['staff0101'],
    content: checklistCard().summary,
  });
  answer = { json: { openDingId: 'd', failedList: { 'staffId.notExisted': ['staff0101'] } } };
  t.like(await send(card, rep, true), { how: 'sent' });
  answer = { status: 400, json: { code: 'ding.serverquota.insufficient', message: '额度不足' } };
  t.like(await send(card, rep, true), { how: 'sent' });
  t.regex(lines.join(''), /did not reach[^]*dingtalk\.ding_not_bought/);
});

test('the record of an official check-in is the nearest of that person, with its datum', async (t) => {
  const record = (checkin_time: number, more: Record<string, unknown> = {}) => ({
    userid: 'staff0101',
    checkin_time,
    latitude: '31.2304',
    longitude: '121.4737',
    place: '人民广场',
    detail_place: '',
    ...more,
  });
  const AT = new Date('2025-10-09T08:00:00Z');
  let page: unknown[] = [];
  const { adapter, calls, metered } = await setUp(t, ({ path }) =>
    path.endsWith('/checkin/record/get')
      ? { json: { errcode: 0, result: { next_cursor: null, page_list: page } } }
      : undefined,
  );
  t.is(await adapter.readCheckIn!('staff0101', AT), null);
  t.deepEqual(calls('/checkin/record/get')[0]?.body, {
    userid_list: 'staff0101',
    start_time: AT.getTime() - 60_000,
    end_time: AT.getTime() + 60_000,
    cursor: 0,
    size: 100,
  });
  t.is(metered.length, 1);
  page = [
    record(AT.getTime() - 40_000),
    record(AT.getTime() + 2_000, { place: '', detail_place: '人民大道 1 号' }),
    record(AT.getTime(), { userid: 'staff0102' }),
    record(AT.getTime(), { latitude: '0', longitude: '0' }),
    record(AT.getTime(), { latitude: 'north' }),
    null,
  ];
  t.deepEqual(await adapter.readCheckIn!('staff0101', AT), {
    lat: 31.2304,
    lng: 121.4737,
    datum: 'gcj02',
    at: new Date(AT.getTime() + 2_000),
    label: '人民大道 1 号',
  });
});

test('an answer is never posted to a host that is not the platform', async (t) => {
  const { send, vendor, adapter, calls } = await setUp(t, () => undefined);
  await adapter.start();
  const message = robotMessage({
    senderStaffId: '',
    sessionWebhook: 'http://127.0.0.1:9/steal',
    sessionWebhookExpiredTime: 9e12,
  });
  vendor.push(0, frame('CALLBACK', ROBOT, message));
  await vendor.until(() => vendor.acks.length === 1);
  const outsider = { kind: 'person', userId: '$:LWCP_v1:$UserEncryptedId111' } as never;
  await t.throwsAsync(send({ kind: 'text', text: '1' }, outsider), { code: 'dingtalk.recipient_unknown' });
  t.is(calls('/steal').length, 0);
});

test('settings with blanks are cut, with quotes or nothing in them refused before any call', (t) => {
  const base = {
    clientId: ' ding1 ',
    clientSecret: 's',
    robotCode: 'r',
    corpId: 'c',
    agentId: '1',
    apiBase: 'https://api.dingtalk.com',
    oapiBase: 'https://oapi.dingtalk.com',
    cardTemplateId: '',
    mode: 'stream' as const,
  };
  const { log } = memoryLog();
  const clock = new FixedClock('2025-10-09T08:00:00Z');
  const make = (change: Partial<DingtalkSettings>) =>
    createDingtalkAdapter({ settings: { ...base, ...change }, clock, log, intake: stored, tokens: memoryTokenStore() });
  t.is(
    make({}).loginUrl('https://a.example.com/m/login', 'abc'),
    '/login/dingtalk?redirect=https%3A%2F%2Fa.example.com%2Fm%2Flogin&state=abc',
  );
  t.throws(() => make({ clientSecret: '"s"' }), { code: 'config.invalid' });
  t.throws(() => make({ clientSecret: '  ' }), { code: 'config.invalid' });
  t.throws(() => make({ apiBase: 'api.dingtalk.com' }), { code: 'config.invalid' });
});

const LINKS: Answers = ({ path }) => {
  if (path.endsWith('/batchSend')) return { json: ok };
  if (path.endsWith('/groupMessages/send')) return { json: { processQueryKey: 'g-1' } };
  return undefined;
};
const NO_TEMPLATE = { status: 400, json: { code: 'param.templateUnpublished', message: '模板未发布' } };
const NO_SCOPE = {
  status: 403,
  json: {
    code: 'Forbidden.AccessDenied.AccessTokenPermissionDenied',
    message: '应用尚未开通所需的权限',
    accessdenieddetail: { requiredScopes: ['Card.Instance.Write'] },
  },
};

for (const [name, refusal, code] of [
  ['the template is not published', NO_TEMPLATE, 'dingtalk.template_unknown'],
  ['the permission for cards is missing', NO_SCOPE, 'dingtalk.permission_missing'],
] as const) {
  test(`when ${name}, the card arrives as a message with links, says why, and cards are tried again an hour later`, async (t) => {
    let isMended = false;
    const { send, calls, clock } = await setUp(t, (asked) => {
      if (asked.path.endsWith('/createAndDeliver')) return isMended ? { json: delivered(true) } : refusal;
      return LINKS(asked);
    });
    const card = (cardId: string, to: typeof rep | typeof group = rep) =>
      send({ kind: 'card', cardId: cardId as never, card: checklistCard() }, to);
    const first = await card('card_1');
    t.like(first, { messageId: 'pqk-EXAMPLE-0001', how: 'sent', instead: { as: 'links', code } });
    t.true((first.instead?.todo ?? '').length > 0, 'what to press is told');
    t.is(calls('/batchSend')[0]?.body['msgKey'], 'sampleActionCard3');
    t.like(await card('card_2', group), { messageId: 'g-1', instead: { as: 'links', code } });
    t.is(calls('/createAndDeliver').length, 1, 'no call is spent on what every card would meet');
    isMended = true;
    clock.advance(61 * 60_000);
    t.deepEqual(await card('card_3'), { messageId: 'c-1', how: 'sent' });
  });
}

test('whom the robot does not reach gets a work notification: words and addresses only, within its size', async (t) => {
  const result = { errcode: 0, send_result: { invalid_user_id_list: [], forbidden_user_id_list: [] } };
  const { send, calls, metered } = await setUp(t, ({ path }) => {
    if (path.endsWith('/batchSend')) return { status: 400, json: { code: 'robot.oto.notExist', message: '' } };
    if (path.endsWith('/createAndDeliver')) return { status: 400, json: { code: 'param.userIdNotExist', message: '' } };
    if (path.endsWith('/asyncsend_v2')) return { json: { errcode: 0, task_id: 256271667526 } };
    return path.endsWith('/getsendresult') ? { json: result } : undefined;
  });
  const receipt = await send({ kind: 'text', text: '城东医院今天到期' });
  t.like(receipt, { how: 'sent', instead: { as: 'notice', code: 'dingtalk.robot_may_not_start' } });
  const [asked] = calls('/asyncsend_v2');
  t.like(asked?.body, { agent_id: 1234567890, userid_list: 'staff0101' });
  t.like(calls('/getsendresult')[0]?.body, { agent_id: 1234567890, task_id: 256271667526 });
  t.true(metered.includes('topapi/message/corpconversation/asyncsend_v2'), 'it counts');
  const long = checklistCard({ lines: Array.from({ length: 80 }, (_, n) => ({ text: `第 ${n} 项：还差门牌照片` })) });
  await send({ kind: 'card', cardId: 'card_1' as never, card: long });
  await send({ kind: 'markdown', title: '日报', text: '一'.repeat(3_000) });
  for (const { body } of calls('/asyncsend_v2')) {
    const words = JSON.stringify(body['msg']);
    t.true(Buffer.byteLength(words) <= 2_048, `${Buffer.byteLength(words)} bytes`);
    t.notRegex(words, /dtmd:/, 'a link that speaks would speak to nobody');
    t.regex(words, /工作通知，在这里回复不了/);
  }
});

test('a work notification that reaches nobody either is the refusal of the robot; groups and outsiders get none', async (t) => {
  const { send, calls } = await setUp(t, ({ path }) => {
    if (path.endsWith('/batchSend')) return { json: { ...ok, invalidStaffIdList: ['staff0101'] } };
    if (path.endsWith('/groupMessages/send')) return { status: 400, json: { code: 'bot.stopped', message: '' } };
    if (path.endsWith('/asyncsend_v2')) return { json: { errcode: 0, task_id: 7 } };
    return path.endsWith('/getsendresult')
      ? { json: { errcode: 0, send_result: { forbidden_user_id_list: ['staff0101'] } } }
      : undefined;
  });
  await t.throwsAsync(send({ kind: 'text', text: '1' }), { code: 'dingtalk.recipient_unknown' });
  t.is(calls('/asyncsend_v2').length, 1);
  t.is(calls('/getsendresult').length, 1);
  await t.throwsAsync(send({ kind: 'text', text: '1' }, group), { code: 'dingtalk.robot_stopped' });
  t.is(calls('/asyncsend_v2').length, 1);
});

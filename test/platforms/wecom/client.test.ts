import test from 'ava';
import { AppError, asId, ConfigError, FixedClock, HOUR, type CardId } from '../../../src/core/index.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter } from '../../../src/platforms/wecom/index.js';
import { checklistCard } from '../../contracts/samples.js';
import { memoryLog } from './harness.js';
import { setUp, type Answer } from './vendor.js';

const text = (key = 'k') =>
  ({ key, to: { kind: 'person', userId: '00123' }, body: { kind: 'text', text: '好' } }) as const;
const says = (errcode: number, errmsg = 'x'): Answer => ({ body: { errcode, errmsg } });

/** Number of the vendor, our code, may help later. */
const REFUSALS: [number, string, boolean][] = [
  [-1, 'wecom.busy', true],
  [45033, 'wecom.busy', true],
  [45009, 'wecom.rate_limited', true],
  [40001, 'wecom.secret_refused', false],
  [40013, 'wecom.not_set_up', false],
  [40056, 'wecom.not_set_up', false],
  [301002, 'wecom.not_set_up', false],
  [43012, 'wecom.not_set_up', false],
  [48002, 'wecom.not_set_up', false],
  [50003, 'wecom.not_set_up', false],
  [40003, 'wecom.recipient_unknown', false],
  [46004, 'wecom.recipient_unknown', false],
  [60111, 'wecom.recipient_unknown', false],
  [81013, 'wecom.recipient_unknown', false],
  [50002, 'wecom.recipient_unknown', false],
  [60011, 'wecom.recipient_unknown', false],
  [86003, 'wecom.chat_unknown', false],
  [86008, 'wecom.chat_unknown', false],
  [41001, 'wecom.message_invalid', false],
  [40008, 'wecom.message_invalid', false],
  [40058, 'wecom.message_invalid', false],
  [42045, 'wecom.message_invalid', false],
  [44004, 'wecom.message_invalid', false],
  [45002, 'wecom.message_invalid', false],
  [999999, 'wecom.message_invalid', false],
];
for (const [errcode, code, retryable] of REFUSALS) {
  test(`${errcode} is ${code}${retryable ? ', later' : ''}`, async (t) => {
    const { adapter, calls } = await setUp(t, { 'message/send': says(errcode) });
    const error = await t.throwsAsync(adapter.deliver(text()), { instanceOf: AppError, code });
    t.is(error instanceof AppError && error.retryable, retryable);
    t.is(error instanceof AppError && error.details['retryAfterMs'] !== undefined, retryable);
    t.deepEqual(calls.at(-1), { api: 'message/send', ok: false });
  });
}

test('an address that is not allowed is named for the administrator', async (t) => {
  const words = 'not allow to access from your ip, hint: [1_2_3], from ip: 203.0.113.10, more info at https://x';
  const { adapter } = await setUp(t, { 'message/send': says(60020, words) });
  const error = await t.throwsAsync(adapter.deliver(text()), { instanceOf: AppError, code: 'wecom.not_set_up' });
  t.like(error, { details: { errcode: 60020, seenIp: '203.0.113.10' } });
});

test('a token that is refused in mid-call is renewed once and the call made once more', async (t) => {
  for (const errcode of [40014, 42001]) {
    let sends = 0;
    const { adapter, asked } = await setUp(t, {
      'message/send': () => says((sends += 1) === 1 ? errcode : 0),
    });
    t.like(await adapter.deliver(text()), { how: 'sent' });
    t.deepEqual(
      asked.map(({ api }) => api),
      ['gettoken', 'message/send', 'gettoken', 'message/send'],
    );
    t.is(asked[1]?.body, asked[3]?.body, 'the same bytes');
  }
});

test('a wrong secret is asked once, told once, and seen in health', async (t) => {
  const { adapter, asked, lines } = await setUp(t, { gettoken: says(40001) });
  for (let count = 0; count < 5; count += 1) {
    await t.throwsAsync(adapter.deliver(text()), { code: 'wecom.secret_refused' });
  }
  t.is(asked.length, 1);
  t.is(lines.filter((line) => line.includes('"alert":true')).length, 1);
  t.true(adapter.health().detail.includes('secret refused'));
});

test('no answer, an answer of somebody else and a broken one are unclear, not refused', async (t) => {
  const cases: [Answer, string][] = [
    ['hang', 'wecom.timeout'],
    ['cut', 'wecom.unreachable'],
    [{ status: 502, body: 'Bad Gateway' }, 'wecom.http_status'],
    [{ status: 307, headers: { location: '/cgi-bin/elsewhere' }, body: '' }, 'wecom.unreachable'],
    [{ body: '<html>login</html>' }, 'wecom.answer_unreadable'],
    [{ body: 'null' }, 'wecom.answer_unreadable'],
    [{ body: { errmsg: 'ok' } }, 'wecom.answer_unreadable'],
    [{ body: { errcode: '0' } }, 'wecom.answer_unreadable'],
  ];
  for (const [answer, code] of cases) {
    const answers = { 'message/send': answer, elsewhere: says(0) };
    const { adapter } = await setUp(t, answers, {}, answer === 'hang' ? 500 : undefined);
    const error = await t.throwsAsync(adapter.deliver(text()), { code });
    t.true(error instanceof AppError && error.retryable, code);
  }
});

test('an answer without a token is no token', async (t) => {
  const { adapter } = await setUp(t, { gettoken: { body: { errcode: 0, errmsg: 'ok' } } });
  await t.throwsAsync(adapter.deliver(text()), { code: 'wecom.answer_unreadable' });
});

test('errcode 0 that reached nobody is a refusal; others in the list do not matter', async (t) => {
  const answer = (fields: object): Answer => ({ body: { errcode: 0, errmsg: 'ok', msgid: 'm', ...fields } });
  const card = { ...text(), body: { kind: 'text', text: 'x' }, to: { kind: 'person', userId: 'ZhangSan' } } as const;
  for (const [fields, code] of [
    [{ invaliduser: 'zhangsan' }, 'wecom.recipient_unknown'],
    [{ invaliduser: ['zhangsan'] }, 'wecom.recipient_unknown'],
    [{ unlicenseduser: 'zhangsan' }, 'wecom.recipient_unlicensed'],
  ] as const) {
    const { adapter } = await setUp(t, { 'message/send': answer(fields) });
    await t.throwsAsync(adapter.deliver(card), { code });
  }
  const { adapter } = await setUp(t, { 'message/send': answer({ invaliduser: 'lisi|wangwu', invalidparty: '7' }) });
  t.like(await adapter.deliver(card), { how: 'sent', messageId: 'm' });
});

test('a download: refusals in JSON, JSON files, size told or not, names in UTF-8', async (t) => {
  const media = { platform: 'wecom', handle: 'm1' } as const;
  const file = (body: string | Buffer, name: string, headers = {}): Answer => ({
    headers: { 'content-disposition': `attachment; filename="${Buffer.from(name).toString('latin1')}"`, ...headers },
    body,
  });
  const get = async (answer: Answer) => (await setUp(t, { 'media/get': answer })).adapter.fetchMedia(media);
  await t.throwsAsync(get(says(40007)), { code: 'media.gone' });
  await t.throwsAsync(get(says(830002)), { code: 'media.too_large' });
  t.like(await get(file('{"errcode":40007}', '数据.json')), { name: '数据.json' });
  await t.throwsAsync(get(file(Buffer.alloc(1_001), 'a')), { code: 'media.too_large', message: /1000/ });
  t.is((await get(file(Buffer.alloc(1_000), 'a'))).bytes.length, 1_000);
  await t.throwsAsync(get(file(Buffer.alloc(2_000), 'a', { 'transfer-encoding': 'chunked' })), {
    code: 'media.too_large',
  });
});

test('an upload that expired is made again, and a picture that is none goes as a file', async (t) => {
  let uploads = 0;
  let sends = 0;
  const { adapter, asked } = await setUp(t, {
    'media/upload': () => ({ body: { errcode: 0, errmsg: '', type: 'image', media_id: `m${(uploads += 1)}` } }),
    'message/send': () => says((sends += 1) === 1 ? 40007 : 0),
  });
  const to = { kind: 'person', userId: 'a' } as const;
  const body = { kind: 'image', name: '图.webp', bytes: Buffer.from('RIFF0000WEBP') } as const;
  await adapter.deliver({ key: 'k', to, body });
  t.is(uploads, 2);
  const uploaded = asked.find(({ api }) => api === 'media/upload');
  t.is(uploaded?.query.get('type'), 'file');
  t.true(uploaded?.body.includes('图.webp'));
  t.true(asked.at(-1)?.body.includes('"media_id":"m2"'));
});

test('a repetition of a file delivery sends the same bytes', async (t) => {
  let uploads = 0;
  const { adapter, asked } = await setUp(t, {
    'media/upload': () => ({ body: { errcode: 0, errmsg: '', type: 'file', media_id: `m${(uploads += 1)}` } }),
    'message/send': says(0),
  });
  const delivery = {
    key: 'k',
    to: { kind: 'person', userId: 'a' },
    body: { kind: 'file', name: 'a.pdf', bytes: Buffer.from('%PDF-1.4 x') },
  } as const;
  await adapter.deliver(delivery);
  await adapter.deliver(delivery);
  const sent = asked.filter(({ api }) => api === 'message/send').map(({ body }) => body);
  t.is(sent[0], sent[1]);
  await t.throwsAsync(adapter.deliver({ ...delivery, body: { ...delivery.body, bytes: Buffer.alloc(3) } }), {
    code: 'wecom.message_invalid',
  });
});

test('a card that is not changed because we are too fast is not sent anew', async (t) => {
  const { adapter, asked } = await setUp(t, { 'message/update_template_card': says(45009), 'message/send': says(0) });
  const body = { kind: 'card-update', cardId: asId<CardId>('c'), card: checklistCard(), handles: ['h'] } as const;
  await t.throwsAsync(adapter.deliver({ ...text(), body }), { code: 'wecom.rate_limited' });
  t.false(asked.some(({ api }) => api === 'message/send'));
});

test('who is missing in a group is added, whatever the case of the ids', async (t) => {
  const info = { chatid: 'g1', name: '一组', owner: 'Lead', userlist: ['lead', 'a', 'guest'] };
  const { adapter, asked } = await setUp(t, {
    'appchat/get': { body: { errcode: 0, errmsg: 'ok', chat_info: info } },
    'appchat/update': says(0),
  });
  await adapter.ensureGroup({ chatId: 'g1', name: '一组', ownerUserId: 'Lead', memberUserIds: ['A', 'b'] });
  t.deepEqual(JSON.parse(asked.at(-1)?.body ?? '{}'), { chatid: 'g1', add_user_list: ['b'] });
});

test('the login page is the vendor’s own, or the stand-in’s', async (t) => {
  const { adapter } = await setUp(t, {}, { apiBase: 'https://qyapi.weixin.qq.com/' });
  const url = new URL(adapter.loginUrl('https://s.example.com/m/login?x=1', 'abc'));
  t.is(url.origin + url.pathname + url.hash, 'https://open.weixin.qq.com/connect/oauth2/authorize#wechat_redirect');
  t.deepEqual(Object.fromEntries(url.searchParams), {
    appid: 'ww1',
    redirect_uri: 'https://s.example.com/m/login?x=1',
    response_type: 'code',
    scope: 'snsapi_base',
    state: 'abc',
    agentid: '1000002',
  });
});

test('a visitor from outside the company does not get in', async (t) => {
  const { adapter } = await setUp(t, {
    'auth/getuserinfo': { body: { errcode: 0, errmsg: 'ok', openid: 'o', external_userid: 'e' } },
  });
  await t.throwsAsync(adapter.login('c'), { code: 'login.not_member' });
});

test('settings that cannot work are listed at once and stop the start', (t) => {
  const settings = { corpId: '', agentId: 'x', secret: '', token: '', encodingAesKey: 'short', apiBase: 'ftp://x' };
  const error = t.throws(
    () =>
      createWecomAdapter({
        settings,
        clock: new FixedClock('2026-01-01T00:00:00Z'),
        log: memoryLog().log,
        intake: () => Promise.resolve({ duplicate: false }),
        tokens: memoryTokenStore(),
      }),
    { instanceOf: ConfigError },
  );
  t.is(error instanceof ConfigError ? error.problems.length : 0, 6);
});

test('the token is renewed by the clock that is given', async (t) => {
  const { adapter, asked, clock } = await setUp(t, { 'message/send': says(0) });
  await adapter.deliver(text('1'));
  clock.advance(3 * HOUR);
  await adapter.deliver(text('2'));
  t.is(asked.filter(({ api }) => api === 'gettoken').length, 2);
});

test('neither token nor secret nor text reaches a log line, whatever fails', async (t) => {
  for (const answer of ['cut', says(40058), says(42001), { status: 500, body: '' }] as Answer[]) {
    const { adapter, lines } = await setUp(t, {
      'message/send': answer,
      gettoken: { body: { errcode: 0, access_token: 'the-token', expires_in: 9 } },
    });
    const error = await t.throwsAsync(adapter.deliver(text()));
    const all = `${lines.join('')}${error?.message}${JSON.stringify(error)}`;
    for (const secret of ['the-token', 'the-secret', '好']) t.false(all.includes(secret), all);
  }
});

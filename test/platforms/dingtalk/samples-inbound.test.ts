import { createHmac } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { FixedClock, silentLog } from '../../../src/core/index.js';
import type { InboundBody, InboundEvent, IntakeResult } from '../../../src/platforms/contract.js';
import { cardApiSecret, EventCrypto } from '../../../src/platforms/dingtalk/callback-crypto.js';
import { createDingtalkAdapter, type DingtalkSettings } from '../../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { checklistCard } from '../../contracts/samples.js';
import { inner, sample, shape, textAt, vector, type Json } from './samples.js';
import { CARD, frame, ROBOT, startVendor, type Vendor } from './vendor.js';

/** The vendor's own payloads through the whole receiver of either mode: what comes in is the same event. */

const AT = new Date(1760000000500);

async function receive(t: ExecutionContext, settings: Partial<DingtalkSettings>, answer?: () => Promise<IntakeResult>) {
  const vendor = await startVendor();
  const events: InboundEvent[] = [];
  const counted: string[] = [];
  const adapter = createDingtalkAdapter({
    settings: { ...vendor.settings, ...settings },
    clock: new FixedClock(settings.mode === 'http' ? AT : '2025-10-09T08:53:20.500Z'),
    log: silentLog,
    tokens: memoryTokenStore(),
    count: (kind, outcome) => counted.push(`${kind} ${outcome}`),
    intake: (event) => {
      events.push(event);
      return answer?.() ?? Promise.resolve({ duplicate: false });
    },
  });
  t.teardown(async () => {
    await adapter.stop();
    await vendor.close();
  });
  await adapter.start();
  return { vendor, adapter, events, counted };
}

async function byStream(t: ExecutionContext, wire: object, answer?: () => Promise<IntakeResult>) {
  const { vendor, events, counted } = await receive(t, {}, answer);
  const { messageId } = (wire as { headers: { messageId: string } }).headers;
  vendor.push(0, wire);
  await vendor.until(() => vendor.acks.some((ack) => ack.messageId === messageId), 'the answer');
  const ack = vendor.wire.find((one) => (one['headers'] as Json)['messageId'] === messageId) ?? {};
  return { events, ack, counted };
}

async function byHttp(
  t: ExecutionContext,
  how: 'message' | 'click',
  body: Json,
  answer?: () => Promise<IntakeResult>,
  change: Partial<DingtalkSettings> = {},
) {
  const { vendor, adapter, events, counted } = await receive(t, { mode: 'http', ...change }, answer);
  const reply = await adapter.callback({
    method: 'POST',
    query: {},
    headers: how === 'message' ? messageHeaders(vendor) : clickHeaders(vendor),
    body: Buffer.from(JSON.stringify(body)),
  });
  return { events, reply, counted };
}

function messageHeaders({ settings }: Vendor) {
  const timestamp = String(AT.getTime());
  const { clientSecret: key } = settings;
  return { timestamp, sign: createHmac('sha256', key).update(`${timestamp}\n${key}`).digest('base64') };
}
function clickHeaders({ settings }: Vendor) {
  const timestamp = String(AT.getTime());
  const sign = createHmac('sha256', cardApiSecret(settings.clientSecret)).update(timestamp).digest('base64');
  return { 'x-ddpaas-signature-timestamp': timestamp, 'x-ddpaas-signature': sign };
}

const media = (handle: string, name?: string) => ({ platform: 'dingtalk' as const, handle, name });
const GROUP = { kind: 'group', id: 'cidQ1wExampleGroupChat77bB==', title: '华东大客户攻坚群' };
const CODE = 'mIofN681YE3f/EXAMPLE+';
const quoted = (said: string) => ({ said, at: new Date(1_759_990_000_000) });

/** What each message says to us; the key is its `msgId`, with the suffix of a further part. */
const MESSAGES: Record<string, [suffix: string, InboundBody][]> = {
  'robot-text': [['', { kind: 'text', text: '今天拜访了甲公司' }]],
  'robot-text-single': [['', { kind: 'text', text: '帮我记一下今天的拜访' }]],
  'robot-picture': [['', { kind: 'image', media: media(`${CODE}picture/code==`) }]],
  'robot-audio': [
    [
      '',
      {
        kind: 'voice',
        media: media(`${CODE}audio/code==`),
        durationMs: 4000,
        transcript: '今天拜访了甲公司，对方下周给答复',
      },
    ],
  ],
  // No item takes a film: answered so, without a call for its file.
  'robot-video': [['', { kind: 'unknown', what: 'video', is: 'video' }]],
  'robot-file': [['', { kind: 'file', media: media(`${CODE}file/code==`, '报价单-甲公司.xlsx') }]],
  'robot-richtext': [
    ['', { kind: 'text', text: '现场照片，客户已签收' }],
    [':part:2', { kind: 'image', media: media(`${CODE}rich/code==`) }],
  ],
  'robot-interactive-card': [
    ['', { kind: 'link', url: 'https://alidocs.dingtalk.com/i/nodes/EXAMPLE', title: undefined }],
  ],
  'robot-action-card': [['', { kind: 'link', url: 'https://example.com/contract/1', title: '合同评审' }]],
  'robot-unknown': [['', { kind: 'unknown', what: 'unknownMsgType' }]],
  'robot-quota-exceeded': [['', { kind: 'unknown', what: 'quota-used-up', is: 'no-content' }]],
  'robot-quote-text': [['', { kind: 'text', text: '这条记到甲公司' }]],
  'robot-quote-picture': [
    [':quoted', { kind: 'image', media: media(`${CODE}quoted/picture==`), quoted: quoted('识别这张名片') }],
  ],
  'robot-quote-file': [
    [':quoted', { kind: 'file', media: media(`${CODE}quoted/file==`, '合同.pdf'), quoted: quoted('归档这份合同') }],
  ],
  'robot-quote-unknown': [['', { kind: 'text', text: '看这个' }]],
  'robot-quote-bot-card': [['', { kind: 'text', text: '改一下金额' }]],
  'robot-quote-id-only': [['', { kind: 'text', text: '跟进一下' }]],
};

for (const [name, expected] of Object.entries(MESSAGES)) {
  test(`${name}: one meaning in both modes`, async (t) => {
    const body = sample(name);
    const wanted = expected.map(([suffix, what]) => ({
      key: `dingtalk:${String(body['msgId'])}${suffix}`,
      platform: 'dingtalk',
      from: 'staff0101',
      chat: body['conversationType'] === '2' ? GROUP : { kind: 'single' },
      sentAt: new Date(1760000000000),
      body: what,
    }));
    const stream = await byStream(t, frame('CALLBACK', ROBOT, body));
    t.deepEqual(stream.events as unknown, wanted);
    t.like(stream.ack, { code: 200, data: '{"response":null}' });
    const http = await byHttp(t, 'message', body);
    t.deepEqual(http.events as unknown, wanted);
    t.deepEqual([http.reply.status, http.reply.body], [200, '{"msgtype":"empty"}']);
    const outcome = name === 'robot-quota-exceeded' ? 'no-content' : 'taken';
    t.deepEqual([stream.counted, http.counted], [[`message ${outcome}`], [`message ${outcome}`]]);
  });
}

test('stream-frame-callback is answered as stream-ack-callback-robot shows', async (t) => {
  const { events, ack } = await byStream(t, sample('stream-frame-callback'));
  t.deepEqual(ack, sample('stream-ack-callback-robot'));
  t.is(events[0]?.key, 'dingtalk:msgExampleGroup0001==' as never);
});

test('stream-frame-system-ping is answered as stream-ack-ping shows', async (t) => {
  const { events, ack } = await byStream(t, sample('stream-frame-system-ping'));
  t.deepEqual(ack, sample('stream-ack-ping'));
  t.is(events.length, 0);
});

for (const name of ['stream-frame-system-connected', 'stream-frame-system-registered']) {
  test(`${name} needs no answer, and no link waits for it`, async (t) => {
    const { vendor, adapter, events } = await receive(t, {});
    t.true(adapter.health().receiving);
    vendor.push(0, sample(name));
    vendor.push(0, sample('stream-frame-system-ping'));
    await vendor.until(() => vendor.acks.length === 1, 'the answer to the ping');
    t.is(vendor.acks[0]?.messageId, 'sys_ping_0001');
    t.is(events.length, 0);
  });
}

test('stream-frame-system-disconnect: a new link, no answer, nothing lost', async (t) => {
  const { vendor, adapter } = await receive(t, {});
  vendor.push(0, sample('stream-frame-system-disconnect'));
  await vendor.until(() => vendor.sockets.length === 2, 'the second link');
  t.deepEqual(vendor.acks, []);
  t.true(adapter.health().receiving);
});

test('stream-frame-event is answered as stream-ack-event-success shows, and as stream-ack-event-later when not stored', async (t) => {
  const { events, ack } = await byStream(t, sample('stream-frame-event'));
  t.like(events[0], {
    key: 'dingtalk:event:evt00000000000000000000000001' as never,
    from: 'staff0101',
    body: { kind: 'checked-in' },
  });
  const success = sample('stream-ack-event-success');
  t.is(shape(ack), shape(success));
  t.is(shape(inner(ack['data'])), shape(inner(success['data'])));
  t.is(inner(ack['data'])['status'], 'SUCCESS');
  const busy = () => Promise.reject(new Error('db busy'));
  const late = await byStream(t, sample('stream-frame-event'), busy);
  const later = sample('stream-ack-event-later');
  t.is(shape(late.ack), shape(later));
  t.is(inner(late.ack['data'])['status'], inner(later['data'])['status']);
});

test('event-robot-msg-recall-data is kept in silence', async (t) => {
  const headers = { eventId: 'e1', eventType: 'robot_msg_recall' };
  const { events } = await byStream(t, frame('EVENT', '*', sample('event-robot-msg-recall-data'), headers));
  t.like(events[0], { from: 'staff0101', body: { kind: 'unknown', what: 'silent:event:robot_msg_recall' } });
});

const withCard = () =>
  Promise.resolve({ duplicate: false, answer: Promise.resolve(checklistCard()), answered: () => Promise.resolve() });
/** Ours changes public data only. */
const answerOf = (name: string) => {
  const { userPrivateData: _, ...rest } = sample(name);
  return rest;
};

test('stream-frame-card-callback is answered in the shape of stream-ack-card-callback', async (t) => {
  const { events, ack } = await byStream(t, sample('stream-frame-card-callback'), withCard);
  t.like(events[0], {
    key: 'dingtalk:press:cb_card_0001' as never,
    body: { kind: 'press', cardId: 'followup-2025-0001-r1' as never, action: 'btn_confirm', choices: {} },
  });
  const wanted = sample('stream-ack-card-callback');
  t.is(shape(ack), shape(wanted));
  const { response } = inner(wanted['data']) as { response: Json };
  const { userPrivateData: _, ...rest } = response;
  t.is(shape(inner(ack['data'])['response'], ['cardParamMap']), shape(rest, ['cardParamMap']));
});

const PRESSES: Record<string, [string, string, Record<string, string[]>]> = {
  'card-callback': ['followup-2025-0001-r1', 'btn_confirm', {}],
  'card-callback-http-legacy-value': ['followup-2025-0001-r1', '1', {}],
  'card-callback-form-submit': [
    'visit-form-0007',
    'form',
    {
      customer: ['甲公司'],
      visit_date: ['2025-10-09'],
      visit_time: ['2025-10-09 14:30'],
      stage: ['proposal'],
      topics: ['price', 'delivery'],
      next_step_needed: [],
      hidden_record_id: ['42'],
    },
  ],
};
for (const [name, [cardId, action, choices]] of Object.entries(PRESSES)) {
  test(`${name}: one press in both modes, answered in the shape of card-callback-response`, async (t) => {
    const press = { kind: 'press', cardId, action, choices };
    const stream = await byStream(t, frame('CALLBACK', CARD, sample(name)), withCard);
    t.deepEqual(stream.events[0]?.body as unknown, press);
    const http = await byHttp(t, 'click', sample(name), withCard);
    t.deepEqual(http.events[0]?.body as unknown, press);
    t.is(http.events[0]?.from, 'staff0101');
    const wanted = shape(answerOf('card-callback-response'), ['cardParamMap']);
    t.is(shape(JSON.parse(http.reply.body), ['cardParamMap']), wanted);
  });
}

test('card-callback-content-parsed is what is inside the click', (t) => {
  t.deepEqual(inner(sample('card-callback')['content']), sample('card-callback-content-parsed'));
});

const { token, aesKey, ownerKey } = sample('vector-callback-crypto-local') as Record<string, string>;
const sealedFor = { clientId: ownerKey, eventToken: token, eventAesKey: aesKey, mode: 'http' as const };

async function sealed(t: ExecutionContext, body: Json, query: Record<string, string>) {
  const { adapter, events } = await receive(t, sealedFor);
  const raw = Buffer.from(JSON.stringify(body));
  return { events, reply: await adapter.callback({ method: 'POST', query, headers: {}, body: raw }) };
}

test('http-event-callback (the check of the address) is answered as http-event-callback-response shows', async (t) => {
  const { cases, timestamp, nonce } = sample('vector-callback-crypto-local') as {
    cases: { encrypt: string; msg_signature: string }[];
  } & Record<'timestamp' | 'nonce', string>;
  t.is(cases[1]?.encrypt, textAt(sample('http-event-callback'), 'encrypt'));
  const query = { msg_signature: cases[1]?.msg_signature ?? '', timestamp, nonce };
  const { events, reply } = await sealed(t, sample('http-event-callback'), query);
  t.is(reply.status, 200);
  const answer = JSON.parse(reply.body) as Record<string, string>;
  const wanted = sample('http-event-callback-response') as Record<string, string>;
  t.is(shape(answer), shape(wanted));
  const crypto = new EventCrypto(token ?? '', aesKey ?? '', ownerKey ?? '');
  for (const { msg_signature = '', timeStamp = '', nonce: n = '', encrypt = '' } of [answer, wanted]) {
    t.is(crypto.open(msg_signature, timeStamp, n, encrypt), 'success');
  }
  t.is(events.length, 0);
});

test('http-event-check-in-plain is the same event as over the stream', async (t) => {
  const crypto = new EventCrypto(token ?? '', aesKey ?? '', ownerKey ?? '');
  const box = crypto.seal(JSON.stringify(sample('http-event-check-in-plain')), String(AT.getTime()));
  const query = { signature: box.msg_signature, timestamp: box.timeStamp, nonce: box.nonce };
  const { events, reply } = await sealed(t, { encrypt: box.encrypt }, query);
  t.is(reply.status, 200);
  t.like(events[0], {
    key: 'dingtalk:event:evt00000000000000000000000001' as never,
    from: 'staff0101',
    sentAt: new Date(Number(sample('http-event-check-in-plain')['timeStamp'])),
    body: { kind: 'checked-in' },
  });
});

test('vector-callback-crypto-official and -local open and seal as written', (t) => {
  const official = sample('vector-callback-crypto-official') as Record<string, string>;
  const crypto = new EventCrypto(official['token'] ?? '', official['aesKey'] ?? '', official['ownerKey'] ?? '');
  const { msg_signature = '', timestamp = '', nonce = '', encrypt = '', plaintext = '' } = official;
  t.is(crypto.open(msg_signature, timestamp, nonce, encrypt), plaintext);
  const local = sample('vector-callback-crypto-local');
  for (const one of local['cases'] as { plaintext: string; encrypt: string; msg_signature: string }[]) {
    const random = Buffer.from(textAt(local, 'random16'));
    t.like(crypto.seal(one.plaintext, textAt(local, 'timestamp'), textAt(local, 'nonce'), random), {
      encrypt: one.encrypt,
      msg_signature: one.msg_signature,
    });
  }
});

test('robot-http-headers open the door for their secret, once they are not too old', async (t) => {
  const headers = sample('robot-http-headers') as Record<string, string>;
  const known = vector('vector-signatures-local', 'robotHttpCallback');
  t.is(headers['sign'], known['sign']);
  const secret = textAt(known, 'appSecret');
  for (const [at, status] of [
    [1577262236757, 200],
    [1577262236757 + 3_600_001, 403],
  ] as const) {
    const vendor = await startVendor();
    t.teardown(() => vendor.close());
    // The sample's secret has blanks, which the setting refuses: so the receiver alone.
    const { createReceiver } = await import('../../../src/platforms/dingtalk/receiver.js');
    const { callback } = createReceiver({
      settings: { ...vendor.settings, clientSecret: secret, mode: 'http' },
      clock: new FixedClock(new Date(at)),
      log: silentLog,
      intake: () => Promise.resolve({ duplicate: false }),
      sessions: { remember: () => undefined },
      chats: { find: () => Promise.resolve(null) },
    });
    const body = Buffer.from(JSON.stringify(sample('robot-text')));
    t.is((await callback({ method: 'POST', query: {}, headers, body })).status, status);
  }
});

test('what is for another app or company has no effect, and is counted', async (t) => {
  const other = await byStream(t, frame('CALLBACK', ROBOT, { ...sample('robot-text'), robotCode: 'dingother' }));
  t.deepEqual([other.events.length, other.counted], [0, ['message another-robot']]);
  const click = await byHttp(t, 'click', { ...sample('card-callback'), corpId: 'dingcorp0000000000000002' });
  t.deepEqual([click.events.length, click.reply.status, click.counted], [0, 400, ['click another-company']]);
  const headers = { eventId: 'e1', eventType: 'check_in', eventCorpId: 'dingcorp0000000000000002' };
  const event = await byStream(t, frame('EVENT', '*', { staffId: 's' }, headers));
  t.deepEqual([event.events.length, event.counted], [0, ['event another-company']]);
  const shapeless = await byStream(t, frame('CALLBACK', ROBOT, { msgtype: 'text' }));
  t.deepEqual([shapeless.events.length, shapeless.counted], [0, ['message another-shape']]);
  const aside = await byStream(t, frame('CALLBACK', ROBOT, { ...sample('robot-text'), isInAtList: false }));
  t.deepEqual([aside.events.length, aside.counted], [0, ['message not-said-to-us']]);
});

test('a sender without staff id is known by no id of the company', async (t) => {
  const { events } = await byHttp(t, 'message', { ...sample('robot-text-single'), senderStaffId: '' });
  t.is(events[0]?.from, '$:LWCP_v1:$UserEncryptedId111');
});

test('a signature replayed within its hour brings the same event under the same key', async (t) => {
  const { vendor, adapter, events } = await receive(t, { mode: 'http' });
  const again = {
    method: 'POST',
    query: {},
    headers: messageHeaders(vendor),
    body: Buffer.from(JSON.stringify(sample('robot-text-single'))),
  };
  for (let index = 0; index < 5; index += 1) t.is((await adapter.callback(again)).status, 200);
  t.is(new Set(events.map(({ key }) => key)).size, 1);
  // Under a signature for another body nothing else can be smuggled past the key: the vendor signs the instant only.
  const other = { ...again, body: Buffer.from(JSON.stringify(sample('robot-text'))) };
  t.is((await adapter.callback(other)).status, 200);
  t.is(events.at(-1)?.key, 'dingtalk:msgExampleGroup0001==' as never);
});

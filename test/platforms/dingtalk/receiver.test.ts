import { createHmac } from 'node:crypto';
import test from 'ava';
import { FixedClock, silentLog } from '../../../src/core/index.js';
import type { CallbackRequest, Chat, InboundEvent, IntakeResult } from '../../../src/platforms/contract.js';
import { cardApiSecret, EventCrypto } from '../../../src/platforms/dingtalk/callback-crypto.js';
import { toCardVariables } from '../../../src/platforms/dingtalk/encode.js';
import { createReceiver } from '../../../src/platforms/dingtalk/receiver.js';
import { StreamFrame, type DingtalkSettings } from '../../../src/platforms/dingtalk/types.js';
import { checklistCard } from '../../contracts/samples.js';
import { CARD, frame, ROBOT, robotMessage } from './vendor.js';

const NOW = new Date('2025-10-09T08:00:00Z');
const SECRET = 'a-secret-of-the-app';
const AES_KEY = '1234567890123456789012345678901234567890123';

function setUp(
  options: {
    reply?: () => Promise<IntakeResult>;
    settings?: Partial<DingtalkSettings>;
    chat?: () => Promise<Chat | null>;
  } = {},
) {
  const events: InboundEvent[] = [];
  const receiver = createReceiver({
    settings: {
      clientId: 'dingsnotzck6pm5veliw',
      clientSecret: SECRET,
      robotCode: 'dingappkey0000000001',
      corpId: 'dingcorp0000000000000001',
      agentId: '1',
      apiBase: 'https://api.dingtalk.com',
      oapiBase: 'https://oapi.dingtalk.com',
      cardTemplateId: 'T',
      mode: 'http',
      eventToken: '123456',
      eventAesKey: AES_KEY,
      ...options.settings,
    },
    clock: new FixedClock(NOW),
    log: silentLog,
    intake: (event) => {
      events.push(event);
      return options.reply?.() ?? Promise.resolve({ duplicate: false });
    },
    sessions: { remember: () => undefined },
    chats: { find: options.chat ?? (() => Promise.resolve(null)) },
    pressAnswerMs: 80,
    storeMs: 80,
  });
  return { ...receiver, events };
}

const never = new Promise<never>(() => undefined);
const GROUP_CHAT: Chat = { kind: 'group', id: 'cid1' };
const push = (type: string, topic: string, data: unknown, headers?: Record<string, string>) =>
  StreamFrame.parse(frame(type, topic, data, headers));
const click = {
  outTrackId: 'card_1',
  userId: 'staff0101',
  content: '{"cardPrivateData":{"actionIds":["go"],"params":{}}}',
};

test('a robot message is stored, then acknowledged with nothing to say', async (t) => {
  const { onFrame, events } = setUp();
  t.deepEqual(await onFrame(push('CALLBACK', ROBOT, robotMessage())), { code: 200, data: { response: null } });
  t.is(events.length, 1);
});

test('what cannot be stored, or not in time, is not acknowledged', async (t) => {
  const broken = setUp({ reply: () => Promise.reject(new Error('disk full')) });
  await t.throwsAsync(broken.onFrame(push('CALLBACK', ROBOT, robotMessage())));
  const slow = setUp({ reply: () => never });
  await t.throwsAsync(slow.onFrame(push('CALLBACK', ROBOT, robotMessage())), { code: 'intake.slow' });
  await t.throwsAsync(slow.onFrame(push('CALLBACK', CARD, click)), { code: 'intake.slow' });
});

test('an event that was not stored is asked for again later', async (t) => {
  const event = push('EVENT', '*', { staffId: 's' }, { eventId: 'e1', eventType: 'check_in' });
  t.deepEqual((await setUp().onFrame(event)).data, { status: 'SUCCESS', message: 'stored' });
  for (const reply of [() => Promise.reject(new Error('busy')), () => never]) {
    t.deepEqual(await setUp({ reply }).onFrame(event), { code: 200, data: { status: 'LATER', message: 'not stored' } });
  }
});

test('a message of a foreign shape is acknowledged, since no repetition would help', async (t) => {
  const { onFrame, events } = setUp();
  t.is((await onFrame(push('CALLBACK', ROBOT, 'no json'))).code, 200);
  t.is((await onFrame(push('CALLBACK', CARD, '{}'))).code, 200);
  t.is((await onFrame(push('CALLBACK', '/v1.0/graph/api/invoke', {}))).code, 404);
  t.is(events.length, 0);
});

test('the answer to a press carries the card by key, and is noted only once it has left', async (t) => {
  let answered = 0;
  const card = checklistCard({ title: '城东医院 · 合规报价' });
  const reply = () =>
    Promise.resolve({
      duplicate: false,
      answer: Promise.resolve(card),
      answered: () => Promise.resolve(void (answered += 1)),
    });
  const ack = await setUp({ reply }).onFrame(push('CALLBACK', CARD, click));
  t.deepEqual(ack.data, {
    response: {
      cardUpdateOptions: { updateCardDataByKey: true, updatePrivateDataByKey: true },
      cardData: { cardParamMap: toCardVariables(card) },
    },
  });
  t.is(answered, 0);
  ack.sent?.();
  t.is(answered, 1);
});

// By itself: it keeps the process busy on purpose.
test.serial('an answer that was written too late counts as none: the update by API follows', async (t) => {
  let answered = 0;
  const reply = () =>
    Promise.resolve({
      duplicate: false,
      answer: Promise.resolve(checklistCard()),
      answered: () => Promise.resolve(void (answered += 1)),
    });
  const ack = await setUp({ reply }).onFrame(push('CALLBACK', CARD, click));
  // As when the machine was busy between the answer and its writing.
  const busyUntil = performance.now() + 400;
  while (performance.now() < busyUntil);
  ack.sent?.();
  t.is(answered, 0);
});

test('a press that was long on its way is answered late as well', async (t) => {
  let answered = 0;
  const reply = () =>
    Promise.resolve({
      duplicate: false,
      answer: Promise.resolve(checklistCard()),
      answered: () => Promise.resolve(void (answered += 1)),
    });
  const { onFrame } = setUp({ reply });
  const sent = (ageMs: number) => {
    const frame = push('CALLBACK', CARD, click);
    return { ...frame, headers: { ...frame.headers, time: String(NOW.getTime() - ageMs) } };
  };
  (await onFrame(sent(1_900))).sent?.();
  t.is(answered, 0, 'the vendor has given up: the update by API follows');
  (await onFrame(sent(50))).sent?.();
  t.is(answered, 1);
  // Two days: the clocks disagree, which says nothing of the way.
  (await onFrame(sent(172_800_000))).sent?.();
  t.is(answered, 2);
});

test('in a group the answer reaches the presser alone, so the update by API still follows', async (t) => {
  const reply = () =>
    Promise.resolve({ duplicate: false, answer: Promise.resolve(checklistCard()), answered: () => Promise.resolve() });
  const { onFrame, events } = setUp({ reply, chat: () => Promise.resolve(GROUP_CHAT) });
  const ack = await onFrame(push('CALLBACK', CARD, click));
  t.true(JSON.stringify(ack.data).includes('cardData'));
  t.is(ack.sent, undefined);
  t.deepEqual(events[0]?.chat, GROUP_CHAT);
});

test('where a card hangs is asked for a while only: the press is stored and answered, and the update by API follows', async (t) => {
  const reply = () =>
    Promise.resolve({ duplicate: false, answer: Promise.resolve(checklistCard()), answered: () => Promise.resolve() });
  for (const chat of [() => never, () => Promise.reject(new Error('the store is away'))]) {
    const { onFrame, callback, events } = setUp({ reply, chat });
    const ack = await onFrame(push('CALLBACK', CARD, click));
    t.true(JSON.stringify(ack.data).includes('cardData'));
    t.is(ack.sent, undefined);
    const answer = await callback(request(cardSigned(), click));
    t.true(answer.body.includes('cardData'));
    t.is(answer.written, undefined);
    t.deepEqual(
      events.map((event) => event.chat),
      [{ kind: 'single' }, { kind: 'single' }],
    );
  }
});

test('no answer, or one that is late, leaves the card as it is and is not noted', async (t) => {
  for (const answer of [Promise.resolve(null), never, undefined]) {
    const reply = () => Promise.resolve({ duplicate: false, answer, answered: () => Promise.resolve() });
    const started = performance.now();
    const ack = await setUp({ reply }).onFrame(push('CALLBACK', CARD, click));
    t.deepEqual(ack.data, { response: {} });
    t.is(ack.sent, undefined);
    t.true(performance.now() - started < 1_500);
  }
});

// HTTP mode

const request = (
  headers: Record<string, string>,
  body: unknown,
  query: Record<string, string> = {},
): CallbackRequest => ({
  method: 'POST',
  query,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
function robotSigned(at = NOW, secret = SECRET) {
  const timestamp = String(at.getTime());
  const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  return { timestamp, sign };
}
function cardSigned(at = NOW, secret = cardApiSecret(SECRET)) {
  const timestamp = String(at.getTime());
  return {
    'x-ddpaas-signature-timestamp': timestamp,
    'x-ddpaas-signature': createHmac('sha256', secret).update(timestamp).digest('base64'),
  };
}

test('the signature of the vendor page is reproduced', (t) => {
  t.is(robotSigned(new Date(1577262236757), 'this is a secret').sign, 'DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA=');
  t.is(
    cardSigned(new Date(1700000000000), 'example-secret')['x-ddpaas-signature'],
    'I85VWQbGCqbDkjEb7rsCEkTKI9QSL3wzLms54MiwXlg=',
  );
});

test('a signed message is taken and answered with nothing to say', async (t) => {
  const { callback, events } = setUp();
  const answer = await callback(request(robotSigned(), robotMessage()));
  t.is(answer.status, 200);
  t.deepEqual(JSON.parse(answer.body), { msgtype: 'empty' });
  t.is(events[0]?.key, 'dingtalk:msgExampleSingle0001==' as never);
  t.is((await callback(request(robotSigned(new Date(NOW.getTime() + 3_500_000)), robotMessage()))).status, 200);
});

test('forged, old, unsigned and misplaced callbacks are refused alike and reach nobody', async (t) => {
  const { callback, events } = setUp();
  const hour = 3_600_001;
  const { timestamp, sign } = robotSigned();
  for (const forged of [
    request({ timestamp, sign: `${sign.slice(0, -2)}A=` }, robotMessage()),
    request({ timestamp: String(NOW.getTime() + 1), sign }, robotMessage()),
    request({ timestamp: '', sign }, robotMessage()),
    request(robotSigned(NOW, 'another'), robotMessage()),
    request(robotSigned(new Date(NOW.getTime() - hour)), robotMessage()),
    request(robotSigned(new Date(NOW.getTime() + hour)), robotMessage()),
    request(cardSigned(NOW, SECRET), click),
    request(cardSigned(new Date(NOW.getTime() - hour)), click),
    request({}, robotMessage()),
    request({}, { encrypt: 'x' }, { signature: 's', timestamp: '1', nonce: 'n' }),
  ]) {
    t.deepEqual(await callback(forged), { status: 403, contentType: 'text/plain; charset=utf-8', body: '' });
  }
  t.is(events.length, 0);
  t.is((await callback({ ...request(robotSigned(), robotMessage()), method: 'GET' })).status, 405);
  t.is((await callback(request(robotSigned(), 'x'.repeat(1024 * 1024 + 1)))).status, 413);
  t.is((await callback(request(robotSigned(), 'no json'))).status, 400);
});

test('in stream mode nothing is taken over HTTP', async (t) => {
  const { callback, events } = setUp({ settings: { mode: 'stream' } });
  t.is((await callback(request(robotSigned(), robotMessage()))).status, 404);
  t.is(events.length, 0);
});

test('what could not be stored is answered 503', async (t) => {
  const { callback } = setUp({ reply: () => Promise.reject(new Error('disk full')) });
  t.is((await callback(request(robotSigned(), robotMessage()))).status, 503);
});

test('a click over HTTP is answered with the card, noted when written, and the same click has the same key', async (t) => {
  let answered = 0;
  const reply = () =>
    Promise.resolve({
      duplicate: false,
      answer: Promise.resolve(checklistCard()),
      answered: () => Promise.resolve(void (answered += 1)),
    });
  const { callback, events } = setUp({ reply });
  const first = await callback(request(cardSigned(), click));
  t.true(first.body.includes('cardParamMap'));
  await first.written?.();
  t.is(answered, 1);
  await callback(request(cardSigned(), click));
  await callback(request(cardSigned(new Date(NOW.getTime() + 5)), click));
  const keys = events.map(({ key }) => key);
  t.is(keys[0], keys[1]);
  t.not(keys[0], keys[2]);
});

const vector = {
  signature: '95fb192d05ddc9c727f897fe25f0bb1af9301de3',
  encrypt:
    '/UNo/AsIFvdMqUG61hcOmtjVfGyzXpGPrndttrmwAnDYyA63CDDPgnOs5FBhLoH234pnzn3fZ+0dfArKZI4s5vyySLboV5Lu16IiPmIqCBgnZp5Bc+Wf0PtBOkO7OamJ',
  timestamp: '1700000000000',
  nonce: 'NONCE1234567890a',
};

test('the check of the address is answered with the encrypted word', async (t) => {
  const { callback, events } = setUp();
  for (const name of ['signature', 'msg_signature']) {
    const query = { [name]: vector.signature, timestamp: vector.timestamp, nonce: vector.nonce };
    const answer = await callback(request({}, { encrypt: vector.encrypt }, query));
    t.is(answer.status, 200);
    const sealed = JSON.parse(answer.body) as {
      msg_signature: string;
      timeStamp: string;
      nonce: string;
      encrypt: string;
    };
    const crypto = new EventCrypto('123456', AES_KEY, 'dingsnotzck6pm5veliw');
    t.is(crypto.open(sealed.msg_signature, sealed.timeStamp, sealed.nonce, sealed.encrypt), 'success');
  }
  t.is(events.length, 0);
});

test('an encrypted event is stored under its id', async (t) => {
  const { callback, events } = setUp();
  const crypto = new EventCrypto('123456', AES_KEY, 'dingsnotzck6pm5veliw');
  const plain = JSON.stringify({
    EventType: 'check_in',
    EventTime: 1760000000500,
    eventId: 'evt1',
    staffId: 'staff0101',
  });
  const { msg_signature, timeStamp, nonce, encrypt } = crypto.seal(plain, '1760000000500');
  const query = { signature: msg_signature, timestamp: timeStamp, nonce };
  t.is((await callback(request({}, { encrypt }, query))).status, 200);
  t.deepEqual(
    events.map(({ key, from, body }) => [key as string, from, body]),
    [['dingtalk:event:evt1', 'staff0101', { kind: 'checked-in' }]],
  );
});

test('the vectors of the vendor and every damage to them', (t) => {
  const crypto = new EventCrypto('123456', AES_KEY, 'dingsnotzck6pm5veliw');
  t.is(
    crypto.open(
      '9a95a004dd16f5c307e849b994173f76aa26e5eb',
      '1614767836',
      'A7Co0cJLMzIDtMMI',
      'YvkvaGe4hQxd3VxRmEty0dVlnCOAqwf56xwTRHDHoOURqhalbmBJQk5FNcRk42Gl5T0YQXZNwpwWSm1xAFJ5ZA==',
    ),
    'success',
  );
  t.deepEqual(crypto.seal('success', vector.timestamp, vector.nonce, Buffer.from('abcdefghijklmnop')), {
    msg_signature: 'd2bab70cc41ec51b00b568d9a24b56ff1b17069e',
    timeStamp: vector.timestamp,
    nonce: vector.nonce,
    encrypt: '/UNo/AsIFvdMqUG61hcOmqVj5tM5IR+EH9NjR178Z810VkQqJGf/jl9YV3uipIGU4/WOMqf7G2T73T27BOBlhA==',
  });
  t.is(crypto.open(vector.signature, vector.timestamp, vector.nonce, vector.encrypt), '{"EventType":"check_url"}');
  for (const damaged of ['0'.repeat(40), '', vector.signature.toUpperCase()]) {
    t.throws(() => crypto.open(damaged, vector.timestamp, vector.nonce, vector.encrypt), {
      code: 'dingtalk.not_authentic',
    });
  }
  // Rightly signed, wrongly made: for another app, cut, not in blocks, or by another key.
  const other = new EventCrypto('123456', AES_KEY, 'another-app');
  const wrongKey = new EventCrypto('123456', AES_KEY.replace('1', '2'), 'dingsnotzck6pm5veliw');
  for (const sealed of [other.seal('success', '1', 'n'), wrongKey.seal('success', '1', 'n')]) {
    t.throws(() => crypto.open(sealed.msg_signature, '1', 'n', sealed.encrypt), { code: 'dingtalk.not_authentic' });
  }
  t.throws(() => new EventCrypto('123456', 'short', 'x'));
});

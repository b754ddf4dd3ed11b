import test, { type ExecutionContext } from 'ava';
import { encrypt, decrypt, getSignature } from '@wecom/crypto';
import { FixedClock } from '../../../src/core/index.js';
import type { CallbackRequest, InboundEvent, IntakeResult } from '../../../src/platforms/contract.js';
import { createReceiver, PASSIVE_REPLY_MS } from '../../../src/platforms/wecom/receiver.js';
import { parseXml, textAt } from '../../../src/platforms/wecom/xml.js';
import { checklistCard } from '../../contracts/samples.js';
import { memoryLog } from './harness.js';

const NOW = new Date('2026-01-01T00:00:30Z');
const seconds = NOW.getTime() / 1_000;
const settings = {
  corpId: 'ww1a2b3c4d5e6f7081',
  agentId: '1000002',
  secret: 'secret',
  token: 'QDG6eK',
  encodingAesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
  apiBase: 'http://127.0.0.1:1',
};

function setUp(intake: (event: InboundEvent) => Promise<IntakeResult> = () => Promise.resolve({ duplicate: false })) {
  const events: InboundEvent[] = [];
  const { log, lines } = memoryLog();
  const receiver = createReceiver({
    keys: settings,
    agentId: settings.agentId,
    clock: new FixedClock(NOW),
    log,
    intake: (event) => {
      events.push(event);
      return intake(event);
    },
  });
  return { receiver, events, lines };
}

const message = (change = '') =>
  `<xml><ToUserName>${settings.corpId}</ToUserName><FromUserName>00123</FromUserName><CreateTime>${seconds}</CreateTime>` +
  `<MsgType>text</MsgType><Content>在吗</Content><MsgId>7312345678901234561</MsgId><AgentID>1000002</AgentID>${change}</xml>`;
const press =
  `<xml><ToUserName>${settings.corpId}</ToUserName><FromUserName>00123</FromUserName><CreateTime>${seconds}</CreateTime>` +
  '<MsgType>event</MsgType><Event>template_card_event</Event><EventKey>go</EventKey><TaskId>card_1</TaskId>' +
  '<CardType>button_interaction</CardType><ResponseCode>rc</ResponseCode><AgentID>1000002</AgentID></xml>';

function post(
  xml: string,
  change: { receiveId?: string; token?: string; at?: number; body?: (encrypted: string) => string } = {},
): CallbackRequest {
  const encrypted = encrypt(settings.encodingAesKey, xml, change.receiveId ?? settings.corpId);
  const timestamp = String(change.at ?? seconds);
  const body =
    change.body?.(encrypted) ??
    `<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`;
  return {
    method: 'POST',
    query: {
      msg_signature: getSignature(change.token ?? settings.token, timestamp, 'n', encrypted),
      timestamp,
      nonce: 'n',
    },
    headers: {},
    body: Buffer.from(body),
  };
}

test('the URL check is answered with the bare text', async (t) => {
  const { receiver } = setUp();
  const echostr = encrypt(settings.encodingAesKey, '1616140317555161061', settings.corpId);
  const query = {
    msg_signature: getSignature(settings.token, String(seconds), 'n', echostr),
    timestamp: String(seconds),
    nonce: 'n',
  };
  const get = (echo: string) =>
    receiver.callback({ method: 'GET', query: { ...query, echostr: echo }, headers: {}, body: Buffer.alloc(0) });
  t.like(await get(echostr), { status: 200, body: '1616140317555161061' });
  // Decoded twice on the way, a plus became a space.
  t.like(await get(echostr.replaceAll('+', ' ')), { status: 200, body: '1616140317555161061' });
  t.like(await get(`${echostr}x`), { status: 403, body: 'forbidden' });
});

test('an authentic message is handed on and answered with nothing', async (t) => {
  const { receiver, events } = setUp();
  t.like(await receiver.callback(post(message())), { status: 200, body: '' });
  t.is(events[0]?.key as string, 'wecom:1000002:7312345678901234561');
});

const REFUSED: Record<string, (t: ExecutionContext) => CallbackRequest> = {
  'another token': () => post(message(), { token: 'other' }),
  'another company': () => post(message(), { receiveId: 'ww0000000000000000' }),
  'another app': () => post(message().replace('1000002', '1000003')),
  'eleven minutes old': () => post(message(), { at: seconds - 11 * 60 }),
  'eleven minutes early': () => post(message(), { at: seconds + 11 * 60 }),
  'a time that is none': () => {
    const request = post(message());
    return { ...request, query: { ...request.query, timestamp: '1e9' } };
  },
  'no query': () => ({ ...post(message()), query: {} }),
  'two sealed parts': () =>
    post(message(), { body: (one) => `<xml><Encrypt>${one}</Encrypt><Encrypt>${one}</Encrypt></xml>` }),
  'no sealed part': () => post(message(), { body: () => '<xml></xml>' }),
  'larger than 64 KiB': () =>
    post(message(), { body: (one) => `<xml><Encrypt>${one}</Encrypt>${' '.repeat(65_536)}</xml>` }),
  'an entity inside': () => post(message('<!DOCTYPE x>')),
  'not XML inside': () => post('{"MsgType":"text"}'),
  'no sender inside': () => post(message().replace('FromUserName', 'FromUser').replace('/FromUserName', '/FromUser')),
  'another method': () => ({ ...post(message()), method: 'PUT' }),
};
for (const [name, request] of Object.entries(REFUSED)) {
  test(`refused without a reason: ${name}`, async (t) => {
    const { receiver, events } = setUp();
    t.deepEqual(await receiver.callback(request(t)), {
      status: 403,
      contentType: 'text/plain; charset=utf-8',
      body: 'forbidden',
    });
    t.is(events.length, 0);
  });
}

test('nine minutes off is within the window, and the sealed part may stand without CDATA', async (t) => {
  const { receiver, events } = setUp();
  for (const minutes of [-9, 9]) {
    t.is((await receiver.callback(post(message(), { at: seconds + minutes * 60 }))).status, 200);
  }
  t.is(
    (await receiver.callback(post(message(), { body: (one) => `<xml><Encrypt>${one}</Encrypt></xml>` }))).status,
    200,
  );
  t.is(events.length, 3);
});

test('what was not stored is refused with 503', async (t) => {
  const { receiver } = setUp(() => Promise.reject(new Error('disk full')));
  t.is((await receiver.callback(post(message()))).status, 503);
});

test('a store that hangs is refused in time for the platform to try again', async (t) => {
  const { receiver } = setUp(() => new Promise(() => undefined));
  const started = performance.now();
  t.is((await receiver.callback(post(message()))).status, 503);
  t.true(performance.now() - started < 4_500);
});

test('a card rides on the answer to a press; written() says that it did', async (t) => {
  let answered = 0;
  const { receiver } = setUp(() =>
    Promise.resolve({
      duplicate: false,
      answer: Promise.resolve(checklistCard({ closed: '已提交' })),
      answered: () => {
        answered += 1;
        return Promise.resolve();
      },
    }),
  );
  const answer = await receiver.callback(post(press));
  const envelope = parseXml(answer.body);
  const encrypted = textAt(envelope, 'Encrypt');
  t.is(
    textAt(envelope, 'MsgSignature'),
    getSignature(settings.token, textAt(envelope, 'TimeStamp'), textAt(envelope, 'Nonce'), encrypted),
  );
  const { message: inside, id } = decrypt(settings.encodingAesKey, encrypted);
  t.is(id, settings.corpId);
  const xml = parseXml(inside);
  t.is(textAt(xml, 'MsgType'), 'update_template_card');
  t.is(textAt(xml, 'TemplateCard', 'ReplaceText'), '已提交');
  t.is(answered, 0, 'not before it is written');
  await answer.written?.();
  t.is(answered, 1);
});

test('an answer that is late, empty or not sayable leaves the reply empty and unanswered', async (t) => {
  const actions = [{ key: 'a', label: '看', style: 'plain' as const, url: 'https://s.example.com' }];
  for (const answer of [
    new Promise<null>(() => undefined),
    Promise.resolve(null),
    Promise.resolve(checklistCard({ actions })),
  ]) {
    const { receiver } = setUp(() => Promise.resolve({ duplicate: false, answer, answered: () => Promise.resolve() }));
    const started = performance.now();
    const reply = await receiver.callback(post(press));
    t.like(reply, { status: 200, body: '', written: undefined });
    t.true(performance.now() - started < PASSIVE_REPLY_MS + 1_000);
  }
});

test('stopped, it takes nothing more but finishes what is in work', async (t) => {
  let finish: (result: IntakeResult) => void = () => undefined;
  const { receiver } = setUp(() => new Promise((resolve) => (finish = resolve)));
  const inWork = receiver.callback(post(message()));
  let isClosed = false;
  const closed = receiver.close().then(() => (isClosed = true));
  t.is((await receiver.callback(post(message()))).status, 503);
  t.false(isClosed, 'waits');
  finish({ duplicate: false });
  t.is((await inWork).status, 200);
  await closed;
  t.false(receiver.state().isOpen);
});

test('what people say and the keys reach no log line', async (t) => {
  const { receiver, lines } = setUp(() => Promise.reject(new Error('away')));
  await receiver.callback(post(message()));
  await receiver.callback(post(message(), { token: 'other' }));
  const logged = lines.join('');
  t.true(logged.length > 0);
  for (const secret of ['在吗', settings.token, settings.encodingAesKey]) t.false(logged.includes(secret));
});

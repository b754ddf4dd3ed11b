import { randomBytes } from 'node:crypto';
import { encrypt, getSignature } from '@wecom/crypto';
import test from 'ava';
import fc from 'fast-check';
import { FixedClock, silentLog } from '../../../src/core/index.js';
import type { CallbackRequest, InboundEvent } from '../../../src/platforms/contract.js';
import { textContent } from '../../../src/platforms/wecom/encode.js';
import { createReceiver } from '../../../src/platforms/wecom/receiver.js';
import { cutBytes, cutChars } from '../../../src/platforms/wecom/text.js';
import { SAMPLE_AGENT, SAMPLE_AT, SAMPLE_CORP, SAMPLE_KEYS } from './samples.js';
import { setUp as vendor } from './vendor.js';

const seconds = SAMPLE_AT.getTime() / 1_000;

function setUp() {
  const events: InboundEvent[] = [];
  const receiver = createReceiver({
    keys: { corpId: SAMPLE_CORP, ...SAMPLE_KEYS },
    agentId: SAMPLE_AGENT,
    clock: new FixedClock(SAMPLE_AT),
    log: silentLog,
    intake: (event) => {
      events.push(event);
      return Promise.resolve({ duplicate: false });
    },
  });
  return { receiver, events };
}

function sealed(xml: string): CallbackRequest {
  const encrypted = encrypt(SAMPLE_KEYS.encodingAesKey, xml, SAMPLE_CORP);
  const signature = getSignature(SAMPLE_KEYS.token, String(seconds), 'n', encrypted);
  return {
    method: 'POST',
    query: { msg_signature: signature, timestamp: String(seconds), nonce: 'n' },
    headers: {},
    body: Buffer.from(`<xml><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`),
  };
}

const message = (from: string, content = '在吗', more = '') =>
  `<xml><ToUserName>${SAMPLE_CORP}</ToUserName><FromUserName><![CDATA[${from}]]></FromUserName>` +
  `<CreateTime>${seconds}</CreateTime><MsgType>text</MsgType><Content><![CDATA[${content}]]></Content>` +
  `<MsgId>7312345678901234561</MsgId><AgentID>${SAMPLE_AGENT}</AgentID>${more}</xml>`;

for (const userId of ['00123', '1e5', '0x10', 'ZhangSan', '张三', '𠮷田', 'a.b-c_d@e', 'null', '__proto__', '👩‍👩‍👧']) {
  test(`user ${userId} comes in as spelt, and a message to it goes out as spelt`, async (t) => {
    const { receiver, events } = setUp();
    t.is((await receiver.callback(sealed(message(userId)))).status, 200);
    t.is(events[0]?.from, userId);
    t.is(events[0]?.key as string, 'wecom:1000002:7312345678901234561', 'an id beyond 2^53 keeps all its digits');
    const { adapter, asked } = await vendor(t, { 'message/send': { body: { errcode: 0, errmsg: 'ok', msgid: 'm' } } });
    await adapter.deliver({ key: 'k', to: { kind: 'person', userId }, body: { kind: 'text', text: '好' } });
    const sent = asked.find(({ api }) => api === 'message/send')?.body ?? '';
    t.is((JSON.parse(sent) as { touser: unknown }).touser, userId);
    t.true(sent.includes(JSON.stringify(userId)), 'as UTF-8, without escapes');
  });
}

test('who could not be reached is told in lower case, whatever case we know', async (t) => {
  const { adapter } = await vendor(t, {
    'message/send': { body: { errcode: 0, errmsg: 'ok', invaliduser: 'zhangsan' } },
  });
  const delivery = {
    key: 'k',
    to: { kind: 'person', userId: 'ZhangSan' },
    body: { kind: 'text', text: '好' },
  } as const;
  await t.throwsAsync(adapter.deliver(delivery), { message: /not a member/ });
});

test('a sealed body that is cut anywhere is refused', async (t) => {
  const { receiver, events } = setUp();
  const whole = sealed(message('a'));
  const end = whole.body.indexOf('</Encrypt>') + '</Encrypt>'.length;
  for (let length = 0; length < end; length += 7) {
    const { status } = await receiver.callback({ ...whole, body: whole.body.subarray(0, length) });
    t.true(status === 403, `${length} bytes`);
  }
  t.deepEqual(events, []);
});

test('any one character that is changed in what is signed is noticed', async (t) => {
  const { receiver, events } = setUp();
  const whole = sealed(message('a'));
  const text = whole.body.toString();
  const from = text.indexOf('[CDATA[') + 7;
  for (let at = from; at < text.indexOf(']]>'); at += 11) {
    const other = text[at] === 'A' ? 'B' : 'A';
    const body = Buffer.from(text.slice(0, at) + other + text.slice(at + 1));
    t.is((await receiver.callback({ ...whole, body })).status, 403);
  }
  for (const name of ['msg_signature', 'timestamp', 'nonce']) {
    const query = { ...whole.query, [name]: `${whole.query[name]}1` };
    t.is((await receiver.callback({ ...whole, query })).status, 403, name);
  }
  t.deepEqual(events, []);
});

const BOMBS: Record<string, string> = {
  'a document type with entities':
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><FromUserName>&b;</FromUserName></xml>',
  'an external entity': '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Content>&e;</Content></xml>',
  'an entity of its own': message('a', 'x').replace('<![CDATA[x]]>', '&bomb;'),
  'a character reference': message('a').replace('<![CDATA[a]]>', '&#97;'),
  'a million brackets': '<x>'.repeat(20_000),
  'elements without end': `<xml>${'<a>'.repeat(9)}`,
};
for (const [name, xml] of Object.entries(BOMBS)) {
  test(`authentic or not, ${name} is refused at once`, async (t) => {
    const { receiver, events } = setUp();
    const started = performance.now();
    t.is((await receiver.callback(sealed(xml))).status, 403);
    t.true(performance.now() - started < 500);
    t.deepEqual(events, []);
  });
}

test('bytes of any kind are answered with a refusal, never with an exception', async (t) => {
  const { receiver, events } = setUp();
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 500 }),
      fc.constantFrom('GET', 'POST', 'DELETE'),
      async (bytes, method) => {
        const request = { method, query: sealed('').query, headers: {}, body: Buffer.from(bytes) };
        return (await receiver.callback(request)).status === 403;
      },
    ),
    { numRuns: 200 },
  );
  t.deepEqual(events, []);
});

const nasty = fc
  .array(fc.constantFrom('字', 'a', '𠮷', '😀', '👩‍👩‍👧', 'é', '🇨🇳', '\ud800', '\u0000', '\r\n', '<a href', '&'), {
    maxLength: 400,
  })
  .map((parts) => parts.join(''));

test('a text is cut at a character, in the unit that the vendor counts in', (t) => {
  fc.assert(
    fc.property(nasty, fc.integer({ min: 4, max: 300 }), (text, max) => {
      const bytes = cutBytes(text, max);
      const chars = cutChars(text, max);
      const sent = textContent(text)['text'] as { content: string };
      return (
        Buffer.byteLength(bytes) <= max &&
        [...chars].length <= max &&
        Buffer.byteLength(sent.content) <= 2_048 &&
        [bytes, chars, sent.content].every((cut) => !/\p{Cs}/u.test(cut) && !cut.includes('\u0000'))
      );
    }),
  );
  // A family of three is one character to whoever reads it: it stays whole or goes whole.
  for (let max = 6; max < 60; max += 1) {
    const cut = cutBytes('👩‍👩‍👧'.repeat(3), max).replaceAll('👩‍👩‍👧', '');
    t.true(cut === '' || cut === '…', cut);
  }
});

test('a media id that answers JSON with HTTP 200 is no file, and a file of JSON is one', async (t) => {
  const gone = await vendor(t, { 'media/get': { body: { errcode: 40007, errmsg: 'invalid media_id' } } });
  await t.throwsAsync(gone.adapter.fetchMedia({ platform: 'wecom', handle: 'm' }), { message: /40007/ });
  const odd = await vendor(t, { 'media/get': { body: '{"errcode":0}' } });
  await t.throwsAsync(odd.adapter.fetchMedia({ platform: 'wecom', handle: 'm' }), { message: /neither a file/ });
  const headers = { 'content-disposition': 'attachment; filename="a.json"' };
  const file = await vendor(t, { 'media/get': { headers, body: '{"errcode":40007}' } });
  t.is((await file.adapter.fetchMedia({ platform: 'wecom', handle: 'm' })).bytes.toString(), '{"errcode":40007}');
});

test('a file beyond the limit is given up while it comes, also when its length is not told', async (t) => {
  const headers = { 'content-disposition': 'attachment; filename="a.bin"', 'transfer-encoding': 'chunked' };
  const { adapter } = await vendor(t, { 'media/get': { headers, body: randomBytes(5_000) } });
  const error = await t.throwsAsync(adapter.fetchMedia({ platform: 'wecom', handle: 'm' }));
  t.is((error as unknown as { code: string }).code, 'media.too_large');
});

import { encrypt, getSignature } from '@wecom/crypto';
import test, { type ExecutionContext } from 'ava';
import { FixedClock, HOUR, MINUTE, silentLog, systemClock, type CardId } from '../../../src/core/index.js';
import type { FilledCard } from '../../../src/cards/index.js';
import type { InboundEvent, IntakeResult } from '../../../src/platforms/contract.js';
import { memoryReplyAddresses } from '../../../src/platforms/index.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createAibotReceiver, isOfVendor } from '../../../src/platforms/wecom/aibot.js';
import { createWecomAdapter } from '../../../src/platforms/wecom/index.js';
import { aesKey, open } from '../../../src/platforms/wecom/crypto.js';
import { PEOPLE, startBench } from '../../sandbox/support.js';
import { serve } from './harness.js';
import { jsonSample, sample, SAMPLE_AT, SAMPLE_KEYS, sampleNames } from './samples.js';

const VENDOR = 'https://qyapi.weixin.qq.com';

const CARD: FilledCard = {
  name: 'group-deals',
  title: '城东医院（代表甲）：在「方案定制」',
  tone: 'plain',
  lines: [{ text: '还差：定制方案' }],
  fields: [],
  actions: [
    { key: 'group-ask:d1', label: '问一句', style: 'primary' },
    { key: 'group-deals:d1', label: '看最新', style: 'plain' },
  ],
  url: 'https://trail.example.com/m/deals/d1',
  summary: '城东医院：在「方案定制」',
};

function setUp(now = SAMPLE_AT, intake?: (event: InboundEvent) => Promise<IntakeResult>) {
  const events: InboundEvent[] = [];
  const counts: string[] = [];
  const clock = new FixedClock(now);
  const addresses = memoryReplyAddresses(clock);
  const receive = createAibotReceiver({
    keys: SAMPLE_KEYS,
    apiBase: VENDOR,
    addresses,
    clock,
    log: silentLog,
    count: (kind, outcome) => counts.push(`${kind} ${outcome}`),
    intake: (event) => {
      events.push(event);
      return intake?.(event) ?? Promise.resolve({ duplicate: false });
    },
  });
  return { receive, events, counts, addresses, clock };
}

function sealed(message: string, change: { token?: string; receiveId?: string; at?: Date } = {}) {
  const timestamp = String(Math.floor((change.at ?? SAMPLE_AT).getTime() / 1_000));
  const encrypted = encrypt(SAMPLE_KEYS.encodingAesKey, message, change.receiveId ?? '');
  const signature = getSignature(change.token ?? SAMPLE_KEYS.token, timestamp, 'nonce123', encrypted);
  return {
    method: 'POST',
    query: { msg_signature: signature, timestamp, nonce: 'nonce123' },
    headers: {},
    body: Buffer.from(JSON.stringify({ encrypt: encrypted })),
  };
}

const SAID: Record<string, object> = {
  'aibot-text-group': { kind: 'text', text: '海珠店今天订了多少' },
  'aibot-text-single': { kind: 'text' },
  'aibot-mixed': { kind: 'text', text: '这是今天的货架' },
  'aibot-voice': { kind: 'text', text: '海珠店订三十箱' },
  'aibot-image': { kind: 'unknown', what: 'aibot.image' },
  'aibot-file': { kind: 'unknown', what: 'aibot.file' },
  'aibot-video': { kind: 'unknown', what: 'aibot.video', is: 'video' },
  'aibot-event-template_card': {
    kind: 'press',
    cardId: 'order_20260101_0007',
    action: 'approve',
    choices: { reason: ['price_ok'] },
  },
  'aibot-event-template_card-menu': {
    kind: 'press',
    cardId: 'notice_20260101_0003',
    action: 'mute_today',
    choices: {},
  },
};
const IGNORED: Record<string, string> = {
  'aibot-event-feedback': 'aibot.event.feedback_event ignored',
  'aibot-stream-refresh': 'aibot.stream ignored',
  'aibot-event-enter_chat': 'aibot.event.enter_chat ignored',
};

for (const [name, body] of Object.entries(SAID)) {
  test(`the bot hears ${name}, and keeps the way to answer it`, async (t) => {
    const { receive, events, counts, addresses, clock } = setUp();
    t.like(await receive(sealed(sample(`${name}.json`))), { status: 200, body: '' });
    const { msgid, response_url: url } = jsonSample<{ msgid: string; response_url?: string }>(name);
    t.like(events[0]?.body, body);
    t.like(events[0], { from: 'zhangsan', platform: 'wecom' });
    t.is(events[0]?.key as string, `wecom:aibot:${msgid}`);
    t.deepEqual(events[0]?.chat as object, { kind: 'group', id: `aibot:wecom:aibot:${msgid}` });
    t.is(counts.length, 1);
    t.regex(counts[0] ?? '', /^aibot\.(event\.)?\w+ event$/);
    t.is(await addresses.find(`wecom:aibot:${msgid}`), url ?? null);
    clock.advance(HOUR);
    t.is(await addresses.find(`wecom:aibot:${msgid}`), null, 'an hour is all');
  });
}

for (const [name, counted] of Object.entries(IGNORED)) {
  test(`${name} asks nothing and is counted`, async (t) => {
    const { receive, events, counts } = setUp();
    const answer = await receive(sealed(sample(`${name}.json`)));
    t.is(answer.status, 200);
    t.deepEqual([events, counts], [[], [counted]]);
    if (name !== 'aibot-event-enter_chat') {
      t.is(answer.body, '');
      return;
    }
    // Whoever opens the chat is welcomed in the answer itself, under the nonce of the callback.
    const reply = JSON.parse(answer.body) as {
      encrypt: string;
      msgsignature: string;
      timestamp: number;
      nonce: string;
    };
    t.deepEqual(Object.keys(reply), Object.keys(jsonSample('aibot-reply-encrypted')));
    t.is(reply.nonce, 'nonce123');
    t.is(reply.msgsignature, getSignature(SAMPLE_KEYS.token, String(reply.timestamp), reply.nonce, reply.encrypt));
    const said = JSON.parse(open(aesKey(SAMPLE_KEYS.encodingAesKey), reply.encrypt, '').toString()) as object;
    t.like(said, { msgtype: 'text' });
    t.deepEqual(Object.keys(said), Object.keys(jsonSample('aibot-reply-welcome-text')));
  });
}

test('every sample of what comes to the bot is replayed here', (t) => {
  const outbound = /^aibot-(reply-|response_url|ws-|callback-encrypted)/;
  const inbound = sampleNames().filter((name) => name.startsWith('aibot-') && !outbound.test(name));
  t.deepEqual(inbound, [...Object.keys(SAID), ...Object.keys(IGNORED)].map((name) => `${name}.json`).sort());
});

test('the sealed sample is the message it holds', async (t) => {
  const vectors = JSON.parse(sample('crypto-vectors.json')) as {
    vectors: { id: number; timestamp: string; nonce: string; signature: string }[];
  };
  const { timestamp, nonce, signature } = vectors.vectors.find(({ id }) => id === 4)!;
  const { receive, events } = setUp(new Date(Number(timestamp) * 1_000));
  const query = { msg_signature: signature, timestamp, nonce };
  const body = Buffer.from(sample('aibot-callback-encrypted.json'));
  t.is((await receive({ method: 'POST', query, headers: {}, body })).status, 200);
  t.deepEqual(events[0]?.body as object, { kind: 'text', text: 'hi' });
});

test('forged, replayed, for another company, not JSON, too large: refused without a reason', async (t) => {
  const message = sample('aibot-text-group.json');
  const refused = [
    sealed(message, { token: 'other' }),
    sealed(message, { receiveId: 'ww1a2b3c4d5e6f7081' }),
    sealed(message, { at: new Date(SAMPLE_AT.getTime() - 11 * MINUTE) }),
    sealed('<xml></xml>'),
    sealed('{"msgtype":"text"}'),
    { ...sealed(message), body: Buffer.from('{"encrypt":1}') },
    { ...sealed(message), body: Buffer.from('not json') },
    { ...sealed(message), body: Buffer.alloc(70_000, 32) },
    { ...sealed(message), method: 'PUT' },
  ];
  for (const request of refused) {
    const { receive, events } = setUp();
    t.like(await receive(request), { status: 403, body: 'forbidden' });
    t.deepEqual(events, []);
  }
  const { receive } = setUp(SAMPLE_AT, () => Promise.reject(new Error('disk full')));
  t.is((await receive(sealed(message))).status, 503, 'what is not stored is not acknowledged');
});

test('answers go to the vendor’s host and to no other', async (t) => {
  t.true(isOfVendor(`${VENDOR}/cgi-bin/aibot/response?response_code=x`, VENDOR));
  for (const address of [
    'https://qyapi.weixin.qq.com.evil.example/cgi-bin/aibot/response',
    'http://qyapi.weixin.qq.com/cgi-bin/aibot/response',
    'https://evil@127.0.0.1/',
    'file:///etc/passwd',
    '',
  ]) {
    t.false(isOfVendor(address, VENDOR), address);
  }
  const { receive, addresses } = setUp();
  const elsewhere = sample('aibot-text-group.json').replace('qyapi.weixin.qq.com', 'evil.example.com');
  t.is((await receive(sealed(elsewhere))).status, 200);
  const { msgid } = jsonSample<{ msgid: string }>('aibot-text-group');
  t.is(await addresses.find(`wecom:aibot:${msgid}`), null);
});

test('the answer to a press is the card as it looks now, for everybody who has it', async (t) => {
  let answered = 0;
  const { receive } = setUp(SAMPLE_AT, () =>
    Promise.resolve({
      duplicate: false,
      answer: Promise.resolve(CARD),
      answered: () => {
        answered += 1;
        return Promise.resolve();
      },
    }),
  );
  const answer = await receive(sealed(sample('aibot-event-template_card.json')));
  const { encrypt: inside, nonce } = JSON.parse(answer.body) as { encrypt: string; nonce: string };
  t.is(nonce, 'nonce123');
  const update = JSON.parse(open(aesKey(SAMPLE_KEYS.encodingAesKey), inside, '').toString()) as Record<string, object>;
  const { userids: _some, ...expected } = jsonSample<Record<string, object>>('aibot-reply-update-card');
  t.deepEqual(Object.keys(update), Object.keys(expected));
  t.like(update, {
    response_type: 'update_template_card',
    template_card: { card_type: 'button_interaction', task_id: 'order_20260101_0007' },
  });
  t.is(answered, 0, 'only what was written to the socket counts as shown');
  await answer.written?.();
  t.is(answered, 1);
});

test('an answer to a press that takes too long is not waited for', async (t) => {
  const { receive } = setUp(SAMPLE_AT, () =>
    Promise.resolve({
      duplicate: false,
      answer: new Promise<null>((resolve) => setTimeout(resolve, 4_000, null).unref()),
    }),
  );
  const began = performance.now();
  t.like(await receive(sealed(sample('aibot-event-template_card.json'))), { status: 200, body: '' });
  t.true(performance.now() - began < 3_500);
});

async function inGroup(t: ExecutionContext, answer?: (event: InboundEvent) => FilledCard | null) {
  const bench = await startBench(t);
  const { apiBase, corpId, agentId, secret, token, encodingAesKey, aibot } = bench.access.wecom;
  const events: InboundEvent[] = [];
  const adapter = createWecomAdapter({
    settings: { apiBase, corpId, agentId, secret, token, encodingAesKey },
    clock: systemClock,
    log: silentLog,
    intake: (event) => {
      events.push(event);
      const card = event.body.kind === 'press' ? (answer?.(event) ?? null) : null;
      return Promise.resolve({ duplicate: false, answer: Promise.resolve(card) });
    },
    tokens: memoryTokenStore(),
    aibot: { keys: aibot, addresses: memoryReplyAddresses(systemClock) },
  });
  const server = await serve(adapter.aibotCallback!);
  t.teardown(() => server.close());
  t.deepEqual((await bench.control('PUT', 'wecom/callback', { url: server.url, door: 'aibot' })).json, { ok: true });
  const userlist = PEOPLE.map(({ wecomUserId }) => wecomUserId);
  await bench.wecom('POST', 'appchat/create', { name: '华东一组', owner: 'Lead1', userlist, chatid: 'team1' });
  const says = (text: string) => bench.control('POST', 'phones/wecom/Lead1/text', { text, chatId: 'team1' });
  return { bench, adapter, events, says };
}

test('in a group the bot hears its name only, and answers each question once', async (t) => {
  const { bench, adapter, events, says } = await inGroup(t);
  await says('城东医院怎么样了');
  t.deepEqual(events, [], 'not spoken to');
  t.like((await says('@留痕 城东医院 卡在哪')).json, { accepted: true, callback: { status: 200 } });
  const [event] = events;
  t.like(event, { from: 'Lead1', body: { kind: 'text', text: '城东医院 卡在哪' } });
  const chatId = event?.chat.kind === 'group' ? event.chat.id : '';
  const text = '城东医院（代表甲）：在「需求初筛」\n还差：*门牌*\nhttps://trail.example.com/m/deals/1';
  const delivery = { key: 'a', to: { kind: 'group', chatId }, body: { kind: 'text', text } } as const;
  t.is((await adapter.deliver(delivery)).how, 'sent');
  const last = await bench.lastMessage('wecom', 'RepA', 'team1');
  t.is(last.from, 'bot');
  t.is(last.text, '城东医院（代表甲）：在「需求初筛」\n还差：＊门牌＊\n[打开](https://trail.example.com/m/deals/1)');
  await t.throwsAsync(adapter.deliver({ ...delivery, key: 'b' }), { code: 'wecom.too_late' });
  const { json } = await bench.control('GET', 'traffic?limit=50');
  t.false(JSON.stringify(json).includes('response_code'), 'the address is a secret');
});

test('a card of the bot is pressed by anybody in the group and changes for all of them', async (t) => {
  const now = { ...CARD, lines: [{ text: '一组主管 10:05 问了代表甲' }], actions: CARD.actions.slice(1) };
  const { bench, adapter, events, says } = await inGroup(t, () => now);
  await says('@留痕 城东医院 卡在哪');
  const chatId = events[0]?.chat.kind === 'group' ? events[0].chat.id : '';
  const cardId = 'c_1' as CardId;
  await adapter.deliver({ key: 'a', to: { kind: 'group', chatId }, body: { kind: 'card', cardId, card: CARD } });
  const shown = await bench.lastMessage('wecom', 'RepA', 'team1');
  t.like(shown.card, { card_type: 'button_interaction', card_action: { type: 1, url: CARD.url } });
  const press = (action: string) =>
    bench.control('POST', 'phones/wecom/RepA/press', { messageId: shown.id, action, choices: {} });
  t.like((await press('group-ask:d1')).json, { accepted: true, callback: { answered: 'update_template_card' } });
  t.like(events[1], { from: 'RepA', chat: { kind: 'group' }, body: { kind: 'press', cardId, action: 'group-ask:d1' } });
  for (const userId of ['RepA', 'Lead1']) {
    const changed = await bench.lastMessage('wecom', userId, 'team1');
    t.is(changed.id, shown.id, 'in its place');
    t.like(changed.card, { sub_title_text: '一组主管 10:05 问了代表甲' });
  }
  t.like((await press('group-ask:d1')).json, { accepted: false }, 'what is gone from the card cannot be pressed');
  t.like((await press('group-deals:d1')).json, { accepted: true });
  t.not(events[1]?.key, events[2]?.key);
});

test('what came too late for the press is a message of its own in the same chat', async (t) => {
  const { bench, adapter, events, says } = await inGroup(t);
  await says('@留痕 城东医院 卡在哪');
  const to = (event: InboundEvent | undefined) =>
    ({ kind: 'group', chatId: event?.chat.kind === 'group' ? event.chat.id : '' }) as const;
  const cardId = 'c_1' as CardId;
  await adapter.deliver({ key: 'a', to: to(events[0]), body: { kind: 'card', cardId, card: CARD } });
  const shown = await bench.lastMessage('wecom', 'RepA', 'team1');
  await bench.control('POST', 'phones/wecom/RepA/press', {
    messageId: shown.id,
    action: 'group-deals:d1',
    choices: {},
  });
  const body = { kind: 'card-update', cardId, card: CARD, handles: [] } as const;
  t.is((await adapter.deliver({ key: 'b', to: to(events[1]), body })).how, 'sent');
  const last = await bench.lastMessage('wecom', 'Lead1', 'team1');
  t.not(last.id, shown.id);
  t.like(last.card, { card_type: 'button_interaction' });
});

import { encrypt, getSignature } from '@wecom/crypto';
import test from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FixedClock, HOUR, MINUTE, silentLog } from '../../../src/core/index.js';
import type { InboundEvent, IntakeHints } from '../../../src/platforms/contract.js';
import { createReceiver } from '../../../src/platforms/wecom/receiver.js';
import { copied, folder, sample, SAMPLE_AGENT, SAMPLE_AT, SAMPLE_CORP, SAMPLE_KEYS, sampleNames } from './samples.js';

/** What comes out of a sample: the neutral body, or the kind that is counted and otherwise left alone. */
type Expected = { body: object; handle?: string } | { ignored: string; directory?: true };

const HANDLE = 'kLm3_exampleResponseCode_DoNotUse';
const press = (cardId: string, action: string, choices: object): Expected => ({
  body: { kind: 'press', cardId, action, choices },
  handle: HANDLE,
});

const APP: Record<string, Expected> = {
  'text-message': { body: { kind: 'text', text: '今天拜访了海珠店，客户要 30 箱' } },
  'image-message': {
    body: { kind: 'image', media: { platform: 'wecom', handle: '1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0' } },
  },
  'voice-message': {
    body: { kind: 'voice', media: { platform: 'wecom', handle: '1BcdEfGhIjKlMnOpQrStUvWxYz0123456789voice' } },
  },
  'video-message': { body: { kind: 'unknown', what: 'video', is: 'video' } },
  'location-message': {
    body: {
      kind: 'location',
      lat: 23.104105,
      lng: 113.320107,
      datum: 'gcj02',
      label: '广东省广州市海珠区新港中路397号',
    },
  },
  'link-message': { body: { kind: 'link', url: 'https://example.com/promo/1', title: '竞品促销海报' } },
  subscribe: { ignored: 'event.subscribe', directory: true },
  unsubscribe: { ignored: 'event.unsubscribe', directory: true },
  enter_agent: { body: { kind: 'entered' } },
  LOCATION: { ignored: 'event.location' },
  click: { body: { kind: 'menu', key: 'MENU_TODAY_TASKS' } },
  view: { ignored: 'event.view' },
  view_miniprogram: { ignored: 'event.view_miniprogram' },
  scancode_push: {
    body: { kind: 'scan', text: 'https://sales.example.com/q/STORE-0001', menuKey: 'MENU_SCAN_PUSH' },
  },
  scancode_waitmsg: { body: { kind: 'scan', text: 'STORE-0001', menuKey: 'MENU_SCAN_STORE' } },
  pic_sysphoto: { ignored: 'event.pic_sysphoto' },
  pic_photo_or_album: { ignored: 'event.pic_photo_or_album' },
  pic_weixin: { ignored: 'event.pic_weixin' },
  'pic_weixin-repeated-piclist': { ignored: 'event.pic_weixin' },
  location_select: { ignored: 'event.location_select' },
  template_card_event: press('inspect_20260101_0011', 'submit_issues', { issues: ['oos', 'price'] }),
  'template_card_event-multiple': press('visit_20260101_0001@v1', 'submit_visit', {
    visit_result: ['won'],
    next_step: ['quote'],
  }),
  'template_card_event-button': press('order_20260101_0007', 'approve', { reason: ['price_ok'] }),
  'template_card_event-button-no-selection': press('order_20260101_0008', 'approve', {}),
  template_card_menu_event: press('notice_20260101_0003', 'mute_today', {}),
  batch_job_result: { ignored: 'event.batch_job_result' },
};

/** These come to the directory's own callback, under its own keys; an app that is sent them takes them too. */
const CONTACTS = [
  'create_user',
  'update_user',
  'update_user-extattr-no-type',
  'delete_user',
  'create_party',
  'update_party',
  'delete_party',
  'update_tag',
].map((name) => `change_contact-${name}`);

function setUp(agentId: string | null, now = SAMPLE_AT) {
  const events: { event: InboundEvent; hints?: IntakeHints }[] = [];
  const counts: string[] = [];
  let directoryChanges = 0;
  const receiver = createReceiver({
    keys: { corpId: SAMPLE_CORP, ...SAMPLE_KEYS },
    agentId,
    clock: new FixedClock(now),
    log: silentLog,
    intake: (event, hints) => {
      events.push({ event, ...(hints === undefined ? {} : { hints }) });
      return Promise.resolve({ duplicate: false });
    },
    count: (kind, outcome) => counts.push(`${kind} ${outcome}`),
    onDirectoryChange: () => (directoryChanges += 1),
  });
  return { receiver, events, counts, changes: () => directoryChanges };
}

function sealed(xml: string) {
  const timestamp = String(SAMPLE_AT.getTime() / 1_000);
  const encrypted = encrypt(SAMPLE_KEYS.encodingAesKey, xml, SAMPLE_CORP);
  const signature = getSignature(SAMPLE_KEYS.token, timestamp, 'n', encrypted);
  return {
    method: 'POST',
    query: { msg_signature: signature, timestamp, nonce: 'n' },
    headers: {},
    body: Buffer.from(`<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`),
  };
}

for (const [name, expected] of Object.entries(APP)) {
  test(`the app's callback takes ${name} for what it is`, async (t) => {
    const { receiver, events, counts, changes } = setUp(SAMPLE_AGENT);
    t.like(await receiver.callback(sealed(sample(`${name}.xml`))), { status: 200, body: '' });
    if ('ignored' in expected) {
      t.deepEqual(events, []);
      t.deepEqual(counts, [`${expected.ignored} ignored`]);
      t.is(changes(), expected.directory === true ? 1 : 0);
      return;
    }
    const [only] = events;
    t.is(events.length, 1);
    t.deepEqual(only?.event.body as object, expected.body);
    t.deepEqual([only?.event.from, only?.event.platform, only?.event.chat.kind], ['zhangsan', 'wecom', 'single']);
    t.is(only?.event.sentAt.toISOString(), '2026-01-01T00:00:00.000Z');
    t.regex(
      only?.event.key ?? '',
      name.endsWith('-message') ? /^wecom:1000002:73123456789012345\d\d$/ : /^wecom:1000002:[0-9a-f]{64}$/,
    );
    t.is(only?.hints?.updateHandle, expected.handle);
    t.is(counts.length, 1);
    t.regex(counts[0] ?? '', name === 'video-message' ? /^video unknown$/ : / event$/);
    t.false(counts[0]?.startsWith('other'), 'counted by its name');
  });
}

for (const name of CONTACTS) {
  test(`the directory's callback takes ${name} as a sign that the directory changed`, async (t) => {
    for (const agentId of [null, SAMPLE_AGENT]) {
      const { receiver, events, counts, changes } = setUp(agentId);
      t.like(await receiver.callback(sealed(sample(`${name}.xml`))), { status: 200, body: '' });
      t.deepEqual([events.length, changes()], [0, 1]);
      t.deepEqual(counts, ['event.change_contact ignored']);
    }
  });
}

test('the sealed envelope is the scan it holds, and an hour later a replay', async (t) => {
  const vectors = JSON.parse(sample('crypto-vectors.json')) as {
    vectors: { id: number; query: Record<string, string> }[];
  };
  const query = vectors.vectors.find(({ id }) => id === 5)?.query ?? {};
  const at = Number(query['timestamp']) * 1_000;
  const request = { method: 'POST', query, headers: {}, body: Buffer.from(sample('callback-request-envelope.xml')) };
  const fresh = setUp(SAMPLE_AGENT, new Date(at + MINUTE));
  t.like(await fresh.receiver.callback(request), { status: 200, body: '' });
  t.deepEqual(
    fresh.events.map(({ event }) => event.body as object),
    [{ kind: 'scan', text: 'STORE-0001', menuKey: 'MENU_SCAN_STORE' }],
  );
  const later = setUp(SAMPLE_AGENT, new Date(at + HOUR));
  t.like(await later.receiver.callback(request), { status: 403 });
  t.deepEqual(later.events, []);
});

test('the directory’s keys open the directory’s door only', async (t) => {
  const { receiver, events, counts } = setUp(null);
  for (const name of Object.keys(APP)) {
    const expected = APP[name]!;
    const { status } = await receiver.callback(sealed(sample(`${name}.xml`)));
    // Whatever names an app is refused, and so is whatever somebody says.
    t.is(status, sample(`${name}.xml`).includes('AgentID') || 'body' in expected ? 403 : 200, name);
  }
  t.deepEqual(events, []);
  t.true(counts.includes('other refused'));
});

test('warnings that the app is about to be suspended reach whoever runs it', async (t) => {
  const warnings: string[] = [];
  const receiver = createReceiver({
    keys: { corpId: SAMPLE_CORP, ...SAMPLE_KEYS },
    agentId: SAMPLE_AGENT,
    clock: new FixedClock(SAMPLE_AT),
    log: silentLog,
    intake: () => Promise.reject(new Error('nobody said anything')),
    onAppWarning: (what) => warnings.push(what),
  });
  const head = `<ToUserName>${SAMPLE_CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>1767225600</CreateTime>`;
  for (const event of ['inactive_alert', 'close_inactive_agent', 'reopen_inactive_agent', 'low_active_alert']) {
    const xml = `<xml>${head}<MsgType>event</MsgType><Event>${event}</Event><EffectTime>1767312000</EffectTime></xml>`;
    t.is((await receiver.callback(sealed(xml))).status, 200);
  }
  t.deepEqual(warnings, ['event.inactive_alert', 'event.close_inactive_agent', 'event.low_active_alert']);
});

test('a counter’s labels do not grow with what somebody sends', async (t) => {
  const { receiver, counts } = setUp(SAMPLE_AGENT);
  const strange = sample('text-message.xml').replace('[text]', '[hologram-4711]');
  t.is((await receiver.callback(sealed(strange))).status, 200);
  t.deepEqual(counts, ['other unknown']);
});

test('several photos in a row are several events, whatever the menu event before them said', async (t) => {
  const { receiver, events } = setUp(SAMPLE_AGENT);
  await receiver.callback(sealed(sample('pic_sysphoto.xml')));
  const photo = sample('image-message.xml');
  const id = /<MsgId>(\d+)<\/MsgId>/.exec(photo)?.[1] ?? '';
  for (let n = 0n; n < 3n; n += 1n) {
    const xml = photo.replace(id, String(BigInt(id) + n)).replace('1G6nrLmr5', `1G6nrLmr${n}`);
    t.is((await receiver.callback(sealed(xml))).status, 200);
  }
  t.is(new Set(events.map(({ event }) => event.key)).size, 3);
  t.is(new Set(events.map(({ event }) => (event.body.kind === 'image' ? event.body.media.handle : ''))).size, 3);
});

test('every sample of a callback is replayed here, and the copy is the sheet’s own', (t) => {
  const inbound = sampleNames().filter(
    (name) => name.endsWith('.xml') && !name.startsWith('reply-') && !name.startsWith('callback-'),
  );
  t.deepEqual(inbound, [...Object.keys(APP), ...CONTACTS].map((name) => `${name}.xml`).sort());
  for (const name of sampleNames()) t.is(readFileSync(join(copied, name), 'utf8'), sample(name), `${folder} ${name}`);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../../../src/core/index.js';
import { decode, type Decoded } from '../../../src/platforms/wecom/decode.js';
import { parseXml } from '../../../src/platforms/wecom/xml.js';

const read = (name: string): string => readFileSync(join(projectRoot, 'test/fixtures/wecom', `${name}.xml`), 'utf8');
const decoded = (source: string): Decoded => decode(parseXml(source), source, '1000002');

const EVENTS: Record<string, object> = {
  'text-message': { kind: 'text', text: '今天拜访了海珠店，客户要 30 箱' },
  'image-message': {
    kind: 'image',
    media: { platform: 'wecom', handle: '1G6nrLmr5EC3MMb_-zK1dDdzmd0p7cNliYu9V5w7o8K0' },
  },
  'voice-message': { kind: 'voice', media: { platform: 'wecom', handle: '1BcdEfGhIjKlMnOpQrStUvWxYz0123456789voice' } },
  'location-message': {
    kind: 'location',
    lat: 23.104105,
    lng: 113.320107,
    datum: 'gcj02',
    label: '广东省广州市海珠区新港中路397号',
  },
  'link-message': { kind: 'link', url: 'https://example.com/promo/1', title: '竞品促销海报' },
  'video-message': { kind: 'unknown', what: 'video' },
  enter_agent: { kind: 'entered' },
  click: { kind: 'menu', key: 'MENU_TODAY_TASKS' },
  scancode_waitmsg: { kind: 'scan', text: 'STORE-0001', menuKey: 'MENU_SCAN_STORE' },
  scancode_push: { kind: 'scan', text: 'https://sales.example.com/q/STORE-0001', menuKey: 'MENU_SCAN_PUSH' },
  template_card_event: {
    kind: 'press',
    cardId: 'inspect_20260101_0011',
    action: 'submit_issues',
    choices: { issues: ['oos', 'price'] },
  },
  'template_card_event-multiple': {
    kind: 'press',
    cardId: 'visit_20260101_0001@v1',
    action: 'submit_visit',
    choices: { visit_result: ['won'], next_step: ['quote'] },
  },
  'template_card_event-button': {
    kind: 'press',
    cardId: 'order_20260101_0007',
    action: 'approve',
    choices: { reason: ['price_ok'] },
  },
  'template_card_event-button-no-selection': {
    kind: 'press',
    cardId: 'order_20260101_0008',
    action: 'approve',
    choices: {},
  },
  template_card_menu_event: { kind: 'press', cardId: 'notice_20260101_0003', action: 'mute_today', choices: {} },
};

for (const [name, body] of Object.entries(EVENTS)) {
  test(`${name} becomes a neutral event`, (t) => {
    const result = decoded(read(name));
    if (result.kind !== 'event') {
      t.fail(result.kind);
      return;
    }
    const { event, hints } = result;
    t.deepEqual(event.body as object, body);
    t.deepEqual([event.from, event.platform, event.chat.kind], ['zhangsan', 'wecom', 'single']);
    t.is(event.sentAt.toISOString(), '2026-01-01T00:00:00.000Z');
    t.regex(
      event.key,
      name.endsWith('-message') ? /^wecom:1000002:73123456789012345\d\d$/ : /^wecom:1000002:[0-9a-f]{64}$/,
    );
    t.is(hints?.updateHandle, name.startsWith('template_card') ? 'kLm3_exampleResponseCode_DoNotUse' : undefined);
  });
}

for (const name of [
  'LOCATION',
  'location_select',
  'subscribe',
  'unsubscribe',
  'view',
  'view_miniprogram',
  'pic_sysphoto',
  'pic_photo_or_album',
  'pic_weixin',
  'pic_weixin-repeated-piclist',
  'batch_job_result',
  'change_contact-create_user',
  'change_contact-update_user',
  'change_contact-create_party',
]) {
  test(`${name} is taken without a word`, (t) => {
    t.is(decoded(read(name)).kind, 'silent');
  });
}

test('a file message is taken where it comes, by either name of its name', (t) => {
  const file = (tag: string) =>
    `<xml><FromUserName>a</FromUserName><CreateTime>1767225600</CreateTime><MsgType>file</MsgType><${tag}>报价.pdf</${tag}><MediaId>m1</MediaId><MsgId>1</MsgId></xml>`;
  for (const tag of ['FileName', 'Title']) {
    const result = decoded(file(tag));
    t.deepEqual(result.kind === 'event' ? (result.event.body as object) : null, {
      kind: 'file',
      media: { platform: 'wecom', handle: 'm1', name: '报价.pdf' },
    });
  }
});

test('two presses of one person within one second are two events', (t) => {
  const source = read('template_card_event-button');
  const keys = [source, source.replace('kLm3_', 'kLm4_')].map((one) => {
    const result = decoded(one);
    return result.kind === 'event' ? result.event.key : '';
  });
  t.not(keys[0], keys[1]);
});

test('the mark of the delivery is no part of the card’s id, and a split question is one', (t) => {
  const source = read('template_card_event-multiple')
    .replace('visit_20260101_0001@v1', 'card_ab@0123456789ab')
    .replace('visit_result', 'tags')
    .replace('next_step', 'tags@2')
    .replace('[quote]', '[~none]');
  const result = decoded(source);
  t.deepEqual(result.kind === 'event' ? (result.event.body as object) : null, {
    kind: 'press',
    cardId: 'card_ab',
    action: 'submit_visit',
    choices: { tags: ['won'] },
  });
});

test('what lacks its sender, time or content is malformed, not guessed', (t) => {
  const text = read('text-message');
  for (const broken of [
    text.replace(/<FromUserName>.*?<\/FromUserName>/, ''),
    text.replace(/<CreateTime>.*?<\/CreateTime>/, ''),
    text.replace('1767225600', '1e400'),
    text.replace(/<MsgType>.*?<\/MsgType>/, ''),
    read('image-message').replace(/<MediaId>.*?<\/MediaId>/, ''),
    read('location-message').replace('23.104105', '123.1'),
    read('location-message').replace('23.104105', ''),
    read('template_card_event').replace(/<TaskId>.*?<\/TaskId>/, ''),
  ]) {
    t.is(decoded(broken).kind, 'malformed', broken);
  }
});

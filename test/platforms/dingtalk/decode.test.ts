import test from 'ava';
import { decodeCardCallback, decodeEvent, decodeRobotMessage } from '../../../src/platforms/dingtalk/decode.js';
import { writePressText } from '../../../src/platforms/dingtalk/press-text.js';
import { StreamFrame } from '../../../src/platforms/dingtalk/types.js';
import type { InboundBody } from '../../../src/platforms/contract.js';
import { frame, robotMessage } from './vendor.js';

const NOW = new Date('2025-10-09T08:00:00Z');
const events = (change: Record<string, unknown>) => decodeRobotMessage(robotMessage(change), NOW)?.events ?? [];
const bodies = (change: Record<string, unknown>): InboundBody[] => events(change).map(({ body }) => body);
const ref = (handle: string, name?: string) => ({ platform: 'dingtalk' as const, handle, name });
const group = {
  conversationType: '2',
  conversationId: 'cidQ1wExampleGroupChat77bB==',
  conversationTitle: '华东一组',
  isInAtList: true,
};

test('a text is taken with sender, time and its own key', (t) => {
  t.deepEqual(events({ text: { content: ' 今天拜访了甲公司 ' } }), [
    {
      key: 'dingtalk:msgExampleSingle0001==' as never,
      platform: 'dingtalk',
      from: 'staff0101',
      chat: { kind: 'single' },
      sentAt: new Date(1760000000000),
      body: { kind: 'text', text: '今天拜访了甲公司' },
    },
  ]);
});

test('in a group the mention in front is cut and the chat is named', (t) => {
  for (const [said, text] of [
    [' 今天拜访了甲公司', '今天拜访了甲公司'],
    ['@留痕 帮助', '帮助'],
    ['@留痕\u2005@代表甲 看一下', '看一下'],
    ['@留痕', ''],
    ['发到 a@example.com', '发到 a@example.com'],
  ] as const) {
    const [event] = events({ ...group, text: { content: said } });
    t.deepEqual(event?.body, { kind: 'text', text });
    t.deepEqual(event?.chat, { kind: 'group', id: 'cidQ1wExampleGroupChat77bB==', title: '华东一组' });
  }
});

test('what is said in a group without naming the robot is not for us', (t) => {
  t.deepEqual(events({ ...group, isInAtList: false }), []);
  t.is(events({ ...group, isInAtList: undefined }).length, 1);
});

test('pictures, files and voice become media, content as object or as string', (t) => {
  const picture = { msgtype: 'picture', text: undefined, content: { downloadCode: 'code+picture==' } };
  t.deepEqual(bodies(picture), [{ kind: 'image', media: ref('code+picture==') }]);
  t.deepEqual(bodies({ ...picture, content: JSON.stringify(picture.content) }), [
    { kind: 'image', media: ref('code+picture==') },
  ]);
  t.deepEqual(
    bodies({ msgtype: 'file', content: { downloadCode: 'c', fileName: '报价单-甲公司.xlsx', fileId: '1' } }),
    [{ kind: 'file', media: ref('c', '报价单-甲公司.xlsx') }],
  );
  t.deepEqual(bodies({ msgtype: 'audio', content: { downloadCode: 'c', duration: '4000', recognition: '见了主任' } }), [
    { kind: 'voice', media: ref('c'), durationMs: 4000, transcript: '见了主任' },
  ]);
  t.deepEqual(bodies({ msgtype: 'audio', content: { downloadCode: 'c', recognition: '' } }), [
    { kind: 'voice', media: ref('c'), durationMs: undefined, transcript: undefined },
  ]);
});

test('rich text gives its words and each of its pictures, under keys of their own', (t) => {
  const content = {
    richText: [
      { text: '@销售助手' },
      { text: '现场照片，' },
      { type: 'picture', pictureDownloadCode: 'p1', downloadCode: 'code1' },
      { text: '客户已签收' },
      { type: 'picture', downloadCode: 'code2' },
    ],
  };
  const got = events({ ...group, msgtype: 'richText', text: undefined, content });
  t.deepEqual(
    got.map(({ body }) => body),
    [
      { kind: 'text', text: '现场照片，客户已签收' },
      { kind: 'image', media: ref('code1') },
      { kind: 'image', media: ref('code2') },
    ],
  );
  t.is(new Set(got.map(({ key }) => key)).size, 3);
  const again = events({ ...group, msgtype: 'richText', text: undefined, content });
  t.deepEqual(
    again.map(({ key }) => key),
    got.map(({ key }) => key),
  );
});

test('quoted material comes with the words beside it, in groups and one-to-one; its key is its own', (t) => {
  const quote = (msgType: string, content?: object) => ({
    text: {
      content: ' 看这个',
      isReplyMsg: true,
      repliedMsg: { msgType, msgId: 'msgOrig', createdAt: 1_759_990_000_000, content },
    },
  });
  const quoted = { said: '看这个', at: new Date(1_759_990_000_000) };
  const file = quote('file', { downloadCode: 'c', fileName: '合同.pdf' });
  for (const chat of [group, {}]) {
    t.deepEqual(bodies({ ...chat, ...file }), [{ kind: 'file', media: ref('c', '合同.pdf'), quoted }]);
    t.deepEqual(bodies({ ...chat, ...quote('picture', { downloadCode: 'c' }) }), [
      { kind: 'image', media: ref('c'), quoted },
    ]);
    const audio = { downloadCode: 'c', duration: '4000', recognition: ' 对方下周答复 ' };
    t.deepEqual(bodies({ ...chat, ...quote('audio', audio) }), [
      { kind: 'voice', media: ref('c'), durationMs: 4000, transcript: '对方下周答复', quoted },
    ]);
    t.deepEqual(bodies({ ...chat, ...quote('video', { downloadCode: 'c' }) }), [
      { kind: 'unknown', what: 'quoted:video', is: 'video', quoted },
    ]);
    // Material whose code does not come along: told as such.
    t.deepEqual(bodies({ ...chat, ...quote('audio', { duration: 1 }) }), [
      { kind: 'unknown', what: 'quoted:audio', is: 'quoted', quoted },
    ]);
    t.deepEqual(bodies({ ...chat, ...quote('file') }), [
      { kind: 'unknown', what: 'quoted:file', is: 'quoted', quoted },
    ]);
    // What holds no material is left to the words.
    for (const [msgType, content] of [
      ['text', { text: '下周二去' }],
      ['unknownMsgType', undefined],
      ['interactiveCard', undefined],
      ['richText', { richText: [{ text: '只有字' }] }],
    ] as const) {
      t.deepEqual(bodies({ ...chat, ...quote(msgType, content) }), [{ kind: 'text', text: '看这个' }], msgType);
    }
    t.deepEqual(bodies({ ...chat, text: { content: '看', repliedMsg: 'broken' } }).length, 1);
  }
  const rich = quote('richText', { richText: [{ text: '现场' }, { downloadCode: 'a' }, { pictureDownloadCode: 'b' }] });
  t.deepEqual(
    events({ ...group, ...rich }).map(({ key, body }) => [key as string, body.kind === 'image' && body.media.handle]),
    [
      ['dingtalk:msgExampleSingle0001==:quoted', 'a'],
      ['dingtalk:msgExampleSingle0001==:quoted:1', 'b'],
    ],
  );
  const untimed = {
    text: { content: '看', repliedMsg: { msgType: 'picture', createdAt: 'soon', content: { downloadCode: 'c' } } },
  };
  t.deepEqual(bodies(untimed), [{ kind: 'image', media: ref('c'), quoted: { said: '看' } }]);
});

test('kinds we do not read are named and never thrown at', (t) => {
  const known = { video: 'video', interactiveCard: 'card', actionCard: 'card', chatRecord: 'chat-record' } as const;
  for (const [msgtype, is] of Object.entries(known)) {
    t.deepEqual(bodies({ msgtype, text: undefined, content: {} }), [{ kind: 'unknown', what: msgtype, is }]);
  }
  for (const msgtype of ['unknownMsgType', 'constructor', 'text', 'file']) {
    t.deepEqual(bodies({ msgtype, text: undefined, content: {} }), [{ kind: 'unknown', what: msgtype }]);
  }
  t.deepEqual(bodies({ msgtype: undefined, text: undefined }), [{ kind: 'unknown', what: 'nothing' }]);
  t.deepEqual(bodies({ msgtype: 'richText', content: { richText: 'no list' } }), [
    { kind: 'unknown', what: 'richText' },
  ]);
});

test('a shared page is a link', (t) => {
  const url = 'https://alidocs.dingtalk.com/i/nodes/EXAMPLE';
  t.deepEqual(bodies({ msgtype: 'interactiveCard', content: { biz_custom_action_url: url } }), [
    { kind: 'link', url, title: undefined },
  ]);
  const actionCard = { title: '合同评审', text: '请查看', actionUrlItemList: [{ actionUrl: url }] };
  t.deepEqual(bodies({ msgtype: 'actionCard', content: actionCard }), [{ kind: 'link', url, title: '合同评审' }]);
  for (const bad of ['javascript:alert(1)', 'dingtalk://x', '']) {
    t.is(bodies({ msgtype: 'interactiveCard', content: { biz_custom_action_url: bad } })[0]?.kind, 'unknown');
  }
});

test('a message without its content, the quota being used up, is told apart', (t) => {
  for (const name of ['errorCode', 'errCode']) {
    const decoded = decodeRobotMessage(robotMessage({ text: undefined, [name]: 20001 }), NOW);
    t.true(decoded?.quotaUsedUp);
    t.deepEqual(decoded?.events[0]?.body, { kind: 'unknown', what: 'quota-used-up', is: 'no-content' });
  }
});

test('people outside the company are known by their encrypted id', (t) => {
  for (const senderStaffId of ['', undefined, null]) {
    t.is(events({ senderStaffId })[0]?.from, '$:LWCP_v1:$UserEncryptedId111');
  }
});

test('numbers as strings, missing times and foreign shapes are survived', (t) => {
  t.deepEqual(events({ createAt: '1760000000000', conversationType: 1 })[0]?.sentAt, new Date(1760000000000));
  t.deepEqual(events({ createAt: undefined })[0]?.sentAt, NOW);
  for (const data of [undefined, null, 7, 'x', [], {}, { msgId: '' }, { msgId: 3 }]) {
    t.is(decodeRobotMessage(data, NOW), null);
  }
});

const click = (content: unknown, change: object = {}) =>
  decodeCardCallback(
    {
      type: 'actionCallback',
      outTrackId: 'card_1',
      corpId: 'd',
      userId: 'staff0101',
      content: JSON.stringify(content),
      ...change,
    },
    'cb_card_0001',
    NOW,
  )?.event ?? null;

test('a click names card, button and person', (t) => {
  t.deepEqual(click({ cardPrivateData: { actionIds: ['deal_1.photo'], params: { action: 'deal_1.photo' } } }), {
    key: 'dingtalk:press:cb_card_0001' as never,
    platform: 'dingtalk',
    from: 'staff0101',
    sentAt: NOW,
    body: { kind: 'press', cardId: 'card_1' as never, action: 'deal_1.photo', choices: {} },
  });
});

test('the older form with value alone is read', (t) => {
  const event = click(null, {
    content: undefined,
    value: '{"cardPrivateData":{"actionIds":["1"]},"params":{"action":"agree","form":{"q":{"index":0,"value":"a"}}}}',
  });
  t.deepEqual(event?.body, { kind: 'press', cardId: 'card_1' as never, action: '1', choices: { q: ['a'] } });
});

test('a form gives the chosen ids, and its button when the component answers under its own name', (t) => {
  const form = {
    tags: { index: [0, 2], value: ['price', 'delivery'] },
    stage: { index: 1, value: 'proposal' },
    boxes: ['a', 'b'],
    one: 'x',
    count: 3,
    none: { index: -1, value: '' },
    flag: true,
  };
  const event = click({ cardPrivateData: { actionIds: ['form'], params: { action: 'tags.submit', form } } });
  t.deepEqual(event?.body, {
    kind: 'press',
    cardId: 'card_1' as never,
    action: 'tags.submit',
    choices: {
      tags: ['price', 'delivery'],
      stage: ['proposal'],
      boxes: ['a', 'b'],
      one: ['x'],
      count: ['3'],
      none: [],
      flag: [],
    },
  });
});

test('a form that names no button is pressed under its own name', (t) => {
  const event = click({ cardPrivateData: { actionIds: ['form'], params: { form: { customer: '甲公司' } } } });
  t.deepEqual(event?.body.kind === 'press' && [event.body.action, event.body.choices], [
    'form',
    { customer: ['甲公司'] },
  ]);
});

test('hostile clicks change nothing outside and give no event', (t) => {
  const hostile =
    '{"cardPrivateData":{"actionIds":["a"],"params":{"form":{"__proto__":{"value":"x"},"k":{"value":"v"}}}}}';
  const event = click(null, { content: hostile });
  t.deepEqual(event?.body.kind === 'press' && event.body.choices, { k: ['v'] });
  t.is(({} as { value?: unknown }).value, undefined);
  for (const content of [null, 7, [], {}, { cardPrivateData: 3 }, { cardPrivateData: { actionIds: [] } }]) {
    t.is(click(content), null);
  }
  t.is(click({}, { content: 'no json' }), null);
  t.is(click({ cardPrivateData: { actionIds: ['a'] } }, { userId: '' }), null);
  t.is(click({ cardPrivateData: { actionIds: ['a'] } }, { outTrackId: '' }), null);
});

test('ids longer than any of theirs make no event: no store could look them up', (t) => {
  const long = 'x'.repeat(300);
  const pressed = { cardPrivateData: { actionIds: ['a'] } };
  t.truthy(click(pressed));
  for (const change of [{ outTrackId: long }, { userId: long }]) t.is(click(pressed, change), null);
  for (const change of [
    { msgId: long },
    { senderStaffId: long },
    { senderId: long },
    { ...group, conversationId: long },
  ])
    t.deepEqual(events(change), []);
  const headers = { topic: '*', messageId: 'm', eventType: 'check_in', eventId: long };
  t.is(decodeEvent({ type: 'EVENT', headers, data: '{}' }, NOW), null);
});

test('what a link button makes the client say is a press again, but only one-to-one', (t) => {
  const said = writePressText('拍门牌', 'card_Xk-1', 'ask:deal_1:item@2');
  t.deepEqual(bodies({ text: { content: said } }), [
    { kind: 'press', cardId: 'card_Xk-1' as never, action: 'ask:deal_1:item@2', choices: {} },
  ]);
  const chosen = writePressText('急诊', 'card_Xk-1', 'tags.submit', { key: 'tags', id: '急诊 场景' });
  t.deepEqual(bodies({ text: { content: chosen } }), [
    { kind: 'press', cardId: 'card_Xk-1' as never, action: 'tags.submit', choices: { tags: ['急诊 场景'] } },
  ]);
  t.is(bodies({ ...group, text: { content: said } })[0]?.kind, 'text');
  t.is(bodies({ text: { content: '说明〔见附件〕' } })[0]?.kind, 'text');
});

test('an event of the company is kept under its own id', (t) => {
  const raw = frame(
    'EVENT',
    '*',
    { timeStamp: 1760000000000, staffId: 'staff0101' },
    { eventId: 'evt1', eventType: 'check_in', eventBornTime: '1760000000000' },
  );
  const event = decodeEvent(StreamFrame.parse(raw), NOW);
  t.is(event?.key, 'dingtalk:event:evt1' as never);
  t.is(event?.from, 'staff0101');
  t.deepEqual(event?.body, { kind: 'checked-in' });
  t.is(decodeEvent(StreamFrame.parse(frame('EVENT', '*', {})), NOW), null);
});

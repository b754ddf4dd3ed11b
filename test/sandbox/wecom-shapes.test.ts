import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import test from 'ava';
import { checkCard } from '../../src/sandbox/wecom/card.js';
import { decrypt, encrypt, signature } from '../../src/sandbox/wecom/crypto.js';
import { cardFromXml } from '../../src/sandbox/wecom/reply.js';
import { readXml } from '../../src/sandbox/wecom/xml.js';
import { type Bench, cardMessage, type Json, startBench, withCallback } from './support.js';

/** What differs from call to call, replaced by its kind. */
function settled(xml: string, bench: Bench): string {
  return xml
    .replace(bench.access.wecom.corpId, 'CORP')
    .replace(/(<CreateTime>)\d{10}(?=<)/, '$1SECONDS')
    .replace(/(<MsgId>)\d{19}(?=<)/, '$1ID')
    .replace(/(<(?:MediaId|ThumbMediaId|ResponseCode)><!\[CDATA\[)[A-Za-z0-9]{43,44}(?=\])/g, '$1OPAQUE')
    .replace(/http:\/\/127\.0\.0\.1:\d+\/wwpic\/[0-9a-f]+\/0/, 'PICTURE');
}

const text = (name: string, value: string): string => `<${name}><![CDATA[${value}]]></${name}>`;
const message = (type: string, ...fields: string[]): string =>
  [
    '<xml>',
    ...[
      text('ToUserName', 'CORP'),
      text('FromUserName', 'RepA'),
      '<CreateTime>SECONDS</CreateTime>',
      text('MsgType', type),
      ...fields,
    ].map((line) => `  ${line}`),
    '</xml>',
  ].join('\n');
const event = (name: string, ...fields: string[]): string => message('event', text('Event', name), ...fields);
const ID = '<MsgId>ID</MsgId>';
const AGENT = '<AgentID>1000002</AgentID>';
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1]);

const MENU = {
  button: [
    { type: 'click', name: '商机', key: 'deals' },
    { type: 'view', name: '网页', url: 'https://example.com/m' },
    {
      name: '更多',
      sub_button: [
        { type: 'scancode_waitmsg', name: '扫码', key: 'scan' },
        { type: 'pic_sysphoto', name: '拍照', key: 'photo' },
        { type: 'location_select', name: '位置', key: 'place' },
      ],
    },
  ],
};

test('messages and menu events have the vendor’s elements in the vendor’s order', async (t) => {
  const bench = await startBench(t);
  const { heard } = await withCallback(t, bench);
  t.is((await bench.wecom('POST', 'menu/create', MENU, { agentid: bench.access.wecom.agentId })).errcode, 0);
  const says = async (action: string, body: unknown, ...expected: string[]): Promise<void> => {
    const from = heard.length;
    const { json } = await bench.control('POST', `phones/wecom/RepA/${action}`, body);
    t.is(json.accepted, true, JSON.stringify(json));
    t.deepEqual(
      heard.slice(from).map((xml) => settled(xml, bench)),
      expected,
    );
  };
  await says('text', { text: '客户要 30 箱' }, message('text', text('Content', '客户要 30 箱'), ID, AGENT));
  const picture = message('image', text('PicUrl', 'PICTURE'), text('MediaId', 'OPAQUE'), ID, AGENT);
  await says('image?name=a.jpg', JPEG, picture);
  await says(
    'voice',
    Buffer.from('#!AMR\n1'),
    message('voice', text('MediaId', 'OPAQUE'), text('Format', 'amr'), ID, AGENT),
  );
  await says(
    'video?name=a.mp4',
    Buffer.from('\0\0\0\x18ftypmp42'),
    message('video', text('MediaId', 'OPAQUE'), text('ThumbMediaId', 'OPAQUE'), ID, AGENT),
  );
  await says(
    'file?name=方案.pdf',
    Buffer.from('%PDF-1'),
    message('file', text('FileName', '方案.pdf'), text('MediaId', 'OPAQUE'), ID, AGENT),
  );
  await says(
    'link',
    { url: 'https://example.com/1', title: '海报', description: '活动' },
    message(
      'link',
      text('Title', '海报'),
      text('Description', '活动'),
      text('Url', 'https://example.com/1'),
      text('PicUrl', ''),
      ID,
      AGENT,
    ),
  );
  const place = [
    '<Location_X>23.104105</Location_X>',
    '<Location_Y>113.320107</Location_Y>',
    '<Scale>16</Scale>',
    text('Label', '新港中路'),
  ];
  await says(
    'location',
    { lat: 23.104105, lng: 113.320107, label: '新港中路' },
    message('location', ...place, ID, AGENT, text('AppType', 'wxwork')),
  );
  await says('enter', {}, event('enter_agent', text('EventKey', ''), AGENT));
  await says('menu', { key: 'deals' }, event('click', text('EventKey', 'deals'), AGENT));
  await says('menu', { key: 'https://example.com/m' }, event('view', text('EventKey', 'https://example.com/m'), AGENT));
  await says(
    'scan',
    { text: 'STORE-1' },
    event(
      'scancode_waitmsg',
      text('EventKey', 'scan'),
      '<ScanCodeInfo>',
      `  ${text('ScanType', 'qrcode')}`,
      `  ${text('ScanResult', 'STORE-1')}`,
      '</ScanCodeInfo>',
      AGENT,
    ),
  );
  await says(
    'location',
    { lat: 23.1, lng: 113.3, label: '新港', menuKey: 'place' },
    event(
      'location_select',
      text('EventKey', 'place'),
      '<SendLocationInfo>',
      ...[
        text('Location_X', '23.1'),
        text('Location_Y', '113.3'),
        text('Scale', '15'),
        text('Label', '新港'),
        text('Poiname', ''),
      ].map((line) => `  ${line}`),
      '</SendLocationInfo>',
      AGENT,
      text('AppType', 'wxwork'),
    ),
  );
  await says(
    'image?name=a.jpg&menuKey=photo',
    JPEG,
    event(
      'pic_sysphoto',
      text('EventKey', 'photo'),
      '<SendPicsInfo>',
      '  <Count>1</Count>',
      '  <PicList>',
      '    <item>',
      `      ${text('PicMd5Sum', createHash('md5').update(JPEG).digest('hex'))}`,
      '    </item>',
      '  </PicList>',
      '</SendPicsInfo>',
      AGENT,
    ),
    picture,
  );
});

test('card events carry task, type, a code of their own, and what was chosen', async (t) => {
  const bench = await startBench(t);
  const { heard } = await withCallback(t, bench);
  const press = async (card: Json, action: string, choices: Json): Promise<string> => {
    const sent = await bench.wecom('POST', 'message/send', cardMessage(bench, card));
    t.is(sent.errcode, 0, JSON.stringify(sent));
    const { id } = await bench.lastMessage('wecom', 'RepA');
    await bench.control('POST', 'phones/wecom/RepA/press', { messageId: id, action, choices });
    return settled(heard.at(-1) ?? '', bench);
  };
  const head = (key: string, task: string, type: string): string[] => [
    text('EventKey', key),
    text('TaskId', task),
    text('CardType', type),
    text('ResponseCode', 'OPAQUE'),
    AGENT,
  ];
  const item = (question: string, ...options: string[]): string[] => [
    '  <SelectedItem>',
    `    ${text('QuestionKey', question)}`,
    '    <OptionIds>',
    ...options.map((option) => `      ${text('OptionId', option)}`),
    '    </OptionIds>',
    '  </SelectedItem>',
  ];
  const options = [
    { id: 'a', text: '甲' },
    { id: 'b', text: '乙' },
  ];
  const submit_button = { text: '提交', key: 'send' };
  const vote = {
    card_type: 'vote_interaction',
    main_title: { title: 't' },
    task_id: 'v1',
    checkbox: { question_key: 'q', mode: 1, option_list: options },
    submit_button,
  };
  t.is(
    await press(vote, 'send', { q: ['a', 'b'] }),
    event(
      'template_card_event',
      ...head('send', 'v1', 'vote_interaction'),
      '<SelectedItems>',
      ...item('q', 'a', 'b'),
      '</SelectedItems>',
    ),
  );
  const multiple = {
    card_type: 'multiple_interaction',
    main_title: { title: 't' },
    task_id: 'm1',
    select_list: [
      { question_key: 'q1', selected_id: 'b', option_list: options },
      { question_key: 'q2', selected_id: 'a', option_list: options },
    ],
    submit_button,
  };
  // The selector that was not touched sends what was set before.
  t.is(
    await press(multiple, 'send', { q1: 'a' }),
    event(
      'template_card_event',
      ...head('send', 'm1', 'multiple_interaction'),
      '<SelectedItems>',
      ...item('q1', 'a'),
      ...item('q2', 'a'),
      '</SelectedItems>',
    ),
  );
  const menu = { action_list: [{ text: '今日不再提醒', key: 'mute' }] };
  const buttons = {
    card_type: 'button_interaction',
    main_title: { title: 't' },
    task_id: 'b1',
    action_menu: menu,
    button_list: [{ text: '同意', key: 'ok' }],
  };
  t.is(await press(buttons, 'ok', {}), event('template_card_event', ...head('ok', 'b1', 'button_interaction')));
  t.is(
    await press({ ...buttons, task_id: 'b2' }, 'mute', {}),
    event('template_card_menu_event', ...head('mute', 'b2', 'button_interaction')),
  );
});

test('a card of a passive reply is read as the card of the send API', (t) => {
  const xml = readXml(`<xml><TemplateCard>
    <CardType><![CDATA[multiple_interaction]]></CardType>
    <Source><IconUrl><![CDATA[https://example.com/i.png]]></IconUrl><Desc>助手</Desc><DescColor>2</DescColor></Source>
    <MainTitle><Title><![CDATA[已更新]]></Title><Desc>a &amp; b</Desc></MainTitle>
    <SelectList><QuestionKey>q</QuestionKey><SelectedId>a</SelectedId><Disable>true</Disable>
      <OptionList><Id>a</Id><Text>甲</Text></OptionList><OptionList><Id>b</Id><Text>乙</Text></OptionList></SelectList>
    <SubmitButton><Text>提交</Text><Key>send</Key></SubmitButton>
    <ReplaceText><![CDATA[已提交]]></ReplaceText>
  </TemplateCard></xml>`);
  const card = cardFromXml(xml?.children[0] ?? { name: '', text: '', children: [] });
  t.deepEqual(card, {
    card_type: 'multiple_interaction',
    source: { icon_url: 'https://example.com/i.png', desc: '助手', desc_color: 2 },
    main_title: { title: '已更新', desc: 'a & b' },
    select_list: [
      {
        question_key: 'q',
        selected_id: 'a',
        disable: true,
        option_list: [
          { id: 'a', text: '甲' },
          { id: 'b', text: '乙' },
        ],
      },
    ],
    submit_button: { text: '提交', key: 'send' },
    replace_text: '已提交',
  });
  t.like(checkCard(card, { update: true, mediaExists: () => false, userExists: () => false }), {
    type: 'multiple_interaction',
  });
});

test('XML outside what the vendor writes is not read', (t) => {
  for (const source of [
    '<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>',
    '<xml>&a;</xml>',
    '<xml a="b"></xml>',
    '<xml><a></xml></a>',
    '<xml></xml>x',
    '<xml>',
    '',
  ]) {
    t.is(readXml(source), undefined, source);
  }
  t.is(readXml('<xml><A><![CDATA[x]]]]><![CDATA[>y]]></A ></xml>')?.children[0]?.text, 'x]]>y');
});

// Published sample values of the vendor (weworkapi_python, callback/Sample.py); no secret of anybody.
const TOKEN = 'QDG6eK';
const KEY = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C';
const CORP = 'wx5823bf96d3bd56c7';

test('the cipher agrees with the vendor’s published sample', (t) => {
  const echo = 'P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==';
  t.is(signature(TOKEN, '1409659589', '263014780', echo), '5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3');
  t.deepEqual(decrypt(KEY, echo), { message: '1616140317555161061', receiveId: CORP });
  t.is(encrypt(KEY, '1616140317555161061', CORP, Buffer.from('c41b64491c2468d0', 'latin1')), echo);
  for (const broken of [echo.slice(0, -4), 'AAAA', '', `A${echo.slice(1)}`.replace('qQ==', 'qA==')]) {
    t.is(decrypt(KEY, broken), undefined, broken);
  }
});

test('the cipher agrees with the vendor’s own package at every length of the padding', (t) => {
  const vendor = createRequire(import.meta.url)('@wecom/crypto') as {
    decrypt(key: string, encrypted: string): { message: string; id: string };
    encrypt(key: string, message: string, id: string): string;
  };
  for (let length = 0; length <= 33; length += 1) {
    const message = 'x'.repeat(length);
    t.deepEqual(decrypt(KEY, vendor.encrypt(KEY, message, CORP)), { message, receiveId: CORP });
    const sealed = encrypt(KEY, message, CORP);
    t.is(Buffer.from(sealed, 'base64').length % 32, 0);
    t.like(vendor.decrypt(KEY, sealed), { message, id: CORP });
  }
});

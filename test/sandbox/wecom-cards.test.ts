import test from 'ava';
import { button, cardMessage, type Json, notice, startBench, withCallback } from './support.js';

const HOUR = 3_600_000;

let serial = 0;
const freshTask = (): string => `task_${(serial += 1)}`;

const news = (more: Json = {}): Json => ({
  ...notice(),
  card_type: 'news_notice',
  card_image: { url: 'https://example.com/i.png', aspect_ratio: 1.5 },
  ...more,
});
const buttons = (more: Json = {}): Json => ({ ...button(freshTask()), ...more });
const vote = (more: Json = {}): Json => ({
  card_type: 'vote_interaction',
  main_title: { title: '问题' },
  task_id: freshTask(),
  checkbox: {
    question_key: 'q',
    mode: 1,
    option_list: [
      { id: 'a', text: '甲' },
      { id: 'b', text: '乙' },
    ],
  },
  submit_button: { text: '提交', key: 'submit' },
  ...more,
});
const multiple = (more: Json = {}): Json => ({
  card_type: 'multiple_interaction',
  main_title: { title: '登记' },
  task_id: freshTask(),
  select_list: [
    {
      question_key: 'q',
      title: '结果',
      selected_id: 'a',
      option_list: [
        { id: 'a', text: '甲' },
        { id: 'b', text: '乙' },
      ],
    },
  ],
  submit_button: { text: '提交', key: 'submit' },
  ...more,
});

test('template cards: each missing or wrong field has its code', async (t) => {
  const bench = await startBench(t);
  await withCallback(t, bench);
  const option = (id: string): Json => ({ id, text: id });
  const cases: [string, Json, number][] = [
    ['nested twice', { template_card: notice() }, 41016],
    ['unknown type', { ...notice(), card_type: 'poster' }, 42031],
    ['notice without any title', notice({ main_title: {} }), 42033],
    ['buttons without a title', buttons({ main_title: { desc: 'd' } }), 42033],
    ['notice without card_action', notice({ card_action: undefined }), 42045],
    ['notice whose card_action does nothing', notice({ card_action: { type: 0 } }), 42045],
    ['card_action without url', notice({ card_action: { type: 1 } }), 42028],
    ['mini-program without appid', notice({ card_action: { type: 2 } }), 42030],
    ['field without keyname', notice({ horizontal_content_list: [{ value: 'v' }] }), 42027],
    ['field with a link and no url', notice({ horizontal_content_list: [{ keyname: 'k', type: 1 }] }), 42028],
    [
      'field with unknown media',
      notice({ horizontal_content_list: [{ keyname: 'k', type: 2, media_id: 'x' }] }),
      42029,
    ],
    [
      'field with an unknown member',
      notice({ horizontal_content_list: [{ keyname: 'k', type: 3, userid: 'x' }] }),
      42050,
    ],
    ['seven fields', notice({ horizontal_content_list: Array.from({ length: 7 }, () => ({ keyname: 'k' })) }), 42035],
    ['four jumps', notice({ jump_list: Array.from({ length: 4 }, () => ({ title: 't' })) }), 42042],
    ['news without a picture', news({ card_image: undefined }), 42044],
    ['news whose picture has no url', news({ card_image: {} }), 42044],
    ['five vertical rows', news({ vertical_content_list: Array.from({ length: 5 }, () => ({ title: 't' })) }), 42036],
    [
      'menu with the same key twice',
      notice({
        task_id: freshTask(),
        action_menu: {
          action_list: [
            { text: 'a', key: 'k' },
            { text: 'b', key: 'k' },
          ],
        },
      }),
      42051,
    ],
    [
      'menu with four entries',
      notice({
        task_id: freshTask(),
        action_menu: { action_list: ['a', 'b', 'c', 'd'].map((key) => ({ text: key, key })) },
      }),
      40058,
    ],
    ['menu without task_id', notice({ action_menu: { action_list: [{ text: 'a', key: 'k' }] } }), 42014],
    ['buttons without task_id', buttons({ task_id: undefined }), 42014],
    ['task_id with a colon', buttons({ task_id: 'a:b' }), 42014],
    ['long task_id', buttons({ task_id: 'x'.repeat(129) }), 42014],
    ['no button', buttons({ button_list: [] }), 40058],
    [
      'seven buttons',
      buttons({ button_list: Array.from({ length: 7 }, (_, i) => ({ text: 't', key: `k${i}` })) }),
      40058,
    ],
    ['button without text', buttons({ button_list: [{ key: 'k' }] }), 42038],
    ['button without key', buttons({ button_list: [{ text: 't' }] }), 42039],
    [
      'two buttons with one key',
      buttons({
        button_list: [
          { text: 't', key: 'k' },
          { text: 'u', key: 'k' },
        ],
      }),
      42039,
    ],
    ['link button without url', buttons({ button_list: [{ text: 't', type: 1 }] }), 42028],
    ['vote without question', vote({ checkbox: { option_list: [option('a')] } }), 42043],
    [
      'vote with 21 options',
      vote({ checkbox: { question_key: 'q', option_list: Array.from({ length: 21 }, (_, i) => option(`o${i}`)) } }),
      42037,
    ],
    ['option without id', vote({ checkbox: { question_key: 'q', option_list: [{ text: 't' }] } }), 42040],
    [
      'two options with one id',
      vote({ checkbox: { question_key: 'q', option_list: [option('a'), option('a')] } }),
      42040,
    ],
    ['option without text', vote({ checkbox: { question_key: 'q', option_list: [{ id: 'a' }] } }), 42041],
    ['vote without submit key', vote({ submit_button: { text: '提交' } }), 42046],
    ['submit text that is none', vote({ submit_button: { text: 1, key: 'k' } }), 42049],
    [
      'four selectors',
      multiple({
        select_list: Array.from({ length: 4 }, (_, i) => ({ question_key: `q${i}`, option_list: [option('a')] })),
      }),
      42047,
    ],
    [
      'eleven options',
      multiple({
        select_list: [{ question_key: 'q', option_list: Array.from({ length: 11 }, (_, i) => option(`o${i}`)) }],
      }),
      42037,
    ],
    [
      'two selectors with one key',
      multiple({ select_list: [1, 2].map(() => ({ question_key: 'q', option_list: [option('a')] })) }),
      42043,
    ],
  ];
  for (const [title, card, code] of cases) {
    t.is((await bench.wecom('POST', 'message/send', cardMessage(bench, card))).errcode, code, title);
  }
  for (const card of [notice(), news(), buttons(), vote(), multiple()]) {
    const sent = await bench.wecom('POST', 'message/send', cardMessage(bench, card));
    t.is(sent.errcode, 0, String(card.card_type));
    t.is(typeof sent.response_code, String(card.card_type).endsWith('notice') ? 'undefined' : 'string');
  }
});

test('a task_id serves once, and fields that a type does not offer are not shown', async (t) => {
  const bench = await startBench(t);
  await withCallback(t, bench);
  t.is((await bench.wecom('POST', 'message/send', cardMessage(bench, button('same')))).errcode, 0);
  t.is((await bench.wecom('POST', 'message/send', cardMessage(bench, button('same')))).errcode, 42014);
  await bench.wecom('POST', 'message/send', cardMessage(bench, vote({ sub_title_text: '看不见' })));
  t.false('sub_title_text' in ((await bench.lastMessage('wecom', 'RepA')).card ?? {}));
});

test('a response_code changes a card once, within 72 hours, for those named', async (t) => {
  const bench = await startBench(t);
  await withCallback(t, bench);
  const send = async (): Promise<string> =>
    String(
      (await bench.wecom('POST', 'message/send', { ...cardMessage(bench, buttons()), touser: 'RepA|RepB' }))
        .response_code,
    );
  const update = (more: Json): Promise<Json> =>
    bench.wecom('POST', 'message/update_template_card', { userids: ['RepA'], agentid: bench.agentid, ...more });
  const code = await send();
  const done = { response_code: code, button: { replace_name: '已办' } };
  t.is((await update({ ...done, userids: 'RepA' })).errcode, 40058);
  t.is((await update({ ...done, userids: [] })).errcode, 40063);
  t.is((await update({ ...done, agentid: 7 })).errcode, 301002);
  t.is((await update({ ...done, response_code: 'none' })).errcode, 40058);
  t.is((await update({ ...done, button: {} })).errcode, 40063);
  t.is((await update({ response_code: code })).errcode, 40063);
  t.is((await update({ response_code: code, template_card: notice({ card_action: undefined }) })).errcode, 42045);
  t.deepEqual(await update({ ...done, userids: ['repa', 'Lead1'] }), {
    errcode: 0,
    errmsg: 'ok',
    invaliduser: ['lead1'],
  });
  t.deepEqual((await bench.lastMessage('wecom', 'RepA')).state, { replacedText: '已办', disabled: true });
  t.is((await bench.lastMessage('wecom', 'RepB')).state, undefined);
  t.is((await update(done)).errcode, 40058);
  const second = await send();
  const replaced = {
    response_code: second,
    atall: 1,
    userids: [],
    template_card: { ...buttons({ replace_text: '已结束' }), task_id: undefined },
  };
  t.is((await update(replaced)).errcode, 0);
  const shown = await bench.lastMessage('wecom', 'RepB');
  t.is(shown.state?.replacedText, '已结束');
  t.is(typeof shown.card?.task_id, 'string');
  const late = await send();
  await bench.control('POST', 'clock', { offsetMs: 72 * HOUR + 1_000 });
  const fresh = new URLSearchParams({ access_token: await bench.wecomToken() });
  const answer = await fetch(`${bench.access.wecom.apiBase}/cgi-bin/message/update_template_card?${fresh.toString()}`, {
    method: 'POST',
    body: JSON.stringify({ ...done, userids: ['RepA'], agentid: bench.agentid, response_code: late }),
  });
  t.is(((await answer.json()) as Json).errcode, 40058);
});

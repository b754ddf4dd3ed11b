import test from 'ava';
import { openQuestion } from '../../src/web/ui/sandbox/open-question.js';
import type { Message } from '../../src/web/ui/sandbox/types.js';

const CLIENTS = ['城东医院', '滨江医院', '珠江医院', '珠江医院东院'];

const common = {
  chatId: 'single:rep',
  from: 'bot',
  fromName: '留痕',
  at: '2026-11-25T09:00:00Z',
  kind: 'card',
} as const;
const wecom = (id: string, title: string, desc: string, ...keys: string[]): Message => ({
  ...common,
  id,
  platform: 'wecom',
  card: { main_title: { title, desc }, button_list: keys.map((key) => ({ text: '…', key })) },
});
const ding = (id: string, title: string, subtitle: string, ...keys: string[]): Message => ({
  ...common,
  id,
  platform: 'dingtalk',
  card: { cardParamMap: { title, subtitle, buttons: JSON.stringify(keys.map((key) => ({ id: key }))), submit: '' } },
});
const KINDS = { wecom, ding };

for (const [name, card] of Object.entries(KINDS)) {
  const checklist = card('m1', '城东医院 · 需求初筛', '第 1 天', 'ask:d1:site-photo', 'postpone:d1');
  const question = card('m2', '拍客户现场照片', '城东医院', 'later', 'exempt:d1:site-photo');
  const nudge = card('m3', '2 个商机今天到期', '滨江医院（差门牌）', 'deal:d2', 'postpone-all');
  const order = card('m4', '合同初审', '滨江医院 · 一组代表 请法务', 'todo-pass:t1', 'todo-object:t1');

  test(`${name}: a nudge or a to-do in mid-flow does not change the client or the item`, (t) => {
    t.deepEqual(openQuestion([checklist, question, nudge, order], CLIENTS), {
      client: '城东医院',
      asks: '拍客户现场照片',
    });
  });

  test(`${name}: a checklist opened later is the one in work`, (t) => {
    const other = card('m5', '滨江医院 · 需求初筛', '第 4 天', 'ask:d2:pains', 'postpone:d2');
    t.deepEqual(openQuestion([checklist, question, nudge, other], CLIENTS), { client: '滨江医院', asks: null });
  });

  test(`${name}: a button pressed on an older card makes that card the last one, until a newer one comes`, (t) => {
    const other = card('m5', '滨江医院 · 需求初筛', '第 4 天', 'ask:d2:pains', 'postpone:d2');
    const touched = { id: 'm2', after: 'm5' };
    t.is(openQuestion([question, other], CLIENTS, touched)?.client, '城东医院');
    const newer = card('m6', '滨江医院 · 需求初筛', '第 4 天', 'ask:d2:pains', 'postpone:d2');
    t.is(openQuestion([question, other, newer], CLIENTS, touched)?.client, '滨江医院');
  });

  test(`${name}: what failed asks again; a branch is not its hospital`, (t) => {
    const failed = card('m7', '门牌 没通过', '珠江医院东院', 'ask:d3:door', 'ask-review:d3:e1');
    t.deepEqual(openQuestion([checklist, failed], CLIENTS), { client: '珠江医院东院', asks: '门牌 没通过' });
  });
}

test('nothing is open in a chat of nudges and talk', (t) => {
  const nudge = wecom('m1', '1 个商机今天到期', '城东医院（差公告）', 'deal:d1', 'postpone-all');
  const text: Message = { ...common, id: 'm2', platform: 'wecom', kind: 'text', text: '城东医院' };
  t.is(openQuestion([nudge, text], CLIENTS), null);
});

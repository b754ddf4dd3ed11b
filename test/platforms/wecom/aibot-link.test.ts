import test, { type ExecutionContext } from 'ava';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { FilledCard } from '../../../src/cards/index.js';
import { systemClock, type CardId } from '../../../src/core/index.js';
import type { InboundEvent } from '../../../src/platforms/contract.js';
import { memoryReplyAddresses } from '../../../src/platforms/index.js';
import { aloneLease, createMongoLease, type Lease } from '../../../src/platforms/lease.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter } from '../../../src/platforms/wecom/index.js';
import { testStore } from '../../helpers/store.js';
import { PEOPLE, startBench, type Bench } from '../../sandbox/support.js';
import { memoryLog } from './harness.js';

const QUICK = { lookMs: 30, kickedMs: 200, kickedMostMs: 400, refusedMs: 60_000, reconnectMs: 30, heartbeatMs: 5_000 };

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await sleep(15);
  }
}

function connect(
  t: ExecutionContext,
  bench: Bench,
  { secret, lease = aloneLease, answer = null }: { secret?: string; lease?: Lease; answer?: FilledCard | null } = {},
) {
  const { apiBase, corpId, agentId, token, encodingAesKey, aibot, secret: appSecret } = bench.access.wecom;
  const events: InboundEvent[] = [];
  const { log, lines } = memoryLog();
  const adapter = createWecomAdapter({
    settings: { apiBase, corpId, agentId, secret: appSecret, token, encodingAesKey },
    clock: systemClock,
    log,
    intake: (event) => {
      events.push(event);
      return Promise.resolve({
        duplicate: false,
        answer: Promise.resolve(event.body.kind === 'press' ? answer : null),
      });
    },
    tokens: memoryTokenStore(),
    aibotLink: {
      settings: { botId: aibot.botId, secret: secret ?? aibot.secret, url: aibot.ws },
      addresses: memoryReplyAddresses(systemClock),
      lease,
      timings: QUICK,
    },
  });
  t.teardown(() => adapter.stop());
  const isOpen = () => /bot connected/.test(adapter.health().detail);
  return { adapter, events, lines, isOpen };
}

async function inGroup(t: ExecutionContext) {
  const bench = await startBench(t);
  const userlist = PEOPLE.map(({ wecomUserId }) => wecomUserId);
  await bench.wecom('POST', 'appchat/create', { name: '华东一组', owner: 'Lead1', userlist, chatid: 'team1' });
  const says = (text: string) => bench.control('POST', 'phones/wecom/Lead1/text', { text, chatId: 'team1' });
  const answers = async (): Promise<(string | undefined)[]> =>
    (await bench.messages('wecom', 'Lead1', 'team1')).filter(({ from }) => from === 'bot').map(({ text }) => text);
  return { bench, says, answers };
}

const answerTo = (event: InboundEvent | undefined, key: string, text: string) => ({
  key,
  to: { kind: 'group', chatId: event?.chat.kind === 'group' ? event.chat.id : '' } as const,
  body: { kind: 'text', text } as const,
});

test('by the long connection the bot hears its name in a group and answers there, once', async (t) => {
  const { bench, says, answers } = await inGroup(t);
  const { adapter, events, isOpen } = connect(t, bench);
  await adapter.start();
  await until('connected', isOpen);
  await says('城东医院怎么样了');
  t.like((await says('@留痕 城东医院 卡在哪')).json, { accepted: true, callback: { status: 200 } });
  await until('heard', () => events.length > 0);
  t.is(events.length, 1, 'what is said to nobody is not heard');
  t.like(events[0], { from: 'Lead1', chat: { kind: 'group' }, body: { kind: 'text', text: '城东医院 卡在哪' } });
  const delivery = answerTo(events[0], 'a', '城东医院：在「需求初筛」');
  t.is((await adapter.deliver(delivery)).how, 'sent');
  t.deepEqual(await answers(), ['城东医院：在「需求初筛」']);
  await t.throwsAsync(adapter.deliver(delivery), { code: 'wecom.too_late' }, 'an address serves once');
});

test('a cut connection comes back by itself; a question from before is answered in the same chat', async (t) => {
  const { bench, says, answers } = await inGroup(t);
  const { adapter, events, isOpen } = connect(t, bench);
  await adapter.start();
  await until('connected', isOpen);
  await says('@留痕 一');
  await until('heard', () => events.length === 1);
  await bench.control('PUT', 'faults', { wecom: { cutBot: true } });
  await until('lost', () => !isOpen());
  await t.throwsAsync(adapter.deliver(answerTo(events[0], 'a', '答一')), { code: 'wecom.bot_away' });
  await until('back', isOpen);
  t.is((await adapter.deliver(answerTo(events[0], 'a', '答一'))).how, 'sent');
  await says('@留痕 二');
  await until('heard again', () => events.length === 2);
  t.deepEqual(await answers(), ['答一']);
});

test('too late for the stream, the answer is a message of its own in that chat', async (t) => {
  const { bench, says, answers } = await inGroup(t);
  const { adapter, events, isOpen } = connect(t, bench);
  await adapter.start();
  await until('connected', isOpen);
  await says('@留痕 晚一点');
  await until('heard', () => events.length === 1);
  await bench.control('POST', 'clock', { offsetMs: 7 * 60_000 });
  t.is((await adapter.deliver(answerTo(events[0], 'a', '晚了七分钟'))).how, 'sent');
  t.deepEqual(await answers(), ['晚了七分钟']);
});

test('a card of the bot is pressed over the long connection and changes in place', async (t) => {
  const { bench, says } = await inGroup(t);
  const card: FilledCard = {
    name: 'group-deals',
    title: '城东医院（代表甲）：在「方案定制」',
    tone: 'plain',
    lines: [],
    fields: [],
    actions: [{ key: 'group-deals:d1', label: '看最新', style: 'plain' }],
    summary: '城东医院',
  };
  const answer = { ...card, lines: [{ text: '这一步材料齐了。' }] };
  const { adapter, events, isOpen } = connect(t, bench, { answer });
  await adapter.start();
  await until('connected', isOpen);
  await says('@留痕 城东医院');
  await until('heard', () => events.length === 1);
  const { to } = answerTo(events[0], 'a', '');
  await adapter.deliver({ key: 'a', to, body: { kind: 'card', cardId: 'c_1' as CardId, card } });
  const shown = await bench.lastMessage('wecom', 'RepA', 'team1');
  t.like(shown.card, { card_type: 'button_interaction' });
  await bench.control('POST', 'phones/wecom/RepA/press', {
    messageId: shown.id,
    action: 'group-deals:d1',
    choices: {},
  });
  await until('changed', async () => {
    const { id, card: now } = await bench.lastMessage('wecom', 'Lead1', 'team1');
    return id === shown.id && (now as { sub_title_text?: string }).sub_title_text === '这一步材料齐了。';
  });
  t.like(events[1], { from: 'RepA', body: { kind: 'press', cardId: 'c_1', action: 'group-deals:d1' } });
});

test('whoever is thrown out by another connection waits, says so, and does not fight', async (t) => {
  const { bench } = await inGroup(t);
  const { adapter, lines, isOpen } = connect(t, bench);
  await adapter.start();
  await until('connected', isOpen);
  const { botId, secret, ws } = bench.access.wecom.aibot;
  const other = new WebSocket(ws);
  t.teardown(() => other.terminate());
  await new Promise((resolve) => other.once('open', resolve));
  other.send(JSON.stringify({ cmd: 'aibot_subscribe', headers: { req_id: 'r1' }, body: { bot_id: botId, secret } }));
  await until('thrown out', () => /taken over/.test(adapter.health().detail));
  t.true(lines.some((line) => line.includes('another connection took the bot over') && line.includes('"alert":true')));
  await until('comes back after a while', isOpen);
});

test('a wrong secret is not tried again and again, and stands in no log', async (t) => {
  const { bench } = await inGroup(t);
  const { adapter, lines } = connect(t, bench, { secret: 'wrong-secret-of-somebody' });
  await adapter.start();
  await until('refused', () => /secret refused/.test(adapter.health().detail));
  await sleep(300);
  const { json } = await bench.control('GET', 'traffic');
  const tries = (json as unknown as { kind: string }[]).filter(({ kind }) => kind === 'aibot_subscribe').length;
  t.is(tries, 1);
  t.false(lines.some((line) => line.includes('wrong-secret-of-somebody')));
});

test('of two processes one is connected; when it ends the other takes over', async (t) => {
  const { bench } = await inGroup(t);
  const { connection } = await testStore();
  const one = connect(t, bench, { lease: createMongoLease(connection, systemClock) });
  const two = connect(t, bench, { lease: createMongoLease(connection, systemClock) });
  await one.adapter.start();
  await until('connected', one.isOpen);
  await two.adapter.start();
  await until('waits', () => /another process/.test(two.adapter.health().detail));
  t.true(one.isOpen());
  await one.adapter.stop();
  await until('takes over', two.isOpen);
});

test('the stand-in refuses what the vendor refuses', async (t) => {
  const { bench } = await inGroup(t);
  const { botId, secret, ws } = bench.access.wecom.aibot;
  const socket = new WebSocket(ws);
  t.teardown(() => socket.terminate());
  await new Promise((resolve) => socket.once('open', resolve));
  const ask = (cmd: string, body: object = {}): Promise<{ errcode: number }> =>
    new Promise((resolve) => {
      socket.once('message', (data: Buffer) => resolve(JSON.parse(data.toString()) as { errcode: number }));
      socket.send(JSON.stringify({ cmd, headers: { req_id: 'r' }, body }));
    });
  t.like(await ask('ping'), { errcode: 40001 });
  t.like(await ask('aibot_subscribe', { bot_id: botId, secret }), { errcode: 0, headers: { req_id: 'r' } });
  t.like(await ask('ping'), { errcode: 0 });
  const stream = { msgtype: 'stream', stream: { id: 's', finish: true, content: 'x' } };
  t.like(await ask('aibot_respond_msg', stream), { errcode: 40058 });
  const markdown = { msgtype: 'markdown', markdown: { content: 'x' } };
  t.like(await ask('aibot_send_msg', { chatid: 'team1', ...markdown }), { errcode: 86003 });
  t.like(await ask('aibot_respond_update_msg', {}), { errcode: 40058 });
  t.like(await ask('aibot_upload'), { errcode: 40058 });
});

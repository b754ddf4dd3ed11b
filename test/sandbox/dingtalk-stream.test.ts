import { once } from 'node:events';
import test from 'ava';
import { WebSocket } from 'ws';
import { connectStream, dingCard, GROUP_ID, type Json, openTicket, startBench } from './support.js';

async function refusedUpgrade(url: string): Promise<number> {
  const socket = new WebSocket(url);
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  return response.statusCode;
}

test('a wrong secret is refused, and a ticket serves once', async (t) => {
  const bench = await startBench(t);
  const wrong = await openTicket(bench, 'wrong');
  t.is(wrong.status, 401);
  t.like(await wrong.json(), { code: 'authFailed', message: '鉴权失败' });
  const { endpoint, ticket } = (await (await openTicket(bench)).json()) as { endpoint: string; ticket: string };
  const url = `${endpoint}?ticket=${ticket}`;
  const socket = new WebSocket(url);
  await once(socket, 'open');
  t.is(await refusedUpgrade(url), 401);
  socket.terminate();
});

test('a text in the 1:1 chat and one said to the robot in the group reach the app', async (t) => {
  const bench = await startBench(t);
  const { frames } = await connectStream(t, bench);
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/text', { text: '数字' });
  t.like(json, { accepted: true, callback: { status: 200, tries: 1 } });
  const single = JSON.parse(frames[0]?.data ?? '') as Json;
  t.like(single, { msgtype: 'text', conversationType: '1', senderStaffId: 'staff01', text: { content: '数字' } });
  await bench.control('POST', 'phones/dingtalk/staff01/text', { text: '大家好', chatId: GROUP_ID });
  await bench.control('POST', 'phones/dingtalk/staff01/text', { text: '@留痕 数字', chatId: GROUP_ID });
  t.is(frames.length, 2);
  const group = JSON.parse(frames[1]?.data ?? '') as Json;
  t.like(group, { conversationType: '2', conversationId: GROUP_ID, isInAtList: true, text: { content: ' 数字' } });
});

test('a picture is fetched by its code, without a token', async (t) => {
  const bench = await startBench(t);
  const { frames } = await connectStream(t, bench);
  const bytes = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]);
  await bench.control('POST', 'phones/dingtalk/staff01/image?name=a.jpg', bytes);
  const { content } = JSON.parse(frames[0]?.data ?? '') as { content: { downloadCode: string } };
  const { robotCode } = bench.access.dingtalk;
  const { json } = await bench.ding('POST', 'robot/messageFiles/download', {
    downloadCode: content.downloadCode,
    robotCode,
  });
  const fetched = await fetch(String(json.downloadUrl));
  t.deepEqual(Buffer.from(await fetched.arrayBuffer()), bytes);
  const withToken = await fetch(String(json.downloadUrl), { headers: { 'x-acs-dingtalk-access-token': 'x' } });
  t.is(withToken.status, 403);
});

test('a message without an ACK comes again under a new messageId', async (t) => {
  const bench = await startBench(t, { dingtalkRobotMs: 50 });
  let deaf = true;
  const { frames, socket } = await connectStream(t, bench, () => (deaf ? 'hang' : { response: null }));
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/text', { text: '数字' });
  t.like(json, { callback: { status: 0, answered: 'no answer in time' } });
  deaf = false;
  await once(socket, 'message');
  const [first, second] = frames;
  t.not(first?.headers.messageId, second?.headers.messageId);
  t.is(first?.data, second?.data);
});

test('an answer to a click is seen by the clicker alone, an update by everybody', async (t) => {
  const bench = await startBench(t);
  const { frames } = await connectStream(t, bench, () => ({
    response: {
      cardUpdateOptions: { updateCardDataByKey: true },
      cardData: { cardParamMap: { closed: '已提交' } },
    },
  }));
  const { robotCode } = bench.access.dingtalk;
  const made = await bench.ding('POST', 'card/instances/createAndDeliver', {
    ...dingCard(bench, 'c1'),
    openSpaceId: `dtv1.card//IM_GROUP.${GROUP_ID}`,
    imGroupOpenSpaceModel: { supportForward: true },
    imGroupOpenDeliverModel: { robotCode },
  });
  t.like(made.json, { success: true, result: { outTrackId: 'c1' } });
  const { id } = await bench.lastMessage('dingtalk', 'staff01', GROUP_ID);
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/press', {
    messageId: id,
    action: 'send',
    choices: { stage: ['offer'], topics: ['a', 'c'] },
  });
  t.like(json, { accepted: true, callback: { status: 200, answered: 'card' } });
  const click = JSON.parse(frames[0]?.data ?? '') as Json;
  t.deepEqual(JSON.parse(String(click.content)), {
    cardPrivateData: {
      actionIds: ['send'],
      params: {
        action: 'send',
        form: { stage: { index: 1, value: 'offer' }, topics: { index: [0, 2], value: ['a', 'c'] } },
      },
    },
  });
  t.like(await bench.lastMessage('dingtalk', 'staff01', GROUP_ID), { state: { disabled: true } });
  t.is((await bench.lastMessage('dingtalk', 'staff02', GROUP_ID)).state, undefined);
  const updated = await bench.ding('PUT', 'card/instances', {
    outTrackId: 'c1',
    cardData: { cardParamMap: { closed: '已由代表甲提交' } },
    cardUpdateOptions: { updateCardDataByKey: true },
  });
  t.deepEqual(updated.json, { success: true, result: true });
  for (const userId of ['staff01', 'staff02']) {
    t.is((await bench.lastMessage('dingtalk', userId, GROUP_ID)).state?.replacedText, '已由代表甲提交');
  }
});

test('a click that is answered too late is told on the phone and changes nothing', async (t) => {
  const bench = await startBench(t, { dingtalkCardMs: 50 });
  await connectStream(t, bench, () => 'hang');
  await bench.ding('POST', 'card/instances/createAndDeliver', dingCard(bench, 'c1'));
  const { id } = await bench.lastMessage('dingtalk', 'staff01');
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/press', { messageId: id, action: 'agree' });
  t.like(json, { callback: { status: 0 } });
  t.like(await bench.lastMessage('dingtalk', 'staff01'), { toast: '请求失败，请重试' });
});

test('told to leave, a connection gets nothing more and is closed', async (t) => {
  const bench = await startBench(t);
  const { frames, socket } = await connectStream(t, bench);
  await bench.control('PUT', 'faults', { dingtalk: { disconnectStream: true } });
  await once(socket, 'close');
  t.deepEqual(
    frames.map((frame) => frame.headers.topic),
    ['disconnect'],
  );
  const { json } = await bench.control('POST', 'phones/dingtalk/staff01/text', { text: '喂' });
  t.like(json, { callback: { status: 0, tries: 0, answered: 'no connection' } });
});

test('the official check-in is an event that comes until it is answered with SUCCESS', async (t) => {
  const bench = await startBench(t);
  let later = true;
  const { frames, socket } = await connectStream(t, bench, () => ({
    status: later ? 'LATER' : 'SUCCESS',
    message: '',
  }));
  await bench.control('POST', 'phones/dingtalk/staff01/location', { lat: 31.2, lng: 121.4, label: '医院' });
  later = false;
  await once(socket, 'message');
  t.deepEqual(
    frames.map((frame) => frame.type),
    ['EVENT', 'EVENT'],
  );
  t.is((JSON.parse(frames[0]?.data ?? '') as Json).staffId, 'staff01');
});

import test from 'ava';
import { sample, type Json } from '../platforms/dingtalk/samples.js';
import { connectStream, dingCard, GROUP_ID, startBench, type Bench } from './support.js';

/** Field names and kinds in the order of the wire. */
function shape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shape).join(',')}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}:${shape(item)}`)
    .join(',')}}`;
}

const does = async (bench: Bench, who: string, action: string, body: unknown): Promise<Json> =>
  (await bench.control('POST', `phones/dingtalk/${who}/${action}`, body)).json;
const inGroup = `chatId=${encodeURIComponent(GROUP_ID)}`;

test('quotes and rich text of a phone have the shapes of the samples', async (t) => {
  const bench = await startBench(t);
  const { frames } = await connectStream(t, bench, () => ({ response: null }));
  const quote = async (id: unknown) => {
    await does(bench, 'staff01', 'text', { text: '@留痕 看这个', chatId: GROUP_ID, quotes: id });
    return JSON.parse(frames.at(-1)?.data ?? '{}') as Json;
  };
  const said = await does(bench, 'staff02', 'text', { text: '下周二去演示', chatId: GROUP_ID });
  const file = await does(
    bench,
    'staff02',
    `file?name=${encodeURIComponent('合同.pdf')}&${inGroup}`,
    Buffer.from('%PDF'),
  );
  const picture = await does(bench, 'staff02', `image?${inGroup}`, Buffer.from('x'));
  const voice = await does(bench, 'staff02', `voice?recognition=hi&${inGroup}`, Buffer.from('x'));
  t.is(frames.length, 0, 'a group tells the robot only what is said to it');
  t.is(shape(await quote(said['messageId'])), shape(sample('robot-quote-text')));
  t.is(shape(await quote(picture['messageId'])), shape(sample('robot-quote-picture')));
  const quoted = await quote(file['messageId']);
  t.is(shape(quoted), shape(sample('robot-quote-file')));
  t.is(
    ((quoted['text'] as Json)['repliedMsg'] as Json)['senderId'],
    (JSON.parse(frames[0]?.data ?? '{}') as { text: { repliedMsg: Json } }).text.repliedMsg['senderId'],
    'the one who sent it, not the one who quotes it',
  );
  const heard = (await quote(voice['messageId'])) as { text: { repliedMsg: { msgType: string; content: Json } } };
  t.is(heard.text.repliedMsg.msgType, 'audio');
  t.is(shape(heard.text.repliedMsg.content), shape(sample('robot-audio')['content']));
  await bench.ding('POST', 'robot/groupMessages/send', {
    robotCode: bench.access.dingtalk.robotCode,
    openConversationId: GROUP_ID,
    msgKey: 'sampleText',
    msgParam: '{"content":"好"}',
  });
  t.is(
    shape(await quote((await bench.lastMessage('dingtalk', 'staff01', GROUP_ID)).id)),
    shape(sample('robot-quote-unknown')),
  );
  const card = dingCard(bench, 'c1');
  await bench.ding('POST', 'card/instances/createAndDeliver', {
    ...card,
    openSpaceId: `dtv1.card//IM_GROUP.${GROUP_ID}`,
    imGroupOpenDeliverModel: { robotCode: bench.access.dingtalk.robotCode },
  });
  t.is(
    shape(await quote((await bench.lastMessage('dingtalk', 'staff01', GROUP_ID)).id)),
    shape(sample('robot-quote-bot-card')),
  );
  const image = Buffer.from('x').toString('base64');
  const parts = [{ text: '@留痕' }, { text: '现场照片，' }, { image }, { text: '客户已签收' }];
  await does(bench, 'staff01', 'rich', { chatId: GROUP_ID, parts });
  t.is(shape(JSON.parse(frames.at(-1)?.data ?? '{}')), shape(sample('robot-richtext')));
});

test('a phone quotes only what stands in that chat; WeCom has neither quotes nor rich text for an app', async (t) => {
  const bench = await startBench(t);
  await connectStream(t, bench, () => ({ response: null }));
  t.is((await does(bench, 'staff01', 'text', { text: '看', quotes: 'd999' }))['accepted'], false);
  const wecom = async (action: string, body: unknown) =>
    (await bench.control('POST', `phones/wecom/RepA/${action}`, body)).json['accepted'];
  t.is(await wecom('text', { text: '看', quotes: 'w1' }), false);
  t.is(await wecom('rich', { parts: [{ text: '看' }] }), false);
});

test('a group without the robot refuses what is sent there and tells the robot nothing, until it is put back', async (t) => {
  const bench = await startBench(t);
  const { frames } = await connectStream(t, bench, () => ({ response: null }));
  const place = (robot: string, chatId = GROUP_ID) => bench.control('PUT', 'dingtalk/group', { chatId, robot });
  const { robotCode } = bench.access.dingtalk;
  const send = async () => {
    const body = { robotCode, openConversationId: GROUP_ID, msgKey: 'sampleText', msgParam: '{"content":"早"}' };
    return (await bench.ding('POST', 'robot/groupMessages/send', body)).json;
  };
  const deliver = async (id: string) => {
    const space = { openSpaceId: `dtv1.card//IM_GROUP.${GROUP_ID}`, imGroupOpenDeliverModel: { robotCode } };
    const { json } = await bench.ding('POST', 'card/instances/createAndDeliver', { ...dingCard(bench, id), ...space });
    return (json['result'] as { deliverResults: Json[] }).deliverResults[0];
  };
  await does(bench, 'staff01', 'text', { text: '@留痕 在吗', chatId: GROUP_ID });
  const { sessionWebhook } = JSON.parse(frames[0]?.data ?? '{}') as { sessionWebhook: string };
  t.is((await place('out')).status, 200);
  t.is((await place('out', 'cidNobody==')).status, 400);
  t.is((await send())['code'], sample('error-robot-not-found-400')['code'] as string);
  t.like(await deliver('c1'), { success: false, carrierId: '' });
  await does(bench, 'staff01', 'text', { text: '@留痕 在吗', chatId: GROUP_ID });
  t.is(frames.length, 1);
  const answer = await fetch(sessionWebhook, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sample('session-webhook-text')),
  });
  t.is(((await answer.json()) as Json)['errcode'], 300_001);
  await place('disbanded');
  t.is((await send())['code'], 'group.disbanded');
  await place('in');
  t.truthy((await send())['processQueryKey']);
  t.like(await deliver('c2'), { success: true });
  await does(bench, 'staff01', 'text', { text: '@留痕 在吗', chatId: GROUP_ID });
  t.is(frames.length, 2);
});

import test from 'ava';
import { connectStream, dingCard, GROUP_ID, type Json, startBench } from './support.js';

/** Field names with the kinds of their values, in the order of the wire. */
function shape(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shape).join(',')}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}:${shape(item)}`)
    .join(',')}}`;
}

const strings = (...keys: string[]): string => keys.map((key) => `${key}:string`).join(',');
const ENVELOPE = [
  strings('senderPlatform', 'conversationId', 'chatbotCorpId', 'chatbotUserId', 'msgId', 'senderNick'),
  'isAdmin:boolean',
  strings('senderStaffId'),
  'sessionWebhookExpiredTime:number,createAt:number',
  strings('senderCorpId', 'conversationType', 'senderId', 'sessionWebhook', 'robotCode'),
].join(',');
const IN_GROUP = 'conversationTitle:string,isInAtList:boolean,atUsers:[{dingtalkId:string}]';
const FRAME_HEADERS = strings('appId', 'connectionId', 'contentType', 'messageId', 'time', 'topic');

test('frames, robot messages, clicks and events have the vendor’s fields in the vendor’s order', async (t) => {
  const bench = await startBench(t);
  const { frames } = await connectStream(t, bench, () => ({ response: null, status: 'SUCCESS', message: '' }));
  const does = (action: string, body: unknown): Promise<{ json: Json }> =>
    bench.control('POST', `phones/dingtalk/staff01/${action}`, body);
  await does('text', { text: '你好' });
  await does('text', { text: '@留痕 你好', chatId: GROUP_ID });
  await does('image', Buffer.from('x'));
  await does('file?name=a.xlsx', Buffer.from('x'));
  await does('voice?durationMs=4000&recognition=你好', Buffer.from('x'));
  await does('video?name=a.mp4', Buffer.from('x'));
  await bench.control('PUT', 'faults', { dingtalk: { quota: true } });
  await does('text', { text: '你好' });
  await bench.control('PUT', 'faults', { dingtalk: {} });
  await does('location', { lat: 31.2, lng: 121.4, label: '医院' });
  await bench.ding('POST', 'card/instances/createAndDeliver', dingCard(bench, 'c1'));
  await does('press', { messageId: (await bench.lastMessage('dingtalk', 'staff01')).id, action: 'agree' });
  t.deepEqual(
    frames.map(({ data }) => shape(JSON.parse(data))),
    [
      `{${ENVELOPE},text:{content:string},msgtype:string}`,
      `{${ENVELOPE},${IN_GROUP},text:{content:string},msgtype:string}`,
      `{${ENVELOPE},content:{downloadCode:string},msgtype:string}`,
      `{${ENVELOPE},content:{${strings('downloadCode', 'fileName', 'spaceId', 'fileId')}},msgtype:string}`,
      `{${ENVELOPE},content:{duration:number,downloadCode:string,recognition:string},msgtype:string}`,
      `{${ENVELOPE},content:{duration:number,downloadCode:string,videoType:string},msgtype:string}`,
      `{${ENVELOPE},errorCode:number,errorMessage:string,msgtype:string}`,
      '{timeStamp:number,staffId:string}',
      `{${strings('type', 'outTrackId', 'corpId', 'userId')},userIdType:number,${strings('spaceType', 'spaceId', 'extension', 'content', 'value')}}`,
    ],
  );
  const [message] = frames;
  const [event, click] = frames.slice(-2);
  const frame = (headers: string): string => `{specVersion:string,type:string,headers:{${headers}},data:string}`;
  t.is(shape(message), frame(FRAME_HEADERS));
  t.is(shape(click), frame(FRAME_HEADERS));
  const more = strings('eventBornTime', 'eventCorpId', 'eventId', 'eventType', 'eventUnifiedAppId');
  t.is(shape(event), frame(`${FRAME_HEADERS},${more}`));
  t.is(event?.type, 'EVENT');
});

test('a ping is sent until nobody answers it, then the connection is told to leave', async (t) => {
  const bench = await startBench(t, { dingtalkPingMs: 30 });
  const { frames, closed } = await connectStream(t, bench, () => 'hang');
  await closed;
  const topics = frames.map((frame) => frame.headers.topic);
  t.deepEqual(topics.slice(0, 4), ['ping', 'ping', 'ping', 'disconnect']);
  t.is(frames.at(-1)?.data, '{"reason":"persistent connection is timeout"}');
});

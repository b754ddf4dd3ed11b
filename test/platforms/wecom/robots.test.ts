import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { asId, MINUTE, SECOND, silentLog, systemClock, type CardId } from '../../../src/core/index.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter } from '../../../src/platforms/wecom/index.js';
import { checklistCard, photo } from '../../contracts/samples.js';
import { PEOPLE, startBench } from '../../sandbox/support.js';
import { jsonSample } from './samples.js';
import { setUp as vendor } from './vendor.js';

const KEY = '693a91f6-0aaa-4bc4-97a0-0ec2sifa5aaa';
const to = { kind: 'group', chatId: 'robot:g1' } as const;

/** The adapter before the strict stand-in, with a robot in a group. */
async function setUp(t: ExecutionContext, keys: Record<string, string> = { g1: KEY }) {
  const bench = await startBench(t);
  const groups = [{ id: 'g1', name: '华东一组', memberIds: ['p1', 'p3'], wecomRobotKey: KEY }];
  await bench.control('PUT', 'directory', { people: PEOPLE, groups });
  const { apiBase, corpId, agentId, secret, token, encodingAesKey } = bench.access.wecom;
  const adapter = createWecomAdapter({
    settings: { apiBase, corpId, agentId, secret, token, encodingAesKey },
    clock: systemClock,
    log: silentLog,
    intake: () => Promise.resolve({ duplicate: false }),
    tokens: memoryTokenStore(),
    groupRobots: keys,
  });
  const shown = () => bench.messages('wecom', 'RepA', 'robotgroupg1');
  return { bench, adapter, shown };
}

test('a robot carries text, markdown, cards as words with links, pictures and files, without a token', async (t) => {
  const { bench, adapter, shown } = await setUp(t);
  const card = checklistCard({
    lines: [{ text: '🔴 需求初筛超期 3 人', url: 'https://s.example.com/red' }],
    actions: [],
    url: 'https://s.example.com/all',
  });
  const cardId = asId<CardId>('digest-1');
  await adapter.deliver({ key: '1', to, body: { kind: 'text', text: '早' } });
  await adapter.deliver({ key: '2', to, body: { kind: 'markdown', title: '日报', text: '**日报**' } });
  t.is((await adapter.deliver({ key: '3', to, body: { kind: 'card', cardId, card } })).how, 'sent');
  const changed = { kind: 'card-update', cardId, card, handles: [] } as const;
  t.is((await adapter.deliver({ key: '4', to, body: changed })).how, 'replaced');
  await adapter.deliver({ key: '5', to, body: { kind: 'image', name: '图.jpg', bytes: photo } });
  await adapter.deliver({ key: '6', to, body: { kind: 'file', name: '周报.xlsx', bytes: Buffer.from('sheet-bytes') } });
  const messages = await shown();
  t.deepEqual(
    messages.map(({ kind }) => kind),
    ['text', 'markdown', 'markdown', 'markdown', 'image', 'file'],
  );
  t.regex(messages[2]?.text ?? '', /\[🔴 需求初筛超期 3 人\]\(https:\/\/s\.example\.com\/red\)/u);
  t.is(messages[5]?.name, '周报.xlsx');
  const { json } = await bench.control('GET', 'traffic?limit=100');
  t.false(JSON.stringify(json).includes('gettoken'));
  t.false(JSON.stringify(json).includes(KEY), 'the key is in no path');
});

test('what the vendor refuses a robot is told apart: its key, its rate', async (t) => {
  const { adapter } = await setUp(t, { g1: KEY, g2: 'another-key-0001' });
  const text = (key: string, chatId = 'robot:g1') =>
    adapter.deliver({ key, to: { kind: 'group', chatId }, body: { kind: 'text', text: key } });
  await t.throwsAsync(text('a', 'robot:g2'), { code: 'wecom.robot_unknown', message: /93000/ });
  await t.throwsAsync(text('b', 'robot:nowhere'), { code: 'wecom.robot_unknown' });
  for (let n = 0; n < 20; n += 1) await text(`m${n}`);
  const error = await t.throwsAsync(text('one too many'), { code: 'wecom.rate_limited' });
  t.is((error as unknown as { details: Record<string, unknown> }).details['retryAfterMs'], 60 * SECOND);
  t.like(adapter.budget, { perChat: [{ prefix: 'robot:', perMinute: 20 }] });
  t.is(MINUTE, 60 * SECOND);
});

test('what is sent has the shape of the samples; only the vendor’s own host is asked', async (t) => {
  const answers = {
    'webhook/send': { body: jsonSample('webhook-send-response') },
    'webhook/upload_media': { body: jsonSample('webhook-upload-response') },
  };
  const { adapter, asked, lines } = await vendor(t, answers, {}, undefined, { g1: KEY });
  await adapter.deliver({ key: '1', to, body: { kind: 'text', text: '早' } });
  await adapter.deliver({ key: '2', to, body: { kind: 'image', name: 'a.jpg', bytes: photo } });
  await adapter.deliver({ key: '3', to, body: { kind: 'file', name: 'a.pdf', bytes: Buffer.from('%PDF-1.7') } });
  const sent = asked.filter(({ api }) => api === 'webhook/send').map(({ body }) => JSON.parse(body) as object);
  t.deepEqual(sent, [
    { msgtype: 'text', text: { content: '早' } },
    {
      msgtype: 'image',
      image: { base64: Buffer.from(photo).toString('base64'), md5: createHash('md5').update(photo).digest('hex') },
    },
    { msgtype: 'file', file: { media_id: jsonSample<{ media_id: string }>('webhook-upload-response').media_id } },
  ]);
  const shape = (name: string) => Object.keys(jsonSample<Record<string, object>>(name)[name.split('-')[1] ?? ''] ?? {});
  t.deepEqual(shape('webhook-image').toSorted(), ['base64', 'md5']);
  t.true(asked.every(({ query }) => query.get('key') === KEY && !query.has('access_token')));
  t.false(lines.join('').includes(KEY));
});

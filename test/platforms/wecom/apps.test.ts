import { encrypt, getSignature } from '@wecom/crypto';
import test, { type ExecutionContext } from 'ava';
import { asId, FixedClock, type CardId } from '../../../src/core/index.js';
import type { InboundEvent, IntakeHints } from '../../../src/platforms/contract.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter, type AppSettings } from '../../../src/platforms/wecom/index.js';
import { checklistCard } from '../../contracts/samples.js';
import { memoryLog } from './harness.js';
import { setUp } from './vendor.js';

const FIRST = {
  agentId: '1000002',
  secret: 's2',
  token: 'tok2',
  encodingAesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
};
const SECOND: AppSettings = { agentId: '1000003', secret: 's3', token: 'tok3', encodingAesKey: 'k'.repeat(43) };
const CORP = 'ww1';

const sent = (handle: string) => ({ body: { errcode: 0, errmsg: 'ok', msgid: 'm1', response_code: handle } });
const card = { cardId: asId<CardId>('c1'), card: checklistCard() };
const person = (app?: string) => ({
  kind: 'person' as const,
  userId: 'zhangsan',
  ...(app === undefined ? {} : { app }),
});

async function twoApps(t: ExecutionContext) {
  const world = await setUp(
    t,
    {
      gettoken: { body: { errcode: 0, errmsg: 'ok', access_token: 'a-token', expires_in: 7_200 } },
      'message/send': sent('rc'),
      'message/update_template_card': sent('rc2'),
      'message/recall': { body: { errcode: 0, errmsg: 'ok' } },
    },
    FIRST,
    20_000,
    {},
    [SECOND],
  );
  const bodies = (api: string) =>
    world.asked.filter((call) => call.api === api).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  const secrets = () => world.asked.flatMap(({ query }) => query.get('corpsecret') ?? []);
  return { ...world, bodies, secrets };
}

test('a person is answered by the app that they wrote to, with its own secret; its handles are kept as its own', async (t) => {
  const { adapter, bodies, secrets } = await twoApps(t);
  const first = await adapter.deliver({ key: 'a', to: person(), body: { kind: 'card', ...card } });
  const second = await adapter.deliver({ key: 'b', to: person('1000003'), body: { kind: 'card', ...card } });
  t.deepEqual(
    bodies('message/send').map(({ agentid }) => agentid),
    [1000002, 1000003],
  );
  t.deepEqual(secrets(), ['s2', 's3']);
  t.deepEqual([first.handle, first.messageId], ['rc', 'm1']);
  t.deepEqual([second.handle, second.messageId], ['1000003|rc', '1000003|m1']);
});

test('a card is changed by the app that sent it, wherever its reader writes by now', async (t) => {
  const { adapter, bodies } = await twoApps(t);
  const update = (to: ReturnType<typeof person>, ...handles: string[]) =>
    adapter.deliver({ key: 'u', to, body: { kind: 'card-update', ...card, handles } });
  const done = await update(person(), 'old', '1000003|rc');
  t.deepEqual([done.how, done.usedHandles], ['updated', ['1000003|rc']]);
  t.like(bodies('message/update_template_card').at(-1), { agentid: 1000003, response_code: 'rc' });
  t.deepEqual((await update(person('1000003'), '1000003|rc', 'bare')).usedHandles, ['bare']);
  t.like(bodies('message/update_template_card').at(-1), { agentid: 1000002, response_code: 'bare' });
});

test('a message is taken back by its app; an app that is not set up any more is spoken for by the first', async (t) => {
  const { adapter, bodies, asked } = await twoApps(t);
  await adapter.recall?.('1000003|m9');
  t.deepEqual(bodies('message/recall'), [{ msgid: 'm9' }]);
  t.is(asked[0]?.query.get('corpsecret'), 's3');
  await adapter.deliver({ key: 'x', to: person('1000009'), body: { kind: 'text', text: '好' } });
  t.is(bodies('message/send').at(-1)?.['agentid'], 1000002);
});

function receivers() {
  const heard: { event: InboundEvent; hints: IntakeHints | undefined }[] = [];
  const { log } = memoryLog();
  const adapter = createWecomAdapter({
    settings: { ...FIRST, corpId: CORP, apiBase: 'http://127.0.0.1:9' },
    moreApps: [SECOND],
    clock: new FixedClock('2026-01-01T00:00:00Z'),
    log,
    tokens: memoryTokenStore(),
    intake: (event, hints) => {
      heard.push({ event, hints });
      return Promise.resolve({ duplicate: false });
    },
  });
  const post = async (door: AppSettings, keys: AppSettings, agentId: string, inner: string) => {
    const timestamp = String(Date.parse('2026-01-01T00:00:00Z') / 1_000);
    const xml = `<xml><ToUserName>${CORP}</ToUserName><FromUserName>zhangsan</FromUserName><CreateTime>${timestamp}</CreateTime>${inner}<AgentID>${agentId}</AgentID></xml>`;
    const sealed = encrypt(keys.encodingAesKey, xml, CORP);
    const query = { msg_signature: getSignature(keys.token, timestamp, 'n', sealed), timestamp, nonce: 'n' };
    const body = Buffer.from(`<xml><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`);
    const answer = await adapter.callbacks.get(door.agentId)!({ method: 'POST', query, headers: {}, body });
    return answer.status;
  };
  return { heard, post, adapter };
}

const TEXT = '<MsgType>text</MsgType><Content>城东</Content><MsgId>1</MsgId>';

test('each app has a door of its own, with its own keys, and says which it was', async (t) => {
  const { heard, post, adapter } = receivers();
  t.deepEqual([...adapter.callbacks.keys()], ['1000002', '1000003']);
  t.is(await post(FIRST, FIRST, '1000002', TEXT), 200);
  t.is(await post(SECOND, SECOND, '1000003', TEXT), 200);
  t.deepEqual(
    heard.map(({ event }) => event.app),
    [undefined, '1000003'],
  );
  t.not(heard[0]?.event.key, heard[1]?.event.key, 'the same MsgId of two apps');
  t.is(await post(SECOND, FIRST, '1000002', TEXT), 403, 'the keys of the other');
  t.is(await post(SECOND, SECOND, '1000002', TEXT), 403, 'the message of the other');
  t.is(await post(FIRST, FIRST, '1000003', TEXT), 403);
  t.is(heard.length, 2);
});

test('the handle that comes with a press is its app’s', async (t) => {
  const { heard, post } = receivers();
  const press =
    '<MsgType>event</MsgType><Event>template_card_event</Event><EventKey>deal:d1</EventKey><TaskId>c1@1</TaskId><CardType>button_interaction</CardType><ResponseCode>rc7</ResponseCode>';
  t.is(await post(SECOND, SECOND, '1000003', press), 200);
  t.deepEqual(heard[0]?.hints, { updateHandle: '1000003|rc7' });
});

test('settings of further apps are checked', (t) => {
  const make = (app: Partial<AppSettings>) => () =>
    createWecomAdapter({
      settings: { ...FIRST, corpId: CORP, apiBase: 'http://127.0.0.1:9' },
      moreApps: [{ ...SECOND, ...app }],
      clock: new FixedClock('2026-01-01T00:00:00Z'),
      log: memoryLog().log,
      tokens: memoryTokenStore(),
      intake: () => Promise.resolve({ duplicate: false }),
    });
  t.notThrows(make({}));
  t.throws(make({ secret: '' }), { message: /WECOM_1000003_SECRET/ });
  t.throws(make({ token: 'no good' }), { message: /WECOM_1000003_TOKEN/ });
  t.throws(make({ agentId: FIRST.agentId }), { message: /twice/ });
});

import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import type { Log } from '../../../src/core/index.js';
import { createBackoff } from '../../../src/platforms/dingtalk/backoff.js';
import { StreamClient, type FrameHandler } from '../../../src/platforms/dingtalk/stream.js';
import type { StreamTimings, Timers } from '../../../src/platforms/dingtalk/stream-link.js';
import { HandTimers } from './hand-timers.js';
import { frame, ROBOT, startVendor, type Vendor } from './vendor.js';

interface SetUp {
  vendor: Vendor;
  client: StreamClient;
  lines: () => string;
}

async function setUp(
  t: ExecutionContext,
  options: { onFrame?: FrameHandler; timings?: Partial<StreamTimings>; timers?: Timers; firstMs?: number } = {},
): Promise<SetUp> {
  const vendor = await startVendor();
  const lines: string[] = [];
  const log: Log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const client = new StreamClient({
    clientId: vendor.settings.clientId,
    clientSecret: vendor.settings.clientSecret,
    apiBase: vendor.base,
    onFrame: options.onFrame ?? (() => Promise.resolve({ code: 200, data: { response: null } })),
    log,
    timings: { drainMs: 500, ...options.timings },
    timers: options.timers,
    backoff: createBackoff(() => 0.5, options.firstMs ?? 20, 60_000),
  });
  t.teardown(async () => {
    await client.stop();
    await vendor.close();
  });
  return { vendor, client, lines: () => lines.join('') };
}

test('it opens with our subscriptions, an encoded ticket, and answers on the socket that brought the frame', async (t) => {
  const { vendor, client } = await setUp(t);
  await client.connect();
  t.deepEqual(vendor.asked[0]?.body['subscriptions'], [
    { type: 'EVENT', topic: '*' },
    { type: 'CALLBACK', topic: '/v1.0/im/bot/messages/get' },
    { type: 'CALLBACK', topic: '/v1.0/card/instances/callback' },
  ]);
  t.is(vendor.asked[0]?.headers.accept, 'application/json');
  t.true(client.health().receiving);
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'm1' }));
  await vendor.until(() => vendor.acks.length === 1);
  t.deepEqual(vendor.acks, [{ code: 200, messageId: 'm1', data: { response: null }, socket: 0 }]);
});

test('a ping is echoed', async (t) => {
  const { vendor, client } = await setUp(t);
  await client.connect();
  vendor.push(0, frame('SYSTEM', 'ping', '{"opaque":"o-1"}', { messageId: 'p1' }));
  await vendor.until(() => vendor.acks.length === 1);
  t.deepEqual(vendor.acks[0], { code: 200, messageId: 'p1', data: { opaque: 'o-1' }, socket: 0 });
});

test('nothing is answered before it is stored, and 500 when it could not be', async (t) => {
  let store: (error?: Error) => void = () => undefined;
  const onFrame: FrameHandler = () =>
    new Promise((resolve, reject) => {
      store = (error) => (error ? reject(error) : resolve({ code: 200, data: {} }));
    });
  const { vendor, client } = await setUp(t, { onFrame });
  await client.connect();
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'm1' }));
  await vendor.until(() => client.counts.frames === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.is(vendor.acks.length, 0);
  store();
  await vendor.until(() => vendor.acks.length === 1);
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'm2' }));
  await vendor.until(() => client.counts.frames === 2);
  store(new Error('disk full'));
  await vendor.until(() => vendor.acks.length === 2);
  t.is(vendor.acks[1]?.code, 500);
});

test('frames that cannot be read are counted, and the link lives on', async (t) => {
  const { vendor, client } = await setUp(t, {
    onFrame: ({ headers }) => Promise.resolve({ code: headers.topic === ROBOT ? 200 : 404, data: {} }),
  });
  await client.connect();
  const bad = ['', 'no json', 'null', '7', '[]', '{}', '{"type":"CALLBACK"}', '{"type":"CALLBACK","headers":null}'];
  bad.push(
    '{"type":"CALLBACK","headers":{"topic":"x"},"data":"{}"}',
    '{"type":1,"headers":{},"data":{}}',
    '{"type":"CALL',
  );
  for (const text of bad) vendor.push(0, text);
  vendor.sockets[0]?.send(Buffer.from('{}'), { binary: true });
  vendor.push(0, frame('CALLBACK', 'error', {}, { messageId: 'e1' }));
  vendor.push(0, frame('WHATEVER', 'x', {}, { messageId: 'e2' }));
  vendor.push(0, frame('SYSTEM', 'CONNECTED', {}));
  vendor.push(0, frame('SYSTEM', 'made-up', {}));
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'good' }));
  await vendor.until(() => vendor.acks.some(({ messageId }) => messageId === 'good'));
  t.is(client.counts.badFrames, bad.length + 1 + 2);
  t.deepEqual(
    vendor.acks.map(({ messageId, code }) => [messageId, code]),
    [
      ['e1', 404],
      ['e2', 404],
      ['good', 200],
    ],
  );
  t.true(client.health().receiving);
});

test('a frame larger than any of the vendor costs the link, not the process', async (t) => {
  const { vendor, client } = await setUp(t);
  await client.connect();
  vendor.push(0, 'x'.repeat(2 * 1024 * 1024));
  await vendor.until(() => vendor.sockets.length === 2, 'a new link');
  await vendor.until(() => client.health().receiving);
  t.is(client.counts.frames, 0);
});

test('a planned switch opens the new link first and lets frames in work be answered on the old one', async (t) => {
  const stored: (() => void)[] = [];
  const { vendor, client } = await setUp(t, {
    onFrame: () => new Promise((resolve) => stored.push(() => resolve({ code: 200, data: {} }))),
    timings: { healthyMs: 0 },
  });
  await client.connect();
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'old' }));
  await vendor.until(() => stored.length === 1);
  vendor.push(0, frame('SYSTEM', 'disconnect', { reason: 'connection is expired' }));
  await vendor.until(() => vendor.sockets.length === 2, 'the new link');
  t.is(vendor.sockets[0]?.readyState, 1, 'the old one waits for its frame');
  t.true(client.health().receiving);
  vendor.push(1, frame('CALLBACK', ROBOT, {}, { messageId: 'new' }));
  await vendor.until(() => stored.length === 2);
  for (const finish of stored) finish();
  await vendor.until(() => vendor.sockets[0]?.readyState === 3, 'the old link to close');
  await vendor.until(() => vendor.acks.length === 2);
  t.deepEqual(vendor.acks.map(({ messageId, socket }) => [messageId, socket]).sort(), [
    ['new', 1],
    ['old', 0],
  ]);
  t.is(vendor.opened(), 2);
  t.is(client.counts.lostAcks, 0);
});

test('a server that sends everybody away at once is not stormed', async (t) => {
  const timers = new HandTimers();
  const { vendor, client } = await setUp(t, { timers, timings: { pingMs: 1e9 }, firstMs: 1_000 });
  await client.connect();
  for (let round = 0; round < 5; round += 1) {
    await vendor.until(() => timers.size === 1, 'only the watch of one link');
    vendor.push(round, frame('SYSTEM', 'disconnect', {}));
    await vendor.until(() => timers.size === 2, 'a retry');
    t.is(vendor.opened(), round + 1, 'no call at once');
    timers.step();
    await vendor.until(() => vendor.sockets.length === round + 2, 'the next link');
  }
  t.true(timers.now() >= 1_000 + 2_000 + 4_000 + 8_000 + 16_000);
});

test('ten minutes without a gateway: at most 12 calls in the first minute, then one a minute; what follows arrives', async (t) => {
  const timers = new HandTimers();
  const { vendor, client } = await setUp(t, { timers, firstMs: 1_000 });
  const calls: number[] = [];
  vendor.answers = ({ path }) => {
    if (!path.endsWith('/connections/open')) return undefined;
    calls.push(timers.now());
    return calls.length % 3 === 0 ? 'cut' : { status: 503, text: 'Service Unavailable' };
  };
  await t.throwsAsync(client.connect(), { code: 'dingtalk.timeout' });
  while (timers.now() < 600_000) {
    await vendor.until(() => timers.size === 1, 'one retry');
    const before = calls.length;
    timers.step();
    await vendor.until(() => calls.length === before + 1, 'a call');
  }
  t.log(`calls at ${calls.map((at) => Math.round(at / 1000)).join(' ')} s`);
  t.true(calls.filter((at) => at < 60_000).length <= 12);
  for (let start = 60_000; start < 600_000; start += 1_000) {
    t.true(calls.filter((at) => at >= start && at < start + 60_000).length <= 1, `minute from ${start}`);
  }
  vendor.answers = () => undefined;
  await vendor.until(() => timers.size === 1, 'one retry');
  timers.step();
  await vendor.until(() => vendor.sockets.length === 1, 'a link');
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'after' }));
  await vendor.until(() => vendor.acks.length === 1);
  t.is(vendor.sockets.length, 1);
});

test('handshakes that fail or hang cost one retry each and leave no socket', async (t) => {
  const { vendor, client } = await setUp(t, { timings: { handshakeMs: 250 }, firstMs: 10 });
  vendor.handshake = 'refuse';
  await t.throwsAsync(client.connect(), { code: 'dingtalk.stream_refused' });
  await vendor.until(() => vendor.opened() >= 3);
  vendor.handshake = 'hang';
  const before = vendor.opened();
  await vendor.until(() => vendor.opened() >= before + 2);
  t.true(client.counts.gatewayCalls <= 8, `${client.counts.gatewayCalls} calls, doubling would make it many`);
  vendor.handshake = 'accept';
  await vendor.until(() => client.health().receiving);
  t.is(vendor.sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length, 1);
});

test('a gateway that never answers is given up in time', async (t) => {
  const { vendor, client } = await setUp(t, { timings: { openMs: 50 } });
  vendor.answers = ({ path }) => (path.endsWith('/connections/open') ? 'hang' : undefined);
  await t.throwsAsync(client.connect(), { code: 'dingtalk.gateway_unreachable' });
});

test('refused credentials stop it with one call, and it says so', async (t) => {
  const { vendor, client, lines } = await setUp(t, { firstMs: 5 });
  vendor.answers = () => ({ status: 401, json: { requestid: 'r', code: 'authFailed', message: '鉴权失败' } });
  await t.throwsAsync(client.connect(), { code: 'dingtalk.credentials_refused' });
  await new Promise((resolve) => setTimeout(resolve, 60));
  t.is(vendor.opened(), 1);
  t.false(client.health().receiving);
  t.true(client.health().detail.includes('authFailed'));
  t.true(lines().includes('refused the app credentials'));
  t.false(lines().includes(vendor.settings.clientSecret));
});

test('a link that answers no ping is noticed within ping and pong time and replaced by one', async (t) => {
  const timers = new HandTimers();
  const { vendor, client } = await setUp(t, { timers });
  await client.connect();
  vendor.sockets[0]?.pause(); // half-open: the bytes go nowhere
  timers.step(); // own ping after 20 s
  t.is(timers.now(), 20_000);
  timers.step(); // no pong after 10 s
  t.is(timers.now(), 30_000);
  await vendor.until(() => !client.health().receiving, 'the link to be cut');
  await vendor.until(() => timers.size === 1, 'one retry');
  timers.step();
  await vendor.until(() => vendor.sockets.length === 2);
  await vendor.until(() => client.health().receiving);
  t.is(vendor.opened(), 2);
});

test('a healthy link keeps being pinged and never cut', async (t) => {
  const timers = new HandTimers();
  const { vendor, client } = await setUp(t, { timers });
  await client.connect();
  let pings = 0;
  vendor.sockets[0]?.on('ping', () => (pings += 1));
  for (let round = 1; round <= 5; round += 1) {
    timers.step();
    await vendor.until(() => pings === round);
    // Once this is answered, the pong sent before it has been heard too.
    vendor.push(0, frame('SYSTEM', 'ping', '{}'));
    await vendor.until(() => vendor.acks.length === round);
    timers.step();
  }
  t.is(vendor.opened(), 1);
  t.true(client.health().receiving);
});

test('after a long sleep the link is taken for dead without asking', async (t) => {
  const timers = new HandTimers();
  const { vendor, client } = await setUp(t, { timers });
  await client.connect();
  timers.advance(3_600_000);
  timers.step();
  await vendor.until(() => !client.health().receiving);
  t.is(vendor.opened(), 1);
  await vendor.until(() => timers.size === 1, 'one retry');
});

test('stopping while the gateway is asked, or while the handshake runs, leaves nothing behind', async (t) => {
  const { vendor, client } = await setUp(t, { firstMs: 5 });
  vendor.answers = ({ path }) => (path.endsWith('/connections/open') ? 'hang' : undefined);
  const opening = client.connect();
  await vendor.until(() => vendor.opened() === 1);
  await client.stop();
  await t.throwsAsync(opening);
  vendor.answers = () => undefined;
  vendor.handshake = 'hang';
  const shaking = client.connect();
  await vendor.until(() => vendor.opened() === 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  client.disconnect();
  await t.throwsAsync(shaking);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(vendor.opened(), 2);
  t.is(vendor.sockets.length, 0);
});

test('stopping cancels a pending retry and answers what is in work', async (t) => {
  const timers = new HandTimers();
  let finish: () => void = () => undefined;
  const { vendor, client } = await setUp(t, {
    timers,
    onFrame: () => new Promise((resolve) => (finish = () => resolve({ code: 200, data: {} }))),
  });
  await client.connect();
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'm1' }));
  await vendor.until(() => client.counts.frames === 1);
  const stopping = client.stop();
  finish();
  await stopping;
  await vendor.until(() => vendor.acks.length === 1);
  t.is(timers.size, 0);
  t.false(client.health().receiving);

  await client.connect();
  vendor.sockets[1]?.terminate();
  await vendor.until(() => timers.size === 1 && !client.health().receiving, 'a retry');
  await client.stop();
  t.is(timers.size, 0);
});

test('an answer after the socket is gone is counted and sent nowhere else', async (t) => {
  let finish: () => void = () => undefined;
  const { vendor, client } = await setUp(t, {
    onFrame: () => new Promise((resolve) => (finish = () => resolve({ code: 200, data: {} }))),
  });
  await client.connect();
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'm1' }));
  await vendor.until(() => client.counts.frames === 1);
  vendor.sockets[0]?.terminate();
  await vendor.until(() => vendor.sockets.length === 2, 'the next link');
  finish();
  await vendor.until(() => client.counts.lostAcks === 1);
  t.is(vendor.acks.length, 0);
});

test('two clients in one process share nothing', async (t) => {
  const one = await setUp(t);
  const two = await setUp(t);
  await Promise.all([one.client.connect(), two.client.connect()]);
  one.vendor.push(0, frame('SYSTEM', 'ping', '{"opaque":"1"}', { messageId: 'p' }));
  await one.vendor.until(() => one.vendor.acks.length === 1);
  one.vendor.sockets[0]?.terminate();
  await one.vendor.until(() => one.vendor.sockets.length === 2);
  t.is(two.vendor.opened(), 1);
  t.is(two.vendor.acks.length, 0);
  t.deepEqual(two.client.getConfig().subscriptions.length, 3);
});

test('the package way of answering still works, and refuses when the frame is gone', async (t) => {
  const { vendor, client } = await setUp(t, { onFrame: () => new Promise(() => undefined), timings: { drainMs: 20 } });
  await client.connect();
  vendor.push(0, frame('CALLBACK', ROBOT, {}, { messageId: 'm1' }));
  await vendor.until(() => client.counts.frames === 1);
  client.socketCallBackResponse('m1', { success: true });
  await vendor.until(() => vendor.acks.length === 1);
  t.deepEqual(vendor.acks[0]?.data, { response: { success: true } });
  t.throws(() => client.send('never-came', {}));
  await t.throwsAsync(client.getAccessToken());
});

test('no secret and no ticket is ever printed', async (t) => {
  const { vendor, client, lines } = await setUp(t, { firstMs: 5 });
  const printed: unknown[] = [];
  const { info, warn, error } = console;
  Object.assign(console, { info: (...args: unknown[]) => printed.push(args) });
  t.teardown(() => Object.assign(console, { info, warn, error }));
  await client.connect();
  client.printDebug();
  vendor.sockets[0]?.terminate();
  await vendor.until(() => vendor.sockets.length === 2);
  await client.stop();
  t.deepEqual(printed, []);
  for (const secret of [vendor.settings.clientSecret, 't+/=&', 't%2B']) t.false(lines().includes(secret));
});

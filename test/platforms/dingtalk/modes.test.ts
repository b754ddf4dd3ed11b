import test from 'ava';
import { FixedClock } from '../../../src/core/index.js';
import type { Intake } from '../../../src/platforms/contract.js';
import { cardApiSecret } from '../../../src/platforms/dingtalk/callback-crypto.js';
import { createDingtalkAdapter } from '../../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { checklistCard, PEOPLE } from '../../contracts/samples.js';
import { makeDingtalkHarness, memoryLog, OneSandbox } from './harness.js';
import { startVendor } from './vendor.js';

const one = new OneSandbox(test);
const stored: Intake = () => Promise.resolve({ duplicate: false });

test('HTTP mode registers where clicks go, creates cards for it, and opens no stream', async (t) => {
  const vendor = await startVendor(({ path }) => {
    if (path.endsWith('/callbacks/register')) return { json: { success: true, result: {} } };
    const result = { outTrackId: 'card_1', deliverResults: [{ success: true, carrierId: 'c' }] };
    return path.endsWith('/createAndDeliver') ? { json: { success: true, result } } : undefined;
  });
  const { log } = memoryLog();
  const callbackUrl = 'https://sales.example.com/callback/dingtalk';
  const settings = { ...vendor.settings, mode: 'http' as const, callbackUrl };
  const clock = new FixedClock('2025-10-09T08:00:00Z');
  const adapter = createDingtalkAdapter({ settings, clock, log, intake: stored, tokens: memoryTokenStore() });
  t.teardown(() => vendor.close());
  t.false(adapter.health().receiving);
  await adapter.start();
  t.true(adapter.health().receiving);
  const to = { kind: 'person', userId: 'staff0101' } as const;
  await adapter.deliver({ key: 'k', to, body: { kind: 'card', cardId: 'card_1' as never, card: checklistCard() } });
  const asked = (path: string) => vendor.asked.find((call) => call.path.endsWith(path))?.body;
  t.deepEqual(asked('/callbacks/register'), {
    callbackRouteKey: 'trailmark',
    callbackUrl,
    apiSecret: cardApiSecret(settings.clientSecret),
    forceUpdate: true,
  });
  t.like(asked('/createAndDeliver'), { callbackType: 'HTTP', callbackRouteKey: 'trailmark' });
  t.is(vendor.opened(), 0);
  await adapter.stop();
  t.false(adapter.health().receiving);
});

test.serial(
  'the stand-in sends everybody away: the next link is there before the old one goes, nothing is missed',
  async (t) => {
    const said: string[] = [];
    const harness = await makeDingtalkHarness(one, {
      intake: (event) => {
        if (event.body.kind === 'text') said.push(event.body.text);
        return Promise.resolve({ duplicate: false });
      },
      timings: { stream: { healthyMs: 0 } },
    });
    t.teardown(() => harness.close());
    interface State {
      dingtalk: { connections: number };
    }
    const connections = async () => (await harness.control<State>('GET', 'state')).dingtalk.connections;
    t.is(await connections(), 1);
    await harness.control('PUT', 'faults', { dingtalk: { disconnectStream: true } });
    for (let wait = 0; (await connections()) !== 1; wait += 1) t.true(wait < 500);
    t.true(harness.adapter.health().receiving);
    t.true((await harness.phone('rep').says('还在吗')).accepted);
    t.deepEqual(said, ['还在吗']);
  },
);

test.serial('two processes of one app share the messages; each comes once', async (t) => {
  const keys: string[] = [];
  const intake: Intake = (event) => {
    keys.push(event.key);
    return Promise.resolve({ duplicate: false });
  };
  const harness = await makeDingtalkHarness(one, { intake });
  const { log } = memoryLog();
  const settings = { ...harness.sandbox.dingtalk, mode: 'stream' as const };
  const clock = new FixedClock(new Date());
  const second = createDingtalkAdapter({ settings, clock, log, intake, tokens: memoryTokenStore() });
  t.teardown(async () => {
    await second.stop();
    await harness.close();
  });
  await second.start();
  for (let index = 0; index < 20; index += 1) t.true((await harness.phone('rep').says(`第 ${index} 条`)).accepted);
  t.is(keys.length, 20);
  t.is(new Set(keys).size, 20);
});

test.serial('without a template the phone gets an action card, and typing its words is a press', async (t) => {
  const presses: unknown[] = [];
  const harness = await makeDingtalkHarness(one, {
    intake: (event) => {
      presses.push(event.body);
      return Promise.resolve({ duplicate: false });
    },
    settings: { cardTemplateId: '' },
  });
  t.teardown(() => harness.close());
  const to = { kind: 'person', userId: PEOPLE.rep.userId } as const;
  await harness.adapter.deliver({
    key: 'k',
    to,
    body: { kind: 'card', cardId: 'card_9' as never, card: checklistCard() },
  });
  const [card] = await harness.raw(PEOPLE.rep.userId);
  const url = (card?.card as { actionURL1?: string } | undefined)?.actionURL1 ?? '';
  const words = new URL(url).searchParams.get('content') ?? '';
  await harness.phone('rep').says(words);
  t.deepEqual(presses, [{ kind: 'press', cardId: 'card_9', action: 'deal_1.photo', choices: {} }]);
});

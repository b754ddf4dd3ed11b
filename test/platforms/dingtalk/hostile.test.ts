import test from 'ava';
import { silentLog, systemClock } from '../../../src/core/index.js';
import type { InboundEvent } from '../../../src/platforms/contract.js';
import { createDingtalkAdapter } from '../../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { mutate, random } from './hostile-frames.js';
import { CARD, frame, ROBOT, robotMessage, startVendor } from './vendor.js';

const ROUNDS = 4_000;
const SEED = 20251009;

test(`${ROUNDS} hostile frames: nothing ends, nothing throws past the adapter, nothing is polluted`, async (t) => {
  const vendor = await startVendor();
  const events: InboundEvent[] = [];
  const adapter = createDingtalkAdapter({
    settings: vendor.settings,
    clock: systemClock,
    log: silentLog,
    tokens: memoryTokenStore(),
    intake: (event) => {
      events.push(event);
      return Promise.resolve({ duplicate: false });
    },
  });
  t.teardown(async () => {
    await adapter.stop();
    await vendor.close();
  });
  await adapter.start();
  const click = JSON.stringify({
    cardPrivateData: { actionIds: ['form'], params: { action: 'go', form: { tags: { index: [0], value: ['a'] } } } },
  });
  const rich = { richText: [{ text: '@留痕' }, { type: 'picture', downloadCode: 'c' }] };
  const samples = [
    frame('CALLBACK', ROBOT, robotMessage()),
    frame('CALLBACK', ROBOT, robotMessage({ msgtype: 'richText', content: rich, conversationType: '2' })),
    frame('CALLBACK', ROBOT, robotMessage({ msgtype: 'audio', content: { downloadCode: 'c', duration: 4000 } })),
    frame('CALLBACK', CARD, { outTrackId: 'card_1', userId: 'staff0101', content: click, value: click }),
    frame('EVENT', '*', { staffId: 's' }, { eventId: 'e', eventType: 'check_in', eventBornTime: '1760000000000' }),
  ];
  const chance = random(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = JSON.stringify(mutate(samples[round % samples.length], chance)) ?? '';
    const bytes = chance() < 0.05 ? text.slice(0, Math.floor(chance() * text.length)) : text;
    // A real order to leave is no attack.
    if (!bytes.includes('"disconnect"')) vendor.push(0, bytes);
    if (round % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  vendor.push(0, frame('CALLBACK', ROBOT, robotMessage({ msgId: 'the-last-one' }), { messageId: 'last' }));
  await vendor.until(() => vendor.acks.some(({ messageId }) => messageId === 'last'), 'the last answer', 60_000);
  t.is(vendor.sockets.length, 1, 'one link all the time');
  t.true(adapter.health().receiving);
  t.is(({} as { polluted?: unknown }).polluted, undefined);
  for (const { key, platform, sentAt, body } of events) {
    t.true(key.startsWith('dingtalk:') && platform === 'dingtalk' && !Number.isNaN(sentAt.getTime()));
    if (body.kind === 'press')
      t.true(
        Object.values(body.choices)
          .flat()
          .every((id) => typeof id === 'string'),
      );
  }
  t.is(events.at(-1)?.key, 'dingtalk:the-last-one' as never);
  t.log(`${events.length} still said something, ${vendor.acks.length} answered`);
});

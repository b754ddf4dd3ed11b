import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { silentLog, systemClock } from '../../../src/core/index.js';
import type { InboundEvent, IntakeResult } from '../../../src/platforms/contract.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter } from '../../../src/platforms/wecom/index.js';
import { createReplySlots } from '../../../src/platforms/wecom/reply-slots.js';
import { startBench } from '../../sandbox/support.js';
import { serve } from './harness.js';

type Adapter = ReturnType<typeof createWecomAdapter>;

/** The real receiver and sender against the stand-in; `work` is what an event leads to. */
async function setUp(t: ExecutionContext, work: (adapter: Adapter, event: InboundEvent) => Promise<void>) {
  const bench = await startBench(t);
  const { apiBase, corpId, agentId, secret, token, encodingAesKey } = bench.access.wecom;
  const calls: string[] = [];
  const works: Promise<void>[] = [];
  const seen = new Set<string>();
  const adapter: Adapter = createWecomAdapter({
    settings: { apiBase, corpId, agentId, secret, token, encodingAesKey },
    clock: systemClock,
    log: silentLog,
    tokens: memoryTokenStore(),
    meter: ({ api }) => calls.push(api),
    intake: (event): Promise<IntakeResult> => {
      const duplicate = seen.has(event.key);
      seen.add(event.key);
      if (duplicate) return Promise.resolve({ duplicate });
      // Working on it takes longer than storing it.
      const handled = sleep(20).then(() => work(adapter, event));
      works.push(handled);
      return Promise.resolve({ duplicate, handled: Promise.resolve() });
    },
  });
  const server = await serve(adapter.callback);
  t.teardown(() => server.close());
  await bench.control('PUT', 'wecom/callback', { url: server.url });
  return { bench, adapter, calls, done: () => Promise.all(works) };
}

const words = (key: string, text: string) => ({
  key,
  to: { kind: 'person', userId: 'RepA' } as const,
  body: { kind: 'text', text } as const,
});

test('the first words to whoever said something stand in the answer to it, and cost no call', async (t) => {
  const hows: string[] = [];
  const { bench, calls, done } = await setUp(t, async (adapter) => {
    hows.push((await adapter.deliver(words('a', '收到 <1>'))).how);
    hows.push((await adapter.deliver(words('b', '还有一句'))).how);
  });
  const { json } = await bench.control('POST', 'phones/wecom/RepA/text', { text: '在吗' });
  t.like(json, { accepted: true, callback: { status: 200, answered: 'text', tries: 1 } });
  await done();
  t.deepEqual(hows, ['passive', 'sent'], 'an answer holds one message');
  t.deepEqual(calls, ['gettoken', 'message/send']);
  const shown = (await bench.messages('wecom', 'RepA')).map(({ from, text }) => [from, text]);
  t.deepEqual(shown, [
    ['RepA', '在吗'],
    ['bot', '收到 <1>'],
    ['bot', '还有一句'],
  ]);
});

test('a copy of the event gets an empty answer: nobody reads the same words twice', async (t) => {
  const { bench, calls, done } = await setUp(t, async (adapter) => {
    await adapter.deliver(words('a', '只说一次'));
  });
  await bench.control('PUT', 'faults', { wecom: { duplicateCallbacks: 3 } });
  await bench.control('POST', 'phones/wecom/RepA/text', { text: '在吗' });
  await done();
  const said = (await bench.messages('wecom', 'RepA')).filter(({ text }) => text === '只说一次');
  t.is(said.length, 1);
  t.deepEqual(calls, []);
});

test('words to somebody else, cards, and words that come when the answer is out go by the API', async (t) => {
  const { bench, adapter, calls, done } = await setUp(t, async (sender) => {
    await sender.deliver({ ...words('a', '给别人'), to: { kind: 'person', userId: 'RepB' } });
    await sender.deliver({ ...words('b', ''), body: { kind: 'markdown', title: '', text: '**粗**' } });
  });
  const { json } = await bench.control('POST', 'phones/wecom/RepA/text', { text: '在吗' });
  t.like(json, { callback: { answered: 'empty' } });
  await done();
  t.is((await adapter.deliver({ ...words('d', '收到'), onlyAsAnswer: true })).how, 'left-out', 'worth no call');
  t.is((await adapter.deliver(words('c', '后来'))).how, 'sent');
  t.deepEqual(calls, ['gettoken', 'message/send', 'message/send', 'message/send']);
});

test('an answer that did not get out is no answer: the words are sent otherwise', async (t) => {
  const slots = createReplySlots();
  const open = slots.open('RepA', new Promise(() => undefined));
  const offered = slots.offer('repa', '一句');
  t.is((await open)?.text, '一句');
  // Nobody says that it was written.
  t.false(await offered);
  t.false(await slots.offer('repa', '两句'), 'that answer is used up');
  let close = (): void => undefined;
  const closed = slots.open('RepA', new Promise<void>((resolve) => (close = resolve)));
  close();
  t.is(await closed, null);
  t.false(await slots.offer('RepA', '太晚'));
});

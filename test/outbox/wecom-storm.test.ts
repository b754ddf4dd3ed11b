import test from 'ava';
import { MINUTE, MovableClock, silentLog } from '../../src/core/index.js';
import { createOutbox, createUsage } from '../../src/outbox/index.js';
import type { PlatformAdapter, PlatformName } from '../../src/platforms/contract.js';
import { memoryTokenStore } from '../../src/platforms/token-holder.js';
import { createWecomAdapter } from '../../src/platforms/wecom/index.js';
import { testStore } from '../helpers/store.js';
import { startBench } from '../sandbox/support.js';
import { UTC_CALENDAR } from './bench.js';

const PEOPLE = ['RepA', 'RepB', 'Lead1'];

test('a token that expires, ten minutes without the platform, a storm of 45009 and lost answers: everybody gets everything, in order, once', async (t) => {
  const bench = await startBench(t);
  const { connection } = await testStore();
  const clock = new MovableClock();
  const { apiBase, corpId, agentId, secret, token, encodingAesKey } = bench.access.wecom;
  const refused: string[] = [];
  const adapter: PlatformAdapter = createWecomAdapter({
    settings: { apiBase, corpId, agentId, secret, token, encodingAesKey },
    clock,
    log: silentLog,
    tokens: memoryTokenStore(),
    meter: ({ api, ok }) => void (ok || refused.push(api)),
    intake: () => Promise.resolve({ duplicate: false }),
    callTimeoutMs: 500,
  });
  const adapters = new Map<PlatformName, PlatformAdapter>([['wecom', adapter]]);
  const budgets = new Map([['wecom' as const, adapter.budget]]);
  const usage = createUsage({ connection, clock, log: silentLog, budgets, calendar: UTC_CALENDAR });
  const dead: string[] = [];
  const outbox = createOutbox({
    connection,
    alone: true,
    adapters,
    reach: () => Promise.resolve(null),
    clock,
    log: silentLog,
    random: () => 0.5,
    onDead: (row) => void dead.push(row._id),
    usage,
  });
  outbox.start();
  t.teardown(() => outbox.stop());

  let said = 0;
  const says = async (): Promise<void> => {
    said += 1;
    await outbox.enqueue(
      PEOPLE.map((userId) => ({
        key: `${userId}-${said}`,
        to: { kind: 'user', platform: 'wecom', userId },
        message: { kind: 'text', text: `第 ${said} 条` },
        purpose: 'reply',
      })),
    );
    await outbox.sweep();
  };
  const passes = async (minutes: number): Promise<void> => {
    for (let n = 0; n < minutes; n += 1) {
      clock.moveBy(MINUTE);
      await bench.control('POST', 'clock', { offsetMs: clock.offsetMs });
      await outbox.sweep();
    }
  };
  const faults = (wecom: object) => bench.control('PUT', 'faults', { wecom });

  await says();
  await bench.control('POST', 'tokens/expire', { platform: 'wecom' });
  await says();
  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 }, 'an expired token is renewed on the way');

  await faults({ down: true });
  await says();
  await says();
  await passes(10);
  t.is((await outbox.counts()).due, 2 * PEOPLE.length, 'nothing got through');
  await faults({});
  await passes(12);
  t.is((await outbox.counts()).due, 0);

  await faults({ limit: true });
  const before = refused.length;
  await says();
  await says();
  t.true(refused.length - before <= 2 * PEOPLE.length, 'whoever is told to stop does not hammer');
  await faults({});
  await passes(3);

  await faults({ timeoutAfterAccept: true });
  await says();
  await faults({});
  await passes(3);

  t.deepEqual(await outbox.counts(), { due: 0, dead: 0 });
  t.deepEqual(dead, []);
  const all = Array.from({ length: said }, (_, n) => `第 ${n + 1} 条`);
  for (const userId of PEOPLE) {
    t.deepEqual(
      (await bench.messages('wecom', userId)).map(({ text }) => text),
      all,
      userId,
    );
  }
});

import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { silentLog, systemClock } from '../../../src/core/index.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { createDingtalkAdapter } from '../../../src/platforms/dingtalk/index.js';
import type { Traffic } from '../../../src/sandbox/index.js';
import { startBench } from '../../sandbox/support.js';

/** Seconds of real time without the platform; `npm run test:frames` takes 60. */
const SECONDS = Number(process.env['OUTAGE_SECONDS'] ?? 2);
const EVENTS = 5;

test(`${SECONDS} s without the gateway: few calls, and what happened meanwhile arrives once afterwards`, async (t) => {
  const bench = await startBench(t);
  const seen = new Map<string, number>();
  let effects = 0;
  const adapter = createDingtalkAdapter({
    settings: { ...bench.access.dingtalk, mode: 'stream' },
    clock: systemClock,
    log: silentLog,
    // As the inbox does: the key decides.
    intake: ({ key }) => {
      const times = (seen.get(key) ?? 0) + 1;
      seen.set(key, times);
      if (times === 1) effects += 1;
      return Promise.resolve({ duplicate: times > 1 });
    },
    tokens: memoryTokenStore(),
  });
  t.teardown(() => adapter.stop());
  await adapter.start();
  t.true(adapter.health().receiving);
  await bench.control('PUT', 'faults', { dingtalk: { down: true, disconnectStream: 'cut' } });
  const began = Date.now();
  for (let n = 0; n < EVENTS; n += 1) {
    await bench.control('POST', 'phones/dingtalk/staff01/location', { lat: 31.2, lng: 121.5, label: `第 ${n} 处` });
  }
  await sleep(SECONDS * 1_000);
  const traffic = (await bench.control('GET', 'traffic?limit=2000')).json as unknown as Traffic[];
  const calls = traffic.filter(
    ({ path, at }) => path.endsWith('/connections/open') && Date.parse(at) >= began && Date.parse(at) < began + 60_000,
  );
  t.true(calls.length <= 12, `${calls.length} calls`);
  t.is(effects, 0);
  await bench.control('PUT', 'faults', { dingtalk: { down: false } });
  for (let tries = 0; tries < 14_000 && effects < EVENTS; tries += 1) await sleep(10);
  t.is(effects, EVENTS);
  await sleep(300);
  t.is(effects, EVENTS, 'once each');
  t.log(`${calls.length} calls of the gateway in the first ${Math.min(60, SECONDS)} s`);
});

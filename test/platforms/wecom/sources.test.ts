import test, { type ExecutionContext } from 'ava';
import { FixedClock, HOUR, MINUTE, silentLog } from '../../../src/core/index.js';
import { createSources, onlyFrom } from '../../../src/platforms/wecom/sources.js';

function setUp(t: ExecutionContext, lists: (string[] | Error)[]) {
  t.timeout(10_000);
  const clock = new FixedClock('2026-01-01T00:00:00Z');
  let asked = 0;
  const sources = createSources({
    clock,
    log: silentLog,
    client: {
      get: (api) => {
        t.is(api, 'getcallbackip');
        const list = lists[Math.min(asked++, lists.length - 1)];
        return list instanceof Error
          ? Promise.reject(list)
          : Promise.resolve({ errcode: 0, errmsg: 'ok', ip_list: list });
      },
    },
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { sources, clock, settled, asked: () => asked };
}

test('whole addresses and those with any last part are known, others are not', async (t) => {
  const { sources } = setUp(t, [['101.226.103.*', '140.207.54.77']]);
  await sources.refresh();
  for (const good of ['101.226.103.1', '101.226.103.255', '140.207.54.77']) t.true(sources.isKnown(good), good);
  for (const bad of ['101.226.104.1', '101.226.103.', '101.226.103.1.5', '1101.226.103.1', '140.207.54.7', ''])
    t.false(sources.isKnown(bad), bad);
});

test('the list is read again after half a day, and soon after a stranger knocked, not at every knock', async (t) => {
  const { sources, clock, settled, asked } = setUp(t, [['1.1.1.1'], ['1.1.1.1', '2.2.2.2']]);
  await sources.refresh();
  t.false(sources.isKnown('2.2.2.2'));
  await settled();
  t.is(asked(), 1, 'read a moment ago');
  clock.advance(6 * MINUTE);
  t.false(sources.isKnown('2.2.2.2'));
  await settled();
  t.is(asked(), 2);
  t.true(sources.isKnown('2.2.2.2'));
  clock.advance(13 * HOUR);
  t.true(sources.isKnown('1.1.1.1'));
  await settled();
  t.is(asked(), 3);
});

test('without a list everybody passes; a list that cannot be read or is empty leaves the last one', async (t) => {
  const { sources, clock, settled } = setUp(t, [new Error('away'), ['1.1.1.1'], new Error('away'), []]);
  await sources.refresh();
  t.true(sources.isKnown('9.9.9.9'));
  clock.advance(6 * MINUTE);
  t.true(sources.isKnown('9.9.9.9'));
  await settled();
  t.false(sources.isKnown('9.9.9.9'));
  for (let n = 0; n < 2; n += 1) {
    clock.advance(13 * HOUR);
    t.true(sources.isKnown('1.1.1.1'));
    await settled();
    t.false(sources.isKnown('9.9.9.9'));
  }
});

test('a callback from elsewhere is refused before anything is read; what asks by GET passes', async (t) => {
  const { sources } = setUp(t, [['101.226.103.*']]);
  await sources.refresh();
  const counted: string[] = [];
  let read = 0;
  const receive = onlyFrom(
    sources,
    () => {
      read += 1;
      return Promise.resolve({ status: 200, contentType: 'text/plain', body: '' });
    },
    { log: silentLog, count: (kind, outcome) => void counted.push(`${kind} ${outcome}`) },
  );
  const request = { query: {}, headers: {}, body: Buffer.alloc(0) };
  t.is((await receive({ ...request, method: 'POST', from: '101.226.103.9' })).status, 200);
  t.is((await receive({ ...request, method: 'POST', from: '203.0.113.9' })).status, 403);
  t.is((await receive({ ...request, method: 'POST' })).status, 403);
  t.is((await receive({ ...request, method: 'GET', from: '203.0.113.9' })).status, 200);
  t.is(read, 2);
  t.deepEqual(counted, ['other refused', 'other refused']);
});

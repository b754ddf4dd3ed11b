import test from 'ava';
import { FixedClock, HOUR, PlatformRefusedError, SECOND, silentLog } from '../../src/core/index.js';
import { createMongoTokenStore } from '../../src/platforms/index.js';
import { createTokenHolder } from '../../src/platforms/token-holder.js';
import { testStore } from '../helpers/store.js';

/** A vendor that knows one good token; whoever asks gets a new one, and the old one is refused from then on. */
function vendor() {
  const seen = { fetches: 0, good: '' };
  return {
    seen,
    fetch: async () => {
      seen.fetches += 1;
      const value = `token-${seen.fetches}`;
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.good = value;
      return { value, lifeMs: 2 * HOUR };
    },
    call: (token: string) =>
      token === seen.good
        ? Promise.resolve(token)
        : Promise.reject(new PlatformRefusedError('vendor.token_refused', '42001', { retryable: true })),
  };
}

async function setUp() {
  const { connection } = await testStore();
  const clock = new FixedClock('2026-01-01T00:00:00Z');
  const store = createMongoTokenStore(connection, clock);
  const { seen, fetch, call } = vendor();
  const process = () =>
    createTokenHolder({
      key: 'wecom:corp:app',
      store,
      clock,
      log: silentLog,
      fetch,
      isTokenRefused: (error) => error instanceof PlatformRefusedError && error.code === 'vendor.token_refused',
    });
  return { clock, store, seen, call, process };
}

test('through the store many callers in several processes cost one renewal, at the start and when a token is refused', async (t) => {
  const { seen, call, process } = await setUp();
  const processes = [process(), process(), process()];
  const burst = () => Promise.all(processes.flatMap((one) => Array.from({ length: 500 }, () => one.run(call))));
  t.deepEqual(new Set(await burst()), new Set(['token-1']));
  t.is(seen.fetches, 1);
  // The vendor takes it back early.
  seen.good = 'none';
  t.deepEqual(new Set(await burst()), new Set(['token-2']));
  t.is(seen.fetches, 2);
});

test('a process that died while it renewed holds the others up for ten seconds at most', async (t) => {
  const { clock, store, seen, process } = await setUp();
  t.true(await store.claim('wecom:corp:app', 10 * SECOND));
  t.false(await store.claim('wecom:corp:app', 10 * SECOND), 'one at a time');
  clock.advance(11 * SECOND);
  t.is(await process().get(), 'token-1');
  t.is(seen.fetches, 1);
});

test('a process that starts later uses the token that is there; a late refusal does not take a newer one away', async (t) => {
  const { store, seen, process, call } = await setUp();
  await process().get();
  t.is(await process().run(call), 'token-1');
  t.is(seen.fetches, 1);
  await store.drop('wecom:corp:app', 'an older one');
  t.is((await store.load('wecom:corp:app'))?.value, 'token-1');
});

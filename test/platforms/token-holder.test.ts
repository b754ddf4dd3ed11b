import test from 'ava';
import {
  FixedClock,
  HOUR,
  MINUTE,
  PlatformRefusedError,
  PlatformUnreachableError,
  SECOND,
  silentLog,
} from '../../src/core/index.js';
import {
  createTokenHolder,
  memoryTokenStore,
  type FetchedToken,
  type TokenStore,
} from '../../src/platforms/token-holder.js';

const refused = () => new PlatformRefusedError('vendor.token_refused', 'expired', { retryable: true });
const isTokenRefused = (error: unknown) =>
  error instanceof PlatformRefusedError && error.code === 'vendor.token_refused';

function setUp(
  options: { store?: TokenStore; clock?: FixedClock; fetch?: (count: number) => Promise<FetchedToken> } = {},
) {
  const clock = options.clock ?? new FixedClock('2026-01-01T00:00:00Z');
  const store = options.store ?? memoryTokenStore();
  const seen = { fetches: 0, stopped: 0 };
  const fetch = options.fetch ?? ((count) => Promise.resolve({ value: `token-${count}`, lifeMs: 2 * HOUR }));
  const holder = createTokenHolder({
    key: 'vendor:app',
    store,
    clock,
    log: silentLog,
    isTokenRefused,
    fetch: () => fetch((seen.fetches += 1)),
    onStopped: () => (seen.stopped += 1),
  });
  return { holder, clock, store, seen };
}

test('four thousand callers cost one renewal', async (t) => {
  const { holder, seen } = setUp();
  const tokens = await Promise.all(Array.from({ length: 4_000 }, () => holder.get()));
  t.deepEqual(new Set(tokens), new Set(['token-1']));
  t.is(seen.fetches, 1);
  t.is(holder.state(), 'ready');
});

test('renewed at nine tenths of its life, while the old one still serves', async (t) => {
  const { holder, clock, seen } = setUp();
  await holder.get();
  clock.advance(2 * HOUR * 0.9 - SECOND);
  t.is(await holder.get(), 'token-1');
  t.is(seen.fetches, 1);
  clock.advance(2 * SECOND);
  t.is(await holder.get(), 'token-1', 'nobody waits');
  await new Promise((resolve) => setImmediate(resolve));
  t.is(await holder.get(), 'token-2');
  t.is(seen.fetches, 2);
});

test('a refused token is renewed once for all who meet the refusal', async (t) => {
  const { holder, seen } = setUp();
  await holder.get();
  const call = (token: string) => (token === 'token-1' ? Promise.reject(refused()) : Promise.resolve(token));
  const results = await Promise.all(Array.from({ length: 50 }, () => holder.run(call)));
  t.deepEqual(new Set(results), new Set(['token-2']));
  t.is(seen.fetches, 2);
});

test('a late refusal of the old token leaves the new one alone', async (t) => {
  const { holder, seen } = setUp();
  const old = await holder.get();
  await holder.drop(old);
  await holder.get();
  await holder.drop(old);
  t.is(await holder.get(), 'token-2');
  t.is(seen.fetches, 2);
});

test('a call is tried once more and no oftener; other errors are not tried again', async (t) => {
  const { holder } = setUp();
  let calls = 0;
  const failing = (error: Error) => () => {
    calls += 1;
    return Promise.reject(error);
  };
  await t.throwsAsync(holder.run(failing(refused())), { code: 'vendor.token_refused' });
  t.is(calls, 2);
  calls = 0;
  await t.throwsAsync(holder.run(failing(new PlatformRefusedError('vendor.other', 'no'))), { code: 'vendor.other' });
  t.is(calls, 1);
});

test('a failed renewal rests 1, 2, 4 … s for all callers, then is tried again', async (t) => {
  let isUp = false;
  const { holder, clock, seen } = setUp({
    fetch: () =>
      isUp
        ? Promise.resolve({ value: 'good', lifeMs: HOUR })
        : Promise.reject(new PlatformUnreachableError('vendor.unreachable', 'down')),
  });
  for (const restMs of [SECOND, 2 * SECOND, 4 * SECOND]) {
    await t.throwsAsync(holder.get(), { code: 'vendor.unreachable' });
    const before = seen.fetches;
    clock.advance(restMs - 1);
    await Promise.all([1, 2, 3].map(() => t.throwsAsync(holder.get(), { code: 'vendor.unreachable' })));
    t.is(seen.fetches, before, 'resting');
    clock.advance(1);
  }
  isUp = true;
  t.is(await holder.get(), 'good');
  t.is(seen.stopped, 0);
});

test('an old token serves on while its renewal fails', async (t) => {
  let isUp = true;
  const { holder, clock } = setUp({
    fetch: () =>
      isUp
        ? Promise.resolve({ value: 'good', lifeMs: HOUR })
        : Promise.reject(new PlatformUnreachableError('x', 'down')),
  });
  await holder.get();
  isUp = false;
  clock.advance(55 * MINUTE);
  t.is(await holder.get(), 'good');
  await new Promise((resolve) => setImmediate(resolve));
  t.is(await holder.get(), 'good');
  clock.advance(6 * MINUTE);
  await t.throwsAsync(holder.get(), { code: 'x' });
});

test('a wrong secret stops with one alert and is not looped', async (t) => {
  const { holder, clock, seen } = setUp({
    fetch: () => Promise.reject(new PlatformRefusedError('vendor.secret_refused', 'wrong')),
  });
  for (let minute = 0; minute < 59; minute += 1) {
    await t.throwsAsync(holder.get(), { code: 'vendor.secret_refused' });
    clock.advance(MINUTE);
  }
  t.deepEqual(seen, { fetches: 1, stopped: 1 });
  t.is(holder.state(), 'stopped');
  clock.advance(MINUTE);
  await t.throwsAsync(holder.get(), { code: 'vendor.secret_refused' });
  t.is(seen.fetches, 2, 'an hour later once more, in case it was put right');
});

test('a clock that goes back does not lengthen the rest', async (t) => {
  let isUp = false;
  const { holder, clock } = setUp({
    fetch: () =>
      isUp
        ? Promise.resolve({ value: 'good', lifeMs: HOUR })
        : Promise.reject(new PlatformUnreachableError('x', 'down')),
  });
  await t.throwsAsync(holder.get());
  isUp = true;
  clock.advance(-HOUR);
  t.is(await holder.get(), 'good');
});

test('two processes renew once between them', async (t) => {
  const store = memoryTokenStore();
  const clock = new FixedClock('2026-01-01T00:00:00Z');
  let fetches = 0;
  const fetch = async (): Promise<FetchedToken> => {
    fetches += 1;
    await new Promise((resolve) => setTimeout(resolve, 30));
    return { value: `token-${fetches}`, lifeMs: HOUR };
  };
  const [one, two] = [setUp({ store, clock, fetch }), setUp({ store, clock, fetch })];
  t.deepEqual(await Promise.all([one.holder.get(), two.holder.get()]), ['token-1', 'token-1']);
  await Promise.all([one.holder.drop('token-1'), two.holder.drop('token-1')]);
  const renewed = await Promise.all([one.holder.get(), two.holder.get()]);
  t.deepEqual(renewed, ['token-2', 'token-2']);
  t.is(fetches, 2);
});

test('a store that is away costs a renewal of its own, not the message', async (t) => {
  const away = () => Promise.reject(new Error('no store'));
  const store: TokenStore = { load: away, save: away, drop: away, claim: away, release: away };
  const { holder, seen } = setUp({ store });
  t.deepEqual(new Set(await Promise.all([1, 2, 3].map(() => holder.get()))), new Set(['token-1']));
  await holder.drop('token-1');
  t.is(await holder.get(), 'token-2');
  await holder.drop('token-1');
  t.is(await holder.get(), 'token-2');
  t.is(seen.fetches, 2);
});

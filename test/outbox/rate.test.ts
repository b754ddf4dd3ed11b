import test from 'ava';
import { HOUR, MINUTE, SECOND } from '../../src/core/index.js';
import { backoffMs } from '../../src/outbox/index.js';
import { createRateKeeper } from '../../src/outbox/rate.js';

test('the window slides: one falls out, one may go', (t) => {
  const keeper = createRateKeeper({ perRecipient: { perMinute: 2, perHour: 3 }, perApp: {} });
  keeper.sent('a', 0);
  keeper.sent('a', 10 * SECOND);
  t.is(keeper.waitMs('a', 20 * SECOND), 40 * SECOND);
  t.is(keeper.waitMs('b', 20 * SECOND), 0);
  t.is(keeper.waitMs('a', MINUTE), 0);
  keeper.sent('a', MINUTE);
  t.is(keeper.waitMs('a', 2 * MINUTE), HOUR - 2 * MINUTE);
});

test('the app as a whole has a budget too', (t) => {
  const keeper = createRateKeeper({ perApp: { perSecond: 2, perMinute: 3 } });
  keeper.sent('a', 0);
  keeper.sent('b', 100);
  t.is(keeper.waitMs('c', 200), 800);
  keeper.sent('c', 1_200);
  t.is(keeper.waitMs('d', 2_500), 57_500);
});

test('what was sent before a restart counts', (t) => {
  const keeper = createRateKeeper({ perRecipient: { perMinute: 1, perHour: 9 }, perApp: {} });
  keeper.restore([{ recipient: 'a', at: 30 * SECOND }]);
  t.is(keeper.waitMs('a', 40 * SECOND), 50 * SECOND);
});

test('tries grow apart up to ten minutes, spread by a fifth', (t) => {
  t.deepEqual(
    [1, 2, 3, 4, 5, 6, 99].map((attempt) => backoffMs(attempt, 0.5) / SECOND),
    [1, 4, 16, 64, 256, 600, 600],
  );
  t.is(backoffMs(1, 0), 800);
  t.is(backoffMs(1, 1), 1_200);
});

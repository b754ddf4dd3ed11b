import test from 'ava';
import fc from 'fast-check';
import { HOUR, MINUTE, SECOND } from '../../src/core/index.js';
import { backoffMs } from '../../src/outbox/index.js';
import { createRateKeeper, room } from '../../src/outbox/rate.js';
import type { Purpose } from '../../src/platforms/contract.js';

const to = (userId: string, purpose: Purpose = 'reply') =>
  ({ lane: `wecom:${userId}`, to: { kind: 'person', userId }, purpose }) as const;
const group = (chatId: string) =>
  ({ lane: `wecom:${chatId}`, to: { kind: 'group', chatId }, purpose: 'digest' }) as const;

test('the window slides: one falls out, one may go', (t) => {
  const keeper = createRateKeeper({ perRecipient: { perMinute: 2, perHour: 3 }, perApp: {} });
  keeper.sent(to('a'), 0);
  keeper.sent(to('a'), 10 * SECOND);
  t.is(keeper.waitMs(to('a'), 20 * SECOND), 40 * SECOND);
  t.is(keeper.waitMs(to('b'), 20 * SECOND), 0);
  t.is(keeper.waitMs(to('a'), MINUTE), 0);
  keeper.sent(to('a'), MINUTE);
  t.is(keeper.waitMs(to('a'), 2 * MINUTE), HOUR - 2 * MINUTE);
});

test('the app as a whole has a budget too', (t) => {
  const keeper = createRateKeeper({ perApp: { perSecond: 2, perMinute: 3 } });
  keeper.sent(to('a'), 0);
  keeper.sent(to('b'), 100);
  t.is(keeper.waitMs(to('c'), 200), 800);
  keeper.sent(to('c'), 1_200);
  t.is(keeper.waitMs(to('d'), 2_500), 57_500);
});

test('chats of a kind have a budget of their own', (t) => {
  const perChat = [{ prefix: 'robot:', perMinute: 1 }];
  const keeper = createRateKeeper({ perRecipient: { perMinute: 9, perHour: 9 }, perChat, perApp: {} });
  for (const chat of ['robot:1', 'team1']) keeper.sent(group(chat), 0);
  t.is(keeper.waitMs(group('robot:1'), SECOND), 59 * SECOND);
  t.is(keeper.waitMs(group('robot:2'), SECOND), 0);
  t.is(keeper.waitMs(group('team1'), SECOND), 0);
});

test('what was sent before a restart counts', (t) => {
  const keeper = createRateKeeper({ perRecipient: { perMinute: 1, perHour: 9 }, perApp: {} });
  keeper.restore([{ recipient: 'wecom:a', at: 30 * SECOND }]);
  t.is(keeper.waitMs(to('a'), 40 * SECOND), 50 * SECOND);
});

test('a day that is spent ends at midnight in China; answers have the last tenth; groups and changes of cards cost nothing', (t) => {
  const keeper = createRateKeeper({ perApp: { perDay: 10 } });
  const at = Date.parse('2026-03-02T10:00:00+08:00');
  const midnight = Date.parse('2026-03-03T00:00:00+08:00');
  t.is(keeper.dayFrom(at)?.toISOString(), new Date('2026-03-02T00:00:00+08:00').toISOString());
  keeper.countDay(8, at);
  keeper.sent(to('a'), at, false);
  keeper.sent(group('team1'), at);
  t.is(keeper.waitMs(to('a', 'nudge'), at), 0);
  keeper.sent(to('a'), at);
  t.is(keeper.waitMs(to('a', 'nudge'), at), midnight - at);
  t.is(keeper.waitMs(to('b', 'verdict'), at), 0);
  keeper.sent(to('b'), at);
  t.is(keeper.waitMs(to('b', 'reply'), at), midnight - at);
  t.is(keeper.waitMs(group('team1'), at), 0);
  t.is(keeper.waitMs(to('b', 'nudge'), midnight), 0);
});

test('whatever comes when, nobody gets more than thirty in any minute or a thousand in any hour, and nobody waits for nothing', (t) => {
  const limits = { perMinute: 30, perHour: 1_000 };
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 20_000 }), burst: fc.integer({ min: 1, max: 120 }) }), {
          maxLength: 60,
        }),
        (load) => {
          const keeper = createRateKeeper({ perRecipient: limits, perApp: {} });
          const times: number[] = [];
          let now = 0;
          for (const { gapMs, burst } of load) {
            now += gapMs;
            for (let n = 0; n < burst; n += 1) {
              const waitMs = keeper.waitMs(to('a'), now);
              if (waitMs > 0) {
                // A millisecond before, it could not have gone.
                if (keeper.waitMs(to('a'), now + waitMs - 1) === 0) return false;
                now += waitMs;
              }
              keeper.sent(to('a'), now);
              times.push(now);
            }
          }
          return holds(times, limits.perMinute, MINUTE) && holds(times, limits.perHour, HOUR);
        },
      ),
      { numRuns: 60 },
    ),
  );
});

/** No stretch of this length holds more than so many. */
function holds(times: readonly number[], most: number, spanMs: number): boolean {
  return times.every((at, n) => n < most || at - (times[n - most] ?? 0) >= spanMs);
}

test('room is what the tightest limit leaves, also when somebody else’s clock is ahead', (t) => {
  const limits = [
    { count: 2, spanMs: MINUTE },
    { count: 3, spanMs: HOUR },
  ];
  t.deepEqual(room([], 0, limits), { free: 2, waitMs: 0 });
  t.deepEqual(room([1_000, 2_000], 3_000, limits), { free: 0, waitMs: 58_000 });
  t.deepEqual(room([1_000, 2_000, 3_000], 10 * MINUTE, limits), { free: 0, waitMs: HOUR + 1_000 - 10 * MINUTE });
  t.deepEqual(room([90_000], 30_000, limits), { free: 1, waitMs: 0 });
});

test('tries grow apart up to ten minutes, spread by a fifth', (t) => {
  t.deepEqual(
    [1, 2, 3, 4, 5, 6, 99].map((attempt) => backoffMs(attempt, 0.5) / SECOND),
    [1, 4, 16, 64, 256, 600, 600],
  );
  t.is(backoffMs(1, 0), 800);
  t.is(backoffMs(1, 1), 1_200);
});

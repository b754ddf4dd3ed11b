import test from 'ava';
import { HOUR, MINUTE } from '../../../src/core/index.js';
import { afterAnswer, NO_BAN, type Ban } from '../../../src/platforms/dingtalk/ban.js';

const START = Date.parse('2026-03-02T01:30:00Z');
const met = (ban: Ban, at: number): Ban => afterAnswer(ban, { blocked: true, sentAt: at, now: at + 40 });

test('five minutes, then twice as long each time in a row, at most an hour', (t) => {
  const waits: number[] = [];
  let ban = NO_BAN;
  for (let n = 0, at = START; n < 7; n += 1, at = ban.until) {
    ban = met(ban, at);
    waits.push((ban.until - at - 40) / MINUTE);
  }
  t.deepEqual(waits, [5, 10, 20, 40, 60, 60, 60]);
  t.is(ban.times, 7);
});

test('a call that was answered after the stop ends the row, one from before it does not', (t) => {
  const ban = met(met(NO_BAN, START), START + HOUR);
  const before = { blocked: false, sentAt: START + HOUR - 10, now: START + HOUR + 3_000 };
  t.is(afterAnswer(ban, before), ban);
  t.is(afterAnswer(ban, { ...before, sentAt: ban.until }), NO_BAN);
  t.is(afterAnswer(NO_BAN, before), NO_BAN);
});

test('calls that were on their way together meet one block', (t) => {
  const first = met(NO_BAN, START);
  for (const sentAt of [START - 2_000, START, START + 30]) {
    t.is(afterAnswer(first, { blocked: true, sentAt, now: START + 5_000 }), first);
  }
});

test('thousands in a row stay an hour', (t) => {
  t.is(afterAnswer({ until: 0, times: 5_000 }, { blocked: true, sentAt: 1, now: 1 }).until, 1 + HOUR);
});

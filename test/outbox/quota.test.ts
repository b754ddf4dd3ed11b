import test from 'ava';
import { FixedClock, HOUR, MINUTE, silentLog } from '../../src/core/index.js';
import { createUsage, QUOTA_RULES } from '../../src/outbox/index.js';
import { foresee, judge, ruleAt, type DayUse } from '../../src/outbox/quota-rules.js';
import type { Purpose } from '../../src/platforms/contract.js';
import { testStore } from '../helpers/store.js';
import { setup, show, text, UTC_CALENDAR } from './bench.js';

const AT = new Date('2026-03-02T01:00:00Z');
const row = (purpose: Purpose, ageMs = 0) => ({ purpose, createdAt: new Date(AT.getTime() - ageMs) });
const never = () => Promise.reject(new Error('not asked'));

test('the rules are in order, each with its reason, and hold from their share on', (t) => {
  t.deepEqual(
    QUOTA_RULES.map(({ level, from }) => [level, from]),
    [
      ['plenty', 0],
      ['saving', 0.7],
      ['scarce', 0.9],
      ['spent', 0.99],
    ],
  );
  for (const { why } of QUOTA_RULES) t.true(why.length > 20);
  t.is(ruleAt(0.6999).level, 'plenty');
  t.is(ruleAt(0.7).level, 'saving');
  t.is(ruleAt(2).level, 'spent');
});

test('at 70 % messages wait for their like, at 90 % only what says something new goes, at the end nothing', async (t) => {
  t.deepEqual(await judge(ruleAt(0.5), row('digest'), AT, never), { go: true });
  t.deepEqual(await judge(ruleAt(0.7), row('nudge'), AT, never), { go: false, how: 'wait', waitMs: 30 * MINUTE });
  t.deepEqual(await judge(ruleAt(0.7), row('nudge', HOUR), AT, never), { go: true });
  t.deepEqual(await judge(ruleAt(0.9), row('digest', HOUR), AT, never), { go: false, how: 'drop' });
  t.deepEqual(await judge(ruleAt(0.9), row('nudge', HOUR), AT, () => Promise.resolve(true)), {
    go: false,
    how: 'drop',
  });
  t.deepEqual(await judge(ruleAt(0.9), row('nudge', HOUR), AT, () => Promise.resolve(false)), { go: true });
  for (const purpose of ['reply', 'verdict', 'todo'] as const) {
    t.deepEqual(await judge(ruleAt(0.95), row(purpose, HOUR), AT, never), { go: true });
    t.deepEqual(await judge(ruleAt(0.99), row(purpose, HOUR), AT, never), { go: false, how: 'fail' });
  }
});

const month = (workdays: number, used: (n: number) => DayUse['used']): DayUse[] =>
  Array.from({ length: 30 }, (_, n) => ({
    on: String(n),
    workday: n % 7 < 5,
    used: n < workdays ? used(n) : {},
    saved: {},
  }));

test('a steady month is foreseen from its days of work, rules considered', (t) => {
  const steady = month(10, (n) => (n % 7 < 5 ? { reply: 60, evidence: 40 } : { nudge: 2 }));
  // 22 days of work and 8 others, of which nothing but a few reminders.
  t.is(foresee(steady, 9, 1, 100_000), 22 * 100 + 8 * 2);
  // Under way: the first day stands for the next ones.
  t.is(
    foresee(
      month(1, () => ({ reply: 50 })),
      0,
      0.5,
      100_000,
    ),
    22 * 100,
  );
  // Reports stop at nine tenths: 22 × 100 calls want 2,200 of 2,000.
  const reports = foresee(
    month(10, (n) => (n % 7 < 5 ? { digest: 100 } : {})),
    9,
    1,
    2_000,
  );
  t.true(reports >= 1_800 && reports <= 1_815, String(reports));
  t.is(
    foresee(
      month(10, () => ({ reply: 500 })),
      9,
      1,
      2_000,
    ),
    5_000,
    'what is spent is spent',
  );
});

test('calls are counted by purpose and day, survive a restart, and another process’s are seen', async (t) => {
  const { connection } = await testStore();
  const clock = new FixedClock(AT);
  const open = () =>
    createUsage({
      connection,
      clock,
      log: silentLog,
      budgets: new Map([['dingtalk', { perApp: {}, perMonth: 100, pushesPerMonth: 50 }]]),
      calendar: UTC_CALENDAR,
    });
  const usage = open();
  usage.called('dingtalk', { api: 'oauth2/accessToken', counted: false });
  usage.called('dingtalk', { api: 'robot/messageFiles/download', counted: true });
  await usage.during('verdict', () => Promise.resolve(usage.called('dingtalk', { api: 'card/instances' })));
  usage.called('dingtalk', { api: 'card/callbacks/register' });
  usage.called('wecom', { api: 'message/send' });
  usage.pushed('dingtalk', 'message');
  usage.saved('dingtalk', 'digest');
  clock.advance(24 * HOUR);
  usage.called('dingtalk', { api: 'robot/messageFiles/download' });
  const byUse = { evidence: 2, verdict: 1, other: 1 };
  t.like(usage.month('dingtalk'), { level: 'plenty', calls: { used: 4, limit: 100, byUse }, pushes: { used: 1 } });
  t.is(usage.month('wecom'), null);
  t.is(usage.rule('wecom'), null);
  const again = open();
  for (let tries = 0; again.month('dingtalk')?.calls.used !== 4 && tries < 100; tries += 1) {
    clock.advance(5 * MINUTE);
    await again.refresh();
  }
  t.like(again.month('dingtalk'), { calls: { byUse } as never, pushes: { used: 1 } as never });
  clock.advance(40 * 24 * HOUR);
  await again.refresh();
  t.is(again.month('dingtalk')?.calls.used, 0, 'a new month');
});

test('a reminder that says what the last one said stays away when calls are scarce; one that says more goes', async (t) => {
  const { outbox, usage, send, says, row: found } = await setup({ budget: { perApp: {}, perMonth: 100 } });
  const nudge = (key: string, words: string) =>
    text(key, 'jia', { purpose: 'nudge', message: { kind: 'text', text: words } });
  await outbox.enqueue([nudge('monday', '差 2 项')]);
  await send();
  for (let n = 0; n < 91; n += 1) usage.called('wecom', { api: 'x' });
  await outbox.enqueue([nudge('tuesday', '差 2 项')]);
  await send();
  await send(HOUR);
  t.deepEqual(says(), ['差 2 项']);
  t.is((await found('tuesday'))?.state, 'superseded');
  await outbox.enqueue([nudge('wednesday', '超时 1 天')]);
  await send();
  await send(HOUR);
  t.deepEqual(says(), ['差 2 项', '超时 1 天']);
  t.is(usage.month('wecom')?.calls.byUse['nudge'], 2);
});

test('where every call counts, a message that can be spared is left out or said in words', async (t) => {
  const counted = await setup({ budget: { perApp: {}, perMonth: 100 } });
  const free = await setup();
  for (const { outbox, send } of [counted, free]) {
    await outbox.enqueue([
      show('m1', '核验中', { sparing: 'left-out' }),
      show('m2', '收到', { sparing: { text: '收到，正在看' } }),
    ]);
    await send();
  }
  t.deepEqual(counted.says(), ['收到，正在看']);
  t.deepEqual(free.says(), ['收到'], 'the newest look of the card');
});

import test from 'ava';
import { createQuotaDigestTick } from '../../src/jobs/index.js';
import { createCalendar } from '../../src/org/index.js';
import { sh } from '../insights/build.js';

test('on the first working day of a week, once, and only where a month is counted', async (t) => {
  const sent: string[] = [];
  const tick = createQuotaDigestTick<number>({
    calendar: createCalendar(),
    platforms: ['wecom', 'dingtalk'],
    monthOf: (platform) => (platform === 'dingtalk' ? 7 : null),
    digest: (platform, month, week) => [
      {
        key: `${platform}:${week}`,
        to: { kind: 'person', personId: 'a' as never },
        message: { kind: 'text', text: `${month}` },
        purpose: 'admin',
      },
    ],
    enqueue: (messages) => {
      sent.push(...messages.map(({ key }) => key));
      return Promise.resolve();
    },
  });
  // A Sunday, the week's Monday and Tuesday, the next Monday.
  for (const day of ['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-30']) await tick.run(sh(`${day} 09:05`));
  t.deepEqual(sent, ['dingtalk:2026-11-23', 'dingtalk:2026-11-30']);
});

import test from 'ava';
import { judgeLink } from '../../src/evidence/judge/link.js';
import { buildContext } from './support/context.js';

// Received on 2026-11-24: three calendar months back is 2026-08-24.
const cases: [publishedOn: string | undefined, status: string][] = [
  ['2026-11-24', 'passed'],
  ['2026年8月24日', 'passed'],
  ['2026/8/23', 'failed'],
  ['2026-11-25', 'failed'],
  ['2026-02-30', 'unchecked'],
  ['上个月', 'unchecked'],
  [undefined, 'unchecked'],
];
for (const [publishedOn, status] of cases) {
  test(`a notice published ${publishedOn ?? 'on no day'} is ${status}`, (t) => {
    const verdict = judgeLink(
      {
        kind: 'link',
        url: 'https://example.com/notice/1',
        title: '生化分析仪采购公告',
        publishedOn,
        publishedWithinMonths: 3,
      },
      buildContext(),
    );
    t.is(verdict.status, status as never, verdict.say);
  });
}

test('a notice without a demand on its date needs an address and a title only', (t) => {
  const context = buildContext();
  t.is(judgeLink({ kind: 'link', url: 'https://example.com/1', title: '公告' }, context).status, 'passed');
  t.is(judgeLink({ kind: 'link', url: 'javascript:alert(1)', title: '公告' }, context).status, 'failed');
  t.is(judgeLink({ kind: 'link', url: '没有链接', title: '公告' }, context).status, 'failed');
  t.is(judgeLink({ kind: 'link', url: 'https://example.com/1', title: ' ' }, context).status, 'unchecked');
});

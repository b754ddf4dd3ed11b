import test from 'ava';
import { asId, type PersonId } from '../../src/core/index.js';
import type { Person, Role } from '../../src/org/index.js';
import { deadNotices, lesserNotices, quotaNotices, suspensionNotices, type OutboxRow } from '../../src/outbox/index.js';
import type { PlatformName } from '../../src/platforms/contract.js';

const person = (id: string, role: Role, ...platforms: PlatformName[]): Person => ({
  id: asId<PersonId>(id),
  name: id,
  title: '',
  role,
  identities: platforms.map((platform) => ({ platform, userId: `${id}@${platform}` })),
  absences: [],
});
const ADMINS = [person('admin', 'admin', 'wecom', 'dingtalk'), person('ops', 'operations', 'wecom')];
const deps = {
  org: { withRole: (...roles: Role[]) => ADMINS.filter(({ role }) => roles.includes(role)) },
  platforms: new Set<PlatformName>(['wecom', 'dingtalk']),
  url: 'https://trail.example.com/m/undelivered',
};
const dead = (code: string, more: Partial<OutboxRow> = {}, todo?: string): OutboxRow =>
  ({
    _id: `m:${code}`,
    platform: 'wecom',
    purpose: 'reply',
    lastError: { code, message: 'no', at: new Date(0), ...(todo === undefined ? {} : { todo }) },
    ...more,
  }) as OutboxRow;
const at = (time: string) => new Date(`2026-03-02T${time}:00Z`);

test('administrators are told of each cause once an hour, with what to do, and not through the platform that fails', (t) => {
  const first = deadNotices(deps, dead('wecom.not_set_up', {}, '加入本机出口 IP'), at('01:05'));
  t.deepEqual(
    first.map(({ to }) => to),
    [
      { kind: 'user', platform: 'dingtalk', userId: 'admin@dingtalk' },
      { kind: 'person', personId: 'ops' as PersonId },
    ],
  );
  const [said] = first;
  t.true(said?.message.kind === 'text' && /企业微信.*\n加入本机出口 IP\n.*重发.*undelivered$/u.test(said.message.text));
  const keys = (row: OutboxRow, time: string) => deadNotices(deps, row, at(time)).map(({ key }) => key);
  t.deepEqual(
    keys(dead('wecom.not_set_up', { _id: 'other' }), '01:59'),
    first.map(({ key }) => key),
  );
  t.notDeepEqual(
    keys(dead('wecom.not_set_up'), '02:00'),
    first.map(({ key }) => key),
  );
  t.notDeepEqual(
    keys(dead('wecom.recipient_unknown'), '01:05'),
    first.map(({ key }) => key),
  );
});

test('a notice that cannot be delivered makes no further notice', (t) => {
  t.deepEqual(deadNotices(deps, dead('wecom.not_set_up', { purpose: 'admin' }), at('01:00')), []);
});

test('a cause without an answer of the platform has words of its own; a month is told once', (t) => {
  const words = (code: string) => {
    const [notice] = deadNotices(deps, dead(code), at('01:00'));
    return notice?.message.kind === 'text' ? notice.message.text : '';
  };
  t.regex(words('outbox.month_spent'), /加购调用量/u);
  t.regex(words('dingtalk.recipient_unknown'), /可见范围/u);
  t.regex(words('something.else'), /错误码/u);
  const calls = { used: 3_600, limit: 5_000, forecast: 5_000, demand: 5_200, byUse: { reply: 2_000, evidence: 1_600 } };
  const month = {
    level: 'saving' as const,
    calls,
    pushes: { used: 10, limit: 3_000, forecast: 900, demand: 900, byUse: {} },
  };
  const [one] = quotaNotices(deps, 'dingtalk', month, '2026-03');
  t.is(one?.key, 'quota:dingtalk:2026-03:saving calls-short:admin');
  const said = one?.message.kind === 'text' ? one.message.text : '';
  t.true(said.includes('调用 3600/5000，照这样整月要 5200，不够用（答复 2000、取证 1600）'), said);
  t.deepEqual(
    quotaNotices(deps, 'dingtalk', { ...month, level: 'plenty', calls: { ...calls, forecast: 10, demand: 10 } }, 'm'),
    [],
  );
});

test('a warning of suspension is told once a day, with what to press', (t) => {
  const told = (on: string) => suspensionNotices(deps, 'wecom', 'event.inactive_alert', on);
  const [one] = told('2026-03-02');
  t.true(one?.message.kind === 'text' && /停用.*inactive_alert.*应用管理/u.test(one.message.text));
  t.deepEqual(told('2026-03-02'), told('2026-03-02'));
  t.notDeepEqual(
    told('2026-03-02').map(({ key }) => key),
    told('2026-03-03').map(({ key }) => key),
  );
});

test('what arrived in a lesser form is told once a day and cause, with what to press', (t) => {
  const row = dead('dingtalk.template_unknown', { platform: 'dingtalk' }, '卡片平台 → 本模板：点「发布」');
  const told = lesserNotices(deps, row, 'links', '2026-03-02');
  t.is(told.length, 2);
  const [first] = told;
  t.true(
    first?.message.kind === 'text' &&
      /^钉钉：卡片画不出来，先改成带链接的消息发.*template_unknown）。\n卡片平台 → 本模板/u.test(first.message.text),
  );
  const again = lesserNotices(deps, { ...row, _id: 'other' }, 'links', '2026-03-02');
  t.deepEqual(
    again.map(({ key }) => key),
    told.map(({ key }) => key),
  );
  t.not(lesserNotices(deps, row, 'links', '2026-03-03')[0]?.key, first?.key);
  t.deepEqual(lesserNotices(deps, { ...row, purpose: 'admin' }, 'links', '2026-03-02'), []);
});

import test, { type ExecutionContext } from 'ava';
import { PlatformRefusedError, silentLog, systemClock } from '../../../src/core/index.js';
import { planDirectory } from '../../../src/org/index.js';
import { memoryTokenStore } from '../../../src/platforms/index.js';
import { createDingtalkAdapter } from '../../../src/platforms/dingtalk/index.js';
import { createDirectoryReader } from '../../../src/platforms/dingtalk/directory.js';
import { decodeDirectoryChange } from '../../../src/platforms/dingtalk/decode.js';
import { StreamFrame } from '../../../src/platforms/dingtalk/types.js';
import { GROUP_ID, PEOPLE, startBench } from '../../sandbox/support.js';
import { sample } from './samples.js';
import { frame, startVendor, type Answers } from './vendor.js';

const EMPTY = { people: [], teams: [], regions: [], groups: [], clients: [] };

async function setUp(t: ExecutionContext, onDirectoryChange?: (ids: readonly string[] | null) => void) {
  const bench = await startBench(t);
  const adapter = createDingtalkAdapter({
    settings: { ...bench.access.dingtalk, mode: 'stream' },
    clock: systemClock,
    log: silentLog,
    intake: () => Promise.resolve({ duplicate: false }),
    tokens: memoryTokenStore(),
    onDirectoryChange,
  });
  t.teardown(() => adapter.stop());
  return { bench, adapter };
}

test('the stand-in’s company is read whole: departments, members, who leads whom; it costs nothing of the month', async (t) => {
  const { bench, adapter } = await setUp(t);
  const directory = await adapter.readDirectory!();
  t.true(directory.complete);
  t.deepEqual(
    directory.departments.map(({ name, leaderUserIds }) => `${name} ${leaderUserIds.join()}`),
    ['公司 ', '华东 ', '一组 staff03'],
  );
  t.deepEqual(directory.members.map(({ userId }) => userId).toSorted(), ['staff01', 'staff02', 'staff03']);
  t.deepEqual(directory.members.find(({ userId }) => userId === 'staff01')?.leaderUserIds, ['staff03']);
  const plan = planDirectory(EMPTY, directory, new Date());
  t.deepEqual(
    plan.people.map(({ name, role }) => `${name} ${role}`).toSorted(),
    ['一组主管 supervisor', '代表乙 rep', '代表甲 rep'].toSorted(),
  );
  const { json } = await bench.control('GET', 'state');
  t.is((json['dingtalk'] as { quota: { api: number } }).quota.api, 0);
});

test('changes are told by events, also while nobody was connected; single people are read by their ids', async (t) => {
  const told: (readonly string[] | null)[] = [];
  const { bench, adapter } = await setUp(t, (ids) => told.push(ids));
  const until = async (what: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 1_000 && !what(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    t.true(what());
  };
  const groups = [{ id: 'g1', name: '华东一组', memberIds: ['p1'], dingtalkConversationId: GROUP_ID }];
  // Nobody listens yet: the vendor keeps it.
  await bench.control('PUT', 'directory', { people: PEOPLE.slice(1), groups });
  await adapter.start();
  await until(() => told.length === 1);
  t.deepEqual(told[0], ['staff01']);
  const directory = await adapter.readDirectory!(['staff01', 'staff02']);
  t.false(directory.complete);
  t.deepEqual(
    directory.members.map(({ userId, state }) => `${userId} ${state}`),
    ['staff01 gone', 'staff02 active'],
  );
  const [rep, lead] = PEOPLE.slice(1);
  const promoted = [lead, { ...rep, team: '二组', dingtalkMobile: '13800000000' }];
  await bench.control('PUT', 'directory', { people: promoted, groups });
  await until(() => told.length === 3);
  t.deepEqual(told.slice(1), [null, ['staff02']], 'a new department may move anybody');
  const { json } = await bench.control('GET', 'state');
  t.is((json['dingtalk'] as { quota: { push: number } }).quota.push, 0, 'the vendor counts none of these');
  const [member] = (await adapter.readDirectory!(['staff02'])).members;
  t.is(member?.mobile, '13800000000');
});

/** A vendor of one department, by the samples. */
async function reader(t: ExecutionContext, answers: Answers) {
  const vendor = await startVendor(answers);
  t.teardown(() => vendor.close());
  const adapter = createDingtalkAdapter({
    settings: vendor.settings,
    clock: systemClock,
    log: silentLog,
    intake: () => Promise.resolve({ duplicate: false }),
    tokens: memoryTokenStore(),
  });
  return { vendor, adapter };
}

const ok = (result: unknown) => ({ json: { errcode: 0, errmsg: 'ok', result, request_id: 'r' } });
const department =
  (id: number): Answers =>
  ({ path, body }) => {
    if (path === '/topapi/v2/department/listsub') {
      return body['dept_id'] === 1 ? { json: sample('department-listsub-response') } : ok([]);
    }
    if (path === '/topapi/v2/department/get') {
      return ok({
        dept_id: body['dept_id'],
        name: body['dept_id'] === 1 ? '示例公司' : '华东销售部',
        dept_manager_userid_list: [],
      });
    }
    // Some samples print a list as one text.
    if (path === '/topapi/user/listid') return ok({ userid_list: body['dept_id'] === id ? '["staff0101"]' : [] });
    if (path === '/topapi/v2/user/get') return { json: sample('user-get-response') };
    return undefined;
  };

test('the vendor’s samples are read, lists that are printed as text too; who says they lead a department leads it', async (t) => {
  const { adapter } = await reader(t, (asked) => {
    const answer = department(101)(asked);
    if (asked.path !== '/topapi/v2/user/get') return answer;
    const { result } = sample('user-get-response') as { result: Record<string, unknown> };
    return ok({ ...result, mobile: '+86-13800000000', leader_in_dept: { dept_id: '101', leader: true } });
  });
  const { departments, members } = await adapter.readDirectory!();
  t.deepEqual(departments as object, [
    { id: '1', name: '示例公司', leaderUserIds: [] },
    { id: '101', name: '华东销售部', parentId: '1', leaderUserIds: ['staff0101'] },
  ]);
  t.deepEqual(members as object, [
    {
      userId: 'staff0101',
      name: (sample('user-get-response')['result'] as { name: string }).name,
      title: '客户经理',
      departmentIds: ['101'],
      leaderUserIds: ['staff0001'],
      state: 'active',
      mobile: '+86-13800000000',
    },
  ]);
});

test('a number that its owner has not confirmed is not passed on', async (t) => {
  const { adapter } = await reader(t, (asked) => {
    if (asked.path !== '/topapi/v2/user/get') return department(101)(asked);
    const { result } = sample('user-get-response') as { result: Record<string, unknown> };
    return ok({ ...result, mobile: '13800000000', active: false });
  });
  t.false('mobile' in (await adapter.readDirectory!(['staff0101'])).members[0]!);
});

test('a department out of sight lets nobody be thought gone; the top out of sight, or a missing permission, stops it', async (t) => {
  const refused = (errcode: number) => ({ json: { errcode, errmsg: 'no' } });
  const part = await reader(t, (asked) => (asked.body['dept_id'] === 101 ? refused(50_004) : department(101)(asked)));
  const directory = await part.adapter.readDirectory!();
  t.false(directory.complete);
  t.deepEqual(directory.members, []);
  const top = await reader(t, () => refused(50_004));
  await t.throwsAsync(top.adapter.readDirectory!(), { code: 'dingtalk.out_of_scope' });
  const none = await reader(t, () => refused(60_011));
  await t.throwsAsync(none.adapter.readDirectory!(), { code: 'dingtalk.permission_missing' });
});

test('it keeps to the rate, waits when refused for it, and ends when told to', async (t) => {
  const waits: number[] = [];
  let refusals = 2;
  let calls = 0;
  const directory = createDirectoryReader({
    client: {
      callOld: (path) => {
        calls += 1;
        if (refusals-- > 0)
          return Promise.reject(
            new PlatformRefusedError('dingtalk.rate_limited', 'no', { details: { retryAfterMs: 1_000 } }),
          );
        return Promise.resolve((path.endsWith('/get') ? { result: {} } : { result: [] }) as never);
      },
    },
    log: silentLog,
    pause: (ms, signal) => {
      signal.throwIfAborted();
      waits.push(ms);
      return Promise.resolve();
    },
  });
  await directory.read();
  t.true(waits.filter((ms) => ms >= 66).length >= calls, 'never more than 15 a second');
  t.is(waits.filter((ms) => ms === 1_000).length, 2);
  const endless = createDirectoryReader({
    client: {
      callOld: (_path, body) =>
        Promise.resolve({ result: [{ dept_id: Number((body as { dept_id: number }).dept_id) + 1 }] } as never),
    },
    log: silentLog,
  });
  const reading = endless.read();
  await new Promise((resolve) => setTimeout(resolve, 100));
  endless.stop();
  await t.throwsAsync(reading);
});

test('events of the address book are told from others, whatever their fields are called', (t) => {
  const change = (eventType: string, data: unknown) =>
    decodeDirectoryChange(StreamFrame.parse(frame('EVENT', '*', data, { eventType, eventId: 'e1' })));
  t.deepEqual(change('user_add_org', { userId: ['a', 'b'] }), { userIds: ['a', 'b'] });
  t.deepEqual(change('user_modify_org', { UserId: ['a'] }), { userIds: ['a'] });
  t.deepEqual(change('user_leave_org', { userId: 'a' }), { userIds: ['a'] });
  t.deepEqual(change('user_leave_org', { userId: [7] }), { userIds: null });
  t.deepEqual(change('user_leave_org', {}), { userIds: null });
  t.deepEqual(change('org_dept_modify', { deptId: [1] }), { userIds: null });
  t.is(change('check_in', { staffId: 'a' }), null);
  t.is(change('user_add_org', 'no json')?.userIds, null);
});

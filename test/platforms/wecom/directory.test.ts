import test, { type ExecutionContext } from 'ava';
import { silentLog, systemClock } from '../../../src/core/index.js';
import { planDirectory } from '../../../src/org/index.js';
import { memoryTokenStore } from '../../../src/platforms/token-holder.js';
import { createWecomAdapter } from '../../../src/platforms/wecom/index.js';
import { PEOPLE, startBench } from '../../sandbox/support.js';
import { jsonSample } from './samples.js';
import { setUp as vendor } from './vendor.js';

const EMPTY = { people: [], teams: [], regions: [], groups: [], clients: [] };

async function setUp(t: ExecutionContext) {
  const bench = await startBench(t);
  const { apiBase, corpId, agentId, secret, token, encodingAesKey } = bench.access.wecom;
  const adapter = createWecomAdapter({
    settings: { apiBase, corpId, agentId, secret, token, encodingAesKey },
    clock: systemClock,
    log: silentLog,
    intake: () => Promise.resolve({ duplicate: false }),
    tokens: memoryTokenStore(),
  });
  return { bench, adapter };
}

test('the stand-in’s company is read whole: departments, members, who leads whom', async (t) => {
  const { adapter } = await setUp(t);
  const directory = await adapter.readDirectory!();
  t.true(directory.complete);
  t.deepEqual(
    directory.departments.map(({ name, leaderUserIds }) => `${name} ${leaderUserIds.join()}`),
    ['公司 ', '华东 ', '一组 Lead1'],
  );
  t.deepEqual(directory.members.map(({ userId }) => userId).toSorted(), ['Lead1', 'RepA', 'RepB']);
  t.deepEqual(directory.members.find(({ userId }) => userId === 'RepA')?.leaderUserIds, ['Lead1']);
  const plan = planDirectory(EMPTY, directory, new Date());
  t.deepEqual(
    plan.people.map(({ name, role }) => `${name} ${role}`).toSorted(),
    ['一组主管 supervisor', '代表乙 rep', '代表甲 rep'].toSorted(),
  );
});

test('single people are read by their ids; who cannot be seen any more is gone', async (t) => {
  const { bench, adapter } = await setUp(t);
  await bench.control('PUT', 'directory', { people: PEOPLE.slice(1), groups: [] });
  const directory = await adapter.readDirectory!(['RepA', 'repb']);
  t.false(directory.complete);
  t.deepEqual(
    directory.members.map(({ userId, state }) => `${userId} ${state}`),
    ['RepA gone', 'RepB active'],
  );
});

test('the samples of the vendor are read: an old app’s member and a new one’s, a list, departments', async (t) => {
  const { adapter, asked } = await vendor(t, {
    'department/list': { body: jsonSample('department-list-response') },
    'user/list': { body: jsonSample('user-list-response') },
    'user/get': { body: jsonSample('user-get-response-new-app') },
  });
  const expected = {
    userId: 'zhangsan',
    name: '张三',
    title: '销售经理',
    departmentIds: ['1', '2'],
    leaderUserIds: ['lisi'],
    state: 'active',
  };
  const whole = await adapter.readDirectory!();
  t.deepEqual(whole.members as object, [expected]);
  t.deepEqual(whole.departments as object, [
    { id: '1', name: '示例公司', leaderUserIds: ['boss'] },
    { id: '2', name: '华南销售部', parentId: '1', leaderUserIds: ['lisi', 'wangwu'] },
  ]);
  t.deepEqual((await adapter.readDirectory!(['zhangsan'])).members as object, [expected]);
  t.deepEqual(
    asked.filter(({ api }) => api === 'user/list').map(({ query }) => query.get('department_id')),
    ['1', '2'],
    'the tree is walked, the vendor does not do it',
  );
  // Fields that a new app does not get are not missed.
  const old = await vendor(t, {
    'department/list': { body: jsonSample('department-list-response') },
    'user/get': { body: jsonSample('user-get-response') },
  });
  const [known] = (await old.adapter.readDirectory!(['zhangsan'])).members;
  t.deepEqual(known as object, { ...expected, mobile: jsonSample('user-get-response')['mobile'] });
});

test('a department that cannot be read lets nobody be thought gone; any other refusal stops the reading', async (t) => {
  const department = { body: jsonSample('department-list-response') };
  const refused = (errcode: number) => ({ body: { errcode, errmsg: 'x' } });
  const part = await vendor(t, { 'department/list': department, 'user/list': refused(60011) });
  t.false((await part.adapter.readDirectory!()).complete);
  const none = await vendor(t, { 'department/list': department, 'user/list': refused(60020) });
  await t.throwsAsync(none.adapter.readDirectory!(), { code: 'wecom.not_set_up' });
  const empty = await vendor(t, { 'department/list': { body: { errcode: 0, errmsg: 'ok', department: [] } } });
  t.false((await empty.adapter.readDirectory!()).complete, 'an empty answer is no empty company');
});

import test from 'ava';
import fc from 'fast-check';
import { FixedClock } from '../../src/core/index.js';
import {
  createCalendar,
  createOrg,
  demoCompany,
  orgIndexes,
  planDirectory,
  type DirectoryMember,
  type DirectorySnapshot,
  type OrgData,
  type Person,
} from '../../src/org/index.js';
import { openTestStore } from './store.js';

const AT = new Date('2026-11-24T02:00:00Z');
const EMPTY: OrgData = { people: [], teams: [], regions: [], groups: [], clients: [] };

const member = (userId: string, departmentId: string, more: Partial<DirectoryMember> = {}): DirectoryMember => ({
  userId,
  name: userId,
  title: '',
  departmentIds: [departmentId],
  leaderUserIds: [],
  state: 'active',
  ...more,
});
const department = (id: string, name: string, parentId?: string, ...leaderUserIds: string[]) => ({
  id,
  name,
  leaderUserIds,
  ...(parentId === undefined ? {} : { parentId }),
});

const COMPANY: DirectorySnapshot = {
  platform: 'wecom',
  complete: true,
  ignoresCase: true,
  departments: [
    department('1', '公司', undefined, 'boss'),
    department('2', '华东', '1', 'Director'),
    department('3', '一组', '2', 'lead1'),
    department('4', '二组', '2'),
    department('5', '一组支援', '3'),
    department('6', '法务部', '1'),
    department('7', '销售运营', '1'),
  ],
  members: [
    member('boss', '1'),
    member('Director', '2', { title: '总监' }),
    member('lead1', '3'),
    member('00123', '3', { leaderUserIds: ['LEAD1'] }),
    member('1e5', '4', { leaderUserIds: ['lead1'] }),
    member('张三', '5'),
    member('law', '6'),
    member('ops', '7'),
  ],
};

/** As it stands after the plan. */
function after(
  org: OrgData,
  snapshot: DirectorySnapshot,
  at = AT,
): { org: OrgData; plan: ReturnType<typeof planDirectory> } {
  const plan = planDirectory(org, snapshot, at);
  const merge = <T extends { id: string }>(old: readonly T[], fresh: readonly T[]): T[] => [
    ...new Map([...old, ...fresh].map((one) => [one.id, one])).values(),
  ];
  return {
    plan,
    org: {
      people: merge(org.people, plan.people),
      teams: merge(org.teams, plan.teams),
      regions: merge(org.regions, plan.regions),
      groups: merge(org.groups, plan.groups),
      clients: org.clients,
    },
  };
}
const named = (org: OrgData, userId: string): Person =>
  org.people.find(({ identities }) => identities.some((one) => one.userId === userId))!;

test('a company is read from nothing: regions, teams, roles, who answers to whom; the org takes it as it is', async (t) => {
  const { org, plan } = after(EMPTY, COMPANY);
  t.deepEqual(
    org.regions.map(({ name }) => name),
    ['华东'],
  );
  t.deepEqual(org.teams.map(({ name }) => name).toSorted(), ['一组', '二组']);
  const roles = COMPANY.members.map(({ userId }) => `${userId} ${named(org, userId).role}`);
  t.deepEqual(roles, [
    'boss rep',
    'Director director',
    'lead1 supervisor',
    '00123 rep',
    '1e5 rep',
    '张三 rep',
    'law legal',
    'ops rep',
  ]);
  t.deepEqual(plan.notes, [{ code: 'role-by-hand', userId: 'ops', name: 'ops' }]);
  const team = org.teams.find(({ name }) => name === '一组');
  t.is(team?.supervisorId, named(org, 'lead1').id);
  t.is(named(org, '张三').teamId, team?.id, 'a department below a team belongs to it');
  t.is(named(org, '00123').superiorId, undefined, 'the team’s own leader needs no entry');
  t.is(named(org, '1e5').superiorId, named(org, 'lead1').id, 'somebody else does');

  const connection = await openTestStore(orgIndexes);
  const kept = createOrg({ connection, clock: new FixedClock(AT), calendar: createCalendar() });
  await kept.save(plan);
  t.is(kept.supervisorOf(named(org, '1e5').id)?.name, 'lead1');
  t.is(kept.supervisorOf(named(org, 'lead1').id)?.name, 'Director');
  t.deepEqual(planDirectory(kept.data(), COMPANY, AT).people, []);
});

test('read again, nothing changes; whoever moves changes team and groups', (t) => {
  const first = after(EMPTY, COMPANY).org;
  const team = (name: string) => first.teams.find((one) => one.name === name)!;
  const withGroups: OrgData = {
    ...first,
    groups: ['一组', '二组'].map((name) => ({
      id: `g-${name}`,
      name,
      teamId: team(name).id,
      regionId: team(name).regionId,
      memberIds: [named(first, name === '一组' ? '00123' : '1e5').id, named(first, 'boss').id],
      chats: [],
    })),
  };
  const again = planDirectory(withGroups, COMPANY, AT);
  t.deepEqual([again.people, again.teams, again.regions, again.groups, again.left], [[], [], [], [], []]);

  const moved = COMPANY.members.map((one) => (one.userId === '00123' ? member('00123', '4') : one));
  const { org, plan } = after(withGroups, { ...COMPANY, members: moved });
  t.deepEqual(
    plan.people.map(({ teamId }) => teamId),
    [team('二组').id],
  );
  const members = (name: string) => org.groups.find((one) => one.name === name)?.memberIds;
  t.deepEqual(members('一组'), [named(org, 'boss').id], 'who was put in by hand stays');
  t.deepEqual(members('二组'), [named(org, '1e5').id, named(org, 'boss').id, named(org, '00123').id]);
});

test('who is gone leaves, with what was known of them; who comes back is back', (t) => {
  const { org } = after(EMPTY, COMPANY);
  const without = { ...COMPANY, members: COMPANY.members.filter(({ userId }) => userId !== '00123') };
  const left = after(org, without);
  t.deepEqual(left.plan.left, [named(org, '00123').id]);
  t.deepEqual(named(left.org, '00123').leftAt, AT);
  t.is(named(left.org, '00123').teamId, named(org, '00123').teamId, 'whoever is above is still found');
  t.deepEqual(after(left.org, without).plan.people, [], 'once');
  const back = after(left.org, COMPANY);
  t.is(named(back.org, '00123').leftAt, undefined);
  // Disabled is told, not missing.
  const disabled = COMPANY.members.map((one) => (one.userId === '00123' ? { ...one, state: 'gone' as const } : one));
  t.deepEqual(after(org, { ...COMPANY, members: disabled }).plan.left, [named(org, '00123').id]);
});

test('a part that was read says nothing of the others', (t) => {
  const { org } = after(EMPTY, COMPANY);
  const part: DirectorySnapshot = {
    ...COMPANY,
    complete: false,
    members: [member('law', '6', { title: '法务经理' }), member('1e5', '', { state: 'gone' })],
  };
  const { plan } = after(org, part);
  t.deepEqual(plan.people.map(({ name, title }) => `${name} ${title}`).toSorted(), ['1e5 ', 'law 法务经理']);
  t.deepEqual(plan.left, [named(org, '1e5').id]);
});

test('a narrowed range fires nobody, and says so', (t) => {
  const many = Array.from({ length: 20 }, (_, n) => member(`m${n}`, '3'));
  const { org } = after(EMPTY, { ...COMPANY, members: [...COMPANY.members, ...many] });
  const { plan } = after(org, COMPANY);
  t.deepEqual([plan.left, plan.people], [[], []]);
  t.is(plan.notes[0]?.code, 'too-many-gone');
  // Five at once may well be.
  const five = { ...COMPANY, members: [...COMPANY.members, ...many.slice(5)] };
  t.is(after(org, five).plan.left.length, 5);
});

test('ids that differ in case are one person where the platform says so, and names are no proof', (t) => {
  const { org } = after(EMPTY, COMPANY);
  const shouted = COMPANY.members.map((one) => ({ ...one, userId: one.userId.toUpperCase() }));
  t.is(after(org, { ...COMPANY, members: shouted }).org.people.length, org.people.length);
  t.is(named(after(org, { ...COMPANY, members: shouted }).org, 'Director')?.identities[0]?.userId, 'Director');
  const other: DirectorySnapshot = {
    ...COMPANY,
    platform: 'dingtalk',
    ignoresCase: false,
    members: [member('manager01', '3', { name: '00123' })],
    complete: false,
  };
  const { plan, org: both } = after(org, other);
  t.deepEqual(plan.notes, [
    { code: 'same-name', userId: 'manager01', name: '00123', personId: named(org, '00123').id },
  ]);
  t.is(both.people.length, org.people.length + 1);
  t.is(both.teams.length, org.teams.length, 'departments of the same name are the same on both platforms');
});

test('whoever is known on another platform too loses only the address', (t) => {
  const { org } = after(EMPTY, COMPANY);
  const two = { ...named(org, '00123') };
  two.identities = [...two.identities, { platform: 'dingtalk', userId: 'staff01' }];
  const known = { ...org, people: org.people.map((person) => (person.id === two.id ? two : person)) };
  const { plan } = after(known, { ...COMPANY, members: COMPANY.members.filter(({ userId }) => userId !== '00123') });
  t.deepEqual(plan.left, []);
  t.deepEqual(
    plan.people.map(({ identities }) => identities),
    [[{ platform: 'dingtalk', userId: 'staff01' }]],
  );
});

/** The same company by its other platform, with accounts of its own. */
const elsewhere = (...members: DirectoryMember[]): DirectorySnapshot => ({
  platform: 'dingtalk',
  complete: true,
  ignoresCase: false,
  departments: [department('1', '公司'), department('8', '华东', '1'), department('9', '二组', '8', 'staff09')],
  members,
});

test('one confirmed number on both platforms is one person, who stays where the first platform put them', async (t) => {
  const withPhone = COMPANY.members.map((one) => (one.userId === '00123' ? { ...one, phoneKey: 'k1' } : one));
  const { org } = after(EMPTY, { ...COMPANY, members: withPhone });
  const mine = named(org, '00123');
  const other = elsewhere(
    member('staff01', '9', { phoneKey: 'k1', name: '别名', title: '客户经理' }),
    member('staff02', '9', { phoneKey: 'k2' }),
    member('staff03', '9', { phoneKey: 'k2' }),
  );
  const both = after(org, other);
  t.is(named(both.org, 'staff01').id, mine.id);
  t.deepEqual(named(both.org, 'staff01'), {
    ...mine,
    identities: [...mine.identities, { platform: 'dingtalk', userId: 'staff01' }],
  });
  t.deepEqual(both.plan.notes, []);
  t.not(named(both.org, 'staff02').id, named(both.org, 'staff03').id, 'a number of two joins nobody');
  t.deepEqual(after(both.org, other).plan.people, [], 'once');
  t.deepEqual(after(both.org, { ...COMPANY, members: withPhone }).plan.people, [], 'and the first platform agrees');
  // The first platform forgets them: now the second one places them.
  const left = after(both.org, { ...COMPANY, members: COMPANY.members.filter(({ userId }) => userId !== '00123') });
  t.deepEqual(left.plan.left, []);
  const moved = after(left.org, other).org;
  t.is(named(moved, 'staff01').id, mine.id);
  t.is(moved.teams.find(({ id }) => id === named(moved, 'staff01').teamId)?.name, '二组');
});

test('an account that goes and is back is with whom it was with: the other account stays', (t) => {
  const phone = { phoneKey: 'k1' };
  // Known by DingTalk first.
  const first = after(EMPTY, elsewhere(member('staff01', '9', phone))).org;
  const withPhone = COMPANY.members.map((one) => (one.userId === '00123' ? { ...one, ...phone } : one));
  const both = after(first, { ...COMPANY, members: withPhone }).org;
  const mine = named(both, 'staff01');
  t.is(named(both, '00123').id, mine.id);
  const away = after(both, elsewhere()).org;
  t.deepEqual(named(away, '00123').identities, [{ platform: 'wecom', userId: '00123' }]);
  // Back, and the number is not shown this time.
  const back = after(away, elsewhere(member('staff01', '9'))).org;
  t.is(named(back, 'staff01').id, mine.id);
  t.is(named(back, '00123').id, mine.id);

  // Left on both in between: back is back.
  const left = after(away, { ...COMPANY, members: COMPANY.members.filter(({ userId }) => userId !== '00123') }).org;
  t.deepEqual(left.people.find(({ id }) => id === mine.id)?.leftAt, AT);
  const again = after(left, elsewhere(member('staff01', '9'))).org.people.find(({ id }) => id === mine.id);
  t.is(again?.leftAt, undefined);
  t.is(again?.identities.length, 2);
});

test('an account whose old entry has another account by now makes an entry of its own, and is found under it', (t) => {
  const first = after(EMPTY, elsewhere(member('staff01', '9', { phoneKey: 'k1' }))).org;
  const withPhone = COMPANY.members.map((one) => (one.userId === '00123' ? { ...one, phoneKey: 'k1' } : one));
  const both = after(first, { ...COMPANY, members: withPhone }).org;
  // Their account was made anew under another id; later the old id is somebody else's.
  const anew = elsewhere(member('staff21', '9', { phoneKey: 'k1' }));
  const renewed = after(after(both, anew).org, anew).org;
  t.is(named(renewed, 'staff21').id, named(both, 'staff01').id);
  const other = after(
    renewed,
    elsewhere(member('staff21', '9'), member('staff01', '9', { leaderUserIds: ['staff21'] })),
  );
  t.is(named(other.org, 'staff21').id, named(both, 'staff01').id, 'nobody lost an account');
  t.is(named(other.org, '00123').id, named(both, 'staff01').id);
  t.not(named(other.org, 'staff01').id, named(both, 'staff01').id);
  t.is(named(other.org, 'staff01').superiorId, named(both, 'staff01').id);
  t.deepEqual(after(other.org, elsewhere(member('staff21', '9'), member('staff01', '9'))).plan.left, []);
});

test('accounts can change hands in one save, in whatever order', async (t) => {
  const connection = await openTestStore(orgIndexes);
  const kept = createOrg({ connection, clock: new FixedClock(AT), calendar: createCalendar() });
  const { org } = after(EMPTY, COMPANY);
  await kept.save(org);
  const [one, two] = ['00123', '1e5'].map((userId) => named(org, userId)) as [Person, Person];
  await kept.save({
    people: [
      { ...one, identities: two.identities },
      { ...two, identities: one.identities },
    ],
  });
  t.is(kept.personByIdentity('wecom', '1e5')?.id, one.id);
  t.is(kept.personByIdentity('wecom', '00123')?.id, two.id);
  await t.throwsAsync(kept.save({ people: [{ ...one, identities: named(org, 'boss').identities }] }), {
    code: 'org.identity_taken',
  });
});

test('two who turn out to be one: the first keeps both addresses and stands wherever the other stood', async (t) => {
  const { org } = after(EMPTY, COMPANY);
  const first = after(org, elsewhere(member('staff09', '9'), member('staff01', '9', { leaderUserIds: ['staff09'] })));
  const lead = named(first.org, 'staff09');
  t.is(first.org.teams.find(({ name }) => name === '二组')?.supervisorId, lead.id);
  // WeCom shows the number from now on, and DingTalk the same.
  const wecom = COMPANY.members.map((one) => (one.userId === '1e5' ? { ...one, phoneKey: 'k9' } : one));
  const second = after(first.org, { ...COMPANY, members: wecom });
  const joined = after(second.org, elsewhere(member('staff09', '9', { phoneKey: 'k9' }), member('staff01', '9')));
  const keep = named(joined.org, '1e5');
  t.deepEqual(
    keep.identities.map(({ platform }) => platform),
    ['wecom', 'dingtalk'],
  );
  const gone = joined.org.people.find(({ id }) => id === lead.id)!;
  t.deepEqual([gone.joinedTo, gone.identities, gone.leftAt], [keep.id, [], AT]);
  t.deepEqual(joined.plan.left, [], 'nobody has left');
  t.is(joined.org.teams.find(({ name }) => name === '二组')?.supervisorId, keep.id);

  const connection = await openTestStore(orgIndexes);
  const kept = createOrg({ connection, clock: new FixedClock(AT), calendar: createCalendar() });
  await kept.save(second.org);
  await kept.save(joined.plan);
  t.is(kept.personByIdentity('dingtalk', 'staff09')?.id, keep.id);
  t.is(kept.personByIdentity('wecom', '1e5')?.id, keep.id);
});

test('by hand: two of one platform cannot be one, others can, once', async (t) => {
  const { org } = after(EMPTY, COMPANY);
  const both = after(org, elsewhere(member('staff01', '9'))).org;
  const connection = await openTestStore(orgIndexes);
  const kept = createOrg({ connection, clock: new FixedClock(AT), calendar: createCalendar() });
  await kept.save(both);
  const [keep, other, third] = ['00123', 'staff01', '1e5'].map((userId) => named(both, userId).id);
  await t.throwsAsync(kept.join(keep!, third!), { code: 'org.join_refused' });
  await t.throwsAsync(kept.join(keep!, keep!), { code: 'org.join_refused' });
  await kept.join(keep!, other!);
  t.is(kept.personByIdentity('dingtalk', 'staff01')?.id, keep);
  t.is(kept.person(other!)?.joinedTo, keep);
  t.false(kept.people().some(({ id }) => id === other));
  await t.throwsAsync(kept.join(keep!, other!), { code: 'org.join_refused' });
});

test('what was decided by hand stays: roles, leave, and everything of the demo company', (t) => {
  const { org } = after(EMPTY, COMPANY);
  const people = org.people.map((person) =>
    person.name === 'ops'
      ? { ...person, role: 'admin' as const, absences: [{ from: '2026-11-24', to: '2026-11-25' }] }
      : person,
  );
  t.deepEqual(planDirectory({ ...org, people }, COMPANY, AT).people, []);
  const none: DirectorySnapshot = { ...COMPANY, members: [], departments: [] };
  const plan = planDirectory(demoCompany, none, AT);
  t.deepEqual([plan.people, plan.teams, plan.regions, plan.groups, plan.left], [[], [], [], [], []]);
});

test('whatever a directory holds, its plan is taken by the org and is the last one', async (t) => {
  const connection = await openTestStore(orgIndexes);
  const org = createOrg({ connection, clock: new FixedClock(AT), calendar: createCalendar() });
  const ids = ['1', '2', '3', '4', '9', ''];
  const users = ['a', 'B', '00123', '1e5', '张三', '𠮷', '__proto__'];
  const snapshots = fc.record({
    platform: fc.constantFrom('wecom' as const, 'dingtalk' as const),
    complete: fc.boolean(),
    ignoresCase: fc.boolean(),
    departments: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...ids),
        name: fc.constantFrom('华东', '一组', '法务部', '', '销售运营', 'x'.repeat(200)),
        parentId: fc.constantFrom(...ids),
        leaderUserIds: fc.array(fc.constantFrom(...users, 'nobody'), { maxLength: 2 }),
      }),
      { selector: ({ id }) => id, maxLength: 6 },
    ),
    members: fc.uniqueArray(
      fc.record({
        userId: fc.constantFrom(...users),
        name: fc.constantFrom('甲', '', '😀'.repeat(100)),
        title: fc.constant(''),
        departmentIds: fc.array(fc.constantFrom(...ids), { maxLength: 2 }),
        leaderUserIds: fc.array(fc.constantFrom(...users, 'nobody'), { maxLength: 2 }),
        state: fc.constantFrom('active' as const, 'gone' as const),
        phoneKey: fc.constantFrom(undefined, 'k1', 'k2', 'k3'),
      }),
      { selector: ({ userId }) => userId, maxLength: 7 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(snapshots, async (snapshot) => {
      await org.save(planDirectory(org.data(), snapshot, AT));
      // Who lost one account and has another of the same number is joined by the next reading.
      await org.save(planDirectory(org.data(), snapshot, AT));
      const again = planDirectory(org.data(), snapshot, AT);
      t.deepEqual([again.people, again.teams, again.regions, again.left], [[], [], [], []]);
      for (const { id } of org.people()) t.not(org.supervisorOf(id)?.id, id);
    }),
    { numRuns: 200 },
  );
});

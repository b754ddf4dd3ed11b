import test from 'ava';
import { asId, BadInputError, ConflictError, FixedClock, type PersonId } from '../../src/core/index.js';
import {
  createCalendar,
  createOrg,
  demoCompany,
  demoDeals,
  orgIndexes,
  scopeFilter,
  type Person,
} from '../../src/org/index.js';
import { openTestStore } from './store.js';

const calendar = createCalendar();

async function setup(now = '2026-11-24T02:00:00Z') {
  const clock = new FixedClock(now);
  const connection = await openTestStore(orgIndexes);
  const org = createOrg({ connection, clock, calendar });
  await org.save(demoCompany);
  const change = (id: string, change: Partial<Person>) => org.save({ people: [{ ...org.person(id)!, ...change }] });
  return { org, clock, connection, change };
}
const away = (actingId?: string) => [
  { from: '2026-11-23', to: '2026-11-25', ...(actingId === undefined ? {} : { actingId: asId<PersonId>(actingId) }) },
];

test('the demo company: two regions, three teams, nine reps, everyone marked and known on both platforms', async (t) => {
  const { org } = await setup();
  t.is(org.regions().length, 2);
  t.is(org.teams().length, 3);
  t.is(org.withRole('rep').length, 9);
  t.true(
    [...org.people(), ...org.teams(), ...org.regions(), ...org.groups(), ...org.clients()].every((one) => one.demo),
  );
  for (const person of org.people())
    for (const { platform, userId } of person.identities) t.is(org.personByIdentity(platform, userId), person);
  t.is(org.personByIdentity('wecom', 'nobody'), undefined);
  for (const deal of demoDeals) {
    t.truthy(org.client(deal.clientId), deal.id);
    t.is(org.person(deal.ownerId)?.role, 'rep', deal.id);
  }
  t.is(new Set(demoDeals.map((deal) => deal.id)).size, demoDeals.length);
});

test('every field survives writing and reading', async (t) => {
  const { org, connection, clock } = await setup();
  await org.save({
    people: [
      {
        id: asId('p1'),
        name: '代表甲',
        title: '销售代表',
        role: 'rep',
        teamId: 'demo-east-1',
        regionId: 'demo-east',
        superiorId: asId<PersonId>('demo-supervisor-2'),
        identities: [],
        absences: away('demo-rep-jia'),
        leftAt: new Date('2026-11-01T00:00:00Z'),
      },
    ],
  });
  const other = createOrg({ connection, clock, calendar });
  await other.reload();
  for (const kind of ['people', 'teams', 'regions', 'groups', 'clients'] as const) {
    const theirs: unknown = other[kind]();
    t.deepEqual(theirs, org[kind](), kind);
  }
  t.deepEqual(other.person('p1'), org.person('p1'));
  t.deepEqual(
    other.person('demo-rep-jia'),
    demoCompany.people.find((one) => one.id === 'demo-rep-jia'),
  );
});

test('the chain goes from rep to supervisor to director and ends there', async (t) => {
  const { org } = await setup();
  t.is(org.supervisorOf('demo-rep-jia')?.id as string, 'demo-supervisor-1');
  t.is(org.supervisorOf('demo-rep-geng')?.id as string, 'demo-supervisor-3');
  t.is(org.supervisorOf('demo-supervisor-1')?.id as string, 'demo-director-east');
  t.is(org.directorOf('demo-rep-ren')?.id as string, 'demo-director-south');
  t.is(org.supervisorOf('demo-director-east'), undefined);
  t.is(org.supervisorOf('demo-legal'), undefined);
});

test('an acting person stands in for a supervisor who is away, with the same view', async (t) => {
  const { org, change, clock } = await setup();
  await change('demo-supervisor-1', { absences: away('demo-rep-yi') });
  const placed = { ownerId: asId<PersonId>('demo-rep-bing'), teamId: 'demo-east-1', regionId: 'demo-east' };
  t.is(org.supervisorOf('demo-rep-jia')?.id as string, 'demo-rep-yi');
  t.is(org.supervisorOf('demo-rep-yi')?.id as string, 'demo-director-east');
  t.true(org.canSee('demo-rep-yi', placed));
  clock.set('2026-11-26T02:00:00Z');
  t.is(org.supervisorOf('demo-rep-jia')?.id as string, 'demo-supervisor-1');
  t.false(org.canSee('demo-rep-yi', placed));
});

test('without an acting person, or when the supervisor has left, the next one up is asked', async (t) => {
  const { org, change } = await setup();
  await change('demo-supervisor-1', { absences: away() });
  t.is(org.supervisorOf('demo-rep-jia')?.id as string, 'demo-director-east');
  await change('demo-supervisor-1', { absences: [], leftAt: new Date('2026-11-24T01:00:00Z') });
  t.is(org.supervisorOf('demo-rep-jia')?.id as string, 'demo-director-east');
});

test('a rep sees own deals, a supervisor the team, a director the region, operations everything', async (t) => {
  const { org } = await setup();
  const placed = { ownerId: asId<PersonId>('demo-rep-jia'), teamId: 'demo-east-1', regionId: 'demo-east' };
  const seeing = org.people().filter((person) => org.canSee(person.id, placed));
  t.deepEqual(seeing.map((person) => person.id as string).sort(), [
    'demo-admin',
    'demo-director-east',
    'demo-operations',
    'demo-rep-jia',
    'demo-supervisor-1',
  ]);
  t.deepEqual(scopeFilter(org.scopeOf('demo-admin')), {});
  t.false(org.canSee('nobody', placed));
});

test('whoever has left is not known any more and sees nothing, but is still named', async (t) => {
  const { org, change } = await setup();
  await change('demo-rep-jia', { leftAt: new Date('2026-11-24T01:00:00Z') });
  t.is(org.personByIdentity('wecom', 'demo-rep-jia'), undefined);
  t.is(org.person('demo-rep-jia')?.name, '代表甲');
  t.false(org.canSee('demo-rep-jia', { ownerId: asId('demo-rep-jia'), teamId: 'demo-east-1', regionId: 'demo-east' }));
  t.is(org.withRole('rep').length, 8);
});

test('an identity belongs to one person', async (t) => {
  const { org } = await setup();
  const thief = { ...org.person('demo-rep-yi')!, identities: org.person('demo-rep-jia')!.identities };
  await t.throwsAsync(org.save({ people: [thief] }), { instanceOf: ConflictError, code: 'org.identity_taken' });
  t.is(org.personByIdentity('wecom', 'demo-rep-jia')?.id as string, 'demo-rep-jia');
  const nobody = (id: string): Person => ({ ...thief, id: asId(id), identities: [] });
  await t.notThrowsAsync(org.save({ people: [nobody('n1'), nobody('n2')] }));
});

test('dangling references are refused, all at once, and nothing is written', async (t) => {
  const { org } = await setup();
  const error = await t.throwsAsync(
    org.save({
      teams: [{ id: 'x', name: 'x', regionId: 'nowhere', supervisorId: asId<PersonId>('nobody') }],
      people: [{ ...org.person('demo-rep-jia')!, name: '改', teamId: 'lost' }],
    }),
    { instanceOf: BadInputError, code: 'org.reference' },
  );
  t.is(error.message.split('\n').length, 3);
  await org.reload();
  t.is(org.person('demo-rep-jia')?.name, '代表甲');
});

test('departments are asked by their Chinese name, those who are away last', async (t) => {
  const { org, change } = await setup();
  await change('demo-legal', { absences: away() });
  await org.save({ people: [{ ...org.person('demo-legal')!, id: asId('z-legal'), identities: [], absences: [] }] });
  t.deepEqual(
    org.byDepartment('法务').map((one) => one.id as string),
    ['z-legal', 'demo-legal'],
  );
  t.deepEqual(
    org.byDepartment('技术部').map((one) => one.id as string),
    ['demo-technical'],
  );
  t.deepEqual(org.byDepartment('没有的部门'), []);
});

test('leave days are no working days of that person', async (t) => {
  const { org, change } = await setup();
  await change('demo-rep-jia', { absences: away() });
  t.false(org.calendarOf('demo-rep-jia').isWorkday('2026-11-24'));
  t.true(org.calendarOf('demo-rep-yi').isWorkday('2026-11-24'));
  t.true(org.isAway('demo-rep-jia'));
  t.false(org.isAway('demo-rep-jia', new Date('2026-11-26T02:00:00Z')));
});

test('a client is found by name, alias, part of it, or a sentence around it', async (t) => {
  const { org } = await setup();
  const found = (text: string) => org.findClients(text).map((client) => client.name);
  t.deepEqual(found('城东医院'), ['城东医院']);
  t.deepEqual(found('城东'), ['城东医院']);
  t.deepEqual(found(' 珠江 东院'), ['珠江医院东院']);
  t.deepEqual(found('下午去滨江医院拍照'), ['滨江医院']);
  t.deepEqual(found('珠江'), ['珠江医院东院']);
  t.true(found('医院').length > 5);
  t.is(org.clientByName('医院'), undefined);
  t.is(org.clientByName('湖滨')?.name, '湖滨医院');
  t.deepEqual(found('城'), []);
  t.deepEqual(found('！'), []);
});

test('the chats of a group can be set, with whom we put in', async (t) => {
  const { org } = await setup();
  const chats = [
    { platform: 'wecom' as const, chatId: 'made-by-wecom', placed: ['00123'] },
    { platform: 'wecom' as const, chatId: 'robot:east' },
  ];
  await org.setGroupChats('demo-group-east-1', chats);
  t.deepEqual(org.groupsFor('demo-east-1')[0]?.chats, chats);
  await t.throwsAsync(org.setGroupChats('none', []), { instanceOf: BadInputError });
});

test('the demo company goes as a whole and takes nothing else along', async (t) => {
  const { org } = await setup();
  await org.save({
    regions: [{ id: 'real', name: '华北' }],
    people: [
      { ...org.person('demo-rep-jia')!, id: asId('real-1'), teamId: undefined, identities: [], demo: undefined },
    ],
    clients: [{ id: asId('real-c'), name: '真实医院', aliases: [], sites: [] }],
  });
  const removed = await org.removeDemo();
  t.deepEqual(removed, { people: 21, teams: 3, regions: 2, groups: 3, clients: 11 });
  t.deepEqual([org.people().length, org.teams().length, org.regions().length, org.clients().length], [1, 0, 1, 1]);
  t.deepEqual(await org.removeDemo(), { people: 0, teams: 0, regions: 0, groups: 0, clients: 0 });
});

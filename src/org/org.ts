import type { Connection } from 'mongoose';
import { asId, BadInputError, ConflictError, joinKey, type Clock, type PersonId } from '../core/index.js';
import { isDuplicateKey } from '../store/index.js';
import type { WorkCalendar } from './calendar.js';
import { findClients } from './clients.js';
import { changed } from './changes.js';
import { checkReferences } from './check.js';
import { roleOfDepartment } from './departments.js';
import { joinPeople } from './join.js';
import { isInScope } from './scope.js';
import type { Absence, Client, Group, GroupChat, OrgData, Person, Placed, Region, Role, Scope, Team } from './types.js';

/**
 * The company: who is who, who answers for whom, who may see what. Read from memory (a few hundred people); every
 * write goes to the database first and is then read back. Other processes see it at their next `reload()`.
 */
export interface Org {
  reload(): Promise<void>;
  /** Writes people, teams … as given (whole documents, by id). Refuses dangling references and identities of others. */
  save(data: Partial<OrgData>): Promise<void>;
  /** Two entries are one person: the first one keeps both addresses and stands for the other (`org.join_refused`). */
  join(keepId: PersonId, otherId: PersonId): Promise<void>;
  /** Which chats a group has on the platforms. */
  setGroupChats(groupId: string, chats: readonly GroupChat[]): Promise<void>;
  /** Everything as it is, for a plan of changes. */
  data(): OrgData;
  /** Takes away everything marked as demo and nothing else; tells how much per collection. */
  removeDemo(): Promise<Record<string, number>>;

  /** Only people who have not left. */
  personByIdentity(platform: string, userId: string): Person | undefined;
  /** Somebody who has left and still writes. */
  leftPersonByIdentity(platform: string, userId: string): Person | undefined;
  person(id: string): Person | undefined;
  /** Active people, in order of id. */
  people(): Person[];
  withRole(...roles: Role[]): Person[];
  /** `法务` or `legal`: active people of the department, those who are away last. */
  byDepartment(department: string): Person[];
  /**
   * One step up the chain: a rep's supervisor, a supervisor's director, nobody above a director. When that person is away
   * or has left, whoever stands in: the one named for the absence, else the next one up.
   */
  supervisorOf(id: string): Person | undefined;
  directorOf(id: string): Person | undefined;
  isAway(id: string, at?: Date): boolean;
  /** The work calendar of one person: the company's without the days of leave. */
  calendarOf(id: string): WorkCalendar;
  scopeOf(id: string): Scope;
  canSee(viewerId: string, placed: Placed): boolean;

  team(id: string): Team | undefined;
  teams(): Team[];
  region(id: string): Region | undefined;
  regions(): Region[];
  group(id: string): Group | undefined;
  groups(): Group[];
  groupsFor(teamId: string): Group[];
  client(id: string): Client | undefined;
  clients(): Client[];
  /** All clients that the text fits equally well. */
  findClients(text: string): Client[];
  /** The one client that the text means, if there is just one. */
  clientByName(text: string): Client | undefined;
}

const COLLECTIONS: Record<keyof OrgData, string> = {
  people: 'people',
  teams: 'teams',
  regions: 'regions',
  groups: 'groups',
  clients: 'clients',
};
const KINDS = Object.keys(COLLECTIONS) as (keyof OrgData)[];

export const orgIndexes = {
  // One person per identity. People without any have no such field: an empty list would count as a value of its own.
  people: [{ key: { identityKeys: 1 as const }, name: 'identity', unique: true, sparse: true }],
};

const ROLES_SEEING_ALL: readonly Role[] = ['operations', 'admin'];
/** A chain longer than this goes in a circle. */
const MAX_CHAIN = 8;

export function createOrg(deps: { connection: Connection; clock: Clock; calendar: WorkCalendar }): Org {
  const { clock, calendar } = deps;
  const collection = (kind: keyof OrgData) => deps.connection.collection(COLLECTIONS[kind]);
  let index = indexed({ people: [], teams: [], regions: [], groups: [], clients: [] });
  const calendars = new Map<string, WorkCalendar>();

  const read = async (): Promise<OrgData> => {
    const [people, teams, regions, groups, clients] = await Promise.all(
      KINDS.map((kind) =>
        collection(kind)
          .find({}, { sort: { _id: 1 } })
          .toArray(),
      ),
    );
    return {
      people: people!.map((doc) => fromDocument<Person>(doc)),
      teams: teams!.map((doc) => fromDocument<Team>(doc)),
      regions: regions!.map((doc) => fromDocument<Region>(doc)),
      groups: groups!.map((doc) => fromDocument<Group>(doc)),
      clients: clients!.map((doc) => fromDocument<Client>(doc)),
    };
  };
  const reload = async () => {
    index = indexed(await read());
    calendars.clear();
  };

  const isActive = (person: Person | undefined): person is Person =>
    person !== undefined && (person.leftAt === undefined || person.leftAt > clock.now());
  const active = (id: string | undefined) => {
    const person = id === undefined ? undefined : index.people.get(id);
    return isActive(person) ? person : undefined;
  };
  const absence = (person: Person, at: Date): Absence | undefined => {
    const on = calendar.localDate(at);
    return person.absences.find(({ from, to }) => from <= on && on <= to);
  };

  /** Next in the chain as drawn, whether present or not. */
  const drawnSuperior = (person: Person): Person | undefined => {
    const team = person.teamId === undefined ? undefined : index.teams.get(person.teamId);
    const region = index.regions.get(team?.regionId ?? person.regionId ?? '');
    const id = [person.superiorId, team?.supervisorId, region?.directorId].find(
      (candidate) => candidate !== undefined && candidate !== person.id,
    );
    // A director's own region names the director: the top of the chain.
    return person.role === 'director' ? index.people.get(person.superiorId ?? '') : index.people.get(id ?? '');
  };
  /**
   * The person, or whoever stands in while they are away or gone: the named one, else the next one up. Never `except`:
   * whoever stands in for their own superior answers to the next one up, and two who lead each other to nobody.
   */
  const inForce = (person: Person | undefined, except?: string, depth = 0): Person | undefined => {
    if (person === undefined || depth > MAX_CHAIN) return undefined;
    const away = absence(person, clock.now());
    if (isActive(person) && away === undefined && person.id !== except) return person;
    const acting = active(away?.actingId);
    return acting !== undefined && acting.id !== except ? acting : inForce(drawnSuperior(person), except, depth + 1);
  };
  const supervisorOf = (id: string) => {
    const person = index.people.get(id);
    return person && inForce(drawnSuperior(person), id);
  };
  const regionOf = (person: Person) =>
    index.regions.get(index.teams.get(person.teamId ?? '')?.regionId ?? person.regionId ?? '');

  const scopeOf = (id: string): Scope => {
    const person = active(id);
    if (person === undefined) return { all: false, regionIds: [], teamIds: [], personIds: [] };
    const heads = (headId: string | undefined) =>
      headId !== undefined && (headId === id || inForce(index.people.get(headId))?.id === id);
    return {
      all: ROLES_SEEING_ALL.includes(person.role),
      regionIds: [...index.regions.values()].filter((region) => heads(region.directorId)).map((region) => region.id),
      teamIds: [...index.teams.values()].filter((team) => heads(team.supervisorId)).map((team) => team.id),
      personIds: [person.id],
    };
  };
  const people = () => [...index.people.values()].filter(isActive);

  const data = (): OrgData => ({
    people: [...index.people.values()],
    teams: [...index.teams.values()],
    regions: [...index.regions.values()],
    groups: [...index.groups.values()],
    clients: [...index.clients.values()],
  });
  const save = async (data: Partial<OrgData>): Promise<void> => {
    const known = index;
    checkReferences(data, merged(known, data));
    for (const kind of KINDS) {
      const documents = data[kind] ?? [];
      if (documents.length === 0) continue;
      try {
        await collection(kind).bulkWrite([
          ...givenUp(known, documents).map((id) => ({
            updateOne: { filter: { _id: id as never }, update: { $unset: { identityKeys: '' } } },
          })),
          ...documents.map((entry) => ({
            replaceOne: { filter: { _id: entry.id as never }, replacement: toDocument(kind, entry), upsert: true },
          })),
        ]);
      } catch (error) {
        if (isDuplicateKey(error)) throw identityTaken(error);
        throw error;
      }
    }
    await reload();
  };

  return {
    reload,
    data,
    save,
    async join(keepId, otherId) {
      const before = data();
      const after = joinPeople(before, keepId, otherId, clock.now());
      // First whoever names the other: stopped in between, the two can still be joined.
      await save({
        teams: changed(before.teams, after.teams),
        regions: changed(before.regions, after.regions),
        groups: changed(before.groups, after.groups),
      });
      await save({ people: changed(before.people, after.people) });
    },
    async setGroupChats(groupId, chats) {
      if (!index.groups.has(groupId)) throw new BadInputError('org.group_unknown', `no group ${groupId}`);
      await collection('groups').updateOne({ _id: groupId as never }, { $set: { chats: [...chats] } });
      await reload();
    },
    async removeDemo() {
      const removed: Record<string, number> = {};
      for (const kind of KINDS) {
        const { deletedCount } = await collection(kind).deleteMany({ demo: true });
        removed[COLLECTIONS[kind]] = deletedCount;
      }
      await reload();
      return removed;
    },

    personByIdentity: (platform, userId) => active(index.identities.get(`${platform}:${userId}`)),
    leftPersonByIdentity: (platform, userId) => {
      const person = index.people.get(index.identities.get(`${platform}:${userId}`) ?? '');
      return isActive(person) ? undefined : person;
    },
    person: (id) => index.people.get(id),
    people,
    withRole: (...roles) => people().filter((person) => roles.includes(person.role)),
    byDepartment(department) {
      const role = roleOfDepartment(department) ?? department;
      const away = (person: Person) => Number(absence(person, clock.now()) !== undefined);
      return people()
        .filter((person) => person.role === role)
        .sort((a, b) => away(a) - away(b));
    },
    supervisorOf,
    directorOf(id) {
      const person = index.people.get(id);
      return person && inForce(index.people.get(regionOf(person)?.directorId ?? ''));
    },
    isAway(id, at = clock.now()) {
      const person = index.people.get(id);
      return person !== undefined && absence(person, at) !== undefined;
    },
    calendarOf(id) {
      let own = calendars.get(id);
      if (!own) {
        own = calendar.withLeave(index.people.get(id)?.absences ?? []);
        calendars.set(id, own);
      }
      return own;
    },
    scopeOf,
    canSee: (viewerId, placed) => isInScope(scopeOf(viewerId), placed),

    team: (id) => index.teams.get(id),
    teams: () => [...index.teams.values()],
    region: (id) => index.regions.get(id),
    regions: () => [...index.regions.values()],
    group: (id) => index.groups.get(id),
    groups: () => [...index.groups.values()],
    groupsFor: (teamId) => [...index.groups.values()].filter((group) => group.teamId === teamId),
    client: (id) => index.clients.get(id),
    clients: () => [...index.clients.values()],
    findClients: (text) => findClients([...index.clients.values()], text),
    clientByName(text) {
      const found = findClients([...index.clients.values()], text);
      return found.length === 1 ? found[0] : undefined;
    },
  };
}

interface Index {
  people: Map<string, Person>;
  teams: Map<string, Team>;
  regions: Map<string, Region>;
  groups: Map<string, Group>;
  clients: Map<string, Client>;
  identities: Map<string, PersonId>;
}

function indexed(data: OrgData): Index {
  const byId = <T extends { id: string }>(entries: readonly T[]) => new Map(entries.map((entry) => [entry.id, entry]));
  return {
    people: byId(data.people),
    teams: byId(data.teams),
    regions: byId(data.regions),
    groups: byId(data.groups),
    clients: byId(data.clients),
    identities: new Map(data.people.flatMap((person) => identityKeys(person).map((key) => [key, person.id]))),
  };
}

function merged(known: Index, data: Partial<OrgData>): OrgData {
  const merge = <T extends { id: string }>(before: Map<string, T>, after: readonly T[] = []) => [
    ...new Map([...before, ...after.map((entry) => [entry.id, entry] as const)]).values(),
  ];
  return {
    people: merge(known.people, data.people),
    teams: merge(known.teams, data.teams),
    regions: merge(known.regions, data.regions),
    groups: merge(known.groups, data.groups),
    clients: merge(known.clients, data.clients),
  };
}

/** Whoever loses an account that they had: it is let go before somebody else has it, in whatever order they are written. */
function givenUp(known: Index, entries: readonly { id: string }[]): string[] {
  return entries.flatMap(({ id, ...entry }) => {
    const before = known.people.get(id);
    if (before === undefined || !('identities' in entry)) return [];
    const kept = new Set(identityKeys(entry as Person));
    return identityKeys(before).every((key) => kept.has(key)) ? [] : [id];
  });
}

function identityKeys(person: Person): string[] {
  return person.identities.map(({ platform, userId }) => joinKey(platform, userId));
}

function toDocument(kind: keyof OrgData, entry: OrgData[keyof OrgData][number]): Record<string, unknown> {
  const { id: _id, ...rest } = entry;
  if (kind !== 'people') return rest;
  const keys = identityKeys(entry as Person);
  return keys.length === 0 ? rest : { ...rest, identityKeys: keys };
}

function fromDocument<T extends { id: string }>(document: Record<string, unknown>): T {
  const { _id, identityKeys: _keys, ...rest } = document;
  return { id: asId(String(_id)), ...rest } as unknown as T;
}

function identityTaken(cause: unknown): ConflictError {
  return new ConflictError('org.identity_taken', 'an identity belongs to another person', {
    retryable: false,
    cause,
    say: '这个账号已经绑定了另一个人，先在人员里解绑再试。',
  });
}

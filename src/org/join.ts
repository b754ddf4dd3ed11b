import { BadInputError, stableId, type PersonId } from '../core/index.js';
import type { DirectorySnapshot } from './directory.js';
import type { Identity, OrgData, Person } from './types.js';

/**
 * Two entries of one person become one. The kept one has both addresses and takes the other's place wherever it is named;
 * the other stays without any, for what it once did. Throws `org.join_refused` where they cannot be one person.
 */
export function joinPeople(org: OrgData, keepId: PersonId, otherId: PersonId, at: Date): OrgData {
  const keep = org.people.find(({ id }) => id === keepId);
  const other = org.people.find(({ id }) => id === otherId);
  if (keep === undefined || other === undefined || keep === other || !isPresent(keep, at) || !isPresent(other, at)) {
    throw refused('只能合并两个在职的人。名单可能已经变了，重新看一下。');
  }
  if (keep.identities.some(({ platform }) => addressOn(other, platform) !== undefined)) {
    throw refused('这两个人在同一个平台上各有账号，不会是同一个人。');
  }
  const { phoneKey, teamId, regionId, ...otherRest } = other;
  const place = keep.teamId === undefined && keep.regionId === undefined ? { teamId, regionId } : {};
  const kept: Person = {
    ...keep,
    ...defined(place),
    ...defined({ phoneKey: keep.phoneKey ?? phoneKey }),
    identities: [...keep.identities, ...other.identities],
    absences: [...keep.absences, ...other.absences],
  };
  const gone: Person = {
    ...otherRest,
    ...defined({ teamId, regionId }),
    identities: [],
    leftAt: at,
    joinedTo: keepId,
  };
  const stand = <T extends PersonId | undefined>(id: T): T => (id === otherId ? (keepId as T) : id);
  return {
    ...org,
    people: org.people.map((person) => {
      if (person === keep) return withoutSelf(kept);
      if (person === other) return gone;
      return {
        ...person,
        ...defined({ superiorId: stand(person.superiorId) }),
        absences: person.absences.map((one) => ({ ...one, ...defined({ actingId: stand(one.actingId) }) })),
      };
    }),
    teams: org.teams.map((team) => ({ ...team, ...defined({ supervisorId: stand(team.supervisorId) }) })),
    regions: org.regions.map((region) => ({ ...region, ...defined({ directorId: stand(region.directorId) }) })),
    groups: org.groups.map((group) => ({ ...group, memberIds: [...new Set(group.memberIds.map(stand))] })),
  };

  function withoutSelf(person: Person): Person {
    const { superiorId, ...rest } = person;
    return superiorId === undefined || superiorId === otherId ? rest : person;
  }
}

/**
 * Whoever confirmed the same mobile number to both platforms is one person: a new account is added to whom we know, and
 * two whom we took for two become one. A number that several have joins nobody.
 */
export function joinByPhone(org: OrgData, { platform, members, ignoresCase }: DirectorySnapshot, at: Date): OrgData {
  const fold = (userId: string): string => (ignoresCase ? userId.toLowerCase() : userId);
  let joined = org;
  const known = (userId: string): Person | undefined =>
    joined.people.find((person) => fold(addressOn(person, platform) ?? '') === fold(userId));
  const isFree = (person: Person): boolean =>
    addressOn(person, platform) === undefined && person.demo !== true && isPresent(person, at);
  const add = (userId: string, to: Person): void => {
    const { leftAt: _back, ...rest } = to;
    const present: Person = { ...rest, identities: [...to.identities, { platform, userId }] };
    joined = { ...joined, people: joined.people.map((one) => (one === to ? present : one)) };
  };
  for (const { userId, phoneKey, state } of members) {
    if (state !== 'active' || userId === '') continue;
    // Went, stood for by somebody who is known elsewhere, and is back.
    const before = joined.people.find(({ id }) => id === standingId(joined, platform, fold(userId)));
    if (before !== undefined && known(userId) === undefined && before.demo !== true) {
      if (addressOn(before, platform) === undefined) add(userId, before);
    }
    if (phoneKey === undefined) continue;
    if (members.filter((member) => member.phoneKey === phoneKey).length > 1) continue;
    const others = joined.people.filter((person) => person.phoneKey === phoneKey && isFree(person));
    const [other] = others;
    if (other === undefined || others.length > 1) continue;
    const mine = known(userId);
    if (mine === undefined) add(userId, other);
    else if (mine.demo !== true && !sharesPlatform(mine, other)) {
      // Whoever had left is back: the platform says so.
      const { leftAt: _back, ...back } = mine;
      const people = joined.people.map((one) => (one === mine ? back : one));
      joined = joinPeople({ ...joined, people }, other.id, mine.id, at);
    }
  }
  return joined;
}

const accountId = (platform: Identity['platform'], userId: string, nth?: string): PersonId =>
  stableId<PersonId>('p', platform, userId, ...(nth === undefined ? [] : [nth]));

/** Who stands for the entry that an account once made. */
export const standingId = (org: OrgData, platform: Identity['platform'], userId: string): PersonId =>
  keptId(org, accountId(platform, userId));

/** The entry that an account makes when nobody has it: never one that has other accounts by now. */
export function ownId(org: OrgData, platform: Identity['platform'], userId: string): PersonId {
  const taken = new Set(org.people.filter(({ identities }) => identities.length > 0).map(({ id }) => id));
  let id = accountId(platform, userId);
  for (let nth = 2; taken.has(id); nth++) id = accountId(platform, userId, String(nth));
  return id;
}

/** Who stands for this entry now. */
function keptId(org: OrgData, id: PersonId): PersonId {
  const seen = new Set<PersonId>();
  for (let at = id; ;) {
    const next = org.people.find((person) => person.id === at)?.joinedTo;
    if (next === undefined || seen.has(next)) return at;
    seen.add(next);
    at = next;
  }
}

export const addressOn = (person: Person, platform: Identity['platform']): string | undefined =>
  person.identities.find((identity) => identity.platform === platform)?.userId;

const sharesPlatform = (one: Person, two: Person): boolean =>
  one.identities.some(({ platform }) => addressOn(two, platform) !== undefined);
const isPresent = ({ leftAt }: Person, at: Date): boolean => leftAt === undefined || leftAt > at;

function refused(say: string): BadInputError {
  return new BadInputError('org.join_refused', 'these two cannot be one person', { say });
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

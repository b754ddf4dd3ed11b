import { stableId, type PersonId } from '../core/index.js';
import { changed } from './changes.js';
import { roleOfDepartment } from './departments.js';
import { addressOn, joinByPhone, ownId, standingId } from './join.js';
import type { Group, Identity, OrgData, Person, Region, Team } from './types.js';

/** A platform's address book as it was read; the same shape for every platform. */
export interface DirectorySnapshot {
  platform: Identity['platform'];
  departments: readonly DirectoryDepartment[];
  members: readonly DirectoryMember[];
  /** Everybody who is visible was read: whoever is missing has left. */
  complete: boolean;
  /** User ids that differ in case only are one person (WeCom). */
  ignoresCase: boolean;
}

export interface DirectoryDepartment {
  id: string;
  name: string;
  /** Absent at the top of what is visible. */
  parentId?: string;
  leaderUserIds: readonly string[];
}

export interface DirectoryMember {
  userId: string;
  name: string;
  title: string;
  /** The main one first. */
  departmentIds: readonly string[];
  /** Direct superiors as entered in the platform, the first one counts. */
  leaderUserIds: readonly string[];
  /** `gone`: left, disabled, or out of what is visible. */
  state: 'active' | 'gone';
  /** Keyed hash of the mobile number that the member confirmed to the platform. */
  phoneKey?: string;
}

/** What is to be changed; computed purely, applied by `org.save`. */
export interface DirectoryPlan {
  regions: Region[];
  teams: Team[];
  people: Person[];
  groups: Group[];
  /** Of `people`: who leaves with this plan. */
  left: PersonId[];
  notes: DirectoryNote[];
}

export type DirectoryNote =
  /** Too many are missing at once: the visible range was narrowed rather than everybody fired. Nobody is let go. */
  | { code: 'too-many-gone'; userIds: string[] }
  /** Somebody of this name is known already, from another platform: to be joined by hand, names are no proof. */
  | { code: 'same-name'; userId: string; name: string; personId: PersonId }
  /** In a department whose people see everything here: that right is given by hand only. */
  | { code: 'role-by-hand'; userId: string; name: string };

/** Up to so many may go at once, whatever the size of the company; and this share of those known. */
const GONE_AT_ONCE = 5;
const GONE_SHARE = 0.2;
/** Names of people and departments are short; a display name of a thousand characters is none. */
const MAX_NAME = 64;

export function planDirectory(before: OrgData, read: DirectorySnapshot, at: Date): DirectoryPlan {
  const snapshot = { ...read, departments: read.departments.filter(({ id }) => id !== '') };
  const org = joinByPhone(before, snapshot, at);
  const { platform } = snapshot;
  const fold = (userId: string): string => (snapshot.ignoresCase ? userId.toLowerCase() : userId);
  const userIdOf = (person: Person): string | undefined => addressOn(person, platform);
  const notes: DirectoryNote[] = [];

  const known = new Map<string, Person>();
  for (const person of org.people) {
    const userId = userIdOf(person);
    if (userId !== undefined) known.set(fold(userId), person);
  }
  // Departments: the first level below the top are regions, the second teams; deeper ones belong to their team.
  const places = placesOf(snapshot, org);
  const present = new Map<string, DirectoryMember>();
  for (const member of snapshot.members) {
    if (member.userId !== '' && member.state === 'active') present.set(fold(member.userId), member);
  }
  const idOf = (userId: string): PersonId => {
    const one = known.get(fold(userId))?.id;
    return one ?? (present.has(fold(userId)) ? ownId : standingId)(org, platform, fold(userId));
  };
  const people = new Map<PersonId, Person>();

  for (const member of present.values()) {
    const one = known.get(fold(member.userId));
    if (one?.demo === true) continue;
    if (one !== undefined && isGuest(one, platform)) {
      // Where they stand is said by the platform they were known on first: two that differ would move them to and fro.
      people.set(one.id, { ...one, ...phoneOf(member) });
      continue;
    }
    const place = places.of(member.departmentIds[0]);
    const base: Person = one ?? {
      id: idOf(member.userId),
      name: '',
      title: '',
      role: place?.department === 'operations' ? 'rep' : roleFor(member, place, snapshot, fold),
      identities: [{ platform, userId: member.userId }],
      absences: [],
    };
    if (one === undefined) {
      if (place?.department === 'operations') {
        notes.push({ code: 'role-by-hand', userId: member.userId, name: member.name });
      }
      const namesake = org.people.find(
        (person) => person.name === member.name && userIdOf(person) === undefined && person.leftAt === undefined,
      );
      if (namesake !== undefined) {
        notes.push({ code: 'same-name', userId: member.userId, name: member.name, personId: namesake.id });
      }
    }
    const { leftAt: _back, superiorId: _old, teamId, regionId, ...rest } = base;
    const next: Person = {
      ...rest,
      ...phoneOf(member),
      name: short(member.name) || base.name || member.userId,
      title: short(member.title) || base.title,
      ...(place === undefined ? { ...(teamId && { teamId }), ...(regionId && { regionId }) } : whereOf(place)),
    };
    people.set(next.id, next);
  }

  // Superiors need everybody's place first.
  const leaders = places.leaders((userId) => {
    const id = idOf(userId);
    return present.has(fold(userId)) || org.people.some((person) => person.id === id) ? id : undefined;
  });
  for (const [id, person] of people) {
    if (isGuest(person, platform)) continue;
    const member = present.get(fold(userIdOf(person) ?? ''));
    const superior = member?.leaderUserIds
      .map(idOf)
      .find((one) => one !== id && (people.has(one) || isKnown(org, one)));
    const usual = usualSuperior(person, leaders);
    people.set(id, superior === undefined || superior === usual ? person : { ...person, superiorId: superior });
  }

  const gone = goneOf(org, snapshot, present, fold, userIdOf);
  const isSuspicious =
    snapshot.complete && gone.length > GONE_AT_ONCE && gone.length > GONE_SHARE * countKnown(known.values());
  const left: PersonId[] = [];
  if (isSuspicious) notes.push({ code: 'too-many-gone', userIds: gone.map((person) => userIdOf(person) ?? '') });
  else {
    for (const person of gone) {
      const elsewhere = person.identities.filter((identity) => identity.platform !== platform);
      // Known on another platform too: only this address is gone.
      if (elsewhere.length > 0) people.set(person.id, { ...person, identities: elsewhere });
      else {
        people.set(person.id, { ...person, leftAt: at });
        left.push(person.id);
      }
    }
  }

  const regions = places.regions.map((region) => withLeader(region, 'directorId', leaders.regions.get(region.id)));
  const teams = places.teams.map((team) => withLeader(team, 'supervisorId', leaders.teams.get(team.id)));
  const changedPeople = ours(changed(before.people, over(org.people, [...people.values()])));
  return {
    regions: ours(changed(before.regions, over(org.regions, regions))),
    teams: ours(changed(before.teams, over(org.teams, teams))),
    people: changedPeople,
    groups: changed(before.groups, over(org.groups, movedGroups(org, changedPeople))),
    left,
    notes,
  };
}

/** Known on another platform first. */
const isGuest = (person: Person, platform: Identity['platform']): boolean =>
  person.identities.some((identity) => identity.platform === platform) && person.identities[0]?.platform !== platform;
const phoneOf = ({ phoneKey }: DirectoryMember): Pick<Person, 'phoneKey'> =>
  phoneKey === undefined ? {} : { phoneKey };

/** All of the first, as the second says where it says something, and what only the second knows. */
function over<T extends { id: string }>(all: readonly T[], newer: readonly T[]): T[] {
  return [...new Map([...all, ...newer].map((entry) => [entry.id, entry])).values()];
}

/** No directory speaks for the demo company. */
const ours = <T extends { demo?: boolean }>(entries: T[]): T[] => entries.filter(({ demo }) => demo !== true);

interface Place {
  region: Region;
  team?: Team;
  /** 法务部: no place in sales. */
  department?: Person['role'];
  departmentIds: string[];
}

function placesOf({ platform, departments }: DirectorySnapshot, org: OrgData) {
  const byId = new Map(departments.map((department) => [department.id, department]));
  const regions = new Map<string, Region>();
  const teams = new Map<string, Team>();
  /** From the top down, without the top itself. */
  const pathOf = (id: string | undefined): DirectoryDepartment[] => {
    const path: DirectoryDepartment[] = [];
    for (let one = byId.get(id ?? ''); one !== undefined && path.length < 16; one = byId.get(one.parentId ?? '')) {
      path.unshift(one);
    }
    return path.slice(1);
  };
  const sourceOf = (id: string): string => `${platform}:${id}`;
  const adopt = <T extends { id: string; name: string; source?: string }>(
    all: readonly T[],
    department: DirectoryDepartment,
    isSame: (one: T) => boolean,
  ): T | undefined =>
    all.find((one) => one.source === sourceOf(department.id)) ??
    // By name only what was entered by hand or read elsewhere: another department of this platform is another one.
    all.find((one) => one.name === short(department.name) && !one.source?.startsWith(`${platform}:`) && isSame(one));

  function of(departmentId: string | undefined): Place | undefined {
    const [top, second] = pathOf(departmentId);
    if (top === undefined) return undefined;
    const role = roleOfDepartment(top.name);
    const found = adopt(org.regions, top, () => true);
    const region: Region = found ?? {
      id: stableId('r', platform, top.id),
      name: short(top.name),
      source: sourceOf(top.id),
    };
    const departmentIds = [top.id, ...(second === undefined ? [] : [second.id])];
    if (role !== undefined && role !== 'rep' && found === undefined) return { region, department: role, departmentIds };
    // Adopted by its name; renamed where it is known by its source.
    const isOwn = region.source === sourceOf(top.id);
    regions.set(region.id, isOwn ? { ...region, name: short(top.name) } : region);
    if (second === undefined) return { region, departmentIds };
    const team: Team = adopt(org.teams, second, (one) => one.regionId === region.id) ?? {
      id: stableId('t', platform, second.id),
      name: short(second.name),
      regionId: region.id,
      source: sourceOf(second.id),
    };
    const isOwnTeam = team.source === sourceOf(second.id);
    teams.set(team.id, isOwnTeam ? { ...team, name: short(second.name), regionId: region.id } : team);
    return { region, team, departmentIds };
  }
  for (const { id } of departments) of(id);

  return {
    of,
    get regions() {
      return [...regions.values()];
    },
    get teams() {
      return [...teams.values()];
    },
    leaders(resolve: (userId: string) => PersonId | undefined) {
      const found = { regions: new Map<string, PersonId>(), teams: new Map<string, PersonId>() };
      for (const { id, leaderUserIds } of departments) {
        const path = pathOf(id);
        const leader = leaderUserIds.map(resolve).find((one) => one !== undefined);
        const place = of(id);
        if (leader === undefined || place === undefined || place.department !== undefined) continue;
        if (path.length === 1) found.regions.set(place.region.id, leader);
        if (path.length === 2 && place.team !== undefined) found.teams.set(place.team.id, leader);
      }
      for (const region of regions.values()) {
        if (!found.regions.has(region.id) && region.directorId !== undefined)
          found.regions.set(region.id, region.directorId);
      }
      for (const team of teams.values()) {
        if (!found.teams.has(team.id) && team.supervisorId !== undefined) found.teams.set(team.id, team.supervisorId);
      }
      return found;
    },
  };
}

type Leaders = ReturnType<ReturnType<typeof placesOf>['leaders']>;

/** Only for people who are new: whoever runs the company's roles may have given another one by hand. */
function roleFor(
  member: DirectoryMember,
  place: Place | undefined,
  { departments }: DirectorySnapshot,
  fold: (userId: string) => string,
): Person['role'] {
  if (place?.department !== undefined) return place.department;
  const leads = (departmentId: string | undefined): boolean =>
    departments
      .find(({ id }) => id === departmentId)
      ?.leaderUserIds.some((userId) => fold(userId) === fold(member.userId)) ?? false;
  const [regionId, teamId] = place?.departmentIds ?? [];
  if (leads(regionId)) return 'director';
  return leads(teamId) ? 'supervisor' : 'rep';
}

function whereOf({ region, team, department }: Place): Pick<Person, 'teamId' | 'regionId'> {
  if (department !== undefined) return {};
  return team === undefined ? { regionId: region.id } : { teamId: team.id };
}

/** As `org.supervisorOf` finds it without an entry of one's own. */
function usualSuperior(person: Person, leaders: Leaders): PersonId | undefined {
  const supervisor = leaders.teams.get(person.teamId ?? '');
  if (supervisor !== undefined && supervisor !== person.id) return supervisor;
  const director = leaders.regions.get(person.regionId ?? '');
  return director === person.id ? undefined : director;
}

function withLeader<T extends Region | Team, K extends string>(entry: T, field: K, leader: PersonId | undefined): T {
  return leader === undefined ? entry : { ...entry, [field]: leader };
}

function goneOf(
  org: OrgData,
  snapshot: DirectorySnapshot,
  present: ReadonlyMap<string, DirectoryMember>,
  fold: (userId: string) => string,
  userIdOf: (person: Person) => string | undefined,
): Person[] {
  const told = new Set(snapshot.members.filter(({ state }) => state === 'gone').map(({ userId }) => fold(userId)));
  return org.people.filter((person) => {
    const userId = userIdOf(person);
    if (userId === undefined || person.leftAt !== undefined || person.demo === true) return false;
    const folded = fold(userId);
    return !present.has(folded) && (snapshot.complete || told.has(folded));
  });
}

/** Whoever joins a team joins its groups, whoever leaves it leaves them; others in a group stay. */
function movedGroups(org: OrgData, people: readonly Person[]): Group[] {
  const before = new Map(org.people.map((person) => [person.id, person]));
  return org.groups.flatMap((group) => {
    if (group.teamId === undefined) {
      const staying = group.memberIds.filter((id) => people.find((person) => person.id === id)?.leftAt === undefined);
      return staying.length === group.memberIds.length ? [] : [{ ...group, memberIds: staying }];
    }
    const members = new Set(group.memberIds);
    for (const person of people) {
      const isIn = person.teamId === group.teamId && person.leftAt === undefined;
      const wasIn = before.get(person.id)?.teamId === group.teamId;
      if (isIn && !(wasIn && before.get(person.id)?.leftAt === undefined)) members.add(person.id);
      if (!isIn && (wasIn || person.leftAt !== undefined)) members.delete(person.id);
    }
    const memberIds = [...members];
    const same = memberIds.length === group.memberIds.length && memberIds.every((id) => group.memberIds.includes(id));
    return same ? [] : [{ ...group, memberIds }];
  });
}

const isKnown = (org: OrgData, id: PersonId): boolean => org.people.some((person) => person.id === id);
const short = (text: string): string => [...text.trim()].slice(0, MAX_NAME).join('');

function countKnown(people: Iterable<Person>): number {
  return [...people].filter(({ leftAt, demo }) => leftAt === undefined && demo !== true).length;
}

import type { Log } from '../core/index.js';
import type { Org } from './org.js';
import { stableId } from '../core/index.js';
import type { Group, GroupChat, Identity, OrgData, Person } from './types.js';

/** Makes or completes a group chat of the platform; gives its id. */
export type EnsureGroup = (group: {
  chatId: string;
  name: string;
  ownerUserId: string;
  memberUserIds: readonly string[];
  formerUserIds?: readonly string[];
}) => Promise<string>;

export interface GroupKeeperDeps {
  org: Pick<Org, 'groups' | 'person' | 'people' | 'team' | 'region' | 'setGroupChats'>;
  /** Platforms on which an app can make groups. */
  makers: ReadonlyMap<Identity['platform'], EnsureGroup>;
  /** A chat of these is somebody else's doing: a robot in a group that people made. */
  isForeign: (chatId: string) => boolean;
  /** A group was made: it is seen with its first message. */
  onMade: (group: Group, chat: GroupChat) => Promise<void>;
  log: Log;
}

/** Fewer are no group. */
const MIN_MEMBERS = 2;

/**
 * Chats of teams and regions that the app owns, in step with the org: whoever joined is put in, whoever left or moved and
 * was put in by us is taken out, the one who leads owns it. One group that fails holds up no other.
 */
export async function keepGroups(deps: GroupKeeperDeps): Promise<void> {
  for (const group of deps.org.groups()) {
    const chats: GroupChat[] = [];
    for (const chat of group.chats) {
      try {
        chats.push(await keepChat(deps, group, chat));
      } catch (error) {
        deps.log.error({ err: error, group: group.id }, 'group could not be kept in step');
        chats.push(chat);
      }
    }
    if (JSON.stringify(chats) !== JSON.stringify(group.chats)) await deps.org.setGroupChats(group.id, chats);
  }
}

async function keepChat(deps: GroupKeeperDeps, group: Group, chat: GroupChat): Promise<GroupChat> {
  const ensure = deps.makers.get(chat.platform);
  if (ensure === undefined || deps.isForeign(chat.chatId)) return chat;
  const active = new Set(deps.org.people().map(({ id }) => id));
  const userIdOf = (person: Person | undefined): string | undefined =>
    person === undefined || !active.has(person.id)
      ? undefined
      : person.identities.find(({ platform }) => platform === chat.platform)?.userId;
  const members = group.memberIds.flatMap((id) => userIdOf(deps.org.person(id)) ?? []);
  const leaderId =
    group.teamId === undefined
      ? deps.org.region(group.regionId)?.directorId
      : deps.org.team(group.teamId)?.supervisorId;
  const owner = (leaderId === undefined ? undefined : userIdOf(deps.org.person(leaderId))) ?? members[0];
  const wanted = [...new Set(owner === undefined ? members : [owner, ...members])];
  if (owner === undefined || wanted.length < MIN_MEMBERS) return chat;
  const former = (chat.placed ?? []).filter((id) => !wanted.includes(id));
  const { chatId, placed } = chat;
  const isInStep = placed !== undefined && former.length === 0 && wanted.every((id) => placed.includes(id));
  if (isInStep) return chat;
  const made = await ensure({
    chatId,
    name: group.name,
    ownerUserId: owner,
    memberUserIds: wanted,
    ...(former.length === 0 ? {} : { formerUserIds: former }),
  });
  const kept: GroupChat = { platform: chat.platform, chatId: made, placed: wanted };
  if (placed === undefined) await deps.onMade(group, kept);
  return kept;
}

/** Whose digest a group chat gets: a team's, or a region's. */
export type DigestPlace = { kind: 'team' | 'region'; id: string; name: string };

/**
 * The group of this team or region, with this chat as its only one of people on that platform (`isForeign`: chats of robots
 * stay), and its other groups without theirs; empty where there is no such place.
 */
export function withChat(
  org: OrgData,
  place: DigestPlace,
  chat: GroupChat,
  isForeign: (chatId: string) => boolean,
): Group[] {
  const team = place.kind === 'team' ? org.teams.find(({ id }) => id === place.id) : undefined;
  const regionId = place.kind === 'team' ? team?.regionId : org.regions.find(({ id }) => id === place.id)?.id;
  if (regionId === undefined) return [];
  const known = org.groups.filter((group) =>
    team === undefined ? group.teamId === undefined && group.regionId === regionId : group.teamId === team.id,
  );
  const kept = (group: Group): GroupChat[] =>
    group.chats.filter((one) => one.platform !== chat.platform || isForeign(one.chatId));
  const [first, ...more] = known;
  if (first !== undefined) {
    const emptied = more.filter((group) => kept(group).length < group.chats.length);
    return [{ ...first, chats: [...kept(first), chat] }, ...emptied.map((group) => ({ ...group, chats: kept(group) }))];
  }
  const made: Group = {
    id: stableId('group', place.kind, place.id),
    name: place.name,
    ...(team === undefined ? {} : { teamId: team.id }),
    regionId,
    memberIds: team === undefined ? [] : membersOf(org, team.id, team.supervisorId),
    chats: [chat],
  };
  return [made];
}

function membersOf(org: OrgData, teamId: string, supervisorId: string | undefined): Group['memberIds'] {
  const here = org.people.filter(
    (one) => one.leftAt === undefined && (one.teamId === teamId || one.id === supervisorId),
  );
  return here.map(({ id }) => id);
}

/** Groups that lose this chat. */
export const withoutChat = (org: OrgData, { platform, chatId }: GroupChat): Group[] =>
  org.groups.flatMap((group) => {
    const chats = group.chats.filter((one) => one.platform !== platform || one.chatId !== chatId);
    return chats.length === group.chats.length ? [] : [{ ...group, chats }];
  });

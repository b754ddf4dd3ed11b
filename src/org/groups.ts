import type { Log } from '../core/index.js';
import type { Org } from './org.js';
import type { Group, GroupChat, Identity, Person } from './types.js';

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

import type { Clock, Log } from './core/index.js';
import { withChat, withoutChat, type DigestPlace, type Group, type GroupChat, type Org } from './org/index.js';
import { lostGroupNotices, type NoticeDeps, type OutboxRow } from './outbox/index.js';
import type { InboundEvent, Outgoing, PlatformAdapter, PlatformName } from './platforms/contract.js';

/**
 * Groups that people made and told to get a digest: by a word in them. The robot can be taken out of one, or it ends, and no
 * platform tells us; a digest that does not arrive does. Such a group gets none until the robot hears something there.
 */
export interface DigestGroups {
  /** See `ConversationDeps.postDigests`. */
  post(chat: GroupChat, of: DigestPlace | null): Promise<{ moved: boolean } | null>;
  /** A message was given up: true when it says that the robot is in that group no more, which is then told by itself. */
  lost(row: OutboxRow): boolean;
  /** Somebody named the robot there: it is in again. */
  heard(event: Pick<InboundEvent, 'platform' | 'chat'>): Promise<void>;
}

export interface DigestGroupsDeps {
  org: Pick<Org, 'data' | 'groups' | 'save' | 'setGroupChats'>;
  adapters: ReadonlyMap<PlatformName, Pick<PlatformAdapter, 'capabilities'>>;
  /** A chat of these is a robot of the settings. */
  isForeign: (chatId: string) => boolean;
  notice: NoticeDeps;
  tell: (messages: readonly Outgoing[]) => void;
  clock: Clock;
  log: Log;
}

/** The group is no more; the robot is not in it, or nobody says why. */
const ENDED = /group_unknown$/u;
const OUT = /(?:robot_unknown|card_not_delivered)$/u;

export function createDigestGroups(deps: DigestGroupsDeps): DigestGroups {
  const { org } = deps;
  const takesWords = (platform: PlatformName): boolean =>
    deps.adapters.get(platform)?.capabilities.groupsOfPeople === true;
  const having = ({ platform, chatId }: GroupChat): Group[] =>
    org.groups().filter(({ chats }) => chats.some((one) => one.platform === platform && one.chatId === chatId));
  const change = async (chat: GroupChat, to: (one: GroupChat) => GroupChat): Promise<void> => {
    for (const { id, chats } of having(chat)) {
      const isIt = (one: GroupChat) => one.platform === chat.platform && one.chatId === chat.chatId;
      await org.setGroupChats(
        id,
        chats.map((one) => (isIt(one) ? to(one) : one)),
      );
    }
  };

  return {
    async post(chat, of) {
      if (!takesWords(chat.platform)) return null;
      if (of === null) {
        await org.save({ groups: withoutChat(org.data(), chat) });
        return { moved: false };
      }
      const groups = withChat(org.data(), of, chat, deps.isForeign);
      if (groups.length === 0) return null;
      const before = new Map(org.groups().map((group) => [group.id, group.chats]));
      await org.save({ groups });
      const left = groups.flatMap(({ id, chats }) =>
        (before.get(id) ?? []).filter((one) => !chats.some(({ chatId }) => chatId === one.chatId)),
      );
      return { moved: left.length > 0 };
    },

    lost(row) {
      const code = row.lastError?.code ?? '';
      if (row.to.kind !== 'group' || row.purpose !== 'digest' || !takesWords(row.platform)) return false;
      const chat: GroupChat = { platform: row.platform, chatId: row.to.chatId };
      const names = having(chat).map(({ name }) => name);
      if (deps.isForeign(chat.chatId) || names.length === 0 || !(ENDED.test(code) || OUT.test(code))) return false;
      const lostAt = deps.clock.now();
      const kept = ENDED.test(code)
        ? org.save({ groups: withoutChat(org.data(), chat) })
        : change(chat, (one) => ({ ...one, lostAt }));
      kept.catch((error: unknown) => deps.log.error({ err: error, ...chat }, 'a lost group was not noted'));
      deps.tell(lostGroupNotices(deps.notice, row, names, ENDED.test(code) ? 'ended' : 'out', lostAt));
      return true;
    },

    async heard({ platform, chat }) {
      if (chat.kind !== 'group') return;
      const at: GroupChat = { platform, chatId: chat.id };
      const isLost = having(at).some(({ chats }) =>
        chats.some((one) => one.chatId === chat.id && one.lostAt !== undefined),
      );
      if (isLost) await change(at, ({ lostAt: _lostAt, ...one }) => one);
    },
  };
}

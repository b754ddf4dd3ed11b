import { errorCode, PlatformRefusedError } from '../../core/index.js';
import type { PlatformAdapter } from '../contract.js';
import type { WecomClient } from './client.js';
import { cutChars } from './text.js';

type Group = Parameters<NonNullable<PlatformAdapter['ensureGroup']>>[0];

const MAX_NAME_CHARS = 50;
const CHAT_ID = /^[0-9A-Za-z]{1,32}$/;

/**
 * Makes the group chat, or brings its name, owner and members up to date. Whoever was invited by hand stays. Needs the root department in the visible range (48002 otherwise); a new group is seen with its first message.
 * https://developer.work.weixin.qq.com/document/path/90245
 */
export async function ensureGroup(client: WecomClient, group: Group): Promise<string> {
  if (!CHAT_ID.test(group.chatId)) {
    throw new PlatformRefusedError('wecom.message_invalid', 'a chat id has up to 32 letters and digits');
  }
  const name = cutChars(group.name, MAX_NAME_CHARS);
  const members = [...new Set([group.ownerUserId, ...group.memberUserIds])];
  const existing = await find(client, group.chatId);
  if (existing === null) {
    const answer = await client.post('appchat/create', {
      name,
      owner: group.ownerUserId,
      userlist: members,
      chatid: group.chatId,
    });
    return typeof answer['chatid'] === 'string' ? answer['chatid'] : group.chatId;
  }
  const missing = members.filter((id) => !existing.userIds.has(id.toLowerCase()));
  const wanted = new Set(members.map((id) => id.toLowerCase()));
  const former = (group.formerUserIds ?? []).filter((id) => {
    const lower = id.toLowerCase();
    return existing.userIds.has(lower) && !wanted.has(lower);
  });
  const change = {
    ...(existing.name === name ? {} : { name }),
    ...(existing.owner === group.ownerUserId.toLowerCase() ? {} : { owner: group.ownerUserId }),
    ...(missing.length === 0 ? {} : { add_user_list: missing }),
    ...(former.length === 0 ? {} : { del_user_list: former }),
  };
  if (Object.keys(change).length > 0) await client.post('appchat/update', { chatid: group.chatId, ...change });
  return group.chatId;
}

async function find(
  client: WecomClient,
  chatId: string,
): Promise<{ name: string; owner: string; userIds: Set<string> } | null> {
  try {
    const answer = await client.get('appchat/get', { chatid: chatId });
    const info = answer['chat_info'] as { name?: unknown; owner?: unknown; userlist?: unknown } | undefined;
    return {
      name: typeof info?.name === 'string' ? info.name : '',
      // Ids come back in their own case or lowered.
      owner: typeof info?.owner === 'string' ? info.owner.toLowerCase() : '',
      userIds: new Set(Array.isArray(info?.userlist) ? info.userlist.map((id) => String(id).toLowerCase()) : []),
    };
  } catch (error) {
    // An unknown chat is one to make; one of another app (86008) is refused again when it is made.
    if (errorCode(error) === 'wecom.chat_unknown') return null;
    throw error;
  }
}

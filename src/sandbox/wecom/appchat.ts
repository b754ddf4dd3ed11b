import { DAY, HOUR, MINUTE } from '../../core/index.js';
import { warn } from '../calls.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { list, strings, text } from '../json.js';
import { BOT_NAME, opaque } from '../world.js';
import { checkContent, isRefusal } from './content.js';
import type { AppChat, Secret, WecomState } from './state.js';
import { fail, ok } from './words.js';

/** App group chats: https://developer.work.weixin.qq.com/document/path/90244 to 90248 */

const NAME_CHARACTERS = 50;
const MEMBERS = { least: 2, most: 2_000 };

export function createChat(state: WecomState, call: Call, of: Secret): Reply {
  if (of !== 'app') return fail(48002, 'api forbidden');
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  const users = members(state, request.userlist);
  if ('refusal' in users) return users.refusal;
  const chatid = request.chatid === undefined ? opaque(32) : text(request.chatid);
  if (!/^[0-9a-zA-Z]{1,32}$/.test(chatid)) return fail(86001, 'invalid chatid');
  if (state.data.appchats[chatid] !== undefined || isForeign(state, chatid)) return fail(86215, 'chatid already exist');
  if (users.ids.length < MEMBERS.least || users.ids.length > MEMBERS.most) return fail(86006, 'invalid member count');
  const owner = owned(state, request.owner, users.ids);
  if (owner === undefined) return fail(40058, 'owner is no member');
  if (!state.windows.take('new chats', state.world.now(), { count: 1_000, ms: DAY })) {
    return fail(45009, 'api freq out of limit');
  }
  keep(state, { chatid, name: cut(text(request.name)), owner, userlist: users.ids });
  return ok({ chatid });
}

export function updateChat(state: WecomState, call: Call, of: Secret): Reply {
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  const found = own(state, text(request.chatid), of);
  if ('refusal' in found) return found.refusal;
  const { chat } = found;
  const added = members(state, request.add_user_list);
  const removed = members(state, request.del_user_list);
  if ('refusal' in added) return added.refusal;
  if ('refusal' in removed) return removed.refusal;
  const userlist = [...new Set([...chat.userlist, ...added.ids])].filter((id) => !removed.ids.includes(id));
  if (userlist.length < MEMBERS.least || userlist.length > MEMBERS.most) return fail(86006, 'invalid member count');
  const wanted = request.owner ?? (userlist.includes(chat.owner) ? chat.owner : undefined);
  const owner = owned(state, wanted, userlist);
  if (owner === undefined) return fail(40058, 'owner is no member');
  if (!state.windows.take('chat changes', state.world.now(), { count: 1_000, ms: HOUR })) {
    return fail(45009, 'api freq out of limit');
  }
  const name = request.name === undefined ? chat.name : cut(text(request.name));
  keep(state, { chatid: chat.chatid, name, owner, userlist });
  return ok();
}

export function getChat(state: WecomState, call: Call, of: Secret): Reply {
  const found = own(state, call.query.get('chatid') ?? '', of);
  return 'refusal' in found ? found.refusal : ok({ chat_info: { ...found.chat, chat_type: 0 } });
}

export function sendToChat(state: WecomState, call: Call, of: Secret): Reply {
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  const found = own(state, text(request.chatid), of);
  if ('refusal' in found) return found.refusal;
  if (request.safe !== undefined && request.safe !== 0 && request.safe !== 1)
    return fail(40035, 'invalid parameter safe');
  const content = checkContent(state, request, 'group');
  if (isRefusal(content)) return fail(content.errcode, content.errmsg);
  warn(call, ...content.warnings);
  if (state.world.faults.wecom.silentDrop === true) return ok();
  const chat = state.world.chat('wecom', found.chat.chatid);
  // Beyond the limit of a member, the message is lost for that member without an error.
  const limits = [
    { count: 200, ms: MINUTE },
    { count: 10_000, ms: DAY },
  ];
  const to = found.chat.userlist.filter((id) => state.windows.take(`chat ${id}`, state.world.now(), ...limits));
  if (chat !== undefined && to.length > 0) {
    const id = `w${state.world.next()}`;
    state.world.post(chat, { id, from: 'bot', fromName: BOT_NAME, ...content.shown }, to);
  }
  return ok();
}

function own(state: WecomState, chatid: string, of: Secret): { chat: AppChat } | { refusal: Reply } {
  if (of !== 'app') return { refusal: fail(48002, 'api forbidden') };
  if (!/^[0-9a-zA-Z]{1,32}$/.test(chatid)) return { refusal: fail(86001, 'invalid chatid') };
  const chat = state.data.appchats[chatid];
  if (chat !== undefined) return { chat };
  return {
    refusal: isForeign(state, chatid) ? fail(86008, 'no permission on this chat') : fail(86003, 'chatid not exist'),
  };
}

function isForeign(state: WecomState, chatid: string): boolean {
  return state.world.directory.groups.some((group) => group.wecomForeign === true && group.wecomChatId === chatid);
}

function members(state: WecomState, value: unknown): { ids: string[] } | { refusal: Reply } {
  const given = strings(value);
  if (list(value).length !== given.length) return { refusal: fail(40058, 'userlist holds no strings') };
  const ids: string[] = [];
  for (const userId of given) {
    const id = state.world.canonicalUser('wecom', userId);
    if (id === undefined) return { refusal: fail(40003, 'invalid userid') };
    if (!ids.includes(id)) ids.push(id);
  }
  return { ids };
}

/** The owner given, or any member when none is. */
function owned(state: WecomState, owner: unknown, userlist: string[]): string | undefined {
  if (owner === undefined || owner === '') return userlist[0];
  const id = state.world.canonicalUser('wecom', text(owner));
  return id !== undefined && userlist.includes(id) ? id : undefined;
}

function keep(state: WecomState, chat: AppChat): void {
  state.data.appchats[chat.chatid] = chat;
  state.world.putChat({
    platform: 'wecom',
    id: chat.chatid,
    title: chat.name === '' ? '群聊' : chat.name,
    kind: 'group',
    members: chat.userlist,
  });
}

function cut(name: string): string {
  return [...name].slice(0, NAME_CHARACTERS).join('');
}

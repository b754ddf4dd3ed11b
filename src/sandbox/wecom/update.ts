import { warn } from '../calls.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { isJson, type Json, list, strings, text } from '../json.js';
import type { StoredMessage, World } from '../world.js';
import { checkCard, INTERACTIVE } from './card.js';
import { usableMedia } from './content.js';
import { departmentOf } from '../departments.js';
import type { Secret, WecomState } from './state.js';
import { fail, ok } from './words.js';

/** POST /cgi-bin/message/update_template_card https://developer.work.weixin.qq.com/document/path/94888 */
export function updateCard(state: WecomState, call: Call, of: Secret): Reply {
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  const wrong = state.refuseAgent(request.agentid, of) ?? refuseLists(request);
  if (wrong !== undefined) return wrong;
  // Which code a used or expired one gets is not documented; here the general one.
  const code = state.responseCode(text(request.response_code));
  if (code === undefined) return fail(40058, 'invalid response_code');
  const copies = state.copies(code.msgid);
  const { targets, invalid } = chosen(state.world, request, copies);
  if (request.button !== undefined && request.template_card !== undefined) {
    return fail(40058, 'button and template_card exclude each other');
  }
  const change = request.button === undefined ? newCard(state, call, request) : newButton(state, request, code.msgid);
  if ('refusal' in change) return change.refusal;
  code.used = true;
  for (const message of targets) applyUpdate(state.world, message, change);
  state.world.save();
  return ok(invalid.length === 0 ? {} : { invaliduser: invalid });
}

export type CardChange = { replaceName: string } | { card: Json };

/** Changes one copy; the others stay as they are. */
export function applyUpdate(world: World, message: StoredMessage, change: CardChange): void {
  if ('replaceName' in change) {
    message.state = { replacedText: change.replaceName, disabled: true };
  } else {
    const before = message.card;
    const { replace_text: replaced, ...card } = change.card;
    // The task stays the same when the new card names none.
    if (card.task_id === undefined && before?.task_id !== undefined) card.task_id = before.task_id;
    message.card = card;
    delete message.state;
    if (text(replaced) !== '') message.state = { replacedText: text(replaced), disabled: true };
  }
  world.changed(message);
}

function newButton(state: WecomState, request: Json, msgid: string): CardChange | { refusal: Reply } {
  const name = isJson(request.button) ? text(request.button.replace_name) : '';
  if (name === '') return { refusal: fail(40063, 'missing button.replace_name') };
  if (!INTERACTIVE.includes(state.data.sent[msgid]?.cardType ?? '')) {
    return { refusal: fail(40058, 'this card type has no button to replace') };
  }
  return { replaceName: name };
}

function newCard(state: WecomState, call: Call, request: Json): CardChange | { refusal: Reply } {
  if (request.template_card === undefined) return { refusal: fail(40063, 'missing button or template_card') };
  const checked = checkUpdateCard(state, request.template_card);
  if ('errcode' in checked) return { refusal: fail(checked.errcode, checked.errmsg) };
  warn(call, ...checked.warnings);
  return { card: checked.card };
}

export function checkUpdateCard(state: WecomState, card: unknown): ReturnType<typeof checkCard> {
  return checkCard(card, {
    update: true,
    mediaExists: (mediaId) => usableMedia(state, mediaId) !== undefined,
    userExists: (userId) => state.world.person('wecom', userId) !== undefined,
  });
}

function refuseLists(request: Json): Reply | undefined {
  const limits = { userids: 1_000, partyids: 100, tagids: 100 };
  let named = request.atall === 1;
  for (const [field, most] of Object.entries(limits)) {
    const value = request[field];
    if (value === undefined) continue;
    if (!Array.isArray(value)) return fail(40058, `${field} is no array`);
    if (value.length > most) return fail(40058, `${field} size out of limit`);
    if (field === 'userids' && strings(value).length !== value.length) return fail(40058, 'userids holds no strings');
    named ||= value.length > 0;
  }
  return named ? undefined : fail(40063, 'no recipient');
}

function chosen(world: World, request: Json, copies: StoredMessage[]): { targets: StoredMessage[]; invalid: string[] } {
  if (request.atall === 1) return { targets: copies, invalid: [] };
  const wanted = new Set<string>();
  const invalid: string[] = [];
  for (const userId of strings(request.userids)) {
    const id = world.canonicalUser('wecom', userId);
    if (id !== undefined && copies.some((message) => message.to.includes(id))) wanted.add(id);
    else invalid.push(userId.toLowerCase());
  }
  const parties = list(request.partyids).map(Number);
  for (const message of copies) {
    for (const userId of message.to) {
      const person = world.person('wecom', userId);
      if (person !== undefined && parties.includes(departmentOf(world.directory, person))) wanted.add(userId);
    }
  }
  return { targets: copies.filter((message) => message.to.some((userId) => wanted.has(userId))), invalid };
}

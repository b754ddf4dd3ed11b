import { createHash } from 'node:crypto';
import { DAY, HOUR, MINUTE, SECOND } from '../../core/index.js';
import { warn } from '../calls.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { isJson, type Json, text } from '../json.js';
import { opaque } from '../world.js';
import { checkContent, type Content, isRefusal } from './content.js';
import { resolveRecipients } from './recipients.js';
import type { Secret, WecomState } from './state.js';
import { fail, ok } from './words.js';

const DUPLICATE_SECONDS = { standard: 1_800, most: 14_400 };
/** Person-times a day = accounts × this. https://developer.work.weixin.qq.com/document/path/90312 */
const PER_ACCOUNT_A_DAY = 200;

/** POST /cgi-bin/message/send https://developer.work.weixin.qq.com/document/path/90236 */
export function sendMessage(state: WecomState, call: Call, of: Secret): Reply {
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  if (hasUnicodeEscape(call.body.toString('utf8'))) return fail(40033, 'invalid charset. please check your request');
  const wrong = state.refuseAgent(request.agentid, of) ?? refuseFlags(request);
  if (wrong !== undefined) return wrong;
  const recipients = resolveRecipients(state.world, request);
  if ('refusal' in recipients) return recipients.refusal;
  const content = checkContent(state, request, 'message');
  if (isRefusal(content)) return fail(content.errcode, content.errmsg);
  if (content.card?.interactive === true && state.data.callbackUrl === undefined) {
    return fail(43012, 'require receive message url');
  }
  const taskId = content.card?.taskId;
  const known = knownDuplicate(state, request, call.body);
  if (known !== undefined) return { json: known };
  if (taskId !== undefined && state.data.tasks[taskId] !== undefined) return fail(42014, 'task_id conflict');
  if (recipients.users.length === 0) return fail(81013, 'user & party & tag all invalid');
  const accounts = Math.max(1, state.world.userIds('wecom').length);
  for (let count = 0; count < recipients.users.length; count += 1) {
    const daily = { count: accounts * PER_ACCOUNT_A_DAY, ms: DAY };
    if (!state.windows.take('day', state.world.now(), daily)) return fail(45009, 'api freq out of limit');
  }
  warn(call, ...content.warnings);
  const answer = deliver(state, call, request, recipients.users, content);
  const invalid = {
    ...(recipients.invalidUsers.length === 0 ? {} : { invaliduser: recipients.invalidUsers.join('|') }),
    ...(recipients.invalidParties.length === 0 ? {} : { invalidparty: recipients.invalidParties.join('|') }),
    ...(recipients.invalidTags.length === 0 ? {} : { invalidtag: recipients.invalidTags.join('|') }),
  };
  const reply = ok({ ...invalid, ...answer });
  rememberDuplicate(state, request, call.body, reply.json as Json);
  return reply;
}

function deliver(
  state: WecomState,
  call: Call,
  request: Json,
  users: string[],
  content: Content,
): { msgid: string; response_code?: string } {
  const { world, data } = state;
  const msgid = opaque(63);
  const messageIds: string[] = [];
  for (const userId of users) {
    // Over the limit of a member the message is lost and nobody says so.
    const limits = [
      { count: 30, ms: MINUTE },
      { count: 1_000, ms: HOUR },
    ];
    if (!state.windows.take(`member ${userId}`, world.now(), ...limits)) {
      warn(call, `dropped for ${userId}: more than 30 a minute or 1000 an hour`);
      continue;
    }
    if (world.faults.wecom.silentDrop === true) continue;
    const chat = world.singleChat('wecom', userId);
    const id = `w${world.next()}`;
    // Every recipient holds a copy of the card.
    world.post(chat, { id, from: 'bot', fromName: chat.title, ...structuredClone(content.shown) });
    messageIds.push(id);
  }
  const cardType = content.card === undefined ? {} : { cardType: content.card.type };
  state.remember(msgid, { at: world.now(), messageIds, ...cardType });
  if (content.card?.taskId !== undefined) data.tasks[content.card.taskId] = msgid;
  world.save();
  return content.card?.interactive === true ? { msgid, response_code: state.newResponseCode(msgid) } : { msgid };
}

function refuseFlags(request: Json): Reply | undefined {
  for (const flag of ['safe', 'enable_id_trans', 'enable_duplicate_check']) {
    const value = request[flag];
    if (value !== undefined && value !== 0 && value !== 1) return fail(40035, `invalid parameter ${flag}`);
  }
  const interval = request.duplicate_check_interval;
  if (interval === undefined) return undefined;
  const valid = typeof interval === 'number' && interval > 0 && interval <= DUPLICATE_SECONDS.most;
  return valid ? undefined : fail(40035, 'invalid parameter duplicate_check_interval');
}

/** The same bytes inside the interval are not delivered twice. What the second call answers is not documented: here the first answer. */
function knownDuplicate(state: WecomState, request: Json, body: Buffer): Json | undefined {
  if (request.enable_duplicate_check !== 1) return undefined;
  const seen = state.data.duplicates[hash(body)];
  return seen !== undefined && seen.until > state.world.now() ? seen.answer : undefined;
}

function rememberDuplicate(state: WecomState, request: Json, body: Buffer, answer: Json): void {
  if (request.enable_duplicate_check !== 1) return;
  const now = state.world.now();
  for (const [key, seen] of Object.entries(state.data.duplicates)) {
    if (seen.until <= now) delete state.data.duplicates[key];
  }
  const seconds = typeof request.duplicate_check_interval === 'number' ? request.duplicate_check_interval : undefined;
  const until = now + (seconds ?? DUPLICATE_SECONDS.standard) * SECOND;
  state.data.duplicates[hash(body)] = { until, answer };
  state.world.save();
}

function hash(body: Buffer): string {
  return createHash('sha1').update(body).digest('base64url');
}

function hasUnicodeEscape(raw: string): boolean {
  return /(?<!\\)(?:\\\\)*\\u[0-9a-f]{4}/i.test(raw);
}

/** POST /cgi-bin/message/recall https://developer.work.weixin.qq.com/document/path/94867 */
export function recallMessage(state: WecomState, call: Call, of: Secret): Reply {
  const request = jsonBody(call);
  if (!isJson(request)) return fail(40058, 'invalid json');
  const msgid = text(request.msgid);
  const sent = state.data.sent[msgid];
  if (of !== 'app' || sent === undefined) return fail(40058, 'invalid msgid');
  if (sent.at < state.world.now() - DAY) return fail(42052, 'msgid expired');
  for (const message of state.copies(msgid)) {
    const { id, from, fromName, at, platform, chatId, to } = message;
    for (const key of Object.keys(message)) delete (message as unknown as Json)[key];
    Object.assign(message, { id, from, fromName, at, platform, chatId, to, kind: 'text', text: '消息已撤回' });
    state.world.changed(message);
  }
  return ok();
}

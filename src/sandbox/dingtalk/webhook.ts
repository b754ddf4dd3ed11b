import { createHmac } from 'node:crypto';
import { HOUR, MINUTE } from '../../core/index.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { isJson, type Json, list, text } from '../json.js';
import type { Message } from '../types.js';
import { show } from './robot.js';
import type { DingtalkState } from './state.js';
import { failOld } from './words.js';

/** Reply through the session of a message: https://open.dingtalk.com/document/development/robot-message-type */
export function sendBySession(state: DingtalkState, call: Call): Reply {
  const session = state.data.sessions[call.query.get('session') ?? ''];
  const gone = session !== undefined && state.robotGone(session.chatId) !== undefined;
  if (session === undefined || gone || session.expiresAt <= state.world.now()) {
    return { json: { errcode: 300_001, errmsg: 'session 不存在' } };
  }
  if (!(call.headers['content-type'] ?? '').includes('application/json'))
    return failOld(43_004, '无效的HTTP HEADER Content-Type');
  const request = jsonBody(call);
  const shown = request === undefined ? undefined : toShown(request);
  if (request === undefined || shown === undefined) return failOld(40_035, '不合法的参数');
  state.count('push');
  show(state, session.chatId, shown);
  return { json: { errcode: 0, errmsg: 'ok' } };
}

/** More than so many in a minute, and the robot is silent for ten. */
const PER_MINUTE = 20;
const SILENT_MS = 10 * MINUTE;
const MAX_BODY_BYTES = 20_000;
const SIGN_WINDOW_MS = HOUR;
const MAX_KEPT_UUIDS = 1_000;
const silentUntil = new WeakMap<DingtalkState, Map<string, number>>();
const uuids = new WeakMap<DingtalkState, Set<string>>();

/** A group's custom robot: https://open.dingtalk.com/document/development/custom-robots-send-group-messages */
export function sendByGroupRobot(state: DingtalkState, call: Call): Reply {
  const token = call.query.get('access_token') ?? '';
  const robot = state.data.groupRobots[token];
  if (robot === undefined) return failOld(300_005, 'token is not exist');
  const now = state.world.now();
  const timestamp = call.query.get('timestamp') ?? '';
  if (!(Math.abs(now - Number(timestamp)) <= SIGN_WINDOW_MS)) return failOld(310_000, 'invalid timestamp');
  const sign = createHmac('sha256', robot.secret).update(`${timestamp}\n${robot.secret}`).digest('base64');
  if (call.query.get('sign') !== sign) return failOld(310_000, 'sign not match');
  if (!(call.headers['content-type'] ?? '').includes('application/json')) return failOld(43_004, '无效的Content-Type');
  if (call.body.length > MAX_BODY_BYTES) return failOld(460_101, 'message too long');
  const silent = silentUntil.get(state) ?? new Map<string, number>();
  silentUntil.set(state, silent);
  const limit = { count: PER_MINUTE, ms: MINUTE };
  if ((silent.get(token) ?? 0) > now || !state.windows.take(`robot ${token}`, now, limit)) {
    if ((silent.get(token) ?? 0) <= now) silent.set(token, now + SILENT_MS);
    return failOld(130_101, 'send too fast, exceed 20 times per minute');
  }
  const request = jsonBody(call);
  const shown = request === undefined ? undefined : toShown(request);
  if (request === undefined || shown === undefined) return failOld(400_105, 'unsupported msgtype');
  const seen = uuids.get(state) ?? new Set<string>();
  uuids.set(state, seen);
  const uuid = text(request.msgUuid);
  // The same once more is shown once.
  if (uuid === '' || !seen.has(uuid)) show(state, robot.chatId, shown);
  if (uuid !== '') seen.add(uuid);
  if (seen.size > MAX_KEPT_UUIDS) seen.delete([...seen][0] ?? '');
  return { json: { errcode: 0, errmsg: 'ok' } };
}

export function toShown(request: Json): (Pick<Message, 'kind'> & Partial<Message>) | undefined {
  const type = text(request.msgtype);
  const body = isJson(request[type]) ? request[type] : {};
  switch (type) {
    case 'text':
      return text(body.content) === '' ? undefined : { kind: 'text', text: text(body.content) };
    case 'markdown': {
      if (text(body.title) === '' || text(body.text) === '') return undefined;
      return { kind: 'markdown', title: text(body.title), text: text(body.text) };
    }
    case 'link':
      if (['title', 'text', 'messageUrl'].some((field) => text(body[field]) === '')) return undefined;
      return {
        kind: 'news',
        card: { articles: [{ title: body.title, description: body.text, url: body.messageUrl }] },
      };
    case 'actionCard': {
      if (text(body.title) === '' || text(body.text) === '') return undefined;
      return { kind: 'card', card: { msgKey: 'actionCard', ...body } };
    }
    case 'feedCard': {
      const links = list(body.links).filter(isJson);
      if (links.length === 0) return undefined;
      return { kind: 'news', card: { articles: links.map((link) => ({ title: link.title, url: link.messageURL })) } };
    }
    default:
      return undefined; // pictures, files and cards do not go this way
  }
}

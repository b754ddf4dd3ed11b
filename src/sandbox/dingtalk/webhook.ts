import { type Call, jsonBody, type Reply } from '../http.js';
import { isJson, type Json, list, text } from '../json.js';
import type { Message } from '../types.js';
import { show } from './robot.js';
import type { DingtalkState } from './state.js';
import { failOld } from './words.js';

/** Reply through the session of a message: https://open.dingtalk.com/document/development/robot-message-type */
export function sendBySession(state: DingtalkState, call: Call): Reply {
  const session = state.data.sessions[call.query.get('session') ?? ''];
  if (session === undefined || session.expiresAt <= state.world.now()) {
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

import { DAY } from '../../core/index.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { bytesOf, isJson, type Json, list, text } from '../json.js';
import type { Message } from '../types.js';
import { show } from './robot.js';
import type { DingtalkState } from './state.js';
import { failOld, okOld } from './words.js';

/** Work notifications: https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages */

const MOST_USERS = 100;
const MAX_BYTES = 2_048;
const PER_DAY = 500;
/** Not on the vendor's page of the call, but what it answers: https://github.com/007gzs/dingtalk-sdk/issues/44 */
const ANOTHER_APP = [41_020, 'accessToken中包含的appKey与agentId不一致，无法使用当前agentId'] as const;

interface Task {
  invalid: string[];
  forbidden: string[];
}
interface Sent {
  tasks: Map<number, Task>;
  /** By person, what was sent since when. */
  bodies: Map<string, { at: number; body: string }[]>;
}
const kept = new WeakMap<DingtalkState, Sent>();
function sentOf(state: DingtalkState): Sent {
  const sent = kept.get(state) ?? { tasks: new Map(), bodies: new Map() };
  kept.set(state, sent);
  return sent;
}

/** Says success whatever becomes of it: the result is asked for by the task. */
export function sendWorkNotice(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  if (String(request.agent_id) !== state.data.agentId) return failOld(...ANOTHER_APP);
  const users = text(request.userid_list).split(',').filter(Boolean);
  if (users.length === 0 || users.length > MOST_USERS) return failOld(400_002, '无效的参数 userid_list');
  const message = isJson(request.msg) ? toShown(request.msg) : undefined;
  const body = JSON.stringify(request.msg);
  if (message === undefined || bytesOf(body) > MAX_BYTES) return failOld(400_002, '无效的参数 msg');
  const { tasks, bodies } = sentOf(state);
  const task: Task = { invalid: [], forbidden: [] };
  for (const userId of users) {
    const today = (bodies.get(userId) ?? []).filter(({ at }) => at > state.world.now() - DAY);
    if (state.world.person('dingtalk', userId) === undefined) task.invalid.push(userId);
    else if (today.length >= PER_DAY || today.some((one) => one.body === body)) task.forbidden.push(userId);
    else {
      bodies.set(userId, [...today, { at: state.world.now(), body }]);
      show(state, state.world.singleChat('dingtalk', userId).id, message);
    }
  }
  const id = state.world.next();
  tasks.set(id, task);
  return okOld({ task_id: id });
}

export function workNoticeResult(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  if (String(request.agent_id) !== state.data.agentId) return failOld(...ANOTHER_APP);
  const task = sentOf(state).tasks.get(Number(request.task_id));
  if (task === undefined) return failOld(400_002, '无效的参数');
  const send_result = {
    invalid_user_id_list: task.invalid,
    forbidden_user_id_list: task.forbidden,
    failed_user_id_list: [],
    read_user_id_list: [],
    unread_user_id_list: [],
    invalid_dept_id_list: [],
  };
  return okOld({ send_result });
}

function toShown(message: Json): (Pick<Message, 'kind'> & Partial<Message>) | undefined {
  const type = text(message.msgtype);
  const body: Json = isJson(message[type]) ? message[type] : {};
  switch (type) {
    case 'text':
      return text(body.content) === '' ? undefined : { kind: 'text', title: '工作通知', text: text(body.content) };
    case 'markdown':
      return text(body.title) === '' || text(body.text) === ''
        ? undefined
        : { kind: 'markdown', title: text(body.title), text: text(body.text) };
    case 'action_card': {
      const buttons = list(body.btn_json_list).filter(isJson);
      const whole = [body.title, body.markdown].every((part) => text(part) !== '') && buttons.length > 0;
      if (!whole || buttons.some(({ title, action_url: url }) => text(title) === '' || text(url) === ''))
        return undefined;
      const btns = buttons.map(({ title, action_url: actionURL }) => ({ title, actionURL }));
      const card = { msgKey: 'actionCard', title: body.title, text: body.markdown, btnOrientation: '0', btns };
      return { kind: 'card', card };
    }
    default:
      return undefined;
  }
}

import { type Call, jsonBody, type Reply } from '../http.js';
import { list, strings, text } from '../json.js';
import { opaque } from '../world.js';
import { refuseRobot, show } from './robot.js';
import type { DingtalkState } from './state.js';
import { refuse } from './words.js';

/** 1 in app, 2 SMS, 3 phone, and how many people each takes at once. */
const MOST: Record<number, number> = { 1: 200, 2: 20, 3: 20 };

/** Professional edition only: https://open.dingtalk.com/document/development/robot-sends-nail-message */
export function sendDing(state: DingtalkState, call: Call): Reply {
  if (state.data.edition !== 'pro') {
    return refuse(403, 'Forbidden.AccessDenied.AccessTokenPermissionDenied', '应用尚未开通所需的权限', {
      accessdenieddetail: { requiredScopes: ['Premium.Ding.Write'] },
    });
  }
  const request = jsonBody(call) ?? {};
  const wrong = refuseRobot(state, request.robotCode);
  if (wrong !== undefined) return wrong;
  const most = MOST[Number(request.remindType)];
  if (most === undefined) return refuse(400, 'invalidParameter.remindType', 'remindType不合法');
  const users = strings(request.receiverUserIdList);
  if (users.length === 0 || users.length !== list(request.receiverUserIdList).length) {
    return refuse(400, 'miss.staffId', '缺少receiverUserIdList');
  }
  if (users.length > most) return refuse(400, 'ding.receivercount.limit', '接收人超过上限');
  const content = text(request.content);
  if (content === '') return refuse(400, 'miss.content', '缺少content');
  // SMS and phone calls are bought in packs; nobody has.
  if (request.remindType !== 1) return refuse(400, 'ding.serverquota.insufficient', 'DING额度不足');
  const unknown = users.filter((userId) => state.world.person('dingtalk', userId) === undefined);
  for (const userId of users) {
    if (!unknown.includes(userId)) {
      show(state, state.world.singleChat('dingtalk', userId).id, { kind: 'text', title: 'DING', text: content });
    }
  }
  const failedList = unknown.length === 0 ? {} : { failedList: { 'staffId.notExisted': unknown } };
  return { json: { openDingId: `ding-${opaque(16)}`, ...failedList } };
}

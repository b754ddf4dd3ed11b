import { vendorServer } from '../calls.js';
import { type Call, jsonBody, listen, type Listening, type Reply, Router } from '../http.js';
import type { World } from '../world.js';
import { createAndDeliver, createCard, deliverCard, project, registerCallback, updateCard } from './cards.js';
import {
  authorizePage,
  checkins,
  departmentSubs,
  departmentUsers,
  getDepartment,
  getUser,
  identify,
  ticketOf,
  userInfo,
} from './contacts.js';
import { sendDing } from './ding.js';
import { Gateway } from './gateway.js';
import { HttpDoor } from './http-door.js';
import { downloadUrl, objectStorage, uploadMedia } from './media.js';
import { DingtalkPhone } from './phone.js';
import { batchSend, groupSend, recall } from './robot.js';
import { DingtalkState, TOKEN_SECONDS } from './state.js';
import { createTemplate, publishTemplate, saveTemplate } from './templates.js';
import { failOld, okOld, refuse, refuseOld } from './words.js';
import { sendWorkNotice, workNoticeResult } from './work-notice.js';
import { sendByGroupRobot, sendBySession } from './webhook.js';

export interface DingtalkStandIn {
  state: DingtalkState;
  gateway: Gateway;
  door: HttpDoor;
  phone: DingtalkPhone;
  listening: Listening;
}

type ApiHandler = (state: DingtalkState, call: Call) => Reply | Promise<Reply>;
/** Calls of these kinds do not count against the month. */
const FREE = true;

/** New and old API, the stream gateway and the object storage stand on one port. */
export async function startDingtalk(world: World): Promise<DingtalkStandIn> {
  const state = new DingtalkState(world);
  const gateway = new Gateway(state);
  const door = new HttpDoor(state);
  const router = new Router();
  let base = '';
  const api = (route: string, handler: ApiHandler, free = false): void => {
    router.on(route, (call) => state.refuseNew(call, free) ?? handler(state, call));
  };
  const old = (route: string, handler: ApiHandler, free = false): void => {
    router.on(route, (call) => state.refuseOld(call, free) ?? handler(state, call));
  };
  tokens(router, state);
  router.on('POST /v1.0/gateway/connections/open', (call) => gateway.open(call, base));
  api('POST /v1.0/robot/oToMessages/batchSend', batchSend);
  api('POST /v1.0/robot/groupMessages/send', groupSend);
  api('POST /v1.0/robot/otoMessages/batchRecall', recall);
  api('POST /v1.0/robot/groupMessages/recall', recall);
  api('POST /v1.0/robot/ding/send', sendDing);
  api('POST /v1.0/robot/messageFiles/download', (s, call) => downloadUrl(s, call, base));
  api('POST /v1.0/card/instances/createAndDeliver', createAndDeliver);
  api('POST /v1.0/card/instances', createCard);
  api('POST /v1.0/card/instances/deliver', deliverCard);
  api('PUT /v1.0/card/instances', updateCard);
  api('POST /v1.0/card/callbacks/register', registerCallback);
  api('POST /v1.0/card/templates', createTemplate);
  api('POST /v1.0/card/templates/save', saveTemplate);
  api('POST /v1.0/card/templates/publish', publishTemplate);
  api('POST /v1.0/oauth2/jsapiTickets', jsapiTicket, FREE);
  old('GET /get_jsapi_ticket', oldTicket, FREE);
  old('POST /media/upload', uploadMedia);
  old('POST /topapi/v2/user/getuserinfo', userInfo, FREE);
  old('POST /topapi/v2/user/get', getUser, FREE);
  old('POST /topapi/v2/department/get', getDepartment, FREE);
  old('POST /topapi/v2/department/listsub', departmentSubs, FREE);
  old('POST /topapi/user/listid', departmentUsers, FREE);
  old('POST /topapi/checkin/record/get', checkins);
  old('POST /topapi/message/corpconversation/asyncsend_v2', sendWorkNotice);
  old('POST /topapi/message/corpconversation/getsendresult', workNoticeResult);
  router.on('POST /robot/send', (call) => sendByGroupRobot(state, call));
  router.on('POST /robot/sendBySession', (call) => sendBySession(state, call));
  router.on('GET /connect/authorize', (call) => authorizePage(state, call));
  router.on('GET /sandbox/identity', (call) => identify(state, call));
  router.on('GET /oss/:name', (call) => objectStorage(state, call));
  const isOld = (call: Call): boolean => !call.path.startsWith('/v1.0/');
  const words = {
    limited: (call: Call): Reply => (isOld(call) ? refuseOld(90018, '请求过于频繁') : state.limited()),
    broken: (call: Call): Reply =>
      isOld(call) ? { status: 502, body: 'Bad Gateway' } : refuse(500, 'system.error', '系统错误'),
    notFound: (call: Call): Reply =>
      isOld(call) ? failOld(22, '不存在的服务') : refuse(404, 'InvalidAction.NotFound'),
    wrongMethod: (call: Call): Reply =>
      isOld(call) ? failOld(43_001, '请求方法不正确') : refuse(405, 'InvalidAction.MethodNotAllowed'),
  };
  const isPage = (path: string): boolean => path.startsWith('/connect/') || path.startsWith('/sandbox/');
  const listening = await listen(vendorServer(world, 'dingtalk', router, words, isPage), (request, socket, head) =>
    gateway.upgrade(request, socket, head),
  );
  base = listening.base;
  world.projectors.dingtalk = (message, userId) => project(state, message, userId);
  return { state, gateway, door, phone: new DingtalkPhone(state, gateway, door, base), listening };
}

/** The three ways to a token; one token serves both families. */
function tokens(router: Router, state: DingtalkState): void {
  const { clientId, clientSecret, corpId } = state.data;
  router.on('POST /v1.0/oauth2/accessToken', (call) => {
    const request = jsonBody(call) ?? {};
    if (request.appKey !== clientId || request.appSecret !== clientSecret) {
      return refuse(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret');
    }
    return { json: { accessToken: state.issueToken(), expireIn: TOKEN_SECONDS } };
  });
  router.on('POST /v1.0/oauth2/:corpId/token', (call) => {
    const request = jsonBody(call) ?? {};
    const right = request.client_id === clientId && request.client_secret === clientSecret;
    if (!right || call.params.corpId !== corpId || request.grant_type !== 'client_credentials') {
      return refuse(400, 'invalidClientIdOrSecret', '无效的clientId或者clientSecret');
    }
    return { json: { access_token: state.issueToken(), expires_in: TOKEN_SECONDS } };
  });
  router.on('GET /gettoken', (call) => {
    if (call.query.get('appkey') !== clientId || call.query.get('appsecret') !== clientSecret) {
      return { json: { errcode: 40096, errmsg: '不合法的appKey或appSecret' } };
    }
    return okOld({ access_token: state.issueToken(), expires_in: TOKEN_SECONDS });
  });
}

function jsapiTicket(state: DingtalkState): Reply {
  const { ticket, seconds } = ticketOf(state);
  return { json: { jsapiTicket: ticket, expireIn: seconds } };
}

function oldTicket(state: DingtalkState): Reply {
  const { ticket, seconds } = ticketOf(state);
  return okOld({ ticket, expires_in: seconds });
}

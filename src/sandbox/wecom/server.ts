import { HOUR } from '../../core/index.js';
import { vendorServer } from '../calls.js';
import { type Call, listen, type Listening, type Reply, Router } from '../http.js';
import type { World } from '../world.js';
import { Aibot, answerByBot } from './aibot.js';
import { AibotLinks } from './aibot-link.js';
import { createChat, getChat, sendToChat, updateChat } from './appchat.js';
import { CallbackSender } from './callback.js';
import { ContactEvents } from './contact-events.js';
import { departmentList, departmentSimpleList, getUser, userIdList, userList } from './contacts.js';
import { getMedia, uploadMedia } from './media.js';
import { createMenu, deleteMenu, getMenu } from './menu.js';
import { authorizePage, identify, jsapiTicket, loginPage, userInfo } from './login.js';
import { WecomPhone } from './phone.js';
import { sendByRobot, uploadByRobot } from './robots.js';
import { recallMessage, sendMessage } from './send.js';
import { type Secret, WecomState } from './state.js';
import { updateCard } from './update.js';
import { fail, ok } from './words.js';

/** Wrong secrets in an hour after which the address is shut out for an hour; the vendor does not publish its number. */
const WRONG_SECRETS = 20;

export interface WecomStandIn {
  state: WecomState;
  sender: CallbackSender;
  contacts: ContactEvents;
  aibot: Aibot;
  /** The bot's long connections. */
  links: AibotLinks;
  phone: WecomPhone;
  listening: Listening;
}

type ApiHandler = (state: WecomState, call: Call, of: Secret) => Reply | Promise<Reply>;

export async function startWecom(world: World): Promise<WecomStandIn> {
  const state = new WecomState(world);
  const sender = new CallbackSender(state);
  const contacts = new ContactEvents(state, sender);
  const router = new Router();
  const api = (route: string, handler: ApiHandler): void => {
    router.on(route, (call) => {
      const authorized = state.authorize(call);
      return 'refusal' in authorized ? authorized.refusal : handler(state, call, authorized.of);
    });
  };
  router.on('GET /cgi-bin/gettoken', (call) => getToken(state, call));
  router.on('POST /cgi-bin/aibot/response', (call) => answerByBot(state, call));
  router.on('POST /cgi-bin/webhook/send', (call) => sendByRobot(state, call));
  router.on('POST /cgi-bin/webhook/upload_media', (call) => uploadByRobot(state, call));
  api('POST /cgi-bin/message/send', sendMessage);
  api('POST /cgi-bin/message/update_template_card', updateCard);
  api('POST /cgi-bin/message/recall', recallMessage);
  api('POST /cgi-bin/appchat/create', createChat);
  api('POST /cgi-bin/appchat/update', updateChat);
  api('GET /cgi-bin/appchat/get', getChat);
  api('POST /cgi-bin/appchat/send', sendToChat);
  api('POST /cgi-bin/media/upload', uploadMedia);
  api('GET /cgi-bin/media/get', getMedia);
  api('POST /cgi-bin/menu/create', createMenu);
  api('GET /cgi-bin/menu/get', getMenu);
  api('GET /cgi-bin/menu/delete', deleteMenu);
  api('GET /cgi-bin/user/get', getUser);
  api('GET /cgi-bin/user/list', (s, call) => userList(s, call, 'full'));
  api('GET /cgi-bin/user/simplelist', (s, call) => userList(s, call, 'simple'));
  api('POST /cgi-bin/user/list_id', userIdList);
  api('GET /cgi-bin/department/list', departmentList);
  api('GET /cgi-bin/department/simplelist', departmentSimpleList);
  api('GET /cgi-bin/auth/getuserinfo', (s, call, of) => userInfo(s, call, of, 'userid'));
  api('GET /cgi-bin/user/getuserinfo', (s, call, of) => userInfo(s, call, of, 'UserId'));
  api('GET /cgi-bin/get_jsapi_ticket', (s, _call, of) => jsapiTicket(s, of, 'corp', 400));
  api('GET /cgi-bin/ticket/get', (s, call, of) =>
    call.query.get('type') === 'agent_config' ? jsapiTicket(s, of, 'agent', 100) : fail(40035, 'invalid type'),
  );
  api('GET /cgi-bin/getcallbackip', () => ok({ ip_list: ['127.0.0.1'] }));
  api('GET /cgi-bin/get_api_domain_ip', () => ok({ ip_list: ['127.0.0.1'] }));
  router.on('GET /connect/oauth2/authorize', (call) => authorizePage(state, call));
  router.on('GET /wwlogin/sso/login', (call) => loginPage(state, call));
  router.on('GET /sandbox/identity', (call) => identify(state, call));
  router.on('GET /wwpic/:id/0', (call) => picture(world, call));
  const words = {
    limited: () => fail(45009, 'api freq out of limit'),
    broken: (): Reply => ({ status: 502, body: 'Bad Gateway' }),
    notFound: (): Reply => ({ status: 404, body: 'not found' }),
    wrongMethod: () => fail(40058, 'wrong http method'),
  };
  const isPage = (path: string): boolean => !path.startsWith('/cgi-bin/');
  const links = new AibotLinks(state);
  const listening = await listen(vendorServer(world, 'wecom', router, words, isPage), (request, socket, head) =>
    links.upgrade(request, socket, head),
  );
  const aibot = new Aibot(state, () => state.calledAs ?? listening.base, links);
  return {
    state,
    sender,
    contacts,
    aibot,
    links,
    phone: new WecomPhone(state, sender, listening.base, aibot),
    listening,
  };
}

function getToken(state: WecomState, call: Call): Reply {
  const { data, world, windows } = state;
  if (call.query.get('corpid') !== data.corpId) return fail(40013, 'invalid corpid');
  const secret = call.query.get('corpsecret') ?? '';
  if (secret === '') return fail(41004, 'appsecret missing');
  const of = secret === data.secret ? 'app' : secret === data.contactsSecret ? 'contacts' : undefined;
  const limit = { count: WRONG_SECRETS, ms: HOUR };
  if (of === undefined) {
    return windows.take('wrong secret', world.now(), limit)
      ? fail(40001, 'invalid credential')
      : fail(45009, 'api freq out of limit');
  }
  if (windows.full('wrong secret', world.now(), limit)) return fail(45009, 'api freq out of limit');
  const { token, expiresIn } = state.issueToken(of);
  return ok({ access_token: token, expires_in: expiresIn });
}

async function picture(world: World, call: Call): Promise<Reply> {
  const media = world.media.byId(call.params.id ?? '');
  if (media === undefined || media.kind !== 'image') return { status: 404 };
  return { body: await world.media.read(media), headers: { 'content-type': media.contentType } };
}

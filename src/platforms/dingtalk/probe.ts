import { AppError, ConfigError, errorCode, errorText, MINUTE, silentLog, type Clock } from '../../core/index.js';
import { memoryTokenStore } from '../token-holder.js';
import { EventCrypto } from './callback-crypto.js';
import { createClient, type DingtalkClient } from './client.js';
import { REACTIONS } from './error-table.js';
import { answerError } from './errors.js';
import { ask, jsonRequest, parseJson } from './http.js';
import { checked } from './settings.js';
import { StreamClient } from './stream.js';
import { OkAnswer, type DingtalkSettings } from './types.js';

/** What the doctor asks the vendor: nothing of it is seen by anybody, four of the calls count against the month. */

export interface Probed {
  name: string;
  ok: boolean;
  detail: string;
  /** What the administrator presses, where. */
  press?: string;
}

const CHECK_MS = 10_000;
const CONSOLE = '开放平台 → 应用开发 → 本应用';

/** What each part needs, so that a missing permission is named even where the vendor does not name it. */
const SCOPES = {
  robot: 'qyapi_robot_sendmsg',
  cards: 'Card.Instance.Write',
  departments: 'qyapi_get_department_list',
  members: 'qyapi_get_member',
  checkIns: 'qyapi_base',
} as const;

/** A user id that no company has. */
const NOBODY = 'trailmark-doctor';

export async function probeDingtalk(given: DingtalkSettings, clock: Clock): Promise<Probed[]> {
  let settings: DingtalkSettings;
  try {
    settings = checked(given);
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [errorText(error)];
    const press = `${CONSOLE} →「凭证与基础信息」：重新复制，不带空格和引号。`;
    return [{ name: 'settings', ok: false, detail: problems.join('；'), press }];
  }
  const client = createClient({ settings, clock, log: silentLog, tokens: memoryTokenStore(), callTimeoutMs: CHECK_MS });
  const token = await attempt('token', '凭证有效，出口 IP 允许', () =>
    client.callFree('POST', '/v1.0/oauth2/jsapiTickets', {}, OkAnswer),
  );
  // Without a token every further answer would be the same.
  if (!token.ok && !token.code.endsWith('permission_missing')) return [strip(token)];
  const rest = await Promise.all([
    company(settings),
    settings.mode === 'stream' ? stream(settings) : callback(settings, clock),
    robot(client, settings),
    cards(client, settings),
    departments(client),
    members(client),
    checkIns(client, clock),
    agent(client, settings),
  ]);
  return [strip(token), ...rest.flat().map(strip)];
}

type Attempted = Probed & { code: string };
const strip = ({ name, ok, detail, press }: Probed): Probed => ({
  name,
  ok,
  detail,
  ...(press === undefined ? {} : { press }),
});

/** `fine`: refusals that only come when everything that was asked about is in order. */
async function attempt(
  name: string,
  good: string,
  ask: () => Promise<unknown>,
  options: { fine?: readonly string[]; scope?: string; press?: string } = {},
): Promise<Attempted> {
  try {
    await ask();
    return { name, ok: true, detail: good, code: '' };
  } catch (error) {
    const code = errorCode(error);
    if (options.fine?.includes(code)) return { name, ok: true, detail: good, code };
    const details = error instanceof AppError ? error.details : {};
    const scopes = Array.isArray(details['requiredScopes']) ? details['requiredScopes'].join('、') : options.scope;
    const missing = code === 'dingtalk.permission_missing' && scopes !== undefined;
    const told = typeof details['admin'] === 'string' ? details['admin'] : options.press;
    const press = missing ? `${CONSOLE} →「权限管理」：搜索 ${scopes}，点「申请权限」，再发布一次。` : told;
    const detail = `${code}：${errorText(error)}`;
    return { name, ok: false, detail, code, ...(press === undefined ? {} : { press }) };
  }
}

/** A token of the company that we think we are in: free, and refused for any other. */
function company(settings: DingtalkSettings): Promise<Attempted> {
  const where = `${CONSOLE} →「凭证与基础信息」：复制 CorpId，填进 DINGTALK_CORP_ID。`;
  if (settings.corpId === '') {
    const detail = 'DINGTALK_CORP_ID 没填：手机页面免登要用，也靠它认出别家公司的点按';
    return Promise.resolve({ name: 'company', ok: false, detail, code: '', press: where });
  }
  const probe = async (): Promise<void> => {
    const api = 'oauth2/corp/token';
    const url = new URL(`/v1.0/oauth2/${encodeURIComponent(settings.corpId)}/token`, settings.apiBase);
    const body = {
      client_id: settings.clientId,
      client_secret: settings.clientSecret,
      grant_type: 'client_credentials',
    };
    const { status, text } = await ask(url, jsonRequest('POST', body), AbortSignal.timeout(CHECK_MS));
    const error = answerError(api, status, parseJson(text), text);
    if (error !== null) throw error.code === 'dingtalk.credentials_refused' ? wrongCompany() : error;
  };
  return attempt('company', `企业 ${settings.corpId}`, probe, { press: where });
}

// The app's own credentials were good a moment ago.
const wrongCompany = () => new AppError('dingtalk.company_wrong', 'DINGTALK_CORP_ID 不是这个应用所在的企业');

function stream(settings: DingtalkSettings): Promise<Attempted> {
  const { clientId, clientSecret, apiBase } = settings;
  const client = new StreamClient({
    clientId,
    clientSecret,
    apiBase,
    log: silentLog,
    onFrame: () => Promise.resolve({ code: 404, data: {} }),
  });
  // A ticket that nobody uses: no link is opened, so nothing is taken from the running server.
  return attempt(
    'stream',
    'Stream 网关可用（控制台的消息接收模式和事件推送都要选 Stream）',
    () => client.getEndpoint(),
    {
      press: '防火墙按域名放行 api.dingtalk.com 和 wss-open-connection.dingtalk.com 的 443。',
    },
  );
}

/** Asks our own address as the console does when it is saved. */
async function callback(settings: DingtalkSettings, clock: Clock): Promise<Attempted> {
  const name = 'callback';
  const { eventToken = '', eventAesKey = '', callbackUrl = '' } = settings;
  if (eventToken === '' || eventAesKey === '') {
    const detail = 'HTTP 模式没配 DINGTALK_EVENT_TOKEN、DINGTALK_EVENT_AES_KEY，控制台保存不了地址';
    const press = `${CONSOLE} →「事件与回调」：推送方式选 HTTP，生成加密 aes_key 和签名 token，填进 .env 后重启。`;
    return { name, ok: false, detail, code: '', press };
  }
  const probe = async (): Promise<void> => {
    const crypto = new EventCrypto(eventToken, eventAesKey, settings.clientId);
    const box = crypto.seal('{"EventType":"check_url"}', String(clock.now().getTime()));
    const url = new URL(callbackUrl);
    url.searchParams.set('msg_signature', box.msg_signature);
    url.searchParams.set('timestamp', box.timeStamp);
    url.searchParams.set('nonce', box.nonce);
    const body = { encrypt: box.encrypt };
    const { status, text } = await ask(url, jsonRequest('POST', body), AbortSignal.timeout(CHECK_MS));
    if (status !== 200) throw new AppError('callback.refused', `${callbackUrl} 回了 HTTP ${status}`);
    const answer = (parseJson(text) ?? {}) as Record<string, string>;
    const { msg_signature = '', timeStamp = '', nonce = '', encrypt = '' } = answer;
    if (crypto.open(msg_signature, timeStamp, nonce, encrypt) !== 'success') throw new Error('not the word');
  };
  return attempt(name, `${callbackUrl} 应答正确`, probe, {
    press:
      '先让服务跑起来，核对 PUBLIC_URL、反向代理和证书；服务用的 DINGTALK_EVENT_TOKEN、DINGTALK_EVENT_AES_KEY 要和这里一样。',
  });
}

/** A file code that cannot exist: refused for the code alone when robot and permission are right. */
function robot(client: DingtalkClient, { robotCode }: DingtalkSettings): Promise<Attempted> {
  const body = { downloadCode: 'trailmark-doctor', robotCode };
  return attempt(
    'robot',
    `机器人 ${robotCode}`,
    () => client.call('POST', '/v1.0/robot/messageFiles/download', body, OkAnswer),
    { fine: ['media.gone'], scope: SCOPES.robot, press: REACTIONS.robot.admin },
  );
}

/** An instance that is delivered to nobody; the second time the vendor knows it already. */
function cards(client: DingtalkClient, { cardTemplateId }: DingtalkSettings): Promise<Attempted> {
  if (cardTemplateId === '') {
    const detail = '没有卡片模板：卡片改发为带链接的消息（DINGTALK_CARD_TEMPLATE_ID）';
    return Promise.resolve({ name: 'cards', ok: true, detail, code: '' });
  }
  const body = { cardTemplateId, outTrackId: 'trailmark-doctor', cardData: { cardParamMap: { title: '体检' } } };
  return attempt('cards', `模板 ${cardTemplateId}`, () => client.call('POST', '/v1.0/card/instances', body, OkAnswer), {
    fine: ['dingtalk.card_exists'],
    scope: SCOPES.cards,
  });
}

function departments(client: DingtalkClient): Promise<Attempted> {
  const ask = () => client.callOld('/topapi/v2/department/listsub', { dept_id: 1 }, OkAnswer, false);
  return attempt('contacts', '部门可读', ask, { scope: SCOPES.departments });
}

/** Whoever may read members is told that there is no such one. */
function members(client: DingtalkClient): Promise<Attempted> {
  const ask = () => client.callOld('/topapi/v2/user/get', { userid: NOBODY }, OkAnswer, false);
  return attempt('members', '成员可读', ask, { fine: ['dingtalk.recipient_unknown'], scope: SCOPES.members });
}

/** Nobody's check-ins of the last minute. Whether the vendor answers with none or refuses the person, it would have let us. */
function checkIns(client: DingtalkClient, clock: Clock): Promise<Attempted> {
  const end = clock.now().getTime();
  const body = { userid_list: NOBODY, start_time: end - MINUTE, end_time: end, cursor: 0, size: 1 };
  return attempt('checkins', '签到记录可读', () => client.callOld('/topapi/checkin/record/get', body, OkAnswer, true), {
    fine: ['dingtalk.recipient_unknown', 'dingtalk.request_wrong'],
    scope: SCOPES.checkIns,
  });
}

/** What became of a work notification that was never sent: the app is looked at before the task. */
function agent(client: DingtalkClient, { agentId }: DingtalkSettings): Promise<Attempted> {
  const name = 'agent';
  const press = REACTIONS.agent.admin;
  if (!/^\d+$/.test(agentId)) {
    const detail = `DINGTALK_AGENT_ID ${agentId === '' ? '没填' : '不是一串数字'}：取证页的签名和工作通知要用`;
    return Promise.resolve({ name, ok: false, detail, code: '', press });
  }
  const body = { agent_id: Number(agentId), task_id: 1 };
  return attempt(
    name,
    `AgentId ${agentId}`,
    () => client.callOld('/topapi/message/corpconversation/getsendresult', body, OkAnswer, true),
    { fine: ['dingtalk.request_wrong', 'dingtalk.refused'], press },
  );
}

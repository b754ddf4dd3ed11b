import { randomBytes } from 'node:crypto';
import { encrypt, getSignature } from '@wecom/crypto';
import type { WecomConfig } from '../../src/config/index.js';
import { errorText, SECOND, type Clock } from '../../src/core/index.js';
import { bad, none, ok, type Finding } from './finding.js';

/** Asks WeCom what only reads, and our own callback as its console does. */

const CHECK_MS = 10 * SECOND;
const APP = '管理后台 → 应用管理 → 本应用';

/** What to press, by the vendor's code. */
const PRESS: Readonly<Record<number, string>> = {
  40013: '管理后台 → 我的企业 → 企业信息：复制「企业ID」，填进 WECOM_CORP_ID。',
  40001: `${APP}：查看 Secret，重新复制到 WECOM_SECRET（重置过就用新的）。`,
  41004: `${APP}：查看 Secret，填进 WECOM_SECRET。`,
  40056: `${APP}：复制 AgentId，填进 WECOM_AGENT_ID。`,
  301002: `${APP}：AgentId 和 Secret 要取自同一个应用，改 WECOM_AGENT_ID 或 WECOM_SECRET。`,
  60020: `${APP} →「企业可信IP」→ 配置：加进下面这个出口 IP，1 分钟后生效（要先设好可信域名或接收消息的 URL）。`,
  50003: `${APP}：应用已停用，点「启用应用」。`,
  48002: `${APP} →「权限」：这个接口没有权限，检查应用类型要是自建应用。`,
  60011: `${APP} →「可见范围」：加进根部门，或全部要用的部门。`,
  45009: '接口调用太多或密钥错了太多次，停一小时再试。',
};

interface Answer {
  errcode?: number;
  errmsg?: string;
  access_token?: string;
}

export async function checkWecom(wecom: WecomConfig, publicUrl: string, clock: Clock): Promise<Finding[]> {
  const call = async (api: string, query: Record<string, string>): Promise<Answer> => {
    const url = `${wecom.apiBase}/cgi-bin/${api}?${new URLSearchParams(query).toString()}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(CHECK_MS), redirect: 'error' });
    return (await answer.json()) as Answer;
  };
  /** `fine`: codes that only come when what was asked about is in order. */
  const ask = async (
    name: string,
    good: string,
    api: string,
    query: Record<string, string>,
    options: { fine?: readonly number[]; press?: string } = {},
  ): Promise<{ finding: Finding; answer: Answer }> => {
    try {
      const answer = await call(api, query);
      const { errcode = 0, errmsg = '' } = answer;
      if (errcode === 0 || options.fine?.includes(errcode)) return { finding: ok(name, good), answer };
      return { finding: bad(name, `${errcode} ${errmsg}`, options.press ?? PRESS[errcode]), answer };
    } catch (error) {
      // The address holds the secret: never said.
      const press = '查服务器能不能上外网：要能连 qyapi.weixin.qq.com 的 443。';
      return { finding: bad(name, `连不上企业微信：${nameOf(error)}`, press), answer: {} };
    }
  };
  const { corpId: corpid, secret: corpsecret, agentId, contactsSecret } = wecom;
  const token = await ask('wecom.token', `企业 ${corpid} 的凭证有效`, 'gettoken', { corpid, corpsecret });
  const own = await checkCallback(wecom, publicUrl, clock);
  if (token.answer.access_token === undefined) return [token.finding, own];
  const access_token = token.answer.access_token;
  const [app, ticket, contacts] = await Promise.all([
    // 46003: no menu yet, which only the right app is told.
    ask(
      'wecom.app',
      `应用 ${agentId}，出口 IP 可信`,
      'menu/get',
      { access_token, agentid: agentId },
      { fine: [46003] },
    ),
    ask('wecom.pages', '手机页面的 JS-SDK 可用', 'get_jsapi_ticket', { access_token }),
    contactsSecret === ''
      ? { finding: none('wecom.contacts', 'WECOM_CONTACTS_SECRET 没填：通讯录同步不开') }
      : ask(
          'wecom.contacts',
          '通讯录同步的凭证有效',
          'gettoken',
          { corpid, corpsecret: contactsSecret },
          {
            press: '管理后台 → 安全与管理 → 管理工具 → 通讯录同步：查看 Secret，填进 WECOM_CONTACTS_SECRET。',
          },
        ),
  ]);
  return [token.finding, app.finding, ticket.finding, contacts.finding, own];
}

/** As pressing 保存 in the console: the address must give the word back. https://developer.work.weixin.qq.com/document/path/90238 */
async function checkCallback(wecom: WecomConfig, publicUrl: string, clock: Clock): Promise<Finding> {
  const name = 'wecom.callback';
  const url = `${publicUrl}/callback/wecom/${wecom.agentId}`;
  const word = String(randomBytes(6).readUIntBE(0, 6));
  const echostr = encrypt(wecom.encodingAesKey, word, wecom.corpId);
  const timestamp = String(Math.floor(clock.now().getTime() / SECOND));
  const nonce = String(randomBytes(4).readUInt32BE());
  const msg_signature = getSignature(wecom.token, timestamp, nonce, echostr);
  const query = new URLSearchParams({ msg_signature, timestamp, nonce, echostr });
  const press = `${APP} →「接收消息」→ 设置API接收：URL 填 ${url}，Token、EncodingAESKey 和 .env 里一样；服务先跑起来再点保存。`;
  try {
    const answer = await fetch(`${url}?${query.toString()}`, {
      signal: AbortSignal.timeout(CHECK_MS),
      redirect: 'manual',
    });
    const body = await answer.text();
    if (answer.status === 200 && body === word) return ok(name, `${url} 应答正确`);
    const what = answer.status === 200 ? '回的不是解密后的原文' : `回了 HTTP ${answer.status}`;
    return bad(name, `${url} ${what}`, press);
  } catch (error) {
    return bad(name, `${url} 打不开：${nameOf(error)}`, press);
  }
}

function nameOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  if (typeof code === 'string') return code;
  return cause instanceof Error ? cause.name : errorText(error);
}

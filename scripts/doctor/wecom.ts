import { randomBytes } from 'node:crypto';
import { encrypt, getSignature } from '@wecom/crypto';
import type { WecomConfig } from '../../src/config/index.js';
import { errorText, SECOND, type Clock } from '../../src/core/index.js';
import { loginUrl } from '../../src/platforms/wecom/index.js';
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

/** The first app, then the further ones, each line with its AgentId. */
export async function checkWecom(
  wecom: WecomConfig,
  publicUrl: string,
  clock: Clock,
  proxy: ProxyView,
): Promise<Finding[]> {
  const first = checkApp(wecom, publicUrl, clock);
  const more = wecom.moreApps.map(async (app) => {
    const own = await checkApp({ ...wecom, ...app, contactsSecret: '' }, publicUrl, clock);
    const lines = own.filter(({ name }) => name !== 'wecom.contacts' && name !== 'wecom.domain');
    return lines.map((line) => ({ ...line, name: `${line.name}.${app.agentId}` }));
  });
  const files = Object.entries(wecom.verifyFiles).map(([file, content]) => checkVerifyFile(publicUrl, file, content));
  const all = await Promise.all([first, ...more, ...files]);
  return [...all.flat(), ...(wecom.checkSource ? [checkProxy(proxy)] : [])];
}

/** What the server knows of the way to it. */
export interface ProxyView {
  host: string;
  publicUrl: string;
  trustedProxies: readonly string[];
}

/** Whoever listens on the machine itself under a public name stands behind a proxy, and sees nobody else's address. */
function checkProxy({ host, publicUrl, trustedProxies }: ProxyView): Finding {
  const name = 'wecom.source';
  const isBehind = ['127.0.0.1', '::1', 'localhost'].includes(host) && !/\/\/(127\.|localhost|\[::1\])/.test(publicUrl);
  if (!isBehind || trustedProxies.length > 0) return ok(name, '只收企业微信公布的地址来的回调');
  return bad(
    name,
    '前面有反向代理，却没有填 TRUSTED_PROXIES：看到的都是代理的地址，回调会全部被拒',
    '把反向代理的地址填进 TRUSTED_PROXIES（在本机就是 127.0.0.1），代理要写 X-Forwarded-For；或者 WECOM_CHECK_SOURCE=off。',
  );
}

async function checkApp(wecom: WecomConfig, publicUrl: string, clock: Clock): Promise<Finding[]> {
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
  const [domain, app, ticket, contacts] = await Promise.all([
    checkDomain(wecom, publicUrl),
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
  return [token.finding, app.finding, ticket.finding, domain, contacts.finding, own];
}

/**
 * The login page says at once that a domain is not trusted (50001). The vendor's own page tells it only to people, so what it
 * answers to a program is no proof that all is well. https://developer.work.weixin.qq.com/document/path/91022
 */
async function checkDomain(wecom: WecomConfig, publicUrl: string): Promise<Finding> {
  const name = 'wecom.domain';
  const { host } = new URL(publicUrl);
  const press = `${APP} →「网页授权及JS-SDK」：可信域名填 ${host}，一字不差，不带 https:// 和端口；按提示放好校验文件。`;
  try {
    const address = loginUrl({ ...wecom }, `${publicUrl}/login/wecom/done`, 'doctor');
    const answer = await fetch(address, { signal: AbortSignal.timeout(CHECK_MS), redirect: 'manual' });
    const text = await answer.text();
    if (/\b50001\b/.test(text)) return bad(name, `50001：${host} 不是这个应用的可信域名`, press);
    if (new URL(address).origin === new URL(wecom.apiBase).origin) return ok(name, `${host} 是可信域名`);
    return none(name, `登录页没有拒绝 ${host}；手机上打开 ${publicUrl}/m 看一眼，提示 50001 就是可信域名没填`);
  } catch (error) {
    return none(name, `登录页没有应答：${nameOf(error)}`);
  }
}

/** The console fetches the file by itself: under our public address, as it is. */
async function checkVerifyFile(publicUrl: string, file: string, content: string): Promise<Finding> {
  const name = 'wecom.verify';
  const url = `${publicUrl}/${file}`;
  const press =
    '服务要先跑起来；反向代理要把根目录下的这个文件也转给本服务；文件名和 WECOM_VERIFY_FILES 里一字不差，改了要重启。';
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(CHECK_MS), redirect: 'manual' });
    const body = await answer.text();
    if (answer.status === 200 && body === content) return ok(name, `${url} 打得开`);
    return bad(name, `${url} ${answer.status === 200 ? '内容不对' : `回了 HTTP ${answer.status}`}`, press);
  } catch (error) {
    return bad(name, `${url} 打不开：${nameOf(error)}`, press);
  }
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

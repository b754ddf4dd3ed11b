import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../../src/config/index.js';
import { errorText, formatProblem, projectRoot, SECOND, silentLog } from '../../src/core/index.js';
import { loadFlows } from '../../src/flow/index.js';
import { EmbeddedStoreError, openStore } from '../../src/store/index.js';
import { bad, none, ok, type Finding } from './finding.js';

/** What is checked without any platform: store, flows, address. */

const REACH_MS = 10 * SECOND;
const isLoopback = (address: string) => ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(address).hostname);

export async function checkStore(config: Config): Promise<Finding> {
  const { mongodbUri } = config;
  try {
    const store = await openStore({ mongodbUri, dataDir: join(config.dataDir, 'store'), log: silentLog });
    try {
      const hello = (await store.connection.db?.command({ hello: 1 })) ?? {};
      const kind = hello['setName'] ? '副本集' : hello['msg'] === 'isdbgrid' ? '分片集群' : '单机';
      return ok('store', mongodbUri === '' ? `内置存储，${config.dataDir}` : `MongoDB ${kind}`);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof EmbeddedStoreError) {
      if (error.code === 'locked') return ok('store', '正由运行中的服务使用');
      return bad('store', error.say, '换一个 DATA_DIR，或按提示处理这个目录。');
    }
    return bad(
      'store',
      `连不上：${errorText(error)}`,
      '核对 MONGODB_URI 的地址、账号和网络；副本集要写 ?replicaSet=。',
    );
  }
}

export function checkFlows(): Finding {
  const { flows, problems } = loadFlows(join(projectRoot, 'bot-flows'));
  const [first] = problems.filter(({ level }) => level === 'error');
  if (first !== undefined) return bad('flows', formatProblem(first), '改好后再跑 npm run flow -- lint 这个文件。');
  if (flows.length === 0) return bad('flows', 'bot-flows 里没有流程文件', '放进一个 .flow.yaml。');
  return ok('flows', flows.map(({ name }) => name).join('、'));
}

/** The platforms open pages of ours only under a domain that they were told. */
export function checkAddress(config: Config): Finding {
  const { publicUrl, wecom, dingtalk } = config;
  const bases = [wecom?.apiBase, dingtalk?.apiBase].filter((base) => base !== undefined);
  if (bases.length === 0) return none('address', '没有配置平台，用沙盒');
  if (isLoopback(publicUrl) && bases.every(isLoopback)) return ok('address', `${publicUrl}（本机）`);
  const { protocol, hostname, port } = new URL(publicUrl);
  const problems = [
    ...(protocol === 'https:' ? [] : ['不是 https']),
    ...(isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? [] : ['是 IP，不是域名']),
    ...(port === '' ? [] : ['带端口']),
  ];
  if (problems.length === 0) return ok('address', publicUrl);
  return bad(
    'address',
    `PUBLIC_URL ${publicUrl} ${problems.join('、')}`,
    '用备案过的 https 域名；企业微信：应用 →「网页授权及 JS-SDK」填可信域名；钉钉：本应用 →「安全设置」填重定向 URL 和域名。',
  );
}

export async function checkReach(config: Config): Promise<Finding> {
  const { publicUrl, wecom, dingtalk } = config;
  if (wecom === null && dingtalk === null) return none('reach', '没有配置平台');
  try {
    const answer = await fetch(`${publicUrl}/healthz`, { signal: AbortSignal.timeout(REACH_MS), redirect: 'manual' });
    if (answer.ok) return ok('reach', `${publicUrl} 打得开`);
    return bad('reach', `${publicUrl}/healthz 回了 HTTP ${answer.status}`, '反向代理要把全部路径转给本服务。');
  } catch (error) {
    return bad(
      'reach',
      `${publicUrl} 打不开：${errorText(error)}`,
      '先 npm start；再查域名解析、证书、反向代理和防火墙。',
    );
  }
}

/** More than this, and signatures, tickets and the times of evidence go wrong. */
const MOST_SKEW_MS = 60 * SECOND;

/** The vendor's clock, by the head of any answer, a refusal too. */
export async function checkClock(address: string, now: () => Date): Promise<Finding> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(REACH_MS), redirect: 'manual' });
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return none('clock', '平台没有报时');
    const skew = Math.round((now().getTime() - theirs) / SECOND);
    if (Math.abs(skew) * SECOND <= MOST_SKEW_MS) return ok('clock', `和平台相差 ${Math.abs(skew)} 秒`);
    const which = skew > 0 ? '快' : '慢';
    return bad(
      'clock',
      `本机比平台${which} ${Math.abs(skew)} 秒`,
      '打开对时：timedatectl set-ntp true，或查 chrony、ntpd。',
    );
  } catch (error) {
    return bad(
      'clock',
      `${new URL(address).origin} 连不上：${errorText(error)}`,
      '查服务器能不能上外网，代理和防火墙有没有拦。',
    );
  }
}

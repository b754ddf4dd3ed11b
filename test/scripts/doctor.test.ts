import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { diagnose } from '../../scripts/doctor/diagnose.js';
import { formatFinding, type Finding } from '../../scripts/doctor/finding.js';
import { silentLog, systemClock } from '../../src/core/index.js';
import type { CallbackReceiver } from '../../src/platforms/contract.js';
import { createDingtalkAdapter } from '../../src/platforms/dingtalk/index.js';
import { memoryTokenStore } from '../../src/platforms/index.js';
import { createWecomAdapter } from '../../src/platforms/wecom/index.js';
import type { SandboxAccess } from '../../src/sandbox/index.js';
import { testStore } from '../helpers/store.js';
import { startBench, type Bench, type Owner } from '../sandbox/support.js';

/** The doctor beside a running server of ours, on the stand-ins: one thing is wrong each time, and it is named. */

type Env = Record<string, string>;

async function serve(t: Owner, access: SandboxAccess): Promise<string> {
  const common = {
    clock: systemClock,
    log: silentLog,
    tokens: memoryTokenStore(),
    intake: () => Promise.resolve({ duplicate: false }),
  };
  const wecom = createWecomAdapter({ ...common, settings: access.wecom });
  const dingtalk = createDingtalkAdapter({ ...common, settings: { ...access.dingtalk, mode: 'http' } });
  const receivers: Record<string, CallbackReceiver> = {
    [`/callback/wecom/${access.wecom.agentId}`]: wecom.callback,
    '/callback/dingtalk': dingtalk.callback,
  };
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const receive = receivers[pathname];
    if (pathname === '/WW_verify_Good1.txt') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('Good1');
      return;
    }
    if (receive === undefined) {
      response.writeHead(pathname === '/healthz' ? 200 : 404).end();
      return;
    }
    const { method = '', headers } = request;
    const query = Object.fromEntries(searchParams);
    const answer = await receive({ method, query, headers, body: Buffer.concat(chunks) });
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  }
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function setUp(t: Owner): Promise<{ bench: Bench; wecom: Env; dingtalk: Env }> {
  const bench = await startBench(t);
  const { wecom: w, dingtalk: d } = bench.access;
  const common = {
    PUBLIC_URL: await serve(t, bench.access),
    MONGODB_URI: (await testStore()).uri,
    SECRET_KEY: 'x'.repeat(32),
  };
  return {
    bench,
    wecom: {
      ...common,
      WECOM_CORP_ID: w.corpId,
      WECOM_AGENT_ID: w.agentId,
      WECOM_SECRET: w.secret,
      WECOM_TOKEN: w.token,
      WECOM_ENCODING_AES_KEY: w.encodingAesKey,
      WECOM_CONTACTS_SECRET: w.contactsSecret,
      WECOM_API_BASE: w.apiBase,
    },
    dingtalk: {
      ...common,
      DINGTALK_CLIENT_ID: d.clientId,
      DINGTALK_CLIENT_SECRET: d.clientSecret,
      DINGTALK_ROBOT_CODE: d.robotCode,
      DINGTALK_CORP_ID: d.corpId,
      DINGTALK_AGENT_ID: d.agentId,
      DINGTALK_CARD_TEMPLATE_ID: d.cardTemplateId,
      DINGTALK_API_BASE: d.apiBase,
      DINGTALK_OAPI_BASE: d.oapiBase,
    },
  };
}

const wrongOf = (findings: readonly Finding[]) => findings.filter(({ state }) => state === 'bad');

test('where all is well, every line is and the code is 0', async (t) => {
  const { wecom, dingtalk, bench } = await setUp(t);
  const { eventToken, eventAesKey } = bench.access.dingtalk;
  const keys = { DINGTALK_EVENT_TOKEN: eventToken, DINGTALK_EVENT_AES_KEY: eventAesKey };
  for (const mode of ['stream', 'http']) {
    const more = { DINGTALK_MODE: mode, WECOM_VERIFY_FILES: 'WW_verify_Good1.txt' };
    const { findings, exitCode } = await diagnose({ ...wecom, ...dingtalk, ...keys, ...more });
    t.deepEqual(wrongOf(findings).map(formatFinding), []);
    t.is(exitCode, 0);
    t.true(findings.length >= 15);
    for (const finding of findings) t.regex(formatFinding(finding), /^[✔–] \S+ {2}\S.*$/u);
  }
  t.deepEqual(await bench.messages('dingtalk', 'staff01'), [], 'nobody sees it');
});

test('nothing set: nothing to check of the platforms, and that is fine', async (t) => {
  const { findings, exitCode } = await diagnose({ MONGODB_URI: (await testStore()).uri });
  t.is(exitCode, 0);
  t.deepEqual(
    findings.filter(({ state }) => state === 'none').map(({ name }) => name),
    ['address', 'reach', 'clock', 'wecom', 'dingtalk'],
  );
});

interface Wrong {
  env?: Env;
  faults?: Record<string, unknown>;
  /** The line that names it, and what it tells to press. */
  says: [name: string, press: RegExp];
  exit?: 1 | 2;
}
const AS_WECOM = (errcode: number, errmsg: string) => ({ json: { errcode, errmsg } });

const WECOM: Record<string, Wrong> = {
  'another company': { env: { WECOM_CORP_ID: 'ww0000000000000000' }, says: ['wecom.token', /我的企业.*WECOM_CORP_ID/] },
  'a secret that was reset': { env: { WECOM_SECRET: 'old-secret' }, says: ['wecom.token', /Secret.*WECOM_SECRET/] },
  'another app’s id': { env: { WECOM_AGENT_ID: '1000099' }, says: ['wecom.app', /同一个应用/] },
  'an address that is not trusted': {
    faults: {
      refusals: { '/cgi-bin/menu/get': AS_WECOM(60020, 'not allow to access from your ip, from ip: 203.0.113.9') },
    },
    says: ['wecom.app', /企业可信IP/],
  },
  'an app that is switched off': {
    faults: { refusals: { '/cgi-bin/menu/get': AS_WECOM(50003, 'app disabled') } },
    says: ['wecom.app', /启用应用/],
  },
  'no right to the page interface': {
    faults: { refusals: { '/cgi-bin/get_jsapi_ticket': AS_WECOM(48002, 'api forbidden') } },
    says: ['wecom.pages', /权限/],
  },
  'the wrong contacts secret': { env: { WECOM_CONTACTS_SECRET: 'x' }, says: ['wecom.contacts', /通讯录同步/] },
  'another callback token than the server’s': {
    env: { WECOM_TOKEN: 'othertoken' },
    says: ['wecom.callback', /接收消息/],
  },
  'a key with a character missing': {
    env: { WECOM_ENCODING_AES_KEY: 'a'.repeat(42) },
    says: ['config', /\.env\.example/],
    exit: 2,
  },
  'a server that does not run': { env: { PUBLIC_URL: 'http://127.0.0.1:9' }, says: ['reach', /npm start/] },
  'a clock that is ten minutes off': { faults: { clockSkewMs: -600_000 }, says: ['clock', /timedatectl/] },
  'a domain that the app does not trust': {
    env: { PUBLIC_URL: 'https://trail.invalid' },
    says: ['wecom.domain', /可信域名填 trail\.invalid/],
  },
  'a check of source addresses behind a proxy that is not named': {
    env: { PUBLIC_URL: 'https://trail.invalid', WECOM_CHECK_SOURCE: 'on' },
    says: ['wecom.source', /TRUSTED_PROXIES/],
  },
  'a file for the domain that nobody answers': {
    env: { WECOM_VERIFY_FILES: 'WW_verify_Ab12Cd34.txt' },
    says: ['wecom.verify', /反向代理.*WECOM_VERIFY_FILES/],
  },
  'a further app with another secret': {
    env: {
      WECOM_MORE_APPS: '1000003',
      WECOM_1000003_SECRET: 'nonsense',
      WECOM_1000003_TOKEN: 'tok',
      WECOM_1000003_ENCODING_AES_KEY: 'k'.repeat(43),
    },
    says: ['wecom.token.1000003', /Secret/],
  },
  'an address without a domain': { env: { PUBLIC_URL: 'http://192.0.2.1:3000' }, says: ['address', /可信域名/] },
};

/** Permission points of the console, and the line that asks for each. */
const LINE_OF = {
  qyapi_robot_sendmsg: 'dingtalk.robot',
  'Card.Instance.Write': 'dingtalk.cards',
  qyapi_get_department_list: 'dingtalk.contacts',
  qyapi_get_member: 'dingtalk.members',
  qyapi_base: 'dingtalk.checkins',
};
const missing = (scope: keyof typeof LINE_OF): Record<string, Wrong> => ({
  [`a missing permission (${scope})`]: {
    faults: { missingScopes: [scope] },
    says: [LINE_OF[scope], new RegExp(`权限管理.*搜索 ${scope}，.*发布`)],
  },
});

const DINGTALK: Record<string, Wrong> = {
  'a wrong app key': { env: { DINGTALK_CLIENT_ID: 'dingother' }, says: ['dingtalk.token', /DINGTALK_CLIENT_ID/] },
  'a wrong secret': { env: { DINGTALK_CLIENT_SECRET: 'nonsense' }, says: ['dingtalk.token', /凭证与基础信息/] },
  'a secret copied with its quotes': {
    env: { DINGTALK_CLIENT_SECRET: '"quoted"' },
    says: ['dingtalk.settings', /不带空格和引号/],
  },
  'another company': { env: { DINGTALK_CORP_ID: 'ding0000' }, says: ['dingtalk.company', /DINGTALK_CORP_ID/] },
  'a wrong robot code': { env: { DINGTALK_ROBOT_CODE: 'dingother' }, says: ['dingtalk.robot', /DINGTALK_ROBOT_CODE/] },
  ...missing('qyapi_robot_sendmsg'),
  ...missing('Card.Instance.Write'),
  ...missing('qyapi_get_department_list'),
  ...missing('qyapi_get_member'),
  ...missing('qyapi_base'),
  'a robot that was stopped': {
    faults: { refusals: { '/v1.0/robot/messageFiles/download': { status: 400, json: { code: 'bot.stopped' } } } },
    says: ['dingtalk.robot', /启用机器人/],
  },
  'a template that is not there': {
    env: { DINGTALK_CARD_TEMPLATE_ID: '00000000-0000-0000-0000-000000000009.schema' },
    says: ['dingtalk.cards', /卡片平台.*发布/],
  },
  'contacts out of the app’s scope': {
    faults: { refusals: { '/topapi/v2/department/listsub': { json: { errcode: 50004, errmsg: 'x' } } } },
    says: ['dingtalk.contacts', /通讯录权限范围/],
  },
  'a template that was not published': {
    faults: { refusals: { '/v1.0/card/instances': { status: 400, json: { code: 'param.templateUnpublished' } } } },
    says: ['dingtalk.cards', /卡片平台.*发布/],
  },
  'members out of the app’s scope': {
    faults: { refusals: { '/topapi/v2/user/get': { json: { errcode: 50002, errmsg: 'x' } } } },
    says: ['dingtalk.members', /通讯录权限范围/],
  },
  'the agent id of another app': { env: { DINGTALK_AGENT_ID: '1' }, says: ['dingtalk.agent', /DINGTALK_AGENT_ID/] },
  'no agent id': { env: { DINGTALK_AGENT_ID: '' }, says: ['dingtalk.agent', /AgentId.*DINGTALK_AGENT_ID/] },
  'an agent id that is none': { env: { DINGTALK_AGENT_ID: 'dingapp' }, says: ['dingtalk.agent', /DINGTALK_AGENT_ID/] },
  'no company id': { env: { DINGTALK_CORP_ID: '' }, says: ['dingtalk.company', /CorpId.*DINGTALK_CORP_ID/] },
  'an address that is not listed': {
    faults: {
      refusals: {
        '/v1.0/oauth2/jsapiTickets': {
          status: 403,
          json: { code: 'Forbidden.AccessDenied.IpNotInWhiteList', message: 'x' },
        },
      },
    },
    says: ['dingtalk.token', /服务器出口 IP/],
  },
  'a month that is used up': { faults: { quota: true }, says: ['dingtalk.robot', /加购/] },
  'a gateway that is not reached': {
    faults: { refusals: { '/v1.0/gateway/connections/open': { status: 502, json: {} } } },
    says: ['dingtalk.stream', /wss-open-connection/],
  },
  'HTTP mode without its keys': { env: { DINGTALK_MODE: 'http' }, says: ['dingtalk.callback', /事件与回调/] },
  'HTTP mode with other keys than the server’s': {
    env: { DINGTALK_MODE: 'http', DINGTALK_EVENT_TOKEN: 'other', DINGTALK_EVENT_AES_KEY: 'a'.repeat(43) },
    says: ['dingtalk.callback', /DINGTALK_EVENT_TOKEN/],
  },
  'an encryption key with a character missing': {
    env: { DINGTALK_MODE: 'http', DINGTALK_EVENT_TOKEN: 'tok123', DINGTALK_EVENT_AES_KEY: 'a'.repeat(42) },
    says: ['config', /\.env\.example/],
    exit: 2,
  },
  'a signing token with signs in it': {
    env: { DINGTALK_MODE: 'http', DINGTALK_EVENT_TOKEN: 'tok-123', DINGTALK_EVENT_AES_KEY: 'a'.repeat(43) },
    says: ['config', /\.env\.example/],
    exit: 2,
  },
  'a server that does not run': { env: { PUBLIC_URL: 'http://127.0.0.1:9' }, says: ['reach', /npm start/] },
  'a clock that is ten minutes off': { faults: { clockSkewMs: 600_000 }, says: ['clock', /timedatectl/] },
};

/** One server of ours and one pair of stand-ins for all of them: they come one after the other. */
const ends: (() => unknown)[] = [];
const owner: Owner = { teardown: (end) => void ends.push(end) };
let shared: ReturnType<typeof setUp> | undefined;
test.after.always('what stood for all ends', async () => {
  for (const end of ends.reverse()) await end();
});

for (const [platform, all] of [
  ['wecom', WECOM],
  ['dingtalk', DINGTALK],
] as const) {
  for (const [what, { env, faults, says, exit = 1 }] of Object.entries(all)) {
    test.serial(`${platform}: ${what} is named, with what to press`, async (t) => {
      const set = await (shared ??= setUp(owner));
      await set.bench.control('PUT', 'faults', { wecom: {}, dingtalk: {}, [platform]: faults ?? {} });
      const { findings, exitCode } = await diagnose({ ...set[platform], ...env });
      const [name, press] = says;
      const found = findings.find((one) => one.name === name && one.state === 'bad');
      t.regex(found?.press ?? '', press, wrongOf(findings).map(formatFinding).join('\n'));
      t.is(exitCode, exit);
      for (const secret of [set.bench.access.wecom.secret, set.bench.access.dingtalk.clientSecret]) {
        t.false(findings.map(formatFinding).join('\n').includes(secret), 'no secret is shown');
      }
    });
  }
}

test('one missing permission spoils its own line and no other', async (t) => {
  const { bench, dingtalk } = await setUp(t);
  for (const [scope, name] of Object.entries(LINE_OF)) {
    await bench.control('PUT', 'faults', { dingtalk: { missingScopes: [scope] } });
    const wrong = wrongOf((await diagnose(dingtalk)).findings);
    t.deepEqual(
      wrong.map((one) => one.name),
      [name],
    );
    t.true(wrong[0]?.press?.includes(`搜索 ${scope}，`));
  }
});

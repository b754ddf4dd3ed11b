import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../src/config/index.js';
import { ConfigError, projectRoot } from '../../src/core/index.js';

const AES = 'a'.repeat(43);
const WECOM = {
  WECOM_CORP_ID: 'ww1',
  WECOM_AGENT_ID: '1000002',
  WECOM_SECRET: 's',
  WECOM_TOKEN: 'Token1',
  WECOM_ENCODING_AES_KEY: AES,
  PUBLIC_URL: 'https://trail.example.com/',
};

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

test('with nothing set: the sandbox, the embedded store, everything in one process on loopback', (t) => {
  const config = loadConfig({});
  t.like(config, {
    host: '127.0.0.1',
    port: 3000,
    publicUrl: '',
    dataDir: resolve('data'),
    mongodbUri: '',
    sandbox: true,
    zone: 'Asia/Shanghai',
    logLevel: 'info',
    ocrEngines: 'both',
    retention: { photoDays: 730, documentDays: 0, recordingDays: 180 },
    asr: null,
    wecom: null,
    dingtalk: null,
  });
  t.deepEqual([...config.roles], ['web', 'worker', 'ocr']);
  t.true(Object.isFrozen(config));
});

test('blank values count as not set, blanks around values are dropped', (t) => {
  t.like(loadConfig({ PORT: '  ', HOST: ' 0.0.0.0 ', MONGODB_URI: ' ' }), {
    port: 3000,
    host: '0.0.0.0',
    mongodbUri: '',
  });
});

test('a real platform turns the sandbox off, unless it is asked for', (t) => {
  const config = loadConfig(WECOM);
  t.false(config.sandbox);
  t.like(config.wecom, { agentId: '1000002', apiBase: 'https://qyapi.weixin.qq.com' });
  t.is(config.publicUrl, 'https://trail.example.com', 'no slash at the end');
  t.true(loadConfig({ ...WECOM, SANDBOX: 'on' }).sandbox);
  t.false(loadConfig({ SANDBOX: 'off' }).sandbox);
});

test('DingTalk needs its client; the robot is the client when nothing else is said', (t) => {
  const { dingtalk } = loadConfig({
    DINGTALK_CLIENT_ID: 'ding1',
    DINGTALK_CLIENT_SECRET: 's',
    DINGTALK_API_BASE: 'http://127.0.0.1:4000/',
    PUBLIC_URL: 'https://trail.example.com',
  });
  t.like(dingtalk, { robotCode: 'ding1', mode: 'stream', apiBase: 'http://127.0.0.1:4000' });
  t.deepEqual(problemsOf({ DINGTALK_CLIENT_ID: 'ding1', DINGTALK_MODE: 'push' }), [
    'DINGTALK_MODE: push is not one of stream, http',
    'DINGTALK_CLIENT_SECRET: required with DINGTALK_CLIENT_ID',
    'PUBLIC_URL: required with a real platform; the address that phones open, such as https://trail.example.com',
  ]);
});

test('DingTalk by HTTP: the keys of the event subscription come together, in the console’s form', (t) => {
  const env = {
    DINGTALK_CLIENT_ID: 'ding1',
    DINGTALK_CLIENT_SECRET: 's',
    DINGTALK_MODE: 'http',
    PUBLIC_URL: 'https://trail.example.com',
  };
  const keys = { DINGTALK_EVENT_TOKEN: 'abc123', DINGTALK_EVENT_AES_KEY: 'a'.repeat(43) };
  t.like(loadConfig({ ...env, ...keys }).dingtalk, { mode: 'http', eventToken: 'abc123', monthlyPushes: 3_000 });
  t.is(loadConfig({ ...env, SANDBOX: 'on' }).dingtalkMode, 'http');
  const robots = `east=${'a'.repeat(64)}:SECabc, west=${'b'.repeat(64)}:SECdef`;
  t.deepEqual(Object.keys(loadConfig({ ...env, DINGTALK_GROUP_ROBOTS: robots }).dingtalk?.groupRobots ?? {}), [
    'east',
    'west',
  ]);
  t.deepEqual(problemsOf({ ...env, DINGTALK_GROUP_ROBOTS: 'east=secretly' }), [
    'DINGTALK_GROUP_ROBOTS: an entry needs <group id>=<access_token of the webhook>:<SEC… of 加签>',
  ]);
  t.deepEqual(problemsOf({ ...env, DINGTALK_EVENT_TOKEN: 'abc123' }), [
    'DINGTALK_EVENT_TOKEN and DINGTALK_EVENT_AES_KEY: both or neither',
  ]);
  t.deepEqual(problemsOf({ ...env, DINGTALK_EVENT_TOKEN: 'a-b', DINGTALK_EVENT_AES_KEY: 'short' }), [
    'DINGTALK_EVENT_TOKEN: 3–32 letters and digits',
    'DINGTALK_EVENT_AES_KEY: must be the 43 letters and digits from the console, without spaces',
  ]);
});

test('every mistake is listed at once, with its name', (t) => {
  const problems = problemsOf({
    PORT: '70000',
    HOST: 'not a host',
    MONGODB_URI: 'postgres://x',
    TZ_ORG: 'Shanghai',
    ROLE: 'web,chef',
    SANDBOX: 'maybe',
    SECRET_KEY: 'short',
    LOG_LEVEL: 'loud',
    OCR_ENGINES: 'none',
    PUBLIC_URL: 'ftp://x',
  });
  t.deepEqual(problems.map((problem) => problem.slice(0, problem.indexOf(':'))).toSorted(), [
    'HOST',
    'LOG_LEVEL',
    'MONGODB_URI',
    'OCR_ENGINES',
    'PORT',
    'PUBLIC_URL',
    'ROLE',
    'SANDBOX',
    'SECRET_KEY',
    'TZ_ORG',
  ]);
});

test('WeCom: what is missing or malformed is said, and no secret is repeated in it', (t) => {
  const problems = problemsOf({
    ...WECOM,
    WECOM_AGENT_ID: 'x',
    WECOM_TOKEN: 'bad token',
    WECOM_ENCODING_AES_KEY: 'k3y',
    WECOM_SECRET: '',
  });
  t.is(problems.length, 4);
  t.false(problems.join('\n').includes('k3y'));
  t.false(problems.join('\n').includes('bad token'));
  t.regex(problems.join('\n'), /WECOM_SECRET: required/);
});

test('WeCom: the check of source addresses is off by default; proxies are addresses and ranges', (t) => {
  t.like(loadConfig(WECOM), { trustedProxies: [], wecom: { checkSource: false } });
  const env = { ...WECOM, WECOM_CHECK_SOURCE: 'on', TRUSTED_PROXIES: '10.0.0.2, 10.1.0.0/16,fd00::/8' };
  t.like(loadConfig(env), {
    trustedProxies: ['10.0.0.2', '10.1.0.0/16', 'fd00::/8'],
    wecom: { checkSource: true },
  });
  const problems = problemsOf({ ...WECOM, WECOM_CHECK_SOURCE: 'yes', TRUSTED_PROXIES: 'proxy.local,10.0.0.0/40' });
  t.is(problems.length, 3);
});

test('WeCom: files that prove the domain are named exactly; their content is the word in the name unless it is given', (t) => {
  t.deepEqual(loadConfig(WECOM).wecom?.verifyFiles, {});
  const files = 'WW_verify_Ab12.txt, WW_verify_x.txt=other-word';
  t.deepEqual(loadConfig({ ...WECOM, WECOM_VERIFY_FILES: files }).wecom?.verifyFiles, {
    'WW_verify_Ab12.txt': 'Ab12',
    'WW_verify_x.txt': 'other-word',
  });
  const wrong = [
    'verify.txt',
    '../WW_verify_a.txt',
    'WW_verify_a b.txt',
    'WW_verify_.txt',
    'WW_verify_a.txt=two words',
  ];
  for (const value of wrong) t.is(problemsOf({ ...WECOM, WECOM_VERIFY_FILES: value }).length, 1, value);
});

test('WeCom: further apps with their own keys', (t) => {
  const aes = 'k'.repeat(43);
  const own = { WECOM_1000003_SECRET: 's3', WECOM_1000003_TOKEN: 'tok3', WECOM_1000003_ENCODING_AES_KEY: aes };
  t.deepEqual(loadConfig(WECOM).wecom?.moreApps, []);
  t.deepEqual(loadConfig({ ...WECOM, ...own, WECOM_MORE_APPS: ' 1000003 ' }).wecom?.moreApps, [
    { agentId: '1000003', secret: 's3', token: 'tok3', encodingAesKey: aes },
  ]);
  t.is(problemsOf({ ...WECOM, WECOM_MORE_APPS: '1000003' }).length, 2);
  t.is(problemsOf({ ...WECOM, ...own, WECOM_MORE_APPS: '1000003,1000003,app' }).length, 2);
  t.is(problemsOf({ ...WECOM, ...own, WECOM_MORE_APPS: '1000003', WECOM_1000003_TOKEN: 'a b' }).length, 1);
});

test('WeCom: further callbacks and group robots; a webhook is kept as its key, and only the vendor’s', (t) => {
  const aes = 'k'.repeat(43);
  const more = { WECOM_CONTACTS_TOKEN: 'tok', WECOM_CONTACTS_ENCODING_AES_KEY: aes, WECOM_ACCOUNT_LIMIT: '50' };
  const key = '693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa';
  const robots = `g-1=${key}, g-2=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${key}`;
  const { wecom } = loadConfig({ ...WECOM, ...more, WECOM_GROUP_ROBOTS: robots });
  t.like(wecom, {
    contacts: { token: 'tok', encodingAesKey: aes },
    aibot: null,
    groupRobots: { 'g-1': key, 'g-2': key },
    accountLimit: 50,
  });
  const problems = problemsOf({
    ...WECOM,
    WECOM_CONTACTS_TOKEN: 'tok',
    WECOM_AIBOT_ENCODING_AES_KEY: aes,
    WECOM_ACCOUNT_LIMIT: '-1',
    WECOM_GROUP_ROBOTS: `g-1=https://evil.example.com/cgi-bin/webhook/send?key=${key},${key},=${key}`,
  });
  t.is(problems.length, 6, problems.join('\n'));
  t.false(problems.join('\n').includes(key));
});

test('a shared store needs the shared key, except in the sandbox', (t) => {
  const uri = { MONGODB_URI: 'mongodb://user:pass@db.example.com/trail' };
  t.true(problemsOf({ ...uri, ...WECOM }).some((problem) => problem.startsWith('SECRET_KEY')));
  t.deepEqual(problemsOf(uri), []);
  t.false(
    problemsOf({ ...uri, ...WECOM, PORT: 'x' })
      .join('\n')
      .includes('pass@'),
  );
  t.deepEqual([...loadConfig({ ROLE: 'web, worker' }).roles], ['web', 'worker']);
});

test('a speech service has an address, and a token without one is a mistake', (t) => {
  const { asr } = loadConfig({ ASR_URL: 'https://speech.example.com/v1/audio/transcriptions/', ASR_TOKEN: 'secret-1' });
  t.deepEqual(asr, { url: 'https://speech.example.com/v1/audio/transcriptions', token: 'secret-1', model: '' });
  const problems = (env: Record<string, string>): string => t.throws(() => loadConfig(env))?.message ?? '';
  t.regex(problems({ ASR_TOKEN: 'secret-1' }), /ASR_URL: required with ASR_TOKEN/);
  t.regex(problems({ ASR_URL: 'https://speech.example.com/?token=secret-1' }), /ASR_URL: .* is not an http/);
});

test('the AI bot has one door: a long connection or a callback', (t) => {
  const bot = { WECOM_AIBOT_ID: 'aib1', WECOM_AIBOT_SECRET: 's' };
  t.is(loadConfig(WECOM).wecom?.aibotLink, null);
  t.deepEqual(loadConfig({ ...WECOM, ...bot }).wecom?.aibotLink, { botId: 'aib1', secret: 's', url: '' });
  t.regex(problemsOf({ ...WECOM, WECOM_AIBOT_ID: 'aib1' }).join(), /WECOM_AIBOT_SECRET: required/);
  t.regex(problemsOf({ ...WECOM, WECOM_AIBOT_SECRET: 's' }).join(), /WECOM_AIBOT_ID: required/);
  const both = { ...WECOM, ...bot, WECOM_AIBOT_TOKEN: 'T1', WECOM_AIBOT_ENCODING_AES_KEY: AES };
  t.regex(problemsOf(both).join(), /not both/);
  t.regex(problemsOf({ ...WECOM, ...bot, WECOM_AIBOT_WS: 'https://x' }).join(), /WECOM_AIBOT_WS: must be/);
});

test('another address of WeCom’s API serves the sandbox too, and a wrong one is told once', (t) => {
  t.like(loadConfig({ WECOM_API_BASE: 'http://127.0.0.1:9/' }), { sandbox: true, wecomApiBase: 'http://127.0.0.1:9' });
  t.is(problemsOf({ ...WECOM, WECOM_API_BASE: 'nowhere' }).length, 1);
});

test('.env.example names what is read, and nothing else', (t) => {
  const example = readFileSync(join(projectRoot, '.env.example'), 'utf8');
  const named = [...example.matchAll(/^([A-Z][A-Z_]*)=/gmu)].map(([, name]) => name!);
  t.is(new Set(named).size, named.length, 'each once');
  const read = new Set<string>();
  // Every platform is set up, so that whatever is looked at only then is looked at.
  const set: Record<string, string> = {
    WECOM_CORP_ID: 'ww1',
    WECOM_MORE_APPS: '7',
    DINGTALK_CLIENT_ID: 'd',
    ASR_URL: 'x',
  };
  const env = new Proxy(set, {
    get: (target, name: string) => {
      read.add(name);
      return target[name];
    },
  });
  t.throws(() => loadConfig(env), { instanceOf: ConfigError });
  // Of further apps, by their own numbers.
  t.deepEqual([...read].filter((name) => !/^WECOM_7_/u.test(name)).sort(), named.sort());
});

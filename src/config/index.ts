import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigError, parseRange } from '../core/index.js';
import type { AsrConfig, Config, DingtalkConfig, Role, WecomConfig } from './types.js';
import { loadVerifyFiles } from './verify-files.js';

export type { AsrConfig, Config, DingtalkConfig, Role, WecomConfig } from './types.js';

const WECOM_API = 'https://qyapi.weixin.qq.com';
const DINGTALK_API = 'https://api.dingtalk.com';
/** The free edition's, for the whole company (since 2025-11). */
const DINGTALK_FREE_MONTHLY_CALLS = 5_000;
const DINGTALK_FREE_MONTHLY_PUSHES = 3_000;
const DINGTALK_OAPI = 'https://oapi.dingtalk.com';
const ROLES: readonly Role[] = ['web', 'worker', 'ocr'];
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Half a year: the deal it speaks for is decided by then, and a voice is the most personal of what is kept. */
const KEEP_RECORDINGS_DAYS = 180;
/** Two years: as long as a photo may still be asked about in a deal, or handed in again. */
const KEEP_PHOTOS_DAYS = 730;

/**
 * The environment as one frozen, typed object. All mistakes are listed at once in a `ConfigError`; the caller exits 2.
 * A platform is configured when its first variable is set; then its other required ones must be there.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const text = (name: string, fallback = ''): string => (env[name] ?? '').trim() || fallback;

  const port = Number(text('PORT', '3000'));
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    problems.push(`PORT: ${text('PORT')} is not a port (0–65535)`);

  const host = text('HOST', '127.0.0.1');
  if (isIP(host) === 0 && host !== 'localhost') problems.push(`HOST: ${host} is not an address`);

  const url = (name: string, fallback: string): string => {
    const value = text(name, fallback);
    if (value === '') return '';
    try {
      const parsed = new URL(value);
      if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') throw new TypeError('scheme');
      if (parsed.search !== '' || parsed.hash !== '') throw new TypeError('query');
    } catch {
      problems.push(`${name}: ${value} is not an http(s) address`);
    }
    return value.replace(/\/+$/, '');
  };
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = text(name, fallback);
    if (!(allowed as readonly string[]).includes(value)) {
      problems.push(`${name}: ${value} is not one of ${allowed.join(', ')}`);
      return fallback;
    }
    return value as T;
  };

  const mongodbUri = text('MONGODB_URI');
  if (mongodbUri !== '' && !/^mongodb(\+srv)?:\/\//.test(mongodbUri)) {
    problems.push('MONGODB_URI: must begin with mongodb:// or mongodb+srv://');
  }

  const zone = text('TZ_ORG', 'Asia/Shanghai');
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    problems.push(`TZ_ORG: ${zone} is not an IANA time zone such as Asia/Shanghai`);
  }

  const days = (name: string, fallback: number): number => {
    const value = Number(text(name, String(fallback)));
    if (!Number.isInteger(value) || value < 0) problems.push(`${name}: must be a whole number of days, 0 for ever`);
    return value;
  };

  const roleText = text('ROLE', 'all');
  const roles = new Set<Role>();
  for (const name of roleText.split(',').map((part) => part.trim())) {
    if (name === 'all') for (const role of ROLES) roles.add(role);
    else if ((ROLES as readonly string[]).includes(name)) roles.add(name as Role);
    else problems.push(`ROLE: ${name} is not one of all, ${ROLES.join(', ')}`);
  }

  const wecom = loadWecom(text, url, problems);
  const dingtalkMode = oneOf('DINGTALK_MODE', ['stream', 'http'], 'stream');
  const dingtalkChoices = {
    mode: dingtalkMode,
    ding: oneOf('DINGTALK_DING', ['off', 'app', 'sms', 'phone'], 'off'),
    checkInDatum: oneOf('DINGTALK_CHECKIN_DATUM', ['gcj02', 'wgs84'], 'gcj02'),
  };
  const dingtalk = loadDingtalk(text, url, dingtalkChoices, problems);
  const sandboxChoice = oneOf('SANDBOX', ['auto', 'on', 'off'], 'auto');
  const sandbox = sandboxChoice === 'on' || (sandboxChoice === 'auto' && wecom === null && dingtalk === null);

  const secretKey = text('SECRET_KEY');
  if (secretKey !== '' && secretKey.length < 32) problems.push('SECRET_KEY: at least 32 characters');
  if (mongodbUri !== '' && secretKey === '' && !sandbox) {
    problems.push(
      'SECRET_KEY: required with MONGODB_URI, the same in every process (node -e "console.log(crypto.randomBytes(32).toString(\'hex\'))")',
    );
  }

  const config: Config = {
    host,
    port,
    publicUrl: url('PUBLIC_URL', ''),
    dataDir: resolve(text('DATA_DIR', './data')),
    mongodbUri,
    secretKey,
    roles,
    sandbox,
    zone,
    logLevel: oneOf('LOG_LEVEL', LEVELS, 'info'),
    ocrEngines: oneOf('OCR_ENGINES', ['both', 'tesseract'], 'both'),
    retention: {
      photoDays: days('KEEP_PHOTOS_DAYS', KEEP_PHOTOS_DAYS),
      documentDays: days('KEEP_DOCUMENTS_DAYS', 0),
      recordingDays: days('KEEP_RECORDINGS_DAYS', KEEP_RECORDINGS_DAYS),
    },
    asr: loadAsr(text, url, problems),
    trustedProxies: loadProxies(text('TRUSTED_PROXIES'), problems),
    wecom,
    // With a platform that is set up it was looked at there.
    wecomApiBase: wecom === null ? url('WECOM_API_BASE', '') : text('WECOM_API_BASE').replace(/\/+$/, ''),
    dingtalk,
    dingtalkMode,
  };
  if (!sandbox && (wecom !== null || dingtalk !== null) && config.publicUrl === '') {
    problems.push(
      'PUBLIC_URL: required with a real platform; the address that phones open, such as https://trail.example.com',
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

/** `10.0.0.2, 10.1.0.0/16`: addresses and ranges, with commas between. */
function loadProxies(value: string, problems: string[]): string[] {
  const all = value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  for (const one of all) {
    if (parseRange(one) === null) problems.push(`TRUSTED_PROXIES: ${one} is no address or range such as 10.0.0.0/8`);
  }
  return all;
}

type Text = (name: string, fallback?: string) => string;
type Url = (name: string, fallback: string) => string;

function loadAsr(text: Text, url: Url, problems: string[]): AsrConfig | null {
  // Addresses with a query are refused: a token there would stand in logs.
  const address = url('ASR_URL', '');
  if (address !== '') return { url: address, token: text('ASR_TOKEN'), model: text('ASR_MODEL') };
  for (const name of ['ASR_TOKEN', 'ASR_MODEL']) if (text(name) !== '') problems.push(`ASR_URL: required with ${name}`);
  return null;
}

function loadWecom(text: Text, url: Url, problems: string[]): WecomConfig | null {
  if (text('WECOM_CORP_ID') === '') return null;
  for (const name of ['WECOM_AGENT_ID', 'WECOM_SECRET', 'WECOM_TOKEN', 'WECOM_ENCODING_AES_KEY']) {
    if (text(name) === '') problems.push(`${name}: required with WECOM_CORP_ID`);
  }
  const encodingAesKey = text('WECOM_ENCODING_AES_KEY');
  if (encodingAesKey !== '' && !/^[0-9A-Za-z]{43}$/.test(encodingAesKey)) {
    problems.push('WECOM_ENCODING_AES_KEY: must be the 43 letters and digits from the console, without spaces');
  }
  if (text('WECOM_AGENT_ID') !== '' && !/^\d+$/.test(text('WECOM_AGENT_ID')))
    problems.push('WECOM_AGENT_ID: must be a number');
  if (text('WECOM_TOKEN') !== '' && !/^[0-9A-Za-z]{1,32}$/.test(text('WECOM_TOKEN'))) {
    problems.push('WECOM_TOKEN: 1–32 letters and digits');
  }
  const accountLimit = Number(text('WECOM_ACCOUNT_LIMIT', '0'));
  if (!Number.isSafeInteger(accountLimit) || accountLimit < 0) {
    problems.push('WECOM_ACCOUNT_LIMIT: must be a whole number of members, 0 when not known');
  }
  const checkSource = text('WECOM_CHECK_SOURCE', 'off');
  if (checkSource !== 'on' && checkSource !== 'off') {
    problems.push(`WECOM_CHECK_SOURCE: ${checkSource} is not one of on, off`);
  }
  return {
    corpId: text('WECOM_CORP_ID'),
    agentId: text('WECOM_AGENT_ID'),
    secret: text('WECOM_SECRET'),
    token: text('WECOM_TOKEN'),
    encodingAesKey,
    contactsSecret: text('WECOM_CONTACTS_SECRET'),
    contacts: loadCallbackKeys('WECOM_CONTACTS', text, problems),
    aibot: loadCallbackKeys('WECOM_AIBOT', text, problems),
    aibotLink: loadAibotLink(text, problems),
    groupRobots: loadGroupRobots(text('WECOM_GROUP_ROBOTS'), problems),
    accountLimit,
    moreApps: loadMoreApps(text, problems),
    checkSource: checkSource === 'on',
    verifyFiles: loadVerifyFiles(text('WECOM_VERIFY_FILES'), problems),
    apiBase: url('WECOM_API_BASE', WECOM_API),
  };
}

/** `WECOM_MORE_APPS=1000003,1000004`, and for each of them `WECOM_1000003_SECRET`, `…_TOKEN`, `…_ENCODING_AES_KEY`. */
function loadMoreApps(text: Text, problems: string[]): WecomConfig['moreApps'] {
  const ids = text('WECOM_MORE_APPS')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  const first = text('WECOM_AGENT_ID');
  return ids.flatMap((agentId, n) => {
    if (!/^\d{1,15}$/.test(agentId)) {
      problems.push(`WECOM_MORE_APPS: ${agentId} is not an AgentId`);
      return [];
    }
    if (agentId === first || ids.indexOf(agentId) < n) problems.push(`WECOM_MORE_APPS: ${agentId} stands twice`);
    const secret = text(`WECOM_${agentId}_SECRET`);
    if (secret === '') problems.push(`WECOM_${agentId}_SECRET: required with WECOM_MORE_APPS`);
    const keys = loadCallbackKeys(`WECOM_${agentId}`, text, problems);
    if (keys === null) problems.push(`WECOM_${agentId}_TOKEN and _ENCODING_AES_KEY: required with WECOM_MORE_APPS`);
    return [{ agentId, secret, token: keys?.token ?? '', encodingAesKey: keys?.encodingAesKey ?? '' }];
  });
}

/** The AI bot by its long connection: an id and a secret; then it has no callback. */
function loadAibotLink(text: Text, problems: string[]): WecomConfig['aibotLink'] {
  const [botId, secret, url] = [text('WECOM_AIBOT_ID'), text('WECOM_AIBOT_SECRET'), text('WECOM_AIBOT_WS')];
  if (botId === '' && secret === '') return null;
  if (botId === '') problems.push('WECOM_AIBOT_ID: required with WECOM_AIBOT_SECRET');
  if (secret === '') problems.push('WECOM_AIBOT_SECRET: required with WECOM_AIBOT_ID');
  if (text('WECOM_AIBOT_TOKEN') !== '') {
    problems.push('WECOM_AIBOT_ID and WECOM_AIBOT_TOKEN: the bot has a long connection or a callback, not both');
  }
  if (url !== '' && !/^wss?:\/\/[^/?#]+[^?#]*$/.test(url)) problems.push('WECOM_AIBOT_WS: must be a ws or wss address');
  return { botId, secret, url };
}

/** A further callback URL of WeCom: both of its keys or none. */
function loadCallbackKeys(
  prefix: string,
  text: Text,
  problems: string[],
): { token: string; encodingAesKey: string } | null {
  const names = { token: `${prefix}_TOKEN`, encodingAesKey: `${prefix}_ENCODING_AES_KEY` };
  const [token, encodingAesKey] = [text(names.token), text(names.encodingAesKey)];
  if (token === '' && encodingAesKey === '') return null;
  if (!/^[0-9A-Za-z]{1,32}$/.test(token)) problems.push(`${names.token}: 1–32 letters and digits, with the AES key`);
  if (!/^[0-9A-Za-z]{43}$/.test(encodingAesKey)) {
    problems.push(`${names.encodingAesKey}: must be the 43 letters and digits from the console, with the token`);
  }
  return { token, encodingAesKey };
}

const ROBOT_KEY = /^[0-9A-Za-z-]{8,64}$/;
const ROBOT_URL = 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=';

/**
 * `group=key` pairs with commas between. The vendor's whole address is taken as well, and nobody else's: only its key is
 * kept, so that no message can be sent to another host. A wrong entry is named by its group, never by its secret.
 */
function loadGroupRobots(value: string, problems: string[]): Record<string, string> {
  const robots: Record<string, string> = {};
  for (const entry of value.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const at = entry.indexOf('=');
    const [group, rest] = at < 1 ? ['', ''] : [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
    const key = rest.startsWith(ROBOT_URL) ? rest.slice(ROBOT_URL.length) : rest;
    if (group === '' || !ROBOT_KEY.test(key)) {
      problems.push(`WECOM_GROUP_ROBOTS: ${group || 'an entry'} needs <group id>=<key of the webhook>`);
    } else robots[group] = key;
  }
  return robots;
}

function loadDingtalk(
  text: Text,
  url: Url,
  choices: Pick<DingtalkConfig, 'mode' | 'ding' | 'checkInDatum'>,
  problems: string[],
): DingtalkConfig | null {
  if (text('DINGTALK_CLIENT_ID') === '') return null;
  if (text('DINGTALK_CLIENT_SECRET') === '') problems.push('DINGTALK_CLIENT_SECRET: required with DINGTALK_CLIENT_ID');
  const monthly = (name: string, free: number, what: string): number => {
    const value = Number(text(name, String(free)));
    if (!Number.isInteger(value) || value < 1) problems.push(`${name}: must be a whole number of ${what}, 1 or more`);
    return value;
  };
  const eventToken = text('DINGTALK_EVENT_TOKEN');
  const eventAesKey = text('DINGTALK_EVENT_AES_KEY');
  if ((eventToken === '') !== (eventAesKey === '')) {
    problems.push('DINGTALK_EVENT_TOKEN and DINGTALK_EVENT_AES_KEY: both or neither');
  }
  if (eventToken !== '' && !/^[0-9A-Za-z]{3,32}$/.test(eventToken)) {
    problems.push('DINGTALK_EVENT_TOKEN: 3–32 letters and digits');
  }
  if (eventAesKey !== '' && !/^[0-9A-Za-z]{43}$/.test(eventAesKey)) {
    problems.push('DINGTALK_EVENT_AES_KEY: must be the 43 letters and digits from the console, without spaces');
  }
  return {
    clientId: text('DINGTALK_CLIENT_ID'),
    clientSecret: text('DINGTALK_CLIENT_SECRET'),
    robotCode: text('DINGTALK_ROBOT_CODE', text('DINGTALK_CLIENT_ID')),
    corpId: text('DINGTALK_CORP_ID'),
    agentId: text('DINGTALK_AGENT_ID'),
    ...choices,
    apiBase: url('DINGTALK_API_BASE', DINGTALK_API),
    oapiBase: url('DINGTALK_OAPI_BASE', DINGTALK_OAPI),
    cardTemplateId: text('DINGTALK_CARD_TEMPLATE_ID'),
    monthlyCalls: monthly('DINGTALK_MONTHLY_CALLS', DINGTALK_FREE_MONTHLY_CALLS, 'calls'),
    monthlyPushes: monthly('DINGTALK_MONTHLY_PUSHES', DINGTALK_FREE_MONTHLY_PUSHES, 'pushes'),
    ...(eventToken === '' ? {} : { eventToken, eventAesKey }),
    groupRobots: loadDingtalkRobots(text('DINGTALK_GROUP_ROBOTS'), problems),
  };
}

/** `<group id>=<access_token>:<secret>`, with commas between. */
function loadDingtalkRobots(value: string, problems: string[]): DingtalkConfig['groupRobots'] {
  const robots: Record<string, { accessToken: string; secret: string }> = {};
  for (const entry of value.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [, group, accessToken, secret] = /^([\w-]+)=([0-9a-f]{32,}):(SEC[0-9A-Za-z]+)$/.exec(entry) ?? [];
    if (group === undefined || accessToken === undefined || secret === undefined) {
      problems.push('DINGTALK_GROUP_ROBOTS: an entry needs <group id>=<access_token of the webhook>:<SEC… of 加签>');
    } else robots[group] = { accessToken, secret };
  }
  return robots;
}

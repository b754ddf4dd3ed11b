import { loadConfig, type Config } from '../../src/config/index.js';
import { ConfigError, systemClock, type Clock } from '../../src/core/index.js';
import { probeDingtalk } from '../../src/platforms/dingtalk/index.js';
import { bad, none, ok, type Finding } from './finding.js';
import { checkAddress, checkClock, checkFlows, checkReach, checkStore } from './here.js';
import { checkWecom } from './wecom.js';

export interface Diagnosis {
  findings: Finding[];
  /** 0 all is well, 1 something is not, 2 the settings cannot be read. */
  exitCode: 0 | 1 | 2;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Everything that is set, asked of whoever knows: the store, the flow files, our address, the platforms. */
export async function diagnose(env: Env, clock: Clock = systemClock): Promise<Diagnosis> {
  let config: Config;
  try {
    config = loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const press = '改 .env，每一项的说明和在哪里点都在 .env.example 里。';
    return { findings: error.problems.map((problem) => bad('config', problem, press)), exitCode: 2 };
  }
  const { wecom, dingtalk } = config;
  const parts = await Promise.all([
    checkStore(config),
    checkReach(config),
    vendorClock(config, clock),
    wecom === null ? none('wecom', '没有配置企业微信') : checkWecom(wecom, config.publicUrl, clock, config),
    dingtalk === null ? none('dingtalk', '没有配置钉钉') : checkDingtalk(config, clock),
  ]);
  const here = [ok('config', '设置读得懂'), checkFlows(), checkAddress(config)];
  const findings = [...here, ...parts.flat()];
  return { findings, exitCode: findings.some(({ state }) => state === 'bad') ? 1 : 0 };
}

function vendorClock({ wecom, dingtalk }: Config, clock: Clock): Finding | Promise<Finding> {
  const now = () => clock.now();
  if (wecom !== null) return checkClock(`${wecom.apiBase}/cgi-bin/gettoken`, now);
  if (dingtalk !== null) return checkClock(`${dingtalk.apiBase}/v1.0/oauth2/accessToken`, now);
  return none('clock', '没有平台可以对时');
}

async function checkDingtalk({ dingtalk, publicUrl }: Config, clock: Clock): Promise<Finding[]> {
  if (dingtalk === null) return [];
  const settings = { ...dingtalk, callbackUrl: `${publicUrl}/callback/dingtalk` };
  return (await probeDingtalk(settings, clock)).map(({ name, ok: good, detail, press }) =>
    good ? ok(`dingtalk.${name}`, detail) : bad(`dingtalk.${name}`, detail, press),
  );
}

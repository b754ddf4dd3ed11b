import { loadConfig } from '../src/config/index.js';
import { AppError, ConfigError, errorText, silentLog, systemClock } from '../src/core/index.js';
import { memoryTokenStore } from '../src/platforms/index.js';
import { createWecomAdapter } from '../src/platforms/wecom/index.js';

/** Puts the menu under the WeCom app's chat. Run after setting WECOM_*; again whenever the menu of a new version differs. */
async function main(): Promise<number> {
  const { wecom } = loadConfig(process.env);
  if (wecom === null) {
    console.error(
      '企业微信还没有配置：先填 WECOM_CORP_ID、WECOM_AGENT_ID、WECOM_SECRET、WECOM_TOKEN、WECOM_ENCODING_AES_KEY',
    );
    return 2;
  }
  const adapter = createWecomAdapter({
    settings: wecom,
    clock: systemClock,
    log: silentLog,
    tokens: memoryTokenStore(),
    intake: () => Promise.reject(new Error('this command does not listen')),
  });
  const done = await adapter.setMenu();
  console.log(done === 'made' ? '菜单已更新，成员重新进入应用后可见' : '菜单已是最新');
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) console.error(problem);
    process.exitCode = 2;
  } else {
    const admin = error instanceof AppError ? error.details['admin'] : undefined;
    console.error(`菜单没有更新：${errorText(error)}${typeof admin === 'string' ? `\n${admin}` : ''}`);
    process.exitCode = 1;
  }
}

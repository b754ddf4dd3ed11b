import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config/index.js';
import { AppError, BadInputError, ConfigError, errorText, systemClock } from '../src/core/index.js';
import { importTemplate } from '../src/platforms/dingtalk/index.js';

/** `npm run dingtalk:template -- FILE [--name 留痕]`: puts a template that was exported elsewhere into this company. */
const BY_HAND =
  '也可以手动：卡片平台 → 新建模板 → 更多 → 导入这个文件 → 发布，把模板 id 填进 DINGTALK_CARD_TEMPLATE_ID。从零搭的步骤在 src/platforms/dingtalk/template/README.md。';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { name: { type: 'string', default: '留痕' } },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    console.error('用法：npm run dingtalk:template -- 导出的模板.json [--name 留痕]');
    return 2;
  }
  const { dingtalk } = loadConfig(process.env);
  if (dingtalk === null) {
    console.error('钉钉还没有配置：先填 DINGTALK_CLIENT_ID、DINGTALK_CLIENT_SECRET');
    return 2;
  }
  const id = await importTemplate(dingtalk, systemClock, await readFile(file, 'utf8'), values.name);
  console.log(`模板已发布，把这一行写进 .env 再重启：\nDINGTALK_CARD_TEMPLATE_ID=${id}`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) console.error(problem);
    process.exitCode = 2;
  } else if (error instanceof BadInputError) {
    console.error(error.say ?? errorText(error));
    process.exitCode = 2;
  } else {
    const admin = error instanceof AppError ? error.details['admin'] : undefined;
    const scopes = error instanceof AppError ? error.details['requiredScopes'] : undefined;
    console.error(`模板没有放进去：${errorText(error)}`);
    if (typeof admin === 'string') console.error(admin);
    if (Array.isArray(scopes)) console.error(`要申请的权限：${scopes.join('、')}`);
    console.error(BY_HAND);
    process.exitCode = 1;
  }
}

// Plays a whole deal on both platforms through the sandbox's real protocols and checks it from outside.
//   npm run story -- [--json] [--platform wecom|dingtalk|both] [--dingtalk-mode stream|http]
import { parseArgs } from 'node:util';
import type { PlatformName } from '../src/platforms/contract.js';
import { reportCalls } from './story/recorded-calls.js';
import { CASTS, user, type Check } from './story/cast.js';
import { Story } from './story/chapters.js';
import { ManyHands } from './story/many-hands.js';
import { Sandbox } from './story/phone.js';
import { Recorder } from './story/recorder.js';
import { StoryServer } from './story/server.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    platform: { type: 'string', default: 'both' },
    'dingtalk-mode': { type: 'string', default: 'stream' },
    keep: { type: 'boolean', default: false },
  },
});
if (!['wecom', 'dingtalk', 'both'].includes(values.platform)) {
  console.error('--platform is wecom, dingtalk or both');
  process.exit(2);
}
const mode = values['dingtalk-mode'];
if (mode !== 'stream' && mode !== 'http') {
  console.error('--dingtalk-mode is stream or http');
  process.exit(2);
}
const platforms: PlatformName[] =
  values.platform === 'both' ? ['wecom', 'dingtalk'] : [values.platform as PlatformName];

const recorder = await Recorder.open();
const server = await StoryServer.create({ DINGTALK_MODE: mode, WECOM_API_BASE: recorder.base });
recorder.upstream = () => server.standIn('wecom');
const began = Date.now();
const checks: Check[] = [];
try {
  await server.start();
  console.log(`server ready after ${Date.now() - began} ms at ${server.base}`);
  const sandbox = new Sandbox(() => server.base);
  const tellerOf = (platform: PlatformName) => ({
    tell: (line: string) => console.log(line),
    turnPage: (title: string) => {
      recorder.chapter = `${platform} ${title}`;
    },
  });
  const stories = platforms.map((platform) => new Story(server, sandbox, CASTS[platform], tellerOf(platform)));
  for (const story of stories) checks.push(...(await story.play()));
  if (platforms.includes('wecom')) checks.push(...(await new ManyHands(server, sandbox, tellerOf('wecom')).play()));
  console.log('\n— 快进：三个早晨');
  for (let morning = 0; morning < 3; morning++) await sandbox.moveClock({ toNext: 'morning' });
  await sandbox.moveClock({ byMs: 15 * 60_000 });
  for (const story of stories) checks.push(...(await story.playMornings()));
  const wecom = stories.find(({ platform }) => platform === 'wecom');
  if (wecom !== undefined) {
    const pages = (titles: readonly string[]): Set<string> => new Set(titles.map((title) => `wecom ${title}`));
    const { workChapters, asides, itemsWorked } = wecom;
    const colleagues = new Set([user('technical', 'wecom')]);
    const { lines, check } = reportCalls(recorder.calls, pages(workChapters), pages(asides), colleagues, itemsWorked);
    console.log(`\n— 一项要几次调用\n${lines.join('\n')}`);
    checks.push(check);
  }
  const code = await server.stop();
  checks.push({ id: 'stop-in-order', ok: code === 0, measured: `SIGTERM, exit ${code}` });
} catch (error) {
  const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.log(why);
  checks.push({ id: 'story-told', ok: false, measured: why.slice(0, 500) });
} finally {
  if (values.keep) console.log(`kept: ${server.dataDir}\n${server.errors.slice(-4_000)}`);
  else await server.remove();
  await recorder.close();
}

const failed = checks.filter((check) => !check.ok);
console.log(
  `\n${checks.length - failed.length} of ${checks.length} checks hold, ${Math.round((Date.now() - began) / 1_000)} s`,
);
for (const check of failed) console.log(`  ❌ ${check.id}: ${check.measured}`);
if (values.json) console.log(JSON.stringify({ ok: failed.length === 0, checks }));
process.exitCode = failed.length === 0 ? 0 : 1;

import { systemClock } from '../src/core/index.js';
import { createCalendar, createOrg } from '../src/org/index.js';
import { removeDemo, restoreDemo } from './demo/remove.js';
import { operate } from './shared/operate.js';

/**
 * `npm run demo -- remove` takes the demo company away; `npm run demo -- restore` lets the next start with the sandbox make
 * it anew. The server must be stopped when the store is the embedded one.
 */
const [command, ...rest] = process.argv.slice(2);
if ((command !== 'remove' && command !== 'restore') || rest.length > 0) {
  console.error('usage: npm run demo -- remove | restore');
  process.exitCode = 2;
} else {
  operate(async ({ connection }, config) => {
    if (command === 'restore') {
      const allowed = await restoreDemo(connection);
      console.log(allowed ? '好了，下次 npm start 会重新建好演示公司。' : '演示公司没有移除过，不用恢复。');
      return 0;
    }
    const org = createOrg({ connection, clock: systemClock, calendar: createCalendar({ zone: config.zone }) });
    await org.reload();
    const removed = Object.entries(await removeDemo({ connection, org, clock: systemClock }));
    for (const [name, count] of removed) console.log(`${name} ${count}`);
    console.log(
      removed.length === 0 ? '没有演示数据。' : '演示公司已移除，正式数据没有动。想要回来：npm run demo -- restore',
    );
    return 0;
  });
}

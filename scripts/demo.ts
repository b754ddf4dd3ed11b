import { systemClock } from '../src/core/index.js';
import { createCalendar, createOrg } from '../src/org/index.js';
import { removeDemo } from './demo/remove.js';
import { operate } from './shared/operate.js';

/** `npm run demo -- remove`: takes the demo company away. The server must be stopped when the store is the embedded one. */
if (process.argv[2] !== 'remove' || process.argv.length > 3) {
  console.error('usage: npm run demo -- remove');
  process.exitCode = 2;
} else {
  operate(async ({ connection }, config) => {
    const org = createOrg({ connection, clock: systemClock, calendar: createCalendar({ zone: config.zone }) });
    await org.reload();
    const removed = Object.entries(await removeDemo({ connection, org, clock: systemClock }));
    for (const [name, count] of removed) console.log(`${name} ${count}`);
    console.log(removed.length === 0 ? '没有演示数据。' : '演示公司已移除，正式数据没有动。');
    return 0;
  });
}

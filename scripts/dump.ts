import { resolve } from 'node:path';
import { SHORT_LIVED_SECRETS } from '../src/platforms/index.js';
import { dumpStore } from '../src/store/index.js';
import { operate } from './shared/operate.js';
import { progressLines } from './shared/progress.js';

/** `npm run dump -- DIR`: the store of DATA_DIR or MONGODB_URI into a folder. */
const [dir, ...rest] = process.argv.slice(2);
if (dir === undefined || dir.startsWith('-') || rest.length > 0) {
  console.error('用法：npm run dump -- 目录   把 DATA_DIR 或 MONGODB_URI 的数据备份到这个空目录，请先停掉程序');
  process.exitCode = 2;
} else {
  operate(async (store) => {
    const { collections } = await dumpStore(store, resolve(dir), {
      now: new Date(),
      leaveOut: SHORT_LIVED_SECRETS,
      onProgress: progressLines((line) => console.error(line)),
    });
    for (const { name, documents, sha256 } of collections) console.log(`${name} ${documents} ${sha256}`);
    const documents = collections.reduce((sum, one) => sum + one.documents, 0);
    console.log(`${collections.length} collections, ${documents} documents dumped and checked`);
    return 0;
  });
}

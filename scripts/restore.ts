import { resolve } from 'node:path';
import { restoreStore } from '../src/store/index.js';
import { operate } from './shared/operate.js';
import { progressLines } from './shared/progress.js';

/** `npm run restore -- DIR`: a dump into the empty store of DATA_DIR or MONGODB_URI. */
const [dir, ...rest] = process.argv.slice(2);
if (dir === undefined || dir.startsWith('-') || rest.length > 0) {
  console.error('用法：npm run restore -- 目录   把 npm run dump 的备份恢复到 DATA_DIR 的空目录或 MONGODB_URI 的空库');
  process.exitCode = 2;
} else {
  operate(
    async (store) => {
      const { collections } = await restoreStore(store, resolve(dir), {
        onProgress: progressLines((line) => console.error(line)),
      });
      for (const { name, documents, sha256 } of collections) console.log(`${name} ${documents} ${sha256}`);
      const documents = collections.reduce((sum, one) => sum + one.documents, 0);
      console.log(`${collections.length} collections, ${documents} documents restored and checked`);
      return 0;
    },
    { restoring: true },
  );
}

import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '../../src/core/index.js';
import { dumpStore, openStore, restoreStore } from '../../src/store/index.js';
import { testStore } from '../helpers/store.js';
import { tempFolder } from './embedded/helpers.js';
import { onSmallDisk, smallDisk, title } from './embedded/small-disk.js';

const MIB = 1024 * 1024;
const DOCUMENTS = 3_000;

onSmallDisk(title('a restore that fills the disk says so, and goes on when there is room'), async (t) => {
  const source = await testStore({ indexes: false });
  const rows = Array.from({ length: DOCUMENTS }, (_, n) => ({ _id: n as never, fill: randomBytes(4_000) }));
  await source.connection.collection('rows').insertMany(rows);
  const dump = await tempFolder(t);
  await dumpStore(source, dump, { now: new Date('2026-03-02T01:30:00Z') });

  const disk = await smallDisk(t, 24);
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(19 * MIB));
  const target = await openStore({ mongodbUri: '', dataDir: join(disk, 'store'), log: silentLog });
  t.teardown(() => target.close());
  await t.throwsAsync(restoreStore(target, dump), { code: 'restore.disk_full' });
  const kept = await target.connection.collection('rows').countDocuments();
  t.true(kept < DOCUMENTS, `${kept} were kept`);

  await rm(ballast);
  await restoreStore(target, dump);
  t.is(await target.connection.collection('rows').countDocuments(), DOCUMENTS);
});

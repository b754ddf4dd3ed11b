import mongoose from 'mongoose';
import { dumpStore, restoreStore, type Progress } from '../../src/store/index.js';

/** A process that dumps or restores and dies, as by kill -9, the moment it has come so far: `COMMAND URI DATABASE DIR DOING COLLECTION DONE`. */
const [command, uri = '', dbName = '', dir = '', doing, collection, done] = process.argv.slice(2);
const onProgress: Progress = (step) => {
  if (step.doing === doing && step.collection === collection && step.done >= Number(done))
    process.kill(process.pid, 'SIGKILL');
};
const connection = await mongoose.createConnection(uri, { dbName }).asPromise();
if (command === 'dump') await dumpStore({ connection, engine: 'test' }, dir, { now: new Date(0), onProgress });
else await restoreStore({ connection }, dir, { onProgress });
await connection.close();

import { MongoClient, type Document } from 'mongodb';
import { startEmbeddedStore } from '../../../src/store/embedded/index.js';
import { Random } from '../../shared/random.js';

const DOCUMENTS = 10_000;
const UPDATES = 1_000_000;
/** Statements of one command, so of one commit. */
const BATCH = 100;

export interface Growth {
  updates: number;
  seconds: number;
  /** Size of the data file in MiB: with the documents inserted, and after each tenth of the updates. */
  mebibytes: number[];
}

/**
 * Random updates that lengthen, shorten and re-index documents, while a cursor that nobody reads on stays open all the time:
 * pages that it held back would show.
 */
export async function growth(dataDir: string, seconds: number): Promise<Growth> {
  const store = await startEmbeddedStore({ dataDir });
  const client = await MongoClient.connect(store.uri);
  const c = client.db('bench').collection<Document & { _id: number }>('documents');
  const random = new Random(1);
  const fill = (): string => 'x'.repeat(50 + random.int(400));
  const size = async (): Promise<number> => Math.round(((await store.stats())['fileBytes'] ?? 0) / 1048576);
  await c.createIndexes([{ key: { n: 1 } }, { key: { tags: 1, n: -1 } }]);
  await c.insertMany(Array.from({ length: DOCUMENTS }, (_, _id) => ({ _id, n: 0, tags: [_id % 7], fill: fill() })));
  const mebibytes = [await size()];
  const resting = c.find({}, { batchSize: 10, noCursorTimeout: true });
  await resting.next();
  const began = performance.now();
  const until = began + seconds * 1000;
  let updates = 0;
  while (updates < UPDATES && performance.now() < until) {
    await c.bulkWrite(
      Array.from({ length: BATCH }, () => ({
        updateOne: {
          filter: { _id: random.int(DOCUMENTS) },
          update: { $set: { fill: fill(), tags: [random.int(7), random.int(7)] }, $inc: { n: 1 } },
        },
      })),
    );
    updates += BATCH;
    if (updates % (UPDATES / 10) === 0) mebibytes.push(await size());
  }
  if (updates % (UPDATES / 10) !== 0) mebibytes.push(await size());
  const took = Math.round((performance.now() - began) / 1000);
  await resting.close();
  await client.close();
  await store.stop();
  return { updates, seconds: took, mebibytes };
}

import { EJSON, type Document } from 'bson';
import type { Connection } from 'mongoose';
import { AppError, BadInputError, errorCode } from '../core/index.js';
import {
  checkFile,
  readDocuments,
  readManifest,
  sameContent,
  Tally,
  type DumpedCollection,
  type Manifest,
} from './dump-files.js';
import { collectionsOf, documentsOf, indexesOf, RESTORING, step, type Database, type Progress } from './dump.js';
import { insertable } from './exact-bson.js';

/** Held in memory at once, and acknowledged at once. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_DOCUMENTS = 1_000;
const DURABLE = { w: 'majority', j: true } as const;

interface Mark {
  _id: 'dump';
  dumpId: string;
  /** Collections whose documents are all there and compared; their indexes may still be missing. */
  verified: string[];
}

/**
 * Fills an empty database from a dump and compares every collection with it. The whole dump is read and checked before the
 * first write. Cut short, it is run again: what is there is counted and not written twice. Until it has come to its end
 * the store does not open for the product.
 */
export async function restoreStore(
  target: { connection: Connection },
  dir: string,
  { onProgress = () => undefined }: { onProgress?: Progress } = {},
): Promise<Manifest> {
  const db = target.connection.db!;
  const manifest = await finishedManifest(dir);
  const marks = db.collection<Mark>(RESTORING);
  let mark = await markOf(db, manifest);
  for (const collection of manifest.collections) {
    await checkFile(dir, collection);
    onProgress({ ...step(collection), doing: 'read' });
  }
  if (mark === null) {
    mark = { _id: 'dump', dumpId: manifest.id, verified: [] };
    await marks.insertOne(mark, { writeConcern: DURABLE });
  }
  for (const collection of manifest.collections) {
    if (!mark.verified.includes(collection.name)) {
      await load(db, dir, collection, onProgress);
      await compare(db, collection);
      onProgress({ ...step(collection), doing: 'checked' });
      await marks.updateOne({ _id: 'dump' }, { $push: { verified: collection.name } }, { writeConcern: DURABLE });
    }
    // Last, for an index that lets documents expire would do so while they are compared.
    await buildIndexes(db, collection);
  }
  await marks.drop();
  return manifest;
}

async function finishedManifest(dir: string): Promise<Manifest> {
  const manifest = await readManifest(dir);
  if (manifest === null) {
    throw new BadInputError('dump.none', `${dir} holds no dump`, {
      say: `${dir} 里没有备份（没有 manifest.json）。请指定 npm run dump 写出的那个目录。`,
    });
  }
  if (!manifest.complete) {
    throw new BadInputError('dump.unfinished', `the dump in ${dir} was cut short`, {
      say: `${dir} 里的备份没有写完。请在原来的机器上用同一个目录再运行一次 npm run dump。`,
    });
  }
  return manifest;
}

/** How far a restore of this dump has come; null in an empty database, any other is refused. */
async function markOf(db: Database, manifest: Manifest): Promise<Mark | null> {
  const found = await db.collection<Mark>(RESTORING).findOne({ _id: 'dump' });
  if (found?.dumpId === manifest.id) return found;
  if (found !== null) {
    throw new BadInputError('restore.not_empty', 'another dump was half restored into this database', {
      say: '这个库里有另一份备份恢复到一半的数据。请用原来那份备份恢复完，或换一个空目录或空库。',
    });
  }
  for (const { name } of await collectionsOf(db)) {
    if ((await db.collection(name).findOne({}, { projection: { _id: 1 } })) === null) continue;
    throw new BadInputError('restore.not_empty', `the target database holds documents in ${name}`, {
      say: `要恢复到的库里已有数据（${name}）。请用 DATA_DIR 指定一个空目录，或用 MONGODB_URI 指定一个空库。`,
    });
  }
  return null;
}

/** Documents go in by the order of the file, so what is there already is its beginning. */
async function load(db: Database, dir: string, collection: DumpedCollection, onProgress: Progress): Promise<void> {
  const { name, file, options } = collection;
  const there = (await collectionsOf(db)).some((one) => one.name === name);
  if (!there) await db.createCollection(name, options);
  let skip = there ? await db.collection(name).countDocuments() : 0;
  let done = skip;
  let batch: Document[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await insert(db, name, batch);
    done += batch.length;
    onProgress({ collection: name, doing: 'written', done, total: collection.documents });
    batch = [];
    bytes = 0;
  };
  for await (const raw of readDocuments(dir, file)) {
    if (skip-- > 0) continue;
    if (bytes + raw.length > BATCH_BYTES || batch.length === BATCH_DOCUMENTS) await flush();
    batch.push(insertable(raw));
    bytes += raw.length;
  }
  await flush();
}

async function insert(db: Database, name: string, documents: Document[]): Promise<void> {
  try {
    // Every document brings its `_id`; the driver would look for it as a property, which a Map has not.
    await db
      .collection(name)
      .insertMany(documents, { ordered: true, forceServerObjectId: true, writeConcern: DURABLE });
  } catch (error) {
    if (errorCode(error) !== OUT_OF_DISK_SPACE) throw error;
    throw new AppError('restore.disk_full', 'no room left for the store', {
      cause: error,
      say: '磁盘满了，恢复没有做完。请腾出空间后再运行一次，已恢复的部分会保留。',
    });
  }
}

/** The server's code. */
const OUT_OF_DISK_SPACE = '14031';

async function compare(db: Database, collection: DumpedCollection): Promise<void> {
  const tally = new Tally();
  for await (const document of documentsOf(db, collection.name)) tally.add(document);
  const found = tally.content();
  if (sameContent(found, collection)) return;
  throw new AppError(
    'restore.different',
    `${collection.name}: ${found.documents} documents, sha256 ${found.sha256}, not ${collection.documents}, ${collection.sha256}`,
    {
      say: `恢复后的 ${collection.name} 和备份不一致（${found.documents} 条，应为 ${collection.documents} 条）。恢复时有别的程序在写这个库吗？请停掉它，换一个空目录或空库重来。`,
    },
  );
}

async function buildIndexes(db: Database, { name, indexes }: DumpedCollection): Promise<void> {
  if (indexes.length > 0) await db.command({ createIndexes: name, indexes, writeConcern: DURABLE });
  const found = EJSON.stringify(await indexesOf(db, name));
  if (found === EJSON.stringify(indexes)) return;
  throw new AppError('restore.different', `${name}: other indexes than the dump's: ${found}`, {
    say: `恢复后的 ${name} 索引和备份不一致。`,
  });
}

/** Throws while a restore into this database has not come to its end. */
export async function refuseHalfRestored(connection: Connection): Promise<void> {
  const mark = await connection.db!.collection<Mark>(RESTORING).findOne({ _id: 'dump' });
  if (mark === null) return;
  throw new BadInputError('restore.unfinished', 'a restore into this database was cut short', {
    say: '这个库只恢复了一半。请先把 npm run restore 再运行一次，做完为止。',
  });
}

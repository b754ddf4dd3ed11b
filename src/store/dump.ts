import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document } from 'bson';
import type { Connection } from 'mongoose';
import { AppError, BadInputError, errorCode, newId } from '../core/index.js';
import {
  checkFile,
  fileOf,
  newManifest,
  readManifest,
  sameContent,
  Tally,
  writeDocuments,
  writeManifest,
  type DumpedCollection,
  type Manifest,
} from './dump-files.js';
import { idFirst } from './exact-bson.js';

/** How far a collection is; `done` of `total` documents. */
export type Progress = (step: {
  collection: string;
  doing: 'read' | 'written' | 'checked';
  done: number;
  total: number;
}) => void;

/** The database itself, by the driver that mongoose brings. */
export type Database = NonNullable<Connection['db']>;

/**
 * Writes a whole database to a folder, through the driver and one document at a time, and reads every file back. Nobody
 * should be writing meanwhile: a dump is one collection after the other and not one instant. Cut short, it is run again
 * on the same folder: collections that are there and still equal to the store are kept. `leaveOut`: names of collections
 * that are no part of it.
 */
export async function dumpStore(
  source: { connection: Connection; engine: string },
  dir: string,
  {
    now,
    leaveOut = [],
    onProgress = () => undefined,
  }: { now: Date; leaveOut?: readonly string[]; onProgress?: Progress },
): Promise<Manifest> {
  const db = source.connection.db!;
  const manifest = await openFolder(dir, () =>
    newManifest({ id: newId('dump'), engine: source.engine, database: db.databaseName, madeAt: now.toISOString() }),
  );
  try {
    const before = new Map(manifest.collections.map((one) => [one.name, one]));
    manifest.collections = [];
    for (const { name, options } of await collectionsOf(db)) {
      if (leaveOut.includes(name)) continue;
      const dumped = await dumpCollection(db, dir, { name, options, before: before.get(name), onProgress });
      manifest.collections.push(dumped);
      await writeManifest(dir, manifest);
    }
    for (const collection of manifest.collections) {
      await checkFile(dir, collection);
      onProgress({ ...step(collection), doing: 'checked' });
    }
    const files = new Set(manifest.collections.map((one) => one.file));
    for (const file of await readdir(dir)) {
      if (/\.bson\.gz(\.part)?$/.test(file) && !files.has(file)) await rm(join(dir, file));
    }
    manifest.complete = true;
    await writeManifest(dir, manifest);
    return manifest;
  } catch (error) {
    throw isDiskFull(error) ? diskFull(dir, error) : error;
  }
}

/** A new or an empty folder, or one where a dump was cut short. */
async function openFolder(dir: string, make: () => Manifest): Promise<Manifest> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const found = await readManifest(dir);
  if (found === null) {
    const others = (await readdir(dir)).filter((name) => !name.startsWith('.manifest'));
    if (others.length > 0) {
      throw new BadInputError('dump.folder_in_use', `${dir} holds other files`, {
        say: `${dir} 里已有别的文件（${others.slice(0, 3).join('、')}）。请换一个空目录。`,
      });
    }
    const manifest = make();
    await writeManifest(dir, manifest);
    return manifest;
  }
  if (found.complete) {
    throw new BadInputError('dump.folder_in_use', `${dir} holds a dump already`, {
      say: `${dir} 里已有一份完整的备份（${found.madeAt}）。请换一个空目录。`,
    });
  }
  const { id, engine, database, madeAt } = make();
  return { ...found, id, engine, database, madeAt };
}

async function dumpCollection(
  db: Database,
  dir: string,
  {
    name,
    options,
    before,
    onProgress,
  }: { name: string; options: Document; before: DumpedCollection | undefined; onProgress: Progress },
): Promise<DumpedCollection> {
  const file = fileOf(name);
  const path = join(dir, file);
  const total = await db.collection(name).estimatedDocumentCount();
  const about = { name, file, options, indexes: await indexesOf(db, name) };
  if (before !== undefined) {
    const tally = new Tally();
    for await (const document of documentsOf(db, name)) {
      tally.add(document);
      onProgress({ collection: name, doing: 'read', done: tally.documents, total });
    }
    const content = tally.content();
    if (sameContent(content, before) && (await isThere(dir, before))) return { ...about, ...content };
  }
  async function* counted(): AsyncGenerator<Buffer> {
    let done = 0;
    for await (const document of documentsOf(db, name)) {
      yield document;
      onProgress({ collection: name, doing: 'written', done: ++done, total });
    }
  }
  return { ...about, ...(await writeDocuments(path, counted())) };
}

async function isThere(dir: string, collection: DumpedCollection): Promise<boolean> {
  try {
    await checkFile(dir, collection);
    return true;
  } catch (error) {
    if (errorCode(error) === 'dump.damaged') return false;
    throw error;
  }
}

/** Where a restore keeps how far it is; never part of a dump. */
export const RESTORING = 'restoring';

/** The collections of a database, by name. */
export async function collectionsOf(db: Database): Promise<{ name: string; options: Document }[]> {
  const found = await db.listCollections({}, { nameOnly: false }).toArray();
  const views = found.filter((one) => one.type !== 'collection');
  if (views.length > 0) {
    throw new AppError('dump.views', `views and time series are not dumped: ${views.map((one) => one.name).join()}`, {
      say: `数据库里有视图或时序集合（${views.map((one) => one.name).join('、')}），备份不了它们。`,
    });
  }
  return found
    .filter(({ name }) => !name.startsWith('system.') && name !== RESTORING)
    .map(({ name, options }) => ({ name, options: options ?? {} }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** In the order of `_id`, so that equal contents give equal hashes on every engine. */
export async function* documentsOf(db: Database, name: string): AsyncGenerator<Buffer> {
  const cursor = db.collection(name).find({}, { raw: true, sort: { _id: 1 }, batchSize: 1_000 });
  for await (const raw of cursor) yield idFirst(raw as unknown as Buffer);
}

export async function indexesOf(db: Database, name: string): Promise<Document[]> {
  const found: Document[] = await db.collection(name).listIndexes().toArray();
  return found
    .filter((index) => index['name'] !== '_id_')
    .map(specOf)
    .sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
}

/** Without what says nothing, the options in one order: equal indexes look equal on every engine. */
function specOf(index: Document): Document {
  const options = Object.entries(index).filter(([name]) => !['v', 'ns', 'background'].includes(name));
  return Object.fromEntries(options.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function step({ name, documents }: DumpedCollection): { collection: string; done: number; total: number } {
  return { collection: name, done: documents, total: documents };
}

function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error));
}

function diskFull(dir: string, cause: unknown): AppError {
  return new AppError('dump.disk_full', `no room left for ${dir}`, {
    cause,
    say: `磁盘满了，备份没有写完。请腾出空间后用同一个目录 ${dir} 再运行一次，已写完的部分会保留。`,
  });
}

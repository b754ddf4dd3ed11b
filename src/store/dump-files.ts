import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { EJSON, type Document } from 'bson';
import { AppError, BadInputError, errorCode, errorText } from '../core/index.js';
import { documentBytes } from './exact-bson.js';

/**
 * A dump is a folder: `manifest.json` and one file a collection, its documents in the order of `_id` as BSON, one after
 * the other, gzipped. BSON because it is what both engines store, so that no type is ever translated; gzip because the
 * text of deals shrinks to a tenth and because its checksum finds a damaged file.
 */
export interface Manifest {
  format: typeof FORMAT;
  /** Names this dump; a restore that was cut short goes on only with the same one. */
  id: string;
  /** False until everything is written and was read back. */
  complete: boolean;
  engine: string;
  database: string;
  madeAt: string;
  collections: DumpedCollection[];
}

export interface DumpedCollection extends Content {
  name: string;
  file: string;
  /** As `createCollection` takes them. */
  options: Document;
  /** As `createIndexes` takes them, without that of `_id`. */
  indexes: Document[];
}

export interface Content {
  documents: number;
  /** Of the documents as BSON. */
  bytes: number;
  sha256: string;
}

const FORMAT = 'trailmark-dump-1';
const MANIFEST = 'manifest.json';
/** Pieces handed to the compressor, and got back from it, at once. */
const PIECE_BYTES = 256 * 1024;
/** Below the default of 6: photos and PDFs do not shrink, and text does nearly as well in a third of the time. */
const GZIP_LEVEL = 3;

export function newManifest(about: Pick<Manifest, 'id' | 'engine' | 'database' | 'madeAt'>): Manifest {
  return { format: FORMAT, complete: false, collections: [], ...about };
}

/** Null when there is none. */
export async function readManifest(dir: string): Promise<Manifest | null> {
  let text: string;
  try {
    text = await readFile(join(dir, MANIFEST), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  let found: Partial<Manifest>;
  try {
    // Extended JSON: filters of partial indexes may hold dates and ids.
    found = EJSON.parse(text) as Partial<Manifest>;
  } catch (error) {
    throw damaged(dir, MANIFEST, errorText(error));
  }
  if (found.format !== FORMAT) {
    throw new BadInputError('dump.version', `unknown dump format ${String(found.format)}`, {
      say: `${dir} 里的备份是另一个版本写的（格式 ${String(found.format)}，本程序认得 ${FORMAT}）。请用写它的那个版本恢复。`,
    });
  }
  return found as Manifest;
}

/** Written as a whole or not at all. */
export async function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const draft = join(dir, `.${MANIFEST}`);
  await writeFile(draft, `${EJSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  await syncFile(draft);
  await rename(draft, join(dir, MANIFEST));
}

export function fileOf(collection: string): string {
  return `${encodeURIComponent(collection)}.bson.gz`;
}

/** Takes up documents one by one and tells what they were. */
export class Tally {
  #hash: Hash = createHash('sha256');
  documents = 0;
  bytes = 0;

  add(document: Buffer): void {
    this.#hash.update(document);
    this.documents++;
    this.bytes += document.length;
  }

  /** Ends it. */
  content(): Content {
    return { documents: this.documents, bytes: this.bytes, sha256: this.#hash.digest('hex') };
  }
}

export function sameContent(a: Content, b: Content): boolean {
  return a.documents === b.documents && a.bytes === b.bytes && a.sha256 === b.sha256;
}

/** Writes documents to a file that appears under its name only when it is whole and on disk. */
export async function writeDocuments(path: string, documents: AsyncIterable<Buffer>): Promise<Content> {
  const tally = new Tally();
  const part = `${path}.part`;
  async function* pieces(): AsyncGenerator<Buffer> {
    let piece: Buffer[] = [];
    let size = 0;
    for await (const document of documents) {
      tally.add(document);
      piece.push(document);
      size += document.length;
      if (size < PIECE_BYTES) continue;
      yield Buffer.concat(piece);
      piece = [];
      size = 0;
    }
    yield Buffer.concat(piece);
  }
  await pipeline(
    Readable.from(pieces(), { objectMode: false }),
    createGzip({ level: GZIP_LEVEL }),
    createWriteStream(part, { mode: 0o600 }),
  );
  await syncFile(part);
  await rename(part, path);
  return tally.content();
}

/** The documents of a file, in order. Throws `dump.damaged` where it is cut off or no BSON. */
export async function* readDocuments(dir: string, file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(join(dir, file));
  const unzip = createGunzip({ chunkSize: PIECE_BYTES });
  // A pipeline passes the error of either on to whoever reads from its end.
  const flowing = pipeline(source, unzip).catch((error: unknown) => void unzip.destroy(error as Error));
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of unzip) {
      rest = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer]);
      for (let size = documentBytes(rest); size !== null; size = documentBytes(rest)) {
        yield rest.subarray(0, size);
        rest = rest.subarray(size);
      }
    }
  } catch (error) {
    throw damaged(dir, file, errorText(error));
  } finally {
    source.destroy();
    await flowing;
  }
  if (rest.length > 0) throw damaged(dir, file, 'ends inside a document');
}

/** Reads a file to its end and compares it with what the manifest says of it. */
export async function checkFile(dir: string, collection: DumpedCollection): Promise<void> {
  const tally = new Tally();
  for await (const document of readDocuments(dir, collection.file)) tally.add(document);
  const found = tally.content();
  if (!sameContent(found, collection)) {
    throw damaged(
      dir,
      collection.file,
      `${found.documents} documents, sha256 ${found.sha256}, not ${collection.documents}, ${collection.sha256}`,
    );
  }
}

function damaged(dir: string, file: string, why: string): AppError {
  return new AppError('dump.damaged', `${join(dir, file)}: ${why}`, {
    say: `备份文件 ${join(dir, file)} 不完整或被改过（${why}）。请换一份备份，或在原来的机器上重新备份。`,
  });
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** LMDB's meta page (`struct MDB_meta` in mdb.c, behind a page header of 24 bytes). */
const MAGIC = 0xbeefc0de;
const AT = { magic: 24, pageSize: 48, lastPage: 144, transaction: 152 } as const;

interface Meta {
  pageSize: number;
  lastPage: bigint;
  transaction: bigint;
}

/**
 * Looks at a data file before LMDB maps it: what LMDB finds wrong with a map it tells by a segmentation fault, which would
 * end the whole program. Throws when the file cannot be used.
 */
export function checkDataFile(folder: string): void {
  let file: number;
  try {
    file = openSync(join(folder, 'data.mdb'), 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return; // a new store
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const first = readMeta(file, 0);
    const second = readMeta(file, first.pageSize);
    const newest = first.transaction > second.transaction ? first : second;
    // The file may rightly end before its last page, when the free list holds the final ones. Reading everything tells.
    if (BigInt(size) < (newest.lastPage + 1n) * BigInt(newest.pageSize)) readWhole(folder);
  } finally {
    closeSync(file);
  }
}

function readMeta(file: number, at: number): Meta {
  const page = Buffer.alloc(256);
  if (readSync(file, page, 0, page.length, at) < page.length || page.readUInt32LE(AT.magic) !== MAGIC) {
    throw new Error('the data file does not begin as one');
  }
  return {
    pageSize: page.readUInt32LE(AT.pageSize),
    lastPage: page.readBigUInt64LE(AT.lastPage),
    transaction: page.readBigUInt64LE(AT.transaction),
  };
}

/** Reads every entry in another process; throws when that does not survive it. */
function readWhole(folder: string): void {
  const script = fileURLToPath(new URL('../check-file.js', import.meta.url));
  const { status, signal, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the data file is cut off: ${signal ?? stderr}`);
}

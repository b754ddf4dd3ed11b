import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbeddedStoreError } from './errors.js';

/** What the marker file says. A folder of another engine or format is not touched. */
const ENGINE = 'embedded-document-store';
const FORMAT = 1;
const MARKER = 'STORE.json';

/** Files that LMDB keeps in the folder. */
const DATA_FILE = 'data.mdb';

/** Data files of other engines, and LMDB's without our marker. */
const FOREIGN_FILES = /\.(mdb|wt|sqlite3?|db|ldb|sst)$|^(WiredTiger.*|mongod\.lock|PG_VERSION|CURRENT)$/;

/** LMDB's two meta pages; a shorter file it would take for a new one. */
const LEAST_DATA_BYTES = 8192;

export interface Folder {
  path: string;
  /** Says that the data file is there. Writes only the first time: a store that has been in use starts on a full disk too. */
  markReady: () => void;
  release: () => Promise<void>;
}

/**
 * Makes a data folder this process's own: creates it, takes the lock, checks the marker. The lock comes first, because LMDB
 * lets a second process in and then both would trust their own catalogs.
 */
export async function claimFolder(dataDir: string): Promise<Folder> {
  const path = resolve(dataDir);
  writing(path, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const probe = join(path, `.write-${process.pid}`);
    writeFileSync(probe, '');
    rmSync(probe);
  });
  const lock = await takeLock(path);
  try {
    const ready = checkMarker(path);
    const markReady = (): void => {
      if (!ready) writeMarker(path, true);
    };
    return { path, markReady, release: () => closeServer(lock) };
  } catch (error) {
    await closeServer(lock);
    throw error;
  }
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new EmbeddedStoreError(
      'unwritable',
      `数据目录 ${path} 写不进去（${reason(error)}）。请检查目录权限和磁盘空间，或用 DATA_DIR 换一个目录。`,
      { cause: error },
    );
  }
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/**
 * A listening socket is the lock: it dies with the process, however that ends, and asking it tells a live owner from a
 * dead one's leftover. Its path is short because the system limits it to about a hundred bytes.
 */
function lockPath(path: string): string {
  const id = createHash('sha256').update(path).digest('hex').slice(0, 24);
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\embedded-store-${id}`
    : join(tmpdir(), `embedded-store-${id}.sock`);
}

async function takeLock(path: string): Promise<Server> {
  const socket = lockPath(path);
  for (let attempt = 0; attempt < 5; attempt++) {
    const server = await listen(socket);
    if (server) return server;
    const owner = await askOwner(socket);
    if (owner !== null) {
      throw new EmbeddedStoreError(
        'locked',
        `数据目录 ${path} 正被另一个进程使用（进程号 ${owner}）。请先停掉它，或用 DATA_DIR 指定另一个目录。`,
      );
    }
    // Nobody answers: its owner is dead.
    rmSync(socket, { force: true });
  }
  throw new EmbeddedStoreError('locked', `数据目录 ${path} 的锁一直被占用，请稍后再试。`);
}

function listen(socket: string): Promise<Server | null> {
  return new Promise((done, fail) => {
    const server = createServer((client) => {
      client.on('error', () => client.destroy());
      client.end(String(process.pid));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') done(null);
      else fail(error);
    });
    server.listen(socket, () => {
      server.unref();
      done(server);
    });
  });
}

/** The owner's process id, or null when nobody listens any more. */
function askOwner(socket: string): Promise<string | null> {
  return new Promise((done) => {
    let text = '';
    const client = connect(socket);
    client.setTimeout(2000, () => {
      client.destroy();
      done('?'); // connected but silent: stopped, not dead
    });
    client.on('data', (piece) => (text += piece.toString()));
    client.on('error', () => done(null));
    client.on('end', () => done(text || '?'));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()));
}

/** Whether the folder has been in use; throws when it is not ours to use. */
function checkMarker(path: string): boolean {
  const marker = join(path, MARKER);
  if (existsSync(marker)) {
    let found: { engine?: unknown; format?: unknown; ready?: unknown } = {};
    try {
      found = JSON.parse(readFileSync(marker, 'utf8')) as typeof found;
    } catch (error) {
      throw new EmbeddedStoreError(
        'damaged',
        `数据目录 ${path} 里的 ${MARKER} 读不出来，目录可能没拷全。请从备份恢复整个目录，或用 DATA_DIR 换一个空目录。`,
        { cause: error },
      );
    }
    if (found.engine !== ENGINE) {
      throw new EmbeddedStoreError(
        'foreign',
        `数据目录 ${path} 属于另一种存储（${String(found.engine)}），本程序不会动它。请用 DATA_DIR 换一个目录。`,
      );
    }
    if (found.format !== FORMAT) {
      throw new EmbeddedStoreError(
        'foreign',
        `数据目录 ${path} 是另一个版本写的（格式 ${String(found.format)}，本程序认得 ${FORMAT}）。请用写它的那个版本打开，导出后再恢复到这里。`,
      );
    }
    if (found.ready === true && dataBytes(path) < LEAST_DATA_BYTES) {
      throw new EmbeddedStoreError(
        'damaged',
        `数据目录 ${path} 的数据文件 ${DATA_FILE} 缺失或不完整。请从备份恢复整个目录，或用 DATA_DIR 换一个空目录。`,
      );
    }
    return found.ready === true;
  }
  const others = readdirSync(path).filter((name) => FOREIGN_FILES.test(name));
  if (others.length > 0) {
    throw new EmbeddedStoreError(
      'foreign',
      `数据目录 ${path} 里已有别的数据库的文件（${others.slice(0, 3).join('、')}），本程序不会动它。请用 DATA_DIR 指定一个空目录。`,
    );
  }
  writeMarker(path, false);
  return false;
}

function dataBytes(path: string): number {
  const file = join(path, DATA_FILE);
  return existsSync(file) ? statSync(file).size : 0;
}

/** Written as a whole or not at all. `ready` is false until the data file exists, so that a first start that died can be repeated. */
function writeMarker(path: string, ready: boolean): void {
  writing(path, () => {
    const draft = join(path, `.${MARKER}`);
    writeFileSync(draft, `${JSON.stringify({ engine: ENGINE, format: FORMAT, ready })}\n`, { mode: 0o600 });
    const file = openSync(draft, 'r+');
    fsyncSync(file);
    closeSync(file);
    renameSync(draft, join(path, MARKER));
  });
}

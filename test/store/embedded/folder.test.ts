import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { EmbeddedStoreError, startEmbeddedStore } from '../../../src/store/embedded/index.js';
import { startStore, tempFolder } from './helpers.js';

const script = fileURLToPath(new URL('../../../scripts/store.js', import.meta.url));

test('a second start on one folder is refused and says who holds it', async (t) => {
  const { dataDir } = await startStore(t);
  const error = await t.throwsAsync(startEmbeddedStore({ dataDir }), { instanceOf: EmbeddedStoreError });
  t.is(error.code, 'locked');
  t.regex(error.say, new RegExp(`进程号 ${process.pid}`));
});

test('the lock dies with its process', async (t) => {
  const dataDir = await tempFolder(t);
  const child = spawn(process.execPath, [script, '--data', dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  t.regex(line, /^store mongodb:\/\/127\.0\.0\.1:\d+\/\?directConnection=true$/);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const store = await startEmbeddedStore({ dataDir });
  await store.stop();
  t.pass();
});

test('npm run store refuses with exit code 3 and stops in order with 0', async (t) => {
  const { dataDir } = await startStore(t);
  const refused = spawn(process.execPath, [script, '--data', dataDir], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [message] = (await once(refused.stderr, 'data')) as [Buffer];
  const [code] = (await once(refused, 'exit')) as [number];
  t.is(code, 3);
  t.regex(message.toString(), /正被另一个进程使用/);
  const fine = spawn(process.execPath, [script, '--data', await tempFolder(t)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(fine.stdout, 'data');
  fine.kill('SIGTERM');
  t.deepEqual(await once(fine, 'exit'), [0, null]);
  const usage = spawn(process.execPath, [script], { stdio: 'ignore' });
  t.deepEqual(await once(usage, 'exit'), [2, null]);
});

test('a folder of another engine or another format is not touched', async (t) => {
  const other = await tempFolder(t);
  await writeFile(join(other, 'WiredTiger'), 'x');
  await t.throwsAsync(startEmbeddedStore({ dataDir: other }), { code: 'foreign' } as never);
  t.deepEqual(await readdir(other), ['WiredTiger']);
  const newer = await tempFolder(t);
  await writeFile(
    join(newer, 'STORE.json'),
    JSON.stringify({ engine: 'embedded-document-store', format: 99, ready: true }),
  );
  await t.throwsAsync(startEmbeddedStore({ dataDir: newer }), { code: 'foreign' } as never);
});

test('a folder that is a file cannot be written', async (t) => {
  const file = join(await tempFolder(t), 'file');
  await writeFile(file, '');
  await t.throwsAsync(startEmbeddedStore({ dataDir: file }), { code: 'unwritable' } as never);
});

async function filled(t: Parameters<typeof startStore>[0]): Promise<string> {
  const { dataDir, store, client, collection } = await startStore(t);
  await collection().insertMany(Array.from({ length: 2000 }, (_, i) => ({ i, fill: 'x'.repeat(200) })));
  await client.close();
  await store.stop();
  return dataDir;
}

test('a data file that is missing, cut off or overwritten is refused as damaged', async (t) => {
  const cut = await filled(t);
  const data = join(cut, 'data.mdb');
  await truncate(data, Math.floor((await stat(data)).size / 2));
  await t.throwsAsync(startEmbeddedStore({ dataDir: cut }), { code: 'damaged' } as never);
  await truncate(data, 100);
  await t.throwsAsync(startEmbeddedStore({ dataDir: cut }), { code: 'damaged' } as never);
  await truncate(data, 0);
  await t.throwsAsync(startEmbeddedStore({ dataDir: cut }), { code: 'damaged' } as never);
  const garbled = await filled(t);
  const file = await open(join(garbled, 'data.mdb'), 'r+');
  await file.write(Buffer.alloc(8192, 0x5a), 0, 8192, 0);
  await file.close();
  await t.throwsAsync(startEmbeddedStore({ dataDir: garbled }), { code: 'damaged' } as never);
  const marker = await filled(t);
  await writeFile(join(marker, 'STORE.json'), '{');
  await t.throwsAsync(startEmbeddedStore({ dataDir: marker }), { code: 'damaged' } as never);
});

test('only loopback addresses are listened on', async (t) => {
  await t.throwsAsync(startEmbeddedStore({ dataDir: await tempFolder(t), host: '0.0.0.0' }), {
    instanceOf: RangeError,
  });
});

/** Sends bytes and resolves when the store hangs up. */
function hangsUp(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(10_000, () => reject(new Error('the store kept the connection')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

function frame(length: number, opcode: number, rest: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(length, 0);
  head.writeInt32LE(1, 4);
  head.writeInt32LE(opcode, 12);
  return Buffer.concat([head, rest]);
}

function message(doc: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(flags, 0);
  return frame(16 + 5 + doc.length, 2013, Buffer.concat([head, doc]));
}

test('hostile bytes close their connection and nothing else', async (t) => {
  const { store, collection, internalErrors } = await startStore(t);
  const c = collection();
  await c.insertOne({ a: 1 });
  const deep = ((): Buffer => {
    let doc = Buffer.from([5, 0, 0, 0, 0]);
    for (let i = 0; i < 5000; i++) {
      const outer = Buffer.alloc(doc.length + 8);
      outer.writeInt32LE(outer.length, 0);
      outer[4] = 3;
      outer[5] = 0x61;
      doc.copy(outer, 7);
      doc = outer;
    }
    return doc;
  })();
  const hostile: Record<string, Buffer> = {
    'too long': frame(0x7fffffff, 2013, Buffer.alloc(10)),
    negative: frame(-5, 2013, Buffer.alloc(10)),
    'too short': frame(3, 2013, Buffer.alloc(10)),
    'unknown opcode': frame(30, 4711, Buffer.alloc(14)),
    'unknown flag': message(Buffer.from([5, 0, 0, 0, 0]), 1 << 7),
    'empty document': message(Buffer.from([5, 0, 0, 0, 0])),
    'document longer than its frame': message(Buffer.from([200, 0, 0, 0, 0])),
    'negative document': message(Buffer.from([255, 255, 255, 255, 0])),
    'string without end': message(Buffer.from([13, 0, 0, 0, 2, 0x61, 0, 99, 0, 0, 0, 0, 0])),
    'too deep': message(deep),
    'half a query': frame(21, 2004, Buffer.alloc(5, 0x41)),
    http: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  };
  for (const [name, bytes] of Object.entries(hostile)) await t.notThrowsAsync(hangsUp(store.port, bytes), name);
  t.is(await c.countDocuments(), 1);
  t.deepEqual(internalErrors, []);
});

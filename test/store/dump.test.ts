import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BSONRegExp, Decimal128, Double, Int32, Long, ObjectId, serialize, type Document } from 'bson';
import { asId, BadInputError, sha256, silentLog, type FileId } from '../../src/core/index.js';
import { insertable } from '../../src/store/exact-bson.js';
import { createVault, dumpStore, openStore, restoreStore, type Store } from '../../src/store/index.js';
import { testStore } from '../helpers/store.js';

const NOW = new Date('2026-03-02T01:30:00Z');
const LATER = new Date('2999-01-01T00:00:00Z');

async function folder(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'trailmark-dump-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A store with everything in it that a store may hold. */
async function fullStore(): Promise<Store> {
  const store = await testStore({ indexes: false });
  const db = store.connection.db!;
  await db.collection<{ _id: unknown; [field: string]: unknown }>('values').insertMany([
    { _id: 1, int: new Int32(5), long: Long.fromNumber(5), double: new Double(5), big: Long.MAX_VALUE },
    { _id: new ObjectId('65f000000000000000000001'), at: NOW, no: null, yes: true, bytes: Buffer.from([0, 255, 7]) },
    // The names that look like numbers stand where the server that stored them put them.
    { _id: '汉字 𠮷 🙂', nested: new Map<string, unknown>([['b', [1, { '2': 'x' }, []]], ['17', { a: {} }]]) },
    { _id: new Double(0.5), pattern: new BSONRegExp('^a.c', 'im') },
    { _id: { deal: 'd1', on: '2026-03-02' }, minus: -0 },
  ]); // prettier-ignore
  const rows = Array.from({ length: 2_500 }, (_, n) => ({
    _id: `row-${String(n).padStart(5, '0')}`,
    n,
    name: n % 2 === 0 ? `name ${n}` : undefined,
    expiresAt: LATER,
  }));
  await db.collection<{ _id: string }>('rows').insertMany(rows, { ignoreUndefined: true });
  await db.collection('rows').createIndexes([
    { key: { n: 1 }, name: 'n', unique: true },
    { key: { expiresAt: 1 }, name: 'expires', expireAfterSeconds: 60 },
    { key: { n: -1, name: 1 }, name: 'named', partialFilterExpression: { name: { $exists: true } } },
    { key: { name: 1 }, name: 'sparse', sparse: true },
  ]);
  await db.createCollection('nothing-yet');
  await db.collection('nothing-yet').createIndex({ a: 1 }, { name: 'a' });
  const vault = createVault(store.connection);
  await vault.put(asId<FileId>('f1'), Buffer.alloc(600_000, 'photo'), {
    name: '合影.jpg',
    mime: 'image/jpeg',
    at: NOW,
  });
  return store;
}

async function contents(store: Store): Promise<Record<string, { documents: string[]; indexes: Document[] }>> {
  const db = store.connection.db!;
  const names = (await db.listCollections().toArray()).map((one) => one.name).sort();
  const all: Record<string, { documents: string[]; indexes: Document[] }> = {};
  for (const name of names) {
    const documents: string[] = [];
    for await (const raw of db.collection(name).find({}, { raw: true, sort: { _id: 1 } }))
      documents.push(sha256(raw as unknown as Buffer));
    const indexes = await db.collection(name).listIndexes().toArray();
    all[name] = { documents, indexes: indexes.sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1)) };
  }
  return all;
}

test('a store with everything in it comes back byte by byte, with its indexes', async (t) => {
  const source = await fullStore();
  const dir = await folder(t);
  const manifest = await dumpStore(source, dir, { now: NOW });
  t.true(manifest.complete);
  t.deepEqual(
    manifest.collections.map(({ name, documents }) => [name, documents]),
    [
      ['nothing-yet', 0],
      ['rows', 2_500],
      ['values', 5],
      ['vault.chunks', 3],
      ['vault.files', 1],
    ],
  );
  const target = await testStore({ indexes: false });
  await restoreStore(target, dir);
  t.deepEqual(await contents(target), await contents(source));
  t.is((await createVault(target.connection).read(asId<FileId>('f1'))).length, 600_000);
  const again = await dumpStore(target, await folder(t), { now: NOW });
  t.deepEqual(
    again.collections.map((one) => one.sha256),
    manifest.collections.map((one) => one.sha256),
  );
  await t.throwsAsync(target.connection.db!.collection('rows').insertOne({ n: 7 }), { message: /E11000/ });
});

/** Runs the worker until it has killed itself. */
async function killed(t: ExecutionContext, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [new URL('./dump-worker.js', import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  t.is(signal, 'SIGKILL', args.join(' '));
}

test('a dump that was killed is run again on its folder and is whole', async (t) => {
  const source = await fullStore();
  const db = source.connection.db!;
  const dir = await folder(t);
  await killed(t, ['dump', source.uri, db.databaseName, dir, 'written', 'rows', '1200']);
  await t.throwsAsync(restoreStore(await testStore({ indexes: false }), dir), { code: 'dump.unfinished' });
  await killed(t, ['dump', source.uri, db.databaseName, dir, 'checked', 'values', '5']);
  // The store went on in between: what had been written of it is no longer what it holds.
  await db.collection<{ _id: string }>('rows').updateOne({ _id: 'row-00003' }, { $set: { n: -3 } });
  const kept = (await stat(join(dir, 'vault.chunks.bson.gz'))).mtimeMs;
  await dumpStore(source, dir, { now: NOW });
  t.is((await stat(join(dir, 'vault.chunks.bson.gz'))).mtimeMs, kept, 'what is equal is not written again');
  const target = await testStore({ indexes: false });
  await restoreStore(target, dir);
  t.deepEqual(await contents(target), await contents(source));
});

test('a restore that was killed is run again and writes nothing twice', async (t) => {
  const source = await fullStore();
  const dir = await folder(t);
  await dumpStore(source, dir, { now: NOW });
  const target = await testStore({ indexes: false });
  const name = target.connection.db!.databaseName;
  await killed(t, ['restore', target.uri, name, dir, 'written', 'rows', '1000']);
  t.is(await target.connection.collection('rows').countDocuments(), 1_000);
  await killed(t, ['restore', target.uri, name, dir, 'checked', 'rows', '2500']);
  await killed(t, ['restore', target.uri, name, dir, 'written', 'vault.chunks', '1']);
  const other = await folder(t);
  await dumpStore(source, other, { now: NOW });
  await t.throwsAsync(restoreStore(target, other), { code: 'restore.not_empty' }, 'another dump');
  await restoreStore(target, dir);
  t.deepEqual(await contents(target), await contents(source));
});

test('a target that holds something, and one where somebody writes meanwhile, are refused', async (t) => {
  const source = await fullStore();
  const dir = await folder(t);
  await dumpStore(source, dir, { now: NOW });
  const error = await t.throwsAsync(restoreStore(source, dir), {
    instanceOf: BadInputError,
    code: 'restore.not_empty',
  });
  t.regex(error.say!, /DATA_DIR.*MONGODB_URI/);
  const target = await testStore({ indexes: false });
  const intruder = target.connection.collection<{ _id: string }>('rows');
  const written: Promise<unknown>[] = [];
  await t.throwsAsync(
    restoreStore(target, dir, {
      onProgress: ({ doing, collection }) => {
        if (doing === 'checked' && collection === 'nothing-yet') written.push(intruder.insertOne({ _id: 'aaa' }));
      },
    }),
    { code: 'restore.different' },
  );
  await Promise.all(written);
  t.is(written.length, 1);
});

test('a damaged dump is refused before anything is written', async (t) => {
  const source = await fullStore();
  const whole = await folder(t);
  await dumpStore(source, whole, { now: NOW });
  const target = await testStore({ indexes: false });
  const copy = async (): Promise<string> => {
    const dir = await folder(t);
    for (const name of await readdir(whole)) await writeFile(join(dir, name), await readFile(join(whole, name)));
    return dir;
  };
  const refused = async (code: string, damage: (dir: string) => Promise<void>): Promise<void> => {
    const dir = await copy();
    await damage(dir);
    const error = await t.throwsAsync(restoreStore(target, dir), undefined, code);
    t.is((error as BadInputError).code, code);
    t.regex((error as BadInputError).say!, /[一-鿿]/);
  };
  await refused('dump.damaged', (dir) => truncate(join(dir, 'rows.bson.gz'), 2_000));
  await refused('dump.damaged', (dir) => truncate(join(dir, 'rows.bson.gz'), 0));
  await refused('dump.damaged', (dir) => rm(join(dir, 'values.bson.gz')));
  await refused('dump.damaged', async (dir) => {
    const bytes = await readFile(join(dir, 'rows.bson.gz'));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(dir, 'rows.bson.gz'), bytes);
  });
  await refused('dump.damaged', async (dir) =>
    writeFile(join(dir, 'values.bson.gz'), await readFile(join(dir, 'vault.files.bson.gz'))),
  );
  await refused('dump.damaged', (dir) => truncate(join(dir, 'manifest.json'), 40));
  await refused('dump.version', async (dir) => {
    const text = await readFile(join(dir, 'manifest.json'), 'utf8');
    await writeFile(join(dir, 'manifest.json'), text.replace('trailmark-dump-1', 'trailmark-dump-9'));
  });
  await refused('dump.none', (dir) => rm(join(dir, 'manifest.json')));
  t.deepEqual(await contents(target), {});
});

test('a dump goes into an empty folder only', async (t) => {
  const source = await testStore({ indexes: false });
  await source.connection.collection<{ _id: string }>('a').insertOne({ _id: 'a' });
  const dir = await folder(t);
  await writeFile(join(dir, 'letter.txt'), 'dear');
  await t.throwsAsync(dumpStore(source, dir, { now: NOW }), { code: 'dump.folder_in_use' });
  const done = await folder(t);
  await dumpStore(source, done, { now: NOW });
  await t.throwsAsync(dumpStore(source, done, { now: NOW }), { code: 'dump.folder_in_use' });
});

(existsSync('/dev/full') ? test : test.skip)(
  'on a full disk the dump says so and goes on when there is room',
  async (t) => {
    const source = await fullStore();
    const dir = await folder(t);
    await killed(t, ['dump', source.uri, source.connection.db!.databaseName, dir, 'written', 'rows', '1']);
    await rm(join(dir, 'rows.bson.gz.part'));
    await symlink('/dev/full', join(dir, 'rows.bson.gz.part'));
    await t.throwsAsync(dumpStore(source, dir, { now: NOW }), { code: 'dump.disk_full' });
    await rm(join(dir, 'rows.bson.gz.part'));
    await dumpStore(source, dir, { now: NOW });
    const target = await testStore({ indexes: false });
    await restoreStore(target, dir);
    t.deepEqual(await contents(target), await contents(source));
  },
);

test('values keep their type and place, Decimal128 too', (t) => {
  const documents: unknown[] = [
    { _id: 1, money: Decimal128.fromString('1.10'), n: new Double(3), l: Long.fromNumber(3), i: new Int32(3) },
    new Map<string, unknown>([['_id', 1], ['z', 1], ['10', new Map<string, unknown>([['b', 1], ['9', Decimal128.fromString('2.0')]])], ['2', [[], {}]]]),
  ]; // prettier-ignore
  for (const document of documents) {
    const raw = Buffer.from(serialize(document as Document));
    t.deepEqual(Buffer.from(serialize(insertable(raw))), raw);
  }
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function command(name: 'dump' | 'restore', dataDir: string, ...args: string[]): Promise<Ended> {
  const script = new URL(`../../scripts/${name}.js`, import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, MONGODB_URI: '', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (piece) => (ended.stdout += String(piece)));
  child.stderr.on('data', (piece) => (ended.stderr += String(piece)));
  [ended.code] = (await once(child, 'close')) as [number | null];
  return ended;
}

test('the two commands move one data folder into another, and say what is wrong', async (t) => {
  const from = await folder(t);
  const to = await folder(t);
  const dir = join(await folder(t), 'backup');
  const source = await openStore({ mongodbUri: '', dataDir: join(from, 'store'), log: silentLog });
  await source.connection.collection<{ _id: string }>('deals').insertMany([{ _id: 'd1' }, { _id: 'd2' }]);
  // Whoever gets hold of a backup can neither call for us nor answer for us.
  for (const name of ['platform_tokens', 'platform_token_claims', 'platform_reply_addresses'])
    await source.connection.collection<{ _id: string }>(name).insertOne({ _id: 'a-secret-of-an-hour' });
  const busy = await command('dump', from, dir);
  t.is(busy.code, 3);
  t.regex(busy.stderr, /正被另一个进程使用/);
  await source.close();

  t.is((await command('dump', from)).code, 2, 'no folder');
  const none = await command('restore', to, dir);
  t.is(none.code, 2);
  t.regex(none.stderr, /没有备份/);
  const dumped = await command('dump', from, dir);
  t.is(dumped.code, 0, dumped.stderr);
  t.regex(dumped.stdout, /^deals 2 [0-9a-f]{64}$/m);
  t.regex(dumped.stdout, /1 collections, 2 documents dumped and checked\n$/);
  t.regex(dumped.stderr, /checked deals 2\/2/);
  t.deepEqual((await readdir(dir)).sort(), ['deals.bson.gz', 'manifest.json']);
  const restored = await command('restore', to, dir);
  t.is(restored.code, 0, restored.stderr);
  t.is(restored.stdout.replace('restored', 'dumped'), dumped.stdout);
  t.is((await command('restore', to, dir)).code, 2, 'no longer empty');
});

test('a half restored store does not open for anything but the restore', async (t) => {
  const source = await fullStore();
  const dir = await folder(t);
  await dumpStore(source, dir, { now: NOW });
  const dataDir = await folder(t);
  const options = { mongodbUri: '', dataDir, log: silentLog };
  const target = await openStore({ ...options, restoring: true });
  await killed(t, ['restore', target.uri, target.connection.db!.databaseName, dir, 'written', 'rows', '1000']);
  await target.close();
  const error = await t.throwsAsync(openStore(options), { code: 'restore.unfinished' });
  t.regex((error as BadInputError).say!, /npm run restore/);
  const again = await openStore({ ...options, restoring: true });
  await restoreStore(again, dir);
  await again.close();
  const opened = await openStore(options);
  t.is(await opened.connection.collection('rows').countDocuments(), 2_500);
  await opened.close();
});

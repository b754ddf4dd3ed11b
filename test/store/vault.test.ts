import { randomBytes } from 'node:crypto';
import test from 'ava';
import { asId, NotFoundError, sha256, type FileId } from '../../src/core/index.js';
import { createVault } from '../../src/store/index.js';
import { testStore } from '../helpers/store.js';

const F1 = asId<FileId>('f_1');
const at = new Date('2026-03-02T01:00:00Z');
const about = { name: '现场.jpg', mime: 'image/jpeg', at };

async function setup() {
  const { connection } = await testStore({ indexes: false });
  return { connection, vault: createVault(connection) };
}

test('a file comes back byte by byte, with its hash', async (t) => {
  const { vault } = await setup();
  const bytes = randomBytes(700_000);
  const put = await vault.put(F1, bytes, about);
  t.deepEqual(put, { id: F1, sha256: sha256(bytes), bytes: 700_000, name: '现场.jpg', mime: 'image/jpeg' });
  t.deepEqual(await vault.info(F1), put);
  t.true(bytes.equals(await vault.read(F1)));
});

test('the same id a second time is the file that is there already', async (t) => {
  const { vault, connection } = await setup();
  await vault.put(F1, Buffer.from('first'), about);
  const again = await vault.put(F1, Buffer.from('second, and longer'), { ...about, name: 'b.jpg' });
  t.is(again.sha256, sha256('first'));
  t.is(again.name, '现场.jpg');
  t.is((await vault.read(F1)).toString(), 'first');
  t.is(await connection.collection('vault.chunks').countDocuments({}), 1);
});

test('chunks of an upload that died are no part of the file that comes after', async (t) => {
  const { vault, connection } = await setup();
  await connection
    .collection('vault.chunks')
    .insertMany([0, 1, 2].map((n) => ({ files_id: F1, n, data: Buffer.from('left over') })));
  t.is(await vault.info(F1), null);
  await vault.put(F1, Buffer.from('whole'), about);
  t.is((await vault.read(F1)).toString(), 'whole');
  t.is(await connection.collection('vault.chunks').countDocuments({ files_id: F1 }), 1);
});

test('what is not there says so, and what was removed is gone with its pieces', async (t) => {
  const { vault, connection } = await setup();
  await t.throwsAsync(vault.read(F1), { instanceOf: NotFoundError, code: 'vault.missing' });
  await vault.put(F1, Buffer.from('x'), about);
  await vault.remove(F1);
  t.is(await vault.info(F1), null);
  t.is(await connection.collection('vault.chunks').countDocuments({}), 0);
});

test('two uploads of one id at once leave one whole file', async (t) => {
  const { vault } = await setup();
  const bytes = randomBytes(600_000);
  await Promise.allSettled([vault.put(F1, bytes, about), vault.put(F1, bytes, about)]);
  const after = await vault.put(F1, bytes, about);
  t.is(after.sha256, sha256(bytes));
  t.true(bytes.equals(await vault.read(F1)));
});

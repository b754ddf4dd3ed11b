import test from 'ava';
import { makeIndexes } from '../../src/indexes.js';
import { testStore } from '../helpers/store.js';

test('an index that an earlier edition made otherwise gives way; the others stay', async (t) => {
  const { connection } = await testStore({ indexes: false });
  const rows = connection.collection('rows');
  await rows.createIndex({ at: -1 }, { name: 'late', partialFilterExpression: { at: { $exists: true } } });
  await rows.createIndex({ who: 1 }, { name: 'old_name' });
  await rows.createIndex({ place: 1 }, { name: 'place' });
  await rows.createIndex({ mine: 1 }, { name: 'made by an operator' });
  await makeIndexes(rows, [
    { key: { at: -1 }, name: 'late', partialFilterExpression: { 'at.day': { $exists: true } } },
    { key: { who: 1 }, name: 'who', sparse: true },
    { key: { place: 1 }, name: 'place' },
    { key: { new: 1 }, name: 'new' },
  ]);
  const made = await rows.listIndexes().toArray();
  t.deepEqual(made.map(({ name }) => String(name)).sort(), [
    '_id_',
    'late',
    'made by an operator',
    'new',
    'place',
    'who',
  ]);
  const late = made.find(({ name }) => name === 'late');
  t.deepEqual(late?.['partialFilterExpression'], { 'at.day': { $exists: true } });
  t.true(made.find(({ name }) => name === 'who')?.['sparse']);
});

test('data that breaks an index is said, and no index is lost for it', async (t) => {
  const { connection } = await testStore({ indexes: false });
  const rows = connection.collection('rows');
  await rows.insertMany([{ code: 1 }, { code: 1 }]);
  await rows.createIndex({ code: 1 }, { name: 'code' });
  await t.throwsAsync(
    makeIndexes(rows, [
      { key: { other: 1 }, name: 'other' },
      { key: { code: 1, other: 1 }, name: 'pair', unique: true },
    ]),
    {
      code: 11000,
    },
  );
  t.true((await rows.listIndexes().toArray()).some(({ name }) => name === 'code'));
});

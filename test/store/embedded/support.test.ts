import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Long } from 'mongodb';
import { support, supportTable } from '../../../src/store/embedded/support.js';
import { sharedStore } from './helpers.js';

const shared = sharedStore(test);

/** Without prettier's padding of table cells. */
const plain = (table: string): string =>
  table
    .replace(/ +\|/g, ' |')
    .replace(/-{3,}/g, '---')
    .replace(/\| (-+) /g, '|$1')
    .trim();

test("the README's table of what is supported is the one that the code makes", async (t) => {
  const readme = await readFile(join(process.cwd(), 'src/store/embedded/README.md'), 'utf8');
  const [, table = ''] = /<!-- support -->([\s\S]*)<!-- \/support -->/.exec(readme) ?? [];
  t.is(plain(table), plain(supportTable()), 'npm run store -- --support');
});

/** Names of MongoDB 7 and 8; whatever is not in the table has to be refused. */
const mongodb = {
  query:
    '$eq $ne $gt $gte $lt $lte $in $nin $and $or $nor $not $exists $type $expr $jsonSchema $mod $regex $text $where $geoIntersects $geoWithin $near $nearSphere $all $elemMatch $size $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet $rand $comment $box $center $polygon $maxDistance',
  update:
    '$currentDate $inc $min $max $mul $rename $set $setOnInsert $unset $addToSet $pop $pull $push $pullAll $bit $pushAll $isolated $foo',
  stages:
    '$addFields $bucket $bucketAuto $changeStream $collStats $count $currentOp $densify $documents $facet $fill $geoNear $graphLookup $group $indexStats $limit $listSessions $lookup $match $merge $out $planCacheStats $project $redact $replaceRoot $replaceWith $sample $search $set $setWindowFields $skip $sort $sortByCount $unionWith $unset $unwind $vectorSearch $foo',
  accumulators:
    '$accumulator $addToSet $avg $bottom $bottomN $count $first $firstN $last $lastN $max $maxN $median $mergeObjects $min $minN $percentile $push $stdDevPop $stdDevSamp $sum $top $topN $foo',
  expressions:
    '$abs $acos $acosh $add $allElementsTrue $and $anyElementTrue $arrayElemAt $arrayToObject $asin $asinh $atan $atan2 $atanh $avg $binarySize $bitAnd $bitNot $bitOr $bitXor $bsonSize $ceil $cmp $concat $concatArrays $cond $convert $cos $cosh $dateAdd $dateDiff $dateFromParts $dateFromString $dateSubtract $dateToParts $dateToString $dateTrunc $dayOfMonth $degreesToRadians $divide $eq $exp $filter $first $firstN $floor $function $getField $gt $gte $hour $ifNull $in $indexOfArray $indexOfBytes $indexOfCP $isArray $isNumber $isoWeek $last $lastN $let $literal $ln $log $log10 $lt $lte $ltrim $map $max $maxN $mergeObjects $meta $min $minN $minute $mod $month $multiply $ne $not $objectToArray $or $pow $radiansToDegrees $rand $range $reduce $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $reverseArray $round $rtrim $sampleRate $second $setDifference $setEquals $setField $setIntersection $setIsSubset $setUnion $sin $size $slice $sortArray $split $sqrt $stdDevPop $strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $subtract $sum $switch $tan $toBool $toDate $toDecimal $toDouble $toInt $toLong $toLower $toObjectId $toString $toUpper $trim $trunc $tsSecond $type $unsetField $week $year $zip $foo',
} as const;

function supported(kind: string): Set<string> {
  return new Set(support().names[kind]);
}

test('every name outside the table is refused, not passed over', async (t) => {
  const c = shared().collection();
  await c.insertOne({ a: 1 });
  const run: Record<keyof typeof mongodb, (name: string) => Promise<unknown>> = {
    query: (name) =>
      (['$and', '$or', '$nor', '$expr', '$text', '$where', '$jsonSchema', '$comment'].includes(name)
        ? c.find({ [name]: {} })
        : c.find({ a: { [name]: {} } })
      ).toArray(),
    update: (name) => c.updateOne({}, { [name]: { z: 1 } }),
    stages: (name) => c.aggregate([{ [name]: {} }]).toArray(),
    accumulators: (name) => c.aggregate([{ $group: { _id: null, x: { [name]: {} } } }]).toArray(),
    expressions: (name) => c.aggregate([{ $project: { x: { [name]: [1] } } }]).toArray(),
  };
  let refused = 0;
  for (const kind of Object.keys(mongodb) as (keyof typeof mongodb)[]) {
    const offered = supported(kind);
    for (const name of mongodb[kind].split(' ')) {
      if (offered.has(name)) continue;
      const error = await t.throwsAsync(run[kind](name), undefined, `${kind} ${name}`);
      t.true(error?.message.includes(name), `${kind} ${name}: ${error?.message}`);
      refused++;
    }
  }
  t.true(refused > 60);
  t.like(await c.findOne(), { a: 1 });
  t.deepEqual(shared().internalErrors, []);
});

/** Answered before the connection may do anything else, so they take what any driver says of itself. */
const greetings = new Set(['hello', 'isMaster', 'ismaster']);

test('every command refuses a field that it does not know, and an unknown command is refused', async (t) => {
  const { db, collection, client } = shared();
  const c = collection();
  await c.insertOne({ a: 1 });
  const name = c.collectionName;
  const before = await c.find().toArray();
  for (const [command, fields] of support().commands) {
    if (greetings.has(command)) continue;
    const target = command === 'getMore' ? Long.fromNumber(1) : command === 'renameCollection' ? `test.${name}` : name;
    const body = { [command]: command === 'explain' ? { find: name } : target };
    for (const unknown of ['newFangled', 'bypassDocumentValidation', 'encryptionInformation', 'collectionUUID']) {
      t.false(fields.includes(unknown));
      const error = await t.throwsAsync(
        (command === 'renameCollection' ? client.db('admin') : db).command({ ...body, [unknown]: true }),
        undefined,
        `${command} ${unknown}`,
      );
      t.regex(error?.message ?? '', new RegExp(`'${unknown}'.*MONGODB_URI`), command);
    }
  }
  for (const unknown of ['newFangled', 'currentOp', 'replSetGetStatus', 'setParameter', 'collMod', 'bulkWrite'])
    await t.throwsAsync(db.command({ [unknown]: 1 }), { message: /MONGODB_URI/ }, unknown);
  t.deepEqual(await c.find().toArray(), before);
});

test('every part of a command refuses an option that it does not know', async (t) => {
  const { db, collection } = shared();
  const c = collection();
  const name = c.collectionName;
  await c.insertOne({ a: [1, 2], b: 1 });
  const before = await c.find().toArray();
  const q = {};
  const cases: Record<string, Record<string, unknown>> = {
    'an update statement': { update: name, updates: [{ q, u: { $set: { b: 2 } }, sort: { b: 1 } }] },
    'the second update statement': {
      update: name,
      updates: [
        { q, u: { $set: { b: 2 } } },
        { q, u: { $set: { b: 3 } }, c: {} },
      ],
    },
    'the collation of an update': {
      update: name,
      updates: [{ q, u: { $set: { b: 2 } }, collation: { locale: 'zh' } }],
    },
    'a delete statement': { delete: name, deletes: [{ q, limit: 1, collation: { locale: 'zh' } }] },
    'a cursor': { aggregate: name, pipeline: [], cursor: { newFangled: 1 } },
    'a cursor of names': { listCollections: 1, cursor: { newFangled: 1 } },
    'an index': { createIndexes: name, indexes: [{ key: { a: 1 }, name: 'a', newFangled: 1 }] },
    'a hidden index': { createIndexes: name, indexes: [{ key: { a: 1 }, name: 'a', hidden: true }] },
    'a hashed index': { createIndexes: name, indexes: [{ key: { a: 'hashed' }, name: 'a' }] },
    'an index with a collation': {
      createIndexes: name,
      indexes: [{ key: { a: 1 }, name: 'a', collation: { locale: 'zh' } }],
    },
    'a write concern': { insert: name, documents: [{ b: 9 }], writeConcern: { newFangled: 1 } },
    'a write concern of two': { insert: name, documents: [{ b: 9 }], writeConcern: { w: 2 } },
    'a tag of a write concern': { insert: name, documents: [{ b: 9 }], writeConcern: { w: 'elsewhere' } },
    'a read concern': { find: name, readConcern: { newFangled: 1 } },
    'a linearizable read': { find: name, readConcern: { level: 'linearizable' } },
    'a read after a time': { find: name, readConcern: { level: 'majority', afterClusterTime: 1 } },
    'a collation': { find: name, collation: { locale: 'zh', strength: 2 } },
    variables: { find: name, let: { x: 1 } },
    'a transaction': { insert: name, documents: [{ b: 9 }], startTransaction: true, autocommit: false },
    'a retryable write': { insert: name, documents: [{ b: 9 }], txnNumber: Long.fromNumber(1) },
    'a projection operator': { find: name, projection: { a: { $newFangled: 1 } } },
    'a positional projection': { find: name, filter: { a: 1 }, projection: { 'a.$': 1 } },
    'a meta projection': { find: name, projection: { a: { $meta: 'textScore' } } },
    'a $push modifier': { update: name, updates: [{ q, u: { $push: { a: { $each: [3], $newFangled: 1 } } } }] },
    'an update pipeline': { update: name, updates: [{ q, u: [{ $set: { b: 2 } }] }] },
    'a stage option': { aggregate: name, pipeline: [{ $unwind: { path: '$a', newFangled: 1 } }], cursor: {} },
    'a lookup option': {
      aggregate: name,
      pipeline: [{ $lookup: { from: name, localField: 'a', foreignField: 'b', as: 'c', newFangled: 1 } }],
      cursor: {},
    },
    'a currentDate type': { update: name, updates: [{ q, u: { $currentDate: { b: { $type: 'newFangled' } } } }] },
    'a collection option': { create: `${name}x`, capped: true, size: 1000 },
    'a validator': { create: `${name}x`, validator: {} },
  };
  for (const [what, command] of Object.entries(cases)) {
    const run = db.command(command).then((reply) => {
      const [error] = (reply['writeErrors'] as { errmsg: string }[] | undefined) ?? [];
      if (error) throw new Error(error.errmsg);
    });
    await t.throwsAsync(run, undefined, what);
  }
  t.deepEqual(await c.find().toArray(), before);
  t.deepEqual(shared().internalErrors, []);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { supportTable } from '../../../src/store/embedded/support.js';
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
  const row = new RegExp(`^\\| ${kind} \\| (.*) \\|$`, 'm').exec(supportTable());
  return new Set(row![1]!.split(' ').map((name) => name.replaceAll('`', '')));
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

test('each command that agenda, mongoose and GridFS send is in the table', (t) => {
  const table = supportTable();
  for (const name of [
    'find',
    'aggregate',
    'getMore',
    'insert',
    'update',
    'delete',
    'findAndModify',
    'createIndexes',
    'listIndexes',
    'count',
    'distinct',
    'create',
    'listCollections',
    'drop',
    'dropIndexes',
    'ping',
    'endSessions',
  ]) {
    t.true(table.includes(`| \`${name}\` |`), name);
  }
});

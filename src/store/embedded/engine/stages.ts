import { wholeNumber } from '../bson/numbers.js';
import { field, isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { CommandError, failedToParse, notSupported } from '../errors.js';
import { parseExpression } from '../query/expression.js';
import { parseFilter } from '../query/filter.js';
import { splitPath } from '../query/path.js';
import { parseProjection } from '../query/project.js';
import { lookup } from './lookup.js';
import { sort } from './sort-stage.js';
import { type Stage, type ParseStage, noFields, each, batchOf, collect, docOf } from './stage.js';
import { group, sortByCount, bucket } from './grouping.js';

function match(spec: Value): Stage {
  const filter = parseFilter(docOf('$match', spec));
  return {
    ...each(filter.fields, false, (batch) => batch.filter((doc) => filter.matches(doc))),
    kind: 'match',
    filter,
  };
}

function whole(name: string, spec: Value, least: number): number {
  const n = wholeNumber(spec);
  if (n === null || n < least)
    throw CommandError.location(
      name === '$limit' ? 15958 : 5107200,
      `the ${name} must be a whole number of at least ${least}`,
    );
  return n;
}

export function limit(spec: Value): Stage {
  const most = whole('$limit', spec, 1);
  return {
    kind: 'limit',
    limit: most,
    fields: noFields,
    closes: false,
    run: async function* (input) {
      let left = most;
      for await (const batch of input) {
        yield batch.length > left ? batch.slice(0, left) : batch;
        left -= batch.length;
        if (left <= 0) return;
      }
    },
  };
}

function skip(spec: Value): Stage {
  const n = whole('$skip', spec, 0);
  return {
    kind: 'other',
    fields: noFields,
    closes: false,
    run: async function* (input) {
      let left = n;
      for await (const batch of input) {
        if (left < batch.length) yield left > 0 ? batch.slice(left) : batch;
        left = Math.max(0, left - batch.length);
      }
    },
  };
}

function project(spec: Value): Stage {
  const projection = parseProjection(docOf('$project', spec), '$project')!;
  return each(projection.fields, projection.fields !== null, (batch) => batch.map(projection.apply));
}

function addFields(spec: Value): Stage {
  const projection = parseProjection(docOf('$addFields', spec), '$addFields');
  return each(null, false, (batch) => (projection ? batch.map(projection.apply) : batch));
}

function unset(spec: Value): Stage {
  const paths = Array.isArray(spec) ? spec : [spec];
  if (paths.length === 0 || !paths.every((path): path is string => typeof path === 'string' && path !== '')) {
    throw CommandError.location(31002, '$unset specification must be a string or an array of strings');
  }
  const projection = parseProjection(Object.fromEntries(paths.map((path) => [path, 0])), '$project')!;
  return each(null, false, (batch) => batch.map(projection.apply));
}

function unwind(spec: Value): Stage {
  const options = typeof spec === 'string' ? { path: spec } : docOf('$unwind', spec);
  const known = ['path', 'includeArrayIndex', 'preserveNullAndEmptyArrays'];
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw CommandError.location(28811, `unrecognized option to $unwind stage: ${name}`);
  const path: Value = options['path'];
  const indexName: Value = options['includeArrayIndex'];
  const keep = options['preserveNullAndEmptyArrays'] === true;
  if (typeof path !== 'string' || !path.startsWith('$'))
    throw CommandError.location(28818, "path option to $unwind stage should be prefixed with a '$'");
  if (indexName !== undefined && (typeof indexName !== 'string' || indexName.includes('.')))
    throw notSupported('this includeArrayIndex of $unwind');
  const parts = splitPath(path.slice(1));
  const named = (doc: Doc, index: Value): Doc => (indexName === undefined ? doc : { ...doc, [indexName]: index });
  return each(indexName === undefined ? new Set([parts[0]!]) : null, false, (batch) =>
    batch.flatMap((doc) => {
      const value = parts.reduce<Value>((at, part) => (isDoc(at) ? field(at, part) : undefined), doc);
      if (Array.isArray(value)) {
        if (value.length > 0) return value.map((element, i) => named(withPath(doc, parts, element), BigInt(i)));
        return keep ? [named(withPath(doc, parts, undefined), null)] : [];
      }
      if (value === undefined || value === null) return keep ? [named(doc, null)] : [];
      return [named(doc, null)];
    }),
  );
}

/** A copy of the document with one path set or removed; the rest is shared. */
function withPath(doc: Doc, parts: readonly string[], value: Value): Doc {
  const [name, ...rest] = parts as [string, ...string[]];
  const copy: Doc = { ...doc };
  const inner = rest.length === 0 ? value : withPath(doc[name] as Doc, rest, value);
  if (inner === undefined) Reflect.deleteProperty(copy, name);
  else setField(copy, name, inner);
  return copy;
}

export function count(spec: Value): Stage {
  if (typeof spec !== 'string' || spec === '' || spec.startsWith('$') || spec.includes('.')) {
    throw CommandError.location(40156, 'the count field must be a non-empty string without $ and .');
  }
  return {
    kind: 'other',
    fields: noFields,
    closes: true,
    run: async function* (input) {
      let n = 0;
      for await (const batch of input) n += batch.length;
      if (n > 0) yield [{ [spec]: n }];
    },
  };
}

function replaceRoot(spec: Value): Stage {
  const expression = parseExpression(spec);
  return each(expression.fields, true, (batch) =>
    batch.map((root) => {
      const value = expression.evaluate({ root, current: root });
      if (!isDoc(value)) throw CommandError.location(40228, "'newRoot' expression must evaluate to an object");
      return value;
    }),
  );
}

function facet(spec: Value, parsePipeline: (pipeline: Value) => Stage[]): Stage {
  const branches = Object.entries(docOf('$facet', spec)).map(([name, pipeline]) => ({
    name,
    stages: parsePipeline(pipeline),
  }));
  return {
    kind: 'other',
    fields: null,
    closes: true,
    run: async function* (input, context) {
      const docs = await collect(input);
      const out: Doc = {};
      for (const { name, stages: inner } of branches) {
        setField(
          out,
          name,
          await collect(inner.reduce((batches, stage) => stage.run(batches, context), batchOf(docs))),
        );
      }
      yield [out];
    },
  };
}

function unionWith(spec: Value, parsePipeline: (pipeline: Value) => Stage[]): Stage {
  const options = typeof spec === 'string' ? { coll: spec } : docOf('$unionWith', spec);
  const coll: Value = options['coll'];
  if (typeof coll !== 'string') throw failedToParse('$unionWith needs a collection name');
  const inner = parsePipeline(options['pipeline'] ?? []);
  return {
    kind: 'other',
    fields: null,
    closes: false,
    run: async function* (input, context) {
      yield* input;
      yield* context.pipeline(coll, inner);
    },
  };
}

function sample(spec: Value): Stage {
  const size = whole('$sample', docOf('$sample', spec)['size'], 1);
  return {
    kind: 'other',
    fields: noFields,
    closes: false,
    run: async function* (input) {
      // Reservoir: every document has the same chance, and no more than the sample is held.
      const kept: Doc[] = [];
      let seen = 0;
      for await (const batch of input) {
        for (const doc of batch) {
          seen++;
          if (kept.length < size) kept.push(doc);
          else {
            const at = Math.floor(Math.random() * seen);
            if (at < size) kept[at] = doc;
          }
        }
      }
      if (kept.length > 0) yield kept;
    },
  };
}

export const stages: Readonly<Record<string, ParseStage>> = {
  $match: match,
  $sort: sort,
  $limit: limit,
  $skip: skip,
  $project: project,
  $addFields: addFields,
  $set: addFields,
  $unset: unset,
  $group: group,
  $unwind: unwind,
  $count: count,
  $replaceRoot: (spec) => replaceRoot(docOf('$replaceRoot', spec)['newRoot']),
  $replaceWith: replaceRoot,
  $sortByCount: sortByCount,
  $bucket: bucket,
  $facet: facet,
  $lookup: lookup,
  $unionWith: unionWith,
  $sample: sample,
};

export const stagesElsewhere = new Set([
  '$merge',
  '$out',
  '$graphLookup',
  '$geoNear',
  '$setWindowFields',
  '$densify',
  '$fill',
  '$bucketAuto',
  '$redact',
  '$search',
  '$searchMeta',
  '$vectorSearch',
  '$indexStats',
  '$collStats',
  '$currentOp',
  '$listSessions',
  '$listLocalSessions',
  '$planCacheStats',
  '$documents',
  '$changeStreamSplitLargeEvent',
  '$querySettings',
  '$rankFusion',
  '$shardedDataDistribution',
]);

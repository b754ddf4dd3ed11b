import { compare } from '../bson/compare.js';
import { keyOf } from '../bson/key.js';
import { wholeNumber } from '../bson/numbers.js';
import { field, isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { CommandError, failedToParse, notSupported } from '../errors.js';
import { accumulators, type Accumulator } from '../query/accumulators.js';
import { constant, parseExpression, unionFields, type Expression } from '../query/expression.js';
import { parseFilter, type Filter } from '../query/filter.js';
import { splitPath } from '../query/path.js';
import { parseProjection } from '../query/project.js';
import { Sorter, parseSort, type SortSpec } from '../query/sort.js';
import { collect, docOf, parsePipeline, runPipeline, type Batches, type PipelineRequest } from './pipeline.js';
import { lookup } from './lookup.js';

interface StageBase {
  /** Top-level fields looked at; null for all. */
  fields: ReadonlySet<string> | null;
  /** True when later stages see only what this one made. */
  closes: boolean;
  run: (input: Batches, request: PipelineRequest) => Batches;
}

export type Stage = StageBase &
  (
    | { kind: 'match'; filter: Filter }
    | { kind: 'sort'; sort: SortSpec }
    | { kind: 'limit'; limit: number }
    | { kind: 'other' }
  );

type ParseStage = (spec: Value, position: number) => Stage;

/** Documents that a grouping or sorting stage may hold; beyond, it is refused rather than let the process run out of memory. */
const MAX_HELD = 1_000_000;

function tooMany(stage: string): CommandError {
  return new CommandError(
    'TooManyResults',
    `${stage} holds more than ${MAX_HELD} documents. The embedded store does not spill to disk. Set MONGODB_URI to a MongoDB server to use it.`,
  );
}

const noFields: ReadonlySet<string> = new Set();

function each(fields: ReadonlySet<string> | null, closes: boolean, apply: (batch: Doc[]) => Doc[]): Stage {
  return {
    kind: 'other',
    fields,
    closes,
    run: async function* (input) {
      for await (const batch of input) {
        const out = apply(batch);
        if (out.length > 0) yield out;
      }
    },
  };
}

function match(spec: Value): Stage {
  const filter = parseFilter(docOf('$match', spec));
  return {
    ...each(filter.fields, false, (batch) => batch.filter((doc) => filter.matches(doc))),
    kind: 'match',
    filter,
  };
}

function sort(spec: Value): Stage {
  const by = parseSort(docOf('$sort', spec));
  if (by.length === 0) throw CommandError.location(15976, '$sort stage must have at least one sort key');
  return {
    kind: 'sort',
    sort: by,
    fields: new Set(by.map((one) => one.parts[0]!)),
    closes: false,
    run: async function* (input) {
      const sorter = new Sorter<Doc>(by);
      for await (const batch of input) {
        for (const doc of batch) sorter.add(doc, doc);
        if (sorter.size > MAX_HELD) throw tooMany('$sort');
      }
      yield sorter.finish();
    },
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

function limit(spec: Value): Stage {
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

function group(spec: Value): Stage {
  const doc = docOf('$group', spec);
  if (!Object.hasOwn(doc, '_id')) throw CommandError.location(15955, 'a group specification must include an _id');
  const id = parseExpression(doc['_id']);
  const outputs = Object.keys(doc)
    .filter((name) => name !== '_id')
    .map((name) => {
      if (name.includes('.')) throw CommandError.location(40235, `The field name '${name}' cannot contain '.'`);
      return { name, ...accumulator(name, doc[name]) };
    });
  return {
    kind: 'other',
    fields: unionFields([id, ...outputs.map((output) => output.input)]),
    closes: true,
    run: async function* (input) {
      const groups = new Map<string, { id: Value; parts: Accumulator[] }>();
      for await (const batch of input) {
        for (const root of batch) {
          const scope = { root, current: root };
          const value = id.evaluate(scope);
          const key = typeof value === 'string' ? `s${value}` : keyOf(value).toString('latin1');
          let entry = groups.get(key);
          if (!entry) {
            entry = { id: value ?? null, parts: outputs.map((output) => output.make()) };
            groups.set(key, entry);
          }
          for (let i = 0; i < outputs.length; i++) entry.parts[i]!.add(outputs[i]!.input.evaluate(scope));
        }
        if (groups.size > MAX_HELD) throw tooMany('$group');
      }
      yield [...groups.values()].map((entry) => {
        const out: Doc = { _id: entry.id };
        outputs.forEach((output, i) => setField(out, output.name, entry.parts[i]!.result()));
        return out;
      });
    },
  };
}

const accumulatorsElsewhere = new Set([
  '$accumulator',
  '$top',
  '$topN',
  '$bottom',
  '$bottomN',
  '$firstN',
  '$lastN',
  '$maxN',
  '$minN',
  '$median',
  '$percentile',
]);

function accumulator(name: string, spec: Value): { make: () => Accumulator; input: Expression } {
  if (!isDoc(spec) || Object.keys(spec).length !== 1)
    throw CommandError.location(40234, `The field '${name}' must be an accumulator object`);
  const operator = Object.keys(spec)[0]!;
  const make = Object.hasOwn(accumulators, operator) ? accumulators[operator] : undefined;
  if (!make) {
    if (accumulatorsElsewhere.has(operator)) throw notSupported(`the accumulator ${operator}`);
    throw CommandError.location(15952, `unknown group operator '${operator}'`);
  }
  return { make, input: operator === '$count' ? constant(1) : parseExpression(spec[operator]) };
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

function count(spec: Value): Stage {
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

/** Several stages as one. */
function chain(parts: readonly Stage[]): Stage {
  const [first] = parts;
  return {
    kind: 'other',
    fields: first?.closes ? first.fields : null,
    closes: first?.closes ?? false,
    run: (input, request) => parts.reduce((batches, stage) => stage.run(batches, request), input),
  };
}

function sortByCount(spec: Value): Stage {
  return chain([group({ _id: spec, count: { $sum: 1 } }), sort({ count: -1 })]);
}

function bucket(spec: Value): Stage {
  const options = docOf('$bucket', spec);
  for (const name of Object.keys(options))
    if (!['groupBy', 'boundaries', 'default', 'output'].includes(name))
      throw CommandError.location(40197, `Unrecognized option to $bucket: ${name}`);
  const boundaries = options['boundaries'];
  if (!Array.isArray(boundaries) || boundaries.length < 2)
    throw CommandError.location(40200, 'The $bucket boundaries must be an array of at least 2 values');
  boundaries.forEach((value, i) => {
    if (i > 0 && compare(boundaries[i - 1], value) >= 0)
      throw CommandError.location(40194, 'The boundaries of $bucket must be in ascending order');
  });
  const by = parseExpression(options['groupBy']);
  const otherwise = options['default'];
  const inner = group({
    _id: '$b',
    ...(isDoc(options['output']) ? prefixed(options['output']) : { count: { $sum: 1 } }),
  });
  const place = (doc: Doc): Value => {
    const value = by.evaluate({ root: doc, current: doc });
    for (let i = boundaries.length - 1; i >= 0; i--) {
      if (compare(value, boundaries[i]) < 0) continue;
      if (i < boundaries.length - 1) return boundaries[i];
      break;
    }
    if (otherwise === undefined)
      throw CommandError.location(40066, '$bucket could not place a document and has no default');
    return otherwise;
  };
  return chain([
    each(null, false, (batch) => batch.map((doc) => ({ b: place(doc), d: doc }))),
    inner,
    sort({ _id: 1 }),
  ]);
}

/** Paths of a `$bucket` output, one level down. */
function prefixed(output: Doc): Doc {
  const move = (value: Value): Value => {
    if (typeof value === 'string')
      return value.startsWith('$') && !value.startsWith('$$') ? `$d.${value.slice(1)}` : value;
    if (Array.isArray(value)) return value.map(move);
    if (isDoc(value))
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, name === '$literal' ? inner : move(inner)]),
      );
    return value;
  };
  return move(output) as Doc;
}

function facet(spec: Value): Stage {
  const branches = Object.entries(docOf('$facet', spec)).map(([name, pipeline]) => ({
    name,
    stages: parsePipeline(pipeline),
  }));
  return {
    kind: 'other',
    fields: null,
    closes: true,
    run: async function* (input, request) {
      const docs = await collect(input);
      const out: Doc = {};
      for (const { name, stages: inner } of branches) {
        const source: Batches = (async function* () {
          yield docs;
        })();
        setField(out, name, await collect(inner.reduce((batches, stage) => stage.run(batches, request), source)));
      }
      yield [out];
    },
  };
}

function unionWith(spec: Value): Stage {
  const options = typeof spec === 'string' ? { coll: spec } : docOf('$unionWith', spec);
  const coll: Value = options['coll'];
  if (typeof coll !== 'string') throw failedToParse('$unionWith needs a collection name');
  const inner = parsePipeline(options['pipeline'] ?? []);
  return {
    kind: 'other',
    fields: null,
    closes: false,
    run: async function* (input, request) {
      yield* input;
      yield* runPipeline({ ...request, collection: coll, stages: inner });
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

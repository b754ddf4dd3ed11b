import { isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { compare } from '../bson/compare.js';
import { CommandError, notSupported } from '../errors.js';
import { keyOf } from '../bson/key.js';
import { accumulators, type Accumulator } from '../query/accumulators.js';
import { constant, parseExpression, unionFields, type Expression } from '../query/expression.js';
import { type Stage, MAX_HELD, tooMany, each, chain, docOf } from './stage.js';
import { sort } from './sort-stage.js';

export function group(spec: Value): Stage {
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

export function sortByCount(spec: Value): Stage {
  return chain([group({ _id: spec, count: { $sum: 1 } }), sort({ count: -1 })]);
}

export function bucket(spec: Value): Stage {
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
export function prefixed(output: Doc): Doc {
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

import { keyOf } from '../bson/key.js';
import { isDoc, setField, type Doc, type Value } from '../bson/value.js';
import { failedToParse, notSupported } from '../errors.js';
import { pathValue } from '../query/expression.js';
import { filterOf } from '../query/filter.js';
import { splitPath, visitPath } from '../query/path.js';
import { batchOf, collect, docOf, type Stage } from './stage.js';

/** `$lookup` by equal fields, with a pipeline on what was found if one is given. */
export function lookup(spec: Value, parsePipeline: (pipeline: Value) => Stage[]): Stage {
  const options = docOf('$lookup', spec);
  for (const name of Object.keys(options)) {
    if (!['from', 'localField', 'foreignField', 'as', 'pipeline'].includes(name))
      throw notSupported(`$lookup with ${name}`);
  }
  const { from, localField, foreignField, as } = options;
  if (typeof from !== 'string' || typeof as !== 'string') throw failedToParse("$lookup needs 'from' and 'as'");
  if (typeof localField !== 'string' || typeof foreignField !== 'string')
    throw notSupported('$lookup without localField and foreignField');
  const inner = Object.hasOwn(options, 'pipeline') ? parsePipeline(options['pipeline']) : null;
  const local = splitPath(localField);
  const foreign = splitPath(foreignField);
  const target = splitPath(as);
  return {
    kind: 'other',
    fields: null,
    closes: false,
    run: async function* (input, context) {
      const collection = context.engine.catalog.find(context.db, from);
      for await (const batch of input) {
        // One read serves the whole batch: all local values together, then each document picks its own.
        const keys = batch.map((doc) => localKeys(doc, local));
        const all = new Map(keys.flatMap((own) => [...own]));
        const filter = filterOf(foreignField, [...all.values()]);
        const found = new Map<string, Doc[]>();
        const order = new Map<Doc, number>();
        const wanted = { collection, filter, deadline: context.deadline };
        for await (const docs of context.engine.read(wanted, (row) => row.doc)) {
          for (const doc of docs) {
            order.set(doc, order.size);
            for (const key of foreignKeys(doc, foreign)) {
              const list = found.get(key);
              if (list) list.push(doc);
              else found.set(key, [doc]);
            }
          }
        }
        const out: Doc[] = [];
        for (const [i, doc] of batch.entries()) {
          const own = new Set([...keys[i]!.keys()].flatMap((key) => found.get(key) ?? []));
          let list = [...own].sort((a, b) => order.get(a)! - order.get(b)!);
          if (inner) {
            list = await collect(inner.reduce((batches, stage) => stage.run(batches, context), batchOf(list)));
          }
          out.push(withField(doc, target, list));
        }
        yield out;
      }
    },
  };
}

function localKeys(doc: Doc, path: readonly string[]): Map<string, Value> {
  const value = pathValue(doc, path, 0);
  const keys = new Map<string, Value>();
  const add = (one: Value): void => {
    keys.set(keyOf(one).toString('latin1'), one ?? null);
  };
  if (Array.isArray(value)) value.forEach(add);
  else add(value);
  return keys;
}

function foreignKeys(doc: Doc, path: readonly string[]): Set<string> {
  const keys = new Set<string>();
  visitPath(doc, path, 0, (value) => {
    if (Array.isArray(value)) for (const element of value) keys.add(keyOf(element).toString('latin1'));
    keys.add(keyOf(value).toString('latin1'));
    return false;
  });
  return keys;
}

function withField(doc: Doc, parts: readonly string[], value: Value): Doc {
  const [name, ...rest] = parts as [string, ...string[]];
  const copy: Doc = { ...doc };
  const next = copy[name];
  setField(copy, name, rest.length === 0 ? value : withField(isDoc(next) ? next : {}, rest, value));
  return copy;
}

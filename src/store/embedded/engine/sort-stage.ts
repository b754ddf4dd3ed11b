import { type Doc, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import { Sorter, parseSort } from '../query/sort.js';
import { MAX_HELD, docOf, tooMany, type Stage } from './stage.js';

export function sort(spec: Value): Stage {
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

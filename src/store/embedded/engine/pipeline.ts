import { isDoc, type Value } from '../bson/value.js';
import { CommandError, notSupported, typeMismatch } from '../errors.js';
import type { Filter } from '../query/filter.js';
import { parseFilter } from '../query/filter.js';
import type { SortSpec } from '../query/sort.js';
import type { Engine, ReadReport } from './engine.js';
import type { Batches, Stage, StageContext } from './stage.js';
import { stages, stagesElsewhere } from './stages.js';
import type { Deadline } from './time.js';

export interface PipelineRequest {
  engine: Engine;
  db: string;
  collection: string;
  stages: readonly Stage[];
  deadline?: Deadline;
}

export function parsePipeline(value: Value): Stage[] {
  if (!Array.isArray(value)) throw typeMismatch("'pipeline' option must be specified as an array");
  return value.map((spec) => {
    if (!isDoc(spec) || Object.keys(spec).length !== 1) {
      throw CommandError.location(40323, 'A pipeline stage specification object must contain exactly one field.');
    }
    const name = Object.keys(spec)[0]!;
    if (name === '$changeStream') {
      throw new CommandError(
        'ChangeStreamNeedsReplicaSet',
        'The $changeStream stage is only supported on replica sets. The embedded store does not support change streams. Set MONGODB_URI to a MongoDB server to use it.',
      );
    }
    const parse = Object.hasOwn(stages, name) ? stages[name] : undefined;
    if (!parse) {
      if (stagesElsewhere.has(name)) throw notSupported(`the stage ${name}`);
      throw CommandError.location(40324, `Unrecognized pipeline stage name: '${name}'`);
    }
    return parse(spec[name], parsePipeline);
  });
}

const everything: Filter = parseFilter({});

/** The part of a pipeline that the storage can do: a `$match` at its head, then a `$sort`, then a `$limit`. */
function head(all: readonly Stage[]): {
  filter: Filter;
  sort: SortSpec;
  limit: number | undefined;
  rest: readonly Stage[];
} {
  let at = 0;
  let filter = everything;
  let sort: SortSpec = [];
  let limit: number | undefined;
  if (all[at]?.kind === 'match') filter = (all[at++] as { filter: Filter }).filter;
  const next = all[at];
  if (next?.kind === 'sort') {
    sort = next.sort;
    at++;
  }
  const after = all[at];
  if (after?.kind === 'limit') {
    limit = after.limit;
    at++;
  }
  return { filter, sort, limit, rest: all.slice(at) };
}

/** Top-level fields that the stages look at, or null when a whole document may reach the end. */
function neededFields(rest: readonly Stage[]): ReadonlySet<string> | null {
  const fields = new Set<string>();
  for (const stage of rest) {
    if (stage.fields === null) return null;
    for (const name of stage.fields) fields.add(name);
    if (stage.closes) return fields;
  }
  return null;
}

/** Runs a pipeline over a collection; results come in batches. */
export function runPipeline(request: PipelineRequest, report?: ReadReport): Batches {
  const { engine, db, collection, deadline } = request;
  const { filter, sort, limit, rest } = head(request.stages);
  const found = engine.catalog.find(db, collection);
  const wanted = { collection: found, filter, sort, limit, only: neededFields(rest), deadline };
  let batches: Batches = engine.read(wanted, (row) => row.doc, report);
  const context: StageContext = {
    engine,
    db,
    deadline,
    pipeline: (other, stages) => runPipeline({ ...request, collection: other, stages }),
  };
  for (const stage of rest) batches = stage.run(batches, context);
  return batches;
}

import { isDoc, type Doc, type Value } from '../bson/value.js';
import { CommandError, failedToParse } from '../errors.js';
import type { Filter } from '../query/filter.js';
import type { SortSpec } from '../query/sort.js';
import type { Engine } from './engine.js';
import type { Deadline } from './time.js';

export type Batches = AsyncGenerator<Doc[]>;

/** What a running stage may reach besides its input. */
export interface StageContext {
  engine: Engine;
  db: string;
  deadline?: Deadline;
  /** Runs a pipeline over another collection of the same database. */
  pipeline: (collection: string, stages: readonly Stage[]) => Batches;
}

interface StageBase {
  /** Top-level fields looked at; null for all. */
  fields: ReadonlySet<string> | null;
  /** True when later stages see only what this one made. */
  closes: boolean;
  run: (input: Batches, context: StageContext) => Batches;
}

export type Stage = StageBase &
  (
    | { kind: 'match'; filter: Filter }
    | { kind: 'sort'; sort: SortSpec }
    | { kind: 'limit'; limit: number }
    | { kind: 'other' }
  );

/** Stages that hold pipelines get the parser handed in. */
export type ParseStage = (spec: Value, parsePipeline: (pipeline: Value) => Stage[]) => Stage;

/** Documents that a grouping or sorting stage may hold; beyond, it is refused rather than let the process run out of memory. */
export const MAX_HELD = 1_000_000;

export function tooMany(stage: string): CommandError {
  return new CommandError(
    'TooManyResults',
    `${stage} holds more than ${MAX_HELD} documents. The embedded store does not spill to disk. Set MONGODB_URI to a MongoDB server to use it.`,
  );
}

export const noFields: ReadonlySet<string> = new Set();

export function each(fields: ReadonlySet<string> | null, closes: boolean, apply: (batch: Doc[]) => Doc[]): Stage {
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

/** Several stages as one. */
export function chain(parts: readonly Stage[]): Stage {
  const [first] = parts;
  return {
    kind: 'other',
    fields: first?.closes ? first.fields : null,
    closes: first?.closes ?? false,
    run: (input, context) => parts.reduce((batches, stage) => stage.run(batches, context), input),
  };
}

export async function collect(batches: Batches): Promise<Doc[]> {
  const docs: Doc[] = [];
  for await (const batch of batches) docs.push(...batch);
  return docs;
}

/** Documents at hand as a stage's input. */
export async function* batchOf(docs: Doc[]): Batches {
  if (docs.length > 0) yield docs;
}

export function docOf(name: string, value: Value): Doc {
  if (!isDoc(value)) throw failedToParse(`the ${name} specification must be an object`);
  return value;
}

import { type Doc, type Value } from '../bson/value.js';
import { CommandError } from '../errors.js';
import type { Filter } from '../query/filter.js';
import type { SortSpec } from '../query/sort.js';
import type { Batches, PipelineRequest } from './pipeline.js';

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

export type ParseStage = (spec: Value, position: number) => Stage;

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
    run: (input, request) => parts.reduce((batches, stage) => stage.run(batches, request), input),
  };
}

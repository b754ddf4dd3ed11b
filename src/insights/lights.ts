import type { PersonId } from '../core/index.js';
import type { Period, WorkCalendar } from '../org/index.js';
import { groupBy } from './group-by.js';
import type { Obligation } from './obligation.js';
import { completeness, isDue, isPassedBy, MIN_N, type Rate } from './rates.js';
import { silenceOf, type Silence } from './time.js';

/** The three indicators of the manager's minimal view. Each is its own light, not one light with three colours. */
export interface LightRules {
  red: { stageId: string; silentWorkdays: number; moreThan: number };
  yellow: { stageId: string; below: number };
  green: { stageId: string };
}

export const LIGHT_RULES: LightRules = {
  red: { stageId: 'screening', silentWorkdays: 2, moreThan: 2 },
  yellow: { stageId: 'clinical-value', below: 0.85 },
  green: { stageId: 'contract' },
};

export interface LightContext {
  asOf: Date;
  /** Rolling window of the yellow list. */
  window: Period;
  /** The week of the green list, Monday to Sunday. */
  week: Period;
  calendarOf(ownerId: PersonId): WorkCalendar;
}

/** Reps silent in the stage; the light is lit with strictly more than `moreThan` of them. */
export function redLight(
  rows: readonly Obligation[],
  rule: LightRules['red'],
  context: LightContext,
): { on: boolean; people: { ownerId: PersonId; silence: Silence }[] } {
  const people = [...groupBy(rows, (row) => row.ownerId)].flatMap(([ownerId, own]) => {
    const silence = silenceOf(own, rule.stageId, rule.silentWorkdays, context.asOf, context.calendarOf(ownerId));
    return silence === null ? [] : [{ ownerId, silence }];
  });
  return { on: people.length > rule.moreThan, people };
}

/** Reps whose material is complete in strictly fewer than `below` of at least `MIN_N` visits; lit when there are any. */
export function yellowLight(
  rows: readonly Obligation[],
  rule: LightRules['yellow'],
  context: LightContext,
): { on: boolean; people: { ownerId: PersonId; rate: Rate; rows: Obligation[] }[] } {
  const inStage = rows.filter((row) => row.stageId === rule.stageId);
  const people = [...groupBy(inStage, (row) => row.ownerId)].flatMap(([ownerId, own]) => {
    const complete = completeness(own, context.window, context.asOf);
    const low = complete.value !== null && complete.denominator >= MIN_N && complete.value < rule.below;
    return low
      ? [{ ownerId, rate: complete, rows: own.filter((row) => isDue(row, context.window, context.asOf)) }]
      : [];
  });
  return { on: people.length > 0, people };
}

/**
 * Reps with at least one obligation of the stage this week, all of them passed, and no refused skip in the whole life of
 * those deals. An obligation due later this week counts too: it must be passed already. `skips`: refused skips of a deal.
 */
export function greenLight(
  rows: readonly Obligation[],
  rule: LightRules['green'],
  context: LightContext,
  skips: (dealId: string) => number,
): { on: boolean; people: { ownerId: PersonId; rows: Obligation[] }[] } {
  const week = rows.filter(
    (row) => row.stageId === rule.stageId && row.enteredAt <= context.asOf && isDue(row, context.week, context.week.to),
  );
  const people = [...groupBy(week, (row) => row.ownerId)]
    .filter(([, own]) => own.every((row) => isPassedBy(row, context.asOf) && skips(row.dealId) === 0))
    .map(([ownerId, own]) => ({ ownerId, rows: own }));
  return { on: people.length > 0, people };
}

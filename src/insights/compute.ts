import type { Mark } from '../cards/index.js';
import { DAY } from '../core/index.js';
import type { Figure, FigureDeal, FigurePerson, Figures, Light } from './figures.js';
import { groupBy } from './group-by.js';
import { greenLight, redLight, yellowLight, type LightContext, type LightRules } from './lights.js';
import { missingItems, type Obligation, type SubmissionTrace } from './obligation.js';
import { isDue, isPassedBy, MIN_N, penetration, type Rate } from './rates.js';
import { isOverdue } from './time.js';

/** The brief gives no window for a running figure: thirty days, as for 材料完整率. */
export const WINDOW_DAYS = 30;
const WEEK_DAYS = 7;
const MAX_EVIDENCE = 4;
const DASH = '—';

export interface ComputeContext extends Omit<LightContext, 'window'> {
  rules: LightRules;
  /** Stages in the order of the flow. */
  stages: readonly { id: string; name: string }[];
  /** Refused skips of a deal in its whole life. */
  skips(dealId: string): number;
}

/** All figures of a scope from its rows (open ones, and those due within the last `WINDOW_DAYS` + a week). */
export function computeFigures(rows: readonly Obligation[], context: ComputeContext): Figures {
  const { asOf, rules, stages } = context;
  const window = windowBefore(asOf);
  const weekAgo = new Date(asOf.getTime() - WEEK_DAYS * DAY);
  const light: LightContext = { ...context, window };
  const stageName = (id: string) => stages.find((stage) => stage.id === id)?.name ?? id;
  const deals = (some: readonly Obligation[]) => some.map((row) => dealOf(row, context));

  const red = redLight(rows, rules.red, light);
  const yellow = yellowLight(rows, rules.yellow, light);
  const green = greenLight(rows, rules.green, light, context.skips);
  const lights: Light[] = [
    lamp('red', red, stageName(rules.red.stageId), {
      label: `${stageName(rules.red.stageId)}超期未更新`,
      how: `${stageName(rules.red.stageId)}里有商机、连续 ${rules.red.silentWorkdays} 个工作日没有任何留痕的人；超过 ${rules.red.moreThan} 人亮灯`,
    }),
    lamp('yellow', yellow, stageName(rules.yellow.stageId), {
      label: `${stageName(rules.yellow.stageId)}材料不足`,
      how: `近 ${WINDOW_DAYS} 天到期的${stageName(rules.yellow.stageId)}里材料齐全的比例低于 ${percent(rules.yellow.below)}，至少 ${MIN_N} 次才算`,
    }),
    lamp('green', green, stageName(rules.green.stageId), {
      label: `${stageName(rules.green.stageId)}全达标`,
      how: `本周到期的${stageName(rules.green.stageId)}全部通过，且这些商机从没试过跳阶段`,
    }),
  ];

  const rateFigure = (id: string, label: string, some: readonly Obligation[]): Figure => {
    const now = penetration(some, window, asOf);
    const before = penetration(some, windowBefore(weekAgo), weekAgo);
    return {
      id,
      label,
      ...shown(now),
      previous: { label: '上周同日', value: shown(before).value, percent: shown(before).percent },
      how: `近 ${WINDOW_DAYS} 天里该做完的阶段，有几成真的做完：材料交齐，并且核验通过。例如该做完 15 次、做完 12 次，就是 80%`,
    };
  };
  const whole = rateFigure('penetration', '过程穿透率', rows);
  const byStage = stages.map(({ id, name }) => ({
    ...rateFigure(
      `penetration.${id}`,
      name,
      rows.filter((row) => row.stageId === id),
    ),
    stageId: id,
    stageName: name,
  }));
  const evaluated = byStage.filter((figure) => figure.percent !== null);
  const lowest = evaluated.reduce<(typeof evaluated)[number] | null>(
    (low, figure) => (low === null || figure.percent! < low.percent! ? figure : low),
    null,
  );

  /** Weakest first; within a person what is still missing first. */
  const behindRate = (some: readonly Obligation[]): FigurePerson[] =>
    [
      ...groupBy(
        some.filter((row) => isDue(row, window, asOf)),
        (row) => row.ownerId,
      ),
    ]
      .map(([personId, own]) => {
        const result = penetration(own, window, asOf);
        const late = (row: Obligation) => Number(isPassedBy(row, asOf));
        return {
          personId,
          value: result.value === null ? DASH : `${shown(result).value} · ${result.numerator}/${result.denominator}`,
          percent: shown(result).percent,
          deals: deals([...own].sort((a, b) => late(a) - late(b) || b.dueAt.getTime() - a.dueAt.getTime())),
        };
      })
      .sort((a, b) => (a.percent ?? 101) - (b.percent ?? 101));

  return {
    asOf,
    window,
    lights,
    penetration: whole,
    stages: byStage,
    lowest: lowest?.id ?? null,
    people: [
      {
        figureId: 'red',
        people: red.people.map(({ ownerId, silence }) => ({
          personId: ownerId,
          value: `${silence.days} 个工作日没更新`,
          percent: null,
          deals: deals(silence.rows),
        })),
      },
      {
        figureId: 'yellow',
        people: yellow.people.map(({ ownerId, rate, rows: own }) => ({
          personId: ownerId,
          value: `${shown(rate).value} · ${rate.numerator}/${rate.denominator}`,
          percent: shown(rate).percent,
          deals: deals(own),
        })),
      },
      {
        figureId: 'green',
        people: green.people.map(({ ownerId, rows: own }) => ({
          personId: ownerId,
          value: `${own.length}/${own.length}`,
          percent: 100,
          deals: deals(own),
        })),
      },
      { figureId: 'penetration', people: behindRate(rows) },
      ...byStage.map((figure) => ({
        figureId: figure.id,
        people: behindRate(rows.filter((row) => row.stageId === figure.stageId)),
      })),
    ],
  };
}

export function windowBefore(asOf: Date): { from: Date; to: Date } {
  // The end is open, and what falls due at this very instant is due.
  return { from: new Date(asOf.getTime() - WINDOW_DAYS * DAY), to: new Date(asOf.getTime() + 1) };
}

function percent(value: number): string {
  return `${Math.round(value * 100)}%`;
}

/** Rounded for people. All but all is not 100 %, and almost none is not 0 %. */
function shown(rate: Rate): Pick<Figure, 'value' | 'percent' | 'fraction'> {
  if (rate.value === null) return { value: DASH, percent: null, fraction: null };
  let whole = Math.round(rate.value * 100);
  if (whole === 100 && rate.value < 1) whole = 99;
  if (whole === 0 && rate.value > 0) whole = 1;
  return { value: `${whole}%`, percent: whole, fraction: `${rate.numerator}/${rate.denominator}` };
}

function lamp(
  colour: Light['colour'],
  { on, people }: { on: boolean; people: readonly unknown[] },
  stageName: string,
  words: { label: string; how: string },
): Light {
  const count = people.length;
  return {
    id: colour,
    colour,
    on,
    count,
    stageName,
    ...words,
    value: `${count} 人`,
    percent: null,
    fraction: null,
    previous: null,
  };
}

function dealOf(row: Obligation, context: ComputeContext): FigureDeal {
  return {
    ...standing(row, context),
    dealId: row.dealId,
    visitId: row._id,
    clientName: row.clientName,
    stageName: row.stageName,
    evidence: row.submissions
      .filter((one) => one.status !== 'withdrawn')
      .sort((a, b) => b.at.getTime() - a.at.getTime())
      .slice(0, MAX_EVIDENCE)
      .map((one) => ({
        id: one.evidenceId,
        itemName: one.itemName,
        mark: markOf(one),
        at: one.at,
        hasPicture: one.kind === 'photo',
      })),
  };
}

function standing(row: Obligation, context: ComputeContext): { mark: Mark; text: string; overdue?: true } {
  if (row.state === 'passed')
    return row.exempted > 0
      ? { mark: 'exempt', text: `已通过，其中 ${row.exempted} 项豁免` }
      : { mark: 'passed', text: '材料齐全，已通过' };
  const missing = missingItems(row).map((item) => item.itemName);
  const lacking = missing.length === 0 ? '材料已齐，待推进' : `差：${missing.join('、')}`;
  if (row.state === 'dropped') return { mark: 'failed', text: `已离开本阶段，${lacking}` };
  const overdue = isOverdue(row, context.asOf, context.calendarOf(row.ownerId));
  const partly = missing.length < row.required.length;
  return { mark: partly ? 'partly' : 'open', text: lacking, ...(overdue ? { overdue } : {}) };
}

function markOf(submission: SubmissionTrace): Mark {
  return submission.status === 'withdrawn' ? 'open' : submission.status;
}

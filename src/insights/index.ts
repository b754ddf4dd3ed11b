// Figures, folded from events.
export { createInsights, digestId } from './insights.js';
export type { DigestSubject, Insights } from './insights.js';
export { insightsIndexes } from './fold.js';
export { drawDigestBanner, drawDigestChart } from './digest-chart.js';
export type { DigestSnapshot, Figure, FigureDeal, FigurePerson, Figures, Light } from './figures.js';
export { applyEvent, foldDeal, missingItems } from './obligation.js';
export type { Obligation, SubmissionTrace } from './obligation.js';
export type { FollowUp } from './follow-ups.js';
// Formulas.
export {
  absentItems,
  completeness,
  isBelowForWeeks,
  isDue,
  isPassedBy,
  meanOf,
  MIN_N,
  missingRate,
  passRate,
  penetration,
  pooled,
  rate,
} from './rates.js';
export type { Plan, Rate } from './rates.js';
export { dwellOverLimit, dwellRate, isOverdue, silenceOf } from './time.js';
export type { Silence } from './time.js';
export { greenLight, LIGHT_RULES, redLight, yellowLight } from './lights.js';
export type { LightContext, LightRules } from './lights.js';
export { computeFigures, WINDOW_DAYS } from './compute.js';
export type { ComputeContext } from './compute.js';

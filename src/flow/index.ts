// The flow language.
export { loadFlows, parseFlow } from './load.js';
export { describeItem } from './describe.js';
export { formatBytes, formatLength, formatLimit, formatWallTime } from './units.js';
export type {
  AlertRule,
  AutoAdvanceRule,
  ExemptionPolicy,
  FileDemands,
  Flow,
  Item,
  ItemKind,
  Keyword,
  Limit,
  NudgeRule,
  OrgRole,
  PhotoDemands,
  SheetDemands,
  Stage,
  TagLibrary,
  TodoSpec,
  VoiceDemands,
} from './types.js';
// Where a deal stands.
export { currentStage, currentVisit, findSubmission, gap, itemStates, nextOpenItem, nextStage } from './states.js';
export type { GapItem } from './states.js';
export type {
  CheckInPlace,
  Exemption,
  ItemProgress,
  ItemState,
  Progress,
  StageVisit,
  Submission,
  SubmissionStatus,
  SubmissionValue,
} from './progress.js';
// The gate.
export { decide, newProgress } from './decide.js';
export type {
  AskAgainCode,
  Command,
  Decision,
  DecisionContext,
  FlowEffect,
  FlowEvent,
  FlowEventBodies,
  RefusalCode,
} from './commands.js';

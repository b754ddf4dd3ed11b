// The flow language and the gate.
export type {
  AlertRule,
  AutoAdvanceRule,
  ExemptionPolicy,
  FileDemands,
  Flow,
  Item,
  ItemKind,
  Limit,
  NudgeRule,
  OrgRole,
  PhotoDemands,
  SheetDemands,
  Stage,
  TagLibrary,
  TodoSpec,
} from './types.js';
export type {
  Exemption,
  ItemProgress,
  ItemState,
  Progress,
  StageVisit,
  Submission,
  SubmissionStatus,
  SubmissionValue,
} from './progress.js';

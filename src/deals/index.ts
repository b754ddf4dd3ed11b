// Deals: model, the one gate's service, evidence queue, what cards and pages show.
export { createDeals } from './service.js';
export type { DealDeps } from './service.js';
export type { DealCommand, Deals, Done, JudgeCommand, NewDeal, SubmitCommand } from './face.js';
export { createFlows } from './flows.js';
export type { Flows } from './flows.js';
export { createVerification } from './verification.js';
export type { Verification, VerificationDeps } from './verification.js';
export { createEquipmentList, deviceWords, sightingOf, wantsDevices } from './equipment.js';
export type { EquipmentList } from './equipment.js';
export { forgetFiles, forgetStrays } from './retention.js';
export type { Retention } from './retention.js';
export { addDealSinks } from './sinks.js';
export type { SinkDeps } from './sinks.js';
export { dealIndexes, evidenceIndexes } from './model.js';
export type { DealDocument, DealNote, EvidenceDocument } from './model.js';
export { chosenMentions, consentCard, mentionsOf, wordsCard } from './voice.js';
export {
  checklistCardId,
  checklistItems,
  currentVisitOf,
  dealItem,
  lastSay,
  mostUrgentFirst,
  presentGap,
  stageOf,
  submissionText,
} from './views.js';
// Read by the figures.
export type { DealEvent, DealEventType, DealFacts } from './events.js';

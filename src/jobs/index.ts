// The clock of the house.
export { createJobs } from './jobs.js';
export type { Jobs, LightTick } from './jobs.js';
export { occurrences } from './tick.js';
export type { Tick } from './tick.js';
export { createNudgeTick } from './nudges.js';
export type { NudgeDeps } from './nudges.js';
export { createDigestTick } from './digests.js';
export { createQuotaDigestTick } from './quota-digest.js';
export type { QuotaDigestDeps } from './quota-digest.js';
export type { DigestDeps } from './digests.js';

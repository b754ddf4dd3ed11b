// The web: callbacks, pages, health.
export { createCallbackRoutes } from './routes/callbacks.js';
export { createHealthRoutes } from './routes/health.js';
export type { HealthCheck } from './routes/health.js';
export { createMongoSessionStore, sessionIndexes } from './mongo-session-store.js';
export { createPageRoutes } from './routes/pages.js';
export type { PageRouteDeps } from './routes/pages.js';
export type { VisitCodes } from './routes/visits.js';
export { createSandboxRoutes } from './routes/sandbox.js';
export type { ClockMove, SandboxPlace, SandboxRouteDeps } from './routes/sandbox.js';
export { answerUnknown } from './routes/unknown.js';
export { createProofs } from './proofs.js';
export type { Proofs } from './proofs.js';
export { createReviewDesk } from './reviews.js';
export type { ReviewDesk } from './reviews.js';
export { createUndelivered } from './undelivered.js';
export type { Undelivered } from './undelivered.js';
export type { PageBackend } from './backend.js';
export { createPageBackend } from './page-backend.js';

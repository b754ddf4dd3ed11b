// Used by every room.
export { asId, joinKey, newId, sha256, stableId } from './ids.js';
export type {
  CardId,
  ClientId,
  DealId,
  EventKey,
  EvidenceId,
  FileId,
  Id,
  PersonId,
  StageVisitId,
  TodoId,
} from './ids.js';
export { DAY, FixedClock, HOUR, MINUTE, MovableClock, SECOND, systemClock } from './clock.js';
export type { Clock } from './clock.js';
export { BodyTooLongError, readBody } from './read-body.js';
export { wallClock } from './wall-clock.js';
export type { WallClock } from './wall-clock.js';
export {
  AppError,
  AuthenticityError,
  BadInputError,
  ConfigError,
  ConflictError,
  errorCode,
  errorText,
  FlowDefinitionError,
  NotAllowedError,
  NotFoundError,
  PlatformRefusedError,
  PlatformUnreachableError,
  unreachable,
} from './errors.js';
export type { AppErrorOptions } from './errors.js';
export { createLogger, silentLog } from './logger.js';
export type { Log } from './logger.js';
export { isPublicAddress } from './public-address.js';
export { parseRange } from './address-range.js';
export { projectRoot } from './root.js';
export { seal, unseal } from './seal.js';
export type { CaptureAsk } from './capture-ask.js';
// For rooms with files that people write (flows, cards, calendars, rules).
export { didYouMean, formatProblem, hasErrors, inFileOrder, readYaml } from './yaml-reader.js';
export type { FileProblem, YamlFields, YamlValue } from './yaml-reader.js';

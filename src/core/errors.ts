/** Families of errors; the code is stable and dotted, the text is for developers. People read Chinese text made from the code or given in `say`. */
export interface AppErrorOptions {
  /** Try the same thing again later. */
  retryable?: boolean;
  cause?: unknown;
  details?: Record<string, unknown>;
  /** What the person who caused it is told, in Chinese, with the next step. */
  say?: string;
}

export class AppError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly details: Record<string, unknown>;
  readonly say: string | undefined;
  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    this.say = options.say;
  }
}

/** The environment or a setting is wrong; `problems` lists every mistake at once. */
export class ConfigError extends AppError {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super('config.invalid', problems.join('\n'));
    this.problems = problems;
  }
}
/** A callback is not from whom it says it is. Never tells why. */
export class AuthenticityError extends AppError {}
/** The platform answered no. */
export class PlatformRefusedError extends AppError {}
/** The platform did not answer, or answered without saying what happened: the thing may have been done. */
export class PlatformUnreachableError extends AppError {
  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(code, message, { retryable: true, ...options });
  }
}
export class FlowDefinitionError extends AppError {}
/** Somebody else changed it first: load and decide again. */
export class ConflictError extends AppError {
  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(code, message, { retryable: true, ...options });
  }
}
export class NotAllowedError extends AppError {}
export class NotFoundError extends AppError {}
/** What was handed in cannot be used; `say` tells the person what to do. */
export class BadInputError extends AppError {}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function errorCode(error: unknown): string {
  if (error instanceof AppError) return error.code;
  if (error instanceof Error && 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number')) {
    return String(error.code);
  }
  return 'unknown';
}

/** For exhaustive switches: a new case without a branch is a compile error. */
export function unreachable(value: never): never {
  throw new TypeError(`unexpected value ${JSON.stringify(value)}`);
}

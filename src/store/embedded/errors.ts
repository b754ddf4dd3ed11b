import type { Doc } from './bson/value.js';

/** Why a data folder cannot be used. `say` is a Chinese sentence for the person who starts the program. */
export class EmbeddedStoreError extends Error {
  override name = 'EmbeddedStoreError';

  constructor(
    readonly code: 'locked' | 'foreign' | 'damaged' | 'unwritable',
    readonly say: string,
    options?: { cause?: unknown },
  ) {
    super(say, options);
  }
}

/** MongoDB's error codes that this server answers with. */
export const codes = {
  InternalError: 1,
  BadValue: 2,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  AuthenticationFailed: 18,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  EmptyFieldName: 56,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  CursorInUse: 12051,
  CannotIndexParallelArrays: 171,
  NotImplemented: 238,
  TooManyResults: 292,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  OutOfDiskSpace: 14031,
  ChangeStreamNeedsReplicaSet: 40573,
} as const;

export type CodeName = keyof typeof codes;

/** An error that goes to the client as MongoDB would send it. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly code: number;

  constructor(
    readonly codeName: string,
    message: string,
    readonly details: Doc = {},
    code?: number,
  ) {
    super(message);
    this.code = code ?? codes[codeName as CodeName];
  }

  /** Some of MongoDB's errors have a number and no name; clients then see `LocationNNNN`. */
  static location(code: number, message: string): CommandError {
    return new CommandError(`Location${code}`, message, {}, code);
  }
}

export function badValue(message: string): CommandError {
  return new CommandError('BadValue', message);
}

export function failedToParse(message: string): CommandError {
  return new CommandError('FailedToParse', message);
}

export function typeMismatch(message: string): CommandError {
  return new CommandError('TypeMismatch', message);
}

/**
 * What MongoDB can do and this store cannot. The text names the way out. The code must not be 20 (IllegalOperation): the
 * driver replaces the text of that code by its own about retryable writes.
 */
export function notSupported(what: string): CommandError {
  return new CommandError(
    'NotImplemented',
    `The embedded store does not support ${what}. Set MONGODB_URI to a MongoDB server to use it.`,
  );
}

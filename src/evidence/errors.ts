/** What a file can be so that nothing can be read from it; each has its sentence in `judge/bad-file.ts`. */
export type BadFileCode =
  | 'file.empty'
  | 'file.too_large'
  | 'file.wrong_kind'
  | 'file.broken'
  | 'file.encrypted'
  | 'file.too_many_pixels'
  | 'file.too_small'
  | 'file.too_many_pages'
  | 'file.too_many_rows'
  | 'file.bomb'
  /** A document that runs a script or starts a program. */
  | 'file.active'
  /** An identity card: not wanted, not kept (only for photos). */
  | 'file.id_document';

/** The file is to blame, not the service: becomes a verdict, never a retry. */
export class BadFileError extends Error {
  readonly code: BadFileCode;
  /** What was measured, for the finding. */
  readonly measured: string | number | null;
  constructor(code: BadFileCode, message: string, measured: string | number | null = null, cause?: unknown) {
    super(message, { cause });
    this.name = 'BadFileError';
    this.code = code;
    this.measured = measured;
  }
}

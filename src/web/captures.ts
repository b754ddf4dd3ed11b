import type { Viewer } from './backend.js';

/** The capture page `/c/:ticket`: what it shows, and what is sent from it. */
export interface Captures {
  /** Not a ticket of ours: `NotFoundError`; somebody else's: `NotAllowedError`. */
  look(viewer: Viewer, ticket: string, sent?: string): Promise<CaptureView>;
  /** Resolves once what was sent is stored for good. Safe to repeat under the same id. Too late, done or over: `ConflictError`. */
  send(viewer: Viewer, ticket: string, sending: Sending): Promise<void>;
  /** Whoever holds this key may send under this ticket without a session: for clients that upload beside the page. */
  viewerOf(ticket: string, uploadKey: string): Viewer | null;
}

export interface CaptureView {
  kind: 'photo' | 'check-in' | 'scan';
  state: 'open' | 'done' | 'expired' | 'over';
  /** Why nothing more is taken, and what to do. Empty while open. */
  say: string;
  client: string;
  item: string;
  hint: string;
  /** 2 张，现场拍摄，离客户 500 米内 */
  demands: string;
  /** Pieces that passed or are looked at. */
  have: number;
  need: number;
  /** Until when it may be taken, `14:32` or `11-30 14:32`, and how long that still is: the phone's clock may be off. */
  until: string;
  leftMs: number;
  /** A position is looked at by the verifier. */
  wantsPosition: boolean;
  maxBytes: number;
  uploadKey: string;
  /** What became of the submission that was asked about. */
  sent?: { state: 'received' | 'checking' | 'passed' | 'failed' | 'unchecked' | 'review'; say: string };
}

export interface Sending {
  /** Made by the page, the same at every try. `[0-9A-Za-z-]`, 8 to 64. */
  id: string;
  file?: { bytes: Uint8Array; name: string };
  /** Where the platform keeps the photo that its client took. */
  media?: string;
  /** As the browser or the platform's script gave it; `agoMs`: how long before it was sent. */
  position?: { from: 'browser' | 'client'; result: unknown; agoMs: number };
  code?: string;
  note?: string;
}

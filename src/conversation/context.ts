import type { Cards } from '../cards/index.js';
import type { CaptureAsk, Clock, Log, PersonId } from '../core/index.js';
import type { DealDocument, Deals, Verification } from '../deals/index.js';
import type { AutoAdvanceRule } from '../flow/index.js';
import type { Insights } from '../insights/index.js';
import type { DigestPlace, Org, TimeWords, WorkCalendar } from '../org/index.js';
import type { CheckInRecord, FetchedMedia, MediaRef, Outgoing, PlatformName } from '../platforms/contract.js';
import type { Vault, VaultFile } from '../store/index.js';
import type { Todos } from '../todos/index.js';
import type { Sessions } from './session.js';

/** What the conversation works with; handed in once. */
export interface ConversationDeps {
  org: Org;
  deals: Deals;
  todos: Todos;
  verification: Verification;
  sessions: Sessions;
  vault: Vault;
  cards: Cards;
  calendar: WorkCalendar;
  words: TimeWords;
  fetchMedia: (media: MediaRef) => Promise<FetchedMedia>;
  /** Where somebody checked in with the platform's own tool; null where there is no such record. */
  readCheckIn: (platform: PlatformName, userId: string, at: Date) => Promise<CheckInRecord | null>;
  /** By the bytes; the mime type that is kept with the file. */
  sniff: (
    bytes: Uint8Array,
  ) => Promise<{ kind: 'image' | 'pdf' | 'xlsx' | 'csv' | 'audio' | 'other' | 'empty'; mime: string }>;
  /** A PDF with these words and larger than this, read by the evidence room. When it cannot be read, it does not fit. */
  fileFits: (file: VaultFile, bytes: Uint8Array, when: AutoAdvanceRule['when']) => Promise<boolean>;
  /** The words of a voice message, where a service for that is configured; null: none, or it heard nothing. */
  transcribe: (bytes: Uint8Array) => Promise<string | null>;
  /** Messages to people who have no session of their own (strangers, administrators). */
  send: (messages: readonly Outgoing[]) => Promise<void>;
  /** A person's page: trail of a rep, a deal, the latest digest of whoever asks. */
  pages: {
    deal(dealId: string, platform: PlatformName): string;
    home(platform: PlatformName): string;
    /** Where the thing asked for is taken: camera, position, scanner. */
    capture(ask: CaptureAsk, platform: PlatformName): string;
  };
  /**
   * Which team's or region's digest comes into this group chat from now on; null: none does. `moved`: out of another one.
   * Null where this platform's groups are made by the app.
   */
  postDigests: (
    chat: { platform: PlatformName; chatId: string },
    of: DigestPlace | null,
  ) => Promise<{ moved: boolean } | null>;
  /** Every call of this platform counts against a month. */
  isCounted: (platform: PlatformName) => boolean;
  /** Two entries of one person became one: their deals and to-dos are to follow. */
  onJoined: () => void;
  /** Figures of a scope, as of now. */
  insights: Pick<Insights, 'figures'>;
  /** Devices known to stand at the deal's client, as its owner may see them: `BC-5390 2 台`. */
  devicesOf: (deal: DealDocument) => Promise<string[]>;
  /** True for the code of the deal's visit QR. */
  visitCode: (dealId: string) => string;
  clock: Clock;
  log: Log;
}

/** Somebody who left: known, but not to be served any more. */
export type LeftPerson = { id: PersonId; name: string };

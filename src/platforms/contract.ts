import type { CaptureAsk, CardId, EventKey, PersonId } from '../core/index.js';
import type { FilledCard } from '../cards/index.js';

/**
 * What every platform adapter takes and gives. No vendor field name is seen past an adapter.
 * Way in: bytes → authentic? → decode → `InboundEvent` → `intake` (stored) → acknowledged.
 * Way out: `Delivery` → encode → client → `DeliveryReceipt`.
 */

export type PlatformName = 'wecom' | 'dingtalk';

/** Where a file can be fetched with `PlatformAdapter.fetchMedia`; short-lived, fetch at once. */
export interface MediaRef {
  platform: PlatformName;
  /** WeCom media_id, DingTalk downloadCode. */
  handle: string;
  /** File name as the sender's client told it, if it did. Never trusted for the type. */
  name?: string;
}

export type Chat = { kind: 'single' } | { kind: 'group'; id: string; title?: string };

export type InboundBody =
  | { kind: 'text'; text: string }
  | { kind: 'image'; media: MediaRef; quoted?: Quoted }
  | { kind: 'file'; media: MediaRef; quoted?: Quoted }
  /** `transcript` is the platform's own speech-to-text, when it has one. */
  | { kind: 'voice'; media: MediaRef; durationMs?: number; transcript?: string; quoted?: Quoted }
  | { kind: 'link'; url: string; title?: string }
  | { kind: 'location'; lat: number; lng: number; datum: 'wgs84' | 'gcj02'; accuracyMetres?: number; label?: string }
  /** Checked in with the platform's own tool, at `sentAt`; where, `PlatformAdapter.readCheckIn` tells. */
  | { kind: 'checked-in' }
  /** A code scanned by the app's own scan entry (menu). */
  | { kind: 'scan'; text: string; menuKey: string }
  /** `action` is `CardAction.key`; `choices` the chosen option ids by `CardChoice.key`. */
  | { kind: 'press'; cardId: CardId; action: string; choices: Record<string, string[]> }
  | { kind: 'menu'; key: string }
  /**
   * From the capture page: for this item and no other. The photo stands in the vault under the event's key, or is fetched as
   * `media`; what a site visit is shown by is a position or a scanned code, with a sentence.
   */
  | {
      kind: 'capture';
      ask: CaptureAsk;
      media?: MediaRef;
      position?: ClientPosition & { at: Date };
      code?: string;
      note?: string;
    }
  | { kind: 'entered' }
  /**
   * Something that is nothing to us: answered politely, counted, kept. `what` is the vendor's word for it; `is`, where people
   * know it by a name and can be told what works instead.
   */
  | { kind: 'unknown'; what: string; is?: NoMaterial; quoted?: Quoted };

/** It was sent before, by whomever, and is now pointed at with these words. `at`: when it was sent, where that is told. */
export interface Quoted {
  said: string;
  at?: Date;
}

/** What chats carry and no item takes. `location`: without its coordinates. `no-content`: the platform kept that back, `quoted`: of a message that is pointed at. */
export type NoMaterial =
  'video' | 'location' | 'mini-program' | 'contact' | 'sticker' | 'chat-record' | 'card' | 'no-content' | 'quoted';

export interface InboundEvent {
  key: EventKey;
  platform: PlatformName;
  /** Platform user id of the sender, exactly as the platform spells it. */
  from: string;
  /** Which of our apps there it came to, where there are several; absent: the first. It is answered by that one. */
  app?: string;
  chat: Chat;
  /** When the platform says it happened (UTC). */
  sentAt: Date;
  body: InboundBody;
  /** The answer to this event can carry words, which costs no call: what is asked next is better said than drawn. */
  takesWords?: true;
}

/**
 * What intake answers once the event is stored.
 * `answer` resolves with the card as it must look now for the presser, or null when there is nothing to show; it is
 * only there for presses and never rejects. The adapter waits for it no longer than the vendor's limit allows
 * (`capabilities.passiveReplyMs`), writes it into the reply, and then calls `answered()` so that the same update is
 * not sent again by API.
 */
export interface IntakeResult {
  duplicate: boolean;
  /** Resolves, never rejects, once this process has worked on the event, or will not; what follows from it is on its way then. */
  handled?: Promise<void>;
  answer?: Promise<FilledCard | null>;
  answered?: () => Promise<void>;
}

/** Handed to an adapter. Resolves only when the event is stored for good; rejects when it could not be: then refuse, so that the platform delivers again. */
export type Intake = (event: InboundEvent, hints?: IntakeHints) => Promise<IntakeResult>;

/** Platform handles that come with an event and are needed later to change the card in place. */
export interface IntakeHints {
  /** WeCom: a further `response_code`, usable once within 72 h. */
  updateHandle?: string;
}

export type Recipient =
  /** `app`: as in `InboundEvent`. */
  { kind: 'person'; userId: string; app?: string } | { kind: 'group'; chatId: string };

export type DeliveryBody =
  | { kind: 'text'; text: string }
  | { kind: 'markdown'; title: string; text: string }
  /** A new card. `cardId` is ours and stays the same while the card changes. */
  | { kind: 'card'; cardId: CardId; card: FilledCard }
  /** Changes a card that was sent before. `handles`: what `DeliveryReceipt.handle` and hints gave for it, newest last. */
  | { kind: 'card-update'; cardId: CardId; card: FilledCard; handles: readonly string[] }
  | { kind: 'file'; name: string; bytes: Uint8Array }
  | { kind: 'image'; name: string; bytes: Uint8Array };

/** One thing to send. `key` is the dedupe key; the same key means the same message, whatever number of tries it takes. */
export interface Delivery {
  key: string;
  to: Recipient;
  body: DeliveryBody;
  /** The last step of an escalation: pressed home by whatever the platform has for that and the company wants. */
  insist?: boolean;
  /** Words that are worth no call: said in the answer to what their reader just sent while that is open, else left out. */
  onlyAsAnswer?: boolean;
}

export interface DeliveryReceipt {
  /** Platform message id (WeCom msgid, DingTalk processQueryKey / carrierId). */
  messageId?: string;
  /** Needed to change this card later (WeCom response_code). */
  handle?: string;
  /** Handles that this call used up. */
  usedHandles?: readonly string[];
  /**
   * `replaced`: the platform could not change the card in place, a new message was sent instead. `passive`: written into
   * the answer to something that the recipient did, which counts against no budget. `left-out`: that answer was over, and
   * the delivery was wanted in it only.
   */
  how: 'sent' | 'updated' | 'replaced' | 'passive' | 'left-out';
  /**
   * It arrived, but in a lesser form (`links`: a message with links where a card was meant; `notice`: where nothing can be
   * answered), because of this: administrators are told.
   */
  instead?: { as: 'links' | 'notice'; code: string; message: string; todo?: string };
}

export interface Capabilities {
  /** Most buttons on one card; more become a numbered list. */
  maxActions: number;
  /** Longest wait before the passive answer to a press must be written, ms. */
  passiveReplyMs: number;
  /** A card with a choice (options and submit) can be drawn. */
  choices: { single: boolean; multi: boolean; maxOptions: number };
  /** Cards in group chats can be pressed. */
  groupCards: boolean;
  /** Pictures can be sent to group chats: to those of the app, to those behind a robot of the group. */
  groupPictures: { own: boolean; robots: boolean };
  /** People put the bot into groups of their own, and it may post there: such a group is told to get a digest by a word in it. */
  groupsOfPeople: boolean;
  /** Anybody may be told first, without having talked to the bot. */
  proactive: boolean;
  /** A scan entry exists in the chat (app menu). */
  scan: boolean;
  location: boolean;
}

/** Budgets that the platform enforces (often silently); the outbox keeps to them. */
export interface RateBudget {
  perRecipient?: { perMinute: number; perHour: number };
  /** Group chats whose id begins so have a budget of their own. */
  perChat?: readonly { prefix: string; perMinute: number }[];
  /** `perDay`: new messages to people, from midnight to midnight in China. */
  perApp: { perSecond?: number; perMinute?: number; perDay?: number };
  /** Calls a month for the whole company, when the edition has such a limit. */
  perMonth?: number;
  /** What the platform may push to us a month, where the edition counts that too. */
  pushesPerMonth?: number;
}

export interface FetchedMedia {
  bytes: Buffer;
  /** File name from the platform, if any. */
  name?: string;
  /** As declared by the platform; a hint only. */
  contentType?: string;
}

export interface PlatformAdapter {
  readonly name: PlatformName;
  readonly capabilities: Capabilities;
  readonly budget: RateBudget;
  /** Several apps of ours are there: `app` of events and recipients tells them apart. */
  readonly severalApps?: boolean;
  /**
   * Sends one delivery. Throws `PlatformRefusedError` (they said no; `retryable` tells whether later may help, and
   * `details.retryAfterMs` when, `details.holds: 'platform'` that all others would be refused as well until then, `details.grown` that this wait grows by itself with
   * every refusal in a row), or `PlatformUnreachableError` (no answer: it may have been delivered).
   */
  deliver(delivery: Delivery): Promise<DeliveryReceipt>;
  /** Largest file taken, bytes; more is refused with `media.too_large`. Gone or expired: `media.gone`. */
  fetchMedia(media: MediaRef): Promise<FetchedMedia>;
  /**
   * Where somebody is sent to log in: silently inside the platform's client, by a code to scan in a browser by itself, where
   * the platform has that. `state` is ours, `[A-Za-z0-9]` ≤ 128.
   */
  loginUrl(redirectUri: string, state: string, where?: 'client' | 'browser'): string;
  /** Redeems the code that came back; gives the platform user id. Refused: `login.code_invalid`. */
  login(code: string): Promise<{ userId: string }>;
  /**
   * What this platform's script needs on a page of ours before it may use the client's camera, position and scanner;
   * opaque to everybody but that script. `address` as the page's browser knows it: whoever calls this has checked that it
   * is ours. `app`: for the few functions that want this app's identity; not every platform tells them apart.
   */
  pageConfig?(address: string, as: 'company' | 'app'): Promise<PageConfig>;
  /** What that script gave as the position; null: nothing that is one. */
  readPosition?(result: unknown): ClientPosition | null;
  /** Reads the address book, as far as the app may see it; `userIds`: only these people (and all departments). */
  readDirectory?(userIds?: readonly string[]): Promise<Directory>;
  /** The place of a check-in with the platform's own tool, by its instant; null when there is no such record. */
  readCheckIn?(userId: string, at: Date): Promise<CheckInRecord | null>;
  /** Takes a message back from its recipient's chat, by `DeliveryReceipt.messageId`. Too old: a refusal that is final. */
  recall?(messageId: string): Promise<void>;
  /** For how long after it was sent that may work, ms. */
  readonly recallWithinMs?: number;
  /** Makes or completes a group chat owned by us; gives its chat id. Only where the platform lets an app make groups. */
  ensureGroup?(group: {
    chatId: string;
    name: string;
    ownerUserId: string;
    memberUserIds: readonly string[];
    /** Put in by us earlier and no longer wanted: taken out. Whoever was invited by hand stays. */
    formerUserIds?: readonly string[];
  }): Promise<string>;
  /** Opens what must be open to receive (streams); HTTP receivers do nothing here. */
  start(): Promise<void>;
  /** Stops receiving, waits for what is in work, closes. */
  stop(): Promise<void>;
  /** For /readyz and the doctor: can we receive and send? */
  health(): { receiving: boolean; detail: string };
}

/** JSON for a platform's own script; no field of it is read in between. */
export type PageConfig = object;

/** From a person's device: a claim, never proof. */
export interface ClientPosition {
  lat: number;
  lng: number;
  datum: 'wgs84' | 'gcj02';
  accuracyMetres?: number;
  label?: string;
  /** Why it is no good witness: an old fix out of the client's memory, or a made-up one that the client admits. */
  doubt?: 'cached' | 'mock';
}

/** What the platform's own check-in tool recorded. */
export interface CheckInRecord {
  lat: number;
  lng: number;
  datum: 'wgs84' | 'gcj02';
  at: Date;
  /** As the platform names the place. */
  label: string;
}

/** A platform's address book as it was read; the org room plans its changes from it. */
export interface Directory {
  platform: PlatformName;
  departments: readonly { id: string; name: string; parentId?: string; leaderUserIds: readonly string[] }[];
  members: readonly {
    userId: string;
    name: string;
    title: string;
    /** The main one first. */
    departmentIds: readonly string[];
    /** Direct superiors, the first one counts. */
    leaderUserIds: readonly string[];
    /** `gone`: left, disabled, or out of what the app may see. */
    state: 'active' | 'gone';
    /** Confirmed to the platform by its owner, where the app may see it. Joins the accounts of one person, kept nowhere as it is. */
    mobile?: string;
  }[];
  /** Everybody whom the app may see was read: whoever is missing has left. */
  complete: boolean;
  /** User ids that differ in case only are one person. */
  ignoresCase: boolean;
}

/** One HTTP request as an adapter's receiver sees it, free of any web framework. */
export interface CallbackRequest {
  method: string;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Buffer;
  /** Address of whoever sent it: the peer, or whom our own reverse proxy saw. */
  from?: string;
}
export interface CallbackResponse {
  status: number;
  contentType: string;
  body: string;
  /** Called after the answer has been written to the socket. */
  written?: () => Promise<void>;
}
export type CallbackReceiver = (request: CallbackRequest) => Promise<CallbackResponse>;

// What the inside asks the outbox to send; the outbox turns it into deliveries.

/** What the message is for: decides its urgency and how it is counted. */
export type Purpose =
  | 'reply'
  | 'verdict'
  | 'todo'
  | 'nudge'
  | 'digest'
  | 'admin'
  /** An older card is brought up to date after its news was told otherwise: nobody waits for it, and the next look takes its place. */
  | 'refresh';

export type Address =
  /** The platform is chosen by where the person talks to us, `prefer` when that is not known. */
  | { kind: 'person'; personId: PersonId; prefer?: PlatformName }
  | { kind: 'user'; platform: PlatformName; userId: string; app?: string }
  | { kind: 'group'; platform: PlatformName; chatId: string };

/**
 * What is to be sent. `show`: the card with this id must look like this: sent when it was never sent, else changed in
 * place. Newer shows of one card replace older ones that have not left yet.
 */
export type Message =
  | { kind: 'show'; cardId: CardId; card: FilledCard }
  | { kind: 'text'; text: string }
  | { kind: 'markdown'; title: string; text: string }
  /** A picture that is drawn when it leaves; `of` says of what, the same `of` is the same picture. */
  | { kind: 'picture'; name: string; of: string };

export interface Outgoing {
  /** Dedupe key: the same key is the same message for ever. */
  key: string;
  to: Address;
  message: Message;
  purpose: Purpose;
  /** The last step of an escalation; see `Delivery`. */
  insist?: boolean;
  /** See `Delivery`: the news itself follows soon. */
  onlyAsAnswer?: boolean;
  /** Where every call counts against a month: said in these words instead of a card, or not at all, since another message says it too. */
  sparing?: 'left-out' | { text: string };
  /** Not before this instant (a passive answer may make it unnecessary; a verdict may overtake it). */
  notBefore?: Date;
  /** Left out while this person is choosing something on the card: what is marked there is not taken away, and the answer shows the rest. */
  unlessChoosing?: PersonId;
}

/** An effect of kind `send` carries an `Outgoing` as its data. */
export const SEND = 'send';

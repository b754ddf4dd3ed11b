/** What the stand-ins, the control interface and the page that shows the phones have in common. No vendor rule lives here. */

export type PlatformName = 'wecom' | 'dingtalk';
export const PLATFORMS: readonly PlatformName[] = ['wecom', 'dingtalk'];

/** Everything an installation needs to know to use the stand-ins as its platforms. */
export interface SandboxAccess {
  wecom: {
    apiBase: string;
    corpId: string;
    agentId: string;
    secret: string;
    token: string;
    encodingAesKey: string;
    contactsSecret: string;
    /** Keys of the directory's callback and of the AI bot's. */
    contacts: { token: string; encodingAesKey: string };
    aibot: { token: string; encodingAesKey: string; botId: string; secret: string; ws: string };
  };
  dingtalk: {
    apiBase: string;
    oapiBase: string;
    clientId: string;
    clientSecret: string;
    robotCode: string;
    corpId: string;
    agentId: string;
    cardTemplateId: string;
    /** Keys of the event subscription in HTTP mode. */
    eventToken: string;
    eventAesKey: string;
  };
  controlBase: string;
}

export interface DirectoryPerson {
  id: string;
  name: string;
  title: string;
  region?: string;
  team?: string;
  /** Person id of the superior; becomes direct_leader and manager_userid. */
  superiorId?: string;
  wecomUserId?: string;
  dingtalkUserId?: string;
  /** The number the account was opened with; the app sees it by a permission of its own. */
  dingtalkMobile?: string;
}

export interface DirectoryGroup {
  id: string;
  name: string;
  memberIds: string[];
  wecomChatId?: string;
  /** A WeCom group that somebody made in the client: it exists, but it is not the app's. */
  wecomForeign?: boolean;
  /** Key of the webhook of a robot in this group. */
  wecomRobotKey?: string;
  dingtalkConversationId?: string;
}

export interface Directory {
  people: DirectoryPerson[];
  groups: DirectoryGroup[];
}

export type MessageKind = 'text' | 'markdown' | 'card' | 'image' | 'file' | 'voice' | 'video' | 'news';

/** One message as one phone shows it. */
export interface Message {
  id: string;
  platform: PlatformName;
  chatId: string;
  /** `bot` or the sender's platform user id. */
  from: string;
  fromName: string;
  /** ISO instant of the stand-in's clock. */
  at: string;
  kind: MessageKind;
  text?: string;
  title?: string;
  /** The vendor's card JSON as this client holds it. */
  card?: Record<string, unknown>;
  /** Path on the control server. */
  mediaUrl?: string;
  name?: string;
  bytes?: number;
  state?: { replacedText?: string; disabled?: boolean };
  toast?: string;
}

export interface Chat {
  id: string;
  title: string;
  kind: 'single' | 'group';
  messages: Message[];
}

export interface Phone {
  platform: PlatformName;
  userId: string;
  personId: string;
  chats: Chat[];
}

/** What can be made to go wrong, one set for each platform; everything off is `{}`. */
export interface Faults {
  /** `true`: connections are cut without an answer; `503`: answered with 503. */
  down?: boolean | '503';
  slowMs?: number;
  /** 0–1: that share of calls is answered with a 5xx. */
  failRate?: number;
  /** The call is carried out and then never answered. */
  timeoutAfterAccept?: boolean;
  /** Extra deliveries of each callback. */
  duplicateCallbacks?: number;
  /** Messages are accepted and never shown. */
  silentDrop?: boolean;
  /** Every call is refused with the vendor's rate-limit code. */
  limit?: boolean;
  /** Answers of single calls by their path, as a console that is set up wrongly brings them. */
  refusals?: Record<string, { status?: number; json: unknown }>;
  /** How far the vendor's clock is from this machine's, as its `Date` header shows. */
  clockSkewMs?: number;
  /** DingTalk: `true` sends `disconnect` and closes 10 s later, `cut` closes at once without a word. Resets itself. */
  disconnectStream?: boolean | 'cut';
  /** WeCom: the AI bot's long connection is cut. Resets itself. */
  cutBot?: boolean;
  /** DingTalk: the month's quota is used up, both ways. */
  quota?: boolean;
  /** DingTalk: permission points that the app was not granted. */
  missingScopes?: string[];
  /** DingTalk: these user ids come back in `flowControlledStaffIdList`. */
  flowControlled?: string[];
}

export type FaultSet = Record<PlatformName, Faults>;

/** One call between the app and a platform. `direction` is seen from the app: `out` = the app called the platform. */
export interface Traffic {
  at: string;
  platform: PlatformName;
  direction: 'in' | 'out';
  method: string;
  /** Without the query: it holds tokens. */
  path: string;
  kind: string;
  ms: number;
  status: number;
  errcode?: number | string;
  bytes: number;
  /** Accepted, but not as a real client would show it: too long, not offered for this card. */
  warnings?: string[];
}

/** What became of a callback that an action on a phone caused. */
export interface CallbackOutcome {
  /** HTTP status (WeCom) or ACK code (DingTalk) of the last try; 0 when nobody answered. */
  status: number;
  ms: number;
  tries: number;
  /** What the app answered with: `empty`, `text`, `update_button` … or why it was not accepted. */
  answered?: string;
}

export interface ActionResult {
  accepted: boolean;
  reason?: string;
  messageId?: string;
  callback?: CallbackOutcome;
}

/** Limits in time that tests shorten. Milliseconds. */
export interface Timings {
  /** WeCom cuts a callback that is not answered in this time. */
  wecomAnswerMs: number;
  /** Answer limit of the URL check. */
  wecomVerifyMs: number;
  /** At least this long from the start of one try of a callback to the next; not documented, about this by reports. */
  wecomRetryPauseMs: number;
  dingtalkCardMs: number;
  dingtalkEventMs: number;
  /** How long an action on a phone waits for the ACK of a robot message. */
  dingtalkRobotMs: number;
  /** An unanswered frame is pushed again after this time. */
  dingtalkRedeliverMs: number;
  dingtalkPingMs: number;
  /** From the `disconnect` frame to the end of the connection. */
  dingtalkCloseMs: number;
}

export const VENDOR_TIMINGS: Timings = {
  wecomAnswerMs: 5_000,
  wecomVerifyMs: 1_000,
  wecomRetryPauseMs: 5_000,
  dingtalkCardMs: 2_000,
  dingtalkEventMs: 3_000,
  dingtalkRobotMs: 10_000,
  dingtalkRedeliverMs: 60_000,
  dingtalkPingMs: 25_000,
  dingtalkCloseMs: 10_000,
};

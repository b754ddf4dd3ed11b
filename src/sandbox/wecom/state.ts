import { randomBytes } from 'node:crypto';
import { DAY, HOUR, MINUTE, SECOND } from '../../core/index.js';
import { Windows } from '../calls.js';
import type { Call, Reply } from '../http.js';
import type { Json } from '../json.js';
import { opaque, type StoredMessage, type World } from '../world.js';
import { fail } from './words.js';

export const TOKEN_SECONDS = 7_200;
const RESPONSE_CODE_MS = 72 * HOUR;
const SENT_SWEPT_AT = 5_000;

export type Secret = 'app' | 'contacts';

interface TokenRecord {
  of: Secret;
  expiresAt: number;
}

interface ResponseCode {
  /** The message the card was sent with. */
  msgid: string;
  expiresAt: number;
  used: boolean;
}

export interface SentMessage {
  at: number;
  /** Message ids on the phones. */
  messageIds: string[];
  cardType?: string;
}

export interface AppChat {
  chatid: string;
  name: string;
  owner: string;
  userlist: string[];
}

interface OauthCode {
  userId: string;
  expiresAt: number;
  used: boolean;
}

/** Callback URLs that the console knows: of the app, of the directory, of the AI bot. Each has keys of its own. */
export type Door = 'app' | 'contacts' | 'aibot';

interface DoorKeys {
  token: string;
  encodingAesKey: string;
  url?: string;
}

function newDoor(): DoorKeys {
  // 43 characters whose decoding with "=" gives 32 bytes
  return { token: opaque(24), encodingAesKey: randomBytes(32).toString('base64').slice(0, 43).replace(/[+/]/g, 'x') };
}

function newBot(): DoorKeys & { botId: string; secret: string } {
  return { ...newDoor(), botId: `aib${opaque(29)}`, secret: opaque(43) };
}

interface WecomData {
  corpId: string;
  agentId: string;
  secret: string;
  contactsSecret: string;
  token: string;
  encodingAesKey: string;
  callbackUrl?: string;
  contacts: DoorKeys;
  /** Either door of the bot: keys of its callback, id and secret of its long connection. */
  aibot: DoorKeys & { botId: string; secret: string };
  /** Addresses for the bot's answers, by response_code: once, within an hour. */
  botReplies: Record<string, { chatId: string; expiresAt: number; used: boolean }>;
  menu?: Json;
  tokens: Record<string, TokenRecord>;
  responseCodes: Record<string, ResponseCode>;
  sent: Record<string, SentMessage>;
  /** task_id → msgid; unique per app. */
  tasks: Record<string, string>;
  appchats: Record<string, AppChat>;
  codes: Record<string, OauthCode>;
  tickets: Record<string, { ticket: string; expiresAt: number }>;
  /** Request bodies seen with enable_duplicate_check, by hash. */
  duplicates: Record<string, { until: number; answer: Json }>;
}

function initial(): WecomData {
  const { token, encodingAesKey } = newDoor();
  return {
    corpId: `ww${randomBytes(8).toString('hex')}`,
    agentId: '1000002',
    secret: opaque(43),
    contactsSecret: opaque(43),
    token,
    encodingAesKey,
    contacts: newDoor(),
    aibot: newBot(),
    botReplies: {},
    tokens: {},
    responseCodes: {},
    sent: {},
    tasks: {},
    appchats: {},
    codes: {},
    tickets: {},
    duplicates: {},
  };
}

/** What the vendor's servers remember about one company and its one app. */
export class WecomState {
  readonly world: World;
  readonly data: WecomData;
  readonly windows = new Windows();
  /** The address under which the app calls: a proxy's, where one stands before it. */
  calledAs: string | undefined;

  constructor(world: World) {
    this.world = world;
    this.data = world.part<Partial<WecomData>>('wecom', initial) as WecomData;
    // Saved before these doors were there.
    const saved: Partial<WecomData> = this.data;
    saved.contacts ??= newDoor();
    saved.aibot = { ...newBot(), ...saved.aibot };
    saved.botReplies ??= {};
  }

  /** Keys, receiveid and URL of one callback. The bot's receiveid is empty. */
  door(door: Door): { token: string; encodingAesKey: string; receiveId: string; url: string | undefined } {
    const { corpId, token, encodingAesKey, callbackUrl, contacts, aibot } = this.data;
    switch (door) {
      case 'app':
        return { token, encodingAesKey, receiveId: corpId, url: callbackUrl };
      case 'contacts':
        return { ...contacts, receiveId: corpId, url: contacts.url };
      case 'aibot':
        return { ...aibot, receiveId: '', url: aibot.url };
    }
  }

  saveDoor(door: Door, url: string): void {
    if (door === 'app') this.data.callbackUrl = url;
    else this.data[door].url = url;
    this.world.save();
  }

  // Tokens

  /** The same token again while it is valid. */
  issueToken(of: Secret): { token: string; expiresIn: number } {
    const now = this.world.now();
    for (const [token, record] of Object.entries(this.data.tokens)) {
      if (record.of === of && record.expiresAt > now) {
        return { token, expiresIn: Math.ceil((record.expiresAt - now) / SECOND) };
      }
      if (record.expiresAt < now - DAY) delete this.data.tokens[token];
    }
    const token = opaque(214);
    this.data.tokens[token] = { of, expiresAt: now + TOKEN_SECONDS * SECOND };
    this.world.save();
    return { token, expiresIn: TOKEN_SECONDS };
  }

  expireTokens(): void {
    for (const record of Object.values(this.data.tokens))
      record.expiresAt = Math.min(record.expiresAt, this.world.now());
    this.world.save();
  }

  /** Only the query counts; a token in a header or body is as good as none. */
  authorize(call: Call): { of: Secret } | { refusal: Reply } {
    if (call.headers.host !== undefined) this.calledAs = `http://${call.headers.host}`;
    const token = call.query.get('access_token') ?? '';
    if (token === '') return { refusal: fail(41001, 'access_token missing') };
    const record = this.data.tokens[token];
    if (record === undefined) return { refusal: fail(40014, 'invalid access_token') };
    if (record.expiresAt <= this.world.now()) return { refusal: fail(42001, 'access_token expired') };
    // Base limits of any one API, per corp.
    const limits = [
      { count: 10_000, ms: MINUTE },
      { count: 150_000, ms: HOUR },
    ];
    if (!this.windows.take(`api ${call.path}`, this.world.now(), ...limits)) {
      return { refusal: fail(45009, 'api freq out of limit') };
    }
    return { of: record.of };
  }

  /** Refuses an agentid that is not a number (40056) or belongs to another app than the token (301002). */
  refuseAgent(agentid: unknown, of: Secret): Reply | undefined {
    if (typeof agentid !== 'number' || !Number.isInteger(agentid)) return fail(40056, 'invalid agentid');
    if (of !== 'app' || String(agentid) !== this.data.agentId) {
      return fail(301002, 'not allow operate another agent with this accesstoken');
    }
    return undefined;
  }

  // Messages and cards

  remember(msgid: string, sent: SentMessage): void {
    // A code lives 72 hours and recall ends after one day: older messages are never asked for again.
    const all = Object.entries(this.data.sent);
    if (all.length >= SENT_SWEPT_AT) {
      for (const [id, { at }] of all) if (at < sent.at - RESPONSE_CODE_MS - DAY) delete this.data.sent[id];
    }
    this.data.sent[msgid] = sent;
    this.world.save();
  }

  newResponseCode(msgid: string): string {
    const now = this.world.now();
    for (const [code, record] of Object.entries(this.data.responseCodes)) {
      if (record.expiresAt < now - DAY) delete this.data.responseCodes[code];
    }
    const code = opaque(43);
    this.data.responseCodes[code] = { msgid, expiresAt: now + RESPONSE_CODE_MS, used: false };
    this.world.save();
    return code;
  }

  responseCode(code: string): ResponseCode | undefined {
    const record = this.data.responseCodes[code];
    return record === undefined || record.used || record.expiresAt <= this.world.now() ? undefined : record;
  }

  /** The copies of one sent message that are still on phones. */
  copies(msgid: string): StoredMessage[] {
    const ids = new Set(this.data.sent[msgid]?.messageIds);
    return this.world.messages('wecom').filter((message) => ids.has(message.id));
  }
}

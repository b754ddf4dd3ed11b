import { DAY, errorCode, joinKey, MINUTE, type Clock, type Log } from '../../core/index.js';
import type { ReplyAddresses } from '../reply-addresses.js';
import type { DingtalkSettings, RobotMessage } from './types.js';

/** Ended early by this, so that an answer under way still arrives. */
const MARGIN_MS = MINUTE;
/** The vendor's live an hour and a half; what says it lives longer than this is not believed. */
const MAX_LIFE_MS = DAY;
const MAX_SESSIONS = 5_000;

/**
 * Addresses that came with people's own messages, for a while. People outside the company have no user id, so nothing
 * else can answer them; of everybody else words are answered so, since it costs none of the month's API calls (it may
 * count as one of the pushes; the vendor does not say). In memory, and in the store for the other processes and for the
 * time after a restart; where neither has one, the API serves. The addresses are secrets.
 */
export interface Sessions {
  /** Known here at once, and stored in the background: a store that is away costs a call later, and nobody's message. */
  remember(message: RobotMessage): void;
  /** By user id, or by the encrypted id of somebody outside the company. */
  find(userId: string): Promise<string | undefined>;
  /** The vendor does not know it any more; one that came since stays. */
  forget(userId: string, url: string): Promise<void>;
  /** Resolves once everything remembered is stored, or could not be. */
  settled(): Promise<void>;
}

export interface SessionsDeps {
  settings: DingtalkSettings;
  clock: Clock;
  log: Log;
  addresses: ReplyAddresses;
}

export function createSessions({ settings, clock, log, addresses }: SessionsDeps): Sessions {
  const sessions = new Map<string, { url: string; until: Date }>();
  const hosts = [settings.apiBase, settings.oapiBase].map((base) => new URL(base).host);
  const isOurs = (url: string): boolean => URL.canParse(url) && hosts.includes(new URL(url).host);
  // Another app's robot answers in another chat.
  const idOf = (userId: string): string => joinKey('dingtalk', 'session', settings.robotCode, userId);
  const storing = new Set<Promise<void>>();

  const orWarn = (what: string) => (error: unknown) => {
    log.warn({ code: errorCode(error) }, `a reply address was not ${what}, the API serves`);
  };

  return {
    remember({ senderStaffId, senderId, conversationType, sessionWebhook, sessionWebhookExpiredTime }) {
      // What was said in a group is answered there; only whoever has no other address is answered so.
      const userId = senderStaffId && conversationType === '1' ? senderStaffId : senderStaffId ? '' : senderId;
      if (userId === '' || !sessionWebhook || !isOurs(sessionWebhook)) return;
      const now = clock.now().getTime();
      const until = new Date(Math.min((sessionWebhookExpiredTime ?? 0) - MARGIN_MS, now + MAX_LIFE_MS));
      if (until.getTime() <= now) return;
      sessions.delete(userId);
      sessions.set(userId, { url: sessionWebhook, until });
      const [oldest] = sessions.keys();
      if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
      const stored = addresses
        .renew(idOf(userId), sessionWebhook, until)
        .catch(orWarn('stored'))
        .finally(() => storing.delete(stored));
      storing.add(stored);
    },

    async find(userId) {
      const known = sessions.get(userId);
      if (known !== undefined && known.until > clock.now()) return known.url;
      sessions.delete(userId);
      const kept = await addresses.find(idOf(userId)).catch(orWarn('read'));
      // The settings may name other hosts than those it came under.
      return typeof kept === 'string' && isOurs(kept) ? kept : undefined;
    },

    async forget(userId, url) {
      if (sessions.get(userId)?.url === url) sessions.delete(userId);
      await addresses.gone(idOf(userId), url).catch(orWarn('removed'));
    },

    async settled() {
      await Promise.all(storing);
    },
  };
}

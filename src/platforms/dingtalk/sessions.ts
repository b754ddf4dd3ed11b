import { MINUTE, type Clock } from '../../core/index.js';
import type { DingtalkSettings, RobotMessage } from './types.js';

/** Ended early by this, so that an answer under way still arrives. */
const MARGIN_MS = MINUTE;
const MAX_SESSIONS = 5_000;

/**
 * Addresses that came with people's own messages, for a while. People outside the company have no user id, so nothing
 * else can answer them; of everybody else words are answered so, since it costs none of the month's API calls (it may
 * count as one of the pushes; the vendor does not say). Kept in memory; after a restart the API serves. The addresses
 * are secrets.
 */
export interface Sessions {
  remember(message: RobotMessage): void;
  /** By user id, or by the encrypted id of somebody outside the company. */
  find(userId: string): string | undefined;
  /** The vendor does not know it any more. */
  forget(userId: string): void;
}

export function createSessions(settings: DingtalkSettings, clock: Clock): Sessions {
  const sessions = new Map<string, { url: string; until: number }>();
  const hosts = [new URL(settings.apiBase).host, new URL(settings.oapiBase).host];
  return {
    remember({ senderStaffId, senderId, conversationType, sessionWebhook, sessionWebhookExpiredTime }) {
      // What was said in a group is answered there; only whoever has no other address is answered so.
      const userId = senderStaffId && conversationType === '1' ? senderStaffId : senderStaffId ? '' : senderId;
      if (userId === '' || !sessionWebhook || !URL.canParse(sessionWebhook)) return;
      if (!hosts.includes(new URL(sessionWebhook).host)) return;
      sessions.delete(userId);
      sessions.set(userId, { url: sessionWebhook, until: (sessionWebhookExpiredTime ?? 0) - MARGIN_MS });
      const [oldest] = sessions.keys();
      if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    },
    forget: (userId) => void sessions.delete(userId),
    find(userId) {
      const session = sessions.get(userId);
      return session !== undefined && session.until > clock.now().getTime() ? session.url : undefined;
    },
  };
}

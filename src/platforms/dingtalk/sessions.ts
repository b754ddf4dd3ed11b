import { MINUTE, type Clock } from '../../core/index.js';
import type { DingtalkSettings, RobotMessage } from './types.js';

/** Ended early by this, so that an answer under way still arrives. */
const MARGIN_MS = MINUTE;
const MAX_SESSIONS = 500;

/**
 * Reply addresses of people outside the company: they have no user id, so only the address that came with their message
 * can answer them. Kept in memory; after a restart they write again. The addresses are secrets.
 */
export interface Sessions {
  remember(message: RobotMessage): void;
  find(senderId: string): string | undefined;
}

export function createSessions(settings: DingtalkSettings, clock: Clock): Sessions {
  const sessions = new Map<string, { url: string; until: number }>();
  const hosts = [new URL(settings.apiBase).host, new URL(settings.oapiBase).host];
  return {
    remember({ senderStaffId, senderId, sessionWebhook, sessionWebhookExpiredTime }) {
      if (senderStaffId || senderId === '' || !sessionWebhook || !URL.canParse(sessionWebhook)) return;
      if (!hosts.includes(new URL(sessionWebhook).host)) return;
      sessions.delete(senderId);
      sessions.set(senderId, { url: sessionWebhook, until: (sessionWebhookExpiredTime ?? 0) - MARGIN_MS });
      const [oldest] = sessions.keys();
      if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    },
    find(senderId) {
      const session = sessions.get(senderId);
      return session !== undefined && session.until > clock.now().getTime() ? session.url : undefined;
    },
  };
}

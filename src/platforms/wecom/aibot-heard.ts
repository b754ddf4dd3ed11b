import { asId, joinKey, type EventKey } from '../../core/index.js';
import type { InboundBody, InboundEvent } from '../contract.js';

/**
 * What comes to the AI bot, whichever door it takes: the JSON callback and the long connection carry the same messages.
 * https://developer.work.weixin.qq.com/document/path/100719 and /101027
 */
export const AIBOT_PREFIX = 'aibot:';

export const WELCOME =
  '问客户名看进度，比如「城东医院 卡在哪」；问「本周穿透率」看你负责的。材料和待办在「留痕」应用里办。';

const EVENTS = ['enter_chat', 'template_card_event', 'feedback_event', 'disconnected_event'];
/** The kinds that are counted by name. */
export const AIBOT_KINDS: ReadonlySet<string> = new Set([
  ...['text', 'mixed', 'voice', 'image', 'file', 'video', 'stream'].map((name) => `aibot.${name}`),
  ...EVENTS.map((name) => `aibot.event.${name}`),
]);

export type Heard =
  /** Refreshing polls of streams, which are not used, and events that ask nothing. */
  | { outcome: 'ignored'; kind: string; welcome: boolean }
  | { outcome: 'malformed'; kind: string }
  | { outcome: 'event'; kind: string; key: string; message: Record<string, unknown>; event: InboundEvent };

export function hear(message: Record<string, unknown>, now: Date): Heard {
  const type = textOf(message['msgtype']);
  const name = textOf(objectOf(message['event'])['eventtype']);
  const kind = type === 'event' ? `aibot.event.${name}` : `aibot.${type}`;
  if (type === 'stream' || (type === 'event' && name !== 'enter_chat'))
    return { outcome: 'ignored', kind, welcome: false };
  const id = textOf(message['msgid']);
  const from = textOf(objectOf(message['from'])['userid']);
  if (id === '' || from === '' || type === '') return { outcome: 'malformed', kind };
  if (type === 'event') return { outcome: 'ignored', kind, welcome: true };
  const key = joinKey('wecom', 'aibot', id);
  const event: InboundEvent = {
    key: asId<EventKey>(key),
    platform: 'wecom',
    from,
    chat: { kind: 'group', id: `${AIBOT_PREFIX}${key}` },
    // The vendor gives no time for messages.
    sentAt: now,
    body: bodyOf(type, message),
  };
  return { outcome: 'event', kind, key, message, event };
}

function bodyOf(type: string, message: Record<string, unknown>): InboundBody {
  switch (type) {
    case 'text':
      return { kind: 'text', text: withoutName(textOf(objectOf(message['text'])['content'])) };
    case 'voice':
      // The transcript is all there is.
      return { kind: 'text', text: textOf(objectOf(message['voice'])['content']).trim() };
    case 'mixed': {
      const items = objectOf(message['mixed'])['msg_item'];
      const words = (Array.isArray(items) ? items : []).map((one) =>
        textOf(objectOf(objectOf(one)['text'])['content']),
      );
      return { kind: 'text', text: withoutName(words.filter((part) => part !== '').join(' ')) };
    }
    default:
      return { kind: 'unknown', what: `aibot.${type}` };
  }
}

/** What is said in a group begins with `@` and the bot's name. */
const withoutName = (said: string): string => said.replace(/^\s*@\S+\s*/u, '').trim();

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

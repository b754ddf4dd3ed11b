import { asId, joinKey, type CardId, type EventKey } from '../../core/index.js';
import type { FilledCard } from '../../cards/index.js';
import type { InboundBody, InboundEvent } from '../contract.js';
import { areIds } from '../ids.js';
import { cardIdOf } from './task-id.js';
import { drawBotCard, joinQuestion, NO_OPTION } from './template-card.js';
import type { TemplateCard } from './types.js';

/**
 * What comes to the AI bot, whichever door it takes: the JSON callback and the long connection carry the same messages.
 * https://developer.work.weixin.qq.com/document/path/100719 and /101027
 */
export const AIBOT_PREFIX = 'aibot:';

export const WELCOME =
  '问客户名看进度，比如「城东医院 卡在哪」；问「本周穿透率」看你负责的。材料和待办在「留痕」应用里办。';

/**
 * Longest wait for what a pressed card of the bot looks like now. The vendor takes the change for 5 s and never later; what
 * is not there by then leaves as a message of its own, which waits a little longer than this.
 */
export const PRESS_ANSWER_MS = 2_000;

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
  const isPress = type === 'event' && name === 'template_card_event';
  if (type === 'stream' || (type === 'event' && name !== 'enter_chat' && !isPress))
    return { outcome: 'ignored', kind, welcome: false };
  const id = textOf(message['msgid']);
  const from = textOf(objectOf(message['from'])['userid']);
  if (id === '' || from === '' || type === '' || !areIds(id, from)) return { outcome: 'malformed', kind };
  if (type === 'event' && !isPress) return { outcome: 'ignored', kind, welcome: true };
  const body = isPress ? pressOf(objectOf(message['event'])) : bodyOf(type, message);
  if (body === null) return { outcome: 'malformed', kind };
  const key = joinKey('wecom', 'aibot', id);
  const event: InboundEvent = {
    key: asId<EventKey>(key),
    platform: 'wecom',
    from,
    chat: { kind: 'group', id: `${AIBOT_PREFIX}${key}` },
    // The vendor gives no time for messages.
    sentAt: now,
    body,
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
      return { kind: 'unknown', what: `aibot.${type}`, ...(type === 'video' && { is: 'video' as const }) };
  }
}

/** A press on a card of the bot's own, or on its menu. https://developer.work.weixin.qq.com/document/path/101027 */
function pressOf(event: Record<string, unknown>): InboundBody | null {
  const pressed = objectOf(event['template_card_event']);
  const taskId = textOf(pressed['task_id']);
  const action = textOf(pressed['event_key']);
  if (taskId === '' || action === '' || !areIds(taskId)) return null;
  const chosen = new Map<string, string[]>();
  for (const item of listOf(objectOf(pressed['selected_items'])['selected_item'])) {
    const question = joinQuestion(textOf(objectOf(item)['question_key']));
    const ids = listOf(objectOf(objectOf(item)['option_ids'])['option_id']).map(textOf);
    const taken = ids.filter((id) => id !== '' && id !== NO_OPTION);
    if (question !== '') chosen.set(question, [...(chosen.get(question) ?? []), ...taken]);
  }
  return { kind: 'press', cardId: asId<CardId>(cardIdOf(taskId)), action, choices: Object.fromEntries(chosen) };
}

/** The pressed card as it looks now, for everybody who has it; null when no card can say it. */
export function pressedCard(message: Record<string, unknown>, card: FilledCard): TemplateCard | null {
  const drawn = drawBotCard(card, 'update');
  const taskId = textOf(objectOf(objectOf(message['event'])['template_card_event'])['task_id']);
  // The page says that it is ignored here, the official SDK that it must be the one of the callback.
  return drawn === null ? null : { ...drawn, task_id: taskId };
}

/** What is said in a group begins with `@` and the bot's name. */
const withoutName = (said: string): string => said.replace(/^\s*@\S+\s*/u, '').trim();

/** One of a kind may come by itself. */
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

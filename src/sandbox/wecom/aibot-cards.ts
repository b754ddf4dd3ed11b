import { SECOND } from '../../core/index.js';
import { type Json, strings, text } from '../json.js';
import { opaque, type StoredChat, type StoredMessage } from '../world.js';
import { checkCard, type CheckedCard, type CardRefusal } from './card.js';
import type { WecomState } from './state.js';
import { applyUpdate } from './update.js';

/** Cards of the AI bot: sent, pressed, changed in the answer to the press. https://developer.work.weixin.qq.com/document/path/101032 */

/** The vendor takes the change of a pressed card for so long. */
export const UPDATE_MS = 5 * SECOND;

export interface Pressed {
  userId: string;
  chat: StoredChat;
  message: StoredMessage;
  card: Json;
  action: string;
  selected: { question: string; ids: string[] }[];
}

export function checkBotCard(card: unknown, use: 'send' | 'update'): CheckedCard | CardRefusal {
  // No attachments in them, and nobody else's profile is asked for here.
  return checkCard(card, { update: use === 'update', bot: true, mediaExists: () => false, userExists: () => true });
}

/** What the bot hears of a press; a menu's has the same name. https://developer.work.weixin.qq.com/document/path/101027 */
export function pressEvent(state: WecomState, { userId, chat, card, action, selected }: Pressed): Json {
  const items = selected.map(({ question, ids }) => ({ question_key: question, option_ids: { option_id: ids } }));
  return {
    msgid: opaque(32),
    create_time: Math.floor(state.world.now() / SECOND),
    aibotid: state.data.aibot.botId,
    from: { userid: userId },
    chatid: chat.id,
    chattype: 'group',
    msgtype: 'event',
    event: {
      eventtype: 'template_card_event',
      template_card_event: {
        card_type: text(card.card_type),
        event_key: action,
        task_id: text(card.task_id),
        ...(items.length === 0 ? {} : { selected_items: { selected_item: items } }),
      },
    },
  };
}

/** Changes the pressed card for those who are named, else for everybody who has it. */
export function updateByBot(state: WecomState, message: StoredMessage, body: Json): CardRefusal | undefined {
  if (body.response_type !== 'update_template_card') return { errcode: 40058, errmsg: 'invalid response_type' };
  if (body.userids !== undefined && (!Array.isArray(body.userids) || strings(body.userids).length === 0))
    return { errcode: 40058, errmsg: 'invalid userids' };
  const checked = checkBotCard(body.template_card, 'update');
  if ('errcode' in checked) return checked;
  const { world } = state;
  const named = strings(body.userids ?? []).flatMap((userId) => world.canonicalUser('wecom', userId) ?? []);
  const chosen = body.userids === undefined ? message.to : message.to.filter((userId) => named.includes(userId));
  const others = message.to.filter((userId) => !chosen.includes(userId));
  if (others.length > 0) {
    const chat = world.chat('wecom', message.chatId);
    // From here on two looks of one message, each with its readers.
    chat?.messages.splice(chat.messages.indexOf(message), 0, { ...message, to: others });
    message.to = chosen;
  }
  applyUpdate(world, message, { card: checked.card });
  return undefined;
}

import { PlatformRefusedError, PlatformUnreachableError } from '../../core/index.js';
import type { Delivery, DeliveryReceipt } from '../contract.js';
import type { ReplyAddresses } from '../reply-addresses.js';
import { AIBOT_PREFIX } from './aibot-heard.js';
import { LINK_ADDRESS, type AibotLink } from './aibot-link.js';
import type { WecomClient } from './client.js';
import { groupCard, markdownContent, type Content } from './encode.js';
import { taskIdOf } from './task-id.js';
import { drawBotCard } from './template-card.js';
import { literalMarkdown } from './text.js';

/** https://developer.work.weixin.qq.com/document/path/101138 */
const MAX_MARKDOWN_BYTES = 20_480;

/** The one answer to a question that was put to the bot; a new message in the chat in which it was asked. */
export function createAibotReplies(deps: { client: WecomClient; addresses: ReplyAddresses; link: AibotLink | null }) {
  return async function deliver(chatId: string, { key: deliveryKey, body }: Delivery): Promise<DeliveryReceipt> {
    const key = chatId.slice(AIBOT_PREFIX.length);
    const address = await deps.addresses.find(key);
    if (address === null) {
      throw new PlatformRefusedError('wecom.too_late', 'the question was answered, or is older than an hour', {
        details: { reaction: 'drop' },
      });
    }
    const content = contentOf(body, deliveryKey);
    if (!address.startsWith(LINK_ADDRESS)) await deps.client.reply(address, content);
    else if (deps.link === null) throw new PlatformUnreachableError('wecom.bot_away', 'the bot has no connection here');
    else await deps.link.answer(address, deliveryKey, content);
    await deps.addresses.used(key);
    return { how: 'sent' };
  };
}

function contentOf(body: Delivery['body'], deliveryKey: string): Content {
  switch (body.kind) {
    case 'text':
      return markdownContent(linked(body.text), MAX_MARKDOWN_BYTES);
    case 'markdown':
      return markdownContent(body.text, MAX_MARKDOWN_BYTES);
    case 'card':
    case 'card-update':
      return cardContent(body, deliveryKey);
    case 'file':
    case 'image':
      throw new PlatformRefusedError('wecom.message_invalid', 'a bot answers in words');
  }
}

/** What can be pressed is a card, which the press changes in place; what only tells reads better as markdown. */
function cardContent({ card, cardId }: Extract<Delivery['body'], { cardId: unknown }>, deliveryKey: string): Content {
  const canBePressed = card.closed === undefined && (card.choice !== undefined || card.actions.some(({ url }) => !url));
  const drawn = canBePressed ? drawBotCard(card, 'send') : null;
  if (drawn === null) return groupCard(card, MAX_MARKDOWN_BYTES);
  return { msgtype: 'template_card', template_card: { ...drawn, task_id: taskIdOf(cardId, deliveryKey) } };
}

/** A line that is an address becomes a link; nothing else in people's words is markup. */
const linked = (words: string): string =>
  words
    .split('\n')
    .map((line) => (/^https?:\/\/\S+$/.test(line) ? `[打开](${line})` : literalMarkdown(line)))
    .join('\n');

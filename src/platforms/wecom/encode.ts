import { numbered, renderPlain, markedText, type FilledCard } from '../../cards/index.js';
import { PlatformRefusedError, sha256 } from '../../core/index.js';
import { drawCard } from './template-card.js';
import { taskIdOf } from './task-id.js';
import { clean, cutBytes, literalMarkdown, literalText } from './text.js';

/** text.content and markdown.content, bytes of UTF-8. https://developer.work.weixin.qq.com/document/path/90236 */
const MAX_TEXT_BYTES = 2_048;
/**
 * WeCom drops a second request with the same JSON within this time, which makes a repetition after an unclear answer
 * harmless. Its longest is 4 h; the value differs by delivery, so that two messages that happen to say the same are two.
 */
const DUPLICATE_SECONDS = { longest: 14_400, spread: 3_600 };

/** Most file systems stop at 255. */
const MAX_NAME_BYTES = 200;

export type Content = Record<string, unknown> & { msgtype: string };

export const textContent = (text: string): Content => ({
  msgtype: 'text',
  text: { content: cutBytes(literalText(text), MAX_TEXT_BYTES) },
});

/** The words of such a message, as they stand on the wire. */
export const wordsOf = (content: Content): string => String((content['text'] as { content: string }).content);

/** Markdown of our own making; WeCom has no title for it. */
export const markdownContent = (text: string, maxBytes = MAX_TEXT_BYTES): Content => ({
  msgtype: 'markdown',
  markdown: { content: cutBytes(text, maxBytes) },
});

export const mediaContent = (type: 'image' | 'file', mediaId: string): Content => ({
  msgtype: type,
  [type]: { media_id: mediaId },
});

/** As a template card; where none can say it, in words. */
export function cardContent(card: FilledCard, cardId: string, deliveryKey: string): Content {
  const drawn = drawCard(card, 'send');
  if (drawn !== null)
    return { msgtype: 'template_card', template_card: { ...drawn, task_id: taskIdOf(cardId, deliveryKey) } };
  // With something to answer every digit must be seen; without, bold and links read better.
  return numbered(card).length > 0 ? textContent(renderPlain(card)) : groupCard(card);
}

/** A card where none can be pressed: group chats, and cards that only tell. */
export function groupCard(card: FilledCard, maxBytes = MAX_TEXT_BYTES): Content {
  const link = (text: string, url: string | undefined) =>
    url === undefined ? literalMarkdown(text) : `[${literalMarkdown(text)}](${linkAddress(url)})`;
  const head = `**${literalMarkdown(card.title)}**${card.subtitle ? `　<font color="comment">${literalMarkdown(card.subtitle)}</font>` : ''}`;
  const opening = card.actions.filter((action) => action.url !== undefined);
  const links = [
    ...opening.map((action) => link(action.label, action.url)),
    // The whole card's address, unless a button with a name of its own leads there.
    ...(card.url === undefined || opening.some((action) => action.url === card.url) ? [] : [link('打开', card.url)]),
  ];
  const parts = [
    head,
    ...card.lines.map((line) => link(markedText(line), line.url)),
    ...card.fields.map((field) => `${literalMarkdown(field.label)}：${link(field.value, field.url)}`),
    ...(card.closed === undefined ? [] : [`<font color="comment">${literalMarkdown(card.closed)}</font>`]),
    ...(links.length === 0 ? [] : [links.join('　')]),
  ];
  return markdownContent(parts.join('\n'), maxBytes);
}

/** A round bracket or a space would end the link. */
function linkAddress(url: string): string {
  return url.replaceAll('(', '%28').replaceAll(')', '%29').replaceAll(' ', '%20');
}

/** The same key gives the same bytes, whatever number of tries it takes. */
export function personMessage(agentId: string, userId: string, deliveryKey: string, content: Content) {
  // Both would reach others than the one person who is meant.
  if (userId === '' || userId.includes('|') || userId.toLowerCase() === '@all') {
    throw new PlatformRefusedError('wecom.recipient_unknown', 'not a single user id');
  }
  const offset = Number.parseInt(sha256(deliveryKey).slice(0, 8), 16) % DUPLICATE_SECONDS.spread;
  return {
    touser: userId,
    agentid: Number(agentId),
    ...content,
    enable_duplicate_check: 1,
    duplicate_check_interval: DUPLICATE_SECONDS.longest - offset,
  };
}

/** No agentid: the group belongs to the app whose token is used. https://developer.work.weixin.qq.com/document/path/90248 */
export const groupMessage = (chatId: string, content: Content) => ({ chatid: chatId, ...content, safe: 0 });

/** An upload's file name: a name only, not empty, its extension kept. */
export function uploadName(name: string): string {
  const bare = clean(name)
    .trim()
    .replace(/[\\/:*?"<>|\n\t]/g, '_');
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(bare)?.[0] ?? '';
  const stem = bare.slice(0, bare.length - extension.length);
  return `${stem === '' ? 'file' : cutBytes(stem, MAX_NAME_BYTES)}${extension}`;
}

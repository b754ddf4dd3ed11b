import { DAY } from '../../core/index.js';
import { bytesOf, cutBytes, isJson, type Json, list, text } from '../json.js';
import type { Media } from '../media.js';
import type { Message } from '../types.js';
import { type CardRefusal, checkCard, type CheckedCard } from './card.js';
import type { WecomState } from './state.js';

const MEDIA_MS = 3 * DAY;

export interface Content {
  shown: Pick<Message, 'kind' | 'text' | 'title' | 'card' | 'mediaUrl' | 'name' | 'bytes'>;
  card?: CheckedCard;
  warnings: string[];
}

export function isRefusal(content: Content | CardRefusal): content is CardRefusal {
  return 'errcode' in content;
}

const refuse = (errcode: number, errmsg: string): CardRefusal => ({ errcode, errmsg });

/** What a message type must hold; `message` is message/send, `group` is appchat/send. */
export function checkContent(state: WecomState, request: Json, where: 'message' | 'group'): Content | CardRefusal {
  const type = text(request.msgtype);
  const body = request[type];
  switch (type) {
    case 'text':
    case 'markdown':
      return words(type, body);
    case 'image':
    case 'voice':
    case 'video':
    case 'file':
      return file(state, type, body);
    case 'textcard':
      return textCard(body);
    case 'news':
      return news(body);
    case 'template_card':
      return where === 'group' ? refuse(40008, 'invalid message type') : templateCard(state, body);
    default:
      return refuse(40008, 'invalid message type');
  }
}

function words(type: 'text' | 'markdown', body: unknown): Content | CardRefusal {
  const content = isJson(body) ? text(body.content) : '';
  if (content === '') return refuse(44004, 'empty content');
  if (type === 'markdown') {
    if (bytesOf(content) > 2_048) return refuse(45002, 'content size out of limit');
    return { shown: { kind: 'markdown', text: content }, warnings: [] };
  }
  const cut = cutBytes(content, 2_048);
  return { shown: { kind: 'text', text: cut }, warnings: cut === content ? [] : ['text.content cut at 2048 bytes'] };
}

/** A media_id that is known, not three days old, and of the kind asked for. */
export function usableMedia(state: WecomState, mediaId: string, kind?: string): Media | undefined {
  const media = state.world.media.byHandle(mediaId);
  if (media === undefined || media.platform !== 'wecom') return undefined;
  if (media.at <= state.world.now() - MEDIA_MS) return undefined;
  return kind === undefined || media.kind === kind ? media : undefined;
}

function file(state: WecomState, type: 'image' | 'voice' | 'video' | 'file', body: unknown): Content | CardRefusal {
  const mediaId = isJson(body) ? text(body.media_id) : '';
  const media = usableMedia(state, mediaId, type);
  if (media === undefined) return refuse(40007, 'invalid media_id');
  return { shown: { kind: type === 'video' ? 'file' : type, ...state.world.shown(media) }, warnings: [] };
}

function textCard(body: unknown): Content | CardRefusal {
  const { title, description, url, btntxt } = isJson(body) ? body : {};
  if (text(title) === '') return refuse(41016, 'missing title');
  if (text(description) === '') return refuse(40063, 'missing description');
  if (!/^https?:\/\/./i.test(text(url))) return refuse(45034, 'url without scheme');
  const long = bytesOf(text(title)) > 128 || bytesOf(text(description)) > 512 || bytesOf(text(url)) > 2_048;
  if (long || [...text(btntxt)].length > 4) return refuse(40058, 'textcard field size out of limit');
  return { shown: { kind: 'card', card: { card_type: 'textcard', title, description, url, btntxt } }, warnings: [] };
}

function news(body: unknown): Content | CardRefusal {
  const articles = isJson(body) ? list(body.articles) : [];
  if (articles.length === 0) return refuse(40063, 'missing articles');
  if (articles.length > 8) return refuse(45008, 'article size out of limit');
  for (const article of articles) {
    const { title, url, appid, description } = isJson(article) ? article : {};
    if (text(title) === '') return refuse(41016, 'missing title');
    if (appid === undefined && !/^https?:\/\/./i.test(text(url))) return refuse(45034, 'url without scheme');
    if (bytesOf(text(title)) > 128 || bytesOf(text(description)) > 512)
      return refuse(40058, 'article size out of limit');
  }
  return { shown: { kind: 'news', card: { articles } }, warnings: [] };
}

function templateCard(state: WecomState, body: unknown): Content | CardRefusal {
  const card = checkCard(body, {
    update: false,
    mediaExists: (mediaId) => usableMedia(state, mediaId) !== undefined,
    userExists: (userId) => state.world.person('wecom', userId) !== undefined,
  });
  if ('errcode' in card) return card;
  return { shown: { kind: 'card', card: card.card }, card, warnings: card.warnings };
}

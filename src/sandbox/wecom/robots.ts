import { createHash } from 'node:crypto';
import { MINUTE } from '../../core/index.js';
import { warn } from '../calls.js';
import { type Call, jsonBody, multipart, type Reply } from '../http.js';
import { bytesOf, isJson, type Json, list, text } from '../json.js';
import { sniff } from '../media.js';
import type { DirectoryGroup, Message } from '../types.js';
import { userIdOf } from '../world.js';
import { checkCard } from './card.js';
import { newMediaId } from './media.js';
import type { WecomState } from './state.js';
import { fail, ok } from './words.js';

/** Group robots: no token, the key in the address is all. https://developer.work.weixin.qq.com/document/path/91770 */

const MB = 1024 * 1024;
const PER_MINUTE = { count: 20, ms: MINUTE };
const SMALLEST_BYTES = 6;
const MEDIA_DAYS_MS = 3 * 24 * 60 * MINUTE;

type Shown = Pick<Message, 'kind' | 'text' | 'card' | 'mediaUrl' | 'name' | 'bytes'>;
type Checked = { shown: Shown; warnings?: string[] } | { refusal: Reply };

const refuse = (errcode: number, errmsg: string): Checked => ({ refusal: fail(errcode, errmsg) });

function robotOf(state: WecomState, call: Call): DirectoryGroup | undefined {
  const key = call.query.get('key') ?? '';
  return state.world.directory.groups.find((group) => key !== '' && group.wecomRobotKey === key);
}

export async function sendByRobot(state: WecomState, call: Call): Promise<Reply> {
  const group = robotOf(state, call);
  if (group === undefined) return fail(93000, 'invalid webhook url');
  if (!state.windows.take(`robot ${group.id}`, state.world.now(), PER_MINUTE))
    return fail(45009, 'api freq out of limit');
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  const content = await checked(state, group, request);
  if ('refusal' in content) return content.refusal;
  warn(call, ...(content.warnings ?? []));
  if (state.world.faults.wecom.silentDrop === true) return ok();
  const { world } = state;
  const members = group.memberIds.flatMap((id) => {
    const person = world.directory.people.find((candidate) => candidate.id === id);
    return (person === undefined ? undefined : userIdOf('wecom', person)) ?? [];
  });
  const id = group.wecomChatId ?? `robotgroup${group.id}`;
  const chat = world.putChat({ platform: 'wecom', id, title: group.name, kind: 'group', members });
  world.post(chat, { id: `w${world.next()}`, from: 'bot', fromName: '群机器人', ...content.shown });
  return ok();
}

async function checked(state: WecomState, group: DirectoryGroup, request: Json): Promise<Checked> {
  const type = text(request.msgtype);
  const body = isJson(request[type]) ? request[type] : {};
  switch (type) {
    case 'text':
      return words('text', text(body.content), 2_048);
    case 'markdown':
    case 'markdown_v2':
      return words('markdown', text(body.content), 4_096);
    case 'image':
      return picture(state, text(body.base64), text(body.md5));
    case 'file':
    case 'voice': {
      const media = state.world.media.byHandle(text(body.media_id));
      const isGood = media?.kind === `robot ${group.id} ${type}` && media.at > state.world.now() - MEDIA_DAYS_MS;
      if (media === undefined || !isGood) return refuse(40007, 'invalid media_id');
      return { shown: { kind: type, ...state.world.shown(media) } };
    }
    case 'news': {
      const articles = list(body.articles).filter(isJson);
      if (articles.length === 0) return refuse(40063, 'missing articles');
      if (articles.length > 8) return refuse(45008, 'article size out of limit');
      if (articles.some(({ title }) => text(title) === '')) return refuse(41016, 'missing title');
      if (articles.some(({ url }) => !/^https?:\/\/./i.test(text(url)))) return refuse(45034, 'url without scheme');
      return { shown: { kind: 'news', card: { articles } } };
    }
    case 'template_card': {
      if (!['text_notice', 'news_notice'].includes(text(body.card_type))) return refuse(42031, 'invalid card_type');
      const card = checkCard(body, { update: false, mediaExists: () => false, userExists: () => true });
      if ('errcode' in card) return refuse(card.errcode, card.errmsg);
      return { shown: { kind: 'card', card: card.card }, warnings: card.warnings };
    }
    default:
      return refuse(40008, 'invalid message type');
  }
}

function words(kind: 'text' | 'markdown', content: string, most: number): Checked {
  if (content === '') return refuse(44004, 'empty content');
  if (bytesOf(content) > most) return refuse(45002, 'content size out of limit');
  return { shown: { kind, text: content } };
}

async function picture(state: WecomState, base64: string, md5: string): Promise<Checked> {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return refuse(40058, 'invalid base64');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > 2 * MB) return refuse(45001, 'image size out of limit');
  if (createHash('md5').update(bytes).digest('hex') !== md5) return refuse(40058, 'md5 mismatch');
  const { contentType } = sniff(bytes);
  if (!['image/jpeg', 'image/png'].includes(contentType)) return refuse(40004, 'invalid media type');
  const media = await state.world.media.put(bytes, {
    handle: newMediaId(),
    platform: 'wecom',
    kind: 'robot image',
    name: 'image',
    contentType,
    at: state.world.now(),
  });
  return { shown: { kind: 'image', ...state.world.shown(media) } };
}

/** What is uploaded here is good for this robot only. */
export async function uploadByRobot(state: WecomState, call: Call): Promise<Reply> {
  const group = robotOf(state, call);
  if (group === undefined) return fail(93000, 'invalid webhook url');
  const type = call.query.get('type') ?? '';
  if (type !== 'file' && type !== 'voice') return fail(40004, 'invalid media type');
  const part = multipart(call).find((candidate) => candidate.name === 'media');
  if (part === undefined || part.filename === undefined || part.filename === '')
    return fail(41005, 'media data missing');
  if (part.bytes.length < SMALLEST_BYTES) return fail(44001, 'empty media data');
  if (part.bytes.length > (type === 'file' ? 20 : 2) * MB) return fail(45001, 'media size out of limit');
  const media = await state.world.media.put(part.bytes, {
    handle: newMediaId(),
    platform: 'wecom',
    kind: `robot ${group.id} ${type}`,
    name: part.filename,
    contentType: sniff(part.bytes).contentType,
    at: state.world.now(),
  });
  return ok({ type, media_id: media.handle, created_at: String(Math.floor(media.at / 1_000)) });
}

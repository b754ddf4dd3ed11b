import { asId, joinKey, type CardId, type EventKey } from '../../core/index.js';
import type { Chat, InboundBody, InboundEvent, MediaRef, NoMaterial } from '../contract.js';
import { areIds } from '../ids.js';
import { parseJson } from './http.js';
import { readPressText } from './press-text.js';
import { CardCallback, CardContent, MessageContent, RobotMessage, type StreamFrame } from './types.js';

/** From the vendor's payloads to our events. Pure; null where the shape is not theirs. */

const key = (...parts: string[]) => asId<EventKey>(joinKey('dingtalk', ...parts));

/** What a robot message says. One message with several pictures gives several events. */
export interface DecodedMessage {
  events: InboundEvent[];
  message: RobotMessage;
  /** The company's monthly pushes are used up: the frame came without its content. */
  quotaUsedUp: boolean;
}

/**
 * `now` stands in where the message says no time.
 * https://open.dingtalk.com/document/development/robot-message-type
 */
export function decodeRobotMessage(data: unknown, now: Date): DecodedMessage | null {
  const parsed = RobotMessage.safeParse(data);
  if (!parsed.success) return null;
  const message = parsed.data;
  if (!areIds(message.msgId, message.senderStaffId, message.senderId, message.conversationId)) return null;
  const quotaUsedUp = message.errorCode !== undefined || message.errCode !== undefined;
  // Not said to us: in a group only what names the robot is.
  if (message.conversationType === '2' && message.isInAtList === false) return { events: [], message, quotaUsedUp };
  const chat: Chat =
    message.conversationType === '2'
      ? { kind: 'group', id: message.conversationId, title: message.conversationTitle }
      : { kind: 'single' };
  const bodies: (readonly [InboundBody, ...string[]])[] = quotaUsedUp
    ? [[{ kind: 'unknown', what: 'quota-used-up', is: 'no-content' }]]
    : bodiesOf(message, chat);
  const sentAt = message.createAt ? new Date(message.createAt) : now;
  const events = bodies.map(([body, ...suffix]) => ({
    key: key(message.msgId, ...suffix),
    platform: 'dingtalk' as const,
    // People outside the company have no user id. Theirs is no key to anything, but it lets them be answered.
    from: message.senderStaffId || message.senderId,
    chat,
    sentAt,
    body,
  }));
  return { events, message, quotaUsedUp };
}

/**
 * Kinds that are called by their name where they are turned down. `video` is the vendor's own, `chatRecord` and the cards were
 * seen by others (cards that hold an address are links); what arrives for the rest, if anything does, nobody has told.
 */
const NO_MATERIAL: ReadonlyMap<string, NoMaterial> = new Map([
  ['video', 'video'],
  ['location', 'location'],
  ['chatRecord', 'chat-record'],
  ['interactiveCard', 'card'],
  ['actionCard', 'card'],
  ['miniApp', 'mini-program'],
  ['contactCard', 'contact'],
  ['namecard', 'contact'],
  ['emotion', 'sticker'],
  ['sticker', 'sticker'],
]);

function bodiesOf(message: RobotMessage, chat: Chat): [InboundBody, ...string[]][] {
  const content = contentOf(message.content);
  const is = NO_MATERIAL.get(message.msgtype);
  const unknown: [InboundBody] = [{ kind: 'unknown', what: message.msgtype || 'nothing', ...(is && { is }) }];
  switch (message.msgtype) {
    case 'text': {
      const said = message.text?.content ?? content.content;
      if (said === undefined || said === null) return [unknown];
      const body = textBody(chat.kind === 'group' ? withoutMention(said) : said.trim(), chat);
      const quoted = body.kind === 'text' ? quotedBodies(message, body.text) : [];
      return quoted.length === 0 ? [[body]] : quoted;
    }
    case 'picture': {
      const handle = content.downloadCode ?? content.pictureDownloadCode;
      return handle === undefined ? [unknown] : [[{ kind: 'image', media: media(handle) }]];
    }
    case 'file':
      return content.downloadCode === undefined
        ? [unknown]
        : [[{ kind: 'file', media: media(content.downloadCode, content.fileName) }]];
    case 'audio':
      return content.downloadCode === undefined ? [unknown] : [[voiceBody(content.downloadCode, content)]];
    case 'richText':
      return richTextBodies(content, chat) ?? [unknown];
    // A document or a page shared into the chat (seen by others, not in the vendor's pages).
    case 'interactiveCard':
      return [linkBody(content.biz_custom_action_url) ?? unknown];
    case 'actionCard':
      return [linkBody(content.actionUrlItemList?.[0]?.actionUrl, content.title) ?? unknown];
    default:
      return [unknown];
  }
}

function linkBody(url: string | undefined, title?: string): [InboundBody] | null {
  return url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url) ? [{ kind: 'link', url, title }] : null;
}

function contentOf(content: unknown): MessageContent {
  const value = typeof content === 'string' ? (parseJson(content) ?? { content }) : content;
  const parsed = MessageContent.safeParse(value);
  return parsed.success ? parsed.data : {};
}

const voiceBody = (handle: string, { duration, recognition }: MessageContent) => ({
  kind: 'voice' as const,
  media: media(handle),
  durationMs: duration,
  // Empty for noise and for other languages.
  transcript: recognition?.trim() || undefined,
});

const media = (handle: string, name?: string): MediaRef => ({ platform: 'dingtalk', handle, name });

/** In a group the mention is cut away by the vendor, but some clients (HarmonyOS) leave it in front. */
const withoutMention = (said: string) => said.trim().replace(/^(?:@\S+(?:\s+|$))+/, '');

function textBody(said: string, chat: Chat): InboundBody {
  // Sent by a button of a card that had to be drawn as links; only one-to-one.
  const press = chat.kind === 'single' ? readPressText(said) : null;
  return press === null ? { kind: 'text', text: said } : { kind: 'press', ...press };
}

function richTextBodies(content: MessageContent, chat: Chat): [InboundBody, ...string[]][] | null {
  const parts = content.richText ?? [];
  const bodies: [InboundBody, ...string[]][] = [];
  const texts = parts.map((part) => part.text ?? '');
  // The mention as a part of its own: the next part begins without a blank.
  if (chat.kind === 'group' && /^\s*@\S+\s*$/.test(texts[0] ?? '')) texts.shift();
  const said = texts.join('');
  const text = chat.kind === 'group' ? withoutMention(said) : said.trim();
  if (text !== '') bodies.push([textBody(text, chat)]);
  for (const [handle, index] of picturesOf(content)) {
    bodies.push([{ kind: 'image', media: media(handle) }, 'part', String(index)]);
  }
  return bodies.length === 0 ? null : bodies;
}

const picturesOf = (content: MessageContent): [handle: string, index: number][] =>
  (content.richText ?? []).flatMap((part, index) => {
    const handle = part.downloadCode ?? part.pictureDownloadCode;
    return handle === undefined ? [] : [[handle, index] satisfies [string, number]];
  });

/**
 * What is pointed at, when it is material: files, voice messages and pure pictures cannot be sent to a robot in a group, so
 * people quote them and name it. The words beside it come with it. The vendor's pages do not describe quotes: what carries no
 * code to fetch it by is told as such. Quoted words and cards are left to the words that were typed.
 */
function quotedBodies(message: RobotMessage, said: string): [InboundBody, ...string[]][] {
  const original = message.text?.repliedMsg;
  if (!original) return [];
  const content = contentOf(original.content);
  const at = original.createdAt ? { at: new Date(original.createdAt) } : {};
  const what = `quoted:${original.msgType ?? ''}`;
  return quotedMedia(original.msgType ?? '', content).map((body, n) => {
    const found: InboundBody = body ?? { kind: 'unknown', what, is: 'quoted' };
    return [{ ...found, quoted: { said, ...at } }, 'quoted', ...(n === 0 ? [] : [String(n)])];
  });
}

type Media = Extract<InboundBody, { kind: 'image' | 'file' | 'voice' | 'unknown' }>;

/** Null: material that does not come along. */
function quotedMedia(msgType: string, content: MessageContent): (Media | null)[] {
  const handle = content.downloadCode ?? content.pictureDownloadCode;
  switch (msgType) {
    case 'picture':
      return [handle === undefined ? null : { kind: 'image', media: media(handle) }];
    case 'file':
      return [handle === undefined ? null : { kind: 'file', media: media(handle, content.fileName) }];
    case 'audio':
      return [handle === undefined ? null : voiceBody(handle, content)];
    case 'video':
      return [{ kind: 'unknown', what: 'quoted:video', is: 'video' }];
    case 'richText':
      return picturesOf(content).map(([code]) => ({ kind: 'image', media: media(code) }));
    default:
      return [];
  }
}

/** Components of our template whose own id comes instead of the button's: the button is then in `params.action`. */
const TEMPLATE_COMPONENTS = new Set(['form', 'buttons', 'submit']);

/** A click, but for the chat in which the card hangs: the vendor's own fields for that are not reliable. */
export interface DecodedClick {
  event: Omit<InboundEvent, 'chat'>;
  cardId: string;
  corpId: string;
}

/**
 * A click on a card.
 * https://open.dingtalk.com/document/development/event-callback-card
 */
export function decodeCardCallback(data: unknown, messageId: string, now: Date): DecodedClick | null {
  const callback = CardCallback.safeParse(data);
  if (!callback.success || callback.data.userId === '') return null;
  const { outTrackId, userId, corpId, content, value } = callback.data;
  if (!areIds(messageId, outTrackId, userId)) return null;
  const pressed = CardContent.safeParse(parseJson(content ?? value ?? ''));
  if (!pressed.success) return null;
  const params = pressed.data.cardPrivateData.params ?? pressed.data.params ?? {};
  const component = pressed.data.cardPrivateData.actionIds[0];
  const named = typeof params['action'] === 'string' ? params['action'] : undefined;
  const action = component === undefined || TEMPLATE_COMPONENTS.has(component) ? (named ?? component) : component;
  if (action === undefined) return null;
  const event = {
    key: key('press', messageId),
    platform: 'dingtalk' as const,
    from: userId,
    sentAt: now,
    body: { kind: 'press' as const, cardId: asId<CardId>(outTrackId), action, choices: choicesOf(params['form']) },
  };
  return { event, cardId: outTrackId, corpId: corpId ?? '' };
}

/** Selects give `{index, value}`, multi-selects the same with lists, checkbox groups plain values. */
function choicesOf(form: unknown): Record<string, string[]> {
  const choices: [string, string[]][] = [];
  if (typeof form !== 'object' || form === null) return {};
  for (const [field, given] of Object.entries(form)) {
    const value: unknown = typeof given === 'object' && given !== null && 'value' in given ? given.value : given;
    const ids = (Array.isArray(value) ? value : [value]).filter(
      (id: unknown): id is string | number => (typeof id === 'string' && id !== '') || typeof id === 'number',
    );
    if (field !== '__proto__') choices.push([field, ids.map(String)]);
  }
  return Object.fromEntries(choices);
}

/** The address book changed; the vendor counts these against no quota. Names of fields differ from page to page. */
const DIRECTORY_EVENT = /^(user_\w+_org|org_dept_\w+|org_change)$/;

/** Null: it is about something else. `userIds` null: nobody is named, anything may have changed. */
export function decodeDirectoryChange({ headers, data }: StreamFrame): { userIds: string[] | null } | null {
  const type = headers.eventType ?? '';
  if (!DIRECTORY_EVENT.test(type)) return null;
  const said = parseJson(data);
  if (!type.startsWith('user_') || typeof said !== 'object' || said === null) return { userIds: null };
  const { userId, UserId, userIds, staffId } = said as Record<string, unknown>;
  const named = [userId, UserId, userIds, staffId].flatMap((one) => one ?? []);
  const ids = named.filter((id): id is string => typeof id === 'string' && id !== '');
  return { userIds: ids.length === 0 || ids.length !== named.length ? null : ids };
}

/** Something that happened in the company and was ticked in the console. Kept, and `silent`: nobody waits for an answer. */
export function decodeEvent(frame: StreamFrame, now: Date): InboundEvent | null {
  const { eventId, eventType, eventBornTime } = frame.headers;
  if (!eventId) return null;
  const data = parseJson(frame.data);
  const from = personOf(data);
  if (!areIds(eventId, from)) return null;
  // An official check-in names person and instant, not the place.
  const isCheckIn = eventType === 'check_in' && from !== '';
  return {
    key: key('event', eventId),
    platform: 'dingtalk',
    from,
    chat: { kind: 'single' },
    sentAt:
      (isCheckIn ? instantOf((data as { timeStamp?: unknown }).timeStamp) : null) ?? instantOf(eventBornTime) ?? now,
    body: isCheckIn ? { kind: 'checked-in' } : { kind: 'unknown', what: `silent:event:${eventType ?? 'nothing'}` },
  };
}

function instantOf(value: unknown): Date | null {
  const ms = Number(value);
  return Number.isSafeInteger(ms) && ms > 0 && ms < 8.64e15 ? new Date(ms) : null;
}

function personOf(data: unknown): string {
  if (typeof data !== 'object' || data === null) return '';
  const { staffId, userId } = data as { staffId?: unknown; userId?: unknown };
  return [staffId, userId].find((id): id is string => typeof id === 'string') ?? '';
}

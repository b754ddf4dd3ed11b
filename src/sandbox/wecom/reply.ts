import { isJson, type Json } from '../json.js';
import type { StoredMessage } from '../world.js';
import type { PassiveReply } from './callback.js';
import { usableMedia } from './content.js';
import type { WecomState } from './state.js';
import { applyUpdate, checkUpdateCard } from './update.js';
import { child, childText, type XmlNode } from './xml.js';

/** Elements that may come several times and are lists, repeated, not wrapped. https://developer.work.weixin.qq.com/document/path/90241 */
const LISTS = new Set([
  'HorizontalContentList',
  'JumpList',
  'VerticalContentList',
  'ActionList',
  'ButtonList',
  'OptionList',
  'SelectList',
]);
const NUMBERS = new Set(['Type', 'Style', 'DescColor', 'AspectRatio', 'Mode']);
const BOOLEANS = new Set(['Disable', 'IsChecked']);
/** Names whose JSON spelling is not the snake case of the XML one. */
const SPELLINGS: Record<string, string> = {
  KeyName: 'keyname',
  AppId: 'appid',
  Appid: 'appid',
  PagePath: 'pagepath',
  UserId: 'userid',
  CheckBox: 'checkbox',
  PicUrl: 'picurl',
};

function jsonName(name: string): string {
  return SPELLINGS[name] ?? name.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase();
}

/** TemplateCard of a passive reply as the JSON that the send API takes. */
export function cardFromXml(node: XmlNode): Json {
  const card: Json = {};
  for (const element of node.children) {
    const name = jsonName(element.name);
    const value = valueOf(element);
    if (LISTS.has(element.name)) {
      const items = card[name];
      card[name] = Array.isArray(items) ? [...(items as unknown[]), value] : [value];
    } else {
      card[name] = value;
    }
  }
  return card;
}

function valueOf(element: XmlNode): unknown {
  if (element.children.length > 0) return cardFromXml(element);
  if (NUMBERS.has(element.name)) return Number(element.text);
  if (BOOLEANS.has(element.name)) return element.text.trim() === 'true';
  return element.text;
}

/** What the caller of the callback does with the answer; gives what to say about it when it could not be shown. */
export function applyReply(
  state: WecomState,
  userId: string,
  reply: PassiveReply,
  allowed: 'messages' | 'card' | 'nothing',
  pressed?: StoredMessage,
): string | undefined {
  if (reply.kind !== 'reply') return undefined;
  const type = childText(reply.xml, 'MsgType');
  const updates = type === 'update_button' || type === 'update_template_card';
  if (updates) {
    if (allowed !== 'card' || pressed === undefined) return `${type} answers only a card event`;
    return update(state, reply.xml, type, pressed);
  }
  if (allowed !== 'messages') return `${type || 'this'} does not answer this event`;
  return say(state, reply.xml, type, userId);
}

function update(state: WecomState, xml: XmlNode, type: string, pressed: StoredMessage): string | undefined {
  if (type === 'update_button') {
    const name = childText(child(xml, 'Button'), 'ReplaceName');
    if (name === '') return 'Button.ReplaceName is missing';
    applyUpdate(state.world, pressed, { replaceName: name });
    return undefined;
  }
  const node = child(xml, 'TemplateCard');
  const checked = checkUpdateCard(state, node === undefined ? undefined : cardFromXml(node));
  if ('errcode' in checked) return checked.errmsg;
  applyUpdate(state.world, pressed, { card: checked.card });
  return undefined;
}

function say(state: WecomState, xml: XmlNode, type: string, userId: string): string | undefined {
  const chat = state.world.singleChat('wecom', userId);
  const message = { id: `w${state.world.next()}`, from: 'bot', fromName: chat.title };
  switch (type) {
    case 'text':
      state.world.post(chat, { ...message, kind: 'text', text: childText(xml, 'Content') });
      return undefined;
    case 'image':
    case 'voice': {
      const media = usableMedia(state, childText(child(xml, type === 'image' ? 'Image' : 'Voice'), 'MediaId'), type);
      if (media === undefined) return 'invalid media_id';
      state.world.post(chat, { ...message, kind: type, ...state.world.shown(media) });
      return undefined;
    }
    case 'news': {
      const items = child(xml, 'Articles')?.children ?? [];
      const articles = items.map((item) => cardFromXml(item)).filter(isJson);
      state.world.post(chat, { ...message, kind: 'news', card: { articles } });
      return undefined;
    }
    default:
      return `${type || 'nothing'} is no passive reply`;
  }
}

import { createHash } from 'node:crypto';
import { isJson, type Json, list, text } from '../json.js';
import { sniff } from '../media.js';
import type { PhoneAction, PhoneDriver } from '../phone.js';
import type { ActionResult } from '../types.js';
import type { StoredMessage } from '../world.js';
import type { Aibot } from './aibot.js';
import type { CallbackSender } from './callback.js';
import { newMediaId } from './media.js';
import { menuButtons, type MenuButton } from './menu.js';
import { applyReply } from './reply.js';
import type { WecomState } from './state.js';
import { type XmlItem, writeXml } from './xml.js';

type Allowed = 'messages' | 'card' | 'nothing';

/** The WeCom client in a person's hand: what it does becomes the vendor's callbacks. Formats: https://developer.work.weixin.qq.com/document/path/90239 and 90240 */
export class WecomPhone implements PhoneDriver {
  readonly #state: WecomState;
  readonly #sender: CallbackSender;
  readonly #apiBase: string;
  readonly #aibot: Aibot;

  constructor(state: WecomState, sender: CallbackSender, apiBase: string, aibot: Aibot) {
    this.#aibot = aibot;
    this.#state = state;
    this.#sender = sender;
    this.#apiBase = apiBase;
  }

  async act(userId: string, action: PhoneAction): Promise<ActionResult> {
    switch (action.kind) {
      case 'text':
        return action.quotes === undefined
          ? this.#text(userId, action.text, action.chatId)
          : { accepted: false, reason: 'quotes reach no app of WeCom' };
      case 'rich':
        return { accepted: false, reason: 'WeCom has no rich text' };
      case 'image':
        return this.#image(userId, action.bytes, action.name, action.chatId, action.menuKey);
      case 'file':
        return this.#file(userId, action.bytes, action.name, action.chatId);
      case 'voice':
        return this.#voice(userId, action.bytes, action.name);
      case 'video':
        return this.#video(userId, action.bytes, action.name, action.chatId);
      case 'link':
        return this.#link(userId, action);
      case 'scan':
        return this.#scan(userId, action.text, action.menuKey);
      case 'menu':
        return this.#menu(userId, action.key);
      case 'location':
        return this.#location(userId, action);
      case 'enter':
        return this.#event(userId, 'enter_agent', [['EventKey', '']]);
      case 'press':
        return this.#press(userId, action);
    }
  }

  #head(userId: string, type: string): XmlItem[] {
    return [
      ['ToUserName', this.#state.data.corpId],
      ['FromUserName', userId],
      ['CreateTime', Math.floor(this.#state.world.now() / 1_000)],
      ['MsgType', type],
    ];
  }

  get #agent(): XmlItem {
    return ['AgentID', { plain: this.#state.data.agentId }];
  }

  /** A message of the person: shown on the phone, then told to the app. Groups never reach an app, only a bot that is spoken to. */
  async #message(
    userId: string,
    chatId: string | undefined,
    shown: Pick<StoredMessage, 'kind'> & Partial<StoredMessage>,
    type: string,
    fields: XmlItem[],
    last: XmlItem[] = [],
  ): Promise<ActionResult> {
    const { world } = this.#state;
    const single = world.singleChat('wecom', userId);
    const chat = chatId === undefined ? single : world.chat('wecom', chatId);
    if (chat === undefined || !chat.members.includes(userId)) return { accepted: false, reason: 'no such chat' };
    const fromName = world.person('wecom', userId)?.name ?? userId;
    const message = world.post(chat, { ...shown, id: `w${world.next()}`, from: userId, fromName });
    if (chat !== single) {
      const callback = shown.kind === 'text' ? await this.#aibot.hears(userId, chat, shown.text ?? '') : undefined;
      return { accepted: true, messageId: message.id, ...(callback === undefined ? {} : { callback }) };
    }
    const id: XmlItem = ['MsgId', { plain: this.#sender.messageId() }];
    const xml = writeXml([...this.#head(userId, type), ...fields, id, this.#agent, ...last]);
    return { messageId: message.id, ...(await this.#deliver(userId, type, xml, 'messages')) };
  }

  async #event(
    userId: string,
    event: string,
    fields: XmlItem[],
    allowed: Allowed = 'messages',
    pressed?: StoredMessage,
    agentInside = false,
  ): Promise<ActionResult> {
    const items = agentInside ? fields : [...fields, this.#agent];
    const xml = writeXml([...this.#head(userId, 'event'), ['Event', event], ...items]);
    return this.#deliver(userId, event, xml, allowed, pressed);
  }

  async #deliver(
    userId: string,
    kind: string,
    xml: string,
    allowed: Allowed,
    pressed?: StoredMessage,
  ): Promise<ActionResult> {
    const { outcome, reply } = await this.#sender.deliver(kind, xml);
    const trouble = applyReply(this.#state, userId, reply, allowed, pressed);
    if (trouble !== undefined) outcome.answered = `ignored: ${trouble}`;
    return { accepted: true, callback: outcome };
  }

  #text(userId: string, content: string, chatId?: string): Promise<ActionResult> {
    return this.#message(userId, chatId, { kind: 'text', text: content }, 'text', [['Content', content]]);
  }

  async #image(userId: string, bytes: Buffer, name: string, chatId?: string, menuKey?: string): Promise<ActionResult> {
    if (menuKey !== undefined) {
      const button = this.#button(menuKey);
      if (button === undefined || !button.type.startsWith('pic_')) return { accepted: false, reason: 'no such menu' };
      await this.#picturesTaken(userId, button, [bytes]);
    }
    const media = await this.#keep('image', bytes, name);
    const fields: XmlItem[] = [
      ['PicUrl', `${this.#apiBase}/wwpic/${media.id}/0`],
      ['MediaId', media.handle],
    ];
    return this.#message(userId, chatId, { kind: 'image', ...this.#state.world.shown(media) }, 'image', fields);
  }

  /** The event names only sums; the pictures follow as messages of their own. */
  #picturesTaken(userId: string, button: MenuButton, pictures: Buffer[]): Promise<ActionResult> {
    const items = pictures.map((bytes): XmlItem => {
      return ['item', [['PicMd5Sum', createHash('md5').update(bytes).digest('hex')]]];
    });
    const info: XmlItem = [
      'SendPicsInfo',
      [
        ['Count', pictures.length],
        ['PicList', items],
      ],
    ];
    return this.#event(userId, button.type, [['EventKey', button.key], info], 'nothing');
  }

  async #file(userId: string, bytes: Buffer, name: string, chatId?: string): Promise<ActionResult> {
    const media = await this.#keep('file', bytes, name);
    // Not on the vendor's page of inbound messages; this is the shape that plug-ins read.
    const fields: XmlItem[] = [
      ['FileName', name],
      ['MediaId', media.handle],
    ];
    return this.#message(userId, chatId, { kind: 'file', ...this.#state.world.shown(media) }, 'file', fields);
  }

  async #voice(userId: string, bytes: Buffer, name: string): Promise<ActionResult> {
    const media = await this.#keep('voice', bytes, name);
    const fields: XmlItem[] = [
      ['MediaId', media.handle],
      ['Format', 'amr'],
    ];
    return this.#message(userId, undefined, { kind: 'voice', ...this.#state.world.shown(media) }, 'voice', fields);
  }

  async #video(userId: string, bytes: Buffer, name: string, chatId?: string): Promise<ActionResult> {
    const media = await this.#keep('video', bytes, name);
    const fields: XmlItem[] = [
      ['MediaId', media.handle],
      // The client makes the picture in front by itself; nobody fetches it.
      ['ThumbMediaId', newMediaId()],
    ];
    return this.#message(userId, chatId, { kind: 'video', ...this.#state.world.shown(media) }, 'video', fields);
  }

  #link(userId: string, link: { url: string; title: string; description: string }): Promise<ActionResult> {
    const fields: XmlItem[] = [
      ['Title', link.title],
      ['Description', link.description],
      ['Url', link.url],
      ['PicUrl', ''],
    ];
    const article = { title: link.title, description: link.description, url: link.url };
    return this.#message(userId, undefined, { kind: 'news', card: { articles: [article] } }, 'link', fields);
  }

  #scan(userId: string, result: string, menuKey?: string): Promise<ActionResult> {
    const button = this.#button(menuKey, (candidate) => candidate.type.startsWith('scancode_'));
    if (button === undefined)
      return Promise.resolve({ accepted: false, reason: 'the app menu has no such scan entry' });
    const scanned: XmlItem = [
      'ScanCodeInfo',
      [
        ['ScanType', 'qrcode'],
        ['ScanResult', result],
      ],
    ];
    const allowed = button.type === 'scancode_waitmsg' ? 'messages' : 'nothing';
    return this.#event(userId, button.type, [['EventKey', button.key], scanned], allowed);
  }

  #menu(userId: string, key: string): Promise<ActionResult> {
    const button = this.#button(key);
    if (button === undefined) return Promise.resolve({ accepted: false, reason: 'no such menu entry' });
    if (button.type === 'click') return this.#event(userId, 'click', [['EventKey', key]]);
    if (button.type === 'view') return this.#event(userId, 'view', [['EventKey', button.url]]);
    return Promise.resolve({ accepted: false, reason: `${button.type} needs what it takes: scan, image or location` });
  }

  #location(userId: string, at: { lat: number; lng: number; label: string; menuKey?: string }): Promise<ActionResult> {
    const { lat, lng, label, menuKey } = at;
    if (menuKey !== undefined) {
      const button = this.#button(menuKey);
      if (button?.type !== 'location_select') return Promise.resolve({ accepted: false, reason: 'no such menu' });
      const info: XmlItem = [
        'SendLocationInfo',
        [
          ['Location_X', String(lat)],
          ['Location_Y', String(lng)],
          ['Scale', '15'],
          ['Label', label],
          ['Poiname', ''],
        ],
      ];
      const fields: XmlItem[] = [['EventKey', menuKey], info, this.#agent, ['AppType', 'wxwork']];
      return this.#event(userId, 'location_select', fields, 'nothing', undefined, true);
    }
    const fields: XmlItem[] = [
      ['Location_X', { plain: String(lat) }],
      ['Location_Y', { plain: String(lng) }],
      ['Scale', 16],
      ['Label', label],
    ];
    const shown = { kind: 'text' as const, text: `📍 ${label}` };
    return this.#message(userId, undefined, shown, 'location', fields, [['AppType', 'wxwork']]);
  }

  async #press(
    userId: string,
    press: { messageId: string; action: string; choices: Record<string, string[]>; stale: boolean },
  ): Promise<ActionResult> {
    const message = this.#state.world.findMessage('wecom', userId, press.messageId);
    const card = message?.card;
    if (message === undefined || card === undefined) return { accepted: false, reason: 'no such card on this phone' };
    if (message.state?.disabled === true && !press.stale) return { accepted: false, reason: 'the buttons are grey' };
    const menu = actionMenuKeys(card).includes(press.action);
    if (!menu && !press.stale && !buttonKeys(card).includes(press.action)) {
      return { accepted: false, reason: 'the card has no such button' };
    }
    const selected = selectedItems(card, press.choices);
    if (typeof selected === 'string' && !press.stale) return { accepted: false, reason: selected };
    const taken = menu || typeof selected === 'string' ? [] : selected;
    const chat = this.#state.world.chat('wecom', message.chatId);
    if (chat?.kind === 'group') {
      // No app can put a card into a group: it is the bot's.
      const { action } = press;
      const callback = await this.#aibot.pressed({ userId, chat, message, card, action, selected: taken });
      return { accepted: true, ...(callback === undefined ? {} : { callback }) };
    }
    const msgid = Object.entries(this.#state.data.sent).find(([, sent]) => sent.messageIds.includes(message.id))?.[0];
    const fields: XmlItem[] = [
      ['EventKey', press.action],
      ['TaskId', text(card.task_id)],
      ['CardType', text(card.card_type)],
      ['ResponseCode', this.#state.newResponseCode(msgid ?? '')],
      this.#agent,
    ];
    if (taken.length > 0) fields.push(['SelectedItems', taken.map(toXml)]);
    const event = menu ? 'template_card_menu_event' : 'template_card_event';
    return this.#event(userId, event, fields, menu ? 'messages' : 'card', message, true);
  }

  #button(key: string | undefined, fits: (button: MenuButton) => boolean = () => true): MenuButton | undefined {
    const buttons = menuButtons(this.#state.data.menu).filter(fits);
    return key === undefined ? buttons[0] : buttons.find((button) => button.key === key || button.url === key);
  }

  #keep(kind: string, bytes: Buffer, name: string): ReturnType<WecomState['world']['media']['put']> {
    const { contentType } = sniff(bytes);
    const at = this.#state.world.now();
    return this.#state.world.media.put(bytes, { handle: newMediaId(), platform: 'wecom', kind, name, contentType, at });
  }
}

function buttonKeys(card: Json): string[] {
  const buttons = list(card.button_list).filter(isJson);
  const submit = isJson(card.submit_button) ? [text(card.submit_button.key)] : [];
  return [...buttons.filter((button) => button.type !== 1).map((button) => text(button.key)), ...submit];
}

function actionMenuKeys(card: Json): string[] {
  if (!isJson(card.action_menu)) return [];
  return list(card.action_menu.action_list)
    .filter(isJson)
    .map((item) => text(item.key));
}

interface Selected {
  question: string;
  ids: string[];
}

function toXml({ question, ids }: Selected): XmlItem {
  const options = ids.map((id): XmlItem => ['OptionId', id]);
  return [
    'SelectedItem',
    [
      ['QuestionKey', question],
      ['OptionIds', options],
    ],
  ];
}

/** What the client sends along: each selector with what was chosen, else with what was set before. */
function selectedItems(card: Json, choices: Record<string, string[]>): Selected[] | string {
  const selectors = [card.button_selection, card.checkbox, ...list(card.select_list)].filter(isJson);
  const items: Selected[] = [];
  for (const selector of selectors) {
    const question = text(selector.question_key);
    const options = list(selector.option_list).filter(isJson);
    const chosen = choices[question] ?? preset(selector, options);
    if (chosen.some((id) => !options.some((option) => option.id === id))) return `${question} has no such option`;
    const multi = selector === card.checkbox && selector.mode === 1;
    if (!multi && chosen.length > 1) return `${question} takes one option`;
    items.push({ question, ids: chosen });
  }
  const unknown = Object.keys(choices).find((key) => !selectors.some((selector) => selector.question_key === key));
  return unknown === undefined ? items : `the card has no question ${unknown}`;
}

function preset(selector: Json, options: Json[]): string[] {
  const checked = options.filter((option) => option.is_checked === true).map((option) => text(option.id));
  if (checked.length > 0) return checked;
  return typeof selector.selected_id === 'string' && selector.selected_id !== '' ? [selector.selected_id] : [];
}

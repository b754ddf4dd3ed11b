import { HOUR } from '../../core/index.js';
import { warn } from '../calls.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { bytesOf, isJson, text } from '../json.js';
import type { CallbackOutcome } from '../types.js';
import { BOT_NAME, opaque, type StoredChat } from '../world.js';
import type { AibotLinks } from './aibot-link.js';
import { checkBotCard, pressEvent, type Pressed, updateByBot } from './aibot-cards.js';
import { CallbackSender } from './callback.js';
import type { WecomState } from './state.js';
import { fail, ok } from './words.js';

/** https://developer.work.weixin.qq.com/document/path/101138 */
const MAX_MARKDOWN_BYTES = 20_480;

/** The AI bot that somebody put into a group: it hears what is said to it by name, and nothing else. */
export class Aibot {
  readonly sender: CallbackSender;
  readonly #state: WecomState;
  readonly #apiBase: () => string;

  readonly #links: AibotLinks;

  constructor(state: WecomState, apiBase: () => string, links: AibotLinks) {
    this.#links = links;
    this.#state = state;
    this.#apiBase = apiBase;
    this.sender = new CallbackSender(state, 'aibot');
  }

  /** Undefined: it was not spoken to, or nobody set it up. https://developer.work.weixin.qq.com/document/path/100719 */
  async hears(userId: string, chat: StoredChat, content: string): Promise<CallbackOutcome | undefined> {
    if (!content.includes(`@${BOT_NAME}`) || !this.#isSetUp) return undefined;
    const { data } = this.#state;
    const message = {
      msgid: opaque(32),
      aibotid: data.aibot.botId,
      chatid: chat.id,
      chattype: 'group',
      from: { userid: userId },
      response_url: this.#newAddress(chat),
      msgtype: 'text',
      text: { content },
    };
    // The console sets one or the other; here whoever is connected has chosen.
    if (this.#links.isConnected) return this.#links.hears(chat, message);
    return (await this.sender.deliver('aibot text', JSON.stringify(message))).outcome;
  }

  /** A press on one of its cards. Undefined: nobody set it up. */
  async pressed(press: Pressed): Promise<CallbackOutcome | undefined> {
    if (!this.#isSetUp) return undefined;
    const event = pressEvent(this.#state, press);
    if (this.#links.isConnected) return this.#links.pressed(press, event);
    const message = JSON.stringify({ ...event, response_url: this.#newAddress(press.chat) });
    const { outcome, reply } = await this.sender.deliver('aibot card event', message);
    if (reply.kind === 'json') {
      const refused = updateByBot(this.#state, press.message, reply.json);
      if (refused !== undefined) outcome.answered = `ignored: ${refused.errmsg}`;
    }
    return outcome;
  }

  get #isSetUp(): boolean {
    return this.#links.isConnected || this.#state.door('aibot').url !== undefined;
  }

  #newAddress(chat: StoredChat): string {
    const code = opaque(43);
    const { data, world } = this.#state;
    data.botReplies[code] = { chatId: chat.id, expiresAt: world.now() + HOUR, used: false };
    world.save();
    return `${this.#apiBase()}/cgi-bin/aibot/response?response_code=${code}`;
  }
}

/** POST to the address that came with a question: a new message in that chat. */
export function answerByBot(state: WecomState, call: Call): Reply {
  const code = state.data.botReplies[call.query.get('response_code') ?? ''];
  // What a used or late address answers is not documented.
  if (code === undefined || code.used || code.expiresAt <= state.world.now())
    return fail(40058, 'invalid response_code');
  const request = jsonBody(call);
  if (request === undefined) return fail(40058, 'invalid json');
  const type = text(request.msgtype);
  const body = isJson(request[type]) ? request[type] : {};
  const chat = state.world.chat('wecom', code.chatId);
  if (chat === undefined) return fail(86003, 'chatid not exist');
  const id = `w${state.world.next()}`;
  if (type === 'markdown') {
    const content = text(body.content);
    if (content === '') return fail(44004, 'empty content');
    if (bytesOf(content) > MAX_MARKDOWN_BYTES) return fail(45002, 'content size out of limit');
    state.world.post(chat, { id, from: 'bot', fromName: BOT_NAME, kind: 'markdown', text: content });
  } else if (type === 'template_card') {
    const card = checkBotCard(body, 'send');
    if ('errcode' in card) return fail(card.errcode, card.errmsg);
    warn(call, ...card.warnings);
    state.world.post(chat, { id, from: 'bot', fromName: BOT_NAME, kind: 'card', card: card.card });
  } else return fail(40008, 'invalid message type');
  code.used = true;
  state.world.save();
  return ok();
}

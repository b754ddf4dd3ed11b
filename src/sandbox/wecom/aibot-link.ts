import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { DAY, HOUR, MINUTE, SECOND } from '../../core/index.js';
import { bytesOf, isJson, type Json, parseJson, text } from '../json.js';
import type { CallbackOutcome } from '../types.js';
import { BOT_NAME, opaque, type StoredChat, type StoredMessage } from '../world.js';
import { checkBotCard, type Pressed, UPDATE_MS, updateByBot } from './aibot-cards.js';
import type { WecomState } from './state.js';

/** Path of the bot's long connection on the stand-in. */
export const LINK_PATH = '/aibot';

/** https://developer.work.weixin.qq.com/document/path/101463 */
const MAX_CONTENT_BYTES = 20_480;
const ANSWER_MS = DAY;
const STREAM_MS = 6 * MINUTE;
/** Not documented; whoever connects and says nothing is thrown out. */
const SUBSCRIBE_WITHIN_MS = 10 * SECOND;

type Refusal = { errcode: number; errmsg: string };
const refuse = (errcode: number, errmsg: string): Refusal => ({ errcode, errmsg });
const OK: Refusal = { errcode: 0, errmsg: 'ok' };

interface Asked {
  chatId: string;
  at: number;
  /** Message id on the phones and whether it is finished, by stream id. */
  streams: Map<string, { messageId: string; finished: boolean }>;
}

/** One live connection a bot: a new one throws the old one out. Frames in both directions, each of ours acknowledged. */
export class AibotLinks {
  readonly #state: WecomState;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  readonly #asked = new Map<string, Asked>();
  /** Presses that can still be answered, by req_id; each once. */
  readonly #pressed = new Map<string, { message: StoredMessage; at: number }>();
  /** Chats in which somebody spoke to the bot: it may speak there by itself. */
  readonly #known = new Set<string>();
  #live: WebSocket | undefined;

  constructor(state: WecomState) {
    this.#state = state;
  }

  get isConnected(): boolean {
    return this.#live !== undefined;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (new URL(request.url ?? '/', 'http://127.0.0.1').pathname !== LINK_PATH) {
      socket.destroy();
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (connection) => this.#opened(connection));
  }

  /** As when the vendor's side goes away. */
  cut(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  close(): void {
    this.cut();
    this.#sockets.close();
  }

  /** A message that was said to the bot, over the connection: no address for the answer comes with it. */
  hears(chat: StoredChat, message: Json): CallbackOutcome {
    const reqId = opaque(24);
    this.#asked.set(reqId, { chatId: chat.id, at: this.#state.world.now(), streams: new Map() });
    this.#known.add(chat.id);
    const { response_url: _none, ...body } = message;
    this.#push('aibot_msg_callback', reqId, body);
    return { status: 200, ms: 0, tries: 1, answered: 'pushed' };
  }

  /** A press on a card of the bot. */
  pressed({ message, chat }: Pressed, event: Json): CallbackOutcome {
    const reqId = opaque(24);
    this.#pressed.set(reqId, { message, at: this.#state.world.now() });
    this.#known.add(chat.id);
    this.#push('aibot_event_callback', reqId, event);
    return { status: 200, ms: 0, tries: 1, answered: 'pushed' };
  }

  #push(cmd: string, reqId: string, body: Json): void {
    this.#live?.send(JSON.stringify({ cmd, headers: { req_id: reqId }, body }));
    this.#record('in', cmd, 0);
  }

  #opened(socket: WebSocket): void {
    const silence = setTimeout(() => socket.close(1008, 'not subscribed'), SUBSCRIBE_WITHIN_MS);
    silence.unref();
    socket.on('message', (data: Buffer) => {
      const frame = parseJson(data.toString('utf8'));
      if (!isJson(frame) || !isJson(frame.headers) || text(frame.headers.req_id) === '') {
        socket.close(1003, 'no frame');
        return;
      }
      const cmd = text(frame.cmd);
      const reqId = text(frame.headers.req_id);
      const body = isJson(frame.body) ? frame.body : {};
      const answer = cmd === 'aibot_subscribe' ? this.#subscribe(socket, body) : this.#handle(socket, cmd, reqId, body);
      if (cmd === 'aibot_subscribe') clearTimeout(silence);
      this.#record('out', cmd, answer.errcode);
      socket.send(JSON.stringify({ headers: { req_id: reqId }, ...answer }));
      if (cmd === 'aibot_subscribe' && answer.errcode !== 0) socket.close(1008, 'refused');
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearTimeout(silence);
      if (this.#live === socket) this.#live = undefined;
    });
  }

  #subscribe(socket: WebSocket, body: Json): Refusal {
    const { data } = this.#state;
    if (body.bot_id !== data.aibot.botId || body.secret !== data.aibot.secret)
      return refuse(40001, 'invalid credential');
    if (this.#live !== undefined && this.#live !== socket) {
      const event = { msgtype: 'event', event: { eventtype: 'disconnected_event' } };
      const create_time = Math.floor(this.#state.world.now() / SECOND);
      this.#push('aibot_event_callback', opaque(24), {
        msgid: opaque(32),
        create_time,
        aibotid: data.aibot.botId,
        ...event,
      });
      this.#live.close(1000, 'replaced');
    }
    this.#live = socket;
    return OK;
  }

  #handle(socket: WebSocket, cmd: string, reqId: string, body: Json): Refusal {
    if (socket !== this.#live) return refuse(40001, 'not subscribed');
    switch (cmd) {
      case 'ping':
        return OK;
      case 'aibot_respond_msg':
        return this.#respond(reqId, body);
      case 'aibot_send_msg':
        return this.#send(body);
      case 'aibot_respond_update_msg':
        return this.#update(reqId, body);
      // Only to an event that no phone makes: the first opening of the day.
      case 'aibot_respond_welcome_msg':
        return refuse(40058, 'req_id is of no such event');
      default:
        return refuse(40058, 'invalid cmd');
    }
  }

  #respond(reqId: string, body: Json): Refusal {
    const asked = this.#asked.get(reqId);
    const now = this.#state.world.now();
    if (asked === undefined || asked.at <= now - ANSWER_MS) return refuse(40058, 'invalid req_id');
    if (text(body.msgtype) !== 'stream') return this.#post(asked.chatId, body);
    const stream = isJson(body.stream) ? body.stream : {};
    const id = text(stream.id);
    const content = text(stream.content);
    if (id === '' || typeof stream.finish !== 'boolean') return refuse(40058, 'invalid stream');
    if (stream.msg_item !== undefined) return refuse(40058, 'msg_item is not supported');
    if (content === '') return refuse(44004, 'empty content');
    if (bytesOf(content) > MAX_CONTENT_BYTES) return refuse(45002, 'content size out of limit');
    const known = asked.streams.get(id);
    if (known?.finished === true || asked.at <= now - STREAM_MS) return refuse(846608, 'stream is over');
    if (!this.#mayPost(asked.chatId)) return refuse(45009, 'api freq out of limit');
    if (known === undefined) {
      const messageId = this.#show(asked.chatId, { kind: 'markdown', text: content });
      asked.streams.set(id, { messageId, finished: stream.finish });
      return OK;
    }
    known.finished = stream.finish;
    const message = this.#state.world.messages('wecom').find((one) => one.id === known.messageId);
    if (message !== undefined) this.#state.world.changed(Object.assign(message, { text: content }));
    return OK;
  }

  #update(reqId: string, body: Json): Refusal {
    const pressed = this.#pressed.get(reqId);
    if (pressed === undefined) return refuse(40058, 'req_id is of no such event');
    this.#pressed.delete(reqId);
    if (pressed.at <= this.#state.world.now() - UPDATE_MS) return refuse(40058, 'too late');
    return updateByBot(this.#state, pressed.message, body) ?? OK;
  }

  /** By itself, only where somebody spoke to it before. */
  #send(body: Json): Refusal {
    const chatId = text(body.chatid);
    if (body.chat_type !== undefined && body.chat_type !== 1 && body.chat_type !== 2)
      return refuse(40058, 'invalid chat_type');
    if (!this.#known.has(chatId)) return refuse(86003, 'chatid not exist');
    return this.#post(chatId, body);
  }

  #post(chatId: string, body: Json): Refusal {
    const type = text(body.msgtype);
    const content = isJson(body[type]) ? body[type] : {};
    if (type === 'markdown') {
      if (text(content.content) === '') return refuse(44004, 'empty content');
      if (bytesOf(text(content.content)) > MAX_CONTENT_BYTES) return refuse(45002, 'content size out of limit');
      if (!this.#mayPost(chatId)) return refuse(45009, 'api freq out of limit');
      this.#show(chatId, { kind: 'markdown', text: text(content.content) });
      return OK;
    }
    if (type !== 'template_card') return refuse(40008, 'invalid message type');
    const card = checkBotCard(content, 'send');
    if ('errcode' in card) return refuse(card.errcode, card.errmsg);
    if (!this.#mayPost(chatId)) return refuse(45009, 'api freq out of limit');
    this.#show(chatId, { kind: 'card', card: card.card });
    return OK;
  }

  #mayPost(chatId: string): boolean {
    const limits = [
      { count: 30, ms: MINUTE },
      { count: 1_000, ms: HOUR },
    ];
    return this.#state.windows.take(`bot ${chatId}`, this.#state.world.now(), ...limits);
  }

  #show(chatId: string, shown: { kind: 'markdown'; text: string } | { kind: 'card'; card: Json }): string {
    const { world } = this.#state;
    const chat = world.chat('wecom', chatId);
    const id = `w${world.next()}`;
    if (chat !== undefined) world.post(chat, { id, from: 'bot', fromName: BOT_NAME, ...shown });
    return id;
  }

  #record(direction: 'in' | 'out', cmd: string, errcode: number): void {
    const { world } = this.#state;
    world.record({
      at: world.clock.now().toISOString(),
      platform: 'wecom',
      direction,
      method: 'WS',
      path: LINK_PATH,
      kind: cmd,
      ms: 0,
      status: 200,
      ...(direction === 'out' ? { errcode } : {}),
      bytes: 0,
    });
  }
}

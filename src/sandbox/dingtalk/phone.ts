import { isJson, type Json, list, parseJson, text } from '../json.js';
import { type Media, sniff } from '../media.js';
import type { PhoneAction, PhoneDriver } from '../phone.js';
import type { ActionResult, CallbackOutcome, Directory } from '../types.js';
import { BOT_NAME, opaque, type StoredChat, type StoredMessage } from '../world.js';
import { applyAnswer, cardFor } from './cards.js';
import { tellChanges } from './contact-events.js';
import { type Ack, type Frame, type Gateway, TOPIC_CARD, TOPIC_ROBOT } from './gateway.js';
import { HTTP_EVENT_MS, type HttpDoor } from './http-door.js';
import { newDownloadCode } from './media.js';
import { newMsgId, quoteOf, type Sent } from './quotes.js';
import { show } from './robot.js';
import type { CardInstance, CardMap, DingtalkState } from './state.js';
import { toShown } from './webhook.js';

const QUOTA_TEXT = '受调用量超量影响，当前我的消息服务已经暂停。请联系你所在的组织管理员并予以处理';

const refused = (reason: string): ActionResult => ({ accepted: false, reason });

/** The DingTalk client in a person's hand. Formats: https://open.dingtalk.com/document/development/robot-message-type and event-callback-card */
export class DingtalkPhone implements PhoneDriver {
  readonly #state: DingtalkState;
  readonly #gateway: Gateway;
  readonly #door: HttpDoor;
  readonly #base: string;

  constructor(state: DingtalkState, gateway: Gateway, door: HttpDoor, base: string) {
    this.#state = state;
    this.#gateway = gateway;
    this.#door = door;
    this.#base = base;
  }

  /** Robot messages and events go where the console says; each card has said for itself. */
  #push(frame: Frame, answerMs: number, http: boolean): Promise<{ outcome: CallbackOutcome; ack?: Ack }> {
    return http ? this.#door.push(frame, answerMs) : this.#gateway.push(frame, answerMs);
  }

  get #byHttp(): boolean {
    return this.#state.data.callbackUrl !== undefined;
  }

  async act(userId: string, action: PhoneAction): Promise<ActionResult> {
    switch (action.kind) {
      case 'text':
        return this.#text(userId, action.text, action.chatId, action.quotes);
      case 'rich':
        return this.#rich(userId, action.parts, action.chatId);
      case 'image':
        return this.#image(userId, action.bytes, action.name, action.chatId);
      case 'file':
        return this.#file(userId, action.bytes, action.name, action.chatId);
      case 'voice':
        return this.#voice(userId, action);
      case 'video':
        return this.#video(userId, action);
      case 'link':
        return this.#text(userId, action.url);
      case 'location':
        return this.#checkIn(userId, action);
      case 'enter':
        return { accepted: true }; // no event for it
      case 'scan':
      case 'menu':
        return refused(`a DingTalk chat has no ${action.kind} entry`);
      case 'press':
        return this.#press(userId, action);
    }
  }

  #chat(userId: string, chatId: string | undefined): StoredChat | undefined {
    const single = this.#state.world.singleChat('dingtalk', userId);
    if (chatId === undefined || chatId === single.id) return single;
    const chat = this.#state.world.chat('dingtalk', chatId);
    return chat?.members.includes(userId) === true ? chat : undefined;
  }

  #show(
    chat: StoredChat,
    userId: string,
    shown: Pick<StoredMessage, 'kind'> & Partial<StoredMessage>,
    sentAs: Sent,
  ): StoredMessage {
    const fromName = this.#state.world.person('dingtalk', userId)?.name ?? userId;
    const id = `d${this.#state.world.next()}`;
    return this.#state.world.post(chat, { ...shown, id, from: userId, fromName, sentAs });
  }

  /** In a group the robot hears only what is said to it. */
  async #text(userId: string, said: string, chatId?: string, quotes?: string): Promise<ActionResult> {
    const chat = this.#chat(userId, chatId);
    if (chat === undefined) return refused('no such chat');
    const original = quotes === undefined ? undefined : chat.messages.find(({ id }) => id === quotes);
    if (quotes !== undefined && original === undefined) return refused('no such message in this chat');
    const content = this.#heard(chat, said);
    const sent: Sent = { msgId: newMsgId(), msgType: 'text', content: { text: said } };
    const message = this.#show(chat, userId, { kind: 'text', text: said }, sent);
    if (content === null) return { accepted: true, messageId: message.id };
    const quoted = original === undefined ? null : quoteOf(this.#state, original);
    const body = { text: { content, ...quoted?.text } };
    return this.#tell(userId, chat, message, 'text', { ...quoted?.envelope, ...body });
  }

  /** The name is cut away and leaves its blank; null: not said to the robot, or it is not there. */
  #heard(chat: StoredChat, said: string): string | null {
    if (chat.kind === 'single') return said;
    const mention = `@${BOT_NAME}`;
    if (this.#state.robotGone(chat.id) !== undefined || !said.includes(mention)) return null;
    return ` ${said.replace(mention, '').trim()}`;
  }

  /** Words and pictures in one message; in a group the mention is a part of its own. */
  async #rich(
    userId: string,
    parts: readonly ({ text: string } | { bytes: Buffer; name: string })[],
    chatId?: string,
  ): Promise<ActionResult> {
    const chat = this.#chat(userId, chatId);
    if (chat === undefined) return refused('no such chat');
    const richText: Json[] = [];
    let picture: Partial<StoredMessage> = {};
    for (const part of parts) {
      if ('text' in part) richText.push({ text: part.text });
      else {
        const media = await this.#keep('image', part.bytes, part.name);
        picture = this.#state.world.shown(media);
        richText.push({ type: 'picture', pictureDownloadCode: media.handle, downloadCode: media.handle });
      }
    }
    const said = parts.map((part) => ('text' in part ? part.text : '[图片]')).join('');
    const sent: Sent = { msgId: newMsgId(), msgType: 'richText', content: { richText } };
    const shown = { ...picture, kind: picture.mediaUrl === undefined ? ('text' as const) : ('image' as const) };
    const message = this.#show(chat, userId, { ...shown, text: said }, sent);
    if (this.#heard(chat, said) === null) return { accepted: true, messageId: message.id };
    return this.#tell(userId, chat, message, 'richText', { content: { richText } });
  }

  async #image(userId: string, bytes: Buffer, name: string, chatId?: string): Promise<ActionResult> {
    const media = await this.#keep('image', bytes, name);
    return this.#sendMedia(userId, chatId, media, 'image', 'picture', { downloadCode: media.handle });
  }

  async #file(userId: string, bytes: Buffer, name: string, chatId?: string): Promise<ActionResult> {
    const media = await this.#keep('file', bytes, name);
    const ids = { spaceId: '28400000000', fileId: String(215_300_000_000 + this.#state.world.next()) };
    const content = { downloadCode: media.handle, fileName: name, ...ids };
    return this.#sendMedia(userId, chatId, media, 'file', 'file', content);
  }

  async #voice(
    userId: string,
    voice: { bytes: Buffer; name: string; durationMs: number; recognition: string; chatId?: string },
  ): Promise<ActionResult> {
    const media = await this.#keep('voice', voice.bytes, voice.name);
    const content = { duration: voice.durationMs, downloadCode: media.handle, recognition: voice.recognition };
    const heard = voice.recognition === '' ? {} : { text: voice.recognition };
    return this.#sendMedia(userId, voice.chatId, media, 'voice', 'audio', content, heard);
  }

  async #video(
    userId: string,
    video: { bytes: Buffer; name: string; durationMs: number; chatId?: string },
  ): Promise<ActionResult> {
    const media = await this.#keep('video', video.bytes, video.name);
    const content = { duration: video.durationMs, downloadCode: media.handle, videoType: 'mp4' };
    return this.#sendMedia(userId, video.chatId, media, 'video', 'video', content);
  }

  /** In a group it stands there and nobody tells the robot: a picture alone leaves no room for an @, the others are not passed on. */
  async #sendMedia(
    userId: string,
    chatId: string | undefined,
    media: Media,
    kind: StoredMessage['kind'],
    msgType: string,
    content: Json,
    heard: { text?: string } = {},
  ): Promise<ActionResult> {
    const chat = this.#chat(userId, chatId);
    if (chat === undefined) return refused('no such chat');
    const shown = { kind, ...this.#state.world.shown(media), ...heard };
    const message = this.#show(chat, userId, shown, { msgId: newMsgId(), msgType, content });
    if (chat.kind === 'group') return { accepted: true, messageId: message.id };
    return this.#tell(userId, chat, message, msgType, { content });
  }

  async #tell(
    userId: string,
    chat: StoredChat,
    message: StoredMessage,
    msgtype: string,
    content: Json,
  ): Promise<ActionResult> {
    const { world } = this.#state;
    const paid = this.#state.count('push');
    const body = paid ? content : { errorCode: 20_001, errorMessage: QUOTA_TEXT };
    const data = JSON.stringify({ ...this.#envelope(userId, chat, message), ...body, msgtype });
    const frame = { type: 'CALLBACK' as const, topic: TOPIC_ROBOT, data, headers: {} };
    const { outcome, ack } = await this.#push(frame, world.timings.dingtalkRobotMs, this.#byHttp);
    // Over HTTP the answer may itself be a message.
    const said =
      this.#byHttp && isJson(ack?.data) && isJson(ack.data.response) ? toShown(ack.data.response) : undefined;
    if (said !== undefined) show(this.#state, chat.id, said);
    return { accepted: true, messageId: message.id, callback: outcome };
  }

  /** Order and spelling as on the wire. */
  #envelope(userId: string, chat: StoredChat, message: StoredMessage): Json {
    const { world, data } = this.#state;
    const now = world.now();
    const group = chat.kind === 'group';
    const { session, expiresAt } = this.#state.newSession(chat.id);
    return {
      senderPlatform: 'Android',
      conversationId: group ? chat.id : this.#singleConversation(userId),
      chatbotCorpId: data.corpId,
      chatbotUserId: data.chatbotUserId,
      msgId: message.sentAs?.msgId ?? newMsgId(),
      senderNick: world.person('dingtalk', userId)?.name ?? userId,
      isAdmin: false,
      senderStaffId: userId,
      sessionWebhookExpiredTime: expiresAt,
      createAt: now,
      senderCorpId: data.corpId,
      conversationType: group ? '2' : '1',
      senderId: this.#state.senderId(userId),
      sessionWebhook: `${this.#base}/robot/sendBySession?session=${session}`,
      robotCode: data.clientId,
      ...(group
        ? { conversationTitle: chat.title, isInAtList: true, atUsers: [{ dingtalkId: data.chatbotUserId }] }
        : {}),
    };
  }

  #singleConversation(userId: string): string {
    return `cid${this.#state.unionId(userId).replaceAll(/[-_]/g, '')}==`;
  }

  /** No location reaches a robot; the official check-in does, by its event. */
  async #checkIn(userId: string, at: { lat: number; lng: number; label: string }): Promise<ActionResult> {
    const { world, data } = this.#state;
    const now = world.now();
    data.checkins.push({ userId, at: now, lat: at.lat, lng: at.lng, place: at.label });
    world.save();
    return this.event('check_in', { timeStamp: now, staffId: userId });
  }

  /** Told behind the change; costs no push of the month. */
  directoryChanged(before: Directory): void {
    const { world } = this.#state;
    // A company that is founded changes nothing.
    if (before.people.length === 0) return;
    void tellChanges((type, body) => this.event(type, body, false), before, world.directory, world.now());
  }

  /** An event of the company, pushed until it is answered with SUCCESS. */
  async event(eventType: string, body: Json, counted = true): Promise<ActionResult> {
    const { world, data } = this.#state;
    if (counted) this.#state.count('push');
    const headers = {
      eventBornTime: String(world.now()),
      eventCorpId: data.corpId,
      eventId: opaque(32).toLowerCase(),
      eventType,
      eventUnifiedAppId: data.appId,
    };
    const frame = { type: 'EVENT' as const, topic: '*', data: JSON.stringify(body), headers };
    const answerMs = this.#byHttp
      ? Math.min(HTTP_EVENT_MS, world.timings.dingtalkEventMs)
      : world.timings.dingtalkEventMs;
    const { outcome, ack } = await this.#push(frame, answerMs, this.#byHttp);
    if (ack !== undefined && isJson(ack.data)) outcome.answered = text(ack.data.status);
    return { accepted: true, callback: outcome };
  }

  async #press(
    userId: string,
    press: { messageId: string; action: string; choices: Record<string, string[]>; stale: boolean },
  ): Promise<ActionResult> {
    const { world, data } = this.#state;
    const message = world.findMessage('dingtalk', userId, press.messageId);
    const card = message?.outTrackId === undefined ? undefined : data.cards[message.outTrackId];
    if (message === undefined || card === undefined) return refused('no such card on this phone');
    const params = clickParams(cardFor(card, userId), press.action, press.choices, press.stale);
    if (typeof params === 'string') return refused(params);
    // A card that was made without callbackType swallows every click.
    if (card.callbackType === undefined) return { accepted: true, reason: 'the card was created without a callback' };
    const content = JSON.stringify({ cardPrivateData: { actionIds: [press.action], params } });
    const clicker = card.userIdType === 2 ? this.#state.unionId(userId) : userId;
    const body = JSON.stringify({
      type: 'actionCallback',
      outTrackId: card.outTrackId,
      corpId: data.corpId,
      userId: clicker,
      userIdType: card.userIdType,
      spaceType: 'IM',
      spaceId: message.chatId.startsWith('single:') ? this.#singleConversation(userId) : message.chatId,
      extension: '{}',
      content,
      value: content,
    });
    return this.#click(userId, card, message, body);
  }

  async #click(userId: string, card: CardInstance, message: StoredMessage, body: string): Promise<ActionResult> {
    const { world } = this.#state;
    this.#state.count('push');
    this.#state.open.add(card.outTrackId);
    const headers: Frame['headers'] =
      card.callbackRouteKey === undefined ? {} : { callbackRouteKey: card.callbackRouteKey };
    const frame = { type: 'CALLBACK' as const, topic: TOPIC_CARD, data: body, headers };
    const { outcome, ack } = await this.#push(frame, world.timings.dingtalkCardMs, card.callbackType === 'HTTP');
    this.#state.open.delete(card.outTrackId);
    const response = ack?.code === 200 && isJson(ack.data) ? ack.data.response : undefined;
    const answered = ack?.code === 200 && isJson(ack.data) && 'response' in ack.data;
    if (isJson(response)) outcome.answered = applyAnswer(this.#state, card, userId, response);
    else if (answered) outcome.answered = 'empty';
    else outcome.answered ??= 'the ACK holds no response';
    if (answered) delete message.toast;
    else message.toast = '请求失败，请重试';
    world.changed(message);
    return { accepted: true, callback: outcome };
  }

  #keep(kind: string, bytes: Buffer, name: string): Promise<Media> {
    const { contentType } = sniff(bytes);
    const about = { handle: newDownloadCode(), platform: 'dingtalk' as const, kind, name, contentType };
    return this.#state.world.media.put(bytes, { ...about, at: this.#state.world.now() });
  }
}

/** What the template's buttons and form send; a string says why the client would not send anything. */
function clickParams(map: CardMap, action: string, choices: Record<string, string[]>, stale: boolean): Json | string {
  const fields = formFields(map.form ?? '');
  const submit = parseJson(map.submit ?? '');
  const submits = isJson(submit) && submit.id === action;
  if (!stale) {
    if ((map.closed ?? '') !== '') return 'the buttons are grey';
    if (!submits && !buttonIds(map).includes(action)) return 'the card has no such button';
  }
  if (!submits && !(stale && Object.keys(choices).length > 0)) return { action };
  const form: Json = {};
  for (const field of fields) {
    const name = text(field.name);
    const value = fieldValue(field, choices[name] ?? []);
    if (typeof value === 'string') return value;
    if (value !== undefined) form[name] = value.value;
  }
  const unknown = Object.keys(choices).find((key) => !fields.some((field) => field.name === key));
  return unknown === undefined || stale ? { action, form } : `the form has no field ${unknown}`;
}

function formFields(form: string): Json[] {
  const parsed = form === '' ? undefined : parseJson(form);
  return isJson(parsed) ? list(parsed.fields).filter(isJson) : [];
}

function buttonIds(map: CardMap): string[] {
  const own = list(parseJson(map.buttons ?? '')).filter(isJson);
  // The public template with callback buttons keeps them elsewhere.
  const whole = parseJson(map.sys_full_json_obj ?? '');
  const other = isJson(whole) ? list(whole.msgButtons).filter(isJson) : [];
  return [...own.filter((button) => text(button.url) === ''), ...other.filter((button) => button.request === true)].map(
    (button) => text(button.id),
  );
}

/** Selects give index and value, multi-selects lists of both, the rest plain values. */
function fieldValue(field: Json, chosen: string[]): { value: unknown } | undefined | string {
  const type = text(field.type);
  const multi = type === 'MULTI_SELECT' || type === 'MULTI_CHECKBOX_GROUP';
  if (!multi && type !== 'SELECT' && type !== 'CHECKBOX_GROUP') {
    const value = chosen[0] ?? field.defaultValue;
    return value === undefined ? undefined : { value };
  }
  const values = list(field.options)
    .filter(isJson)
    .map((option) => text(option.value));
  const indexes = chosen.map((id) => values.indexOf(id));
  if (indexes.includes(-1)) return `${text(field.name)} has no such option`;
  if (chosen.length === 0) return field.required === true ? text(field.requiredMsg) || '请先选择' : undefined;
  if (multi) return { value: { index: indexes, value: chosen } };
  return chosen.length === 1
    ? { value: { index: indexes[0], value: chosen[0] } }
    : `${text(field.name)} takes one option`;
}

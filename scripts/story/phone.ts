import { setTimeout as sleep } from 'node:timers/promises';
import type { CallCount } from './calls.js';
import type { PlatformName } from '../../src/platforms/contract.js';
import type { ActionResult, Faults, Message, Phone as PhoneState, Traffic } from '../../src/sandbox/index.js';

/** What is on a card, whatever vendor drew it. */
export interface CardSeen {
  title: string;
  /** Everything that can be read on it. */
  text: string;
  buttons: { key: string; label: string }[];
  /** `of`: key of the selector in which an option stands; a long list is split over several. */
  question: { options: { id: string; text: string; of: string }[]; submit: string; multi: boolean } | null;
  closed: string;
}

/** How long a thing may take to show up on a phone: OCR on a cold worker and a busy machine included. */
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 120;

/** The sandbox's control interface, as the sandbox page uses it. */
export class Sandbox {
  constructor(readonly base: () => string) {}

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const raw = body instanceof Uint8Array;
    const answer = await fetch(`${this.base()}/sandbox/api/${path}`, {
      method,
      headers: { 'x-trailmark': '1', ...(raw ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: raw ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  }

  /** A file that a message shows; `path` as the message says it. */
  async file(path: string): Promise<Buffer> {
    const answer = await fetch(`${this.base()}/sandbox/api/${path.replace(/^\/control\//u, '')}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  async phones(): Promise<PhoneState[]> {
    return (await this.call<{ phones: PhoneState[] }>('GET', 'state')).phones;
  }
  faults(platform: PlatformName, faults: Partial<Faults>): Promise<unknown> {
    return this.call('PUT', 'faults', { [platform]: faults });
  }
  forge(platform: PlatformName, how: string): Promise<{ status: number }> {
    return this.call('POST', 'callbacks/forge', { platform, how });
  }
  replay(platform: PlatformName): Promise<unknown> {
    return this.call('POST', 'callbacks/replay', { platform });
  }
  moveClock(move: { byMs: number } | { toNext: 'workday' | 'morning' }): Promise<unknown> {
    return this.call('POST', 'clock', move);
  }
  /** What DingTalk's own meter says of this month. */
  async dingtalkCalls(): Promise<CallCount> {
    const { dingtalk } = await this.call<{
      dingtalk: { quota: { api: number; push: number; byApi: Record<string, number> } };
    }>('GET', 'state');
    return { calls: dingtalk.quota.api, pushes: dingtalk.quota.push, byApi: dingtalk.quota.byApi };
  }
  /** The stand-ins' clock, ms. */
  async now(): Promise<number> {
    const { clock } = await this.call<{ clock: { offsetMs: number } }>('GET', 'state');
    return Date.now() + clock.offsetMs;
  }
  traffic(limit = 200): Promise<Traffic[]> {
    return this.call('GET', `traffic?limit=${limit}`);
  }
}

/** One person's phone: what they see, what they do. */
export class Phone {
  /** Messages up to here have been looked at. */
  #seen = 0;

  constructor(
    readonly sandbox: Sandbox,
    readonly platform: PlatformName,
    readonly userId: string,
    readonly name: string,
    private readonly tell: (line: string) => void,
  ) {}

  async messages(chat: 'single' | 'group' = 'single'): Promise<Message[]> {
    const phone = (await this.sandbox.phones()).find(
      (one) => one.platform === this.platform && one.userId === this.userId,
    );
    return (phone?.chats ?? []).filter((one) => one.kind === chat).flatMap((one) => one.messages);
  }

  says(text: string): Promise<ActionResult> {
    this.tell(`${this.name}：${text}`);
    return this.act('text', { text });
  }
  /** `menuKey`: by the app menu's camera, which the client opens without the album. */
  sendsPhoto(name: string, bytes: Uint8Array, menuKey?: string): Promise<ActionResult> {
    this.tell(`${this.name}：〔照片 ${name}${menuKey === undefined ? '' : '，菜单里现拍'}〕`);
    const query = new URLSearchParams({ name, ...(menuKey === undefined ? {} : { menuKey }) });
    return this.sandbox.call('POST', `phones/${this.platform}/${this.userId}/image?${query.toString()}`, bytes);
  }
  sendsVoice(name: string, bytes: Uint8Array): Promise<ActionResult> {
    this.tell(`${this.name}：〔语音〕`);
    const query = new URLSearchParams({ name, durationMs: '6000' });
    return this.sandbox.call('POST', `phones/${this.platform}/${this.userId}/voice?${query.toString()}`, bytes);
  }
  /** Says something in the group chat of this name; false: there is no such chat on this phone. */
  async saysIn(group: string, text: string): Promise<boolean> {
    const phone = (await this.sandbox.phones()).find(
      (one) => one.platform === this.platform && one.userId === this.userId,
    );
    const chat = phone?.chats.find((one) => one.kind === 'group' && one.title === group);
    if (chat === undefined) return false;
    this.tell(`${this.name}在群里：${text}`);
    await this.act('text', { text, chatId: chat.id });
    return true;
  }
  sendsFile(name: string, bytes: Uint8Array): Promise<ActionResult> {
    this.tell(`${this.name}：〔文件 ${name}〕`);
    return this.sandbox.call(
      'POST',
      `phones/${this.platform}/${this.userId}/file?name=${encodeURIComponent(name)}`,
      bytes,
    );
  }
  scans(text: string): Promise<ActionResult> {
    this.tell(`${this.name}：〔扫码〕`);
    return this.act('scan', { text, menuKey: 'scan' });
  }

  /** Presses a button by its words on the newest card that has it. */
  async presses(label: RegExp, choices?: RegExp[]): Promise<ActionResult & { message: Message }> {
    const message = await this.sees(
      `a button ${label}`,
      (one) => {
        const card = readCard(one);
        return card !== null && card.closed === '' && buttonOf(card, label) !== null;
      },
      { fromStart: true, newest: true },
    );
    return this.pressesOn(message, label, choices);
  }

  async pressesOn(
    message: Message,
    label: RegExp,
    choices: RegExp[] = [],
  ): Promise<ActionResult & { message: Message }> {
    const card = readCard(message);
    const action = card === null ? null : buttonOf(card, label);
    if (card === null || action === null) throw new Error(`no button ${label} on ${JSON.stringify(card)}`);
    const chosen: Record<string, string[]> = {};
    if (card.question !== null && choices.length > 0) {
      const { options } = card.question;
      for (const wanted of choices) {
        const option = options.find((one) => wanted.test(one.text));
        if (option === undefined)
          throw new Error(`no option ${wanted} among ${options.map((one) => one.text).join('、')}`);
        chosen[option.of] = [...(chosen[option.of] ?? []), option.id];
      }
    }
    this.tell(
      `${this.name}：按〔${label.source}〕${choices.length === 0 ? '' : ` ${choices.map((one) => one.source).join('、')}`}`,
    );
    const result = await this.act<ActionResult>('press', { messageId: message.id, action, choices: chosen });
    return { ...result, message };
  }

  /** Waits until a message is there that fits; by default only among those that came since the last look. */
  async sees(
    what: string,
    fits: (message: Message) => boolean,
    options: { chat?: 'single' | 'group'; fromStart?: boolean; newest?: boolean; waitMs?: number } = {},
  ): Promise<Message> {
    const until = Date.now() + (options.waitMs ?? WAIT_MS);
    for (;;) {
      const messages = (await this.messages(options.chat)).filter((one) => one.from === 'bot');
      const from = options.fromStart === true ? 0 : this.#seen;
      const found = (options.newest === true ? [...messages].reverse() : messages.slice(from)).find(fits);
      if (found !== undefined) return found;
      if (Date.now() > until) {
        const last = messages.slice(-4).map((one) => JSON.stringify(readCard(one) ?? one.text).slice(0, 160));
        throw new Error(`${this.name} on ${this.platform} never saw ${what}; last: ${last.join(' | ')}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  seesText(text: RegExp, options: Parameters<Phone['sees']>[2] = {}): Promise<Message> {
    return this.sees(String(text), (message) => text.test(readAll(message)), options);
  }

  /** From now on only newer messages count. */
  async looksAway(): Promise<void> {
    this.#seen = (await this.messages()).filter((one) => one.from === 'bot').length;
  }

  /** The same message again, as the phone shows it now. */
  async again(message: Message, chat: 'single' | 'group' = 'single'): Promise<Message> {
    const found = (await this.messages(chat)).find((one) => one.id === message.id);
    if (found === undefined) throw new Error(`message ${message.id} is gone`);
    return found;
  }

  async becomes(message: Message, text: RegExp, waitMs = WAIT_MS): Promise<Message> {
    const until = Date.now() + waitMs;
    for (;;) {
      const now = await this.again(message);
      if (text.test(readAll(now))) return now;
      if (Date.now() > until) throw new Error(`${message.id} never became ${text}: ${readAll(now)}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  private act<T = ActionResult>(what: string, body: unknown): Promise<T> {
    return this.sandbox.call('POST', `phones/${this.platform}/${this.userId}/${what}`, body);
  }
}

function buttonOf(card: CardSeen, label: RegExp): string | null {
  const button = card.buttons.find((one) => label.test(one.label));
  if (button !== undefined) return button.key;
  return card.question !== null && label.test(card.question.submit)
    ? (card.question.submit.split('\u0000')[1] ?? null)
    : null;
}

/** Everything readable of a message. */
export function readAll(message: Message): string {
  const card = readCard(message);
  if (card !== null)
    return `${card.title}\n${card.text}\n${card.buttons.map((one) => one.label).join(' ')}\n${card.closed}`;
  return `${message.title ?? ''}\n${message.text ?? ''}`;
}

type Json = Record<string, unknown>;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const object = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

export function readCard(message: Message): CardSeen | null {
  if (message.kind !== 'card' || message.card === undefined) return null;
  return message.platform === 'wecom' ? readWecom(message) : readDingtalk(message);
}

function readWecom(message: Message): CardSeen {
  const card = object(message.card);
  const title = object(card['main_title']);
  const submit = object(card['submit_button']);
  const checkbox = object(card['checkbox']);
  const asked = [checkbox, object(card['button_selection']), ...list(card['select_list'])].filter(
    (one) => Object.keys(one).length > 0,
  );
  const words: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') words.push(value);
    else if (Array.isArray(value)) value.forEach(collect);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
  };
  collect(card);
  return {
    title: text(title['title']),
    text: words.join('\n'),
    buttons: list(card['button_list']).map((button) => ({ key: text(button['key']), label: text(button['text']) })),
    question:
      asked.length === 0
        ? null
        : {
            options: asked.flatMap((one) =>
              list(one['option_list']).map((option) => ({
                id: text(option['id']),
                text: text(option['text']),
                of: text(one['question_key']),
              })),
            ),
            submit: `${text(submit['text']) || '提交'}\u0000${text(submit['key'])}`,
            multi: checkbox['mode'] === 1,
          },
    closed: message.state?.replacedText ?? '',
  };
}

function readDingtalk(message: Message): CardSeen {
  const card = object(message.card);
  const vars = object(card['cardParamMap'] ?? object(card['cardData'])['cardParamMap'] ?? card);
  const parse = (value: unknown): unknown => {
    try {
      return JSON.parse(text(value) || 'null') as unknown;
    } catch {
      return null;
    }
  };
  const submit = object(parse(vars['submit']));
  const field = object(list(object(parse(vars['form']))['fields'])[0]);
  return {
    title: text(vars['title']),
    text: Object.values(vars).map(text).join('\n'),
    buttons: list(parse(vars['buttons']))
      .filter((button) => button['url'] === undefined)
      .map((button) => ({ key: text(button['id']), label: text(button['text']) })),
    question:
      Object.keys(field).length === 0
        ? null
        : {
            options: list(field['options']).map((option) => ({
              id: text(option['value']),
              text: text(option['text']),
              of: text(field['name']),
            })),
            submit: `${text(submit['text']) || '提交'}\u0000${text(submit['id'])}`,
            multi: text(field['type']).includes('MULTI'),
          },
    closed: text(vars['closed']),
  };
}

/** For what a check measured: one line of a message. */
export function firstLine(message: Message): string {
  return readAll(message).replace(/\s+/gu, ' ').trim().slice(0, 140);
}

import { numbered, renderPlain, type FilledCard } from '../../src/cards/index.js';
import { BadInputError, PlatformRefusedError, type CardId, type Clock, type EventKey } from '../../src/core/index.js';
import type {
  Chat,
  Delivery,
  DeliveryReceipt,
  InboundBody,
  InboundEvent,
  Intake,
  MediaRef,
  PlatformAdapter,
  PlatformName,
} from '../../src/platforms/contract.js';

export interface Shown {
  cardId?: CardId;
  card?: FilledCard;
  text: string;
}

/** Larger files are refused by this platform. */
const MAX_MEDIA_BYTES = 20_000_000;

/**
 * A platform without a network: what people do goes straight into the intake, what they are sent stands in their chats,
 * cards change in place. Unlike a real one it waits for the answer of a press as long as it takes, so that a test does
 * not hang on the speed of the machine.
 */
export class Phones {
  readonly adapter: PlatformAdapter;
  readonly chats = new Map<string, Shown[]>();
  /** Everything that was sent, in order. */
  readonly deliveries: Delivery[] = [];
  /** Every event, as it was handed over: for playing it again. */
  readonly events: InboundEvent[] = [];
  /** Messages to the bot can be answered in words, as WeCom's are. */
  takesWords = false;
  /** Thrown instead of delivering, as long as it is set. */
  fault: ((delivery: Delivery) => Error | null) | null = null;
  #media = new Map<string, { bytes: Buffer; name?: string }>();
  #serial: number;

  constructor(
    readonly name: PlatformName,
    private readonly intake: Intake,
    private readonly clock: Clock,
    { budget = { perApp: {} }, serial = 0 }: { budget?: PlatformAdapter['budget'] | undefined; serial?: number } = {},
  ) {
    this.#serial = serial;
    this.adapter = {
      name,
      budget,
      capabilities: {
        maxActions: 6,
        passiveReplyMs: 2_000,
        choices: { single: true, multi: true, maxOptions: 20 },
        groupCards: true,
        groupPictures: { own: true, robots: true },
        groupsOfPeople: name === 'dingtalk',
        proactive: true,
        scan: true,
        location: true,
      },
      deliver: (delivery) => this.#deliver(delivery),
      fetchMedia: (media) => this.#fetch(media),
      loginUrl: (to, state) => `https://login.example.com/?to=${encodeURIComponent(to)}&state=${state}`,
      login: () => Promise.reject(new PlatformRefusedError('login.code_invalid', 'not here')),
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      health: () => ({ receiving: true, detail: 'in memory' }),
    };
  }

  event(from: string, body: InboundBody, chat: Chat = { kind: 'single' }): InboundEvent {
    const key = `${this.name}:${++this.#serial}` as EventKey;
    const words = this.takesWords && body.kind !== 'press' ? { takesWords: true as const } : {};
    return { key, platform: this.name, from, chat, sentAt: this.clock.now(), body, ...words };
  }

  /** Hands an event over as its platform would; a press changes its card by the answer. */
  async hand(event: InboundEvent): Promise<FilledCard | null> {
    this.events.push(event);
    const { answer, answered } = await this.intake(event);
    const card = (await answer) ?? null;
    if (card !== null && event.body.kind === 'press') {
      this.#change(event.chat.kind === 'group' ? event.chat.id : event.from, event.body.cardId, card);
      await answered?.();
    }
    return card;
  }

  keep(bytes: Uint8Array, name?: string): MediaRef {
    const handle = `media-${++this.#serial}`;
    this.#media.set(handle, { bytes: Buffer.from(bytes), ...(name === undefined ? {} : { name }) });
    return { platform: this.name, handle, ...(name === undefined ? {} : { name }) };
  }

  forget(media: MediaRef): void {
    this.#media.delete(media.handle);
  }

  chat(id: string): Shown[] {
    return this.chats.get(id) ?? [];
  }

  /** Everything a chat shows now, in words, one message a paragraph. */
  read(id: string): string {
    return this.chat(id).map(inWords).join('\n\n');
  }

  #change(id: string, cardId: CardId, card: FilledCard): boolean {
    const shown = this.chat(id).findLast((one) => one.cardId === cardId);
    if (shown !== undefined) shown.card = card;
    return shown !== undefined;
  }

  async #deliver(delivery: Delivery): Promise<DeliveryReceipt> {
    await Promise.resolve();
    const error = this.fault?.(delivery) ?? null;
    if (error !== null) throw error;
    const { body, to } = delivery;
    if (delivery.onlyAsAnswer === true && !this.takesWords) return { how: 'left-out' };
    this.deliveries.push(delivery);
    const id = to.kind === 'person' ? to.userId : to.chatId;
    if (body.kind === 'card-update' && this.#change(id, body.cardId, body.card)) return { how: 'updated' };
    const shown: Shown =
      body.kind === 'card' || body.kind === 'card-update'
        ? { cardId: body.cardId, card: body.card, text: '' }
        : { text: body.kind === 'text' || body.kind === 'markdown' ? body.text : body.name };
    this.chats.set(id, [...this.chat(id), shown]);
    return { how: body.kind === 'card-update' ? 'replaced' : 'sent', messageId: `m-${++this.#serial}` };
  }

  #fetch({ handle }: MediaRef) {
    const kept = this.#media.get(handle);
    if (kept === undefined) return Promise.reject(new PlatformRefusedError('media.gone', 'no such file'));
    if (kept.bytes.length > MAX_MEDIA_BYTES)
      return Promise.reject(new BadInputError('media.too_large', 'larger than this platform takes'));
    return Promise.resolve(kept);
  }
}

export function inWords({ card, text }: Shown): string {
  return card === undefined ? text : renderPlain(card);
}

/** The body of a press on this card: the button or the option that reads like this. */
export function pressOn(shown: Shown, label: string | RegExp, ...options: string[]): InboundBody | null {
  const { card, cardId } = shown;
  if (card === undefined || cardId === undefined || card.closed !== undefined) return null;
  const fits = (text: string): boolean => (typeof label === 'string' ? text.includes(label) : label.test(text));
  const { choice } = card;
  if (choice !== undefined && fits(choice.submit.label)) {
    const chosen = options.map((text) => choice.options.find((one) => one.text.includes(text))?.id);
    if (chosen.some((id) => id === undefined)) return null;
    return { kind: 'press', cardId, action: choice.submit.key, choices: { [choice.key]: chosen as string[] } };
  }
  const action = numbered(card).find((one) => one.kind === 'action' && fits(one.text));
  if (action?.kind !== 'action') return null;
  return { kind: 'press', cardId, action: action.key, choices: {} };
}

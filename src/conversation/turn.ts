import { numbered, renderPlain, type CardData, type CardName, type Cards, type FilledCard } from '../cards/index.js';
import { stableId, type CardId } from '../core/index.js';
import type { Person } from '../org/index.js';
import type { Address, InboundEvent, Outgoing, Purpose } from '../platforms/contract.js';
import { PASSIVE_HOLD_MS } from '../todos/index.js';
import type { PersonAsk, SessionDocument } from './session.js';

export type SessionChange = Partial<Pick<SessionDocument, 'dealId' | 'question' | 'options' | 'positions' | 'kept'>>;

/** Whoever sent it, in the app that they sent it to. */
export function senderOf({ platform, from, app }: InboundEvent): Extract<Address, { kind: 'user' }> {
  return { kind: 'user', platform, userId: from, ...(app === undefined ? {} : { app }) };
}

/** What one event leads to: gathered while it is understood, written at once at its end. */
export class Turn {
  readonly sends: Outgoing[] = [];
  readonly change: SessionChange = {};
  /** What becomes of what others asked this person; of the list as it is by then, others add to it. */
  asked: ((asks: readonly PersonAsk[]) => PersonAsk[]) | undefined;
  /** How the pressed card looks now. */
  answer: { card: FilledCard; messageKey: string } | undefined;
  /** The pressed card has become a list to choose from. */
  choosesInPlace = false;

  constructor(
    readonly event: InboundEvent,
    readonly person: Person,
    readonly session: SessionDocument,
    readonly now: Date,
    private readonly cards: Cards,
  ) {}

  get me(): Address {
    return senderOf(this.event);
  }

  /** The chat in which it happened. */
  private get place(): Address {
    const { chat, platform } = this.event;
    return chat.kind === 'group' ? { kind: 'group', platform, chatId: chat.id } : this.me;
  }

  /** A new card of the bot's own, at the bottom of the chat. */
  reply<N extends CardName>(name: N, data: CardData[N]): void {
    this.show(this.cards.fill(name, data));
  }

  /**
   * The next question to somebody who answers by typing: in words where these can stand in the answer to what they just
   * said, or where every call counts; else as a card. Its buttons are digits then.
   */
  say<N extends CardName>(name: N, data: CardData[N]): void {
    const card = this.cards.fill(name, data);
    if (this.event.takesWords !== true) {
      this.show(card, { text: renderPlain(card) });
      return;
    }
    this.text(renderPlain(card));
    this.remember(card);
  }

  text(text: string): void {
    this.send(`reply:${this.event.key}:text:${this.sends.length}`, this.me, 'reply', { kind: 'text', text });
  }

  /** The pressed card itself becomes this one; without a press (a number was typed) it is a new message. */
  replace<N extends CardName>(name: N, data: CardData[N]): void {
    this.replaceWith(this.cards.fill(name, data));
  }

  /** The pressed card stays and can't be pressed any more. */
  close<N extends CardName>(name: N, data: CardData[N], why: string): void {
    this.replaceWith({ ...this.cards.fill(name, data), closed: why });
  }

  replaceWith(card: FilledCard): void {
    if (this.event.body.kind !== 'press') {
      this.show(card);
      return;
    }
    const messageKey = `press:${this.event.key}`;
    this.send(messageKey, this.place, 'reply', { kind: 'show', cardId: this.event.body.cardId, card }, true);
    this.answer = { card, messageKey };
    // What stands in a group is pressed there; a number typed to the bot alone means something else.
    if (this.event.chat.kind === 'single') this.remember(card);
  }

  to(
    address: Address,
    purpose: Purpose,
    name: string,
    message: Outgoing['message'],
    sparing?: Outgoing['sparing'],
  ): void {
    this.send(`${name}:${this.event.key}:${this.sends.length}`, address, purpose, message);
    if (sparing !== undefined) this.sends.push({ ...this.sends.pop()!, sparing });
  }

  /** A typed number presses what this card offers. */
  remember(card: FilledCard): void {
    this.change.options = numbered(card).map((entry) =>
      entry.kind === 'action'
        ? { key: entry.key, label: entry.text }
        : {
            key: card.choice?.submit.key ?? '',
            label: entry.text,
            choice: { key: card.choice?.key ?? '', id: entry.id },
          },
    );
  }

  private show(card: FilledCard, sparing?: Outgoing['sparing']): void {
    const n = this.sends.length;
    const cardId = stableId<CardId>('c', this.event.key, card.name, n);
    this.send(`reply:${this.event.key}:${card.name}:${n}`, this.me, 'reply', { kind: 'show', cardId, card });
    if (sparing !== undefined) this.sends.push({ ...this.sends.pop()!, sparing });
    this.remember(card);
  }

  private send(key: string, to: Address, purpose: Purpose, message: Outgoing['message'], held = false): void {
    this.sends.push({
      key,
      to,
      purpose,
      message,
      ...(held ? { notBefore: new Date(this.now.getTime() + PASSIVE_HOLD_MS) } : {}),
    });
  }
}

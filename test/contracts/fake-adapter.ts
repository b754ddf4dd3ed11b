import { asId, BadInputError, joinKey, PlatformRefusedError, PlatformUnreachableError } from '../../src/core/index.js';
import { renderPlain, type FilledCard } from '../../src/cards/index.js';
import type {
  Delivery,
  InboundBody,
  InboundEvent,
  Intake,
  MediaRef,
  PlatformAdapter,
  PlatformName,
} from '../../src/platforms/contract.js';

export interface FakeMessage {
  id: string;
  body: Delivery['body'];
  /** The card as it looks now. */
  card?: FilledCard;
}

/**
 * A platform in memory: says what it is told, keeps what it is sent. Fills no vendor shapes, so it suits tests of the
 * inside; it passes the same contract suite as the real ones.
 */
export class FakePlatform {
  readonly adapter: PlatformAdapter;
  /** By person or chat id, oldest first. */
  readonly chats = new Map<string, FakeMessage[]>();
  readonly people = new Set<string>();
  readonly groups = new Set<string>();
  tokenIsGood = false;
  tokenRequests = 0;
  fault: 'none' | 'down' | 'silent' | 'limited' = 'none';
  #media = new Map<string, Buffer>();
  #codes = new Map<string, string>();
  #delivered = new Set<string>();
  #serial = 0;
  #receiving = false;
  #last: InboundEvent | null = null;
  readonly #intake: Intake;

  constructor(intake: Intake, options: { name?: PlatformName; maxMediaBytes?: number } = {}) {
    this.#intake = intake;
    const { name = 'wecom', maxMediaBytes = 20_000_000 } = options;
    this.adapter = {
      name,
      capabilities: {
        maxActions: 6,
        passiveReplyMs: 200,
        choices: { single: true, multi: true, maxOptions: 20 },
        groupCards: true,
        groupPictures: { own: true, robots: true },
        groupsOfPeople: false,
        proactive: true,
        scan: true,
        location: true,
      },
      budget: { perApp: {} },
      deliver: (delivery) => this.#deliver(delivery),
      fetchMedia: ({ handle }) => this.#fetch(handle, maxMediaBytes),
      loginUrl: (redirectUri, state) =>
        `https://login.example.com/?to=${encodeURIComponent(redirectUri)}&state=${state}`,
      login: (code) => this.#login(code),
      ensureGroup: ({ chatId }) => {
        this.groups.add(chatId);
        return Promise.resolve(chatId);
      },
      start: () => {
        this.#receiving = true;
        return Promise.resolve();
      },
      stop: () => {
        this.#receiving = false;
        return Promise.resolve();
      },
      health: () => ({ receiving: this.#receiving, detail: 'in memory' }),
    };
  }

  /** A person does something; false when it was not taken. A press changes the card by the answer, as on a real phone. */
  async act(from: string, body: InboundBody): Promise<boolean> {
    const event: InboundEvent = {
      key: asId(joinKey(this.adapter.name, 'fake', (this.#serial += 1))),
      platform: this.adapter.name,
      from,
      chat: { kind: 'single' },
      sentAt: new Date(),
      body,
    };
    this.#last = event;
    return this.#hand(event);
  }

  async again(): Promise<boolean> {
    return this.#last !== null && (await this.#hand(this.#last));
  }

  keep(bytes: Uint8Array, name?: string): MediaRef {
    const handle = `media-${(this.#serial += 1)}`;
    this.#media.set(handle, Buffer.from(bytes));
    return { platform: this.adapter.name, handle, ...(name === undefined ? {} : { name }) };
  }

  code(userId: string): string {
    const code = `code-${(this.#serial += 1)}`;
    this.#codes.set(code, userId);
    return code;
  }

  shows(chatId: string): FakeMessage[] {
    return this.chats.get(chatId) ?? [];
  }

  async #hand(event: InboundEvent): Promise<boolean> {
    if (!this.#receiving) return false;
    try {
      const { answer, answered } = await this.#intake(event);
      const { body } = event;
      if (answer === undefined || body.kind !== 'press') return true;
      const card = await Promise.race([answer, this.#patience()]);
      if (card === null) return true;
      this.#change(event.from, body.cardId, card);
      await answered?.();
      return true;
    } catch {
      return false; // not stored: as a platform sees it, not answered
    }
  }

  #patience(): Promise<null> {
    return new Promise((resolve) => setTimeout(() => resolve(null), this.adapter.capabilities.passiveReplyMs));
  }

  #change(chatId: string, cardId: string, card: FilledCard): boolean {
    const message = this.shows(chatId).findLast(({ body }) => 'cardId' in body && body.cardId === cardId);
    if (message === undefined) return false;
    message.card = card;
    return true;
  }

  async #deliver({ key, to, body }: Delivery) {
    await Promise.resolve();
    if (this.fault === 'limited') {
      throw new PlatformRefusedError('fake.rate_limited', 'too fast', {
        retryable: true,
        details: { retryAfterMs: 1_000 },
      });
    }
    if (this.fault !== 'none') throw new PlatformUnreachableError('fake.unreachable', this.fault);
    if (!this.tokenIsGood) this.tokenRequests += 1;
    this.tokenIsGood = true;
    const chatId = to.kind === 'person' ? to.userId : to.chatId;
    if (!(to.kind === 'person' ? this.people : this.groups).has(chatId)) {
      throw new PlatformRefusedError('fake.recipient_unknown', 'nobody of that name');
    }
    if (body.kind === 'card-update' && this.#change(chatId, body.cardId, body.card)) return { how: 'updated' as const };
    const id = `fake-${(this.#serial += 1)}`;
    if (!this.#delivered.has(key)) {
      this.#delivered.add(key);
      const card = 'card' in body ? { card: body.card } : {};
      this.chats.set(chatId, [...this.shows(chatId), { id, body, ...card }]);
    }
    return { how: body.kind === 'card-update' ? ('replaced' as const) : ('sent' as const), messageId: id };
  }

  #fetch(handle: string, maxBytes: number) {
    const bytes = this.#media.get(handle);
    if (bytes === undefined) return Promise.reject(new PlatformRefusedError('media.gone', 'no such file'));
    if (bytes.length > maxBytes) return Promise.reject(new BadInputError('media.too_large', 'too large'));
    return Promise.resolve({ bytes });
  }

  #login(code: string) {
    const userId = this.#codes.get(code);
    this.#codes.delete(code);
    if (userId === undefined) return Promise.reject(new PlatformRefusedError('login.code_invalid', 'unknown code'));
    return Promise.resolve({ userId });
  }
}

/** Everything readable on a message. */
export function readable({ body, card }: FakeMessage): string {
  if (card !== undefined) return renderPlain(card);
  return body.kind === 'text' || body.kind === 'markdown' ? body.text : '';
}

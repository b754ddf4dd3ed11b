import type { ExecutionContext } from 'ava';
import type { InboundBody, InboundEvent, MediaRef } from '../../src/platforms/contract.js';
import { inWords, pressOn, type Phones, type Shown } from './phones.js';

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);

/** A picture by its bytes; the words are what the scripted verifier reads. */
export const photo = (words = 'good'): Buffer => Buffer.concat([JPEG, Buffer.from(words)]);
export const pdf = (words = 'good', bytes = 0): Buffer => Buffer.from(`%PDF-1.7 ${words}`.padEnd(bytes, ' '));
/** A recording by its bytes; `12s` is its length, `words:…` what a service hears in it. */
export const amr = (words = '30s'): Buffer => Buffer.from(`#!AMR\n${words}`);
export const sheet = (words = 'good'): Buffer => Buffer.from(`型号,数量,使用年限\n${words},1,3\n`);

/**
 * What one person does and sees, step after step:
 * `await chat('demo-rep-jia').says('我的商机').expects('我的商机').presses(/打开/, '城东医院').expects('线索分配')`.
 * Steps are only noted; `await` plays them.
 */
export class Chat implements PromiseLike<void> {
  #steps: (() => Promise<void>)[] = [];
  /** Messages that were there before the step that was played last. */
  #before: string[] = [];

  constructor(
    private readonly t: ExecutionContext,
    private readonly phones: Phones,
    readonly userId: string,
    private readonly settle: () => Promise<void>,
  ) {}

  says(text: string): this {
    return this.does({ kind: 'text', text });
  }
  sends(kind: 'image' | 'file', bytes: Uint8Array, name?: string): this {
    return this.#step(() => this.#act({ kind, media: this.phones.keep(bytes, name) }));
  }
  sendsPhoto(words?: string): this {
    return this.sends('image', photo(words));
  }
  sendsFile(bytes: Uint8Array, name?: string): this {
    return this.sends('file', bytes, name);
  }
  /** A file that the platform does not have any more. */
  sendsGone(): this {
    return this.#step(async () => {
      const media: MediaRef = this.phones.keep(photo());
      this.phones.forget(media);
      await this.#act({ kind: 'image', media });
    });
  }
  /** A voice message; `transcript` is the platform's own text. */
  speaks(transcript: string, recording: Uint8Array = Buffer.from('amr')): this {
    return this.#step(() =>
      this.#act({
        kind: 'voice',
        media: this.phones.keep(recording),
        ...(transcript === '' ? {} : { transcript }),
      }),
    );
  }
  locates(lat = 31.2304, lng = 121.5447): this {
    return this.does({ kind: 'location', lat, lng, datum: 'gcj02' });
  }
  /** Presses what reads like this on the newest card that has it; options by their words. */
  presses(label: string | RegExp, ...options: string[]): this {
    return this.#step(async () => {
      const body = this.shown()
        .toReversed()
        .map((one) => pressOn(one, label, ...options))
        .find((one) => one !== null);
      if (body === undefined || body === null) throw new Error(`nothing to press like ${label} in:\n${this.reads()}`);
      await this.#act(body);
    });
  }
  does(body: InboundBody): this {
    return this.#step(() => this.#act(body));
  }
  inGroup(id: string, text: string): this {
    return this.#step(async () => {
      await this.phones.hand(this.phones.event(this.userId, { kind: 'text', text }, { kind: 'group', id }));
      await this.settle();
    });
  }
  /** Some message that came or changed by the last step holds these words. */
  expects(...words: (string | RegExp)[]): this {
    return this.#step(async () => {
      await Promise.resolve();
      const news = this.news();
      for (const word of words) {
        const found = news.some((text) => (typeof word === 'string' ? text.includes(word) : word.test(text)));
        this.t.true(found, `${word} is not in what came:\n${news.join('\n\n')}\n──\n${this.reads()}`);
      }
    });
  }
  /** The last step showed nothing new. */
  expectsNothing(): this {
    return this.#step(async () => {
      await Promise.resolve();
      this.t.deepEqual(this.news(), []);
    });
  }
  /** No message of the chat holds these words. */
  lacks(...words: string[]): this {
    return this.#step(async () => {
      await Promise.resolve();
      for (const word of words) this.t.false(this.reads().includes(word), `${word} is in:\n${this.reads()}`);
    });
  }
  then<A, B>(
    done?: ((value: void) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    return this.#play().then(done, failed);
  }

  shown(): Shown[] {
    return this.phones.chat(this.userId);
  }
  reads(): string {
    return this.phones.read(this.userId);
  }
  news(): string[] {
    const now = this.shown().map(inWords);
    return now.filter((text, n) => text !== this.#before[n]);
  }
  /** The newest card of this name. */
  card(name: string): Shown | undefined {
    return this.shown().findLast((one) => one.card?.name === name);
  }
  last(): InboundEvent | undefined {
    return this.phones.events.findLast((event) => event.from === this.userId);
  }

  #step(step: () => Promise<void>): this {
    this.#steps.push(step);
    return this;
  }
  async #act(body: InboundBody): Promise<void> {
    this.#before = this.shown().map(inWords);
    await this.phones.hand(this.phones.event(this.userId, body));
    await this.settle();
  }
  async #play(): Promise<void> {
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) await step();
  }
}

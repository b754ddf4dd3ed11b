import type { TestFn } from 'ava';
import type { Intake, PlatformAdapter } from '../../src/platforms/contract.js';
import { inboundContract } from './platform-inbound.js';
import { outboundContract } from './platform-outbound.js';
import type { PEOPLE } from './samples.js';

/**
 * The one suite every platform adapter passes, the in-memory one included. An adapter's test file gives `makeHarness`,
 * which puts the real adapter (with the people of `samples.ts`) in front of a stand-in of the vendor and lets the suite act as the people and as the vendor.
 */

export interface HarnessOptions {
  intake: Intake;
  /** Handed to the adapter. */
  maxMediaBytes?: number;
}
export type MakeHarness = (options: HarnessOptions) => Promise<PlatformHarness>;

/** What the vendor saw of our answer to one delivery (after all its own repetitions). */
export interface Answered {
  /** We took it: the vendor will not deliver it again. */
  accepted: boolean;
  /** How often it was delivered until then. */
  tries: number;
}

/** One message as a person sees it on the phone. */
export interface Shown {
  id: string;
  kind: 'text' | 'markdown' | 'card' | 'image' | 'file' | 'other';
  /** Everything readable on it in reading order, line breaks between parts; titles, fields and marks included. */
  text: string;
  /** Buttons that can be pressed or opened now, the submit button included. */
  buttons: { action?: string; label: string; url?: string }[];
  /** Options of a choice, over all vendor questions it was split into. */
  options: { id: string; text: string }[];
  /** Text that stands in place of the buttons. */
  closed?: string;
  /** Content of an image or file message. */
  bytes?: Buffer;
  name?: string;
}

export interface Phone {
  says(text: string): Promise<Answered>;
  sendsPhoto(bytes: Uint8Array, name?: string): Promise<Answered>;
  sendsFile(bytes: Uint8Array, name: string): Promise<Answered>;
  sendsVoice(bytes: Uint8Array, transcript?: string): Promise<Answered>;
  /** Only called where `capabilities.scan`. */
  scans(text: string, menuKey: string): Promise<Answered>;
  /** Only called where `capabilities.scan` (an app menu). */
  opensMenu(key: string): Promise<Answered>;
  /** Presses a button of that message, with option ids chosen (the harness knows which vendor question holds which option). */
  presses(messageId: string, action: string, chosen?: readonly string[]): Promise<Answered>;
  /** The single chat with the bot: what the bot sent and what changed in it since, oldest first. The person's own messages are left out. */
  shows(): Promise<Shown[]>;
}

export interface PlatformHarness {
  /** Started. */
  adapter: PlatformAdapter;
  phone(who: keyof typeof PEOPLE): Phone;
  /** A group chat the bot may write to, with everybody in it: its chat id and what it shows. */
  group(): Promise<{ chatId: string; shows(): Promise<Shown[]> }>;
  vendor: {
    /** Kinds of forgery this vendor's way in can meet; each must be refused and reach nobody. */
    forgeries: readonly string[];
    forge(how: string): Promise<{ refused: boolean }>;
    /** The last delivery once more, the same bytes. */
    deliverAgain(): Promise<Answered>;
    /** Something of a kind that the sheet does not know, authentic, from the rep. */
    deliverUnknown(): Promise<Answered>;
    /** True when an unaccepted delivery comes again by itself. */
    redelivers: boolean;
    /** Kinds of messages for which the vendor lets a repeated request with the same key pass only once. */
    dedupes: readonly ('text' | 'card')[];
    expireTokens(): Promise<void>;
    /** How many access tokens were asked for so far. */
    tokenRequests(): Promise<number>;
    /** `down`: refuses connections or answers 503. `silent`: accepts and never answers. `limited`: answers that we are too fast. */
    fault(what: 'down' | 'silent' | 'limited' | 'none'): Promise<void>;
  };
  /** Only where the platform's client checks pages: what it says to a page at `url` that brings this, and how many tickets were asked for. */
  page?: {
    check(url: string, config: object, as: 'company' | 'app'): Promise<boolean>;
    tickets(): Promise<number>;
  };
  /** A fresh login code, as the browser of this person brings it back. */
  loginCode(who: keyof typeof PEOPLE): Promise<string>;
  /** Every log line so far, and strings that must never be in one. */
  log: { lines(): string[]; secrets: readonly string[] };
  close(): Promise<void>;
}

export function platformContract(test: TestFn, name: string, makeHarness: MakeHarness): void {
  inboundContract(test, name, makeHarness);
  outboundContract(test, name, makeHarness);
}

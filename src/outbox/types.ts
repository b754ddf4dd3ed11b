import type { PersonId } from '../core/index.js';
import type { Chat, Message, PlatformName, Purpose, Recipient } from '../platforms/contract.js';

export interface OutboxRow {
  _id: string;
  platform: PlatformName;
  /** `<platform>:<person or group>`: messages of one lane leave in order. */
  lane: string;
  to: Recipient;
  message: Message;
  cardId?: string;
  purpose: Purpose;
  insist?: boolean;
  onlyAsAnswer?: boolean;
  /** `recalled`: taken back from the recipient's chat. */
  state: 'due' | 'sent' | 'superseded' | 'dead' | 'recalled';
  priority: number;
  seq: number;
  dueAt: Date;
  leasedUntil?: Date;
  leasedBy?: string;
  attempts: number;
  /** `passive`: written into the answer of the press itself. */
  how?: 'sent' | 'updated' | 'replaced' | 'passive';
  /** `todo`: what an administrator can do about it, in words. */
  lastError?: { code: string; message: string; at: Date; todo?: string };
  /** Messages whose words this one took along while all of them were held back. */
  merged?: string[];
  /** The platform's id of the message, for taking it back. */
  messageId?: string;
  createdAt: Date;
  sentAt?: Date;
  /** When it was taken back, and by which administrator. */
  recalled?: { at: Date; by?: PersonId };
}

export interface CardRow {
  _id: string;
  platform: PlatformName;
  lane: string;
  /** Where a press on it comes from; rows of earlier editions lack it. */
  chat?: Chat;
  /** Unused handles for changing the card, oldest first. */
  handles: string[];
  messageId?: string;
  sentAt: Date;
}

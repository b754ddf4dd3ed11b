import type { Message, PlatformName, Purpose } from '../platforms/contract.js';

export interface OutboxRow {
  _id: string;
  platform: PlatformName;
  /** `<platform>:<person or group>`: messages of one lane leave in order. */
  lane: string;
  to: { kind: 'person'; userId: string } | { kind: 'group'; chatId: string };
  message: Message;
  cardId?: string;
  purpose: Purpose;
  state: 'due' | 'sent' | 'superseded' | 'dead';
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
  createdAt: Date;
  sentAt?: Date;
}

export interface CardRow {
  _id: string;
  platform: PlatformName;
  lane: string;
  /** Unused handles for changing the card, oldest first. */
  handles: string[];
  messageId?: string;
  sentAt: Date;
}

import type { ActionResult } from './types.js';

/** What a person does with a phone. */
export type PhoneAction =
  /** `quotes`: the message of this chat that it points at; DingTalk only. */
  | { kind: 'text'; text: string; chatId?: string; quotes?: string }
  /** Words and pictures in one message; DingTalk only. */
  | { kind: 'rich'; parts: ({ text: string } | { bytes: Buffer; name: string })[]; chatId?: string }
  | { kind: 'image'; bytes: Buffer; name: string; chatId?: string; menuKey?: string }
  | { kind: 'file'; bytes: Buffer; name: string; chatId?: string }
  | { kind: 'video'; bytes: Buffer; name: string; durationMs: number; chatId?: string }
  | { kind: 'voice'; bytes: Buffer; name: string; durationMs: number; recognition: string; chatId?: string }
  | { kind: 'link'; url: string; title: string; description: string }
  | { kind: 'scan'; text: string; menuKey?: string }
  | { kind: 'menu'; key: string }
  | { kind: 'location'; lat: number; lng: number; label: string; menuKey?: string }
  | { kind: 'enter' }
  | { kind: 'press'; messageId: string; action: string; choices: Record<string, string[]>; stale: boolean };

/** A platform's client. */
export interface PhoneDriver {
  act(userId: string, action: PhoneAction): Promise<ActionResult>;
}

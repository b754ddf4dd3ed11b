import type { Json } from '../json.js';
import { opaque, type StoredMessage } from '../world.js';
import type { DingtalkState } from './state.js';

/**
 * What a message that points at another one carries of it. The vendor's pages do not describe quotes: these are the shapes that
 * connectors read from live traffic. Voice messages, videos and rich text are not among them; they follow their own shape.
 */

export type Sent = NonNullable<StoredMessage['sentAs']>;

export const newMsgId = (): string => `msg${opaque(24)}==`;

/** Order of the keys as on the wire. */
export function quoteOf(state: DingtalkState, original: StoredMessage): { envelope: Json; text: Json } {
  const createdAt = Date.parse(original.at);
  if (original.from === 'bot') return original.kind === 'card' ? cardOf(state, original) : unreadable(createdAt);
  const { sentAs } = original;
  // Sent before this was kept: only its id is known.
  if (sentAs === undefined) return { envelope: { originalMsgId: newMsgId() }, text: { isReplyMsg: true } };
  const { msgId, msgType, content } = sentAs;
  const repliedMsg = { msgType, msgId, senderId: state.senderId(original.from), createdAt, content: ordered(content) };
  return { envelope: { originalMsgId: msgId }, text: { isReplyMsg: true, repliedMsg } };
}

/** A card of the robot is known by the key that its sending gave. */
function cardOf(state: DingtalkState, { id, at }: StoredMessage): { envelope: Json; text: Json } {
  const [key] = Object.entries(state.data.sent).find(([, { messageIds }]) => messageIds.includes(id)) ?? [];
  const repliedMsg = {
    msgType: 'interactiveCard',
    senderId: state.data.chatbotUserId,
    createdAt: Date.parse(at),
  };
  return {
    envelope: key === undefined ? {} : { originalProcessQueryKey: key },
    text: { isReplyMsg: true, repliedMsg },
  };
}

/** The robot's own words and what else is not supported. */
function unreadable(createdAt: number): { envelope: Json; text: Json } {
  const msgId = newMsgId();
  const repliedMsg = { msgType: 'unknownMsgType', msgId, createdAt };
  return { envelope: { originalMsgId: msgId }, text: { isReplyMsg: true, repliedMsg } };
}

/** A quoted file names its fields in another order than the file itself. */
function ordered(content: Json): Json {
  const { spaceId, fileName, downloadCode, fileId, ...rest } = content;
  return fileName === undefined ? content : { spaceId, fileName, downloadCode, fileId, ...rest };
}

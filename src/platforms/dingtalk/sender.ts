import { AppError, errorCode, HOUR, MINUTE, PlatformRefusedError, unreachable, type Clock } from '../../core/index.js';
import type { FilledCard } from '../../cards/index.js';
import type { Delivery, DeliveryReceipt, Recipient } from '../contract.js';
import type { CardChats } from './card-chats.js';
import type { DingtalkClient } from './client.js';
import {
  toCardRequest,
  toDeliverRequest,
  toMarkdown,
  toPlainCard,
  toText,
  toUpdateRequest,
  type CardSettings,
  type RobotMessageOut,
} from './encode.js';
import { ROBOT_PREFIX, sendToRobot, type GroupRobot } from './group-robot.js';
import type { Sessions } from './sessions.js';
import { isForNotice, sendNotice } from './work-notice.js';
import { BatchSendAnswer, DeliverAnswer, GroupSendAnswer, UpdateAnswer } from './types.js';

export interface Sender {
  deliver(delivery: Delivery): Promise<DeliveryReceipt>;
}

/** What a file message may be; others are refused before the upload. */
const FILE_TYPES = new Set(['xlsx', 'pdf', 'zip', 'rar', 'doc', 'docx']);
const MAX_UPLOAD_BYTES = 20 * 1024 * 1024;

const SESSION_GONE = 'dingtalk.session_gone';
/** Refusals that every card of this template would meet. */
const NO_CARDS = new Set(['dingtalk.template_unknown', 'dingtalk.permission_missing']);
/** Cards are tried again then: the console may have been put right. */
const NO_CARDS_MS = HOUR;

export interface SenderDeps {
  client: DingtalkClient;
  sessions: Pick<Sessions, 'find' | 'forget'>;
  /** Told where each card goes. */
  chats: Pick<CardChats, 'note'>;
  clock: Clock;
  how: CardSettings;
  /** Of the app, for work notifications. */
  agentId: string;
  robots?: Readonly<Record<string, GroupRobot>> | undefined;
  /** Shorter for tests. */
  noticeLookMs?: number | undefined;
}

export function createSender(deps: SenderDeps): Sender {
  const { client, sessions, chats, how, robots = {} } = deps;
  /** Cards that exist at the vendor but did not reach their chat. */
  const undelivered = new Set<string>();
  /** Why no card can be drawn, until when. */
  let noCards: { why: AppError; until: number } | null = null;

  async function sendToPerson(userId: string, { msgKey, msgParam }: RobotMessageOut): Promise<DeliveryReceipt> {
    // https://open.dingtalk.com/document/development/chatbots-send-one-on-one-chat-messages-in-batches
    const body = { robotCode: how.robotCode, userIds: [userId], msgKey, msgParam: JSON.stringify(msgParam) };
    const answer = await client.call('POST', '/v1.0/robot/oToMessages/batchSend', body, BatchSendAnswer);
    // HTTP 200 also when nobody was reached.
    if (answer.invalidStaffIdList?.includes(userId)) {
      throw new PlatformRefusedError('dingtalk.recipient_unknown', 'the robot cannot reach this user id');
    }
    if (answer.flowControlledStaffIdList?.includes(userId)) {
      throw new PlatformRefusedError('dingtalk.rate_limited', 'too many messages to this person', {
        retryable: true,
        details: { retryAfterMs: MINUTE },
      });
    }
    return { messageId: answer.processQueryKey, how: 'sent' };
  }

  async function sendToGroup(chatId: string, { msgKey, msgParam }: RobotMessageOut): Promise<DeliveryReceipt> {
    // https://open.dingtalk.com/document/development/the-robot-sends-a-group-message
    const body = {
      robotCode: how.robotCode,
      openConversationId: chatId,
      msgKey,
      msgParam: JSON.stringify(msgParam),
    };
    const answer = await client.call('POST', '/v1.0/robot/groupMessages/send', body, GroupSendAnswer);
    return { messageId: answer.processQueryKey, how: 'sent' };
  }

  /** Words to somebody who wrote a while ago go back the way theirs came; a card cannot. */
  async function say(to: Recipient, message: RobotMessageOut, onlyAsAnswer = false): Promise<DeliveryReceipt> {
    const url = to.kind === 'person' && !isOutsider(to) ? await sessions.find(to.userId) : undefined;
    const otherwise = (): Promise<DeliveryReceipt> =>
      onlyAsAnswer ? Promise.resolve({ how: 'left-out' }) : send(to, message);
    if (url === undefined || to.kind !== 'person') return otherwise();
    try {
      return await reply(to.userId, url, message);
    } catch (error) {
      if (errorCode(error) !== SESSION_GONE) throw error;
      return otherwise();
    }
  }

  /** By the address that came with their last message; one that the vendor does not know any more is forgotten. */
  async function reply(userId: string, url: string, message: RobotMessageOut): Promise<DeliveryReceipt> {
    try {
      await client.replyToSession(url, sessionBody(message));
      return { how: 'sent' };
    } catch (error) {
      if (errorCode(error) === SESSION_GONE) await sessions.forget(userId, url);
      throw error;
    }
  }

  /** People outside the company are known by an encrypted id only, and answered where they wrote. */
  async function answerOutsider(senderId: string, message: RobotMessageOut): Promise<DeliveryReceipt> {
    const url = await sessions.find(senderId);
    if (url === undefined) {
      throw new PlatformRefusedError('dingtalk.recipient_unknown', 'outside the company and no reply address left');
    }
    return reply(senderId, url, message);
  }

  function send(to: Recipient, message: RobotMessageOut): Promise<DeliveryReceipt> {
    if (to.kind === 'group') return sendToGroup(to.chatId, message);
    return isOutsider(to) ? answerOutsider(to.userId, message) : sendToPerson(to.userId, message);
  }

  /** A group's custom robot takes words and links, and shows no change: the card as it is now is one more message. */
  function sendByRobot(chatId: string, { key, body }: Delivery): Promise<DeliveryReceipt> {
    const to = { kind: 'group', chatId } as const;
    const send = (message: RobotMessageOut) => sendToRobot(client, robots, chatId, message, key);
    switch (body.kind) {
      case 'text':
        return send(toText(body.text));
      case 'markdown':
        return send(toMarkdown(body.title, body.text));
      case 'card':
        return send(toPlainCard(body.card, body.cardId, to));
      case 'card-update':
        return send(toPlainCard(body.card, body.cardId, to)).then((receipt) => ({ ...receipt, how: 'replaced' }));
      case 'file':
      case 'image':
        return Promise.reject(new PlatformRefusedError('media.type_refused', 'a group’s robot takes no files'));
    }
  }

  const drawable = (to: Recipient) => how.cardTemplateId !== '' && !isOutsider(to);

  /** Words and links arrive where a card cannot be drawn; whoever set this up is told why. */
  async function sendLinks(to: Recipient, cardId: string, card: FilledCard, why?: AppError): Promise<DeliveryReceipt> {
    const receipt = await send(to, toPlainCard(card, cardId, to));
    if (why === undefined) return receipt;
    const todo = why.details['admin'];
    const instead = { as: 'links' as const, code: why.code, message: why.message };
    return { ...receipt, instead: { ...instead, ...(typeof todo === 'string' ? { todo } : {}) } };
  }

  async function sendCard(to: Recipient, cardId: string, card: FilledCard): Promise<DeliveryReceipt> {
    if (!drawable(to)) return sendLinks(to, cardId, card);
    if (noCards !== null && noCards.until > deps.clock.now().getTime()) return sendLinks(to, cardId, card, noCards.why);
    noCards = null;
    // Before it is there: a press may be quicker than the answer to this call.
    chats.note(cardId, to);
    const again = undelivered.has(cardId);
    let answer;
    try {
      answer = again
        ? await client.call(
            'POST',
            '/v1.0/card/instances/deliver',
            toDeliverRequest(card, cardId, to, how.robotCode),
            DeliverAnswer,
          )
        : await client.call(
            'POST',
            '/v1.0/card/instances/createAndDeliver',
            toCardRequest(card, cardId, to, how),
            DeliverAnswer,
          );
    } catch (error) {
      // An earlier try of this very card came through, only its answer did not.
      if (errorCode(error) === 'dingtalk.card_exists') return { how: 'sent' };
      if (!(error instanceof AppError) || !NO_CARDS.has(error.code)) throw error;
      noCards = { why: error, until: deps.clock.now().getTime() + NO_CARDS_MS };
      return sendLinks(to, cardId, card, error);
    }
    const failed = answer.result.find((result) => !result.success);
    if (failed !== undefined) {
      undelivered.add(cardId);
      throw new PlatformRefusedError('dingtalk.card_not_delivered', `card not delivered: ${failed.errorMsg ?? ''}`, {
        // The vendor gives no list of these words: worth another try, the outbox bounds how often.
        retryable: true,
        details: { retryAfterMs: MINUTE },
      });
    }
    undelivered.delete(cardId);
    const messageId = answer.result[0]?.carrierId;
    return { how: 'sent', ...(messageId ? { messageId } : {}) };
  }

  async function updateCard(to: Recipient, cardId: string, card: FilledCard): Promise<DeliveryReceipt> {
    if (drawable(to)) {
      chats.note(cardId, to);
      try {
        await client.call('PUT', '/v1.0/card/instances', toUpdateRequest(card, cardId, to), UpdateAnswer);
        return { how: 'updated' };
      } catch (error) {
        if (!['dingtalk.card_unknown', ...NO_CARDS].includes(errorCode(error))) throw error;
      }
    }
    return { ...(await sendCard(to, cardId, card)), how: 'replaced' };
  }

  async function sendMedia(to: Recipient, kind: 'file' | 'image', name: string, bytes: Uint8Array) {
    if (bytes.length > MAX_UPLOAD_BYTES) {
      throw new PlatformRefusedError('media.too_large', 'larger than the vendor takes', {
        details: { maxBytes: MAX_UPLOAD_BYTES },
      });
    }
    if (isOutsider(to)) throw new PlatformRefusedError('dingtalk.recipient_unknown', 'no files to people outside');
    if (kind === 'image') {
      return send(to, { msgKey: 'sampleImageMsg', msgParam: { photoURL: await client.upload('image', name, bytes) } });
    }
    const fileType = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
    if (!FILE_TYPES.has(fileType)) {
      throw new PlatformRefusedError('media.type_refused', `DingTalk takes no .${fileType} files`);
    }
    const mediaId = await client.upload('file', name, bytes);
    return send(to, { msgKey: 'sampleFile', msgParam: { mediaId, fileName: name, fileType } });
  }

  /** Where the robot does not reach somebody, the app's own notification may. */
  async function orNotice({ to, body }: Delivery, sent: Promise<DeliveryReceipt>): Promise<DeliveryReceipt> {
    try {
      return await sent;
    } catch (error) {
      if (!isForNotice(error) || to.kind !== 'person' || isOutsider(to) || deps.agentId === '') throw error;
      const message = toMessage(to, body);
      if (message === null) throw error;
      return sendNotice(client, deps.agentId, to.userId, message, error, deps.noticeLookMs);
    }
  }

  /** Somebody for whom a button was to be hidden is gone: a card that shows it to all is better than none. */
  async function forAll(
    card: FilledCard,
    send: (card: FilledCard) => Promise<DeliveryReceipt>,
  ): Promise<DeliveryReceipt> {
    try {
      return await send(card);
    } catch (error) {
      if (card.hides === undefined || errorCode(error) !== 'dingtalk.recipient_unknown') throw error;
      return send({ ...card, hides: [] });
    }
  }

  return {
    async deliver(delivery) {
      const { to, body } = delivery;
      if (to.kind === 'group' && to.chatId.startsWith(ROBOT_PREFIX)) return sendByRobot(to.chatId, delivery);
      switch (body.kind) {
        case 'text':
          return orNotice(delivery, say(to, toText(body.text), delivery.onlyAsAnswer));
        case 'markdown':
          return orNotice(delivery, say(to, toMarkdown(body.title, body.text)));
        case 'card':
          return orNotice(
            delivery,
            forAll(body.card, (card) => sendCard(to, body.cardId, card)),
          );
        case 'card-update':
          return orNotice(
            delivery,
            forAll(body.card, (card) => updateCard(to, body.cardId, card)),
          );
        case 'file':
        case 'image':
          return sendMedia(to, body.kind, body.name, body.bytes);
        default:
          return unreachable(body);
      }
    },
  };
}

/** In words and links; null for files. */
function toMessage(to: Recipient, body: Delivery['body']): RobotMessageOut | null {
  switch (body.kind) {
    case 'text':
      return toText(body.text);
    case 'markdown':
      return toMarkdown(body.title, body.text);
    case 'card':
    case 'card-update':
      return toPlainCard(body.card, body.cardId, to);
    case 'file':
    case 'image':
      return null;
  }
}

function sessionBody({ msgParam: { title, text, content } }: RobotMessageOut): object {
  return content !== undefined
    ? { msgtype: 'text', text: { content } }
    : { msgtype: 'markdown', markdown: { title: title ?? '', text: text ?? '' } };
}

/** The vendor's encrypted sender ids begin so; user ids never do. */
function isOutsider(to: Recipient): boolean {
  return to.kind === 'person' && to.userId.startsWith('$:');
}

import { errorCode, PlatformRefusedError, unreachable, type Log } from '../../core/index.js';
import type { Delivery, DeliveryReceipt } from '../contract.js';
import { AIBOT_PREFIX } from './aibot-heard.js';
import type { createAibotReplies } from './aibot-reply.js';
import type { WecomClient } from './client.js';
import {
  cardContent,
  groupCard,
  groupMessage,
  markdownContent,
  mediaContent,
  personMessage,
  textContent,
  uploadName,
  wordsOf,
} from './encode.js';
import { isFinal } from './errors.js';
import type { ReplySlots } from './reply-slots.js';
import { ROBOT_PREFIX, type createRobots } from './robots.js';
import { drawCard } from './template-card.js';
import type { ApiAnswer } from './types.js';

type CardUpdate = Extract<Delivery['body'], { kind: 'card-update' }>;
type MediaBody = Extract<Delivery['body'], { kind: 'file' | 'image' }>;

/** https://developer.work.weixin.qq.com/document/path/90253 ; its error table says 5 MB for pictures: the smaller holds. */
const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
const MAX_FILE_BYTES = 20 * 1024 * 1024;
const MIN_BYTES = 6;
/** Each costs a call; a fresh card is the better answer after that. */
const MAX_HANDLE_TRIES = 2;
/** Uploads remembered by delivery, so that a repetition within this process sends the same bytes and is recognised. */
const MAX_UPLOADS = 200;

type Content = ReturnType<typeof textContent>;

export function createDeliverer(deps: {
  client: WecomClient;
  agentId: string;
  slots: ReplySlots;
  robots: ReturnType<typeof createRobots>;
  aibot: ReturnType<typeof createAibotReplies>;
  log: Log;
}) {
  const { client, agentId, slots, robots, aibot, log } = deps;
  const uploads = new Map<string, string>();

  async function send(delivery: Delivery, content: Content): Promise<DeliveryReceipt> {
    const { to, key } = delivery;
    switch (to.kind) {
      case 'group':
        await client.post('appchat/send', groupMessage(to.chatId, content));
        return { how: 'sent' };
      case 'person': {
        const answer = await client.post('message/send', personMessage(agentId, to.userId, key, content));
        refuseUnreached(answer, to.userId);
        const { msgid, response_code: handle } = answer;
        return {
          how: 'sent',
          ...(typeof msgid === 'string' ? { messageId: msgid } : {}),
          ...(typeof handle === 'string' && handle !== '' ? { handle } : {}),
        };
      }
      default:
        return unreachable(to);
    }
  }

  /** In place by the newest handle that still serves; each serves once. A refusal of the handle has no code of its own. */
  async function update(delivery: Delivery, body: CardUpdate): Promise<DeliveryReceipt> {
    const { to } = delivery;
    const card = drawCard(body.card, 'update');
    const used: string[] = [];
    if (to.kind === 'person' && card !== null) {
      for (const handle of body.handles.slice(-MAX_HANDLE_TRIES).reverse()) {
        used.push(handle);
        try {
          // https://developer.work.weixin.qq.com/document/path/94888
          const answer = await client.post('message/update_template_card', {
            userids: [to.userId],
            agentid: Number(agentId),
            response_code: handle,
            enable_id_trans: 0,
            template_card: card,
          });
          refuseUnreached(answer, to.userId);
          return { how: 'updated', usedHandles: used };
        } catch (error) {
          // Busy, too fast or no answer: the same again later. A wrong secret is not the handle's fault either.
          if (!isFinal(error) || error.code === 'wecom.secret_refused' || error.code === 'wecom.not_set_up')
            throw error;
          log.info({ key: delivery.key, code: errorCode(error) }, 'card not changed in place');
        }
      }
    }
    const receipt = await sendCard(delivery, body);
    return { ...receipt, how: 'replaced', ...(used.length === 0 ? {} : { usedHandles: used }) };
  }

  function sendCard(delivery: Delivery, body: Pick<CardUpdate, 'card' | 'cardId'>): Promise<DeliveryReceipt> {
    // No template cards in groups: https://developer.work.weixin.qq.com/document/path/90248
    const isGroup = delivery.to.kind === 'group';
    return send(delivery, isGroup ? groupCard(body.card) : cardContent(body.card, body.cardId, delivery.key));
  }

  async function uploaded(key: string, type: 'image' | 'file', { name, bytes }: MediaBody): Promise<string> {
    const known = uploads.get(key);
    if (known !== undefined) return known;
    const mediaId = await client.upload(type, uploadName(name), bytes);
    const oldest = uploads.keys().next();
    if (uploads.size >= MAX_UPLOADS && !oldest.done) uploads.delete(oldest.value);
    uploads.set(key, mediaId);
    return mediaId;
  }

  async function sendMedia(delivery: Delivery, body: MediaBody): Promise<DeliveryReceipt> {
    if (body.bytes.length < MIN_BYTES) throw new PlatformRefusedError('wecom.message_invalid', 'an empty file');
    if (body.bytes.length > MAX_FILE_BYTES) {
      throw new PlatformRefusedError('media.too_large', `a file of more than ${MAX_FILE_BYTES} bytes`);
    }
    // Only JPEG and PNG are pictures to WeCom; what is neither, or too large for one, goes as a file.
    const type = body.kind === 'image' && isPicture(body.bytes) ? 'image' : 'file';
    const mediaId = await uploaded(delivery.key, type, body);
    try {
      return await send(delivery, mediaContent(type, mediaId));
    } catch (error) {
      if (errorCode(error) !== 'media.gone') throw error;
      // Media live for three days: this delivery is older.
      uploads.delete(delivery.key);
      return await send(delivery, mediaContent(type, await uploaded(delivery.key, type, body)));
    }
  }

  return async function deliver(delivery: Delivery): Promise<DeliveryReceipt> {
    const { body, to } = delivery;
    if (to.kind === 'group' && to.chatId.startsWith(ROBOT_PREFIX)) return robots(to.chatId, body);
    if (to.kind === 'group' && to.chatId.startsWith(AIBOT_PREFIX)) return aibot(to.chatId, delivery);
    switch (body.kind) {
      case 'text': {
        const content = textContent(body.text);
        if (to.kind === 'person' && (await slots.offer(to.userId, wordsOf(content)))) return { how: 'passive' };
        return delivery.onlyAsAnswer === true ? { how: 'left-out' } : send(delivery, content);
      }
      case 'markdown':
        return send(delivery, markdownContent(body.text));
      case 'card':
        return sendCard(delivery, body);
      case 'card-update':
        return update(delivery, body);
      case 'file':
      case 'image':
        return sendMedia(delivery, body);
      default:
        return unreachable(body);
    }
  };
}

function isPicture(bytes: Uint8Array): boolean {
  const starts = (...head: number[]) => head.every((byte, index) => bytes[index] === byte);
  return bytes.length <= MAX_IMAGE_BYTES && (starts(0xff, 0xd8, 0xff) || starts(0x89, 0x50, 0x4e, 0x47));
}

/**
 * errcode 0 with the one person in `invaliduser` (a string with `|` from sending, an array from updating; lower-cased)
 * or without a licence reached nobody.
 */
function refuseUnreached(answer: ApiAnswer, userId: string): void {
  const listed = (field: string): boolean => {
    const value = answer[field];
    const ids = typeof value === 'string' ? value.split('|') : Array.isArray(value) ? value.map(String) : [];
    return ids.some((id) => id.toLowerCase() === userId.toLowerCase());
  };
  if (listed('invaliduser')) {
    throw new PlatformRefusedError('wecom.recipient_unknown', 'not a member in the range of the app', {
      details: { errcode: 0 },
    });
  }
  if (listed('unlicenseduser')) {
    throw new PlatformRefusedError('wecom.recipient_unlicensed', 'the member has no interface licence', {
      details: { errcode: 0, admin: '给该成员分配「基础接口许可」' },
    });
  }
}

import { createHash } from 'node:crypto';
import { PlatformRefusedError } from '../../core/index.js';
import type { Delivery, DeliveryReceipt } from '../contract.js';
import type { WecomClient } from './client.js';
import { groupCard, markdownContent, mediaContent, textContent, uploadName, type Content } from './encode.js';

/**
 * Group robots (群机器人): a channel into one group, without a token and without an ear. Chats of theirs are called
 * `robot:<id>`; the key of the webhook stays in the settings, so that it stands in no message, log or address book.
 * https://developer.work.weixin.qq.com/document/path/91770
 */
export const ROBOT_PREFIX = 'robot:';
export const ROBOT_PER_MINUTE = 20;

const MAX_MARKDOWN_BYTES = 4_096;
const MAX_IMAGE_BYTES = 2 * 1024 * 1024;

export function createRobots(deps: { client: WecomClient; keys: Readonly<Record<string, string>> }) {
  const { client, keys } = deps;

  async function contentOf(key: string, body: Delivery['body']): Promise<Content> {
    switch (body.kind) {
      case 'text':
        return textContent(body.text);
      case 'markdown':
        return markdownContent(body.text, MAX_MARKDOWN_BYTES);
      // Its cards cannot be pressed and hold six rows: as words with links a card says more.
      case 'card':
      case 'card-update':
        return groupCard(body.card, MAX_MARKDOWN_BYTES);
      case 'image':
        if (body.bytes.length <= MAX_IMAGE_BYTES) return imageContent(body.bytes);
        return mediaContent('file', await client.robotUpload(key, uploadName(body.name), body.bytes));
      case 'file':
        return mediaContent('file', await client.robotUpload(key, uploadName(body.name), body.bytes));
    }
  }

  return async function deliver(chatId: string, body: Delivery['body']): Promise<DeliveryReceipt> {
    const key = keys[chatId.slice(ROBOT_PREFIX.length)];
    if (key === undefined) {
      throw new PlatformRefusedError('wecom.robot_unknown', `no key for ${chatId}`, {
        details: {
          reaction: 'park',
          admin: `在 WECOM_GROUP_ROBOTS 里给 ${chatId.slice(ROBOT_PREFIX.length)} 填上 key`,
        },
      });
    }
    await client.robotSend(key, await contentOf(key, body));
    return { how: body.kind === 'card-update' ? 'replaced' : 'sent' };
  };
}

/** The md5 is of the bytes, not of their base64. */
function imageContent(bytes: Uint8Array): Content {
  const raw = Buffer.from(bytes);
  return {
    msgtype: 'image',
    image: { base64: raw.toString('base64'), md5: createHash('md5').update(raw).digest('hex') },
  };
}

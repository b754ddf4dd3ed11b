import { createHmac } from 'node:crypto';
import { PlatformRefusedError, sha256 } from '../../core/index.js';
import type { DeliveryReceipt } from '../contract.js';
import type { DingtalkClient } from './client.js';
import type { RobotMessageOut } from './encode.js';

/**
 * A custom robot (自定义机器人) of a group: an address of its own with a signature, no quota of the app's, nothing comes back.
 * Its chat is `robot:<id>`; token and secret stay in the settings, so that they stand in no message, log or address book.
 * https://open.dingtalk.com/document/development/custom-robots-send-group-messages
 */
export const ROBOT_PREFIX = 'robot:';
/** More are throttled for ten minutes. */
export const ROBOT_PER_MINUTE = 20;

export interface GroupRobot {
  accessToken: string;
  /** Begins with SEC. */
  secret: string;
}

/** Encoded once, by the address itself. */
export function robotAddress(base: string, { accessToken, secret }: GroupRobot, now: Date): URL {
  const timestamp = String(now.getTime());
  const url = new URL('/robot/send', base);
  url.searchParams.set('access_token', accessToken);
  url.searchParams.set('timestamp', timestamp);
  url.searchParams.set('sign', createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64'));
  return url;
}

/** `key`: the same message again is shown once. */
export function toRobotBody({ msgKey, msgParam }: RobotMessageOut, key: string): object {
  const { content, title = '', text = '', singleTitle, singleURL } = msgParam;
  const msgUuid = sha256(key).slice(0, 32);
  if (content !== undefined) return { msgtype: 'text', msgUuid, text: { content } };
  if (!msgKey.startsWith('sampleActionCard')) return { msgtype: 'markdown', msgUuid, markdown: { title, text } };
  const btns = [1, 2, 3, 4, 5].flatMap((n) => {
    const [label, url] = [msgParam[`actionTitle${n}`], msgParam[`actionURL${n}`]];
    return label === undefined || url === undefined ? [] : [{ title: label, actionURL: url }];
  });
  const buttons = singleTitle === undefined ? { btns } : { singleTitle, singleURL };
  return { msgtype: 'actionCard', msgUuid, actionCard: { title, text, btnOrientation: '0', ...buttons } };
}

export async function sendToRobot(
  client: DingtalkClient,
  robots: Readonly<Record<string, GroupRobot>>,
  chatId: string,
  message: RobotMessageOut,
  key: string,
): Promise<DeliveryReceipt> {
  const robot = robots[chatId.slice(ROBOT_PREFIX.length)];
  if (robot === undefined) throw new PlatformRefusedError('dingtalk.webhook_unknown', 'no such robot is set up');
  await client.sendByRobot(robot, toRobotBody(message, key));
  return { how: 'sent' };
}

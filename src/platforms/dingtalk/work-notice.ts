import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { AppError, errorCode, SECOND } from '../../core/index.js';
import type { DeliveryReceipt } from '../contract.js';
import type { DingtalkClient } from './client.js';
import type { RobotMessageOut } from './encode.js';
import { cutText } from './markdown.js';
import { NoticeAnswer, NoticeResultAnswer } from './types.js';

/**
 * A work notification (工作通知) of the app, for whom the robot does not reach: it needs no robot, nothing can be said or
 * pressed there, only addresses open.
 * https://open.dingtalk.com/document/development/asynchronous-sending-of-enterprise-session-messages
 */

const PATH = '/topapi/message/corpconversation/';
/** The whole `msg`; what is larger is refused. */
const MAX_BYTES = 2_048;
/** Room for names of fields and for escapes. */
const MAX_TEXT_BYTES = 1_200;
const MORE = '……';
const WHERE = '这是工作通知，在这里回复不了：请打开和留痕机器人的单聊。';
/** The vendor sends behind its answer, and tells by another call what became of it. */
const LOOK_AFTER_MS = SECOND;

/** The robot is off, may not speak first, is not the person's, or may not send at all: it is all the same to whoever waits for the message. */
const ROBOT_CANNOT = new Set(
  [
    'recipient_unknown',
    'robot_unknown',
    'robot_not_ours',
    'robot_stopped',
    'robot_may_not_start',
    'permission_missing',
  ].map((name) => `dingtalk.${name}`),
);
export const isForNotice = (error: unknown): error is AppError =>
  error instanceof AppError && ROBOT_CANNOT.has(errorCode(error));

export function toNotice({ msgKey, msgParam }: RobotMessageOut): object {
  const { content, title = '', text = '', singleTitle, singleURL } = msgParam;
  const cut = (words: string): string => `${cutText(words, MAX_TEXT_BYTES, MORE)}\n\n${WHERE}`;
  if (content !== undefined) return { msgtype: 'text', text: { content: cut(content) } };
  const numbered = [1, 2, 3, 4, 5].map((n) => [msgParam[`actionTitle${n}`], msgParam[`actionURL${n}`]] as const);
  const buttons = [[singleTitle, singleURL] as const, ...numbered].flatMap(([label, url]) =>
    // What makes the client speak would speak to nobody here.
    label !== undefined && url !== undefined && /^https?:/.test(url) ? [{ title: label, action_url: url }] : [],
  );
  const markdown = { msgtype: 'markdown', markdown: { title, text: cut(text) } };
  if (!msgKey.startsWith('sampleActionCard') || buttons.length === 0) return markdown;
  const card = { title, markdown: cut(text), btn_orientation: '0', btn_json_list: buttons };
  const message = { msgtype: 'action_card', action_card: card };
  return Buffer.byteLength(JSON.stringify(message)) > MAX_BYTES ? markdown : message;
}

/** Throws `why` when this reaches nobody either. */
export async function sendNotice(
  client: Pick<DingtalkClient, 'callOld'>,
  agentId: string,
  userId: string,
  message: RobotMessageOut,
  why: AppError,
  lookAfterMs = LOOK_AFTER_MS,
): Promise<DeliveryReceipt> {
  const agent = Number(agentId);
  const body = { agent_id: agent, userid_list: userId, msg: toNotice(message) };
  let task: z.infer<typeof NoticeAnswer>;
  try {
    task = await client.callOld(`${PATH}asyncsend_v2`, body, NoticeAnswer, true);
  } catch {
    throw why; // what the robot lacks is what can be put right
  }
  await sleep(lookAfterMs);
  if (await isMissed(client, { agent_id: agent, ...task }, userId)) throw why;
  const todo = why.details['admin'];
  return {
    how: 'sent',
    instead: { as: 'notice', code: why.code, message: why.message, ...(typeof todo === 'string' ? { todo } : {}) },
  };
}

/** Beyond its limits (the same once a day, 500 a day) the vendor says success and delivers nothing. */
async function isMissed(client: Pick<DingtalkClient, 'callOld'>, task: object, userId: string): Promise<boolean> {
  try {
    const { send_result: result } = await client.callOld(`${PATH}getsendresult`, task, NoticeResultAnswer, true);
    const missed = [result.invalid_user_id_list, result.forbidden_user_id_list, result.failed_user_id_list].flat();
    return missed.includes(userId);
  } catch {
    return false; // taken it was; what became of it stays unknown
  }
}

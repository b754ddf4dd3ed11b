import { DAY } from '../../core/index.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { bytesOf, isJson, type Json, list, parseJson, strings, text } from '../json.js';
import type { Message } from '../types.js';
import { BOT_NAME, opaque } from '../world.js';
import { usableMedia } from './media.js';
import type { DingtalkState } from './state.js';
import { refuse } from './words.js';

/** Robot sends: https://open.dingtalk.com/document/development/chatbots-send-one-on-one-chat-messages-in-batches and the-robot-sends-a-group-message */

const MOST_USERS = 20;
const MAX_PARAM_BYTES = 15_000;

/** Fields that each msgKey needs. */
const PARAMS: Record<string, string[]> = {
  sampleText: ['content'],
  sampleMarkdown: ['title', 'text'],
  sampleImageMsg: ['photoURL'],
  sampleLink: ['text', 'title', 'picUrl', 'messageUrl'],
  sampleActionCard: ['title', 'text', 'singleTitle', 'singleURL'],
  ...Object.fromEntries(
    [2, 3, 4, 5].map((count) => [
      `sampleActionCard${count}`,
      [
        'title',
        'text',
        ...Array.from({ length: count }, (_, i) => [`actionTitle${i + 1}`, `actionURL${i + 1}`]).flat(),
      ],
    ]),
  ),
  sampleActionCard6: ['title', 'text', 'buttonTitle1', 'buttonUrl1', 'buttonTitle2', 'buttonUrl2'],
  sampleAudio: ['mediaId', 'duration'],
  sampleFile: ['mediaId', 'fileName', 'fileType'],
  sampleVideo: ['duration', 'videoMediaId', 'videoType', 'picMediaId', 'height', 'width'],
};
const FILE_TYPES = ['xlsx', 'pdf', 'zip', 'rar', 'doc', 'docx'];

type Shown = Pick<Message, 'kind'> & Partial<Message>;

export function batchSend(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  const wrong = refuseRobot(state, request.robotCode);
  if (wrong !== undefined) return wrong;
  const users = strings(request.userIds);
  if (users.length === 0 || users.length !== list(request.userIds).length) {
    return refuse(400, 'invalidParameter.userIds.empty', 'userIds不能为空');
  }
  if (users.length > MOST_USERS) return refuse(400, 'invalidParameter.userIds.overMax', 'userIds超过上限');
  const message = readMessage(state, request);
  if ('refusal' in message) return message.refusal;
  const held = state.world.faults.dingtalk.flowControlled ?? [];
  const known = users.filter((userId) => state.world.person('dingtalk', userId) !== undefined);
  const flowControlledStaffIdList = known.filter((userId) => held.includes(userId));
  const processQueryKey = `${opaque(30)}==`;
  const messageIds = known
    .filter((userId) => !held.includes(userId))
    .flatMap((userId) => show(state, state.world.singleChat('dingtalk', userId).id, message.shown));
  state.remember(processQueryKey, messageIds);
  const invalidStaffIdList = users.filter((userId) => !known.includes(userId));
  return { json: { processQueryKey, invalidStaffIdList, flowControlledStaffIdList } };
}

export function groupSend(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  const wrong = refuseRobot(state, request.robotCode);
  if (wrong !== undefined) return wrong;
  const chatId = text(request.openConversationId);
  if (chatId === '') return refuse(400, 'miss.openConversationId', '缺少openConversationId');
  if (!chatId.startsWith('cid')) return refuse(400, 'invalid.openConversationId', 'openConversationId不合法');
  const gone = state.robotGone(chatId);
  if (gone === 'disbanded') return refuse(400, 'group.disbanded', '群已解散');
  if (gone === 'out') return refuse(400, 'resource.not.found', 'robot 不存在');
  const message = readMessage(state, request);
  if ('refusal' in message) return message.refusal;
  const processQueryKey = `${opaque(30)}==`;
  // A well-formed id of no group succeeds, and nothing is ever seen.
  const messageIds = show(state, chatId, message.shown);
  state.remember(processQueryKey, messageIds);
  return { json: { processQueryKey } };
}

/** Recall of 1:1 and group messages, within a day. */
export function recall(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  const wrong = refuseRobot(state, request.robotCode);
  if (wrong !== undefined) return wrong;
  const keys = strings(request.processQueryKeys);
  if (keys.length === 0 || keys.length > MOST_USERS) {
    return refuse(400, 'invalidParameter.processQueryKeys.empty', 'processQueryKeys不合法');
  }
  const successResult: string[] = [];
  const failedResult: Record<string, string> = {};
  for (const key of keys) {
    const sent = state.data.sent[key];
    if (sent === undefined || sent.at < state.world.now() - DAY) {
      failedResult[key] = 'message not exist or expired';
      continue;
    }
    for (const message of state.world.messages('dingtalk')) {
      if (!sent.messageIds.includes(message.id)) continue;
      for (const field of ['card', 'mediaUrl', 'name', 'bytes', 'title', 'outTrackId'] as const) delete message[field];
      Object.assign(message, { kind: 'text', text: '消息已撤回' });
      state.world.changed(message);
    }
    successResult.push(key);
  }
  return { json: { successResult, failedResult } };
}

export function refuseRobot(state: DingtalkState, robotCode: unknown): Reply | undefined {
  if (text(robotCode) === '') return refuse(400, 'invalidParameter.robotCode.empty', 'robotCode不能为空');
  return robotCode === state.data.clientId ? undefined : refuse(400, 'resource.not.found', 'robot 不存在');
}

function readMessage(state: DingtalkState, request: Json): { shown: Shown } | { refusal: Reply } {
  const fail = (code: string, message: string): { refusal: Reply } => ({ refusal: refuse(400, code, message) });
  const msgKey = text(request.msgKey);
  if (msgKey === '') return fail('invalidParameter.msgKey.empty', 'msgKey不能为空');
  const required = PARAMS[msgKey];
  if (required === undefined) return fail('invalidParameter.msgKey.invalid', 'msgKey不合法');
  // A JSON string, never an object.
  const param = typeof request.msgParam === 'string' ? parseJson(request.msgParam) : undefined;
  if (!isJson(param)) return fail('invalidParameter.msgParam.invalid', 'msgParam不合法');
  if (bytesOf(text(request.msgParam)) > MAX_PARAM_BYTES)
    return fail('invalidParameter.msgParam.tooLong', 'msgParam过长');
  for (const field of required) {
    if (text(param[field]) === '') return fail(`miss.param.${field}`, `缺少参数${field}`);
  }
  return toShown(state, msgKey, param) ?? fail('invalidParameter.msgParam.invalid', 'msgParam不合法');
}

function toShown(state: DingtalkState, msgKey: string, param: Json): { shown: Shown } | undefined {
  switch (msgKey) {
    case 'sampleText':
      return { shown: { kind: 'text', text: text(param.content) } };
    case 'sampleMarkdown':
      return { shown: { kind: 'markdown', title: text(param.title), text: text(param.text) } };
    case 'sampleImageMsg':
      return picture(state, text(param.photoURL));
    case 'sampleAudio':
      return stored(state, text(param.mediaId), 'voice');
    case 'sampleFile':
      return FILE_TYPES.includes(text(param.fileType))
        ? stored(state, text(param.mediaId), 'file', text(param.fileName))
        : undefined;
    case 'sampleVideo':
      return stored(state, text(param.videoMediaId), 'file');
    default:
      return { shown: { kind: 'card', card: { msgKey, ...param } } };
  }
}

function picture(state: DingtalkState, photoUrl: string): { shown: Shown } | undefined {
  if (/^https?:\/\/./i.test(photoUrl)) return { shown: { kind: 'image', card: { photoURL: photoUrl } } };
  return stored(state, photoUrl, 'image');
}

function stored(
  state: DingtalkState,
  mediaId: string,
  kind: 'image' | 'voice' | 'file',
  name?: string,
): { shown: Shown } | undefined {
  const media = usableMedia(state, mediaId);
  if (media === undefined) return undefined;
  return { shown: { kind, ...state.world.shown(media), ...(name === undefined ? {} : { name }) } };
}

/** Shows it, unless it is lost on the way; gives the ids of what was shown. */
export function show(state: DingtalkState, chatId: string, shown: Shown): string[] {
  const { world } = state;
  const chat = world.chat('dingtalk', chatId);
  if (chat === undefined || world.faults.dingtalk.silentDrop === true) return [];
  const id = `d${world.next()}`;
  world.post(chat, { ...shown, id, from: 'bot', fromName: BOT_NAME });
  return [id];
}

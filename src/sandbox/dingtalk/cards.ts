import { warn } from '../calls.js';
import { type Call, jsonBody, type Reply } from '../http.js';
import { bytesOf, isJson, type Json, strings, text } from '../json.js';
import type { Message } from '../types.js';
import { BOT_NAME, opaque, plain, type StoredChat, type StoredMessage } from '../world.js';
import { type CardInstance, type CardMap, cardMap, type DingtalkState } from './state.js';
import { refuse } from './words.js';

/** Interactive cards: https://open.dingtalk.com/document/development/create-and-deliver-cards and interactive-card-update-interface */

/** Shipped in official code; usable by everybody. */
const PUBLIC_TEMPLATES = ['589420e2-c1e2-46ef-a5ed-b8728e654da9.schema', '1366a1eb-bc54-4859-ac88-517c56a9acb1.schema'];
const SPACE_PREFIX = 'dtv1.card//';
const SPACES = ['IM_ROBOT', 'IM_GROUP', 'IM_SINGLE', 'ONE_BOX'];
const MAX_KEY_BYTES = 100;
/** By the page; more works in practice, so it is a warning. */
const ADVISED_VALUE_BYTES = 1_024;

interface Space {
  type: string;
  id: string;
}

interface Delivered {
  spaceType: string;
  spaceId: string;
  success: boolean;
  carrierId: string;
  errorMsg: string;
}

const bad = (code: string): Reply => refuse(400, code);

export function createAndDeliver(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call);
  if (request === undefined) return bad('param.empty');
  const spaces = readSpaces(request);
  const card = readCard(state, call, request);
  if ('refusal' in card) return card.refusal;
  if ('refusal' in spaces) return spaces.refusal;
  const models = refuseModels(state, request, spaces.spaces);
  if (models !== undefined) return models;
  state.data.cards[card.outTrackId] = card;
  const deliverResults = spaces.spaces.map((space) => deliverTo(state, request, card, space));
  state.world.save();
  return { json: { success: true, result: { outTrackId: card.outTrackId, deliverResults } } };
}

export function createCard(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call);
  if (request === undefined) return bad('param.empty');
  const card = readCard(state, call, request);
  if ('refusal' in card) return card.refusal;
  state.data.cards[card.outTrackId] = card;
  state.world.save();
  return { json: { success: true, result: card.outTrackId } };
}

export function deliverCard(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call);
  if (request === undefined) return bad('param.empty');
  if (text(request.outTrackId) === '') return bad('param.outTrackIdEmpty');
  const card = state.data.cards[text(request.outTrackId)];
  if (card === undefined) return bad('param.cardNotExist');
  const spaces = readSpaces(request);
  if ('refusal' in spaces) return spaces.refusal;
  const models = refuseModels(state, request, spaces.spaces);
  if (models !== undefined) return models;
  const result = spaces.spaces.map((space) => deliverTo(state, request, card, space));
  state.world.save();
  return { json: { success: true, result } };
}

export function updateCard(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call);
  if (request === undefined) return bad('param.empty');
  const outTrackId = text(request.outTrackId);
  if (outTrackId === '') return bad('param.outTrackIdEmpty');
  if (request.cardData === undefined && request.privateData === undefined) {
    return bad('param.cardDataAndPrivateDataBothEmpty');
  }
  const card = state.data.cards[outTrackId];
  if (card === undefined) return bad('param.cardNotExist');
  const data = request.cardData === undefined ? undefined : cardMap(request.cardData);
  if (request.cardData !== undefined && data === undefined) return bad('param.invalid');
  const privates = readPrivate(state, request, userIdType(request));
  if ('refusal' in privates) return privates.refusal;
  if (state.open.has(outTrackId)) warn(call, 'updated while its click waits for the answer');
  const options = isJson(request.cardUpdateOptions) ? request.cardUpdateOptions : {};
  if (data !== undefined) {
    adviseSizes(call, data);
    if (options.updateCardDataByKey !== true) {
      warn(call, 'without updateCardDataByKey the whole map is replaced');
      card.data = data;
      card.answered = {};
    } else {
      card.data = { ...card.data, ...data };
      for (const shown of Object.values(card.answered)) for (const key of Object.keys(data)) delete shown[key];
    }
  }
  for (const [userId, map] of Object.entries(privates.maps)) {
    const before = options.updatePrivateDataByKey === true ? card.privateData[userId] : undefined;
    card.privateData[userId] = { ...before, ...map };
  }
  redraw(state, outTrackId);
  return { json: { success: true, result: true } };
}

/** Where clicks go in HTTP mode: https://open.dingtalk.com/document/development/register-card-callback-address */
export function registerCallback(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  const [key, callbackUrl] = [text(request.callbackRouteKey), text(request.callbackUrl)];
  if (key === '' || !URL.canParse(callbackUrl)) return bad('param.invalid');
  // A second time without `forceUpdate` changes nothing.
  const known = state.data.cardRoutes[key];
  const route =
    known !== undefined && request.forceUpdate !== true ? known : { callbackUrl, apiSecret: text(request.apiSecret) };
  state.data.cardRoutes[key] = route;
  state.world.save();
  return { json: { success: true, result: route } };
}

/** The answer to a click: what it sets is shown to the one who clicked, and to nobody else. */
export function applyAnswer(state: DingtalkState, card: CardInstance, userId: string, answer: Json): string {
  const options = isJson(answer.cardUpdateOptions) ? answer.cardUpdateOptions : {};
  const publicData = answer.cardData === undefined ? undefined : cardMap(answer.cardData);
  const own = answer.userPrivateData === undefined ? undefined : cardMap(answer.userPrivateData);
  if (answer.cardData !== undefined && publicData === undefined) return 'ignored: cardData is no map of strings';
  if (answer.userPrivateData !== undefined && own === undefined) return 'ignored: userPrivateData is no map of strings';
  if (publicData === undefined && own === undefined) return 'empty';
  if (publicData !== undefined) {
    const kept = options.updateCardDataByKey === true ? card.answered[userId] : blank(card.data);
    card.answered[userId] = { ...kept, ...publicData };
  }
  if (own !== undefined) {
    const before = options.updatePrivateDataByKey === true ? card.privateData[userId] : undefined;
    card.privateData[userId] = { ...before, ...own };
  }
  redraw(state, card.outTrackId);
  return 'card';
}

/** Replacing the whole map leaves nothing of the old one. */
function blank(map: CardMap): CardMap {
  return Object.fromEntries(Object.keys(map).map((key) => [key, '']));
}

/** The variables as one person's client has them. */
export function cardFor(card: CardInstance, userId: string): CardMap {
  return { ...card.data, ...card.answered[userId], ...card.privateData[userId] };
}

export function project(state: DingtalkState, message: StoredMessage, userId: string): Message {
  const view = plain(message);
  const card = message.outTrackId === undefined ? undefined : state.data.cards[message.outTrackId];
  if (card === undefined) return view;
  const cardParamMap = cardFor(card, userId);
  const { outTrackId, cardTemplateId } = card;
  const closed = cardParamMap.closed ?? '';
  return {
    ...view,
    card: { cardTemplateId, outTrackId, cardParamMap },
    ...(closed === '' ? {} : { state: { replacedText: closed, disabled: true } }),
  };
}

function redraw(state: DingtalkState, outTrackId: string): void {
  for (const message of state.world.messages('dingtalk')) {
    if (message.outTrackId === outTrackId) state.world.changed(message);
  }
  state.world.save();
}

function readCard(state: DingtalkState, call: Call, request: Json): CardInstance | { refusal: Reply } {
  const refusal = (code: string): { refusal: Reply } => ({ refusal: bad(code) });
  const outTrackId = text(request.outTrackId);
  const cardTemplateId = text(request.cardTemplateId);
  if (cardTemplateId === '') return refusal('param.cardTemplateIdEmpty');
  if (outTrackId === '') return refusal('param.outTrackIdEmpty');
  const own = state.data.templates?.[cardTemplateId];
  if (own === 'empty' || own === 'saved') return refusal('param.templateUnpublished');
  if (own === undefined && ![state.data.cardTemplateId, ...PUBLIC_TEMPLATES].includes(cardTemplateId))
    return refusal('param.templateNotExist');
  const given = isJson(request.cardData) ? request.cardData.cardParamMap : undefined;
  if (!isJson(given)) return refusal('param.cardPublicDataEmpty');
  const data = cardMap(request.cardData);
  if (data === undefined || Object.keys(data).some((key) => bytesOf(key) > MAX_KEY_BYTES))
    return refusal('param.invalid');
  const { callbackType } = request;
  if (callbackType !== undefined && callbackType !== 'STREAM' && callbackType !== 'HTTP')
    return refusal('param.invalid');
  const idType = userIdType(request);
  const privates = readPrivate(state, request, idType);
  if ('refusal' in privates) return privates;
  if (state.data.cards[outTrackId] !== undefined) return refusal('param.cardAlreadyExist');
  adviseSizes(call, data);
  if (callbackType === undefined) warn(call, 'without callbackType no click ever arrives');
  const callbackRouteKey = text(request.callbackRouteKey);
  if (callbackType === 'HTTP' && state.data.cardRoutes[callbackRouteKey] === undefined) {
    warn(call, 'no address is registered under callbackRouteKey: no click ever arrives');
  }
  return {
    outTrackId,
    cardTemplateId,
    userIdType: idType,
    data,
    privateData: privates.maps,
    answered: {},
    at: state.world.now(),
    ...(callbackType === undefined ? {} : { callbackType }),
    ...(callbackType === 'HTTP' ? { callbackRouteKey } : {}),
  };
}

function userIdType(request: Json): 1 | 2 {
  return request.userIdType === 2 ? 2 : 1;
}

function readPrivate(
  state: DingtalkState,
  request: Json,
  idType: 1 | 2,
): { maps: Record<string, CardMap> } | { refusal: Reply } {
  const maps: Record<string, CardMap> = {};
  if (request.privateData === undefined) return { maps };
  if (!isJson(request.privateData)) return { refusal: bad('param.invalid') };
  for (const [id, value] of Object.entries(request.privateData)) {
    const userId = state.personBy(id, idType)?.dingtalkUserId;
    if (userId === undefined) return { refusal: bad('param.userIdNotExist') };
    const map = cardMap(value);
    if (map === undefined) return { refusal: bad('param.invalid') };
    maps[userId] = map;
  }
  return { maps };
}

function adviseSizes(call: Call, data: CardMap): void {
  for (const [key, value] of Object.entries(data)) {
    if (bytesOf(value) > ADVISED_VALUE_BYTES)
      warn(call, `${key} has ${bytesOf(value)} bytes, ${ADVISED_VALUE_BYTES} are advised`);
  }
}

function readSpaces(request: Json): { spaces: Space[] } | { refusal: Reply } {
  const value = text(request.openSpaceId);
  if (value === '') return { refusal: bad('param.openSpaceIdEmpty') };
  const invalid = { refusal: bad('param.openSpaceIdInvalid') };
  if (!value.startsWith(SPACE_PREFIX)) return invalid;
  const spaces: Space[] = [];
  for (const part of value.slice(SPACE_PREFIX.length).split(';')) {
    const dot = part.indexOf('.');
    const space = { type: part.slice(0, dot), id: part.slice(dot + 1) };
    if (dot < 1 || !SPACES.includes(space.type) || space.id === '') return invalid;
    spaces.push(space);
  }
  return { spaces };
}

function refuseModels(state: DingtalkState, request: Json, spaces: Space[]): Reply | undefined {
  for (const field of ['imRobotOpenSpaceModel', 'imGroupOpenSpaceModel', 'imSingleOpenSpaceModel']) {
    const model = request[field];
    if (model === undefined) continue;
    if (!isJson(model) || typeof model.supportForward !== 'boolean') return bad('param.openSpaceModelInvalid');
  }
  for (const { type } of spaces) {
    if (type === 'IM_ROBOT') {
      const model = request.imRobotOpenDeliverModel;
      if (model === undefined) return bad('param.openDeliverModelEmpty');
      const named = isJson(model) && (model.spaceType === 'IM_ROBOT' || text(model.robotCode) !== '');
      if (!named || (isJson(model) && !ownRobot(state, model.robotCode, true)))
        return bad('param.openDeliverModelError');
    }
    if (type === 'IM_GROUP') {
      const model = request.imGroupOpenDeliverModel;
      if (model === undefined) return bad('param.openDeliverModelEmpty');
      if (!isJson(model) || !ownRobot(state, model.robotCode, false)) return bad('param.openDeliverModelError');
    }
  }
  return undefined;
}

function ownRobot(state: DingtalkState, robotCode: unknown, mayBeMissing: boolean): boolean {
  return robotCode === undefined ? mayBeMissing : robotCode === state.data.clientId;
}

/** A failed delivery is told inside a success. */
function deliverTo(state: DingtalkState, request: Json, card: CardInstance, space: Space): Delivered {
  const result = { spaceType: space.type, spaceId: space.id };
  const failed = (errorMsg: string): Delivered => ({ ...result, success: false, carrierId: '', errorMsg });
  const { world } = state;
  let chat: StoredChat | undefined;
  let to: string[] | undefined;
  if (space.type === 'IM_ROBOT') {
    const userId = state.personBy(space.id, card.userIdType)?.dingtalkUserId;
    chat = userId === undefined ? undefined : world.singleChat('dingtalk', userId);
  } else if (space.type === 'IM_GROUP') {
    chat = state.robotGone(space.id) === undefined ? world.chat('dingtalk', space.id) : undefined;
    const model = isJson(request.imGroupOpenDeliverModel) ? request.imGroupOpenDeliverModel : {};
    const recipients = strings(model.recipients);
    to = recipients.length === 0 ? undefined : chat?.members.filter((userId) => recipients.includes(userId));
  }
  if (chat === undefined) return failed('SYSTEM_ERROR');
  const carrierId = `${opaque(22)}==`;
  const done = { ...result, success: true, carrierId, errorMsg: '' };
  if (world.faults.dingtalk.silentDrop === true) return done;
  const space1 = request[space.type === 'IM_ROBOT' ? 'imRobotOpenSpaceModel' : 'imGroupOpenSpaceModel'];
  const last = isJson(space1) && isJson(space1.lastMessageI18n) ? text(space1.lastMessageI18n.ZH_CN) : '';
  const id = `d${world.next()}`;
  const { outTrackId } = card;
  world.post(
    chat,
    { id, from: 'bot', fromName: BOT_NAME, kind: 'card', outTrackId, ...(last === '' ? {} : { title: last }) },
    to,
  );
  state.remember(carrierId, [id]);
  return done;
}

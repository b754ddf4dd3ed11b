import { randomUUID } from 'node:crypto';
import { type Call, jsonBody, type Reply } from '../http.js';
import { isJson, type Json, parseJson, text } from '../json.js';
import type { DingtalkState } from './state.js';
import { refuse } from './words.js';

/** Template calls as the vendor's own library has them (card_1_0); on no page of the vendor, so not confirmed. */
const EXPORTED = ['editorData', 'widgetInfo', 'type', 'mode'];

export function createTemplate(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  if (text(request.name) === '') return refuse(400, 'param.nameEmpty');
  if (request.type !== 'im' || request.extendType !== 'card') return refuse(400, 'param.typeInvalid');
  const templateId = `${randomUUID()}.schema`;
  (state.data.templates ??= {})[templateId] = 'empty';
  state.world.save();
  return { json: { success: true, result: templateId } };
}

/** The source is an exported template as one string. */
export function saveTemplate(state: DingtalkState, call: Call): Reply {
  const request = jsonBody(call) ?? {};
  const known = find(state, request);
  if (known === undefined) return refuse(400, 'param.templateNotExist');
  const source = typeof request.templateSource === 'string' ? parseJson(request.templateSource) : undefined;
  if (!isJson(source) || EXPORTED.some((key) => !(key in source))) return refuse(400, 'param.templateSourceInvalid');
  return settle(state, known, 'saved');
}

export function publishTemplate(state: DingtalkState, call: Call): Reply {
  const known = find(state, jsonBody(call) ?? {});
  if (known === undefined) return refuse(400, 'param.templateNotExist');
  if (state.data.templates?.[known] === 'empty') return refuse(400, 'param.templateSourceInvalid');
  return settle(state, known, 'published');
}

function find(state: DingtalkState, request: Json): string | undefined {
  const id = text(request.templateId);
  return state.data.templates?.[id] === undefined || text(request.name) === '' ? undefined : id;
}

function settle(state: DingtalkState, id: string, as: 'saved' | 'published'): Reply {
  state.data.templates = { ...state.data.templates, [id]: as };
  state.world.save();
  return { json: { success: true, result: true } };
}

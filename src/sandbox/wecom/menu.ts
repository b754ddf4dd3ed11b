import { type Call, jsonBody, type Reply } from '../http.js';
import { bytesOf, isJson, type Json, list, text } from '../json.js';
import type { Secret, WecomState } from './state.js';
import { fail, ok } from './words.js';

/** App menus: sheet of https://developer.work.weixin.qq.com/document/path/90231 */

export interface MenuButton {
  type: string;
  name: string;
  key: string;
  url: string;
}

const TYPES = [
  'click',
  'view',
  'scancode_push',
  'scancode_waitmsg',
  'pic_sysphoto',
  'pic_photo_or_album',
  'pic_weixin',
  'location_select',
  'view_miniprogram',
];

/** The pressable entries, in reading order. */
export function menuButtons(menu: Json | undefined): MenuButton[] {
  return list(menu?.button)
    .filter(isJson)
    .flatMap((button) => {
      const below = list(button.sub_button).filter(isJson);
      return below.length > 0 ? below : [button];
    })
    .map((button) => ({
      type: text(button.type),
      name: text(button.name),
      key: text(button.key),
      url: text(button.url),
    }));
}

function refuseAgent(state: WecomState, call: Call, of: Secret): Reply | undefined {
  const given = call.query.get('agentid') ?? '';
  return state.refuseAgent(/^\d+$/.test(given) ? Number(given) : undefined, of);
}

export function createMenu(state: WecomState, call: Call, of: Secret): Reply {
  const wrong = refuseAgent(state, call, of);
  if (wrong !== undefined) return wrong;
  const menu = jsonBody(call);
  if (menu === undefined) return fail(40058, 'invalid json');
  const buttons = list(menu.button);
  if (buttons.length < 1 || buttons.length > 3) return fail(40016, 'invalid button size');
  for (const button of buttons) {
    const refusal = refuseTop(button);
    if (refusal !== undefined) return refusal;
  }
  state.data.menu = { button: buttons };
  state.world.save();
  return ok();
}

export function getMenu(state: WecomState, call: Call, of: Secret): Reply {
  const wrong = refuseAgent(state, call, of);
  if (wrong !== undefined) return wrong;
  return state.data.menu === undefined ? fail(46003, 'menu not exist') : ok(state.data.menu);
}

export function deleteMenu(state: WecomState, call: Call, of: Secret): Reply {
  const wrong = refuseAgent(state, call, of);
  if (wrong !== undefined) return wrong;
  delete state.data.menu;
  state.world.save();
  return ok();
}

function refuseTop(button: unknown): Reply | undefined {
  if (!isJson(button)) return fail(40017, 'invalid button type');
  const name = bytesOf(text(button.name));
  if (name < 1 || name > 16) return fail(40018, 'invalid button name size');
  const below = list(button.sub_button);
  if (below.length === 0) return refuseButton(button, { type: 40017, key: 40019, url: 40020 });
  if (below.length > 5) return fail(40023, 'invalid sub button size');
  for (const item of below) {
    if (!isJson(item)) return fail(40024, 'invalid sub button type');
    const length = bytesOf(text(item.name));
    if (length < 1 || length > 40) return fail(40025, 'invalid sub button name size');
    const refusal = refuseButton(item, { type: 40024, key: 40026, url: 40027 });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refuseButton(button: Json, codes: { type: number; key: number; url: number }): Reply | undefined {
  const type = text(button.type);
  if (!TYPES.includes(type)) return fail(codes.type, 'invalid button type');
  if (type === 'view') {
    const url = text(button.url);
    if (bytesOf(url) > 1_024 || !/^https?:\/\/./i.test(url)) return fail(codes.url, 'invalid button url size');
    return undefined;
  }
  if (type === 'view_miniprogram') {
    return text(button.appid) === '' ? fail(codes.key, 'invalid appid') : undefined;
  }
  const key = bytesOf(text(button.key));
  return key < 1 || key > 128 ? fail(codes.key, 'invalid button key size') : undefined;
}

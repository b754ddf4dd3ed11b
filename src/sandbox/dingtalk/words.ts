import { randomUUID } from 'node:crypto';
import type { Reply } from '../http.js';

/** New API: HTTP status and `code`; keys are lower case on the wire. */
export function refuse(status: number, code: string, message = code, extra: Record<string, unknown> = {}): Reply {
  return { status, json: { code, requestid: randomUUID().toUpperCase(), message, ...extra } };
}

/** Old API, refused by the gateway: HTTP 200, 88, and the reason in `sub_code`. */
export function refuseOld(subCode: number, message: string): Reply {
  const errmsg = `ding talk error[subcode=${subCode},submsg=${message}]`;
  const json = { errcode: 88, sub_code: String(subCode), sub_msg: message, errmsg, request_id: requestId() };
  return { json };
}

/** Old API, refused by the service itself. */
export function failOld(errcode: number, errmsg: string): Reply {
  return { json: { errcode, errmsg, request_id: requestId() } };
}

export function okOld(fields: Record<string, unknown> = {}): Reply {
  return { json: { errcode: 0, errmsg: 'ok', ...fields } };
}

function requestId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 12);
}

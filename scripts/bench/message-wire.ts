import { createCipheriv, createHash, randomBytes } from 'node:crypto';

export const CORP = 'wwbench0000000000';
export const AGENT = '1000002';
export const TOKEN = 'benchtoken';
export const AES_KEY = randomBytes(32).toString('base64').replace(/[+/]/gu, 'A').slice(0, 42) + 'A';

export interface Wire {
  path: string;
  query: Record<string, string>;
  body: string;
}

let serial = 0;

/** A signed, sealed text message with an id of its own, as WeCom sends it. */
export function sealed(user: string): Wire {
  const n = ++serial;
  const now = Math.floor(Date.now() / 1_000);
  const xml = `<xml><ToUserName><![CDATA[${CORP}]]></ToUserName><FromUserName><![CDATA[${user}]]></FromUserName><CreateTime>${now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[帮助]]></Content><MsgId>${now}${String(n).padStart(9, '0')}</MsgId><AgentID>${AGENT}</AgentID></xml>`;
  const key = Buffer.from(`${AES_KEY}=`, 'base64');
  const message = Buffer.from(xml);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  const plain = Buffer.concat([randomBytes(16), length, message, Buffer.from(CORP)]);
  const pad = 32 - (plain.length % 32);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const encrypt = Buffer.concat([
    cipher.update(Buffer.concat([plain, Buffer.alloc(pad, pad)])),
    cipher.final(),
  ]).toString('base64');
  const nonce = String(n);
  const signature = createHash('sha1')
    .update([TOKEN, String(now), nonce, encrypt].sort().join(''))
    .digest('hex');
  const query = { msg_signature: signature, timestamp: String(now), nonce };
  return {
    path: `/callback/wecom/${AGENT}?${new URLSearchParams(query)}`,
    query,
    body: `<xml><ToUserName><![CDATA[${CORP}]]></ToUserName><AgentID>${AGENT}</AgentID><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
  };
}
